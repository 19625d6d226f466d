package format

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Type is a Hive type as Glue writes it in Column.Type. Name is the plain word (`bigint`, `array`, `struct` …); the zero Type stands for
// "no value seen" and prints as string.
type Type struct {
	Name   string  // lower case, without parameters
	Params []int   // decimal(p,s), varchar(n), char(n)
	Elem   *Type   // array element, map value
	Key    *Type   // map key
	Fields []Field // struct
}

// Field is one member of a struct.
type Field struct {
	Name string
	Type Type
}

func plain(name string) Type { return Type{Name: name} }

func decimal(precision, scale int) Type {
	return Type{Name: "decimal", Params: []int{precision, scale}}
}

func arrayOf(elem Type) Type { return Type{Name: "array", Elem: &elem} }

func mapOf(key, value Type) Type { return Type{Name: "map", Key: &key, Elem: &value} }

func structOf(fields []Field) Type { return Type{Name: "struct", Fields: fields} }

// IsNull reports whether no value was seen.
func (t Type) IsNull() bool { return t.Name == "" }

// String prints the type as Hive does: `struct<a:int,b:array<string>>`.
func (t Type) String() string {
	var b strings.Builder
	t.print(&b, "string")
	return b.String()
}

// seen prints the type with `void`, Hive's word for it, where no value was seen; ParseType reads it back as such.
func (t Type) seen() string {
	var b strings.Builder
	t.print(&b, "void")
	return b.String()
}

func (t Type) print(b *strings.Builder, null string) {
	switch t.Name {
	case "":
		b.WriteString(null)
	case "array":
		b.WriteString("array<")
		t.Elem.print(b, null)
		b.WriteByte('>')
	case "map":
		b.WriteString("map<")
		t.Key.print(b, null)
		b.WriteByte(',')
		t.Elem.print(b, null)
		b.WriteByte('>')
	case "struct":
		t.printFields(b, null)
	default:
		b.WriteString(t.Name)
		t.printParams(b)
	}
}

func (t Type) printFields(b *strings.Builder, null string) {
	b.WriteString("struct<")
	for i, f := range t.Fields {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(f.Name)
		b.WriteByte(':')
		f.Type.print(b, null)
	}
	b.WriteByte('>')
}

func (t Type) printParams(b *strings.Builder) {
	for i, p := range t.Params {
		b.WriteByte("(,"[min(i, 1)])
		b.WriteString(strconv.Itoa(p))
	}
	if len(t.Params) > 0 {
		b.WriteByte(')')
	}
}

// typeNameEscapes are the characters that Hive's type text uses itself; a nested field cannot carry them.
const typeNameEscapes = "<>:,()`\x00\r\n\t"

// fieldName makes a name fit into Hive's type text: the separators of that text become `_`. Case folds as the catalog folds it.
func fieldName(name string) string {
	name = strings.ToLower(strings.Map(func(r rune) rune {
		if strings.ContainsRune(typeNameEscapes, r) {
			return '_'
		}
		return r
	}, strings.TrimSpace(name)))
	if name == "" {
		return "_"
	}
	return name
}

// maxTypeNesting bounds the recursion of ParseType; deeper text is refused.
const maxTypeNesting = 256

// ParseType reads what [Type.String] prints, and Hive's text in general: case does not matter, blanks around separators neither.
func ParseType(text string) (Type, error) {
	p := typeParser{rest: strings.TrimSpace(text)}
	t, err := p.parse(maxTypeNesting)
	if err != nil {
		return Type{}, fmt.Errorf("parse type %.80q: %w", text, err)
	}
	if p.rest != "" {
		return Type{}, fmt.Errorf("parse type %.80q: %.20q follows the type", text, p.rest)
	}
	return t, nil
}

type typeParser struct{ rest string }

var errNesting = errors.New("nested too deep")

func (p *typeParser) parse(depth int) (Type, error) {
	if depth == 0 {
		return Type{}, errNesting
	}
	name := strings.ToLower(strings.TrimSpace(p.until("<>,:()")))
	if name == "" {
		return Type{}, fmt.Errorf("a type name is missing before %.20q", p.rest)
	}
	switch {
	case name == "array" && p.take('<'):
		elem, err := p.parse(depth - 1)
		return arrayOf(elem), p.closing(err)
	case name == "map" && p.take('<'):
		return p.parseMap(depth)
	case name == "struct" && p.take('<'):
		return p.parseStruct(depth)
	case p.take('('):
		return p.parseParams(name)
	case name == "void":
		return Type{}, nil
	}
	return plain(name), nil
}

func (p *typeParser) parseMap(depth int) (Type, error) {
	key, err := p.parse(depth - 1)
	if err != nil {
		return Type{}, err
	}
	if !p.take(',') {
		return Type{}, errors.New("a map needs two types")
	}
	value, err := p.parse(depth - 1)
	return mapOf(key, value), p.closing(err)
}

func (p *typeParser) parseStruct(depth int) (Type, error) {
	fields := []Field{}
	if p.take('>') {
		return structOf(fields), nil
	}
	for {
		name := strings.Trim(strings.TrimSpace(p.until(":,<>")), "`")
		if name == "" || !p.take(':') {
			return Type{}, fmt.Errorf("a field name is missing before %.20q", p.rest)
		}
		t, err := p.parse(depth - 1)
		if err != nil {
			return Type{}, err
		}
		fields = append(fields, Field{Name: name, Type: t})
		if !p.take(',') {
			return structOf(fields), p.closing(nil)
		}
	}
}

func (p *typeParser) parseParams(name string) (Type, error) {
	t := plain(name)
	for {
		n, err := strconv.Atoi(strings.TrimSpace(p.until(",)")))
		if err != nil {
			return Type{}, fmt.Errorf("parameter of %s: %w", name, err)
		}
		t.Params = append(t.Params, n)
		if p.take(')') {
			return t, nil
		}
		if !p.take(',') {
			return Type{}, fmt.Errorf("parameters of %s do not end", name)
		}
	}
}

// until takes the text before the first of the stops, or all of it.
func (p *typeParser) until(stops string) string {
	end := strings.IndexAny(p.rest, stops)
	if end < 0 {
		end = len(p.rest)
	}
	text := p.rest[:end]
	p.rest = p.rest[end:]
	return text
}

func (p *typeParser) take(c byte) bool {
	p.rest = strings.TrimLeft(p.rest, " ")
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = strings.TrimLeft(p.rest[1:], " ")
	return true
}

// closing expects the `>` of a nested type unless err says that it is broken already.
func (p *typeParser) closing(err error) error {
	if err == nil && !p.take('>') {
		return errors.New("`>` is missing")
	}
	return err
}
