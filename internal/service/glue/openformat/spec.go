package openformat

import (
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// firstPartitionID is the first id of a partition field.
const firstPartitionID = 1000

// spec says how rows make partitions; without fields they make none.
type spec struct {
	ID     int              `json:"spec-id"`
	Fields []partitionField `json:"fields"`
	Rest   jsontext.Value   `json:",embed"`
}

// partitionField is a transform of a column.
type partitionField struct {
	SourceID  int            `json:"source-id"`
	FieldID   int            `json:"field-id,omitzero"`
	Transform string         `json:"transform"`
	Name      string         `json:"name"`
	Rest      jsontext.Value `json:",embed"`
}

// spec is the partition spec with an id, or nil.
func (m *metadata) spec(id int) *spec {
	at := slices.IndexFunc(m.PartitionSpecs, func(s spec) bool { return s.ID == id })
	if at < 0 {
		return nil
	}
	return &m.PartitionSpecs[at]
}

func highestPartitionID(specs []spec) int {
	id := firstPartitionID - 1
	for i := range specs {
		for _, f := range specs[i].Fields {
			id = max(id, f.FieldID)
		}
	}
	return id
}

// specOf reads a partition spec of a request; nil is that of a table without
// partitions. A field id of 0 is given later.
func specOf(in *glueapi.IcebergPartitionSpec) *spec {
	out := &spec{Fields: []partitionField{}}
	if in == nil {
		return out
	}
	for _, f := range in.Fields {
		field := partitionField{SourceID: int(f.SourceId), Transform: f.Transform, Name: f.Name}
		if f.FieldId != nil {
			field.FieldID = int(*f.FieldId)
		}
		out.Fields = append(out.Fields, field)
	}
	return out
}

// addSpec adds a partition spec and answers its id; one that is there already
// is found again.
func (m *metadata) addSpec(s *spec) (int, error) {
	if err := m.checkSpec(s); err != nil {
		return 0, err
	}
	if err := m.numberPartitions(s); err != nil {
		return 0, err
	}
	next := 0
	for i := range m.PartitionSpecs {
		if same(m.PartitionSpecs[i].Fields, s.Fields) {
			return m.PartitionSpecs[i].ID, nil
		}
		next = max(next, m.PartitionSpecs[i].ID+1)
	}
	s.ID = next
	m.PartitionSpecs = append(m.PartitionSpecs, *s)
	m.LastPartitionID = new(max(*m.LastPartitionID, highestPartitionID([]spec{*s})))
	return next, nil
}

// checkSpec refuses fields whose column is not in the current schema, or does
// not have the transform, and names that are taken.
func (m *metadata) checkSpec(s *spec) error {
	current := m.schema(m.CurrentSchemaID)
	types := current.types()
	names := map[string]bool{}
	for _, f := range s.Fields {
		if err := checkTransform(f.Transform, types[f.SourceID], f.SourceID); err != nil {
			return err
		}
		at := slices.IndexFunc(current.Fields, func(c field) bool { return c.Name == f.Name })
		switch {
		case f.Name == "" || names[f.Name]:
			return terms.Invalid("Invalid or duplicate partition name: %s", f.Name)
		case at >= 0 && (f.Transform != "identity" || current.Fields[at].ID != f.SourceID):
			return terms.Invalid("Partition name %s is the name of a field.", f.Name)
		}
		names[f.Name] = true
	}
	return nil
}

// numberPartitions gives partition fields their ids: those that they had in
// another spec, or new ones. In version 1 they are counted from the first one,
// so fields may only be added at the end or be replaced with void.
func (m *metadata) numberPartitions(s *spec) error {
	known := map[partitionKey]int{}
	owner := map[int]partitionKey{}
	for i := range m.PartitionSpecs {
		for _, f := range m.PartitionSpecs[i].Fields {
			known[f.key()], owner[f.FieldID] = f.FieldID, f.key()
		}
	}
	next := *m.LastPartitionID
	for i := range s.Fields {
		f := &s.Fields[i]
		asked := f.FieldID
		switch had, again := known[f.key()]; {
		case m.FormatVersion == 1:
			f.FieldID = firstPartitionID + i
			if before, taken := owner[f.FieldID]; taken && before.source != f.SourceID {
				return terms.Invalid("In format version 1 partition fields can only be added at the end: %s", f.Name)
			}
		case again:
			f.FieldID = had
		case asked == 0:
			next++
			f.FieldID = next
		}
		if asked != 0 && f.FieldID != asked {
			return terms.Invalid("Partition field %s has the id %d.", f.Name, f.FieldID)
		}
		if before, taken := owner[f.FieldID]; taken && m.FormatVersion > 1 && before != f.key() || f.FieldID < firstPartitionID {
			return terms.Invalid("Invalid or taken id of partition field %s: %d", f.Name, f.FieldID)
		}
		owner[f.FieldID] = f.key()
		next = max(next, f.FieldID)
	}
	return nil
}

// partitionKey is what a partition field is known by.
type partitionKey struct {
	source    int
	transform string
}

func (f *partitionField) key() partitionKey { return partitionKey{f.SourceID, f.Transform} }

var sized = regexp.MustCompile(`^(bucket|truncate)\[([1-9]\d{0,8})\]$`)

// transforms are the types that each transform is defined for; decimal and
// fixed stand for all of their kind.
var transforms = map[string]string{
	"year":     " date timestamp timestamptz timestamp_ns timestamptz_ns ",
	"month":    " date timestamp timestamptz timestamp_ns timestamptz_ns ",
	"day":      " date timestamp timestamptz timestamp_ns timestamptz_ns ",
	"hour":     " timestamp timestamptz timestamp_ns timestamptz_ns ",
	"bucket":   " int long decimal date time timestamp timestamptz timestamp_ns timestamptz_ns string uuid fixed binary ",
	"truncate": " int long decimal string binary ",
	"identity": " boolean int long float double decimal date time timestamp timestamptz timestamp_ns timestamptz_ns string uuid fixed binary ",
}

// checkTransform refuses a transform that a column does not have.
func checkTransform(text string, of *kind, source int) error {
	if of == nil {
		return terms.Invalid("Source field %d is no field of the current schema.", source)
	}
	name := text
	if m := sized.FindStringSubmatch(text); m != nil {
		name = m[1]
	} else if text == "bucket" || text == "truncate" {
		name = ""
	}
	types, known := transforms[name]
	switch {
	case name == "void":
		return nil
	case !known:
		return terms.Invalid("Invalid transform: %s", text)
	case of.nested != nil || !strings.Contains(types, " "+family(of.name)+" "):
		return terms.Invalid("Transform %s is not defined for type %s of field %d.", text, of.hive(), source)
	}
	return nil
}

// family is a primitive type without its numbers.
func family(name string) string {
	name, _, _ = strings.Cut(name, "(")
	name, _, _ = strings.Cut(name, "[")
	return name
}
