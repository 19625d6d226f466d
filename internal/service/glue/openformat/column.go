package openformat

import (
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// maxComment is how long the catalog's comments are.
const maxComment = 255

// columns are the columns that the catalog shows of a table: those of the current
// schema, then those that only earlier ones had, marked as not current. Iceberg's
// own catalogs for Glue write the same parameters.
func (m *metadata) columns() ([]glueapi.Column, error) {
	current := m.schema(m.CurrentSchemaID)
	out := make([]glueapi.Column, 0, len(current.Fields))
	names := map[string]bool{}
	for i := range current.Fields {
		c := column(&current.Fields[i], true)
		if names[c.Name] {
			return nil, terms.Invalid("Duplicate column name: %s.", c.Name)
		}
		names[c.Name] = true
		out = append(out, c)
	}
	for i := range m.Schemas {
		for j := range m.Schemas[i].Fields {
			if c := column(&m.Schemas[i].Fields[j], false); !names[c.Name] {
				names[c.Name] = true
				out = append(out, c)
			}
		}
	}
	return out, nil
}

func column(f *field, current bool) glueapi.Column {
	c := glueapi.Column{Name: arn.Fold(f.Name), Type: new(f.Type.hive()), Parameters: map[string]string{
		"iceberg.field.id": strconv.Itoa(f.ID), "iceberg.field.optional": strconv.FormatBool(!f.Required),
		"iceberg.field.current": strconv.FormatBool(current),
	}}
	if f.Doc != nil {
		line := []rune(strings.Join(strings.Fields(*f.Doc), " "))
		c.Comment = new(string(line[:min(len(line), maxComment)]))
	}
	return c
}
