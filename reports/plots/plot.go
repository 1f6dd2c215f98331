// Package plots draws runs as SVG files that stand alone: no script, no style sheet, no fonts of their own.
package plots

import (
	"fmt"
	"html"
	"math"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// The size of every plot, and the room around its axes.
const (
	width, height            = 900, 400
	left, right, top, bottom = 64, 16, 44, 36
)

// Bands are the colours of faults, Jepsen's where it has one.
var Bands = map[string]string{"kill": "#E9A4A0", "pause": "#A0B1E9", "partition": "#E9DCA0", "packet": "#D1E8A0", "delay": "#D1E8A0", "clock": "#A0E9E3"}

// Band is a fault's colour.
func Band(fault string) string {
	if c, ok := Bands[fault]; ok {
		return c
	}
	return "#D5C3E8"
}

// Jepsen's colours of outcomes.
const (
	okColour, infoColour, failColour = "#2F7FC4", "#E08A00", "#D8157A"
	ink, faint, grid                 = "#1f2328", "#59636e", "#e4e7eb"
)

// canvas is a plot being drawn. x counts seconds since the load's start.
type canvas struct {
	strings.Builder
	length   float64 // seconds
	low, top float64
	log      bool
}

func newCanvas(title, about string, s *summary.Summary) *canvas {
	c := &canvas{length: max(1, s.Latency.Length.Seconds())}
	fmt.Fprintf(c, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" font-family="system-ui, -apple-system, Segoe UI, sans-serif" font-size="12">`,
		width, height, width, height)
	fmt.Fprintf(c, `<title>%s</title><desc>%s</desc><rect width="%d" height="%d" fill="#fff"/>`, html.EscapeString(title), html.EscapeString(about), width, height)
	fmt.Fprintf(c, `<text x="%d" y="18" font-size="14" font-weight="600" fill="%s">%s</text>`, left, ink, html.EscapeString(title))
	return c
}

func (c *canvas) x(seconds float64) float64 {
	return left + max(0, min(1, seconds/c.length))*(width-left-right)
}

func (c *canvas) y(v float64) float64 {
	share := (v - c.low) / (c.top - c.low)
	if c.log {
		share = math.Log(max(v, c.low)/c.low) / math.Log(c.top/c.low)
	}
	return height - bottom - max(0, min(1, share))*(height-top-bottom)
}

// faults shades when they were active, each in a lane of colour with its name above.
func (c *canvas) faults(s *summary.Summary) {
	room := -1.0
	for _, f := range s.Faults {
		from, to := c.x(s.Since(f.Start).Seconds()), c.x(s.Since(f.End).Seconds())
		fmt.Fprintf(c, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s" fill-opacity=".45"/>`, from, top, max(1, to-from), height-top-bottom, Band(f.Name))
		if from > room {
			fmt.Fprintf(c, `<text x="%.1f" y="%d" font-size="11" fill="%s">%s</text>`, from, top-5, faint, html.EscapeString(f.Name))
			room = from + 7*float64(len(f.Name)) + 6
		}
	}
}

// axes draws a linear or logarithmic scale with its grid.
func (c *canvas) axes(unit func(float64) string) {
	for _, v := range c.ticks() {
		y := c.y(v)
		fmt.Fprintf(c, `<path d="M%d %.1fH%d" stroke="%s"/><text x="%d" y="%.1f" text-anchor="end" fill="%s">%s</text>`, left, y, width-right, grid, left-8, y+4,
			faint, html.EscapeString(unit(v)))
	}
	step := niceStep(c.length / 8)
	for at := 0.0; at <= c.length+1e-9; at += step {
		fmt.Fprintf(c, `<text x="%.1f" y="%d" text-anchor="middle" fill="%s">%g s</text>`, c.x(at), height-bottom+18, faint, at)
	}
	fmt.Fprintf(c, `<path d="M%d %dH%d" stroke="%s"/>`, left, height-bottom, width-right, faint)
}

func (c *canvas) ticks() (at []float64) {
	if c.log {
		for v := c.low; v <= c.top*1.001; v *= 10 {
			at = append(at, v)
		}
		return at
	}
	step := niceStep((c.top - c.low) / 5)
	for v := c.low; v <= c.top+step/1000; v += step {
		at = append(at, v)
	}
	return at
}

func niceStep(rough float64) float64 {
	if rough <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, m := range []float64{1, 2, 5, 10} {
		if m*power >= rough {
			return m * power
		}
	}
	return 10 * power
}

// line draws values at the middles of their seconds; NaN breaks it.
func (c *canvas) line(values []float64, colour, dash string) {
	var path strings.Builder
	pen := "M"
	for i, v := range values {
		if math.IsNaN(v) {
			pen = "M"
			continue
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", pen, c.x(float64(i)+.5), c.y(v))
		pen = "L"
	}
	if path.Len() > 0 {
		fmt.Fprintf(c, `<path d="%s" fill="none" stroke="%s" stroke-width="1.6" stroke-linejoin="round" stroke-dasharray="%s"/>`, path.String(), colour, dash)
	}
}

// legend names the lines, at the right above the plot.
func (c *canvas) legend(entries ...[3]string) {
	x := float64(width - right)
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		x -= 7*float64(len([]rune(e[0]))) + 6
		fmt.Fprintf(c, `<text x="%.1f" y="18" fill="%s">%s</text><path d="M%.1f 14h18" stroke="%s" stroke-width="2" stroke-dasharray="%s"/>`, x, ink, e[0], x-24, e[1], e[2])
		x -= 38
	}
}

func (c *canvas) end() string { return c.String() + "</svg>\n" }

func showSeconds(v float64) string {
	return claims.ShowDuration(time.Duration(v * float64(time.Second)))
}
