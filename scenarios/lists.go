package scenarios

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// steps is the list of exact faults.
type steps struct {
	to     *[]Step
	faults []string
}

func (v steps) read(p *parser, n *yaml.Node) {
	*v.to = nil
	if n.Kind != yaml.SequenceNode {
		p.problem(n, p.inside()+` must be a list: - { t: 20s, do: kill, target: leader, for: 4s }`)
		return
	}
	for _, item := range n.Content {
		var step Step
		item = resolve(item)
		v.fields(&step).read(p, item)
		if step.Do == "" && item.Kind == yaml.MappingNode {
			p.problem(item, fmt.Sprintf("this step of %s has no do: name a fault", p.inside()))
		}
		*v.to = append(*v.to, step)
	}
}

func (v steps) fields(s *Step) object {
	return object{
		{"t", "when, since the load's start", duration(&s.T)},
		{"do", "the fault", choice{&s.Do, v.faults}},
		{"target", "whom: " + targetDoc + "; the fault's own if it is left out", text{&s.Target}},
		{"shape", "how, for faults that have shapes", text{&s.Shape}},
		{"for", "for how long", duration(&s.For)},
	}
}

func (v steps) write() *yaml.Node {
	if len(*v.to) == 0 {
		return nil
	}
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, step := range *v.to {
		item := v.fields(&step).write()
		item.Style = yaml.FlowStyle
		list.Content = append(list.Content, item)
	}
	return list
}

func (v steps) form() string { return "list of steps" }

// claims is the list of claims, each with its place.
type claims struct{ to *[]Claim }

func (v claims) read(p *parser, n *yaml.Node) {
	*v.to = nil
	if n.Kind != yaml.SequenceNode {
		p.problem(n, p.inside()+" must be a list: - read.p99{quiet} < 25ms")
		return
	}
	for _, item := range n.Content {
		item = resolve(item)
		if p.isScalar(item, "claim") {
			*v.to = append(*v.to, Claim{Expr: item.Value, File: p.file, Line: item.Line})
		}
	}
}

func (v claims) write() *yaml.Node {
	if len(*v.to) == 0 {
		return nil
	}
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, c := range *v.to {
		list.Content = append(list.Content, quoted(c.Expr))
	}
	return list
}

func (v claims) form() string { return "list of claims" }

// versionField refuses every version but ours, so that a newer file is not half understood.
type versionField struct{ to *int }

func (v versionField) read(p *parser, n *yaml.Node) {
	integer(v.to).read(p, n)
	if *v.to != Version {
		p.problem(n, fmt.Sprintf("version %s is not known to this program: it reads version %d", n.Value, Version))
	}
}

func (v versionField) write() *yaml.Node { return integer(v.to).write() }

func (v versionField) form() string { return "1" }
