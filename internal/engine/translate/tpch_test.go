package translate

import (
	"database/sql"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/engine/analyze"
)

var tpchTables = []string{"region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem"}

// TestTPCH copies Trino's own small data set into DuckDB and demands that the
// 22 queries give the same there.
func TestTPCH(t *testing.T) {
	server := openTrino(t)
	server.catalog, server.schema = "tpch", "tiny"
	db := openTables(t)
	held := tables{}
	execute(t, db, "DROP TABLE orders")
	for _, name := range tpchTables {
		held["tiny."+name] = copyTable(t, server, db, name)
	}
	for i, text := range tpchQueries(t) {
		t.Run(fmt.Sprintf("Q%02d", i+1), func(t *testing.T) {
			ours, theirs := runIn(db, text, held, "tiny"), server.run(t, text)
			if ours.failed() || theirs.failed() {
				t.Fatalf("ours: %s\nTrino: %s", ours.err, theirs.err)
			}
			if a, b := strings.Join(ours.types, " | "), strings.Join(theirs.types, " | "); a != b {
				t.Fatalf(" ours: %s\nTrino: %s", a, b)
			}
			nearlySame(t, ours, theirs)
		})
	}
}

func tpchQueries(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile("testdata/tpch.sql")
	if err != nil {
		t.Fatal(err)
	}
	queries := strings.Split(strings.TrimSuffix(strings.TrimSpace(string(data)), ";"), ";\n")
	if len(queries) != 22 {
		t.Fatalf("testdata/tpch.sql holds %d queries", len(queries))
	}
	return queries
}

func execute(t *testing.T, db *sql.DB, text string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// copyTable reads a table from Trino into DuckDB and describes it.
func copyTable(t *testing.T, server *trino, db *sql.DB, name string) *analyze.Table {
	t.Helper()
	described, rows := server.run(t, "DESCRIBE "+name), server.run(t, "SELECT * FROM "+name)
	if described.failed() || rows.failed() || len(rows.rows) == 0 {
		t.Fatalf("table %s: %s%s", name, described.err, rows.err)
	}
	table := &analyze.Table{Database: "tiny", Name: name}
	columns := make([]string, len(described.rows))
	for i, d := range described.rows {
		column, typ := fmt.Sprint(d[0]), strings.Replace(fmt.Sprint(d[1]), "integer", "int", 1)
		table.Columns = append(table.Columns, analyze.TableColumn{Name: column, Type: typ})
		columns[i] = quoteName(column) + " " + typ
	}
	file := filepath.Join(t.TempDir(), name+".csv")
	writeRows(t, file, rows.rows)
	execute(t, db, "CREATE TABLE "+quoteName(name)+" ("+strings.Join(columns, ", ")+")")
	execute(t, db, "COPY "+quoteName(name)+" FROM "+quoteText(file)+" (HEADER false)")
	return table
}

func writeRows(t *testing.T, path string, rows [][]any) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := csv.NewWriter(file)
	for _, row := range rows {
		record := make([]string, len(row))
		for i, v := range row {
			record[i] = fmt.Sprint(v)
		}
		if err := w.Write(record); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	if err := file.Close(); err != nil || w.Error() != nil {
		t.Fatal(err, w.Error())
	}
}

// nearlySame compares rows in order; doubles may differ in the last digits,
// since the engines add them up in different orders.
func nearlySame(t *testing.T, ours, theirs outcome) {
	t.Helper()
	if len(ours.rows) != len(theirs.rows) {
		t.Fatalf("%d rows, Trino has %d", len(ours.rows), len(theirs.rows))
	}
	for i := range ours.rows {
		for j, typ := range ours.parsed {
			a, b := ourValue(typ, ours.rows[i][j]), trinoValue(typ, theirs.rows[i][j])
			if a != b && (typ.Kind != analyze.Double || !near(a, b)) {
				t.Errorf("row %d, column %d: %s, Trino has %s", i, j, a, b)
			}
		}
	}
	t.Logf("%d rows agree", len(ours.rows))
}

func near(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errX == nil && errY == nil && math.Abs(x-y) <= 1e-10*math.Max(math.Abs(x), math.Abs(y))
}
