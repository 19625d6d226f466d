package duck_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/engine"
	"github.com/bindery-project/bindery/internal/engine/duck"
	"github.com/bindery-project/bindery/internal/engine/enginetest"
	"github.com/bindery-project/bindery/internal/work/worker"
)

// endless runs until it is stopped. It uses no memory.
const endless = "SELECT count(*) FROM range(1000000000) a(i), range(1000000000) b(j) WHERE (i * j) % 7 = 3"

func classOf(err error) engine.Class {
	var failed *engine.Error
	if errors.As(err, &failed) {
		return failed.Class
	}
	return ""
}

// mustCount proves that the engine still works.
func mustCount(t *testing.T, e engine.Engine) {
	t.Helper()
	rows := &enginetest.Rows{}
	if _, err := e.Run(t.Context(), engine.Query{SQL: "SELECT count(*) FROM range(10)"}, rows); err != nil || rows.Text() != "10" {
		t.Fatalf("rows %q, error %v", rows.Text(), err)
	}
}

func TestMemoryLimitOfQuery(t *testing.T) {
	e, pool := newEngine(t, t.TempDir(), nil)
	mustCount(t, e)
	before := pool.Processes()
	_, err := e.Run(t.Context(), engine.Query{SQL: "SELECT list(i) FROM range(100000000) r(i)", MaxMemory: 64 << 20}, &enginetest.Rows{})
	if classOf(err) != engine.ClassOutOfMemory {
		t.Fatalf("error %v, want %s", err, engine.ClassOutOfMemory)
	}
	mustCount(t, e)
	if after := pool.Processes(); len(after) != 1 || after[0] != before[0] {
		t.Errorf("DuckDB's own limit should not cost the process: %v, then %v", before, after)
	}
}

func TestTemporaryFilesAreBounded(t *testing.T) {
	data := t.TempDir()
	pool, err := worker.NewPool(worker.Config{Scratch: filepath.Join(data, "scratch")})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	e := duck.New(pool, clock.System(), 32<<20)
	sql := "SELECT repeat('x', 200) || i AS s FROM range(3000000) r(i) ORDER BY hash(i), s"
	_, err = e.Run(t.Context(), engine.Query{SQL: sql, MaxMemory: 128 << 20}, discard{})
	if got := classOf(err); got != engine.ClassOutOfSpace && got != engine.ClassOutOfMemory {
		t.Fatalf("error %v, want no space or no memory", err)
	}
	mustCount(t, e)
}

// discard is a sink for results that nobody looks at.
type discard struct{}

func (discard) Columns([]engine.ResultColumn) error { return nil }
func (discard) Rows(arrow.RecordBatch) error        { return nil }

func TestCancellationIsQuick(t *testing.T) {
	e, _ := newEngine(t, t.TempDir(), nil)
	mustCount(t, e)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := e.Run(ctx, engine.Query{SQL: endless}, discard{})
	took := time.Since(start) - 200*time.Millisecond
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error %v, want the deadline", err)
	}
	t.Logf("stopped %v after the deadline", took)
	if took > time.Second {
		t.Errorf("stopped %v after the deadline", took)
	}
	mustCount(t, e)
}

func TestWorkerKilledInTheMiddle(t *testing.T) {
	e, pool := newEngine(t, t.TempDir(), nil)
	mustCount(t, e)
	pid := pool.Processes()[0]
	sink := &killing{pid: pid}
	_, err := e.Run(t.Context(), engine.Query{SQL: "SELECT i FROM range(100000000000) r(i)"}, sink)
	if classOf(err) != engine.ClassOutOfMemory { // a SIGKILL that is not ours is the kernel's
		t.Fatalf("error %v", err)
	}
	var crash *worker.CrashError
	if !errors.As(err, &crash) {
		t.Fatalf("error %v has no crash as its cause", err)
	}
	mustCount(t, e)
}

// killing kills the worker at the first rows.
type killing struct {
	discard
	pid  int
	done bool
}

func (k *killing) Rows(arrow.RecordBatch) error {
	if k.done {
		return nil
	}
	k.done = true
	return syscall.Kill(k.pid, syscall.SIGKILL)
}

func TestCPULimit(t *testing.T) {
	e, _ := newEngine(t, t.TempDir(), func(c *worker.Config) { c.CPU = time.Second })
	_, err := e.Run(t.Context(), engine.Query{SQL: endless}, discard{})
	if classOf(err) != engine.ClassOutOfTime {
		t.Fatalf("error %v, want %s", err, engine.ClassOutOfTime)
	}
	mustCount(t, e)
}

func TestWideResult(t *testing.T) {
	e, _ := newEngine(t, t.TempDir(), nil)
	rows := &enginetest.Rows{}
	// 3000 values of 100 kB: one chunk of DuckDB is 200 MB, more than a frame may hold.
	_, err := e.Run(t.Context(), engine.Query{SQL: "SELECT repeat('x', 100000) AS s FROM range(3000)"}, rows)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(rows.Text()); got != 3000*100001-1 {
		t.Errorf("%d bytes of text", got)
	}
}

func TestSymbolicLinksAreRefused(t *testing.T) {
	data := t.TempDir()
	e, _ := newEngine(t, data, nil)
	link := filepath.Join(data, "link")
	if err := os.Symlink("/etc/passwd", link); err != nil {
		t.Fatal(err)
	}
	r := engine.Relation{
		Name: "t", Format: engine.FormatText, Columns: []engine.Column{{Name: "a", Type: "string"}},
		Files: []engine.File{{Path: link, Key: "s3://b/link"}},
	}
	_, err := e.Run(t.Context(), engine.Query{SQL: "SELECT * FROM t", Relations: []engine.Relation{r}}, discard{})
	if classOf(err) != engine.ClassMissingFile {
		t.Fatalf("error %v, want %s", err, engine.ClassMissingFile)
	}
}
