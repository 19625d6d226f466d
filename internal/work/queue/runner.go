package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/bindery-project/bindery/internal/db"
)

// Kind tells how one sort of item is performed.
type Kind struct {
	Name  string
	Limit int // how many run at once on this node; 0 means 1

	// Claimed, when set, stores that an item starts, in the transaction that claims it.
	// It runs with the store's writer: it calls nothing outside.
	Claimed func(ctx context.Context, tx *db.Tx, item Item) error

	// Run performs an item. nil means it is finished: what it did not settle itself is
	// removed then. After an error or a panic the item is performed again, later, with
	// the next Attempt. When ctx ends, context.Cause tells why: ErrCancelled (store that
	// outcome, with a context of context.WithoutCancel), ErrLost and ErrShutdown (return).
	Run func(ctx context.Context, item Item) error
}

// Config says how a runner works.
type Config struct {
	Kinds []Kind
	Owner string // this process: a fresh random id
	// Sole says that no other process works on this store (SQLite and its lock): leases
	// that an earlier process left are ended at the start, not waited for.
	Sole  bool
	Lease time.Duration // how long a claim lasts without a sign of life; 0 = 15 s
	Poll  time.Duration // how often to look for work of other nodes; 0 = 1 s
	Log   *slog.Logger
}

const (
	defaultLease = 15 * time.Second
	defaultPoll  = time.Second
	firstPause   = time.Second     // before the second attempt; doubles
	longestPause = 5 * time.Minute // between attempts
)

// Runner performs items of some kinds in this process.
type Runner struct {
	Config
	queue *Queue
	woken chan struct{}
	done  sync.WaitGroup

	mu     sync.Mutex
	active map[string]*activity // by item id
	counts map[string]int       // by kind
}

// activity is an item that is being performed.
type activity struct {
	item Item
	stop context.CancelCauseFunc
}

// NewRunner returns a runner; it does nothing before Run.
func (q *Queue) NewRunner(c Config) *Runner {
	if c.Lease == 0 {
		c.Lease = defaultLease
	}
	if c.Poll == 0 {
		c.Poll = defaultPoll
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Runner{Config: c, queue: q, woken: make(chan struct{}, 1), active: map[string]*activity{}, counts: map[string]int{}}
}

// Run works until ctx ends, then stops what runs (ErrShutdown), waits for it and gives it
// back. Performers must heed their contexts. The error is the store's, at the start.
func (r *Runner) Run(ctx context.Context) error {
	if err := r.Start(ctx); err != nil {
		return err
	}
	defer r.finish()
	poll, beat := time.NewTicker(r.Poll), time.NewTicker(r.Lease/3)
	defer poll.Stop()
	defer beat.Stop()
	for {
		r.Pass(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-beat.C:
			r.Beat(ctx)
		case <-poll.C:
		case <-r.woken:
		}
	}
}

// Start joins the queue and, on a store of its own, ends the leases of earlier processes.
// Run calls it; tests that drive Pass and Beat themselves do too.
func (r *Runner) Start(ctx context.Context) error {
	if r.Sole {
		if err := r.queue.db.Write(ctx, r.queue.orphan); err != nil {
			return fmt.Errorf("take over the work of the last process: %w", err)
		}
	}
	r.queue.join(r, true)
	return nil
}

func (r *Runner) finish() {
	r.queue.join(r, false)
	for _, a := range r.running() {
		a.stop(ErrShutdown)
	}
	r.done.Wait()
}

// Wake has Run look for work now.
func (r *Runner) Wake() {
	select {
	case r.woken <- struct{}{}:
	default:
	}
}

// Pass claims what is due and free to run, and starts it.
func (r *Runner) Pass(ctx context.Context) {
	for i := range r.Kinds {
		for r.free(&r.Kinds[i]) && r.next(ctx, &r.Kinds[i]) {
		}
	}
}

func (r *Runner) free(k *Kind) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts[k.Name] < max(k.Limit, 1)
}

