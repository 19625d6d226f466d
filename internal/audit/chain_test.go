package audit

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// When the disk refuses a batch its records are counted, and the log goes on later.
func TestFailedWriteIsToldOfOnceTheDiskIsBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	l, err := Open(Config{Dir: dir, Node: "n1", FlushEvery: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	append1 := func() error {
		l.Append([]byte(`{"requestID":"r"}`))
		return l.Flush()
	}
	if err := append1(); err != nil {
		t.Fatal(err)
	}
	segment := l.chain.file // the loop is idle between flushes
	readOnly, err := os.Open(segment.Name())
	if err != nil {
		t.Fatal(err)
	}
	segment.Close()
	l.chain.file = readOnly
	if err := append1(); err == nil {
		t.Fatal("a write to a read-only file succeeded")
	}
	if err := append1(); err != nil {
		t.Fatal(err)
	}
	if l.Dropped() != 1 {
		t.Fatalf("%d dropped", l.Dropped())
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	heads, err := Verify(dir)
	if err != nil || heads[0].Seq != 3 { // record, gap, record
		t.Fatalf("%v, %v", heads, err)
	}
}

// A record's line is what the JSON encoder would write, whatever the record holds.
func TestRecordLinesAreTheEncoders(t *testing.T) {
	for _, record := range []string{`{"requestID":"r"}`, "{\n  \"a\": \"line\\nbreak\"\n}", `not JSON`, "\xff\n", ``, `"text"`} {
		c := &chain{cfg: Config{Node: "node-1"}, seq: 41, prev: genesis}
		value := oneLine([]byte(record))
		want, err := json.Marshal(line{Chain: link{Node: "node-1", Seq: 42, Prev: genesis}, Record: jsontext.Value(value)})
		if err != nil {
			t.Fatal(err)
		}
		c.addRecord(value)
		if got := string(c.buf); got != string(want)+"\n" {
			t.Errorf("%q:\n got %s\nwant %s", record, got, want)
		}
		if c.seq != 42 || c.prev != hashOf(want) {
			t.Errorf("%q: the chain went on with %d, %s", record, c.seq, c.prev)
		}
	}
}
