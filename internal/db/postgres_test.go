package db_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
)

// A connection that dies inside a function: nothing is kept, and the next write works.
func TestLostConnectionBeforeCommit(t *testing.T) {
	cfg := dbtest.Postgres(t, db.Config{})
	d := dbtest.Open(t, cfg)
	err := d.Write(background, func(ctx context.Context, tx *db.Tx) error {
		if err := put(ctx, tx, "a", 1); err != nil {
			return err
		}
		terminate(ctx, t, cfg, tx)
		return put(ctx, tx, "b", 1)
	})
	if err == nil {
		t.Fatal("acknowledged over a dead connection")
	}
	write(t, d, putting("after"))
	expect(t, d, map[string]bool{"a": false, "b": false, "after": true})
}

// When it dies right before the commit, the caller must not be told that the write failed
// for sure: the answer may have been lost after the commit.
func TestLostConnectionAtCommit(t *testing.T) {
	cfg := dbtest.Postgres(t, db.Config{})
	d := dbtest.Open(t, cfg)
	err := d.Write(background, func(ctx context.Context, tx *db.Tx) error {
		if err := put(ctx, tx, "a", 1); err != nil {
			return err
		}
		terminate(ctx, t, cfg, tx)
		return nil
	})
	if !errors.Is(err, db.ErrUnknown) {
		t.Fatalf("got %v", err)
	}
	write(t, d, putting("after"))
}

// terminate kills the server's side of tx's connection.
func terminate(ctx context.Context, t *testing.T, cfg db.Config, tx *db.Tx) {
	t.Helper()
	var pid int
	if err := tx.QueryRow(ctx, `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
		t.Fatal(err)
	}
	other, err := sql.Open("pgx", cfg.PostgresDSN)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	var gone bool
	if err := other.QueryRow(`SELECT pg_terminate_backend($1, 5000)`, pid).Scan(&gone); err != nil || !gone {
		t.Fatalf("the connection lives on: %v", err)
	}
}
