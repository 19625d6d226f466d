package db_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
)

// hold occupies the writer until release is called.
func hold(t *testing.T, d *db.DB) (release func()) {
	t.Helper()
	started, end, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		err := d.Write(background, func(context.Context, *db.Tx) error {
			close(started)
			<-end
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}()
	<-started
	return func() { close(end); <-ended }
}

// waiting blocks until n writes are in the queue.
func waiting(d *db.DB, n int) {
	for d.Stats().Waiting < n {
		runtime.Gosched()
	}
}

// Fifty writes that wait together share one commit; those that fail leave nothing and
// take nobody with them, and hooks run in commit order.
func TestGroupCommit(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t, db.Config{}))
	release := hold(t, d)
	var committed []int // by hooks, which run one at a time
	var order []int     // by functions, likewise
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			err := d.Write(background, func(ctx context.Context, tx *db.Tx) error {
				tx.OnCommit(func() { committed = append(committed, i) })
				if err := put(ctx, tx, fmt.Sprint(i), 1); err != nil {
					return err
				}
				if i%3 == 0 {
					return errBoom
				}
				order = append(order, i)
				return nil
			})
			if errors.Is(err, errBoom) != (i%3 == 0) {
				t.Errorf("write %d: %v", i, err)
			}
		})
	}
	waiting(d, 50)
	before := d.Stats()
	release()
	wg.Wait()
	after := d.Stats()
	if writes, commits := after.Writes-before.Writes, after.Commits-before.Commits; writes != 34 || commits != 1 {
		t.Fatalf("%d writes in %d commits", writes, commits) // the holder and 33 others
	}
	if !slices.Equal(committed, order) {
		t.Fatalf("hooks ran as %v, functions as %v", committed, order)
	}
	for i := range 50 {
		expect(t, d, map[string]bool{fmt.Sprint(i): i%3 != 0})
	}
}

func TestFullQueueIsBusy(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t, db.Config{Queue: 2}))
	release := hold(t, d)
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() {
			if err := d.Write(background, func(ctx context.Context, tx *db.Tx) error {
				return put(ctx, tx, fmt.Sprint(i), 1)
			}); err != nil {
				t.Error(err)
			}
		})
	}
	waiting(d, 2)
	err := d.Write(background, func(context.Context, *db.Tx) error { return nil })
	if !errors.Is(err, db.ErrBusy) {
		t.Errorf("got %v", err)
	}
	if _, found := get(t, d, "0"); found { // reads do not wait for writes
		t.Error("uncommitted row was seen")
	}
	release()
	wg.Wait()
	expect(t, d, map[string]bool{"0": true, "1": true})
}

func TestCancelledWhileWaitingNeverRuns(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t, db.Config{}))
	release := hold(t, d)
	ctx, cancel := context.WithCancel(background)
	result := make(chan error, 1)
	go func() {
		result <- d.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, "a", 1) })
	}()
	waiting(d, 1)
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	release()
	write(t, d, func(context.Context, *db.Tx) error { return nil })
	expect(t, d, map[string]bool{"a": false})
}

// Cancellation inside a function must not roll back its neighbours in the group.
func TestCancelledWhileRunningStaysAlone(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t, db.Config{}))
	release := hold(t, d)
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := d.Write(background, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, "neighbour", 1) }); err != nil {
			t.Error(err)
		}
	})
	waiting(d, 1)
	ctx, cancel := context.WithCancel(background)
	wg.Go(func() {
		err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := put(ctx, tx, "a", 1); err != nil {
				return err
			}
			cancel()
			_, err := tx.Exec(ctx, `UPDATE epoch SET value = value + 1`)
			return errors.Join(err, ctx.Err())
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	waiting(d, 2)
	release()
	wg.Wait()
	expect(t, d, map[string]bool{"neighbour": true, "a": false})
}

func TestCloseRefusesWhatWaits(t *testing.T) {
	d, err := db.Open(background, dbtest.SQLite(t, db.Config{}))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	nothing := func(context.Context, *db.Tx) error { return nil }
	if err := d.Write(background, nothing); !errors.Is(err, db.ErrClosed) {
		t.Errorf("write: %v", err)
	}
	if err := d.Read(background, nothing); !errors.Is(err, db.ErrClosed) {
		t.Errorf("read: %v", err)
	}
}

// Who fails because of what ran before it in the group hears of it when that is
// durable: it may read at once, and must find what it was refused for.
func TestFailureWaitsForWhatItSaw(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t, db.Config{}))
	release := hold(t, d)
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := d.Write(background, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, "k", 1) }); err != nil {
			t.Error(err)
		}
	})
	waiting(d, 1)
	wg.Go(func() {
		saw := false
		err := d.Write(background, func(ctx context.Context, tx *db.Tx) error {
			saw = has(ctx, tx, "k")
			return errBoom
		})
		if !errors.Is(err, errBoom) || !saw {
			t.Errorf("saw it %v, %v", saw, err)
		}
		err = d.Read(background, func(ctx context.Context, tx *db.Tx) error {
			if !has(ctx, tx, "k") {
				t.Error("what the write failed of cannot be read after it")
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	waiting(d, 2)
	release()
	wg.Wait()
}

func has(ctx context.Context, tx *db.Tx, key string) bool {
	var one int
	return tx.QueryRow(ctx, `SELECT 1 FROM epoch WHERE name = ?`, key).Scan(&one) == nil
}
