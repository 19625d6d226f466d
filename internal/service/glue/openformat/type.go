package openformat

import (
	"regexp"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// kind is a type of Iceberg: the name of a primitive one, or a nested one.
type kind struct {
	name   string
	nested *nested
}

// nested is a struct, a list or a map. Its members are those of the JSON form.
type nested struct {
	Type            string         `json:"type"`
	Fields          []field        `json:"fields,omitzero"`
	ElementID       int            `json:"element-id,omitzero"`
	Element         *kind          `json:"element,omitzero"`
	ElementRequired *bool          `json:"element-required,omitzero"`
	KeyID           int            `json:"key-id,omitzero"`
	Key             *kind          `json:"key,omitzero"`
	ValueID         int            `json:"value-id,omitzero"`
	Value           *kind          `json:"value,omitzero"`
	ValueRequired   *bool          `json:"value-required,omitzero"`
	Rest            jsontext.Value `json:",embed"`
}

// MarshalJSONTo implements json.MarshalerTo.
func (k *kind) MarshalJSONTo(e *jsontext.Encoder) error {
	if k.nested != nil {
		return json.MarshalEncode(e, k.nested)
	}
	return e.WriteToken(jsontext.String(k.name))
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (k *kind) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() == '"' {
		return json.UnmarshalDecode(d, &k.name)
	}
	k.nested = &nested{}
	return json.UnmarshalDecode(d, k.nested)
}

func primitive(name string) *kind { return &kind{name: name} }

// maxDepth bounds how deep types nest.
const maxDepth = 50

// The primitive types of every version, and those that version 3 added.
var (
	parameterized = regexp.MustCompile(`^(?:fixed\[ *(\d{1,9}) *\]|decimal\( *(\d{1,2}) *, *(\d{1,2}) *\))$`)
	primitives    = []string{
		"boolean", "int", "long", "float", "double", "date", "time", "timestamp", "timestamptz", "string", "uuid", "binary",
	}
	primitives3 = []string{"timestamp_ns", "timestamptz_ns", "unknown", "variant"}
)

// check refuses what is no type of a format version.
func (k *kind) check(version, depth int) error {
	if k == nil || depth > maxDepth {
		return terms.Invalid("A type is missing, or types nest deeper than %d.", maxDepth)
	}
	n := k.nested
	switch {
	case n == nil:
		return checkPrimitive(k.name, version)
	case n.Type == "struct":
		return checkFields(n.Fields, version, depth+1)
	case n.Type == "list":
		return n.Element.check(version, depth+1)
	case n.Type == "map":
		if err := n.Key.check(version, depth+1); err != nil {
			return err
		}
		return n.Value.check(version, depth+1)
	}
	return terms.Invalid("Unsupported Iceberg type: %s", n.Type)
}

// sound reports whether a type that was read from a file is whole. It may be
// one that check does not know: what is in a table already stays.
func (k *kind) sound(depth int) bool {
	if k == nil || depth > maxDepth {
		return false
	}
	n := k.nested
	switch {
	case n == nil:
		return k.name != ""
	case n.Type == "list":
		return n.Element.sound(depth + 1)
	case n.Type == "map":
		return n.Key.sound(depth+1) && n.Value.sound(depth+1)
	}
	return n.Type == "struct" && soundFields(n.Fields, depth+1)
}

func soundFields(fields []field, depth int) bool {
	return !slices.ContainsFunc(fields, func(f field) bool { return !f.Type.sound(depth) })
}

func checkPrimitive(name string, version int) error {
	const mostDigits = 38
	if slices.Contains(primitives, name) || (version >= 3 && slices.Contains(primitives3, name)) {
		return nil
	}
	p, scale, ok := decimal(name)
	if ok && p >= 1 && p <= mostDigits && scale <= p {
		return nil
	}
	if m := parameterized.FindStringSubmatch(name); m != nil && m[1] != "" {
		return nil
	}
	return terms.Invalid("Unsupported Iceberg type: %s", name)
}

// decimal is the precision and scale of a decimal type.
func decimal(name string) (precision, scale int, ok bool) {
	m := parameterized.FindStringSubmatch(name)
	if m == nil || m[2] == "" {
		return 0, 0, false
	}
	return digits(m[2]), digits(m[3]), true
}

// digits reads a short number that consists of digits only.
func digits(s string) (n int) {
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}

// walk visits every id below a type, those of one level before those below.
// visit gets the place of the id and the type that it stands for.
func (k *kind) walk(visit func(id *int, k *kind)) {
	if k == nil || k.nested == nil {
		return
	}
	n := k.nested
	switch n.Type {
	case "struct":
		walkFields(n.Fields, visit)
	case "list":
		visit(&n.ElementID, n.Element)
		n.Element.walk(visit)
	case "map":
		visit(&n.KeyID, n.Key)
		visit(&n.ValueID, n.Value)
		n.Key.walk(visit)
		n.Value.walk(visit)
	}
}

func walkFields(fields []field, visit func(id *int, k *kind)) {
	for i := range fields {
		visit(&fields[i].ID, fields[i].Type)
	}
	for i := range fields {
		fields[i].Type.walk(visit)
	}
}

// promotable reports whether data of a type can be read as another: the same
// one, or one that Iceberg promotes it to. Nested types keep their kind; what is
// below them has ids of its own.
func promotable(from, to *kind, version int) bool {
	if from.nested != nil || to.nested != nil {
		return from.nested != nil && to.nested != nil && from.nested.Type == to.nested.Type
	}
	switch {
	case from.name == to.name,
		from.name == "int" && to.name == "long",
		from.name == "float" && to.name == "double",
		version >= 3 && from.name == "date" && (to.name == "timestamp" || to.name == "timestamp_ns"),
		version >= 3 && from.name == "unknown":
		return true
	}
	p, s, ok := decimal(from.name)
	q, t, also := decimal(to.name)
	return ok && also && s == t && q >= p
}
