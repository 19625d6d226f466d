package format

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	parfmt "github.com/parquet-go/parquet-go/format"
)

// writtenRow covers the annotations that a current writer produces.
type writtenRow struct {
	Name    string            `parquet:"Name,optional"`
	Small   int8              `parquet:"small"`
	Short   int16             `parquet:"short"`
	Int     int32             `parquet:"int"`
	Big     int64             `parquet:"big"`
	U32     uint32            `parquet:"u32"`
	U64     uint64            `parquet:"u64"`
	F       float32           `parquet:"f"`
	D       float64           `parquet:"d"`
	Flag    bool              `parquet:"flag"`
	Bytes   []byte            `parquet:"bytes"`
	Day     int32             `parquet:"day,date"`
	At      time.Time         `parquet:"at,timestamp"`
	Price   int64             `parquet:"price,decimal(2:18)"`
	ID      [16]byte          `parquet:"id,uuid"`
	Tags    []string          `parquet:"tags,list"`
	Plain   []int64           `parquet:"plain"`
	Attrs   map[string]int64  `parquet:"attrs"`
	Nested  nestedGroup       `parquet:"nested"`
	Groups  []nestedGroup     `parquet:"groups,list"`
	Renamed map[string][]bool `parquet:"renamed"`
}

type nestedGroup struct {
	A int64    `parquet:"A"`
	B []string `parquet:"b,list"`
}

