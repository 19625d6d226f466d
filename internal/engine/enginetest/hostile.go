package enginetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/engine"
)

// asError finds the engine's error.
func asError(err error) *engine.Error {
	var failed *engine.Error
	if errors.As(err, &failed) {
		return failed
	}
	return nil
}

// describe adds the cause, which tests may see.
func describe(err error) string {
	if failed := asError(err); failed != nil && failed.Err != nil {
		return fmt.Sprintf("%v (cause: %v)", err, failed.Err)
	}
	return fmt.Sprint(err)
}

// escapes are statements that reach for what they were not given, {data} being a folder that
// the engine's process could read.
var escapes = []string{
	"SELECT * FROM read_csv('/etc/passwd')",
	"SELECT * FROM '/etc/passwd'",
	"SELECT * FROM read_text('/etc/passwd')",
	"SELECT * FROM read_blob('/proc/self/environ')",
	"SELECT * FROM read_text('{data}/secret')",
	"SELECT * FROM read_text('{data}/../secret')",
	"SELECT * FROM glob('{data}/*')",
	"SELECT * FROM glob('/**')",
	"SELECT * FROM read_csv('{data}/*', auto_detect=false, columns={'a': 'VARCHAR'})",
	"SELECT * FROM read_parquet('http://127.0.0.1:1/x')",
	"SELECT * FROM read_csv('s3://b/k')",
	"SELECT * FROM sniff_csv('{data}/secret')",
	"SELECT * FROM parquet_metadata('{data}/secret')",
	"SELECT getenv('PATH')",
	"COPY (SELECT 1) TO '{data}/out'",
	"COPY t FROM '{data}/secret'",
	"EXPORT DATABASE '{data}/dump'",
	"ATTACH '{data}/db' AS d",
	"ATTACH ':memory:' AS d",
	"INSTALL httpfs",
	"LOAD httpfs",
	"LOAD '{data}/secret'",
	"PRAGMA database_list",
	"PRAGMA enable_profiling",
	"SET enable_external_access = true",
	"RESET lock_configuration",
	"SET VARIABLE x = 1",
	"CALL pragma_version()",
	"CREATE TABLE x AS SELECT 1",
	"CREATE MACRO m() AS 1",
	"CREATE SECRET s (TYPE s3)",
	"INSERT INTO t VALUES (1)",
	"DROP VIEW t",
	"EXPLAIN ANALYZE COPY (SELECT 1) TO '{data}/out'",
	"SELECT 1; COPY (SELECT 1) TO '{data}/out'",
	"BEGIN",
	"CHECKPOINT",
	"VACUUM",
	"SELECT * FROM query('COPY (SELECT 1) TO ''{data}/out''')",
	"SELECT * FROM query_table('{data}/secret')",
}

func testEscapes(t *testing.T, e engine.Engine, data string) {
	if err := os.WriteFile(filepath.Join(data, "secret"), []byte("canary\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := listing(t, data)
	for _, sql := range escapes {
		rows := &Rows{}
		_, err := e.Run(t.Context(), engine.Query{SQL: strings.ReplaceAll(sql, "{data}", data)}, rows)
		failed := asError(err)
		if failed == nil || failed.Class == engine.ClassInternal {
			t.Errorf("%s\n\trows %q, error %s; want a refusal", sql, rows.Text(), describe(err))
		}
		if strings.Contains(rows.Text(), "canary") || strings.Contains(rows.Text(), "root:") {
			t.Errorf("%s read a foreign file", sql)
		}
	}
	if after := listing(t, data); after != before {
		t.Errorf("files before: %s\nafter: %s", before, after)
	}
}

func listing(t *testing.T, folder string) string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// manyFiles is the number of files that a table may well have.
const manyFiles = 10_000

func testManyFiles(t *testing.T, e engine.Engine, data string) {
	r := engine.Relation{Name: "t", Format: engine.FormatText, Columns: columns("a bigint"), Partitions: columns("p bigint")}
	for i := range manyFiles {
		path := filepath.Join(data, fmt.Sprintf("f%d", i))
		if err := os.WriteFile(path, fmt.Appendf(nil, "%d\n", i), 0o600); err != nil {
			t.Fatal(err)
		}
		p := fmt.Sprint(i * 2)
		r.Files = append(r.Files, engine.File{Path: path, Key: fmt.Sprintf("s3://b/f%d", i), Partition: []*string{&p}})
	}
	rows := &Rows{}
	q := engine.Query{SQL: "SELECT count(*), count(DISTINCT p), min(p - 2 * a), max(p - 2 * a) FROM t", Relations: []engine.Relation{r}}
	stats, err := e.Run(t.Context(), q, rows)
	if err != nil {
		t.Fatal(describe(err))
	}
	if rows.Text() != "10000|10000|0|0" || stats.FilesScanned != manyFiles {
		t.Errorf("rows %s, stats %+v", rows.Text(), stats)
	}
}

// endless runs until it is stopped.
const endless = "SELECT count(*) FROM range(1000000000) a(i), range(1000000000) b(j) WHERE (i * j) % 7 = 3"

func testCancel(t *testing.T, e engine.Engine) {
	ctx, cancel := context.WithCancel(t.Context())
	rows := &Rows{onRows: func() error { cancel(); return nil }}
	_, err := e.Run(ctx, engine.Query{SQL: "SELECT i FROM range(100000000000) r(i)"}, rows)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if _, err := e.Run(ended, engine.Query{SQL: endless}, &Rows{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func testSinkError(t *testing.T, e engine.Engine) {
	want := errors.New("disk full")
	rows := &Rows{onRows: func() error { return want }}
	if _, err := e.Run(t.Context(), engine.Query{SQL: "SELECT 1"}, rows); !errors.Is(err, want) {
		t.Errorf("error %v, want the sink's", err)
	}
}
