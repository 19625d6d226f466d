package openformat

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/op"
)

// memory is an object store. What fails is answered for every write.
type memory struct {
	objects map[string][]byte
	fails   error
}

func (m *memory) Read(_ context.Context, bucket, key string, limit int64) ([]byte, error) {
	raw, ok := m.objects[bucket+"/"+key]
	switch {
	case !ok:
		return nil, &op.Fault{Code: "NoSuchKey", Message: "The specified key does not exist."}
	case int64(len(raw)) > limit:
		return nil, ErrTooLarge
	}
	return raw, nil
}

func (m *memory) Write(_ context.Context, bucket, key string, body []byte) error {
	if m.fails != nil {
		return m.fails
	}
	if _, taken := m.objects[bucket+"/"+key]; taken {
		return errors.New("overwritten: " + key)
	}
	m.objects[bucket+"/"+key] = body
	return nil
}

// world is a Format on a memory, with ids that count.
type world struct {
	*Format
	store *memory
	now   time.Time
}

func newWorld() *world {
	store, n := &memory{objects: map[string][]byte{}}, 0
	return &world{store: store, now: time.UnixMilli(1_000), Format: &Format{Objects: store, NewID: func() string {
		n++
		return fmt.Sprintf("00000000-0000-4000-8000-%012d", n)
	}}}
}

func (w *world) ctx() context.Context {
	return op.WithCall(context.Background(), &op.Call{Now: w.now})
}

// created is the table that an input makes, as the catalog would store it.
func (w *world) created(t *testing.T, iceberg *glueapi.IcebergInput, table *glueapi.TableInput) *glueapi.Table {
	t.Helper()
	iceberg.MetadataOperation = "CREATE"
	out, err := w.Create(w.ctx(), &glueapi.OpenTableFormatInput{IcebergInput: iceberg}, "t", table)
	if err != nil {
		t.Fatal(err)
	}
	return glueapi.TableFromInput(out)
}

