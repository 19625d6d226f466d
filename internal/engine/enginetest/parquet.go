package enginetest

import (
	"bytes"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"

	"github.com/bindery-project/bindery/internal/engine"
)

// wide has a column of each kind that Parquet writers use for Glue's types.
type wide struct {
	Flag    *bool            `parquet:"Flag"`
	Small   *int32           `parquet:"small"`
	Big     *int64           `parquet:"BIG"`
	Float   *float32         `parquet:"float"`
	Double  *float64         `parquet:"double"`
	Text    *string          `parquet:"text"`
	Bytes   []byte           `parquet:"bytes,optional"`
	Day     *int32           `parquet:"day,date,optional"`
	Millis  *int64           `parquet:"millis,timestamp(millisecond:local),optional"`
	Micros  *int64           `parquet:"micros,timestamp(microsecond:local),optional"`
	Decimal *int64           `parquet:"decimal,decimal(2:10),optional"`
	List    []int64          `parquet:"list,list,optional"`
	Map     map[string]int32 `parquet:"map,optional"`
	Record  *record          `parquet:"record,optional"`
}

type record struct {
	X int32   `parquet:"X"`
	Y *string `parquet:"y,optional"`
}

func ptr[T any](v T) *T { return &v }

// wideTypes are the declared types, wideWant the rows of wideRows as text.
const (
	wideTypes = "flag boolean, small int, big bigint, float float, double double, text string, bytes binary, day date, " +
		"millis timestamp, micros timestamp, decimal decimal(10,2), list array<bigint>, map map<string,int>, record struct<x:int,y:string>"
	wideWant = "<null>|<null>|<null>|<null>|<null>|<null>|<null>|<null>|<null>|<null>|<null>|<null>|<null>|<null>\n" +
		`true|-7|9007199254740993|1.5|2.5|é|AP8=|2024-01-31|2024-01-31T10:11:12.5|2024-01-31T10:11:12.5|12.34|[1,2]|[{"key":"k","value":1}]|{"x":1,"y":null}`
)

func wideRows() []wide {
	at := time.Date(2024, 1, 31, 10, 11, 12, 500_000_000, time.UTC)
	return []wide{{
		Flag: ptr(true), Small: ptr(int32(-7)), Big: ptr(int64(9007199254740993)), Float: ptr(float32(1.5)), Double: ptr(2.5),
		Text: ptr("é"), Bytes: []byte{0, 255}, Day: ptr(int32(19753)), Millis: ptr(at.UnixMilli()), Micros: ptr(at.UnixMicro()),
		Decimal: ptr(int64(1234)), List: []int64{1, 2}, Map: map[string]int32{"k": 1}, Record: &record{X: 1},
	}, {}}
}

