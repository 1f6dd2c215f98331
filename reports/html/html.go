// Package html writes the report: one page that needs no network, no server and no script to be read.
package html

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/whitewater-kv/whitewater/reports/summary"
)

// The page's parts. uPlot 1.6.32 is embedded as its authors built it; a test compares its hash.
//
//go:embed assets
var assets embed.FS

// Write writes the report of a run.
func Write(w io.Writer, s *summary.Summary) error {
	data, err := json.Marshal(chartData(s))
	if err != nil {
		return fmt.Errorf("encode chart data: %w", err)
	}
	return write(w, "report.gohtml", "uPlot.iife.min.js", newPage(s), data)
}

// document is what every page has around its content.
type document struct {
	Policy  string // the content security policy
	Style   template.CSS
	Library template.JS
	Script  template.JS
	Data    template.JS // JSON: json.Marshal has escaped what could end the element
	Words   template.JS
	Page    any
}

// write fills a page. library is the script it needs beside its own, if any.
func write(w io.Writer, name, library string, page any, data []byte) error {
	style, err1 := parts("uPlot.min.css", "report.css")
	library, err2 := parts(library)
	script, err3 := parts("report.js")
	if err := firstError(err1, err2, err3); err != nil {
		return err
	}
	text, err := json.Marshal(wordTable())
	if err != nil {
		return fmt.Errorf("encode words: %w", err)
	}
	// Nothing may be loaded, and nothing may run or style the page but what is in it from the start: a recorded value
	// that found its way into the markup would still be dead.
	policy := fmt.Sprintf("default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src %s; script-src %s %s", hash(style), hash(library), hash(script))
	t, err := template.New(name).Funcs(template.FuncMap{"t": word, "mark": mark}).ParseFS(assets, "assets/*.gohtml")
	if err != nil {
		return fmt.Errorf("parse page: %w", err)
	}
	var out bytes.Buffer
	err = t.ExecuteTemplate(&out, name, document{
		policy, template.CSS(style), template.JS(library), template.JS(script), template.JS(data), template.JS(text), page,
	})
	if err != nil {
		return fmt.Errorf("fill page: %w", err)
	}
	_, err = w.Write(out.Bytes())
	return err
}

func parts(names ...string) (string, error) {
	var all strings.Builder
	for _, name := range names {
		if name == "" {
			continue
		}
		data, err := assets.ReadFile("assets/" + name)
		if err != nil {
			return "", err
		}
		all.Write(bytes.TrimSpace(data))
		all.WriteByte('\n')
	}
	return all.String(), nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// hash is a source expression of the content security policy.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// mark is a result's sign. Meaning is never carried by colour alone.
func mark(result string) string {
	switch result {
	case "pass", "met", "yes":
		return "✓"
	case "fail", "missed", "no":
		return "✗"
	case "skipped":
		return "–"
	}
	return "?"
}