func (w *world) updated(t *testing.T, table *glueapi.Table, updates ...glueapi.IcebergTableUpdate) *glueapi.Table {
	t.Helper()
	out, err := w.tryUpdate(table, updates...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (w *world) tryUpdate(table *glueapi.Table, updates ...glueapi.IcebergTableUpdate) (*glueapi.Table, error) {
	return w.Update(w.ctx(), &glueapi.UpdateOpenTableFormatInput{UpdateIcebergInput: &glueapi.UpdateIcebergInput{
		UpdateIcebergTableInput: &glueapi.UpdateIcebergTableInput{Updates: updates},
	}}, table)
}

// file is the metadata file that a table points to.
func (w *world) file(t *testing.T, table *glueapi.Table) string {
	t.Helper()
	raw, ok := w.store.objects[strings.TrimPrefix(table.Parameters["metadata_location"], "s3://")]
	if !ok {
		t.Fatalf("no object at %s", table.Parameters["metadata_location"])
	}
	return string(raw)
}

func plain() *glueapi.TableInput {
	return &glueapi.TableInput{Name: "t", Description: new("d"), Parameters: map[string]string{"k": "v"}, StorageDescriptor: &glueapi.StorageDescriptor{
		Location: new("s3://b/lake/t/"), Columns: []glueapi.Column{
			{Name: "id", Type: new("bigint"), Comment: new("who")},
			{Name: "tags", Type: new("array<struct<k:string,v:decimal(10,2)>>")},
			{Name: "at", Type: new("timestamp")},
		},
	}}
}

const wantFirst = `{"format-version":2,"table-uuid":"00000000-0000-4000-8000-000000000001","location":"s3://b/lake/t","last-updated-ms":1000,"last-column-id":6,` +
	`"schemas":[{"type":"struct","schema-id":0,"fields":[{"id":1,"name":"id","required":false,"type":"long","doc":"who"},` +
	`{"id":2,"name":"tags","required":false,"type":{"type":"list","element-id":4,"element":{"type":"struct","fields":[` +
	`{"id":5,"name":"k","required":false,"type":"string"},{"id":6,"name":"v","required":false,"type":"decimal(10, 2)"}]},"element-required":false}},` +
	`{"id":3,"name":"at","required":false,"type":"timestamp"}]}],"current-schema-id":0,"partition-specs":[{"spec-id":0,"fields":[]}],"default-spec-id":0,` +
	`"last-partition-id":999,"properties":{},"sort-orders":[{"order-id":0,"fields":[]}],"default-sort-order-id":0,"metadata-log":[],` +
	`"current-snapshot-id":-1,"refs":{},"snapshots":[],"statistics":[],"partition-statistics":[],"snapshot-log":[],"last-sequence-number":0}`

func TestCreateFromColumns(t *testing.T) {
	w := newWorld()
	table := w.created(t, &glueapi.IcebergInput{}, plain())
	if got := w.file(t, table); got != wantFirst {
		t.Errorf("metadata\ngot  %s\nwant %s", got, wantFirst)
	}
	if want := "s3://b/lake/t/metadata/00000-00000000-0000-4000-8000-000000000002.metadata.json"; table.Parameters["metadata_location"] != want {
		t.Errorf("metadata_location %s, want %s", table.Parameters["metadata_location"], want)
	}
	if table.Parameters["table_type"] != "ICEBERG" || table.Parameters["k"] != "v" || *table.TableType != "EXTERNAL_TABLE" || table.PartitionKeys == nil {
		t.Errorf("table %+v", table)
	}
	c := table.StorageDescriptor.Columns[1]
	if *c.Type != "array<struct<k:string,v:decimal(10,2)>>" || c.Parameters["iceberg.field.id"] != "2" || c.Parameters["iceberg.field.current"] != "true" {
		t.Errorf("column %+v", c)
	}
}

func fields(texts ...string) (out []glueapi.IcebergStructField) {
	for i, text := range texts {
		name, kind, _ := strings.Cut(text, " ")
		id := int32(i + 1)
		if n, rest, ok := strings.Cut(kind, "#"); ok {
			kind = n
			if _, err := fmt.Sscan(rest, &id); err != nil {
				panic(err)
			}
		}
		if !strings.HasPrefix(kind, "{") {
			kind = `"` + kind + `"`
		}
		out = append(out, glueapi.IcebergStructField{Id: id, Name: name, Type: op.Raw(kind)})
	}
	return out
}

func TestCreateFromSchema(t *testing.T) {
	w := newWorld()
	table := w.created(t, &glueapi.IcebergInput{Version: new("3"), CreateIcebergTableInput: &glueapi.CreateIcebergTableInput{
		Location: "s3://b/x", Properties: map[string]string{"write.format.default": "parquet"},
		Schema: &glueapi.IcebergSchema{Fields: fields("Id long#10", "at timestamptz#20", `m {"type":"map","key-id":31,"key":"string","value-id":32,"value":"int","value-required":true}#30`)},
		PartitionSpec: &glueapi.IcebergPartitionSpec{Fields: []glueapi.IcebergPartitionField{
			{SourceId: 20, Transform: "day", Name: "at_day"}, {SourceId: 10, Transform: "bucket[16]", Name: "id_bucket"},
		}},
		WriteOrder: &glueapi.IcebergSortOrder{OrderId: 1, Fields: []glueapi.IcebergSortField{{SourceId: 10, Transform: "identity", Direction: "asc", NullOrder: "nulls-first"}}},
	}}, nil)
	file := w.file(t, table)
	for _, want := range []string{
		`"format-version":3`, `"next-row-id":0`, `"last-column-id":5`, `"fields":[{"source-id":2,"field-id":1000,"transform":"day","name":"at_day"},{"source-id":1,"field-id":1001,"transform":"bucket[16]","name":"id_bucket"}]`,
		`{"order-id":1,"fields":[{"transform":"identity","source-id":1,"direction":"asc","null-order":"nulls-first"}]}`, `"default-sort-order-id":1`,
		`"last-partition-id":1001`, `"key-id":4`, `"value-id":5`, `"current-snapshot-id":null`,
	} {
		if !strings.Contains(file, want) {
			t.Errorf("no %s in %s", want, file)
		}
	}
	if c := table.StorageDescriptor.Columns; c[0].Name != "id" || *c[1].Type != "timestamp" || *c[2].Type != "map<string,int>" {
		t.Errorf("columns %+v", c)
	}
}

// Version 1 repeats its schema and spec where its readers look.
func TestVersion1(t *testing.T) {
	w := newWorld()
	table := w.created(t, &glueapi.IcebergInput{Version: new("1")}, plain())
	for _, want := range []string{`"schema":{"type":"struct"`, `"partition-spec":[]`, `"format-version":1`} {
		if !strings.Contains(w.file(t, table), want) {
			t.Errorf("no %s in %s", want, w.file(t, table))
		}
	}
}

func TestRefusedCreates(t *testing.T) {
	with := func(change func(*glueapi.TableInput)) *glueapi.TableInput {
		in := plain()
		change(in)
		return in
	}
	typed := func(text string) *glueapi.TableInput {
		return with(func(in *glueapi.TableInput) { in.StorageDescriptor.Columns[0].Type = &text })
	}
	own := func(s *glueapi.IcebergSchema, p *glueapi.IcebergPartitionSpec) *glueapi.IcebergInput {
		return &glueapi.IcebergInput{CreateIcebergTableInput: &glueapi.CreateIcebergTableInput{Location: "s3://b/x", Schema: s, PartitionSpec: p}}
	}
	by := func(transform string) *glueapi.IcebergPartitionSpec {
		return &glueapi.IcebergPartitionSpec{Fields: []glueapi.IcebergPartitionField{{SourceId: 1, Transform: transform, Name: "p"}}}
	}
	for want, c := range map[string]struct {
		in    *glueapi.IcebergInput
		table *glueapi.TableInput
	}{
		"Unsupported Iceberg format version: 4":           {&glueapi.IcebergInput{Version: new("4")}, plain()},
		"An Iceberg table needs a location.":              {&glueapi.IcebergInput{}, with(func(in *glueapi.TableInput) { in.StorageDescriptor.Location = nil })},
		"Invalid S3 location: hdfs://b/t":                 {&glueapi.IcebergInput{}, with(func(in *glueapi.TableInput) { in.StorageDescriptor.Location = new("hdfs://b/t") })},
		"PartitionKeys cannot be used":                    {&glueapi.IcebergInput{}, with(func(in *glueapi.TableInput) { in.PartitionKeys = []glueapi.Column{{Name: "p"}} })},
		"needs at least one field":                        {&glueapi.IcebergInput{}, with(func(in *glueapi.TableInput) { in.StorageDescriptor.Columns = nil })},
		"Iceberg table: smallint of column id":            {&glueapi.IcebergInput{}, typed("smallint")},
		"Iceberg table: array<int of column id":           {&glueapi.IcebergInput{}, typed("array<int")},
		"Iceberg table: decimal(39,0) of":                 {&glueapi.IcebergInput{}, typed("decimal(39,0)")},
		"Iceberg table: int> of":                          {&glueapi.IcebergInput{}, typed("int>")},
		"together with CreateIcebergTableInput":           {own(&glueapi.IcebergSchema{Fields: fields("a int")}, nil), plain()},
		"Unsupported Iceberg type: bigint":                {own(&glueapi.IcebergSchema{Fields: fields("a bigint")}, nil), nil},
		"Unsupported Iceberg type: variant":               {own(&glueapi.IcebergSchema{Fields: fields("a variant")}, nil), nil},
		"Duplicate field name: a":                         {own(&glueapi.IcebergSchema{Fields: fields("a int", "a int")}, nil), nil},
		"Duplicate column name: a":                        {own(&glueapi.IcebergSchema{Fields: fields("a int", "A int")}, nil), nil},
		"Field ids must be unique":                        {own(&glueapi.IcebergSchema{Fields: fields("a int#1", "b int#1")}, nil), nil},
		"Identifier field 7 is no field":                  {own(&glueapi.IcebergSchema{Fields: fields("a int"), IdentifierFieldIds: []int32{7}}, nil), nil},
		"Field a cannot be an identifier field":           {own(&glueapi.IcebergSchema{Fields: fields("a int"), IdentifierFieldIds: []int32{1}}, nil), nil},
		"Invalid transform: bucket":                       {own(&glueapi.IcebergSchema{Fields: fields("a int")}, by("bucket")), nil},
		"Invalid transform: bucket[0]":                    {own(&glueapi.IcebergSchema{Fields: fields("a int")}, by("bucket[0]")), nil},
		"Transform day is not defined for type int":       {own(&glueapi.IcebergSchema{Fields: fields("a int")}, by("day")), nil},
		"Source field 1 is no field of the schema":        {own(&glueapi.IcebergSchema{Fields: fields("a int#2")}, by("identity")), nil},
		"Partition name p is the name of a field":         {own(&glueapi.IcebergSchema{Fields: fields("a int", "p int")}, by("identity")), nil},
		"The parameter metadata_location is set by":       {&glueapi.IcebergInput{}, with(func(in *glueapi.TableInput) { in.Parameters["metadata_location"] = "s3://b/other" })},
		"A type is missing, or types nest deeper than 50": {own(&glueapi.IcebergSchema{Fields: fields("a " + strings.Repeat(`{"type":"list","element-id":3,"element":`, 60) + `"int"` + strings.Repeat("}", 60))}, nil), nil},
	} {
		w := newWorld()
		c.in.MetadataOperation = "CREATE"
		_, err := w.Create(w.ctx(), &glueapi.OpenTableFormatInput{IcebergInput: c.in}, "t", c.table)
		var invalid *glueapi.InvalidInputException
		if !errors.As(err, &invalid) || !strings.Contains(invalid.Message, want) {
			t.Errorf("%v, want %s", err, want)
		}
		if len(w.store.objects) != 0 {
			t.Errorf("%s: objects written: %v", want, slices.Collect(maps.Keys(w.store.objects)))
		}
	}
}

// What the object store refuses is refused.
func TestObjectsRefuse(t *testing.T) {
	w := newWorld()
	w.store.fails = &op.Denied{Message: "no"}
	_, err := w.Create(w.ctx(), &glueapi.OpenTableFormatInput{IcebergInput: &glueapi.IcebergInput{}}, "t", plain())
	var denied *op.Denied
	if !errors.As(err, &denied) {
		t.Errorf("%v", err)
	}
	w.store.fails = &op.Fault{Code: "NoSuchBucket", Message: "The specified bucket does not exist"}
	_, err = w.Create(w.ctx(), &glueapi.OpenTableFormatInput{IcebergInput: &glueapi.IcebergInput{}}, "t", plain())
	var invalid *glueapi.InvalidInputException
	if !errors.As(err, &invalid) {
		t.Errorf("%v", err)
	}
}

func TestUpdates(t *testing.T) {
	w := newWorld()
	first := w.created(t, &glueapi.IcebergInput{}, plain())
	w.now = time.UnixMilli(2_000)
	next := w.updated(t, first,
		glueapi.IcebergTableUpdate{Action: new("add-schema"), Schema: &glueapi.IcebergSchema{SchemaId: new(int32(9)), Fields: fields("key long#1", "at timestamp#3", "note string#7")}},
		glueapi.IcebergTableUpdate{Action: new("set-current-schema"), Schema: &glueapi.IcebergSchema{SchemaId: new(int32(9))}},
		glueapi.IcebergTableUpdate{Action: new("add-spec"), PartitionSpec: &glueapi.IcebergPartitionSpec{Fields: []glueapi.IcebergPartitionField{{SourceId: 3, Transform: "month", Name: "m"}}}},
		glueapi.IcebergTableUpdate{Action: new("set-default-spec")},
		glueapi.IcebergTableUpdate{Action: new("add-sort-order"), SortOrder: &glueapi.IcebergSortOrder{OrderId: 5, Fields: []glueapi.IcebergSortField{{SourceId: 1, Transform: "identity", Direction: "desc", NullOrder: "nulls-last"}}}},
		glueapi.IcebergTableUpdate{Action: new("set-default-sort-order"), SortOrder: &glueapi.IcebergSortOrder{OrderId: -1}},
		glueapi.IcebergTableUpdate{Action: new("set-location"), Location: "s3://b/moved/"},
		glueapi.IcebergTableUpdate{Action: new("set-properties"), Properties: map[string]string{"a": "1", "b": "2"}},
		glueapi.IcebergTableUpdate{Action: new("remove-properties"), Properties: map[string]string{"a": ""}},
	)
	file := w.file(t, next)
	for _, want := range []string{
		`"current-schema-id":1`, `"last-column-id":7`, `"default-spec-id":1`, `"last-partition-id":1000`, `"default-sort-order-id":1`,
		`"location":"s3://b/moved"`, `"properties":{"b":"2"}`, `"last-updated-ms":2000`,
		`"metadata-log":[{"metadata-file":"` + first.Parameters["metadata_location"] + `","timestamp-ms":1000}]`,
	} {
		if !strings.Contains(file, want) {
			t.Errorf("no %s in %s", want, file)
		}
	}
	if got := next.Parameters["metadata_location"]; !strings.HasPrefix(got, "s3://b/moved/metadata/00001-") {
		t.Errorf("metadata_location %s", got)
	}
	if next.Parameters["previous_metadata_location"] != first.Parameters["metadata_location"] || next.Parameters["k"] != "v" {
		t.Errorf("parameters %v", next.Parameters)
	}
	var names []string
	for _, c := range next.StorageDescriptor.Columns {
		names = append(names, c.Name+" "+c.Parameters["iceberg.field.current"])
	}
	if want := []string{"key true", "at true", "note true", "id false", "tags false"}; !slices.Equal(names, want) {
		t.Errorf("columns %v, want %v", names, want)
	}
	if first.Parameters["previous_metadata_location"] != "" {
		t.Error("the table of before was changed")
	}
}

func TestRefusedUpdates(t *testing.T) {
	w := newWorld()
	table := w.created(t, &glueapi.IcebergInput{}, plain())
	before := len(w.store.objects)
	schema := func(texts ...string) *glueapi.IcebergSchema { return &glueapi.IcebergSchema{Fields: fields(texts...)} }
	for want, u := range map[string]glueapi.IcebergTableUpdate{
		"The type of field 1 cannot change from bigint to string": {Action: new("add-schema"), Schema: schema("id string#1")},
		"The type of field 1 cannot change from bigint to int":    {Action: new("add-schema"), Schema: schema("id int#1")},
		"Schema 4 does not exist":                                 {Action: new("set-current-schema"), Schema: &glueapi.IcebergSchema{SchemaId: new(int32(4))}},
		"No schema was added":                                     {Action: new("set-current-schema"), Schema: &glueapi.IcebergSchema{}},
		"add-spec needs PartitionSpec":                            {Action: new("add-spec")},
		"Partition spec 4 does not exist":                         {Action: new("set-default-spec"), PartitionSpec: &glueapi.IcebergPartitionSpec{SpecId: new(int32(4))}},
		"Sort order 4 does not exist":                             {Action: new("set-default-sort-order"), SortOrder: &glueapi.IcebergSortOrder{OrderId: 4}},
		"Invalid S3 location: nowhere":                            {Action: new("set-location"), Location: "nowhere"},
		"The property format-version is reserved":                 {Action: new("set-properties"), Properties: map[string]string{"format-version": "3"}},
		"the Iceberg update add-encryption-key":                   {Action: new("add-encryption-key")},
		"the Iceberg update remove-encryption-key":                {Action: new("remove-encryption-key")},
	} {
		_, err := w.tryUpdate(table, u)
		var known op.Error
		if !errors.As(err, &known) || !strings.Contains(known.ErrorMessage(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if len(w.store.objects) != before {
		t.Error("a refused update wrote metadata")
	}
}

// An id that a dropped column had stays that column's.
func TestIDsAreForEver(t *testing.T) {
	w := newWorld()
	table := w.created(t, &glueapi.IcebergInput{}, plain())
	drop := glueapi.IcebergTableUpdate{Schema: &glueapi.IcebergSchema{Fields: fields("id long#1")}, Location: "s3://b/lake/t"}
	dropped := w.updated(t, table, drop)
	for want, field := range map[string]string{
		"The type of field 3 cannot change": "again string#3", "The type of field 2": "again int#2",
	} {
		_, err := w.tryUpdate(dropped, glueapi.IcebergTableUpdate{Action: new("add-schema"), Schema: &glueapi.IcebergSchema{Fields: fields("id long#1", field)}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", field, err, want)
		}
	}
	_, err := w.tryUpdate(dropped, glueapi.IcebergTableUpdate{Action: new("add-schema"), Schema: &glueapi.IcebergSchema{Fields: fields("id long#1", "at timestamp#3")}})
	if err != nil {
		t.Error(err)
	}
}

// The column that partitions are made from cannot be dropped while they are.
func TestSourceOfPartitionStays(t *testing.T) {
	w := newWorld()
	table := w.created(t, &glueapi.IcebergInput{CreateIcebergTableInput: &glueapi.CreateIcebergTableInput{
		Location: "s3://b/x", Schema: &glueapi.IcebergSchema{Fields: fields("a int", "b int")},
		PartitionSpec: &glueapi.IcebergPartitionSpec{Fields: []glueapi.IcebergPartitionField{{SourceId: 2, Transform: "identity", Name: "b"}}},
	}}, nil)
	drop := glueapi.IcebergTableUpdate{Schema: &glueapi.IcebergSchema{Fields: fields("a int#1")}, Location: "s3://b/x"}
	if _, err := w.tryUpdate(table, drop); err == nil || !strings.Contains(err.Error(), "Source field 2") {
		t.Errorf("%v", err)
	}
	drop.PartitionSpec = &glueapi.IcebergPartitionSpec{Fields: []glueapi.IcebergPartitionField{{SourceId: 1, Transform: "truncate[10]", Name: "at"}}}
	if next := w.updated(t, table, drop); !strings.Contains(w.file(t, next), `"field-id":1001`) {
		t.Error(w.file(t, next))
	}
}

// Members that are not known here come back as they were, and a compressed file
// is read.
func TestForeignMetadata(t *testing.T) {
	w := newWorld()
	table := w.created(t, &glueapi.IcebergInput{}, plain())
	foreign := strings.Replace(w.file(t, table), `"snapshots":[]`, `"snapshots":[{"snapshot-id":7,"new":{"a":[1.50]}}],"future":true`, 1)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(foreign)); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	w.store.objects["b/t/v3.gz.metadata.json"] = packed.Bytes()
	table.Parameters["metadata_location"] = "s3://b/t/v3.gz.metadata.json"
	next := w.updated(t, table, glueapi.IcebergTableUpdate{Action: new("set-properties"), Properties: map[string]string{"x": "y"}})
	for _, want := range []string{`"snapshots":[{"snapshot-id":7,"new":{"a":[1.50]}}]`, `"future":true`} {
		if !strings.Contains(w.file(t, next), want) {
			t.Errorf("no %s in %s", want, w.file(t, next))
		}
	}
}

// No file makes the update panic or answer anything but a refusal.
func FuzzForeignMetadata(f *testing.F) {
	f.Add([]byte(wantFirst))
	f.Add([]byte(`{"format-version":1,"location":"s3://b/t","schema":{"type":"struct","fields":[{"id":1,"name":"a","required":true,"type":"int"}]},"partition-spec":[]}`))
	f.Add([]byte(`{"format-version":2,"schemas":[{"type":"struct","schema-id":0,"fields":[{"id":1,"name":"a","type":{"type":"list"}}]}],"partition-specs":[{"spec-id":0,"fields":[]}]}`))
	f.Add([]byte{0x1f, 0x8b, 8, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		w := newWorld()
		w.store.objects["b/m.json"] = raw
		table := &glueapi.Table{Name: "t", Parameters: map[string]string{"table_type": "iceberg", "metadata_location": "s3://b/m.json"}}
		next, err := w.tryUpdate(table, glueapi.IcebergTableUpdate{Action: new("set-properties"), Properties: map[string]string{"x": "y"}})
		if err != nil {
			var known op.Error
			if !errors.As(err, &known) {
				t.Errorf("%v", err)
			}
			return
		}
		again := &metadata{}
		if err := json.Unmarshal([]byte(w.file(t, next)), again); err != nil || again.complete() != nil {
			t.Errorf("what was written cannot be read: %v", err)
		}
	})
}

// Every type that Hive's words give is one of Iceberg's, and comes back.
func FuzzHiveType(f *testing.F) {
	for _, seed := range []string{"int", "array<map<string,struct<a:int,b:decimal(3,1)>>>", "decimal", "struct<>", "struct<a b:int>", "array<", "map<int,int>,"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		k, err := parseHive("c", text)
		if err != nil {
			return
		}
		again, err := parseHive("c", k.hive())
		if err != nil || again.hive() != k.hive() {
			t.Errorf("%q gives %q, which gives %v", text, k.hive(), err)
		}
	})
}
