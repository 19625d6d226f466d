package enginetest

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/bindery-project/bindery/internal/engine"
)

// bzip2Rows is "1,a\n2,\\N\n" as bzip2 writes it: Go has no encoder.
const bzip2Rows = "QlpoOTFBWSZTWay5zrwAAAJfAAAQAAQwAAABAAQgACAAMQwA00ZqQtiBeLuSKcKEhWXOdeA="

// Compress encodes b as one file.
func Compress(c engine.Compression, b []byte) []byte {
	var out bytes.Buffer
	var w io.WriteCloser
	switch c {
	case engine.CompressionNone, engine.CompressionAuto:
		return b
	case engine.CompressionGzip:
		w = gzip.NewWriter(&out)
	case engine.CompressionZlib:
		w = zlib.NewWriter(&out)
	case engine.CompressionLZ4:
		w = lz4.NewWriter(&out)
	case engine.CompressionSnappy:
		w = snappy.NewBufferedWriter(&out)
	case engine.CompressionZstd:
		encoder, err := zstd.NewWriter(&out)
		if err != nil {
			panic(err) // no options that could be wrong
		}
		w = encoder
	case engine.CompressionBzip2:
		rows, err := base64.StdEncoding.DecodeString(bzip2Rows)
		if err != nil {
			panic(err)
		}
		return rows
	}
	if _, err := w.Write(b); err != nil {
		panic(err) // a buffer takes everything
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// hadoopSnappy encodes b as one block of two chunks, as Hadoop's codec does.
func hadoopSnappy(b []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(b)))
	for _, part := range [][]byte{b[:len(b)/2], b[len(b)/2:]} {
		packed := snappy.Encode(nil, part)
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(packed))), packed...)
	}
	return out
}

func compressionCases() []Case {
	rows := []byte("1,a\n2,\\N\n")
	objects := []byte(`{"a":1,"b":"a"}` + "\n" + `{"a":2,"b":null}` + "\n")
	want := "1|a\n2|<null>"
	var cases []Case
	mixed := Case{Name: "mixed in one table", SQL: "SELECT a, count(*) FROM t GROUP BY a", Want: "1|8\n2|8"}
	var keys []string
	for _, c := range []struct {
		compression engine.Compression
		ending      string
	}{
		{engine.CompressionNone, ".csv"},
		{engine.CompressionGzip, ".gz"},
		{engine.CompressionZstd, ".zst"},
		{engine.CompressionBzip2, ".bz2"},
		{engine.CompressionSnappy, ".snappy"},
		{engine.CompressionZlib, ".deflate"},
		{engine.CompressionLZ4, ".lz4"},
	} {
		packed := Compress(c.compression, rows)
		cases = append(cases, Case{
			Name: "text by ending " + c.ending, SQL: "SELECT * FROM t", Relation: comma("f" + c.ending), Contents: [][]byte{packed}, Want: want,
		})
		if c.compression != engine.CompressionZlib { // which has no mark of its own
			cases = append(cases, Case{
				Name: "text by first bytes, " + c.ending, SQL: "SELECT * FROM t", Relation: comma("f"), Contents: [][]byte{packed}, Want: want,
			})
		}
		named := comma("f")
		named.Files[0].Compression = c.compression
		cases = append(cases, Case{Name: "text as told, " + c.ending, SQL: "SELECT * FROM t", Relation: named, Contents: [][]byte{packed}, Want: want})
		if c.compression != engine.CompressionBzip2 {
			cases = append(cases, Case{
				Name: "JSON " + c.ending, SQL: "SELECT * FROM t", Relation: table(engine.FormatJSON, "a int, b string", "f"+c.ending),
				Contents: [][]byte{Compress(c.compression, objects)}, Want: want,
			})
		}
		keys = append(keys, "mixed"+c.ending)
		mixed.Contents = append(mixed.Contents, packed)
	}
	keys = append(keys, "hadoop.snappy")
	mixed.Contents = append(mixed.Contents, hadoopSnappy(rows))
	mixed.Relation = comma(keys...)
	return append(cases, mixed, Case{
		Name: "gzip of two members", SQL: "SELECT * FROM t", Relation: comma("f.gz"),
		Contents: [][]byte{append(Compress(engine.CompressionGzip, rows[:4]), Compress(engine.CompressionGzip, rows[4:])...)}, Want: want,
	})
}

// comma is a table of two columns in files of the given keys.
func comma(keys ...string) *engine.Relation {
	r := table(engine.FormatText, "a int, b string", keys...)
	r.CSV.Delimiter = ","
	return r
}
