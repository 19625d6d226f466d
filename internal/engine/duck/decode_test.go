package duck

import (
	"bytes"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// frame encodes a record with a column of each shape, as a worker does.
func frame(tb testing.TB) (*arrow.Schema, []byte) {
	tb.Helper()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "i", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "s", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "b", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
		{Name: "l", Type: arrow.ListOf(arrow.BinaryTypes.String), Nullable: true},
		{Name: "m", Type: arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int32), Nullable: true},
		{Name: "r", Type: arrow.StructOf(arrow.Field{Name: "x", Type: arrow.FixedWidthTypes.Date32, Nullable: true}), Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for _, row := range []string{
		`{"i":1,"s":"x","b":true,"l":["a",null],"m":[{"key":"k","value":1}],"r":{"x":"2024-01-01"}}`,
		`{"i":null,"s":null,"b":null,"l":null,"m":null,"r":null}`,
	} {
		if err := b.UnmarshalJSON([]byte(row)); err != nil {
			tb.Fatal(err)
		}
	}
	record := b.NewRecordBatch()
	defer record.Release()
	out, err := encodeRecord(record)
	if err != nil {
		tb.Fatal(err)
	}
	return schema, out
}

// readAll touches every value, as a consumer would.
func readAll(record arrow.RecordBatch) int {
	n := 0
	for _, column := range record.Columns() {
		for i := range column.Len() {
			n += len(column.ValueStr(i))
		}
	}
	return n
}

func TestDecodeKeepsWhatWasSent(t *testing.T) {
	schema, whole := frame(t)
	record, err := decodeRecord(schema, whole)
	if err != nil {
		t.Fatal(err)
	}
	defer record.Release()
	if record.NumCols() != 6 || record.NumRows() != 2 || readAll(record) == 0 {
		t.Errorf("%d columns, %d rows", record.NumCols(), record.NumRows())
	}
}

// FuzzDecode: whatever bytes come, decodeRecord returns an error or a record whose every
// value can be read.
func FuzzDecode(f *testing.F) {
	schema, whole := frame(f)
	f.Add(whole)
	f.Fuzz(func(_ *testing.T, b []byte) {
		record, err := decodeRecord(schema, b)
		if err != nil {
			return
		}
		defer record.Release()
		readAll(record)
	})
}

// TestEveryFlippedBit goes through all single-bit errors of a frame: the same property.
func TestEveryFlippedBit(t *testing.T) {
	schema, whole := frame(t)
	refused := 0
	for at := range whole {
		for bit := range 8 {
			b := bytes.Clone(whole)
			b[at] ^= 1 << bit
			record, err := decodeRecord(schema, b)
			if err != nil {
				refused++
				continue
			}
			readAll(record)
			record.Release()
		}
	}
	if refused == 0 {
		t.Errorf("none of %d damaged frames was refused", 8*len(whole))
	}
	t.Logf("%d of %d damaged frames refused", refused, 8*len(whole))
}

// TestTypesSurviveTheWire: each type that a column may have comes back as it was, and its
// damaged forms are refused or are other types, never a crash.
func TestTypesSurviveTheWire(t *testing.T) {
	schema, _ := frame(t)
	types := []arrow.DataType{&arrow.Decimal128Type{Precision: 38, Scale: 2}, &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}}
	for _, f := range schema.Fields() {
		types = append(types, f.Type)
	}
	for _, scalar := range scalarTypes {
		types = append(types, scalar.arrow)
	}
	for _, want := range types {
		got, err := toWire(want).arrow()
		if err != nil || !arrow.TypeEqual(got, want) {
			t.Errorf("%s came back as %v, error %v", want, got, err)
		}
	}
	for id := range 100 {
		for children := range 3 {
			w := wireType{ID: id, Precision: 99, Unit: 99, Children: make([]wireColumn, children)}
			if got, err := w.arrow(); err == nil && got == nil {
				t.Errorf("%+v is nothing", w)
			}
		}
	}
}
