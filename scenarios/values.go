package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/whitewater-kv/whitewater/internal/units"
)

// value is a place in a scenario that a file can set: how it is read, written back, and described.
type value interface {
	read(p *parser, n *yaml.Node)
	write() *yaml.Node // nil = it is left out
	schema() schema
	form() string // how it is written, for people
}

// field is one name of an object. The table of fields drives parsing, writing, the JSON schema and the documentation.
type field struct {
	name, doc string
	value     value
}

// object is a mapping with known names.
type object []field

func (o object) read(p *parser, n *yaml.Node) {
	p.each(n, func(key, content *yaml.Node) {
		f := o.find(key.Value)
		if f == nil {
			p.unknown(key, "field", p.inside(), o.names())
			return
		}
		p.enter(key.Value, content, func() { f.value.read(p, content) })
	})
}

func (o object) find(name string) *field {
	for i := range o {
		if o[i].name == name {
			return &o[i]
		}
	}
	return nil
}

func (o object) names() (names []string) {
	for _, f := range o {
		names = append(names, f.name)
	}
	return names
}

func (o object) write() *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, f := range o {
		if content := f.value.write(); content != nil {
			n.Content = append(n.Content, scalar(f.name), content)
		}
	}
	if len(n.Content) == 0 {
		return nil
	}
	return n
}

func (o object) form() string { return "object" }

func scalar(text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: text} }

func quoted(text string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(text)
	return n
}

// text is any text; empty = not set.
type text struct{ to *string }

func (v text) read(p *parser, n *yaml.Node) {
	if p.isScalar(n, v.form()) {
		*v.to = n.Value
	}
}

func (v text) write() *yaml.Node {
	if *v.to == "" {
		return nil
	}
	return quoted(*v.to)
}

func (v text) form() string { return "text" }

// choice is one of a few words.
type choice struct {
	to      *string
	allowed []string // empty = any word
}

func (v choice) read(p *parser, n *yaml.Node) {
	if !p.isScalar(n, v.form()) {
		return
	}
	if len(v.allowed) > 0 && !slices.Contains(v.allowed, n.Value) {
		p.unknown(n, "value", p.inside(), v.allowed)
		return
	}
	*v.to = n.Value
}

func (v choice) write() *yaml.Node { return text{v.to}.write() }

func (v choice) form() string {
	if len(v.allowed) == 0 {
		return "name"
	}
	return strings.Join(v.allowed, " or ")
}

// boolean is true or false.
type boolean struct{ to *bool }

func (v boolean) read(p *parser, n *yaml.Node) {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		p.problem(n, fmt.Sprintf("%s must be true or false", p.inside()))
		return
	}
	*v.to = strings.EqualFold(n.Value, "true")
}

func (v boolean) write() *yaml.Node { return scalar(strconv.FormatBool(*v.to)) }

func (v boolean) form() string { return "true or false" }

// settable is what the quantities of package units are.
type settable interface {
	Set(string) error
	String() string
}

// quantity is a number with a unit, or a plain one.
type quantity struct {
	to      settable
	kind    string
	pattern string // of its text, for the JSON schema; numbers are allowed beside it if bare is set
	bare    bool
}

func (v quantity) read(p *parser, n *yaml.Node) {
	if !p.isScalar(n, v.kind) {
		return
	}
	if err := v.to.Set(n.Value); err != nil {
		p.problem(n, fmt.Sprintf("%s: %v", p.inside(), err))
	}
}

func (v quantity) write() *yaml.Node { return scalar(v.to.String()) }

func (v quantity) form() string { return v.kind }

func duration(to *time.Duration) quantity {
	return quantity{(*durationValue)(to), "duration", `^(0|([0-9.]+(ns|us|µs|ms|s|m|h))+)$`, true}
}

func span(to *units.Span) quantity {
	return quantity{to, "span", `^[0-9a-zµ.]+$`, false}
}

func size(to *units.Size) quantity {
	return quantity{to, "size", `^[0-9.]+ ?([kKMGT]i?B|B)?$`, true}
}

func rate(to *units.Rate) quantity { return quantity{to, "rate", `^[0-9.]+[kM]?(/[smh])?$`, true} }

func count(to *units.Count) quantity { return quantity{to, "count", `^[0-9]+n?$`, true} }

