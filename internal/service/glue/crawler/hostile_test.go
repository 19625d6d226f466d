package crawler

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/format"
)

// TestThousandBadFiles is a crawl of 1,000 bad and 10 good files (reference hardening.md R12): the good ones become a table, every bad one is listed
// with its reason, and all of it allocates little.
func TestThousandBadFiles(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := z.Write(bytes.Repeat([]byte("a,b\n1,2\n"), 4<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	bad := [][]byte{
		bomb.Bytes(), []byte("PAR1....PAR1"), []byte("PAR1\xff\xff\xff\x7fPAR1"), bytes.Repeat([]byte("x"), 2<<20), []byte(strings.Repeat("[", 100_000)),
		[]byte(strings.Repeat("c,", 50_000) + "\n"), []byte("a,b\n\xff,1\n"), []byte("PK\x03\x04"), []byte(`{"a":`), []byte("a,b,c\n1,2\n"),
	}
	var objects []Object
	for i := range 1000 {
		objects = append(objects, lookAt(t, fmt.Sprintf("t/bad-%03d", i), bad[i%len(bad)]))
	}
	for i := range 10 {
		objects = append(objects, lookAt(t, fmt.Sprintf("t/good-%d.json", i), []byte(`{"a":1}`)))
	}
	grouping := Group(objects, Options{Include: IncludePath{Bucket: "b"}})
	if len(grouping.Broken) != 1000 || len(grouping.Tables) != 1 || grouping.Tables[0].Parameters[ParamObjectCount] != "10" {
		t.Errorf("%d broken, %d tables", len(grouping.Broken), len(grouping.Tables))
	}
	for _, b := range grouping.Broken {
		if b.Reason.Kind == "" || b.Reason.Detail == "" {
			t.Errorf("%s: %+v says nothing", b.Key, b.Reason)
		}
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	if memory.Sys > 512<<20 {
		t.Errorf("%d MiB taken from the system", memory.Sys>>20)
	}
}

func lookAt(t *testing.T, key string, data []byte) Object {
	t.Helper()
	o := Object{Key: key, Size: int64(len(data))}
	result, err := format.Inspect(context.Background(), key, bytes.NewReader(data), o.Size, format.Limits{})
	if err == nil {
		o.Result = result
	} else if !errors.As(err, &o.Reason) {
		t.Fatal(err)
	}
	return o
}

// BenchmarkGroup groups 10,000 daily partitions of 20 columns.
func BenchmarkGroup(b *testing.B) {
	result := &format.Result{Classification: format.Parquet, Compression: format.None, RecordCount: 1, AverageRecordSize: 1}
	for i := range 20 {
		result.Columns = append(result.Columns, format.Column{Name: fmt.Sprint("column", i), Type: "bigint"})
	}
	var objects []Object
	for i := range 10_000 {
		objects = append(objects, Object{Key: fmt.Sprintf("t/year=%d/day=%d/part.parquet", i/365, i%365), Size: 1, Result: result})
	}
	b.ReportAllocs()
	for b.Loop() {
		if g := Group(objects, Options{Include: IncludePath{Bucket: "b", Prefix: "t"}}); len(g.Tables) != 1 || len(g.Tables[0].Partitions) != 10_000 {
			b.Fatal("not one table")
		}
	}
}
