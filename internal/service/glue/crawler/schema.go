package crawler

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/format"
)

// Column is a column of a table or partition as in the Glue API.
type Column struct {
	Name    string
	Type    string
	Comment string
}

// schema is the merged columns of several files: names in order of first appearance, each with the narrowest type that holds all.
type schema struct {
	names []string
	types map[string]format.Type
	blank map[string]bool // columns of CSV files that some row leaves empty; nil for none
}

// schemas remembers schemas by their columns, so that equal ones are the same.
type schemas map[string]schema

func (known schemas) of(columns []format.Column) schema {
	var key strings.Builder
	for _, c := range columns {
		key.WriteString(c.Name + "\x00" + c.Type + "\x00" + c.Seen + "\x00" + strconv.FormatBool(c.Blank) + "\x00")
	}
	s, ok := known[key.String()]
	if !ok {
		s = schemaOf(columns)
		known[key.String()] = s
	}
	return s
}

// schemaOf reads the columns of one file. A type text that does not parse (none that package format writes) counts as string.
func schemaOf(columns []format.Column) schema {
	s := schema{types: make(map[string]format.Type, len(columns))}
	for _, c := range columns {
		t, err := format.ParseType(cmp.Or(c.Seen, c.Type))
		if err != nil {
			t = format.Type{Name: "string"}
		}
		s.add(c.Name, t, c.Blank)
	}
	return s
}

func (s *schema) add(name string, t format.Type, blank bool) {
	known, ok := s.types[name]
	if !ok {
		s.names = append(s.names, name)
	}
	s.types[name] = format.Merge(known, t)
	if blank && s.blank == nil {
		s.blank = map[string]bool{}
	}
	if blank {
		s.blank[name] = true
	}
}

// same reports whether two schemas are one value: the files of a table mostly have the same columns, and then nothing needs comparing.
func (s schema) same(o schema) bool {
	return len(s.names) > 0 && len(s.names) == len(o.names) && &s.names[0] == &o.names[0]
}

// merged returns the schema that holds the rows of both; neither is changed.
func merged(a, b schema) schema {
	if a.same(b) {
		return a
	}
	out := schema{types: make(map[string]format.Type, len(a.names)+len(b.names))}
	for _, from := range []schema{a, b} {
		for _, name := range from.names {
			out.add(name, from.types[name], from.blank[name])
		}
	}
	return out
}

// renamed returns the schema with other names for its columns, by position.
func (s schema) renamed(names []string) schema {
	out := schema{types: make(map[string]format.Type, len(names))}
	for i, name := range s.names {
		out.add(names[i], s.types[name], s.blank[name])
	}
	return out
}

// retyped returns the schema with other types for its columns, by position.
func (s schema) retyped(types []string) schema {
	columns := make([]format.Column, len(s.names))
	for i, name := range s.names {
		columns[i] = format.Column{Name: name, Type: types[i], Blank: s.blank[name]}
	}
	return schemaOf(columns)
}

// columns are those of a table whose files are read as k says. OpenCSVSerde fails at an empty field of a number or a boolean, so such a column
// is text there.
func (s schema) columns(k kind) []Column {
	columns := make([]Column, len(s.names))
	for i, name := range s.names {
		columns[i] = Column{Name: name, Type: s.types[name].String()}
		if k.quoted && s.blank[name] {
			columns[i].Type = "string"
		}
	}
	return columns
}

// of returns those of the columns that s has, in its order. A partition that declared a type of its own (bigint in a month without fractions, of
// a column that is double elsewhere) would contradict its table, and SQL refuses such a table.
func (s schema) of(columns []Column) []Column {
	named := make(map[string]Column, len(columns))
	for _, c := range columns {
		named[c.Name] = c
	}
	own := make([]Column, len(s.names))
	for i, name := range s.names {
		own[i] = named[name]
	}
	return own
}

// similarity is the share of columns that two schemas have in common, of the larger one's: 1 for equal schemas, 0 for nothing in common. A column
// found in both counts in full if one type holds the values of both without becoming text, half otherwise (a column of numbers in one month and
// of words in the next is the same column, but it is not the same schema).
func similarity(a, b schema) float64 {
	if a.same(b) {
		return 1
	}
	widest := max(len(a.names), len(b.names))
	if widest == 0 {
		return 0
	}
	common := 0.0
	for _, name := range a.names {
		other, ok := b.types[name]
		switch {
		case !ok:
		case sameFamily(a.types[name], other):
			common++
		default:
			common += 0.5
		}
	}
	return common / float64(widest)
}

// sameFamily reports whether merging loses no type: neither side is turned into text.
func sameFamily(a, b format.Type) bool {
	if a.IsNull() || b.IsNull() || a.Name == b.Name {
		return true
	}
	return format.Merge(a, b).Name != "string"
}
