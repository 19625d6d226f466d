package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/bindery-project/bindery/internal/audit"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func config(t *testing.T) audit.Config {
	return audit.Config{
		Dir: filepath.Join(t.TempDir(), "audit"), Node: "n1", Clock: clock.NewManual(noon),
		FlushEvery: time.Hour, // tests flush when they mean to
	}
}

func open(t *testing.T, cfg audit.Config) *audit.Log {
	t.Helper()
	l, err := audit.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func record(t *testing.T, request string) []byte {
	t.Helper()
	line, err := audit.Record{
		EventVersion: "1.11", EventTime: noon, EventSource: "glue.amazonaws.com", EventName: "GetTable",
		RequestID: request, EventID: "event-" + request, EventType: "AwsApiCall", ErrorCode: "AccessDenied",
	}.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func flush(t *testing.T, l *audit.Log) {
	t.Helper()
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
}

func find(t *testing.T, l *audit.Log, request string) []jsontext.Value {
	t.Helper()
	found, err := l.Find(context.Background(), request)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestRecordIsFoundByItsRequest(t *testing.T) {
	l := open(t, config(t))
	for i := range 50 {
		if !l.Append(record(t, fmt.Sprintf("r%d", i))) {
			t.Fatal("dropped")
		}
	}
	flush(t, l)
	if found := find(t, l, "r7"); len(found) != 1 || !bytes.Equal(found[0], record(t, "r7")) {
		t.Fatalf("found %s", found)
	}
	if found := find(t, l, "r"); len(found) != 0 {
		t.Fatalf("a part of an id found %s", found)
	}
}

// A name with a line break must not be able to add a line of its own.
func TestLineBreaksInValuesStayEscaped(t *testing.T) {
	cfg := config(t)
	l := open(t, cfg)
	forged := "x\r\n" + string(record(t, "forged")) + "\n\xff"
	line, err := audit.Record{
		EventName: forged, RequestID: "r1", UserAgent: forged,
		RequestParameters: jsontext.Value("{\n\"a\":\r\n1}"),
	}.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsAny(line, "\r\n") {
		t.Fatalf("raw line break in %q", line)
	}
	l.Append(line)
	flush(t, l)
	if n := len(lines(t, cfg.Dir)); n != 1 {
		t.Fatalf("%d lines", n)
	}
	if found := find(t, l, "forged"); len(found) != 0 {
		t.Fatalf("forged: %s", found)
	}
}

func TestOversizedParametersAreLeftOut(t *testing.T) {
	line, err := audit.Record{
		RequestID: "r1", RequestParameters: jsontext.Value(`"` + strings.Repeat("x", 1<<20) + `"`),
	}.JSON()
	if err != nil || len(line) > 1<<12 || !bytes.Contains(line, []byte("omitted")) {
		t.Fatalf("%d bytes, %v", len(line), err)
	}
}

// lines returns the lines of all segments of a folder, in order.
func lines(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")...)
	}
	return all
}

func TestFloodIsDroppedCountedAndTold(t *testing.T) {
	cfg := config(t)
	cfg.QueueBytes = 10_000
	l := open(t, cfg)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 5000 {
				l.Append(record(t, fmt.Sprint(i)))
			}
		})
	}
	wg.Wait()
	flush(t, l)
	dropped := l.Dropped()
	if dropped == 0 {
		t.Fatal("a queue of 10 kB took 20,000 records")
	}
	l.Append(record(t, "after"))
	flush(t, l)
	kept, told := count(t, cfg.Dir)
	if told != dropped || kept+dropped != 20_001 {
		t.Fatalf("%d kept, %d told missing, %d dropped", kept, told, dropped)
	}
}

// count returns how many records a folder has, and how many its gap entries miss.
func count(t *testing.T, dir string) (kept, told int64) {
	t.Helper()
	for _, text := range lines(t, dir) {
		var gap int64
		at := strings.Index(text, `"gap":{"dropped":`)
		if at < 0 {
			kept++
			continue
		}
		if _, err := fmt.Sscanf(text[at:], `"gap":{"dropped":%d`, &gap); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		told += gap
	}
	return kept, told
}

