package scenarios

import (
	"encoding/json"
	"fmt"
	"strings"
)

// schema is a JSON schema, or a part of one.
type schema map[string]any

// Schema is the JSON schema of scenario files, for editors.
func Schema(names Names) []byte {
	s := table(Default(), names).schema()
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "Whitewater scenario"
	s["required"] = []string{formatVersion}
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic("scenarios: the schema is made of plain values: " + err.Error())
	}
	return append(out, '\n')
}

func (o object) schema() schema {
	properties := schema{}
	for _, f := range o {
		property := f.value.schema()
		property["description"] = f.doc
		properties[f.name] = property
	}
	return schema{"type": "object", "additionalProperties": false, "properties": properties}
}

func (v text) schema() schema { return schema{"type": []string{"string", "number"}} }

func (v choice) schema() schema { return words(v.allowed) }

func (v boolean) schema() schema { return schema{"type": "boolean"} }

func (v quantity) schema() schema {
	s := schema{"type": "string", "pattern": v.pattern}
	if v.kind == "number" {
		return schema{"type": "integer", "minimum": 0}
	}
	if v.bare {
		s["type"] = []string{"string", "number"}
		s["minimum"] = 0
	}
	return s
}

func (v wordList) schema() schema {
	one := words(v.allowed)
	return schema{"anyOf": []schema{one, {"type": "array", "items": one, "uniqueItems": true}}}
}

func (v weights) schema() schema {
	return schema{"type": "object", "additionalProperties": schema{"type": "integer", "minimum": 0}}
}

func (v texts) schema() schema {
	return schema{"type": "object", "additionalProperties": schema{"type": []string{"string", "number", "boolean"}}}
}

func (v steps) schema() schema {
	item := v.fields(&Step{}).schema()
	item["required"] = []string{"do", "for"}
	return schema{"type": "array", "items": item}
}

func (v claims) schema() schema { return schema{"type": "array", "items": schema{"type": "string"}} }

func (v versionField) schema() schema { return schema{"const": Version} }

func words(allowed []string) schema {
	if len(allowed) == 0 {
		return schema{"type": "string"}
	}
	return schema{"enum": allowed}
}

// Reference is the table of fields in Markdown, as docs/SCENARIOS.md holds it.
func Reference(names Names) string {
	var b strings.Builder
	b.WriteString("| field | value | default | |\n|---|---|---|---|\n")
	reference(&b, "", table(Default(), names))
	return b.String()
}

func reference(b *strings.Builder, prefix string, o object) {
	for _, f := range o {
		if inner, ok := f.value.(object); ok {
			fmt.Fprintf(b, "| **`%s%s`** | | | %s |\n", prefix, f.name, f.doc)
			reference(b, prefix+f.name+".", inner)
			continue
		}
		fmt.Fprintf(b, "| `%s%s` | %s | %s | %s |\n", prefix, f.name, f.value.form(), shown(f.value), f.doc)
		if list, ok := f.value.(steps); ok {
			reference(b, prefix+f.name+"[].", list.fields(&Step{}))
		}
	}
}

// shown is a field's default as it would be written, empty if it has none.
func shown(v value) string {
	n := v.write()
	if n == nil || n.Value == "" && len(n.Content) == 0 {
		return ""
	}
	var parts []string
	for _, c := range n.Content {
		parts = append(parts, c.Value)
	}
	return "`" + n.Value + strings.Join(parts, ", ") + "`"
}