// Parquet encodes rows as a file.
func Parquet[T any](rows []T, codec compress.Codec) []byte {
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, parquet.Compression(codec))
	if _, err := w.Write(rows); err != nil {
		panic(err) // a buffer takes everything; the rows are constants of the tests
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func parquetCases() []Case {
	var cases []Case
	for name, codec := range map[string]compress.Codec{
		"plain": &parquet.Uncompressed, "snappy": &parquet.Snappy, "gzip": &parquet.Gzip,
		"zstd": &parquet.Zstd, "lz4": &parquet.Lz4Raw, "brotli": &parquet.Brotli,
	} {
		cases = append(cases, Case{
			Name: "all types, " + name, SQL: "SELECT * FROM t", Relation: table(engine.FormatParquet, wideTypes, "f"),
			Contents: [][]byte{Parquet(wideRows(), codec)}, Want: wideWant,
		})
	}
	type narrow struct {
		ID   int32  `parquet:"ID"`
		Name string `parquet:"name"`
	}
	type wider struct {
		Extra string  `parquet:"extra"`
		ID    int64   `parquet:"id"`
		Price float32 `parquet:"price"`
	}
	old := Parquet([]narrow{{1, "a"}}, &parquet.Snappy)
	young := Parquet([]wider{{"x", 1 << 40, 1.5}}, &parquet.Snappy)
	return append(cases,
		Case{
			Name: "schemas that changed", SQL: "SELECT * FROM t", Relation: table(engine.FormatParquet, "id bigint, name string, price double, later date", "1", "2"),
			Contents: [][]byte{old, young}, Want: "1099511627776|<null>|1.5|<null>\n1|a|<null>|<null>",
			Columns: "id BIGINT, name VARCHAR, price DOUBLE, later DATE",
		},
		Case{
			Name: "columns swapped and fields missing", SQL: "SELECT * FROM t", Relation: table(engine.FormatParquet, "record struct<z:date,Y:string,x:bigint>, big bigint", "f"),
			Contents: [][]byte{Parquet(wideRows()[:1], &parquet.Snappy)}, Want: `{"Y":null,"x":1,"z":null}|9007199254740993`,
		},
		Case{
			Name: "a type that cannot be converted", SQL: "SELECT * FROM t", Relation: table(engine.FormatParquet, "name int", "f"),
			Contents: [][]byte{old}, Class: engine.ClassBadData, File: "s3://b/f",
		},
		Case{
			Name: "a number that does not fit", SQL: "SELECT * FROM t", Relation: table(engine.FormatParquet, "id int", "f"),
			Contents: [][]byte{young}, Class: engine.ClassBadData, File: "s3://b/f",
		},
		Case{
			Name: "only counted", SQL: "SELECT count(*) FROM t", Relation: table(engine.FormatParquet, "id bigint", "1", "2"),
			Contents: [][]byte{old, young}, Want: "2",
		},
	)
}

// damageCases: files that are not what they claim. Each is refused with its key, and the
// engine goes on.
func damageCases() []Case {
	whole := Parquet(wideRows(), &parquet.Snappy)
	bomb := Compress(engine.CompressionGzip, append(repeat('0', 256<<20), '\n'))
	cases := []Case{{
		Name: "gzip bomb in one line", SQL: "SELECT count(*) FROM t", Relation: table(engine.FormatText, "a string", "f.gz"),
		Contents: [][]byte{bomb}, Class: engine.ClassBadData, File: "s3://b/f.gz", Message: "line is longer",
	}, {
		Name: "long line between short ones", SQL: "SELECT count(*) FROM t", Relation: table(engine.FormatText, "a string", "f"),
		Contents: [][]byte{append(append([]byte("1\n"), repeat('0', 40<<20)...), "\n2\n"...)}, Class: engine.ClassBadData, File: "s3://b/f",
		Message: "line is longer",
	}, {
		Name: "long JSON line", SQL: "SELECT count(*) FROM t", Relation: table(engine.FormatJSON, "a string", "f"),
		Contents: [][]byte{[]byte(`{"a":"` + string(repeat('0', 40<<20)) + `"}` + "\n")}, Class: engine.ClassBadData, File: "s3://b/f",
	}, {
		Name: "JSON nested a million deep", SQL: "SELECT * FROM t", Relation: table(engine.FormatJSON, "a int, b array<array<int>>", "f"),
		Contents: text(deepJSON(1_000_000)), Class: engine.ClassBadData, File: "s3://b/f",
	}, {
		Name: "gzip that is none", SQL: "SELECT count(*) FROM t", Relation: table(engine.FormatText, "a string", "f.gz"),
		Contents: text("plain\n"), Class: engine.ClassBadData, File: "s3://b/f.gz",
	}, {
		Name: "truncated bzip2", SQL: "SELECT count(*) FROM t", Relation: table(engine.FormatText, "a string", "f.bz2"),
		Contents: [][]byte{[]byte("BZh91AY&SY\x00")}, Class: engine.ClassBadData, File: "s3://b/f.bz2",
	}, {
		Name: "lzo", SQL: "SELECT count(*) FROM t", Relation: table(engine.FormatText, "a string", "f.lzo"),
		Contents: text("x"), Class: engine.ClassUnsupported, File: "s3://b/f.lzo", Message: "LZO",
	}, {
		Name: "empty Parquet", SQL: "SELECT count(*) FROM t", Relation: table(engine.FormatParquet, "a int", "f"),
		Contents: text(""), Class: engine.ClassBadData, File: "s3://b/f",
	}}
	for name, b := range map[string][]byte{
		"half": whole[:len(whole)/2], "no footer": whole[:len(whole)-8], "text": []byte("PAR1 not really PAR1"),
		"long footer": append(append([]byte{}, whole[:len(whole)-8]...), "\xff\xff\xff\x7fPAR1"...),
	} {
		cases = append(cases, Case{
			Name: "Parquet, " + name, SQL: "SELECT * FROM t", Relation: table(engine.FormatParquet, wideTypes, "f"),
			Contents: [][]byte{b}, Class: engine.ClassBadData, File: "s3://b/f",
		})
	}
	return append(cases, Case{Name: "still there", SQL: "SELECT 1", Want: "1"})
}
