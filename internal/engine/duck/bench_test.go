package duck_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2" // the driver that raw DuckDB is measured with
	"github.com/parquet-go/parquet-go"

	"github.com/bindery-project/bindery/internal/engine"
	"github.com/bindery-project/bindery/internal/engine/enginetest"
)

// sale is a row of the benchmark's table.
type sale struct {
	ID    int64   `parquet:"id"`
	Shop  string  `parquet:"shop,dict"`
	Price float64 `parquet:"price"`
}

const sales = 200_000

func writeSales(tb testing.TB, folder string) engine.Relation {
	tb.Helper()
	rows := make([]sale, sales)
	for i := range rows {
		rows[i] = sale{ID: int64(i), Shop: fmt.Sprintf("shop-%d", i%97), Price: float64(i%1000) / 10}
	}
	path := filepath.Join(folder, "sales.parquet")
	if err := os.WriteFile(path, enginetest.Parquet(rows, &parquet.Snappy), 0o600); err != nil {
		tb.Fatal(err)
	}
	return engine.Relation{
		Name: "sales", Format: engine.FormatParquet,
		Columns: []engine.Column{{Name: "id", Type: "bigint"}, {Name: "shop", Type: "string"}, {Name: "price", Type: "double"}},
		Files:   []engine.File{{Path: path, Key: "s3://b/sales.parquet"}},
	}
}

func BenchmarkSelectOne(b *testing.B) {
	e, pool := newEngine(b, b.TempDir(), nil)
	q := engine.Query{SQL: "SELECT 1"}
	if _, err := e.Run(b.Context(), q, discard{}); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(residentMiB(b, pool.Processes()[0]), "idle-MiB")
	for b.Loop() {
		if _, err := e.Run(b.Context(), q, discard{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(residentMiB(b, pool.Processes()[0]), "worker-MiB")
}

// residentMiB is the resident memory of a process.
func residentMiB(tb testing.TB, pid int) float64 {
	tb.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		tb.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	var kib float64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		tb.Fatal(err)
	}
	return kib / 1024
}

// BenchmarkColdStart has no warm worker: each query starts a process.
func BenchmarkColdStart(b *testing.B) {
	q := engine.Query{SQL: "SELECT 1"}
	for b.Loop() {
		e, pool := newEngine(b, b.TempDir(), nil)
		if _, err := e.Run(b.Context(), q, discard{}); err != nil {
			b.Fatal(err)
		}
		pool.Close()
	}
}

const countSales = "SELECT shop, count(*), sum(price) FROM %s GROUP BY shop"

func BenchmarkCountParquet(b *testing.B) {
	data := b.TempDir()
	r := writeSales(b, data)
	e, _ := newEngine(b, data, nil)
	q := engine.Query{SQL: fmt.Sprintf(countSales, "sales"), Relations: []engine.Relation{r}}
	for b.Loop() {
		if _, err := e.Run(b.Context(), q, discard{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRows is what it costs to move all rows to the server.
func BenchmarkRows(b *testing.B) {
	data := b.TempDir()
	r := writeSales(b, data)
	e, _ := newEngine(b, data, nil)
	q := engine.Query{SQL: "SELECT * FROM sales", Relations: []engine.Relation{r}}
	for b.Loop() {
		stats, err := e.Run(b.Context(), q, discard{})
		if err != nil || stats.Rows != sales {
			b.Fatal(stats, err)
		}
	}
	b.ReportMetric(float64(sales)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// The same query in DuckDB itself, inside this process: what the walls cost.
func BenchmarkCountParquetRaw(b *testing.B) {
	data := b.TempDir()
	r := writeSales(b, data)
	db, err := sql.Open("duckdb", "")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	query := fmt.Sprintf(countSales, "read_parquet('"+r.Files[0].Path+"')")
	for b.Loop() {
		var n int
		if err := db.QueryRowContext(b.Context(), "SELECT count(*) FROM ("+query+")").Scan(&n); err != nil || n != 97 {
			b.Fatal(n, err)
		}
	}
}
