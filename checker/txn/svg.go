package txn

import (
	"bytes"
	"fmt"
	"html"
)

// box is a transaction in a drawing.
type box struct {
	title string
	lines []string
}

// Sizes of a drawing, in pixels. A box shows boxLines micro-operations at most, each cut at lineRunes.
const (
	boxWidth  = 520
	lineStep  = 18
	boxGap    = 56
	boxLines  = 8
	lineRunes = 66
)

var labels = [kinds]string{ww: "ww: replaced what it wrote", wr: "wr: read what it wrote", rw: "rw: replaced what it read",
	process: "process: after it in one client", real: "realtime: called after it returned", wwReal: "ww: replaced what it wrote", rwReal: "rw: replaced what it read"}

// draw is a cycle as SVG: the transactions below each other, an arrow for each step, the last one back up at the side.
func draw(name string, boxes []box, steps []step) []byte {
	tops, y := make([]int, len(boxes)), 40
	for i := range boxes {
		if over := len(boxes[i].lines) - boxLines; over > 0 {
			boxes[i].lines = append(boxes[i].lines[:boxLines:boxLines], fmt.Sprintf("… and %d more", over))
		}
		tops[i] = y
		y += boxes[i].height() + boxGap
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="13">`+"\n", boxWidth+320, y)
	b.WriteString(`<defs><marker id="tip" markerUnits="userSpaceOnUse" markerWidth="10" markerHeight="8" refX="9" refY="4" orient="auto"><path d="M0,0 L10,4 L0,8 z"/></marker></defs>` + "\n")
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="white"/><text x="20" y="24" font-size="16" font-weight="bold">%s</text>`+"\n", html.EscapeString(name))
	for i, x := range boxes {
		x.draw(&b, tops[i])
	}
	for _, s := range steps {
		from, to := tops[s.from]+boxes[s.from].height(), tops[s.to]
		if s.to == s.from+1 {
			fmt.Fprintf(&b, `<path d="M60,%d L60,%d" stroke="black" marker-end="url(#tip)"/><text x="72" y="%d">%s</text>`+"\n", from, to-2, (from+to)/2+4, labels[s.kind])
			continue
		}
		right, mid := boxWidth+20, tops[s.from]+boxes[s.from].height()/2
		home := tops[s.to] + boxes[s.to].height()/2
		fmt.Fprintf(&b, `<path d="M%d,%d C%d,%d %d,%d %d,%d" fill="none" stroke="#c0392b" stroke-width="2" marker-end="url(#tip)"/>`, right, mid, right+90, mid, right+90, home, right+2, home)
		fmt.Fprintf(&b, `<text x="%d" y="%d" fill="#c0392b">%s</text>`+"\n", right+76, (mid+home)/2, labels[s.kind])
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func (x box) height() int { return lineStep*(len(x.lines)+1) + 12 }

func (x box) draw(b *bytes.Buffer, top int) {
	fmt.Fprintf(b, `<rect x="20" y="%d" width="%d" height="%d" rx="6" fill="#f4f6f8" stroke="#5d6d7e"/>`, top, boxWidth, x.height())
	fmt.Fprintf(b, `<text x="32" y="%d" font-weight="bold">%s</text>`+"\n", top+lineStep, html.EscapeString(x.title))
	for i, line := range x.lines {
		if r := []rune(line); len(r) > lineRunes {
			line = "…" + string(r[len(r)-lineRunes:]) // a list's end says more than its beginning
		}
		fmt.Fprintf(b, `<text x="44" y="%d">%s</text>`+"\n", top+lineStep*(i+2), html.EscapeString(line))
	}
}
