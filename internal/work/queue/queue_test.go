package queue_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/work/queue"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// bench is a store, a clock that the test drives, and a queue.
type bench struct {
	*testing.T
	db    *db.DB
	clock *clock.Manual
	queue *queue.Queue
}

func run(t *testing.T, test func(b *bench)) {
	t.Helper()
	c := clock.NewManual(start)
	dbtest.RunConfig(t, db.Config{Clock: c}, func(t *testing.T, d *db.DB) {
		c.Set(start)
		test(&bench{t, d, c, queue.New(d)})
	})
}

func (b *bench) enqueue(items ...queue.Item) {
	b.Helper()
	err := b.db.Write(b.Context(), func(ctx context.Context, tx *db.Tx) error {
		for _, item := range items {
			if err := b.queue.Enqueue(ctx, tx, item); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) cancel(id string) (removed bool, err error) {
	err = b.db.Write(b.Context(), func(ctx context.Context, tx *db.Tx) (err error) {
		removed, err = b.queue.Cancel(ctx, tx, id)
		return err
	})
	return removed, err
}

// worker is a runner whose performers report each start and wait to be told how to end.
type worker struct {
	*queue.Runner
	started chan queue.Item
	finish  chan error
	causes  chan error
}

func (b *bench) worker(owner string, limit int) *worker {
	w := &worker{started: make(chan queue.Item, 100), finish: make(chan error, 100), causes: make(chan error, 100)}
	w.Runner = b.queue.NewRunner(queue.Config{Owner: owner, Lease: 10 * time.Second, Kinds: []queue.Kind{{
		Name: "test:work", Limit: limit,
		Run: func(ctx context.Context, item queue.Item) error {
			w.started <- item
			select {
			case err := <-w.finish:
				return err
			case <-ctx.Done():
				w.causes <- context.Cause(ctx)
				return ctx.Err()
			}
		},
	}}})
	if err := w.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	return w
}

func (b *bench) none(w *worker) {
	b.Helper()
	w.Pass(b.Context())
	select {
	case item := <-w.started:
		b.Fatalf("item %s attempt %d was started", item.ID, item.Attempt)
	default:
	}
}

func (b *bench) next(w *worker) queue.Item {
	b.Helper()
	w.Pass(b.Context())
	select {
	case item := <-w.started:
		return item
	case <-time.After(10 * time.Second):
		b.Fatal("nothing was started")
		return queue.Item{}
	}
}

// idle waits until an item has left the store or has been given back.
func (b *bench) until(what string, done func(rows int, free int) bool) {
	b.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		var rows, free int
		err := b.db.Read(b.Context(), func(ctx context.Context, tx *db.Tx) error {
			if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM work_item`).Scan(&rows); err != nil {
				return err
			}
			return tx.QueryRow(ctx, `SELECT COUNT(*) FROM work_item WHERE owner = ?`, "").Scan(&free)
		})
		if err != nil {
			b.Fatal(err)
		}
		if done(rows, free) {
			return
		}
		if time.Now().After(deadline) {
			b.Fatalf("%s: %d rows, %d free", what, rows, free)
		}
	}
}

func work(id string) queue.Item {
	return queue.Item{ID: id, Kind: "test:work", Account: "111122223333", Payload: []byte("payload of " + id)}
}

func TestItemIsPerformedOnceAndRemoved(t *testing.T) {
	run(t, func(b *bench) {
		b.enqueue(work("a"))
		w := b.worker("one", 5)
		item := b.next(w)
		if item.ID != "a" || item.Attempt != 1 || string(item.Payload) != "payload of a" || item.Account != "111122223333" || !item.Created.Equal(start) {
			b.Errorf("got %+v", item)
		}
		b.none(w)
		w.finish <- nil
		b.until("finished item is removed", func(rows, _ int) bool { return rows == 0 })
	})
}

func TestSameIDIsRefused(t *testing.T) {
	run(t, func(b *bench) {
		b.enqueue(work("a"))
		err := b.db.Write(b.Context(), func(ctx context.Context, tx *db.Tx) error { return b.queue.Enqueue(ctx, tx, work("a")) })
		if !errors.Is(err, queue.ErrExists) {
			b.Errorf("got %v", err)
		}
	})
}

func TestOrderLimitAndDue(t *testing.T) {
	run(t, func(b *bench) {
		later := work("later")
		later.Due = start.Add(time.Minute)
		b.enqueue(later, work("a"), work("b"), work("c"))
		w := b.worker("one", 2)
		w.Pass(b.Context())
		got := []string{(<-w.started).ID, (<-w.started).ID}
		slices.Sort(got)
		if fmt.Sprint(got) != "[a b]" {
			b.Errorf("got %v", got)
		}
		b.none(w)
		w.finish <- nil
		b.until("one ended", func(rows, _ int) bool { return rows == 3 })
		waitFree(b, w)
		if item := <-w.started; item.ID != "c" {
			b.Errorf("got %s", item.ID)
		}
		w.finish <- nil
		w.finish <- nil
		b.until("two ended", func(rows, _ int) bool { return rows == 1 })
		b.none(w)
		b.clock.Advance(time.Minute)
		if item := b.next(w); item.ID != "later" {
			b.Errorf("got %s", item.ID)
		}
		w.finish <- nil
		b.until("all ended", func(rows, _ int) bool { return rows == 0 })
	})
}

// waitFree passes until a performer has started: a slot is free only some moments after
// its item has left the store.
func waitFree(b *bench, w *worker) {
	b.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for len(w.started) == 0 {
		w.Pass(b.Context())
		if time.Now().After(deadline) {
			b.Fatal("no slot became free")
		}
	}
}

func TestFailureIsTriedAgainAfterAPause(t *testing.T) {
	run(t, func(b *bench) {
		b.enqueue(work("a"))
		w := b.worker("one", 1)
		b.next(w)
		w.finish <- errors.New("broken")
		b.until("given back", func(_, free int) bool { return free == 1 })
		b.none(w)
		b.clock.Advance(time.Second)
		waitFree(b, w)
		if item := <-w.started; item.Attempt != 2 {
			b.Errorf("attempt %d", item.Attempt)
		}
		w.finish <- nil
		b.until("finished", func(rows, _ int) bool { return rows == 0 })
	})
}

func TestPanicIsAFailure(t *testing.T) {
	run(t, func(b *bench) {
		b.enqueue(work("a"))
		r := b.queue.NewRunner(queue.Config{Owner: "one", Kinds: []queue.Kind{{Name: "test:work", Run: func(context.Context, queue.Item) error { panic("boom") }}}})
		r.Pass(b.Context())
		b.until("given back", func(_, free int) bool { return free == 1 })
	})
}

func TestLostLeaseGoesToAnother(t *testing.T) {
	run(t, func(b *bench) {
		b.enqueue(work("a"))
		first, second := b.worker("one", 1), b.worker("two", 1)
		stale := b.next(first)
		b.clock.Advance(9 * time.Second)
		first.Beat(b.Context())
		b.clock.Advance(9 * time.Second)
		b.none(second)
		b.clock.Advance(time.Second)
		item := b.next(second)
		if item.ID != "a" || item.Attempt != 2 {
			b.Errorf("got %+v", item)
		}
		err := b.db.Write(b.Context(), func(ctx context.Context, tx *db.Tx) error { return b.queue.Settle(ctx, tx, stale) })
		if !errors.Is(err, queue.ErrLost) {
			b.Errorf("the first may still settle: %v", err)
		}
		first.Beat(b.Context())
		if cause := <-first.causes; !errors.Is(cause, queue.ErrLost) {
			b.Errorf("cause %v", cause)
		}
		if err := b.db.Write(b.Context(), func(ctx context.Context, tx *db.Tx) error { return b.queue.Settle(ctx, tx, item) }); err != nil {
			b.Error(err)
		}
		second.finish <- nil
		b.until("settled", func(rows, _ int) bool { return rows == 0 })
	})
}

func TestCancel(t *testing.T) {
	run(t, func(b *bench) {
		b.enqueue(work("waits"), work("runs"))
		if removed, err := b.cancel("waits"); err != nil || !removed {
			b.Errorf("waiting: removed %v, error %v", removed, err)
		}
		w := b.worker("one", 1)
		b.next(w)
		if removed, err := b.cancel("runs"); err != nil || removed {
			b.Errorf("running: removed %v, error %v", removed, err)
		}
		if cause := <-w.causes; !errors.Is(cause, queue.ErrCancelled) {
			b.Errorf("cause %v", cause)
		}
		if _, err := b.cancel("nothing"); !errors.Is(err, queue.ErrLost) {
			b.Errorf("unknown: %v", err)
		}
		b.until("given back", func(_, free int) bool { return free == 1 })
	})
}

func TestCancelFromAnotherNodeComesWithTheBeat(t *testing.T) {
	run(t, func(b *bench) {
		b.enqueue(work("a"))
		w := b.worker("one", 1)
		b.next(w)
		other := queue.New(b.db)
		err := b.db.Write(b.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := other.Cancel(ctx, tx, "a")
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		w.Beat(b.Context())
		if cause := <-w.causes; !errors.Is(cause, queue.ErrCancelled) {
			b.Errorf("cause %v", cause)
		}
	})
}

func TestSoleProcessTakesOverAtOnce(t *testing.T) {
	run(t, func(b *bench) {
		b.enqueue(work("a"))
		b.next(b.worker("died", 1))
		w := b.worker("second", 1)
		b.none(w)
		w.Sole = true
		if err := w.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
		if item := b.next(w); item.Attempt != 2 {
			b.Errorf("attempt %d", item.Attempt)
		}
	})
}

func TestShutdownGivesBackWithoutCounting(t *testing.T) {
	run(t, func(b *bench) {
		w := b.worker("one", 1)
		ctx, stop := context.WithCancel(b.Context())
		var ended sync.WaitGroup
		ended.Go(func() {
			if err := w.Run(ctx); err != nil {
				b.Error(err)
			}
		})
		b.enqueue(work("a")) // wakes the runner
		<-w.started
		stop()
		ended.Wait()
		if cause := <-w.causes; !errors.Is(cause, queue.ErrShutdown) {
			b.Errorf("cause %v", cause)
		}
		if item := b.next(b.worker("two", 1)); item.Attempt != 1 {
			b.Errorf("attempt %d", item.Attempt)
		}
	})
}

func TestClaimedSharesTheTransaction(t *testing.T) {
	run(t, func(b *bench) {
		b.enqueue(work("a"))
		refuse := errors.New("not now")
		r := b.queue.NewRunner(queue.Config{Owner: "one", Kinds: []queue.Kind{{
			Name:    "test:work",
			Claimed: func(context.Context, *db.Tx, queue.Item) error { return refuse },
			Run:     func(context.Context, queue.Item) error { b.Error("performed"); return nil },
		}}})
		r.Pass(b.Context())
		b.until("not claimed", func(_, free int) bool { return free == 1 })
	})
}
