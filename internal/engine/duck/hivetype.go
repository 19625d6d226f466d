package duck

import (
	"fmt"
	"strconv"
	"strings"
)

// hiveType is a parsed Glue type.
type hiveType struct {
	name   string // "bigint", "decimal", "array", "map", "struct", ...
	args   []int  // of decimal, char, varchar
	fields []hiveField
}

// hiveField is a child: of array "item", of map "key" and "value", of struct its fields.
type hiveField struct {
	name string
	typ  hiveType
}

// maxTypeDepth bounds nesting, so that a hostile catalog entry cannot exhaust the stack.
const maxTypeDepth = 64

// parseHiveType reads a Glue type. Letter case does not matter, spaces are ignored outside
// of names. Unsupported types are an error that names them.
func parseHiveType(text string) (hiveType, error) {
	p := typeParser{text: text}
	t, err := p.parse(0)
	if err == nil && strings.TrimSpace(p.text[p.pos:]) != "" {
		err = fmt.Errorf("unexpected %q", p.text[p.pos:])
	}
	if err != nil {
		return hiveType{}, fmt.Errorf("type %q: %w", text, err)
	}
	return t, nil
}

type typeParser struct {
	text string
	pos  int
}

func (p *typeParser) parse(depth int) (hiveType, error) {
	if depth > maxTypeDepth {
		return hiveType{}, fmt.Errorf("nested deeper than %d", maxTypeDepth)
	}
	t := hiveType{name: strings.ToLower(p.word())}
	var err error
	switch t.name {
	case "array":
		t.fields, err = p.children(depth, "item")
	case "map":
		t.fields, err = p.children(depth, "key", "value")
	case "struct":
		t.fields, err = p.structFields(depth)
	case "decimal", "char", "varchar":
		t.args, err = p.numbers()
	}
	if err != nil {
		return t, err
	}
	_, err = t.duck()
	return t, err
}

// word reads up to the next delimiter.
func (p *typeParser) word() string {
	start := p.pos
	for p.pos < len(p.text) && !strings.ContainsRune("<>(),:", rune(p.text[p.pos])) {
		p.pos++
	}
	return strings.TrimSpace(p.text[start:p.pos])
}

// take consumes c, after spaces.
func (p *typeParser) take(c byte) bool {
	for p.pos < len(p.text) && p.text[p.pos] == ' ' {
		p.pos++
	}
	if p.pos < len(p.text) && p.text[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func (p *typeParser) children(depth int, names ...string) ([]hiveField, error) {
	var fields []hiveField
	for i, name := range names {
		if open := byte('<'); (i == 0 && !p.take(open)) || (i > 0 && !p.take(',')) {
			return nil, fmt.Errorf("malformed at %q", p.text[p.pos:])
		}
		t, err := p.parse(depth + 1)
		if err != nil {
			return nil, err
		}
		fields = append(fields, hiveField{name: name, typ: t})
	}
	if !p.take('>') {
		return nil, fmt.Errorf("malformed at %q", p.text[p.pos:])
	}
	return fields, nil
}

func (p *typeParser) structFields(depth int) ([]hiveField, error) {
	if !p.take('<') {
		return nil, fmt.Errorf("malformed at %q", p.text[p.pos:])
	}
	var fields []hiveField
	for {
		name := p.word()
		if name == "" || !p.take(':') {
			return nil, fmt.Errorf("malformed at %q", p.text[p.pos:])
		}
		t, err := p.parse(depth + 1)
		if err != nil {
			return nil, err
		}
		fields = append(fields, hiveField{name: name, typ: t})
		if p.take('>') {
			return fields, nil
		}
		if !p.take(',') {
			return nil, fmt.Errorf("malformed at %q", p.text[p.pos:])
		}
	}
}

// numbers reads "(10,2)"; none is allowed.
func (p *typeParser) numbers() ([]int, error) {
	if !p.take('(') {
		return nil, nil
	}
	var args []int
	for {
		n, err := strconv.Atoi(p.word())
		if err != nil {
			return nil, fmt.Errorf("malformed number: %w", err)
		}
		args = append(args, n)
		if p.take(')') {
			return args, nil
		}
		if !p.take(',') {
			return nil, fmt.Errorf("malformed at %q", p.text[p.pos:])
		}
	}
}

// simpleTypes maps Glue's scalar types to DuckDB's. Glue knows "int" and "integer", "float"
// and "real" (the second of each from views).
var simpleTypes = map[string]string{
	"boolean": "BOOLEAN", "tinyint": "TINYINT", "smallint": "SMALLINT", "int": "INTEGER",
	"integer": "INTEGER", "bigint": "BIGINT", "float": "FLOAT", "real": "FLOAT",
	"double": "DOUBLE", "string": "VARCHAR", "char": "VARCHAR", "varchar": "VARCHAR",
	"binary": "BLOB", "date": "DATE", "timestamp": "TIMESTAMP",
}

// duck returns DuckDB's name of the type.
func (t hiveType) duck() (string, error) {
	if name, ok := simpleTypes[t.name]; ok {
		return name, nil
	}
	switch t.name {
	case "decimal":
		return t.duckDecimal()
	case "array":
		item, err := t.fields[0].typ.duck()
		return item + "[]", err
	case "map":
		key, err := t.fields[0].typ.duck()
		if err != nil {
			return "", err
		}
		value, err := t.fields[1].typ.duck()
		return "MAP(" + key + ", " + value + ")", err
	case "struct":
		return t.duckStruct()
	}
	return "", fmt.Errorf("%q is not supported", t.name)
}

// duckDecimal fills in Hive's defaults: decimal = decimal(10,0).
func (t hiveType) duckDecimal() (string, error) {
	precision, scale := 10, 0
	if len(t.args) > 0 {
		precision = t.args[0]
	}
	if len(t.args) > 1 {
		scale = t.args[1]
	}
	if len(t.args) > 2 || precision < 1 || precision > 38 || scale < 0 || scale > precision {
		return "", fmt.Errorf("decimal%v is out of range", t.args)
	}
	return fmt.Sprintf("DECIMAL(%d,%d)", precision, scale), nil
}

func (t hiveType) duckStruct() (string, error) {
	parts := make([]string, len(t.fields))
	for i, f := range t.fields {
		name, err := f.typ.duck()
		if err != nil {
			return "", err
		}
		parts[i] = quoteName(f.name) + " " + name
	}
	return "STRUCT(" + strings.Join(parts, ", ") + ")", nil
}

// quoteName writes a name as an SQL identifier.
func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// quoteText writes a text as an SQL literal.
func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// quoteList writes texts as an SQL list literal.
func quoteList(items []string) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, s := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quoteText(s))
	}
	b.WriteString("]::VARCHAR[]")
	return b.String()
}
