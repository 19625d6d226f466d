package db_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
)

func bump(ctx context.Context, tx *db.Tx) error { return tx.Bump(ctx, "iam") }

func TestEpochCallsWatchersBeforeWriteReturns(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		calls, others := make(chan struct{}, 10), 0
		unwatch := d.Watch("iam", func() { calls <- struct{}{} })
		d.Watch("kms", func() { others++ })
		write(t, d, bump)
		if len(calls) == 0 {
			t.Error("the watcher was not called before Write returned")
		}
		_ = d.Write(background, func(ctx context.Context, tx *db.Tx) error { return errors.Join(bump(ctx, tx), errBoom) })
		if others != 0 || len(calls) != 1 {
			t.Errorf("%d calls, %d for another name", len(calls), others)
		}
		unwatch()
		write(t, d, bump)
		if len(calls) != 1 {
			t.Error("called after unwatch")
		}
	})
}

// The bar: a change on one node acts on every other within a second or so.
func TestEpochReachesOtherNodes(t *testing.T) {
	cfg := dbtest.Postgres(t, db.Config{})
	here, there := dbtest.Open(t, cfg), dbtest.Open(t, cfg)
	calls := make(chan struct{}, 10)
	there.Watch("iam", func() { calls <- struct{}{} })
	for range 3 {
		write(t, here, bump)
		select {
		case <-calls:
		case <-time.After(3 * time.Second):
			t.Fatal("the other node has not heard of it")
		}
	}
}