func TestChainGoesOnAfterReopening(t *testing.T) {
	cfg := config(t)
	for i := range 5 {
		l := open(t, cfg)
		l.Append(record(t, fmt.Sprint(i)))
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	heads, err := audit.Verify(cfg.Dir)
	if err != nil || len(heads) != 1 || heads[0].Seq != 5 {
		t.Fatalf("%v, %v", heads, err)
	}
}

// A crash may leave half a line, or an empty segment.
func TestTornTailIsRemoved(t *testing.T) {
	cfg := config(t)
	l := open(t, cfg)
	l.Append(record(t, "whole"))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(cfg.Dir, "n1.00000000000000000001.jsonl")
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"chain":{"node":"n1","seq":2,`); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if heads, err := audit.Verify(cfg.Dir); err != nil || heads[0].Seq != 1 {
		t.Fatalf("beside a line that is being written: %v, %v", heads, err)
	}
	if err := os.WriteFile(filepath.Join(cfg.Dir, "n1.00000000000000000002.jsonl"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l = open(t, cfg)
	l.Append(record(t, "next"))
	flush(t, l)
	if heads, err := audit.Verify(cfg.Dir); err != nil || heads[0].Seq != 2 {
		t.Fatalf("%v, %v", heads, err)
	}
}

// 1,000 edits of a chain over several segments: each one must be noticed.
func TestVerifyNoticesEveryEdit(t *testing.T) {
	cfg := config(t)
	cfg.SegmentBytes = 2000
	l := open(t, cfg)
	for i := range 40 {
		l.Append(record(t, fmt.Sprint(i)))
		flush(t, l)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	heads, err := audit.Verify(cfg.Dir)
	if err != nil || heads[0].Seq != 40 {
		t.Fatalf("%v, %v", heads, err)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	paths, err := filepath.Glob(filepath.Join(cfg.Dir, "*.jsonl"))
	if err != nil || len(paths) < 3 {
		t.Fatalf("%d segments, %v", len(paths), err)
	}
	for i := range 1000 {
		path := paths[rng.IntN(len(paths))]
		original, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		edited := edit(rng, original)
		if err := os.WriteFile(path, edited, 0o600); err != nil {
			t.Fatal(err)
		}
		var broken *audit.BrokenError
		if _, err := audit.Verify(cfg.Dir, heads...); !errors.As(err, &broken) {
			t.Fatalf("edit %d of %s was not noticed (%v):\n%s", i, path, err, edited)
		}
		if err := os.WriteFile(path, original, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// edit changes a bit, or removes, repeats or swaps lines.
func edit(rng *rand.Rand, text []byte) []byte {
	parts := bytes.SplitAfter(bytes.Clone(text), []byte("\n"))
	parts = parts[:len(parts)-1]
	i := rng.IntN(len(parts))
	switch rng.IntN(4) {
	case 0:
		parts[i][rng.IntN(len(parts[i]))] ^= 1 << rng.IntN(7)
	case 1:
		parts = append(parts[:i:i], parts[i+1:]...)
	case 2:
		parts = append(parts[:i+1:i+1], parts[i:]...)
	default:
		j := (i + 1) % len(parts)
		if i == j {
			return nil
		}
		parts[i], parts[j] = parts[j], parts[i]
	}
	return bytes.Join(parts, nil)
}

func TestRetentionDeletesTheOldest(t *testing.T) {
	cfg := config(t)
	cfg.SegmentBytes, cfg.MaxBytes = 2000, 6000
	l := open(t, cfg)
	for i := range 200 {
		l.Append(record(t, fmt.Sprint(i)))
		flush(t, l)
	}
	var total int64
	for _, text := range lines(t, cfg.Dir) {
		total += int64(len(text)) + 1
	}
	if total > cfg.MaxBytes+cfg.SegmentBytes {
		t.Fatalf("%d bytes are left of at most %d", total, cfg.MaxBytes)
	}
	if heads, err := audit.Verify(cfg.Dir); err != nil || heads[0].Seq != 200 {
		t.Fatalf("%v, %v", heads, err)
	}
	if len(find(t, l, "0")) != 0 || len(find(t, l, "199")) != 1 {
		t.Fatal("the wrong end was deleted")
	}
}

// actor is a call as package db sees it.
type actor struct{ record []byte }

func (a actor) RequestID() string    { return "req-1" }
func (a actor) PrincipalARN() string { return "arn:aws:iam::111122223333:user/ana" }
func (a actor) AuditRecord() []byte  { return a.record }

func mutate(t *testing.T, d *db.DB) {
	t.Helper()
	ctx := db.WithActor(context.Background(), actor{record(t, "req-1")})
	err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.Record(ctx, db.Change{Account: "111122223333", Kind: "glue:database", Key: []byte("sales")})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestMutationsAreFoundBeforeAndAfterShipping(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		cfg := config(t)
		cfg.Store = d
		l := open(t, cfg)
		mutate(t, d)
		if found := find(t, l, "req-1"); len(found) != 1 || len(lines(t, cfg.Dir)) != 0 {
			t.Fatalf("before shipping: %s", found)
		}
		if n, err := l.Ship(context.Background()); n != 1 || err != nil {
			t.Fatalf("shipped %d, %v", n, err)
		}
		if found := find(t, l, "req-1"); len(found) != 1 || len(lines(t, cfg.Dir)) != 1 {
			t.Fatalf("after shipping: %s", found)
		}
		if n, err := l.Ship(context.Background()); n != 0 || err != nil {
			t.Fatalf("shipped again: %d, %v", n, err)
		}
	})
}

// forgetful is a store that loses its connection before rows are dropped.
type forgetful struct{ *db.DB }

var errLost = errors.New("connection lost")

func (forgetful) DropAudit(context.Context, []int64) error { return errLost }

func TestShippingTwiceShowsARecordOnce(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t, db.Config{}))
	cfg := config(t)
	cfg.Store = forgetful{d}
	l := open(t, cfg)
	mutate(t, d)
	for range 2 {
		if _, err := l.Ship(context.Background()); !errors.Is(err, errLost) {
			t.Fatal(err)
		}
	}
	if found := find(t, l, "req-1"); len(found) != 1 || len(lines(t, cfg.Dir)) != 2 {
		t.Fatalf("found %s in %d lines", found, len(lines(t, cfg.Dir)))
	}
}

func TestNodesShareAFolder(t *testing.T) {
	cfg := config(t)
	first := open(t, cfg)
	cfg.Node = "n2"
	second := open(t, cfg)
	first.Append(record(t, "a"))
	second.Append(record(t, "b"))
	flush(t, first)
	flush(t, second)
	if len(find(t, first, "b")) != 1 {
		t.Fatal("the other node's record was not found")
	}
	if heads, err := audit.Verify(cfg.Dir); err != nil || len(heads) != 2 {
		t.Fatalf("%v, %v", heads, err)
	}
	cfg.Node = "../n3"
	if _, err := audit.Open(cfg); err == nil {
		t.Fatal("a node name left the folder")
	}
}

func TestClosedLogRefuses(t *testing.T) {
	l := open(t, config(t))
	l.Append(record(t, "kept"))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if l.Append(record(t, "late")) || !errors.Is(l.Flush(), audit.ErrClosed) {
		t.Fatal("a closed log took a record")
	}
}

func BenchmarkAppend(b *testing.B) {
	l, err := audit.Open(audit.Config{Dir: b.TempDir(), Node: "n1", QueueBytes: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	r := audit.Record{EventVersion: "1.11", EventTime: noon, EventName: "GetTable", RequestID: "r", EventID: "e"}
	for b.Loop() {
		line, err := r.JSON()
		if err != nil {
			b.Fatal(err)
		}
		l.Append(line)
	}
	b.ReportMetric(float64(l.Dropped()), "dropped")
}
