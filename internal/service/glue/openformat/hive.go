package openformat

import (
	"strings"

	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Hive's types, as columns of the catalog have them, and Iceberg's. Hive's tinyint,
// smallint, char and varchar have no like in Iceberg and are refused, as Athena
// does for its Iceberg tables.

var fromHive = map[string]string{
	"boolean": "boolean", "int": "int", "integer": "int", "bigint": "long", "long": "long", "float": "float", "real": "float", "double": "double",
	"date": "date", "timestamp": "timestamp", "timestamptz": "timestamptz", "timestamp with time zone": "timestamptz",
	"timestamp with local time zone": "timestamptz", "string": "string", "binary": "binary", "time": "time", "uuid": "uuid",
}

var toHive = map[string]string{
	"long": "bigint", "timestamptz": "timestamp", "timestamp_ns": "timestamp", "timestamptz_ns": "timestamp",
	"time": "string", "uuid": "string", "unknown": "string",
}

// hive is a type as a column of the catalog has it.
func (k *kind) hive() string {
	n := k.nested
	switch {
	case n == nil && strings.HasPrefix(k.name, "fixed"):
		return "binary"
	case n == nil && toHive[k.name] != "":
		return toHive[k.name]
	case n == nil:
		return strings.ReplaceAll(k.name, " ", "")
	case n.Type == "list":
		return "array<" + n.Element.hive() + ">"
	case n.Type == "map":
		return "map<" + n.Key.hive() + "," + n.Value.hive() + ">"
	}
	parts := make([]string, len(n.Fields))
	for i := range n.Fields {
		parts[i] = n.Fields[i].Name + ":" + n.Fields[i].Type.hive()
	}
	return "struct<" + strings.Join(parts, ",") + ">"
}

// parseHive reads the type of a column. Its ids are given later.
func parseHive(column, text string) (*kind, error) {
	p := &hiveParser{rest: text}
	k := p.kind(0)
	if p.failed || strings.TrimSpace(p.rest) != "" {
		return nil, terms.Invalid("Unsupported type for an Iceberg table: %s of column %s", text, column)
	}
	return k, nil
}

// hiveParser reads a type from the front of rest. failed stays set.
type hiveParser struct {
	rest   string
	failed bool
}

func (p *hiveParser) kind(depth int) *kind {
	if depth > maxDepth {
		p.failed = true
	}
	if p.failed {
		return primitive("")
	}
	word := strings.ToLower(strings.TrimSpace(p.until("<>(),:")))
	switch {
	case word == "array" && p.take("<"):
		element := p.kind(depth + 1)
		p.need(">")
		return &kind{nested: &nested{Type: "list", Element: element, ElementRequired: new(false)}}
	case word == "map" && p.take("<"):
		key := p.kind(depth + 1)
		p.need(",")
		value := p.kind(depth + 1)
		p.need(">")
		return &kind{nested: &nested{Type: "map", Key: key, Value: value, ValueRequired: new(false)}}
	case word == "struct" && p.take("<"):
		return p.fields(depth + 1)
	case word == "decimal":
		return p.decimal()
	}
	if p.failed = p.failed || fromHive[word] == ""; p.failed {
		return primitive("")
	}
	return primitive(fromHive[word])
}

func (p *hiveParser) fields(depth int) *kind {
	n := &nested{Type: "struct"}
	for !p.failed {
		name := strings.Trim(strings.TrimSpace(p.until(":<>,")), "`")
		p.need(":")
		n.Fields = append(n.Fields, field{Name: name, Type: p.kind(depth)})
		if !p.take(",") {
			break
		}
	}
	p.need(">")
	return &kind{nested: n}
}

// decimal reads the numbers behind the word; Hive's default is (10,0).
func (p *hiveParser) decimal() *kind {
	if !p.take("(") {
		return primitive("decimal(10, 0)")
	}
	precision, scale := strings.TrimSpace(p.until(",)")), "0"
	if p.take(",") {
		scale = strings.TrimSpace(p.until(")"))
	}
	p.need(")")
	k := primitive("decimal(" + precision + ", " + scale + ")")
	p.failed = p.failed || checkPrimitive(k.name, 1) != nil
	return k
}

// until takes the text before the first of the characters.
func (p *hiveParser) until(ends string) string {
	at := strings.IndexAny(p.rest, ends)
	if at < 0 {
		at = len(p.rest)
	}
	text := p.rest[:at]
	p.rest = p.rest[at:]
	return text
}

func (p *hiveParser) take(token string) bool {
	rest, ok := strings.CutPrefix(strings.TrimSpace(p.rest), token)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *hiveParser) need(token string) {
	if !p.take(token) {
		p.failed = true
	}
}
