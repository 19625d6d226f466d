package main

import (
	"fmt"
	"strings"

	"github.com/bindery-project/bindery/tools/models/facts"
)

// renderShapes writes the ids and descriptors of all shapes. The table is a
// composite literal of constants, so the compiler lays it out as data and
// nothing runs at start.
func renderShapes(p *Package, w *printer) error {
	w.imports = []string{importOp}
	w.line("// Ids of the shapes.\nconst (")
	for i, name := range p.used {
		if i == 0 {
			w.line("\t%s op.ShapeID = iota", p.idName[name])
			continue
		}
		w.line("\t%s", p.idName[name])
	}
	w.line(")\n")
	m := &matchers{named: p.Overlay.Patterns, byPattern: map[string]string{}}
	w.line("var shapes = [...]op.Shape{")
	for _, name := range p.used {
		if err := p.renderShape(w, p.shapes[name], m); err != nil {
			return fmt.Errorf("shape %s: %w", name, err)
		}
	}
	w.line("}\n")
	renderMatchers(w, m)
	return nil
}

func renderMatchers(w *printer, m *matchers) {
	if len(m.generated) == 0 {
		return
	}
	w.line("var patterns = [...]op.Pattern{")
	for _, expr := range m.generated {
		w.line("\t{Expr: %q},", expr)
	}
	w.line("}\n")
	for i := range m.generated {
		w.line("func match%d(s string) bool { return patterns[%d].Match(s) }", i+1, i)
	}
}

var kinds = map[string]string{
	"structure": "Structure", "union": "Union", "list": "List", "map": "Map", "string": "String", "enum": "Enum",
	"blob": "Blob", "boolean": "Boolean", "integer": "Integer", "long": "Long", "float": "Float", "double": "Double",
	"timestamp": "Timestamp", "document": "Document",
}

func (p *Package) renderShape(w *printer, s *facts.Shape, patterns *matchers) error {
	fields := []string{fmt.Sprintf("Name: %q, Kind: op.%s", s.Name, kinds[s.Type])}
	switch s.Type {
	case "list":
		fields = append(fields, "Elem: "+p.idName[s.Elem], tag("ElemTag", s.ElemTag))
	case "map":
		fields = append(fields, "Key: "+p.idName[s.Key], "Elem: "+p.idName[s.Elem], tag("KeyTag", s.KeyTag), tag("ValTag", s.ElemTag))
	}
	constraints, err := constraints(s, patterns)
	if err != nil {
		return err
	}
	fields = append(fields, constraints...)
	fields = append(fields, truth("Sensitive", s.Sensitive), truth("Sparse", s.Sparse), truth("Flattened", s.Flattened))
	if s.Error != nil {
		fields = append(fields, p.errorInfo(s))
	}
	w.WriteString("\t" + p.idName[s.Name] + ": {" + join(fields))
	if len(s.Members) > 0 {
		w.line(", Members: []op.Member{")
		for i := range s.Members {
			w.line("\t\t{%s},", p.memberFields(s, i))
		}
		w.WriteString("\t}")
	}
	w.line("},")
	return nil
}

func constraints(s *facts.Shape, patterns *matchers) ([]string, error) {
	var fields []string
	if s.Min != nil {
		fields = append(fields, fmt.Sprintf("HasMin: true, Min: %d", *s.Min))
	}
	if s.Max != nil {
		fields = append(fields, fmt.Sprintf("HasMax: true, Max: %d", *s.Max))
	}
	if s.Pattern != "" {
		match, err := patterns.function(s.Pattern)
		if err != nil {
			return nil, err
		}
		fields = append(fields, fmt.Sprintf("Pattern: %q, Match: %s", s.Pattern, match))
	}
	if len(s.Enum) > 0 {
		fields = append(fields, fmt.Sprintf("Enum: %#v", s.Enum))
	}
	return fields, nil
}

// memberFields is one descriptor of the table.
func (p *Package) memberFields(s *facts.Shape, i int) string {
	m := &s.Members[i]
	wire := m.Wire
	if wire == "" {
		wire = m.Name
	}
	fields := []string{
		fmt.Sprintf("Name: %q, Wire: %q, Shape: %s, Field: %d", m.Name, wire, p.idName[m.Shape], i),
		truth("Required", m.Required || s.Error != nil && isMessage(m)),
		truth("Flattened", m.Flattened), truth("Attribute", m.Attribute), truth("Token", m.Token),
		truth("Fold", p.fold[s.Name+"."+m.Name]),
		tag("Default", m.Default),
	}
	if m.Location != "" {
		fields = append(fields, fmt.Sprintf("Location: op.%s, LocName: %q", locations[m.Location], wire))
	}
	if m.Time != "" {
		fields = append(fields, "Time: op."+times[m.Time])
	}
	if p.raw[s.Name+"."+m.Name] {
		fields = append(fields, fmt.Sprintf("RawField: %d", p.rawField(s, i)))
	}
	return join(fields)
}

// rawField is the index of a member's ready-JSON field.
func (p *Package) rawField(s *facts.Shape, member int) int {
	field := len(s.Members)
	for _, m := range s.Members[:member] {
		if p.raw[s.Name+"."+m.Name] {
			field++
		}
	}
	return field
}

var (
	locations = map[string]string{
		"header": "InHeader", "headers": "InPrefixHeaders", "querystring": "InQuery", "uri": "InLabel",
		"payload": "InPayload", "statusCode": "InStatus",
	}
	times = map[string]string{"unixTimestamp": "TimeEpochSeconds", "iso8601": "TimeDateTime", "rfc822": "TimeHTTPDate"}
)

func truth(name string, set bool) string {
	if !set {
		return ""
	}
	return name + ": true"
}

func tag(name, value string) string {
	if value == "" {
		return ""
	}
	return fmt.Sprintf("%s: %q", name, value)
}

// join lists the fields that are set.
func join(fields []string) string {
	var set []string
	for _, f := range fields {
		if f != "" {
			set = append(set, f)
		}
	}
	return strings.Join(set, ", ")
}
