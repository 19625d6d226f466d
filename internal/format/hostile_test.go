package format

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstandard(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(data, nil)
}

// gzipNest is what a quine looks like from outside: a member whose content is a gzip member again, a hundred deep.
func gzipNest(t testing.TB) []byte {
	data := []byte("a,b\n1,2\n")
	for range 100 {
		data = gzipped(t, data)
	}
	return data
}

func TestHostileFiles(t *testing.T) {
	rows := bytes.Repeat([]byte("a,b\n1,2\n"), 8<<20)
	wide := strings.Repeat("c,", 50_000) + "c\n"
	keys := strings.Builder{}
	for i := range 50_000 {
		keys.WriteString(`"k` + strconv.Itoa(i) + `":1,`)
	}
	cases := map[string]struct {
		file []byte
		kind Kind
	}{
		"gzip bomb":                 {gzipped(t, rows), Bomb},
		"zstd bomb":                 {zstandard(t, rows), Bomb},
		"gzip of zeros":             {gzipped(t, make([]byte, 64<<20)), Bomb},
		"gzip within gzip":          {gzipNest(t), Unsupported},
		"parquet within gzip":       {gzipped(t, []byte("PAR1....PAR1")), Unsupported},
		"zip within zstd":           {zstandard(t, []byte("PK\x03\x04....")), Unsupported},
		"cut gzip":                  {gzipped(t, []byte("a,b\n1,2\n"))[:20], Truncated},
		"gzip header only":          {[]byte("\x1f\x8b"), Truncated},
		"damaged gzip":              {append([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x00"), bytes.Repeat([]byte{0xff}, 64)...), Corrupt},
		"zstd header only":          {[]byte("\x28\xb5\x2f\xfd"), Truncated},
		"20 MB line":                {append([]byte("x,"), bytes.Repeat([]byte("y"), 20<<20)...), TooLong},
		"20 MB line, no delimiter":  {bytes.Repeat([]byte("xxxx"), 20<<18), TooLong},
		"20 MB of json in a line":   {[]byte(`{"a":1,"b":"` + strings.Repeat("y", 20<<20) + `"}`), TooLong},
		"50k columns":               {[]byte(wide + wide), TooWide},
		"50k keys":                  {[]byte("{" + keys.String() + `"z":1}`), TooWide},
		"100k-deep json":            {[]byte(strings.Repeat(`{"a":`, 100_000)), TooDeep},
		"100k-deep array":           {[]byte(strings.Repeat("[", 100_000)), TooDeep},
		"latin-1":                   {[]byte("a,b\n1,\xe9t\xe9\n"), NotUTF8},
		"utf-16":                    {[]byte("\xff\xfea\x00,\x00b\x00"), NotUTF8},
		"binary":                    {[]byte("\x01\x02\x00\x03"), Unrecognized},
		"open quote over the limit": {[]byte("a,b\n1,\"" + strings.Repeat("x", 2<<20)), Unrecognized},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			result, err := inspectBytes("x", c.file, Limits{})
			if !errors.Is(err, &Reason{Kind: c.kind}) {
				t.Errorf("got %v, %v; want %s", result, err, c.kind)
			}
		})
	}
}

func TestCompressedText(t *testing.T) {
	text := []byte("a,b\n1,x\n2,y\n")
	for name, file := range map[string][]byte{Gzip: gzipped(t, text), Zstd: zstandard(t, text)} {
		result, err := inspectBytes("x.csv", file, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if result.Compression != name || result.RecordCount != 2 || !result.Exact || len(result.Columns) != 2 {
			t.Errorf("%s: %+v", name, result)
		}
	}
}

// TestCutSampleOfCharacters cuts a sample inside a character of three bytes.
func TestCutSampleOfCharacters(t *testing.T) {
	text := []byte("a,b\n1,€€€\n2,€€€\n3,€€€\n")
	for n := 20; n < 40; n++ {
		result, err := inspectBytes("x.csv", text, Limits{SampleBytes: int64(n)})
		if err != nil || len(result.Columns) != 2 || result.Columns[0].Type != "bigint" {
			t.Errorf("sample of %d bytes: %+v, %v", n, result, err)
		}
	}
}

// slowReader is a store whose answer comes after the caller's deadline.
type slowReader struct{ ctx context.Context }

func (s slowReader) ReadAt(p []byte, _ int64) (int, error) {
	<-s.ctx.Done()
	return copy(p, bytes.Repeat([]byte("a,b\n"), len(p)/4+1)), nil
}

func TestDeadline(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	if _, err := Inspect(ctx, "x", slowReader{ctx}, 1<<20, Limits{}); !errors.Is(err, &Reason{Kind: TimedOut}) {
		t.Errorf("got %v, want TimedOut", err)
	}
}

func TestCancelIsTheCallersOwn(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Inspect(ctx, "x", strings.NewReader("a,b\n1,2\n"), 8, Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Canceled", err)
	}
}

// panicReader stands for a decoder that panics on what it reads.
type panicReader struct{}

func (panicReader) ReadAt([]byte, int64) (int, error) { panic("index out of range") }

func TestPanicIsAReason(t *testing.T) {
	if _, err := Inspect(context.Background(), "x", panicReader{}, 8, Limits{}); !errors.Is(err, &Reason{Kind: Corrupt}) {
		t.Errorf("got %v, want Corrupt", err)
	}
}

func TestFailingStoreIsNoReason(t *testing.T) {
	failure := errors.New("disk gone")
	_, err := Inspect(context.Background(), "x", failingReader{failure}, 8, Limits{})
	if reason := new(Reason); !errors.Is(err, failure) || errors.As(err, &reason) {
		t.Errorf("got %v, want the store's error", err)
	}
}

type failingReader struct{ err error }

func (f failingReader) ReadAt([]byte, int64) (int, error) { return 0, f.err }

// TestTruncatedObject promises more bytes than the store has.
func TestTruncatedObject(t *testing.T) {
	_, err := Inspect(context.Background(), "x", strings.NewReader("a,b\n"), 4000, Limits{})
	if !errors.Is(err, &Reason{Kind: Truncated}) {
		t.Errorf("got %v, want Truncated", err)
	}
}

var _ io.ReaderAt = slowReader{}

// TestLongRecords: a record that is longer than the sample is read whole, so that no column is missed.
func TestLongRecords(t *testing.T) {
	long := strings.Repeat("y", 10<<20)
	for name, text := range map[string]string{
		"a.json": `{"id":1,"s":"` + long + `","z":true}` + "\n" + `{"id":2}` + "\n",
		"a.csv":  "1," + long + ",true\n2,z,false\n",
	} {
		result, err := Inspect(t.Context(), name, strings.NewReader(text), int64(len(text)), Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(result.Columns) != 3 || result.Columns[2].Type != "boolean" {
			t.Errorf("%s: columns %v", name, result.Columns)
		}
	}
}
