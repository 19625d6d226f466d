package db

import (
	"context"
	"fmt"
	"strings"
)

// StoredTable tells Fsck where a table keeps its documents. Each service exports the
// list of its tables.
type StoredTable struct {
	Name       string
	KeyColumns []string // as given to At, in the same order; together unique
	Documents  []string // columns that hold stored documents; NULL is skipped
}

// Fsck verifies every document of the tables, and SQLite's own structure. report is
// called for each damaged row, and may return an error to stop. It returns how many
// documents it looked at.
func (d *DB) Fsck(ctx context.Context, tables []StoredTable, report func(*CorruptError) error) (checked int64, err error) {
	err = d.Read(ctx, func(ctx context.Context, tx *Tx) error {
		if err := tx.checkStructure(ctx, report); err != nil {
			return err
		}
		for _, table := range tables {
			n, err := tx.checkTable(ctx, table, report)
			checked += n
			if err != nil {
				return fmt.Errorf("check table %s: %w", table.Name, err)
			}
		}
		return nil
	})
	return checked, err
}

func (tx *Tx) checkTable(ctx context.Context, table StoredTable, report func(*CorruptError) error) (int64, error) {
	columns := append(append([]string(nil), table.KeyColumns...), table.Documents...)
	rows, err := tx.Query(ctx, "SELECT "+strings.Join(columns, ", ")+" FROM "+table.Name)
	if err != nil {
		return 0, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	values, targets := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	var checked int64
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return checked, err
		}
		at := At(table.Name, values[:len(table.KeyColumns)]...)
		for _, stored := range values[len(table.KeyColumns):] {
			n, err := checkDocument(at, stored, report)
			checked += n
			if err != nil {
				return checked, err
			}
		}
	}
	return checked, rows.Err()
}

func checkDocument(at Place, stored any, report func(*CorruptError) error) (int64, error) {
	if stored == nil {
		return 0, nil
	}
	bytes, ok := stored.([]byte)
	if !ok {
		return 1, report(&CorruptError{at, "not bytes"})
	}
	if err := Verify(at, bytes); err != nil {
		return 1, report(err.(*CorruptError)) //nolint:errorlint // Verify returns nothing else
	}
	return 1, nil
}

// checkStructure has SQLite check its pages and indexes. Postgres has no such statement.
func (tx *Tx) checkStructure(ctx context.Context, report func(*CorruptError) error) error {
	if _, embedded := tx.run.(*session); !embedded {
		return nil
	}
	rows, err := tx.Query(ctx, "PRAGMA integrity_check")
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var finding string
		if err := rows.Scan(&finding); err != nil {
			return err
		}
		if finding == "ok" {
			continue
		}
		if err := report(&CorruptError{Place{table: "(database file)"}, finding}); err != nil {
			return err
		}
	}
	return rows.Err()
}
