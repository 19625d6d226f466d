package db_test

import (
	"context"
	"errors"
	"testing"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
)

// put and get use the epoch table as a plain map of name -> value.
func put(ctx context.Context, tx *db.Tx, name string, value int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO epoch (name, value) VALUES (?, ?)`, name, value)
	return err
}

func get(t *testing.T, d *db.DB, name string) (value int64, found bool) {
	t.Helper()
	err := d.Read(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		return tx.QueryRow(ctx, `SELECT value FROM epoch WHERE name = ?`, name).Scan(&value)
	})
	if errors.Is(err, db.ErrNotFound) {
		return 0, false
	}
	if err != nil {
		t.Fatal(err)
	}
	return value, true
}

func TestWriteThenRead(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			return put(ctx, tx, "a", 7)
		})
		if err != nil {
			t.Fatal(err)
		}
		if v, ok := get(t, d, "a"); !ok || v != 7 {
			t.Fatalf("got %d, %v", v, ok)
		}
		if _, ok := get(t, d, "A"); ok {
			t.Fatal("letter case was ignored")
		}
	})
}

func TestFailedWriteLeavesNothing(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		boom := errors.New("boom")
		err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			if err := put(ctx, tx, "a", 1); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatalf("got %v", err)
		}
		if _, ok := get(t, d, "a"); ok {
			t.Fatal("a failed write left a row")
		}
	})
}
