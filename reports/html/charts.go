package html

import (
	"math"
	"strconv"
	"strings"

	"github.com/whitewater-kv/whitewater/reports/latency"
	"github.com/whitewater-kv/whitewater/reports/plots"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// columns is the most points that a chart has along time: a longer run is merged, so that the page stays small.
const columns = 600

// charts is the data of the page's charts. Numbers are rounded to what can be seen.
type charts struct {
	Step   int               `json:"step"` // seconds in a column
	Length float64           `json:"length"`
	OK     []float64         `json:"ok"` // per second
	Fail   []float64         `json:"fail"`
	Info   []float64         `json:"info"`
	Due    []*float64        `json:"due"`
	Faces  map[string]face   `json:"faces"`
	Points [][3]float64      `json:"points"` // seconds, latency in seconds, outcome (0 ok, 1 fail, 2 info)
	Bands  []band            `json:"bands"`
	Ops    map[string]curves `json:"ops"`
	Order  []string          `json:"order"`
	Axis   []float64         `json:"axis"` // 1/(1-q) of the curves' points
}

// face is the latency over time from one reading, in seconds.
type face struct {
	P50  []*float64 `json:"p50"`
	P99  []*float64 `json:"p99"`
	Max  []*float64 `json:"max"`
	Heat []string   `json:"heat"` // for each column "row:levels", a base-36 digit for each row upward
}

type band struct {
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Kind  string  `json:"kind"`
	Label string  `json:"label"`
}

// curves are the percentile curves of an operation: by "due quiet", "send faulty", …, in milliseconds.
type curves map[string][]*float64

func chartData(s *summary.Summary) charts {
	r := s.Latency
	c := charts{Step: max(1, (len(r.Ended)+columns-1)/columns), Length: round(r.Length.Seconds()), Faces: map[string]face{}, Ops: map[string]curves{}, Order: r.Ops,
		Points: [][3]float64{}, Bands: []band{}}
	ok, fail, info := make([]float64, len(r.Ended)), make([]float64, len(r.Ended)), make([]float64, len(r.Ended))
	for i, e := range r.Ended {
		ok[i], fail[i], info[i] = float64(e.OK), float64(e.Fail), float64(e.Unknown)
	}
	c.OK, c.Fail, c.Info = averages(ok, c.Step), averages(fail, c.Step), averages(info, c.Step)
	c.Due = nullable(averages(plots.Offered(r), c.Step))
	for _, f := range latency.Faces {
		c.Faces[f.String()] = face{
			nullable(peaks(plots.PerSecond(r, f, .5), c.Step)), nullable(peaks(plots.PerSecond(r, f, .99), c.Step)),
			nullable(peaks(plots.PerSecond(r, f, 1), c.Step)), heat(r, f, c.Step),
		}
	}
	for _, p := range s.Points {
		outcome := map[string]float64{"ok": 0, "fail": 1, "info": 2}[summary.OutcomeWord(p.Outcome)]
		c.Points = append(c.Points, [3]float64{round(s.Since(p.At).Seconds()), round(p.Latency.Seconds()), outcome})
	}
	for _, f := range s.Faults {
		c.Bands = append(c.Bands, band{round(s.Since(f.Start).Seconds()), round(s.Since(f.End).Seconds()), f.Name, s.Describe(f.Fault)})
	}
	c.curves(r)
	return c
}

// curves reads each operation's percentiles at the same, ever rarer, places, as far as there are operations so rare.
func (c *charts) curves(r *latency.Recording) {
	for i := 0; i <= 60; i++ {
		c.Axis = append(c.Axis, round(math.Pow(10, float64(i)/12)))
	}
	for _, op := range r.Ops {
		set := curves{}
		for _, phase := range []string{latency.Quiet, latency.Faulty} {
			for _, f := range latency.Faces {
				h := r.Total(latency.Filter{Op: op, Phase: phase}, f)
				if h.Count() == 0 {
					continue
				}
				line := make([]*float64, len(c.Axis))
				for i, x := range c.Axis {
					if x <= float64(h.Count()) {
						v := round(h.Quantile(1-1/x).Seconds() * 1000)
						line[i] = &v
					}
				}
				set[f.String()+" "+phase] = line
			}
		}
		c.Ops[op] = set
	}
}

// heat packs the heat map's columns: where the first filled row is, and how full each is from there on.
func heat(r *latency.Recording, f latency.Face, step int) []string {
	out := make([]string, (len(r.Ended)+step-1)/step)
	rows := make([][]byte, len(out))
	base := make([]int, len(out))
	for _, cell := range plots.Heat(r, f, len(out)) {
		if cell.Column >= len(out) {
			continue
		}
		if rows[cell.Column] == nil {
			base[cell.Column] = cell.Row
		}
		for len(rows[cell.Column]) < cell.Row-base[cell.Column] {
			rows[cell.Column] = append(rows[cell.Column], '0')
		}
		level := max(1, int(math.Round(35*cell.Share)))
		rows[cell.Column] = append(rows[cell.Column], strconv.FormatInt(int64(level), 36)[0])
	}
	for i := range out {
		if rows[i] != nil {
			out[i] = strings.Join([]string{strconv.Itoa(base[i]), string(rows[i])}, ":")
		}
	}
	return out
}

func averages(values []float64, step int) []float64 {
	return merge(values, step, func(part []float64) float64 {
		sum := 0.0
		for _, v := range part {
			sum += v
		}
		return sum / float64(len(part))
	})
}

// peaks keeps the worst of each column: a merged chart must not hide what a full one shows.
func peaks(values []float64, step int) []float64 {
	return merge(values, step, func(part []float64) float64 {
		worst := math.NaN()
		for _, v := range part {
			if !(v <= worst) && !math.IsNaN(v) {
				worst = v
			}
		}
		return worst
	})
}

func merge(values []float64, step int, of func([]float64) float64) []float64 {
	out := make([]float64, 0, len(values)/step+1)
	for i := 0; i < len(values); i += step {
		out = append(out, round(of(values[i:min(i+step, len(values))])))
	}
	return out
}

func nullable(values []float64) []*float64 {
	out := make([]*float64, len(values))
	for i, v := range values {
		if !math.IsNaN(v) {
			out[i] = &values[i]
		}
	}
	return out
}

// round keeps four significant digits.
func round(v float64) float64 {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return v
	}
	scale := math.Pow(10, 3-math.Floor(math.Log10(math.Abs(v))))
	if math.IsInf(scale, 0) {
		return 0
	}
	return math.Round(v*scale) / scale
}
