package translate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/engine/analyze"
	"github.com/bindery-project/bindery/internal/engine/render"
	athena "github.com/bindery-project/bindery/internal/engine/sql"
	"github.com/bindery-project/bindery/internal/engine/sql/textcase"
)

// trinoMark begins the comment of a case whose result is knowingly not
// Trino's; the reason follows it. Such a case fails once the two agree.
const trinoMark = "# Not as Trino: "

// openTrino gives the server that BINDERY_TRINO names, such as
// http://127.0.0.1:18080. tools/trino starts one.
func openTrino(t *testing.T) *trino {
	t.Helper()
	base := os.Getenv("BINDERY_TRINO")
	if base == "" {
		t.Skip("skipped: BINDERY_TRINO names no Trino server (see tools/trino)")
	}
	server := &trino{base: base, client: http.DefaultClient, catalog: "awsdatacatalog", schema: "db"}
	for _, stmt := range trinoSetup {
		if r := server.run(t, stmt); r.failed() {
			t.Fatalf("%s: %s", stmt, r.err)
		}
	}
	return server
}

// trinoSetup makes the corpus's tables in the catalog awsdatacatalog, which
// keeps them in memory. A memory table has no varchar without its rows' types
// agreeing exactly, so every row is cast by the column list.
var trinoSetup = []string{
	"CREATE SCHEMA IF NOT EXISTS db",
	"DROP TABLE IF EXISTS orders", "DROP TABLE IF EXISTS customers", "DROP TABLE IF EXISTS events", "DROP VIEW IF EXISTS recent",
	`CREATE TABLE orders(id bigint, customer varchar, amount decimal(10,2), qty integer, price double, ts timestamp(3), tags array(varchar),
		attrs map(varchar, integer), addr row(city varchar, zip integer), ok boolean, dt varchar, year integer)`,
	`INSERT INTO orders VALUES
		(1, 'ann', 10.50, 2, 1.5e0, TIMESTAMP '2024-01-31 10:00:00', ARRAY['a','b'], MAP(ARRAY['x'], ARRAY[1]), ROW('Bern', 3000), true, '2024-01-31', 2024),
		(2, 'bob', 20.25, -7, 2.25e0, TIMESTAMP '2024-02-29 23:59:59.999', ARRAY[], MAP(), NULL, false, '2024-02-29', 2024),
		(3, 'ann', 0.75, 7, NULL, NULL, NULL, NULL, ROW(NULL, 1), NULL, '2023-12-31', 2023),
		(4, NULL, NULL, NULL, 1e10, TIMESTAMP '2023-12-31 00:00:00', ARRAY['c', NULL], MAP(ARRAY['y', 'z'], ARRAY[NULL, 3]), ROW('Rom', NULL), true, '2023-12-31', 2023)`,
	"CREATE TABLE customers(name varchar, country varchar, born date, code char(5), raw varbinary)",
	`INSERT INTO customers VALUES ('ann', 'CH', DATE '1990-05-01', 'ab', X'616263'), ('bob', 'DE', DATE '1985-12-24', 'x', NULL), ('cyd', NULL, NULL, NULL, X'00FF')`,
	"CREATE TABLE events(id integer, at timestamp(3) with time zone)",
	"INSERT INTO events VALUES (1, TIMESTAMP '2024-03-10 12:00:00 UTC'), (2, TIMESTAMP '2024-07-01 00:30:00 UTC')",
	"CREATE VIEW recent AS SELECT id, customer, dt FROM orders WHERE year = 2024",
}

// TestAgainstTrino runs the corpus on Trino too and demands the same types and
// rows, or the same error name, place and message.
func TestAgainstTrino(t *testing.T) {
	server := openTrino(t)
	db := openTables(t)
	for _, path := range corpus {
		t.Run(filepath.Base(path), func(t *testing.T) {
			same, marked := 0, 0
			for _, c := range textcase.Read(t, path) {
				reason, known := markOf(c.Comment)
				difference := compareWithTrino(t, server, db, c.Input)
				switch {
				case difference == "" && known:
					t.Errorf("%s:%d: %s\nagrees with Trino, yet is marked: %s", path, c.Line, c.Input, reason)
				case difference == "":
					same++
				case known:
					marked++
				default:
					t.Errorf("%s:%d: %s\n%s", path, c.Line, c.Input, difference)
				}
			}
			t.Logf("%d statements as Trino, %d known to differ", same, marked)
		})
	}
}

func markOf(comment string) (string, bool) {
	for line := range strings.Lines(comment) {
		if reason, found := strings.CutPrefix(line, trinoMark); found {
			return strings.TrimSpace(reason), true
		}
	}
	return "", false
}

