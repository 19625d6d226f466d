package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/engine"
	"github.com/bindery-project/bindery/internal/engine/analyze"
	"github.com/bindery-project/bindery/internal/glob"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/athena/objects"
)

// relations finds what each table of the plan consists of now.
func (r *Runner) relations(ctx context.Context, plan *analyze.Plan, cutoff int64) ([]engine.Relation, error) {
	var out []engine.Relation
	var size int64
	for _, ref := range plan.Tables {
		if ref.Version != nil {
			return nil, unsupported("table %s: reading an earlier version", ref.Name)
		}
		s, err := r.newScan(ref)
		if err != nil {
			return nil, err
		}
		if err := s.find(ctx); err != nil {
			return nil, err
		}
		for i := range s.relation.Files {
			size += s.relation.Files[i].Size
		}
		out = append(out, s.relation)
	}
	if cutoff > 0 && size > cutoff {
		return nil, errCutoff
	}
	return out, nil
}

// scan collects the files of one reading of a table.
type scan struct {
	runner   *Runner
	ref      *analyze.TableRef
	table    *glueapi.Table
	reading  reading
	relation engine.Relation
	excluded *glob.Set // what lies below the table's location and is none of it; nil for nothing
}

func (r *Runner) newScan(ref *analyze.TableRef) (*scan, error) {
	t, ok := ref.Table.Handle.(*glueapi.Table)
	if !ok {
		return nil, fmt.Errorf("table %s has a handle of type %T", ref.Name, ref.Table.Handle)
	}
	how, err := readingOf(t.Name, t.StorageDescriptor, t.Parameters)
	if err != nil {
		return nil, err
	}
	excluded, err := exclusions(t)
	return &scan{runner: r, ref: ref, table: t, reading: how, relation: relation(ref, how), excluded: excluded}, err
}

// exclusions reads the patterns on whole locations that crawlers leave on a table: what the crawler's target excludes, and folders and files that
// are tables of their own. Athena itself ignores them and returns those rows as well.
func exclusions(t *glueapi.Table) (*glob.Set, error) {
	written := t.Parameters["exclusions"]
	if written == "" {
		return nil, nil //nolint:nilnil // documented: nothing is excluded
	}
	var globs []string
	err := json.Unmarshal([]byte(written), &globs)
	set, malformed := glob.Parse(globs)
	if err = errors.Join(err, malformed); err != nil {
		return nil, &Failure{
			Reason:   fmt.Sprintf("HIVE_INVALID_METADATA: Table %s: Invalid value for exclusions property: %v", t.Name, err),
			Category: userFault, Type: typeTableProperty,
		}
	}
	return set, nil
}

// find lists the table's folder, or those of the partitions that the query can need.
func (s *scan) find(ctx context.Context) error {
	if len(s.table.PartitionKeys) == 0 {
		return s.folder(ctx, op.Value(s.table.StorageDescriptor.Location), nil)
	}
	return s.partitions(ctx, func(p *glueapi.Partition) error {
		needed, err := s.ref.Partitions.Match(p.Values)
		if err != nil {
			return &Failure{Reason: err.Error(), Category: userFault, Type: typeData}
		}
		if !needed {
			return nil
		}
		return s.partition(ctx, p)
	})
}

// partitions asks the catalog for the partitions that the WHERE clause leaves.
func (s *scan) partitions(ctx context.Context, each func(*glueapi.Partition) error) error {
	in := &glueapi.GetPartitionsInput{DatabaseName: s.ref.Table.Database, TableName: s.table.Name}
	if expression, _ := s.ref.Partitions.GlueExpression(); expression != "" {
		in.Expression = &expression
	}
	for {
		out, err := invoke[glueapi.GetPartitionsOutput](ctx, s.runner, "GetPartitions", in)
		if err != nil {
			return err
		}
		for i := range out.Partitions {
			if err := each(&out.Partitions[i]); err != nil {
				return err
			}
		}
		if out.NextToken == nil || *out.NextToken == "" {
			return nil
		}
		in.NextToken = out.NextToken
	}
}

func (s *scan) partition(ctx context.Context, p *glueapi.Partition) error {
	values := make([]*string, len(p.Values))
	for i := range p.Values {
		values[i] = &p.Values[i]
	}
	location := ""
	if p.StorageDescriptor != nil {
		location = op.Value(p.StorageDescriptor.Location)
		if err := s.agrees(p); err != nil {
			return err
		}
	}
	if location == "" {
		location = strings.TrimSuffix(op.Value(s.table.StorageDescriptor.Location), "/") + "/" + s.spec(p)
	}
	return s.folder(ctx, location, values)
}

// spec is the partition as "k=v/k2=v2".
func (s *scan) spec(p *glueapi.Partition) string {
	parts := make([]string, len(p.Values))
	for i, v := range p.Values {
		parts[i] = s.table.PartitionKeys[i].Name + "=" + v
	}
	return strings.Join(parts, "/")
}

