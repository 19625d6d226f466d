package translate

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"

	"github.com/bindery-project/bindery/internal/engine/analyze"
	"github.com/bindery-project/bindery/internal/engine/render"
	athena "github.com/bindery-project/bindery/internal/engine/sql"
	"github.com/bindery-project/bindery/internal/engine/sql/textcase"
)

var now = time.Date(2024, 3, 15, 10, 11, 12, 345_000_000, time.UTC)

// tables is a catalog held in memory; the same tables exist in DuckDB.
type tables map[string]*analyze.Table

func (t tables) Table(_ context.Context, catalog, database, name string) (*analyze.Table, error) {
	if found := t[database+"."+name]; found != nil && catalog == "awsdatacatalog" {
		return found, nil
	}
	return nil, analyze.ErrNoTable
}

func columns(list string) []analyze.TableColumn {
	var out []analyze.TableColumn
	for _, part := range strings.Split(list, "; ") {
		name, typ, _ := strings.Cut(part, " ")
		out = append(out, analyze.TableColumn{Name: name, Type: typ})
	}
	return out
}

var catalog = tables{
	"db.orders": {
		Database: "db", Name: "orders",
		Columns:       columns("id bigint; customer string; amount decimal(10,2); qty int; price double; ts timestamp; tags array<string>; attrs map<string,int>; addr struct<city:string,zip:int>; ok boolean"),
		PartitionKeys: columns("dt string; year int"),
	},
	"db.customers": {Database: "db", Name: "customers", Columns: columns("name string; country string; born date; code char(5); raw binary")},
	"db.events":    {Database: "db", Name: "events", Columns: columns("id int; at timestamp with time zone; bad uniontype<int,string>")},
	"db.recent": {Database: "db", Name: "recent", View: &analyze.View{
		SQL: "SELECT id, customer, dt FROM orders WHERE year = 2024", Database: "db",
		Columns: []analyze.TableColumn{{Name: "id", Type: "bigint"}, {Name: "customer", Type: "varchar"}, {Name: "dt", Type: "varchar"}},
	}},
	"db.loop": {Database: "db", Name: "loop", View: &analyze.View{SQL: "SELECT * FROM loop", Database: "db"}},
}

const setup = `
CREATE TABLE orders(id BIGINT, customer VARCHAR, amount DECIMAL(10,2), qty INTEGER, price DOUBLE, ts TIMESTAMP, tags VARCHAR[],
	attrs MAP(VARCHAR, INTEGER), addr STRUCT(city VARCHAR, zip INTEGER), ok BOOLEAN, dt VARCHAR, year INTEGER);
INSERT INTO orders VALUES
	(1, 'ann', 10.50, 2, 1.5, '2024-01-31 10:00:00', ['a','b'], MAP{'x': 1}, {'city': 'Bern', 'zip': 3000}, true, '2024-01-31', 2024),
	(2, 'bob', 20.25, -7, 2.25, '2024-02-29 23:59:59.999', [], MAP{}, NULL, false, '2024-02-29', 2024),
	(3, 'ann', 0.75, 7, NULL, NULL, NULL, NULL, {'city': NULL, 'zip': 1}, NULL, '2023-12-31', 2023),
	(4, NULL, NULL, NULL, 1e10, '2023-12-31 00:00:00', ['c', NULL], MAP{'y': NULL, 'z': 3}, {'city': 'Rom', 'zip': NULL}, true, '2023-12-31', 2023);
CREATE TABLE customers(name VARCHAR, country VARCHAR, born DATE, code VARCHAR, raw BLOB);
INSERT INTO customers VALUES ('ann', 'CH', '1990-05-01', 'ab', 'abc'::BLOB), ('bob', 'DE', '1985-12-24', 'x', NULL), ('cyd', NULL, NULL, NULL, '\x00\xFF'::BLOB);
CREATE TABLE events(id INTEGER, "at" TIMESTAMPTZ, bad INTEGER);
INSERT INTO events VALUES (1, '2024-03-10 12:00:00+00', 1), (2, '2024-07-01 00:30:00+00', 2);
`

