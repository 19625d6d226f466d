package crawler

import (
	"maps"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/op"
)

// tableInput is a table as the API takes it. What a crawl does not know about a table that exists (description, retention, …) stays.
func tableInput(old *glueapi.Table, t *Table) *glueapi.TableInput {
	in := &glueapi.TableInput{Owner: &t.Owner, TableType: &t.TableType, Retention: new(int32(0))}
	var sd *glueapi.StorageDescriptor
	if old != nil {
		in, sd = glueapi.TableInputFromTable(old), old.StorageDescriptor
	}
	in.Name, in.Parameters, in.PartitionKeys = t.Name, t.Parameters, columnsIn(t.PartitionKeys)
	in.StorageDescriptor = descriptorIn(sd, &t.StorageDescriptor)
	return in
}

func partitionInput(p *Partition) *glueapi.PartitionInput {
	return &glueapi.PartitionInput{Values: p.Values, StorageDescriptor: descriptorIn(nil, &p.StorageDescriptor), Parameters: p.Parameters}
}

func descriptorIn(old *glueapi.StorageDescriptor, sd *StorageDescriptor) *glueapi.StorageDescriptor {
	in := glueapi.StorageDescriptor{StoredAsSubDirectories: new(false), BucketColumns: []string{}, SortColumns: []glueapi.Order{}}
	if old != nil {
		in = *old
	}
	in.Columns, in.Location = columnsIn(sd.Columns), &sd.Location
	in.InputFormat, in.OutputFormat = &sd.InputFormat, &sd.OutputFormat
	in.Compressed, in.NumberOfBuckets = &sd.Compressed, &sd.NumberOfBuckets
	in.SerdeInfo = &glueapi.SerDeInfo{SerializationLibrary: &sd.SerdeInfo.SerializationLibrary, Parameters: sd.SerdeInfo.Parameters}
	in.Parameters = maps.Clone(sd.Parameters)
	return &in
}

func columnsIn(columns []Column) []glueapi.Column {
	out := make([]glueapi.Column, len(columns))
	for i, c := range columns {
		out[i] = glueapi.Column{Name: c.Name, Type: new(c.Type), Comment: optional(c.Comment)}
	}
	return out
}

// tableFrom reads a table of the catalog.
func tableFrom(t *glueapi.Table) Table {
	return Table{
		Name: t.Name, Owner: op.Value(t.Owner), TableType: op.Value(t.TableType), StorageDescriptor: descriptorFrom(t.StorageDescriptor),
		PartitionKeys: columnsFrom(t.PartitionKeys), Parameters: t.Parameters,
	}
}

func descriptorFrom(sd *glueapi.StorageDescriptor) StorageDescriptor {
	if sd == nil {
		return StorageDescriptor{}
	}
	out := StorageDescriptor{
		Columns: columnsFrom(sd.Columns), Location: op.Value(sd.Location), InputFormat: op.Value(sd.InputFormat), OutputFormat: op.Value(sd.OutputFormat),
		Parameters: sd.Parameters,
	}
	if sd.Compressed != nil {
		out.Compressed = *sd.Compressed
	}
	if sd.NumberOfBuckets != nil {
		out.NumberOfBuckets = *sd.NumberOfBuckets
	}
	if s := sd.SerdeInfo; s != nil {
		out.SerdeInfo = SerDeInfo{SerializationLibrary: op.Value(s.SerializationLibrary), Parameters: s.Parameters}
	}
	return out
}

func columnsFrom(columns []glueapi.Column) []Column {
	out := make([]Column, len(columns))
	for i, c := range columns {
		out[i] = Column{Name: c.Name, Type: op.Value(c.Type), Comment: op.Value(c.Comment)}
	}
	return out
}
