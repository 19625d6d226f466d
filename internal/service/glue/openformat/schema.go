package openformat

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// schema is one of a table's schemas. Its columns are known by their ids.
type schema struct {
	Type          string         `json:"type"`
	ID            int            `json:"schema-id"`
	IdentifierIDs []int          `json:"identifier-field-ids,omitzero"`
	Fields        []field        `json:"fields"`
	Rest          jsontext.Value `json:",embed"`
}

// field is a column, or a member of a struct.
type field struct {
	ID             int            `json:"id"`
	Name           string         `json:"name"`
	Required       bool           `json:"required"`
	Type           *kind          `json:"type"`
	Doc            *string        `json:"doc,omitzero"`
	InitialDefault jsontext.Value `json:"initial-default,omitzero"`
	WriteDefault   jsontext.Value `json:"write-default,omitzero"`
	Rest           jsontext.Value `json:",embed"`
}

// schema is the schema with an id, or nil.
func (m *metadata) schema(id int) *schema {
	at := slices.IndexFunc(m.Schemas, func(s schema) bool { return s.ID == id })
	if at < 0 {
		return nil
	}
	return &m.Schemas[at]
}

// schemaOf reads a schema of a request. The form of a type, a document to the
// API, is Iceberg's own: a name, or an object for a nested type.
func schemaOf(in *glueapi.IcebergSchema, version int) (*schema, error) {
	out := &schema{Type: "struct", Fields: []field{}}
	for _, id := range in.IdentifierFieldIds {
		out.IdentifierIDs = append(out.IdentifierIDs, int(id))
	}
	for i := range in.Fields {
		f := &in.Fields[i]
		k := &kind{}
		if err := json.Unmarshal(f.Type, k); err != nil {
			return nil, terms.Invalid("Invalid type of field %s.", f.Name)
		}
		out.Fields = append(out.Fields, field{
			ID: int(f.Id), Name: f.Name, Required: f.Required, Type: k, Doc: f.Doc,
			InitialDefault: given(f.InitialDefault), WriteDefault: given(f.WriteDefault),
		})
	}
	return out, out.check(version)
}

// given is a document, or nothing when it is null.
func given(raw op.Raw) jsontext.Value {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	return jsontext.Value(raw)
}

// schemaOfColumns is the schema for columns of the catalog. Every column is
// optional, as Hive's are.
func schemaOfColumns(columns []glueapi.Column, version int) (*schema, error) {
	out := &schema{Type: "struct", Fields: []field{}}
	for i := range columns {
		c := &columns[i]
		text := "string"
		if c.Type != nil {
			text = *c.Type
		}
		k, err := parseHive(c.Name, text)
		if err != nil {
			return nil, err
		}
		out.Fields = append(out.Fields, field{Name: c.Name, Type: k, Doc: c.Comment})
	}
	out.renumber()
	return out, out.check(version)
}

// check refuses a schema that no table of a format version can have.
func (s *schema) check(version int) error {
	if len(s.Fields) == 0 {
		return terms.Invalid("An Iceberg schema needs at least one field.")
	}
	if err := checkFields(s.Fields, version, 0); err != nil {
		return err
	}
	seen := map[int]bool{}
	duplicate := false
	walkFields(s.Fields, func(id *int, _ *kind) {
		duplicate = duplicate || seen[*id] || *id < 0
		seen[*id] = true
	})
	if duplicate {
		return terms.Invalid("Field ids must be unique and not negative.")
	}
	return s.checkIdentifiers()
}

func checkFields(fields []field, version, depth int) error {
	const defaultsSince = 3
	names := map[string]bool{}
	for i := range fields {
		f := &fields[i]
		switch {
		case f.Name == "":
			return terms.Invalid("A field needs a name.")
		case names[f.Name]:
			return terms.Invalid("Duplicate field name: %s", f.Name)
		case version < defaultsSince && (f.InitialDefault != nil || f.WriteDefault != nil):
			return terms.Invalid("Default values need format version %d: field %s", defaultsSince, f.Name)
		}
		names[f.Name] = true
		if err := f.Type.check(version, depth); err != nil {
			return err
		}
	}
	return nil
}

// checkIdentifiers refuses identifier fields that cannot tell rows apart.
func (s *schema) checkIdentifiers() error {
	for _, id := range s.IdentifierIDs {
		at := slices.IndexFunc(s.Fields, func(f field) bool { return f.ID == id })
		if at < 0 {
			return terms.Invalid("Identifier field %d is no field of the schema.", id)
		}
		if f := &s.Fields[at]; !f.Required || f.Type.nested != nil || f.Type.name == "float" || f.Type.name == "double" {
			return terms.Invalid("Field %s cannot be an identifier field: it must be required, of a primitive type, and not floating point.", f.Name)
		}
	}
	return nil
}

// renumber gives the fields of a new table their ids, from 1, those of one
// level before those below, as Iceberg's own writers do. It answers the new id
// of each old one.
func (s *schema) renumber() map[int]int {
	ids := map[int]int{}
	next := 0
	walkFields(s.Fields, func(id *int, _ *kind) {
		next++
		ids[*id] = next
		*id = next
	})
	for i, id := range s.IdentifierIDs {
		s.IdentifierIDs[i] = ids[id]
	}
	return ids
}

// types maps the ids of a schema to their types.
func (s *schema) types() map[int]*kind {
	out := map[int]*kind{}
	walkFields(s.Fields, func(id *int, k *kind) { out[*id] = k })
	return out
}

// addSchema adds a schema that follows the table's others, and answers its id;
// one that is there already is found again.
func (m *metadata) addSchema(s *schema) (int, error) {
	if err := m.follows(s); err != nil {
		return 0, err
	}
	next := 0
	for i := range m.Schemas {
		old := &m.Schemas[i]
		if same(old.Fields, s.Fields) && slices.Equal(old.IdentifierIDs, s.IdentifierIDs) {
			return old.ID, nil
		}
		next = max(next, old.ID+1)
	}
	s.ID = next
	m.Schemas = append(m.Schemas, *s)
	for id := range s.types() {
		m.LastColumnID = max(m.LastColumnID, id)
	}
	return next, nil
}

// follows refuses a schema that reads the data of an earlier one wrongly. An id
// stands for one column for ever: it keeps its type, or a type that it can be
// promoted to, and one that was given once does not return as something else.
func (m *metadata) follows(s *schema) error {
	ids := s.types()
	known := map[int]bool{}
	for i := range m.Schemas {
		for id, before := range m.Schemas[i].types() {
			known[id] = true
			if now := ids[id]; now != nil && !promotable(before, now, m.FormatVersion) && !promotable(now, before, m.FormatVersion) {
				return terms.Invalid("The type of field %d cannot change from %s to %s.", id, before.hive(), now.hive())
			}
		}
	}
	current := m.schema(m.CurrentSchemaID)
	if current == nil {
		return nil
	}
	types := current.types()
	for id, now := range ids {
		switch before := types[id]; {
		case before != nil && !promotable(before, now, m.FormatVersion):
			return terms.Invalid("The type of field %d cannot change from %s to %s.", id, before.hive(), now.hive())
		case !known[id] && id <= m.LastColumnID:
			return terms.Invalid("Field id %d was used before; a new field needs an id above %d.", id, m.LastColumnID)
		}
	}
	return nil
}

// same reports whether two values have the same JSON form.
func same(a, b any) bool {
	x, err := json.Marshal(a, json.Deterministic(true))
	if err != nil {
		return false
	}
	y, err := json.Marshal(b, json.Deterministic(true))
	return err == nil && bytes.Equal(x, y)
}
