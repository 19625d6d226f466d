package wire_test

import (
	"testing"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/wire"
)

func BenchmarkDecodeGetTable(b *testing.B) {
	c := wire.For(op.AWSJSON11)
	r := &wire.Request{Method: "POST", Body: []byte(`{"DatabaseName": "sales_2024", "Name": "orders"}`)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Decode(catalog, get, r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeGetTableRaw(b *testing.B) {
	c := wire.For(op.AWSJSON11)
	doc := make(op.Raw, 0, 4096)
	doc, _ = wire.AppendJSON(doc, catalog, sTable, wideTable(40))
	w := &wire.Response{}
	b.ReportAllocs()
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		w.Body = w.Body[:0]
		if err := c.EncodeOutput(w, catalog, get, &getOutput{TableRaw: doc}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeTable40Columns(b *testing.B) {
	t := wideTable(40)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buf, err = wire.AppendJSON(buf[:0], catalog, sTable, t); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkDecodeTable40Columns(b *testing.B) {
	doc, err := wire.MarshalJSON(catalog, sPut, &putInput{DatabaseName: "d", Table: wideTable(40)})
	if err != nil {
		b.Fatal(err)
	}
	c := wire.For(op.AWSJSON11)
	b.ReportAllocs()
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if _, err := c.Decode(catalog, put, &wire.Request{Body: doc}); err != nil {
			b.Fatal(err)
		}
	}
}

func wideTable(columns int) *table {
	t := &table{Name: "orders", Parameters: map[string]string{"classification": "parquet", "EXTERNAL": "TRUE"}}
	for i := range columns {
		name := "column_" + string(rune('a'+i%26))
		t.Columns = append(t.Columns, column{Name: name, Type: ptr("string"), Comment: ptr("a comment")})
	}
	return t
}
