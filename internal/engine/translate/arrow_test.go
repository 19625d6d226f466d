//go:build duckdb_arrow

package translate

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/duckdb/duckdb-go/v2"

	"github.com/bindery-project/bindery/internal/engine/analyze"
	"github.com/bindery-project/bindery/internal/engine/render"
	"github.com/bindery-project/bindery/internal/engine/sql/textcase"
)

// TestArrowRendersTheSame reads every statement of the corpus through Arrow too
// and compares the text of its values with those read through database/sql.
func TestArrowRendersTheSame(t *testing.T) {
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	if _, err := db.Exec(setup); err != nil {
		t.Fatal(err)
	}
	conn, err := connector.Connect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	reader, err := duckdb.NewArrowFromConn(conn)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, path := range corpus {
		for _, c := range textcase.Read(t, path) {
			plan, duck, err := translateText(c.Input)
			if err != nil || failing.MatchString(c.Expected) {
				continue
			}
			got := readArrow(t, reader, plan, duck)
			_, want, _ := strings.Cut(c.Expected, "\n")
			if strings.TrimRight(got, "\n") != want {
				t.Errorf("%s:%d: by Arrow\n%swant\n%s", path, c.Line, got, want)
			}
			compared++
		}
	}
	t.Logf("%d statements compared", compared)
}

func readArrow(t *testing.T, reader *duckdb.Arrow, plan *analyze.Plan, duck string) string {
	t.Helper()
	records, err := reader.QueryContext(context.Background(), duck)
	if err != nil {
		t.Fatalf("%v\n%s", err, duck)
	}
	defer records.Release()
	var out strings.Builder
	for records.Next() {
		writeRecord(t, &out, plan, records.RecordBatch())
	}
	return out.String()
}

func writeRecord(t *testing.T, out *strings.Builder, plan *analyze.Plan, record arrow.RecordBatch) {
	t.Helper()
	for row := range int(record.NumRows()) {
		parts := make([]string, len(plan.Output))
		for i, c := range plan.Output {
			text, present, err := render.Arrow(c.Type, record.Column(i), row)
			if err != nil {
				t.Errorf("%s: %v", c.Type, err)
			}
			if !present {
				text = "NULL"
			}
			parts[i] = text
		}
		out.WriteString(strings.Join(parts, " | ") + "\n")
	}
}
