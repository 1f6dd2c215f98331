package latency

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/whitewater-kv/whitewater/history"
)

// WriteCurve writes a histogram as HdrHistogram's percentile distribution (.hgrm), in milliseconds.
func WriteCurve(w io.Writer, h *Histogram) error {
	_, err := h.dense.PercentilesPrint(w, 5, float64(time.Millisecond))
	return err
}

// WriteLog writes the OK operations' slices as an HdrHistogram interval log, version 1.3, with one line for each
// second and tag: "read" from due time, "read.send" from send time, with the phase appended where it is not quiet
// ("read.faulty"). The maximum is in milliseconds, the histograms are in nanoseconds.
func WriteLog(w io.Writer, r *Recording) error {
	log := hdrhistogram.NewHistogramLogWriter(w)
	base := r.Epoch.UnixMilli()
	log.SetBaseTime(base / 1000 * 1000)
	err := errors.Join(
		log.OutputLogFormatVersion(),
		log.OutputComment("[tags: operation, .send if read from send time, .faulty or .recovery if not quiet]"),
		log.OutputBaseTime(base), log.OutputStartTime(base), log.OutputLegend(),
	)
	for i := range r.Slices {
		s := &r.Slices[i]
		if s.Outcome != history.OK || err != nil {
			continue
		}
		for _, face := range Faces {
			packed := s.faces[face].Clone()
			packed.SetTag(tag(s, face))
			from, to := r.span(s.Second)
			packed.SetStartTimeMs(base + (from - r.Start).Milliseconds())
			packed.SetEndTimeMs(base + (to - r.Start).Milliseconds())
			err = errors.Join(err, log.OutputIntervalPackedHistogram(packed))
		}
	}
	return err
}

func tag(s *Slice, face Face) string {
	name := s.Op
	if face == Send {
		name += ".send"
	}
	if s.Phase != Quiet {
		name += "." + s.Phase
	}
	return name
}

// ReadLog reads back what WriteLog wrote: the histograms of a log by tag, all seconds together.
func ReadLog(r io.Reader) (map[string]*Histogram, error) {
	log := hdrhistogram.NewHistogramLogReader(r)
	byTag := map[string]*Histogram{}
	for {
		next, err := log.NextIntervalHistogram()
		if err != nil {
			return nil, fmt.Errorf("read histogram log: %w", err)
		}
		if next == nil {
			return byTag, nil
		}
		if byTag[next.Tag()] == nil {
			byTag[next.Tag()] = NewHistogram()
		}
		byTag[next.Tag()].dense.Merge(next)
	}
}

// WriteCSV writes the run second by second, a line for each operation: what was due, how it ended, and its latency in
// milliseconds from both faces.
func WriteCSV(w io.Writer, r *Recording) error {
	var text strings.Builder
	text.WriteString("second,phase,op,due,ok,fail,unknown,due_p50_ms,due_p99_ms,due_max_ms,send_p50_ms,send_p99_ms,send_max_ms\n")
	for i := 0; i < len(r.Slices); {
		first := &r.Slices[i]
		var ok, fail, unknown int64
		var line [2]string
		line[Due], line[Send] = ",,,", ",,,"
		for ; i < len(r.Slices) && sameRow(first, &r.Slices[i]); i++ {
			s := &r.Slices[i]
			switch s.Outcome {
			case history.OK:
				ok = s.Count
				for _, face := range Faces {
					line[face] = "," + ms(s.faces[face].ValueAtPercentile(50)) + "," + ms(s.faces[face].ValueAtPercentile(99)) +
						"," + ms(s.faces[face].Max())
				}
			case history.Fail:
				fail = s.Count
			default:
				unknown = s.Count
			}
		}
		fmt.Fprintf(&text, "%d,%s,%s,%d,%d,%d,%d%s%s\n", first.Second, first.Phase, first.Op, ok+fail+unknown, ok, fail, unknown,
			line[Due], line[Send])
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func sameRow(a, b *Slice) bool { return a.Second == b.Second && a.Phase == b.Phase && a.Op == b.Op }

func ms(ns int64) string { return strconv.FormatFloat(float64(ns)/1e6, 'f', 3, 64) }
