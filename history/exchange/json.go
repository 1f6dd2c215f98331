package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/whitewater-kv/whitewater/history"
)

// jsonHistory is how a history in JSON begins: with an object, or with a list of them.
var jsonHistory = regexp.MustCompile(`^\s*(\[\s*)?\{\s*"|^\s*\[\s*\]`)

// ReadJSON reads a history as elle-cli has it: the operation maps of history.edn in JSON, in one list or one after the
// other, with strings for keywords:
//
//	[{"index": 0, "type": "invoke", "process": 1, "f": "txn", "value": [["append", 253, 1], ["r", 255, null]]}]
func ReadJSON(data []byte, cas FailedCAS) (*history.History, []string, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	in := newImporter(cas)
	place := func(err error) error {
		at := min(int(decoder.InputOffset()), len(data))
		return &placed{1 + bytes.Count(data[:at], []byte{'\n'}), err.Error()}
	}
	for {
		form, err := readJSON(decoder, 0)
		switch {
		case errors.Is(err, io.EOF):
			return in.history()
		case err != nil:
			return nil, nil, place(err)
		}
		forms := []node{form}
		if form.kind == 'l' {
			forms = form.items
		}
		for _, op := range forms {
			if err := in.addMap(op); err != nil {
				return nil, nil, place(fmt.Errorf("%w%s", err, where(op)))
			}
		}
	}
}

// where names an operation of a list by its index, as far as it has one: a list is one form, on many lines.
func where(op node) string {
	if index, ok := op.get("index"); ok {
		return " (the operation with index " + index.String() + ")"
	}
	return ""
}

// readJSON reads a value as the form of EDN that it stands for: the names of members are keywords.
func readJSON(decoder *json.Decoder, depth int) (node, error) {
	if depth > deepestForm {
		return node{}, fmt.Errorf("nested more than %d deep", deepestForm)
	}
	token, err := decoder.Token()
	if err != nil {
		if depth > 0 && errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return node{}, err
	}
	switch t := token.(type) {
	case json.Number:
		if _, err := t.Int64(); err == nil {
			return node{kind: 'i', text: t.String()}, nil
		}
		return node{kind: 'f', text: t.String()}, nil
	case string:
		return node{kind: 's', text: t}, nil
	case bool:
		return node{kind: 'b', text: fmt.Sprint(t)}, nil
	case json.Delim:
		n := node{kind: 'l'}
		if t == '{' {
			n.kind = 'm'
		}
		for decoder.More() {
			item, err := readJSON(decoder, depth+1)
			if err != nil {
				return node{}, err
			}
			if n.kind == 'm' && len(n.items)%2 == 0 {
				item.kind = 'k'
			}
			n.items = append(n.items, item)
		}
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return n, io.ErrUnexpectedEOF
		} else if err != nil {
			return n, err
		}
		return n, nil
	}
	return node{kind: 'n'}, nil
}