// agrees refuses a partition that is stored otherwise than its table, or whose columns
// have other types.
func (s *scan) agrees(p *glueapi.Partition) error {
	if p.StorageDescriptor.SerdeInfo != nil && op.Value(p.StorageDescriptor.SerdeInfo.SerializationLibrary) != "" {
		how, err := readingOf(s.table.Name, p.StorageDescriptor, s.table.Parameters)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(how, s.reading) {
			return unsupported("table %s: partition %s, which is stored in another format than its table", s.table.Name, s.spec(p))
		}
	}
	for i, c := range p.StorageDescriptor.Columns {
		if want := s.declared(i, c.Name); want != nil && !sameType(op.Value(want.Type), op.Value(c.Type)) {
			return &Failure{
				Reason: fmt.Sprintf("HIVE_PARTITION_SCHEMA_MISMATCH: There is a mismatch between the table and partition schemas. "+
					"The types are incompatible and cannot be coerced. The column '%s' in table '%s.%s' is declared as type '%s', "+
					"but partition '%s' declared column '%s' as type '%s'.",
					want.Name, s.ref.Table.Database, s.table.Name, op.Value(want.Type), s.spec(p), c.Name, op.Value(c.Type)),
				Category: userFault, Type: typeSchema,
			}
		}
	}
	return nil
}

// declared is the table's column that a partition's column fills: by place in text, by
// name in the formats that know names.
func (s *scan) declared(i int, name string) *glueapi.Column {
	columns := s.table.StorageDescriptor.Columns
	if s.reading.format == engine.FormatText || s.reading.format == engine.FormatOpenCSV {
		if i < len(columns) {
			return &columns[i]
		}
		return nil
	}
	for j := range columns {
		if strings.EqualFold(columns[j].Name, name) {
			return &columns[j]
		}
	}
	return nil
}

func sameType(a, b string) bool {
	return strings.EqualFold(strings.ReplaceAll(a, " ", ""), strings.ReplaceAll(b, " ", ""))
}

// errFound ends a listing that has what it is for.
var errFound = errors.New("found")

// folder adds the files below a location, each authorized for reading as the caller. A location that is an object, as crawlers give to a table
// that is one file among others, is that file; Athena itself returns no rows then.
func (s *scan) folder(ctx context.Context, location string, values []*string) error {
	at, err := objects.Parse(location)
	if err != nil {
		return &Failure{Reason: "HIVE_METASTORE_ERROR: " + err.Error(), Category: userFault, Type: typeLocation}
	}
	named := at
	at = at.Folder()
	ctx, err = s.runner.now(ctx)
	if err != nil {
		return err
	}
	empty := true
	err = s.runner.Objects.List(ctx, at.Bucket, at.Key, func(o objects.Object) error {
		empty = false
		place := objects.Location{Bucket: at.Bucket, Key: o.Key}
		if o.Size == 0 || at.Hidden(o.Key) || s.excluded.Match(place.String()) {
			return nil
		}
		return s.file(ctx, place, o, values)
	})
	if err == nil && empty && named != at {
		err = s.object(ctx, named, values)
	}
	return s.listFailure(at, err)
}

// object adds the object that a location names, if there is one.
func (s *scan) object(ctx context.Context, at objects.Location, values []*string) error {
	err := s.runner.Objects.List(ctx, at.Bucket, at.Key, func(o objects.Object) error {
		if o.Key != at.Key || o.Size == 0 {
			return errFound // keys come in order: the one named would be the first
		}
		if err := s.file(ctx, at, o, values); err != nil {
			return err
		}
		return errFound
	})
	if errors.Is(err, errFound) {
		return nil
	}
	return err
}

// listFailure words a refused or impossible listing.
func (s *scan) listFailure(at objects.Location, err error) error {
	var denied *op.Denied
	switch {
	case errors.As(err, &denied):
		return &Failure{Reason: fmt.Sprintf("Permission denied on S3 path: %s. %s", at, s3Denied(denied)), Category: userFault, Type: typeS3Permission}
	case errors.Is(err, objects.ErrNoBucket):
		return &Failure{Reason: fmt.Sprintf("HIVE_METASTORE_ERROR: The specified bucket does not exist: %s", at), Category: userFault, Type: typeNoBucket}
	}
	return err
}

func (s *scan) file(ctx context.Context, at objects.Location, o objects.Object, values []*string) error {
	err := s.runner.Objects.MayRead(ctx, at.Bucket, at.Key)
	var denied *op.Denied
	if errors.As(err, &denied) {
		return &Failure{
			Reason: fmt.Sprintf("HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split %s (offset=0, length=%d): %s",
				at, o.Size, s3Denied(denied)),
			Category: userFault, Type: typeS3Permission,
		}
	}
	if err != nil {
		return err
	}
	s.relation.Files = append(s.relation.Files, engine.File{Path: o.Path, Key: at.String(), Size: o.Size, Partition: values})
	return nil
}

func s3Denied(d *op.Denied) string { return "Access Denied: " + d.Message }