func openTables(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	for _, stmt := range []string{"SET TimeZone = 'America/New_York'", setup} {
		if _, err := db.Exec(stmt); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// translateText analyses and translates one statement.
func translateText(text string) (*analyze.Plan, string, error) {
	return translateIn(text, catalog, "db")
}

func translateIn(text string, catalog tables, database string) (*analyze.Plan, string, error) {
	stmt, err := athena.Parse(text)
	if err != nil {
		return nil, "", err
	}
	session := analyze.Session{Database: database, User: "tester", Now: now}
	plan, err := analyze.Analyze(context.Background(), stmt.(*athena.QueryStatement), catalog, session)
	if err != nil {
		return nil, "", err
	}
	duck, err := Query(plan, func(r *analyze.TableRef) (string, error) { return quoteName(r.Name), nil })
	return plan, duck, err
}

// run gives the types and rows of a statement as text, or the error.
func run(db *sql.DB, text string) string {
	plan, duck, err := translateText(text)
	if err != nil {
		return err.Error()
	}
	rows, err := db.Query(duck)
	if err != nil {
		return failed(err, duck)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		line, err := readRow(rows, plan)
		if err != nil {
			return "RENDER: " + err.Error()
		}
		out = append(out, line)
	}
	if err := rows.Err(); err != nil {
		return failed(err, duck)
	}
	types := make([]string, len(plan.Output))
	for i, c := range plan.Output {
		types[i] = c.Type.String()
	}
	return strings.Join(append([]string{strings.Join(types, " | ")}, out...), "\n")
}

func failed(err error, duck string) string {
	reason := Reason(err.Error())
	if strings.HasPrefix(reason, "GENERIC_INTERNAL_ERROR") {
		reason += "\n" + duck
	}
	return reason
}

func readRow(rows *sql.Rows, plan *analyze.Plan) (string, error) {
	values, pointers := make([]any, len(plan.Output)), make([]any, len(plan.Output))
	for i := range values {
		pointers[i] = &values[i]
	}
	if err := rows.Scan(pointers...); err != nil {
		return "", err
	}
	parts := make([]string, len(values))
	for i, v := range values {
		text, present, err := render.Value(plan.Output[i].Type, v)
		if err != nil {
			return "", fmt.Errorf("column %d: %w", i, err)
		}
		if !present {
			text = "NULL"
		}
		parts[i] = text
	}
	return strings.Join(parts, " | "), nil
}

// corpus lists the files of statements with the rows they give.
var corpus = []string{
	"testdata/functions.txt", "testdata/queries.txt", "testdata/clients.txt", "testdata/semantics.txt",
	"testdata/relations.txt", "testdata/windows.txt", "testdata/nested.txt", "testdata/text.txt",
	"testdata/numbers.txt", "testdata/moments.txt", "testdata/refusals.txt",
}

// TestResults runs the corpus on DuckDB and compares types and rows.
func TestResults(t *testing.T) {
	db := openTables(t)
	for _, path := range corpus {
		textcase.Run(t, path, func(t *testing.T, input string) string {
			got := run(db, input)
			if strings.HasPrefix(got, "GENERIC_INTERNAL_ERROR") || strings.HasPrefix(got, "RENDER") {
				t.Errorf("DuckDB or the renderer refuses a translation: %s", got)
			}
			return got
		})
	}
}

// TestTranslations shows the DuckDB text of a few statements.
func TestTranslations(t *testing.T) {
	textcase.Run(t, "testdata/translations.txt", func(_ *testing.T, input string) string {
		_, duck, err := translateText(input)
		if err != nil {
			return err.Error()
		}
		return duck
	})
}

// failing recognises an expected error.
var failing = regexp.MustCompile(`^[A-Z_]{4,}: |^line `)

var called = regexp.MustCompile(`([a-z_0-9]+)\(`)

// TestEveryFunctionIsExecuted demands a successful example in the corpus for
// every function of the catalogue.
func TestEveryFunctionIsExecuted(t *testing.T) {
	seen := map[string]bool{}
	for _, path := range corpus {
		for _, c := range textcase.Read(t, path) {
			if failing.MatchString(c.Expected) {
				continue
			}
			for _, m := range called.FindAllStringSubmatch(strings.ToLower(c.Input), -1) {
				seen[m[1]] = true
			}
		}
	}
	names := analyze.Functions()
	for name := range names {
		if !seen[name] {
			t.Errorf("function %s has no executed example", name)
		}
	}
	t.Logf("%d functions have executed examples", len(names))
}
