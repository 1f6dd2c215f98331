package scenarios

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// axes is a mapping from a scenario's fields to lists of values for them.
type axes struct {
	to    *[]Axis
	names Names
}

func (v axes) read(p *parser, n *yaml.Node) {
	p.each(n, func(key, content *yaml.Node) {
		if content.Kind != yaml.SequenceNode || len(content.Content) == 0 {
			p.problem(content, fmt.Sprintf("axis %s must be a list of values", key.Value))
			return
		}
		axis := Axis{Path: key.Value}
		for _, item := range content.Content {
			if set, ok := trySetting(p, key, resolve(item), v.names); ok {
				axis.Values = append(axis.Values, set.Setting)
			}
		}
		*v.to = append(*v.to, axis)
	})
}

// trySetting reads a value for a scenario's field on trial, so that what is wrong with it is said where it stands.
func trySetting(p *parser, key, content *yaml.Node, names Names) (setting, bool) {
	all := table(Default(), names)
	f := all.at(key.Value)
	if f == nil {
		p.unknown(key, "field", "a scenario", all.paths(""))
		return setting{}, false
	}
	before := len(p.problems)
	p.enter(key.Value, content, func() { f.value.read(p, content) })
	return setting{key.Value, Setting{written(content), content}}, len(p.problems) == before
}

// written is a value as short text: a word, or words joined by commas.
func written(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode {
		return n.Value
	}
	var parts []string
	for _, c := range n.Content {
		parts = append(parts, written(resolve(c)))
	}
	return strings.Join(parts, ",")
}

// settings is a list of settings to exclude, or of cells to include.
type settings struct {
	exclude *[][]setting
	include *[]Include
	names   Names
}

func (v settings) read(p *parser, n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		p.problem(n, p.inside()+" must be a list: - { target.nodes: 5 }")
		return
	}
	for _, item := range n.Content {
		var cell Include
		item = resolve(item)
		p.each(item, func(key, content *yaml.Node) {
			if key.Value == "scenario" && v.include != nil {
				if p.isScalar(content, "scenario") {
					cell.Scenario = content.Value
				}
				return
			}
			if set, ok := trySetting(p, key, content, v.names); ok {
				cell.Settings = append(cell.Settings, set)
			}
		})
		switch {
		case v.exclude != nil:
			*v.exclude = append(*v.exclude, cell.Settings)
		case cell.Scenario == "":
			p.problem(item, "this cell has no scenario")
		default:
			*v.include = append(*v.include, cell)
		}
	}
}

// seeds is a number of seeds, or a list of them.
type seeds struct{ to *[]uint64 }

// maxSeeds bounds a number of seeds.
const maxSeeds = 1000

func (v seeds) read(p *parser, n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		var count uint64
		seed(&count).read(p, n)
		if count > maxSeeds {
			p.problem(n, fmt.Sprintf("more than %d seeds", maxSeeds))
			return
		}
		for i := range count {
			*v.to = append(*v.to, i+1)
		}
		return
	}
	for _, item := range n.Content {
		var one uint64
		seed(&one).read(p, resolve(item))
		*v.to = append(*v.to, one)
	}
}

func (v axes) write() *yaml.Node     { return nil }
func (v settings) write() *yaml.Node { return nil }

func (v seeds) write() *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, s := range *v.to {
		list.Content = append(list.Content, scalar(strconv.FormatUint(s, 10)))
	}
	return list
}

func (v axes) form() string     { return "lists of values by field" }
func (v settings) form() string { return "list of settings" }
func (v seeds) form() string    { return "number or list" }

func (v axes) schema() schema {
	return schema{"type": "object", "additionalProperties": schema{"type": "array", "minItems": 1}}
}

func (v settings) schema() schema { return schema{"type": "array", "items": schema{"type": "object"}} }

func (v seeds) schema() schema {
	number := schema{"type": "integer", "minimum": 0}
	return schema{"anyOf": []schema{number, {"type": "array", "items": number}}}
}
