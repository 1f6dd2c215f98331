package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Parse reads a scenario file. Fields that it leaves out are as in Default. The error is an *Error with every problem
// of the file, not just the first.
func Parse(file string, data []byte, names Names) (*Scenario, error) {
	s := Default()
	p := newParser("scenario", file, data)
	root := p.document(data)
	if root == nil {
		return nil, p.err()
	}
	table(s, names).read(p, root)
	if len(p.problems) == 0 {
		for _, c := range s.complaints() {
			p.problem(p.closest(c.path, root), c.path+": "+c.why)
		}
	}
	if p.nodes[formatVersion] == nil && len(p.problems) == 0 {
		p.problem(root, fmt.Sprintf("the file has no version: begin it with %s: %d", formatVersion, Version))
	}
	if s.Name == "" {
		s.Name = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	}
	if !nameForm.MatchString(s.Name) {
		p.problem(p.closest("name", root), fmt.Sprintf("name %q must be letters, digits, dots, dashes: it names a folder", s.Name))
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	return s, nil
}

const formatVersion = "version"

var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$`)

// YAML is the scenario with every field resolved. Parse gives the same scenario again.
func (s *Scenario) YAML() []byte {
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	// Encoding our own node tree into memory cannot fail.
	if err := e.Encode(table(s, Names{}).write()); err != nil {
		panic("scenarios: a scenario's own tree cannot be encoded: " + err.Error())
	}
	return out.Bytes()
}

// parser walks a YAML tree and collects problems.
type parser struct {
	kind, file string
	lines      []string
	path       []string
	nodes      map[string]*yaml.Node // by path, as far as read
	problems   []Problem
}

func newParser(kind, file string, data []byte) *parser {
	return &parser{kind: kind, file: file, lines: strings.Split(string(data), "\n"), nodes: map[string]*yaml.Node{}}
}

// limitBytes bounds a file: what is larger is not a scenario.
const limitBytes = 1 << 20

// document parses the one document of a file; nil if there is none, and then a problem says why.
func (p *parser) document(data []byte) *yaml.Node {
	if len(data) > limitBytes {
		p.problems = append(p.problems, Problem{Line: 1, Col: 1, What: fmt.Sprintf("the file is larger than %d bytes", limitBytes)})
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	err := decoder.Decode(&doc)
	if err == nil && len(doc.Content) == 1 {
		if err = decoder.Decode(&more); err == nil {
			p.problem(&more, "a second document begins: one file holds one "+p.kind)
			return nil
		}
		if errors.Is(err, io.EOF) {
			return resolve(doc.Content[0])
		}
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = errors.New("the file is empty")
	}
	p.problems = append(p.problems, syntax(err))
	return nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

// syntax turns the YAML library's message into a problem with a place.
func syntax(err error) Problem {
	line, what := 1, err.Error()
	if m := yamlLine.FindStringSubmatch(what); m != nil {
		what = m[2]
		if m[1] != "" {
			line, _ = strconv.Atoi(m[1])
		}
	}
	return Problem{Line: line, Col: 1, What: what}
}

// resolve follows an alias. Depth is bounded by the table, so that aliases cannot be used to build a bomb.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// each calls f for the keys of a mapping, refusing what is no mapping, keys that are no words, and repetitions.
func (p *parser) each(n *yaml.Node, f func(key, content *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		p.problem(n, p.inside()+" must have fields, as in name: value")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, content := n.Content[i], resolve(n.Content[i+1])
		switch {
		case key.Kind != yaml.ScalarNode:
			p.problem(key, "a field's name must be a word")
		case seen[key.Value]:
			p.problem(key, fmt.Sprintf("field %q is given twice", key.Value))
		default:
			seen[key.Value] = true
			f(key, content)
		}
	}
}

// enter reads a field's value with the path pointing to it.
func (p *parser) enter(name string, n *yaml.Node, read func()) {
	p.path = append(p.path, name)
	p.nodes[strings.Join(p.path, ".")] = n
	read()
	p.path = p.path[:len(p.path)-1]
}

// inside names the innermost field that is being read.
func (p *parser) inside() string {
	if len(p.path) == 0 {
		return "the " + p.kind
	}
	return p.path[len(p.path)-1]
}

// closest is the node of a path, or of the nearest field around it that the file has.
func (p *parser) closest(path string, root *yaml.Node) *yaml.Node {
	for path != "" {
		if n := p.nodes[path]; n != nil {
			return n
		}
		dot := strings.LastIndex(path, ".")
		if dot < 0 {
			break
		}
		path = path[:dot]
	}
	return root
}

// isScalar reports whether n is a single value, and a problem if it is not.
func (p *parser) isScalar(n *yaml.Node, what string) bool {
	switch {
	case n.Kind != yaml.ScalarNode:
		p.problem(n, fmt.Sprintf("%s must be a single %s", p.inside(), what))
	case n.Tag == "!!null":
		p.problem(n, fmt.Sprintf("%s has no value: it must be a %s", p.inside(), what))
	default:
		return true
	}
	return false
}
