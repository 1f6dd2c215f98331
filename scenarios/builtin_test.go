package scenarios

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema(known)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("whitewater.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("whitewater.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// accepts reports what the schema says of a YAML text, as an editor would.
func accepts(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	var value any
	if err := yaml.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

// Every scenario that is shipped parses, survives being written, fits the published schema both as it is and resolved,
// and says what it is for.
func TestShipped(t *testing.T) {
	schema := compiled(t)
	for _, name := range append(Builtin(), Catalogue()...) {
		t.Run(name, func(t *testing.T) {
			s, err := Find(name, known)
			if err != nil {
				t.Fatal(err)
			}
			if s.Name != name {
				t.Errorf("it calls itself %q", s.Name)
			}
			if s.Doc == "" {
				t.Error("it does not say what it is for")
			}
			if err := s.Validate(known); err != nil {
				t.Error(err)
			}
			again(t, s)
			_, text, err := Source(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := accepts(t, schema, text); err != nil {
				t.Errorf("the schema refuses it: %v", err)
			}
			if err := accepts(t, schema, s.YAML()); err != nil {
				t.Errorf("the schema refuses the resolved one: %v\n%s", err, s.YAML())
			}
		})
	}
	if Builtin()[0] != DefaultName {
		t.Errorf("the first is %s, not the default", Builtin()[0])
	}
}

// The schema refuses what the parser refuses, as far as a schema can.
func TestSchemaRefuses(t *testing.T) {
	schema := compiled(t)
	for _, text := range []string{
		"{}",
		"version: 2",
		"version: 1\nlod: {}",
		"version: 1\nload: { raet: 5 }",
		"version: 1\nload: { rate: fast }",
		"version: 1\nload: { workload: regster }",
		"version: 1\nload: { duration: long }",
		"version: 1\nload: { arrival: sometimes }",
		"version: 1\nfaults: { at: [{ t: 2s, for: 2s }] }",
		"version: 1\ntarget: { nodes: three }",
		"version: 1\ntarget: { tls: maybe }",
	} {
		if accepts(t, schema, []byte(text)) == nil {
			t.Errorf("the schema accepts %q", text)
		}
		if _, err := Parse("x.yaml", []byte(text), known); err == nil {
			t.Errorf("the parser accepts %q", text)
		}
	}
	if err := accepts(t, schema, []byte(full)); err != nil {
		t.Errorf("the schema refuses the full example: %v", err)
	}
}

func TestFind(t *testing.T) {
	if _, err := Find("register-chaso", known); err == nil || !strings.Contains(err.Error(), `did you mean "register-chaos"?`) {
		t.Errorf("%v", err)
	}
	if _, err := Find("./absent.yaml", known); err == nil || !strings.Contains(err.Error(), "absent.yaml") {
		t.Errorf("%v", err)
	}
}