// next claims and starts one item. It reports whether there was one.
func (r *Runner) next(ctx context.Context, k *Kind) bool {
	if !r.pending(ctx, k) {
		return false
	}
	var item Item
	err := r.queue.db.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if item, err = r.queue.claim(ctx, tx, k.Name, r.Owner, r.Lease); err != nil || k.Claimed == nil {
			return err
		}
		return k.Claimed(ctx, tx, item)
	})
	switch {
	case err == nil:
		r.begin(ctx, k, item)
		return true
	case errors.Is(err, db.ErrNotFound) || ctx.Err() != nil:
		return false
	}
	r.Log.Error("work could not be claimed", "kind", k.Name, "item", item.ID, "error", err)
	err = r.queue.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return r.queue.postpone(ctx, tx, item.ID) })
	return err == nil // the others need not wait
}

// pending looks without the writer whether a claim would find anything.
func (r *Runner) pending(ctx context.Context, k *Kind) bool {
	var one int
	err := r.queue.db.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.QueryRow(ctx, `SELECT 1 FROM work_item WHERE kind = ? AND due <= ? LIMIT 1`, k.Name, tx.Now()).Scan(&one)
	})
	return err == nil
}

// begin performs an item in a goroutine of its own. Its context outlives the runner's
// until finish stops it, so that it learns the cause.
func (r *Runner) begin(ctx context.Context, k *Kind, item Item) {
	ctx, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	r.mu.Lock()
	r.active[item.ID] = &activity{item: item, stop: stop}
	r.counts[k.Name]++
	r.mu.Unlock()
	if item.ended != nil {
		stop(item.ended)
	}
	r.done.Go(func() {
		err := r.perform(ctx, k, item)
		r.end(ctx, item, err)
		stop(nil)
		r.mu.Lock()
		delete(r.active, item.ID)
		r.counts[k.Name]--
		r.mu.Unlock()
		r.Wake()
	})
}

// perform calls Run. A panic becomes an error: one item must not end the server.
func (r *Runner) perform(ctx context.Context, k *Kind, item Item) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v\n%s", fault, debug.Stack())
		}
	}()
	if item.ended != nil && !errors.Is(item.ended, ErrCancelled) {
		return item.ended
	}
	return k.Run(ctx, item)
}

// end removes a finished item or gives it back.
func (r *Runner) end(ctx context.Context, item Item, failed error) {
	cause := context.Cause(ctx)
	ctx = context.WithoutCancel(ctx)
	err := r.queue.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		switch {
		case errors.Is(cause, ErrShutdown) && failed != nil:
			return r.queue.release(ctx, tx, item, 0, false)
		case failed != nil:
			return r.queue.release(ctx, tx, item, pause(item.Attempt), true)
		}
		err := r.queue.Settle(ctx, tx, item)
		if errors.Is(err, ErrLost) {
			return nil // settled by its performer
		}
		return err
	})
	if failed != nil && !errors.Is(cause, ErrShutdown) {
		r.Log.Error("work failed and will be tried again", "kind", item.Kind, "item", item.ID, "attempt", item.Attempt, "error", failed)
	}
	if err != nil {
		r.Log.Error("the end of work could not be stored", "kind", item.Kind, "item", item.ID, "error", err)
	}
}

// pause is how long to wait after an attempt that failed.
func pause(attempt int) time.Duration {
	p := firstPause
	for range attempt - 1 {
		if p *= 2; p >= longestPause {
			return longestPause
		}
	}
	return p
}

// Beat prolongs the leases of what runs, and stops what was cancelled or lost.
func (r *Runner) Beat(ctx context.Context) {
	for _, a := range r.running() {
		var cancelled bool
		err := r.queue.db.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			cancelled, err = r.queue.prolong(ctx, tx, a.item, r.Lease)
			return err
		})
		switch {
		case errors.Is(err, ErrLost):
			a.stop(ErrLost)
		case err != nil && ctx.Err() == nil:
			r.Log.Error("a lease could not be prolonged", "kind", a.item.Kind, "item", a.item.ID, "error", err)
		case cancelled:
			a.stop(ErrCancelled)
		}
	}
}

func (r *Runner) running() []*activity {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]*activity, 0, len(r.active))
	for _, a := range r.active {
		out = append(out, a)
	}
	return out
}

func (r *Runner) interrupt(id string, cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a := r.active[id]; a != nil {
		a.stop(cause)
	}
}