func TestParquetWrittenByALibrary(t *testing.T) {
	var file bytes.Buffer
	if err := parquet.Write(&file, make([]writtenRow, 7), parquet.Compression(&parquet.Snappy)); err != nil {
		t.Fatal(err)
	}
	result, err := inspectBytes("x.parquet", file.Bytes(), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := `name string
small tinyint
short smallint
int int
big bigint
u32 bigint
u64 decimal(20,0)
f float
d double
flag boolean
bytes binary
day date
at timestamp
price decimal(18,2)
id string
tags array<string>
plain array<bigint>
attrs map<string,bigint>
nested struct<a:bigint,b:array<string>>
groups array<struct<a:bigint,b:array<string>>>
renamed map<string,array<boolean>>
`
	if diff := cmp.Diff(want, columnLines(result)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if result.RecordCount != 7 || !result.Exact || result.Compression != None {
		t.Errorf("%d records, exact %v, %s", result.RecordCount, result.Exact, result.Compression)
	}
}

func columnLines(r *Result) string {
	var b strings.Builder
	for _, c := range r.Columns {
		b.WriteString(c.Name + " " + c.Type + "\n")
	}
	return b.String()
}

// parquetFile is a file of nothing but a footer.
func parquetFile(t testing.TB, rows int64, schema ...parfmt.SchemaElement) []byte {
	t.Helper()
	footer, err := thrift.Marshal(new(thrift.CompactProtocol), &parfmt.FileMetaData{Version: 1, Schema: schema, NumRows: rows})
	if err != nil {
		t.Fatal(err)
	}
	return withFooter(footer, uint32(len(footer)))
}

func withFooter(footer []byte, length uint32) []byte {
	file := append([]byte("PAR1"), footer...)
	return append(binary.LittleEndian.AppendUint32(file, length), "PAR1"...)
}

func group(name string, repetition parfmt.FieldRepetitionType, children int32) parfmt.SchemaElement {
	return parfmt.SchemaElement{Name: name, RepetitionType: thrift.New(repetition), NumChildren: thrift.New(children)}
}

func converted(e parfmt.SchemaElement, c deprecated.ConvertedType) parfmt.SchemaElement {
	e.ConvertedType = thrift.New(c)
	return e
}

func leafOf(name string, repetition parfmt.FieldRepetitionType, physical parfmt.Type) parfmt.SchemaElement {
	return parfmt.SchemaElement{Name: name, RepetitionType: thrift.New(repetition), Type: thrift.New(physical)}
}

// TestParquetLegacyLists takes its cases from the backward-compatibility rules of the Parquet project's LogicalTypes document.
func TestParquetLegacyLists(t *testing.T) {
	list := converted(group("l", parfmt.Optional, 1), deprecated.List)
	mapped := converted(group("m", parfmt.Optional, 1), deprecated.MapKeyValue)
	str := converted(leafOf("str", parfmt.Required, parfmt.ByteArray), deprecated.UTF8)
	cases := map[string]struct {
		elements []parfmt.SchemaElement
		want     string
	}{
		"repeated primitive":      {[]parfmt.SchemaElement{list, leafOf("element", parfmt.Repeated, parfmt.Int32)}, "array<int>"},
		"group with two members":  {[]parfmt.SchemaElement{list, group("element", parfmt.Repeated, 2), str, leafOf("num", parfmt.Required, parfmt.Int32)}, "array<struct<str:string,num:int>>"},
		"group called array":      {[]parfmt.SchemaElement{list, group("array", parfmt.Repeated, 1), str}, "array<struct<str:string>>"},
		"group called l_tuple":    {[]parfmt.SchemaElement{list, group("l_tuple", parfmt.Repeated, 1), str}, "array<struct<str:string>>"},
		"three levels":            {[]parfmt.SchemaElement{list, group("list", parfmt.Repeated, 1), str}, "array<string>"},
		"three levels, own names": {[]parfmt.SchemaElement{list, group("bag", parfmt.Repeated, 1), leafOf("array_element", parfmt.Optional, parfmt.Double)}, "array<double>"},
		"map":                     {[]parfmt.SchemaElement{mapped, group("map", parfmt.Repeated, 2), str, leafOf("value", parfmt.Optional, parfmt.Int32)}, "map<string,int>"},
		"repeated without list":   {[]parfmt.SchemaElement{leafOf("l", parfmt.Repeated, parfmt.Int64)}, "array<bigint>"},
		"int96":                   {[]parfmt.SchemaElement{leafOf("l", parfmt.Optional, parfmt.Int96)}, "timestamp"},
		"decimal too wide":        {[]parfmt.SchemaElement{converted(leafOf("l", parfmt.Optional, parfmt.FixedLenByteArray), deprecated.Decimal)}, "binary"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			result, err := inspectBytes("x", parquetFile(t, 3, append([]parfmt.SchemaElement{group("schema", parfmt.Required, 1)}, c.elements...)...), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if got := result.Columns[0].Type; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestParquetRefusals(t *testing.T) {
	good := parquetFile(t, 1, group("schema", parfmt.Required, 1), leafOf("a", parfmt.Required, parfmt.Int32))
	// A list head of the schema field that claims 2^31 elements; a library that believes it allocates hundreds of gigabytes.
	bomb := append([]byte{0x15, 0x02, 0x19, 0xfc}, binary.AppendUvarint(nil, 1<<31)...)
	deep := []parfmt.SchemaElement{group("schema", parfmt.Required, 1)}
	for range 200 {
		deep = append(deep, group("g", parfmt.Optional, 1))
	}
	deep = append(deep, leafOf("a", parfmt.Required, parfmt.Int32))
	wide := []parfmt.SchemaElement{group("schema", parfmt.Required, 50_000)}
	for range 50_000 {
		wide = append(wide, leafOf("a", parfmt.Required, parfmt.Int32))
	}
	cases := map[string]struct {
		file []byte
		kind Kind
	}{
		"only the magic":            {[]byte("PAR1"), Truncated},
		"cut":                       {good[:len(good)-3], Truncated},
		"footer longer than file":   {withFooter([]byte("xx"), 1<<31), Corrupt},
		"list of 2^31":              {withFooter(bomb, uint32(len(bomb))), Corrupt},
		"300 bytes of list of 2^31": {withFooter(append(bomb, make([]byte, 280)...), uint32(len(bomb)+280)), Corrupt},
		"empty footer":              {withFooter(nil, 0), Corrupt},
		"encrypted":                 {append(good[:len(good)-4:len(good)-4], "PARE"...), Unsupported},
		"children beyond the list":  {parquetFile(t, 1, group("schema", parfmt.Required, 1<<30), leafOf("a", parfmt.Required, parfmt.Int32)), Corrupt},
		"negative children":         {parquetFile(t, 1, group("schema", parfmt.Required, -4), leafOf("a", parfmt.Required, parfmt.Int32)), Corrupt},
		"elements outside the tree": {parquetFile(t, 1, group("schema", parfmt.Required, 1), leafOf("a", parfmt.Required, parfmt.Int32), leafOf("b", parfmt.Required, parfmt.Int32)), Corrupt},
		"no columns":                {parquetFile(t, 1, group("schema", parfmt.Required, 0)), Corrupt},
		"negative rows":             {parquetFile(t, -1, group("schema", parfmt.Required, 1), leafOf("a", parfmt.Required, parfmt.Int32)), Corrupt},
		"deep":                      {parquetFile(t, 1, deep...), TooDeep},
		"wide":                      {parquetFile(t, 1, wide...), TooWide},
		"name not UTF-8":            {parquetFile(t, 1, group("schema", parfmt.Required, 1), leafOf("a\xff", parfmt.Required, parfmt.Int32)), Corrupt},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			result, err := inspectBytes("x.parquet", c.file, Limits{})
			if !errors.Is(err, &Reason{Kind: c.kind}) {
				t.Errorf("got %v, %v; want %s", result, err, c.kind)
			}
		})
	}
}

// TestParquetFooterBombAllocatesNothing holds the memory of the refusals above against the size of the file.
func TestParquetFooterBombAllocatesNothing(t *testing.T) {
	bomb := append([]byte{0x15, 0x02, 0x19, 0xfc}, binary.AppendUvarint(nil, 1<<31)...)
	file := withFooter(bomb, uint32(len(bomb)))
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := inspectBytes("x", file, Limits{}); err == nil {
				b.Fatal("accepted")
			}
		}
	})
	if n := result.AllocedBytesPerOp(); n > 64<<10 {
		t.Errorf("%d bytes allocated for a file of %d", n, len(file))
	}
}

func TestParquetNamesThatDifferInCase(t *testing.T) {
	file := parquetFile(t, 1, group("schema", parfmt.Required, 2), leafOf("A", parfmt.Required, parfmt.Int32), leafOf("a", parfmt.Required, parfmt.Int64))
	result, err := inspectBytes("x", file, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := columnLines(result); got != "a int\n" || len(result.Notes) != 1 {
		t.Errorf("columns %q, notes %q", got, result.Notes)
	}
}