// compareWithTrino says how the results differ, or "".
func compareWithTrino(t *testing.T, server *trino, db *sql.DB, text string) string {
	t.Helper()
	sent, rewritten := forTrino(text)
	ours, theirs := runHere(db, text), server.run(t, sent)
	switch {
	case ours.failed() && theirs.failed():
		if a, b := errorText(ours.err, rewritten), errorText(theirs.err, rewritten); a != b {
			return " ours: " + a + "\nTrino: " + b
		}
		return ""
	case ours.failed() || theirs.failed():
		return " ours: " + ours.String() + "\nTrino: " + theirs.String()
	}
	return compareRows(text, ours, theirs)
}

func compareRows(text string, ours, theirs outcome) string {
	if a, b := strings.Join(ours.types, " | "), strings.Join(theirs.types, " | "); a != b {
		return " ours: " + a + "\nTrino: " + b
	}
	a, b := canonicalRows(ours, ourValue), canonicalRows(outcome{types: theirs.types, parsed: ours.parsed, rows: theirs.rows}, trinoValue)
	if !slices.Equal(a, b) && !isOrdered(text) {
		slices.Sort(a)
		slices.Sort(b)
	}
	if slices.Equal(a, b) {
		return ""
	}
	return " ours: " + strings.Join(a, "\n       ") + "\nTrino: " + strings.Join(b, "\n       ")
}

var inner = regexp.MustCompile(`\([^()]*\)`)

// isOrdered says whether a statement orders its rows: ORDER BY outside of all
// parentheses.
func isOrdered(text string) bool {
	for inner.MatchString(text) {
		text = inner.ReplaceAllString(text, "")
	}
	return strings.Contains(strings.ToLower(text), "order by")
}

func canonicalRows(o outcome, value func(*analyze.Type, any) string) []string {
	out := make([]string, len(o.rows))
	for i, row := range o.rows {
		parts := make([]string, len(row))
		for j, v := range row {
			parts[j] = value(o.parsed[j], v)
		}
		out[i] = strings.Join(parts, " | ")
	}
	return out
}

// outcome is what a statement gave: types and rows, or an error.
type outcome struct {
	types  []string
	parsed []*analyze.Type // of our own results
	rows   [][]any
	err    string
}

func (o outcome) failed() bool { return o.err != "" }

func (o outcome) String() string {
	if o.failed() {
		return o.err
	}
	return strings.Join(o.types, " | ") + fmt.Sprint(" ", o.rows)
}

func runHere(db *sql.DB, text string) outcome { return runIn(db, text, catalog, "db") }

func runIn(db *sql.DB, text string, catalog tables, database string) outcome {
	plan, duck, err := translateIn(text, catalog, database)
	var refused *athena.Error
	if errors.As(err, &refused) {
		return outcome{err: refused.Reason()}
	}
	if err != nil {
		return outcome{err: err.Error()}
	}
	rows, err := db.QueryContext(context.Background(), duck)
	if err != nil {
		return outcome{err: failed(err, duck)}
	}
	defer rows.Close()
	var o outcome
	for _, c := range plan.Output {
		o.types, o.parsed = append(o.types, c.Type.String()), append(o.parsed, c.Type)
	}
	for rows.Next() {
		values, pointers := make([]any, len(plan.Output)), make([]any, len(plan.Output))
		for i := range values {
			pointers[i] = &values[i]
		}
		if err := rows.Scan(pointers...); err != nil {
			return outcome{err: err.Error()}
		}
		o.rows = append(o.rows, values)
	}
	if err := rows.Err(); err != nil {
		return outcome{err: failed(err, duck)}
	}
	return o
}

// ourValue writes a value of DuckDB's as [render.Value] does, but the entries
// of a map in the order of their texts: Trino's protocol keeps no other.
func ourValue(t *analyze.Type, v any) string {
	if v == nil {
		return "NULL"
	}
	switch t.Kind { //nolint:exhaustive // the rest is scalar
	case analyze.Array:
		return bracketed(v.([]any), func(int) *analyze.Type { return t.Elem() }, ourValue)
	case analyze.Row:
		fields := v.(map[string]any)
		values := make([]any, len(t.Args))
		for i := range values {
			values[i] = fields[t.FieldName(i)]
		}
		return bracketed(values, func(i int) *analyze.Type { return t.Args[i] }, ourValue)
	case analyze.Map:
		keys, values := mapEntries(v)
		parts := make([]string, len(keys))
		for i := range keys {
			parts[i] = ourValue(t.Key(), keys[i]) + "=" + ourValue(t.Value(), values[i])
		}
		return sortedEntries(parts)
	}
	text, _, err := render.Value(t, v)
	if err != nil {
		return "RENDER: " + err.Error()
	}
	return text
}

func bracketed(values []any, typeOf func(int) *analyze.Type, write func(*analyze.Type, any) string) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = write(typeOf(i), v)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func sortedEntries(parts []string) string {
	slices.Sort(parts)
	return "{" + strings.Join(parts, ", ") + "}"
}
