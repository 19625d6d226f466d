package search

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/bindery-project/bindery/internal/db"
)

// candidate is what the index finds: a table, where it is, and what it is ordered by. Its JSON is
// the position with which the next page goes on.
type candidate struct {
	Number   int64
	Table    int64
	Database string `json:",omitempty"`
	Name     string `json:",omitempty"`
	Moment   int64  `json:",omitempty"` // of CreateTime or UpdateTime, ms
}

func (c *candidate) key(column string) any {
	switch column {
	case "name":
		return c.Name
	case "database":
		return c.Database
	}
	return c.Moment
}

// candidates asks the index for up to n tables after a position.
func (q *query) candidates(ctx context.Context, tx *db.Tx, after string, n int) ([]string, error) {
	text, args, err := q.sql(after, n)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var found []string
	for rows.Next() {
		var c candidate
		if err := rows.Scan(&c.Number, &c.Table, &c.Database, &c.Name, &c.Moment); err != nil {
			return nil, err
		}
		position, err := json.Marshal(&c)
		if err != nil {
			return nil, err
		}
		found = append(found, string(position))
	}
	return found, rows.Err()
}

// sql walks the tables that have the first term, in the order of the index, and looks for the
// others of each; without terms, it walks all tables of the catalog. CROSS JOIN is how SQLite is
// told to join in the order written. Only names of columns and operators are put together, never
// values.
func (q *query) sql(after string, n int) (string, []any, error) {
	moment := "s.created"
	if q.order.column == "updated" {
		moment = "s.updated"
	}
	from, where, args := strings.Builder{}, strings.Builder{}, []any{}
	for i, t := range q.terms {
		fmt.Fprintf(&from, "glue_search_term t%d CROSS JOIN ", i)
		fmt.Fprintf(&where, "t%d.term = ? AND ", i)
		if i > 0 {
			fmt.Fprintf(&where, "t%d.number = t0.number AND ", i)
		}
		args = append(args, t)
	}
	if len(q.terms) > 0 {
		where.WriteString("s.number = t0.number AND ")
	}
	where.WriteString("s.account = ?")
	args = append(args, q.catalog)
	for _, t := range q.times {
		where.WriteString(" AND s." + t.column + " " + t.operator + " ?")
		args = append(args, t.at)
	}
	args, err := q.goOn(&where, args, after)
	return "SELECT s.number, s.table_id, s.database, s.name, " + moment + " FROM " + from.String() + "glue_search_table s WHERE " + where.String(), append(args, n), err
}

// goOn writes where to begin, and the order.
func (q *query) goOn(b *strings.Builder, args []any, after string) ([]any, error) {
	number := "s.number"
	if len(q.terms) > 0 {
		number = "t0.number" // the order in which the index has them
	}
	var from candidate
	if after != "" {
		if err := json.Unmarshal([]byte(after), &from); err != nil {
			return nil, errors.New("search: a position that was never given out")
		}
	}
	direction, compare := "", ">"
	if q.order.down {
		direction, compare = " DESC", "<"
	}
	column := q.order.column
	switch {
	case after != "" && column == "":
		b.WriteString(" AND " + number + " > ?")
		args = append(args, from.Number)
	case after != "":
		b.WriteString(" AND (s." + column + ", s.number) " + compare + " (?, ?)")
		args = append(args, from.key(column), from.Number)
	}
	if column == "" {
		b.WriteString(" ORDER BY " + number + " LIMIT ?")
	} else {
		b.WriteString(" ORDER BY s." + column + direction + ", s.number" + direction + " LIMIT ?")
	}
	return args, nil
}

// rarestFirst puts the term that fewest tables have first, as far as a short look tells.
func (q *query) rarestFirst(ctx context.Context, tx *db.Tx) error {
	if len(q.terms) < 2 {
		return nil
	}
	const look = 200
	best, fewest := 0, look+1
	for i, t := range q.terms {
		var n int
		err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 AS one FROM glue_search_term WHERE term = ? LIMIT ?) AS looked`, t, look).Scan(&n)
		if err != nil {
			return err
		}
		if n < fewest {
			best, fewest = i, n
		}
	}
	q.terms[0], q.terms[best] = q.terms[best], q.terms[0]
	return nil
}
