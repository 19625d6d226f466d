package openformat

import (
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// fromTable fills new metadata from a table with columns of the catalog's.
func (m *metadata) fromTable(table *glueapi.TableInput) error {
	switch {
	case table == nil || table.StorageDescriptor == nil || table.StorageDescriptor.Location == nil:
		return terms.Invalid("An Iceberg table needs a location.")
	case len(table.PartitionKeys) > 0:
		return terms.Invalid("PartitionKeys cannot be used for an Iceberg table; use CreateIcebergTableInput.PartitionSpec.")
	}
	s, err := schemaOfColumns(table.StorageDescriptor.Columns, m.FormatVersion)
	if err != nil {
		return err
	}
	return m.begin(*table.StorageDescriptor.Location, s, specOf(nil), orderOf(nil), nil)
}

// fromIceberg fills new metadata from Iceberg's own description. The ids of the
// fields are given anew, as Iceberg does for every new table.
func (m *metadata) fromIceberg(in *glueapi.CreateIcebergTableInput, table *glueapi.TableInput) error {
	if table != nil && (table.StorageDescriptor != nil || len(table.PartitionKeys) > 0) {
		return terms.Invalid("TableInput cannot have a StorageDescriptor or PartitionKeys together with CreateIcebergTableInput.")
	}
	s, err := schemaOf(in.Schema, m.FormatVersion)
	if err != nil {
		return err
	}
	ids := s.renumber()
	partitions, sorted := specOf(in.PartitionSpec), orderOf(in.WriteOrder)
	for i := range partitions.Fields {
		f := &partitions.Fields[i]
		f.FieldID = 0
		if f.SourceID, err = renumbered(ids, f.SourceID); err != nil {
			return err
		}
	}
	for i := range sorted.Fields {
		f := &sorted.Fields[i]
		if f.SourceID, err = renumbered(ids, f.SourceID); err != nil {
			return err
		}
	}
	return m.begin(in.Location, s, partitions, sorted, in.Properties)
}

func renumbered(ids map[int]int, id int) (int, error) {
	next, ok := ids[id]
	if !ok {
		return 0, terms.Invalid("Source field %d is no field of the schema.", id)
	}
	return next, nil
}

// begin sets the parts of new metadata.
func (m *metadata) begin(location string, s *schema, partitions *spec, sorted *order, properties map[string]string) (err error) {
	if err := m.setLocation(location); err != nil {
		return err
	}
	if err := m.setProperties(properties); err != nil {
		return err
	}
	m.CurrentSchemaID = -1
	if m.CurrentSchemaID, err = m.addSchema(s); err != nil {
		return err
	}
	if m.DefaultSpecID, err = m.addSpec(partitions); err != nil {
		return err
	}
	m.DefaultSortOrderID, err = m.addOrder(sorted)
	return err
}

// setLocation sets where the table is, without slashes at the end.
func (m *metadata) setLocation(location string) error {
	trimmed := strings.TrimRight(location, "/")
	rest, ok := strings.CutPrefix(trimmed, "s3://")
	if bucket, _, _ := strings.Cut(rest, "/"); !ok || bucket == "" {
		return terms.Invalid("Invalid S3 location: %s", location)
	}
	m.Location = trimmed
	return nil
}