func integer(to *int) quantity { return quantity{(*integerValue)(to), "number", `^[0-9]+$`, true} }

func ratio(to *float64) quantity { return quantity{(*ratioValue)(to), "ratio", `^[0-9.]+$`, true} }

func seed(to *uint64) quantity { return quantity{(*seedValue)(to), "number", `^[0-9]+$`, true} }

type durationValue time.Duration

func (d *durationValue) Set(text string) error {
	parsed, err := units.ParseDuration(text)
	*d = durationValue(parsed)
	return err
}

func (d *durationValue) String() string { return units.FormatDuration(time.Duration(*d)) }

type integerValue int

func (i *integerValue) Set(text string) error {
	parsed, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return fmt.Errorf("%q is not a whole number from 0", text)
	}
	*i = integerValue(parsed)
	return nil
}

func (i *integerValue) String() string { return strconv.Itoa(int(*i)) }

type ratioValue float64

func (r *ratioValue) Set(text string) error {
	parsed, err := strconv.ParseFloat(text, 64)
	if err != nil || !(parsed >= 0 && parsed <= 1e6) {
		return fmt.Errorf("%q is not a ratio: a number from 0", text)
	}
	*r = ratioValue(parsed)
	return nil
}

func (r *ratioValue) String() string { return strconv.FormatFloat(float64(*r), 'f', -1, 64) }

type seedValue uint64

func (s *seedValue) Set(text string) error {
	parsed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a seed: a whole number from 0", text)
	}
	*s = seedValue(parsed)
	return nil
}

func (s *seedValue) String() string { return strconv.FormatUint(uint64(*s), 10) }

// wordList is a list of known words; a single word stands for a list of one.
type wordList struct {
	to      *[]string
	what    string // what the words name, in the singular
	allowed []string
}

func (v wordList) read(p *parser, n *yaml.Node) {
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	*v.to = nil
	for _, item := range list {
		item = resolve(item)
		switch {
		case !p.isScalar(item, v.what):
		case len(v.allowed) > 0 && !slices.Contains(v.allowed, item.Value):
			p.unknown(item, v.what, "", v.allowed)
		case slices.Contains(*v.to, item.Value):
			p.problem(item, fmt.Sprintf("%s %q is named twice", v.what, item.Value))
		default:
			*v.to = append(*v.to, item.Value)
		}
	}
}

func (v wordList) write() *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, word := range *v.to {
		n.Content = append(n.Content, quoted(word))
	}
	return n
}

func (v wordList) form() string { return "list of names" }

// weights maps kinds of operation to whole numbers.
type weights struct{ to *map[string]int }

func (v weights) read(p *parser, n *yaml.Node) {
	*v.to = map[string]int{}
	before, sum := len(p.problems), 0
	p.each(n, func(key, content *yaml.Node) {
		weight := 0
		p.enter(key.Value, content, func() { integer(&weight).read(p, content) })
		(*v.to)[key.Value] = weight
		sum += weight
	})
	if sum == 0 && len(p.problems) == before {
		p.problem(n, p.inside()+" needs a weight above 0")
	}
}

func (v weights) write() *yaml.Node {
	if len(*v.to) == 0 {
		return nil
	}
	n := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	for _, key := range slices.Sorted(maps.Keys(*v.to)) {
		n.Content = append(n.Content, quoted(key), scalar(strconv.Itoa((*v.to)[key])))
	}
	return n
}

func (v weights) form() string { return "weights by kind" }

// texts maps words to texts: the server's flags.
type texts struct{ to *map[string]string }

func (v texts) read(p *parser, n *yaml.Node) {
	*v.to = map[string]string{}
	p.each(n, func(key, content *yaml.Node) {
		p.enter(key.Value, content, func() {
			if p.isScalar(content, "value") {
				(*v.to)[strings.TrimLeft(key.Value, "-")] = content.Value
			}
		})
	})
}

func (v texts) write() *yaml.Node {
	if len(*v.to) == 0 {
		return nil
	}
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, key := range slices.Sorted(maps.Keys(*v.to)) {
		n.Content = append(n.Content, quoted(key), quoted((*v.to)[key]))
	}
	return n
}

func (v texts) form() string { return "values by flag" }
