package arch

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// obvious are methods whose interface is their documentation.
var obvious = []string{"String", "Error", "Unwrap", "Is", "Type", "MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText",
	"Len", "Less", "Swap", "Read", "Write", "Close", "ServeHTTP", "Format"}

// comments asks a doc comment of everything that other packages can see, and finds notes to ourselves.
func comments(s *source) (found []string) {
	for _, group := range s.file.Comments {
		for _, c := range group.List {
			for _, mark := range []string{"TO" + "DO", "FIX" + "ME", "X" + "XX"} {
				if strings.Contains(c.Text, mark) {
					found = append(found, s.at(c.Pos(), "%s: do it, or write down the limit", mark))
				}
			}
		}
	}
	if s.test || s.file.Name.Name == "main" {
		return found
	}
	for _, d := range s.file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			seen := d.Name.IsExported() && (d.Recv == nil || exported(d.Recv) && !slices.Contains(obvious, d.Name.Name))
			if seen && d.Doc == nil {
				found = append(found, s.at(d.Pos(), "func %s has no doc comment", d.Name.Name))
			}
		case *ast.GenDecl:
			found = append(found, s.undocumented(d)...)
		}
	}
	return found
}

// undocumented lists the exported types, constants and variables of a declaration that no comment explains: its own,
// its line's, or its group's.
func (s *source) undocumented(d *ast.GenDecl) (found []string) {
	if d.Tok == token.IMPORT {
		return nil
	}
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() && spec.Doc == nil && d.Doc == nil {
				found = append(found, s.at(spec.Pos(), "type %s has no doc comment", spec.Name.Name))
			}
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				if name.IsExported() && spec.Doc == nil && spec.Comment == nil && d.Doc == nil {
					found = append(found, s.at(name.Pos(), "%s has no doc comment", name.Name))
				}
			}
		}
	}
	return found
}

// exported reports whether a method's receiver is a type that other packages can see.
func exported(receiver *ast.FieldList) bool {
	t := receiver.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if generic, ok := t.(*ast.IndexExpr); ok {
		t = generic.X
	}
	name, ok := t.(*ast.Ident)
	return ok && name.IsExported()
}

// packageDocs asks of every package one sentence that says what it is for.
func packageDocs(sources []*source) (found []string) {
	first := map[string]*source{}
	documented := map[string]bool{}
	for _, s := range sources {
		if s.test {
			continue
		}
		if first[s.dir] == nil {
			first[s.dir] = s
		}
		if s.file.Doc != nil {
			documented[s.dir] = true
		}
	}
	for dir, s := range first {
		if !documented[dir] {
			found = append(found, s.at(s.file.Package, "package %s has no doc comment", dir))
		}
	}
	return found
}
