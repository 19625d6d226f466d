package main

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/bindery-project/bindery/tools/models/facts"
)

// renderTypes writes one Go struct per structure. Field order is member
// order, so a descriptor's Field is the member's index; ready-JSON fields
// follow all members.
func renderTypes(p *Package, w *printer) error {
	w.imports = []string{importOp}
	for _, name := range p.used {
		if s := p.shapes[name]; p.isStruct(name) && s.Error == nil {
			if err := p.renderStruct(w, s, p.goName[name]); err != nil {
				return fmt.Errorf("structure %s: %w", name, err)
			}
		}
	}
	for i := range p.Facts.Operations {
		o := &p.Facts.Operations[i]
		if o.Input == "" {
			w.line("// %s has no members.\ntype %[1]s struct{}\n", p.inputType(o))
		}
		if o.Output == "" {
			w.line("// %s has no members.\ntype %[1]s struct{}\n", p.outputType(o))
		}
	}
	if !strings.Contains(w.String(), "op.") {
		w.imports = nil
	}
	return nil
}

func (p *Package) renderStruct(w *printer, s *facts.Shape, name string) error {
	if s.Type == "union" {
		w.line("// %s has exactly one member set.", name)
	} else {
		w.line("// %s is the model's %s.", name, s.Name)
	}
	w.line("type %s struct {", name)
	taken := map[string]bool{}
	for i := range s.Members {
		m := &s.Members[i]
		field := exported(m.Name)
		if taken[field] {
			return fmt.Errorf("two members would be the field %s", field)
		}
		taken[field] = true
		w.line("\t%s %s%s", field, p.fieldType(m), p.fieldComment(s, m))
	}
	for i := range s.Members {
		if m := &s.Members[i]; p.raw[s.Name+"."+m.Name] {
			w.line("\tRaw%s %s // ready JSON, instead of %[1]s", exported(m.Name), p.rawType(m))
		}
	}
	w.line("}\n")
	return nil
}

// fieldType is the Go type of a member: optional scalars are pointers,
// required ones plain; a structure is a pointer either way.
func (p *Package) fieldType(m *facts.Member) string {
	s := p.shapes[m.Shape]
	switch s.Type {
	case "structure", "union":
		return "*" + p.goName[m.Shape]
	case "list", "map", "blob", "document":
		return p.elemType(m.Shape)
	}
	if m.Required {
		return p.elemType(m.Shape)
	}
	return "*" + p.elemType(m.Shape)
}

// elemType is the Go type of a shape by value.
func (p *Package) elemType(name string) string {
	s := p.shapes[name]
	switch s.Type {
	case "structure", "union":
		return p.goName[name]
	case "list":
		return "[]" + p.elemType(s.Elem)
	case "map":
		return "map[string]" + p.elemType(s.Elem)
	}
	return scalars[s.Type]
}

var scalars = map[string]string{
	"string": "string", "enum": "string", "blob": "[]byte", "boolean": "bool", "integer": "int32", "long": "int64",
	"float": "float32", "double": "float64", "timestamp": "op.Millis", "document": "op.Raw",
}

func (p *Package) rawType(m *facts.Member) string {
	if p.shapes[m.Shape].Type == "list" {
		return "[]op.Raw"
	}
	return "op.Raw"
}

// fieldComment names the enum of a field, and says what decoding does to it.
func (p *Package) fieldComment(s *facts.Shape, m *facts.Member) string {
	var notes []string
	if p.shapes[m.Shape].Type == "enum" {
		notes = append(notes, m.Shape)
	}
	if m.Required {
		notes = append(notes, "required")
	}
	if p.fold[s.Name+"."+m.Name] {
		notes = append(notes, "folded")
	}
	if len(notes) == 0 {
		return ""
	}
	return " // " + strings.Join(notes, ", ")
}

// renderEnums writes the values of enums as string constants.
func renderEnums(p *Package, w *printer) error {
	taken := p.identifiers()
	for _, name := range p.used {
		s := p.shapes[name]
		if s.Type != "enum" {
			continue
		}
		w.line("// Values of %s.\nconst (", name)
		for _, value := range s.Enum {
			ident := exported(name) + camel(value)
			for taken[ident] {
				ident += "_"
			}
			taken[ident] = true
			w.line("\t%s = %q", ident, value)
		}
		w.line(")\n")
	}
	return nil
}

// identifiers are the package's names that a constant may not take.
func (p *Package) identifiers() map[string]bool {
	taken := map[string]bool{"API": true, "Refused": true, "Bind": true, "Model": true}
	for _, name := range p.goName {
		taken[name] = true
	}
	for i := range p.Facts.Operations {
		taken[p.inputType(&p.Facts.Operations[i])] = true
		taken[p.outputType(&p.Facts.Operations[i])] = true
	}
	for _, c := range p.Overlay.Convert {
		taken[c.Name] = true
	}
	for _, name := range p.used {
		taken[p.idName[name]] = true
	}
	return taken
}

// camel makes an identifier part of an enum value: "SSE-KMS" -> "SseKms".
func camel(value string) string {
	words := strings.FieldsFunc(value, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, word := range words {
		if word == strings.ToUpper(word) {
			word = strings.ToLower(word)
		}
		words[i] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "")
}
