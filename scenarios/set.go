package scenarios

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Set sets one field by its path, "load.rate", to what a file would say; the words of a list are separated by commas.
// Flags use it, so that a flag and a file take the same values and refuse the same ones.
func (s *Scenario) Set(path, text string, names Names) error {
	f := table(s, names).at(path)
	if f == nil {
		return Unknown("field", path, table(s, names).paths(""))
	}
	n, err := node(f.value, text)
	if err != nil {
		return err
	}
	p := newParser("value", "", []byte(text))
	p.path = []string{path}
	f.value.read(p, n)
	if len(p.problems) == 0 {
		return nil
	}
	first := p.problems[0]
	// The name of the field is in the caller's own message.
	what := strings.TrimPrefix(strings.Replace(first.What, " in "+path, "", 1), path+": ")
	if len(first.Allowed) > 0 {
		what += "\n   allowed: " + strings.Join(first.Allowed, ", ")
	}
	return errors.New(what)
}

// node makes the YAML of a value given as text.
func node(v value, text string) (*yaml.Node, error) {
	if _, ok := v.(wordList); ok {
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for word := range strings.SplitSeq(text, ",") {
			if word = strings.TrimSpace(word); word != "" {
				list.Content = append(list.Content, quoted(word))
			}
		}
		if text != "" && len(list.Content) == 0 {
			return nil, fmt.Errorf("%q names nothing: write names, separated by commas", text)
		}
		return list, nil
	}
	if _, ok := v.(boolean); !ok {
		return quoted(text), nil
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil || len(doc.Content) != 1 {
		return nil, fmt.Errorf("%q must be true or false", text)
	}
	return doc.Content[0], nil
}

// Describe is what the table of fields says of a path: how its value is written, and what it is for.
func Describe(path string) (form, doc string) {
	f := table(Default(), Names{}).at(path)
	if f == nil {
		panic("scenarios: there is no field " + path)
	}
	return f.value.form(), f.doc
}

// at is the field of a path; nil if there is none.
func (o object) at(path string) *field {
	name, rest, deeper := strings.Cut(path, ".")
	f := o.find(name)
	if f == nil || !deeper {
		return f
	}
	inner, ok := f.value.(object)
	if !ok {
		return nil
	}
	return inner.at(rest)
}

// paths are the paths of all fields that hold a value.
func (o object) paths(prefix string) (all []string) {
	for _, f := range o {
		if inner, ok := f.value.(object); ok {
			all = append(all, inner.paths(prefix+f.name+".")...)
			continue
		}
		all = append(all, prefix+f.name)
	}
	return all
}
