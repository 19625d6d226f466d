package format

import (
	"bytes"
	"errors"
	"testing"

	parfmt "github.com/parquet-go/parquet-go/format"
)

// FuzzInspect states what Inspect promises for any bytes: a reason, or a result whose types read back, whose names are distinct, and which a second
// look confirms.
func FuzzInspect(f *testing.F) {
	for _, seed := range []string{
		"a,b\n1,x\n2,y\n", "1|2|\n3|4|\n", "a\tb\n\"x \"\"y\"\"\"\t1\n", "{\"a\":1}\n{\"a\":[1,2.5,{\"b\":null}]}", "[{\"a\":1},{\"a\":\"x\"}]", "<a/>", "\xef\xbb\xbfa;b\n1;2",
	} {
		f.Add("x.csv", []byte(seed), int64(0))
		f.Add("x.csv", []byte(seed), int64(9))
		f.Add("x.gz", gzipped(f, []byte(seed)), int64(0))
		f.Add("x.zst", zstandard(f, []byte(seed)), int64(0))
	}
	f.Add("x.parquet", parquetFile(f, 3, group("schema", parfmt.Required, 1), leafOf("a", parfmt.Repeated, parfmt.Int32)), int64(0))
	f.Fuzz(func(t *testing.T, name string, data []byte, sample int64) {
		limits := Limits{SampleBytes: sample % (1 << 16)}
		result, err := inspectBytes(name, data, limits)
		if err != nil {
			if reason := new(Reason); !errors.As(err, &reason) {
				t.Fatalf("no reason: %v", err)
			} else if bytes.Contains([]byte(reason.Detail), []byte("decoder gave up")) {
				t.Fatal(reason)
			}
			return
		}
		checkResult(t, result)
		again, err := inspectBytes(name, data, limits)
		if err != nil || render(t, again, nil) != render(t, result, nil) {
			t.Fatalf("a second look differs: %v", err)
		}
	})
}

func checkResult(t *testing.T, r *Result) {
	t.Helper()
	if len(r.Columns) == 0 || r.RecordCount < 0 || r.AverageRecordSize < 0 {
		t.Fatalf("%+v", r)
	}
	seen := map[string]bool{}
	for _, c := range r.Columns {
		if c.Name == "" || seen[c.Name] {
			t.Fatalf("column name %q is empty or repeated", c.Name)
		}
		seen[c.Name] = true
		for _, text := range []string{c.Type, c.Seen} {
			if typ, err := ParseType(text); text != "" && (err != nil || typ.String() != text && typ.seen() != text) {
				t.Fatalf("type %q reads back as %s (%v)", text, typ, err)
			}
		}
	}
}
