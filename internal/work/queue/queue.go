package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
)

// Item is one piece of work.
type Item struct {
	ID      string // unique among all kinds
	Kind    string // who performs it: "athena:query"
	Account string
	Payload []byte    // the kind's own; stored in clear
	Due     time.Time // not to be started before; zero means at once

	// The runner sets these.
	Attempt int // 1 for the first claim
	Created time.Time
	owner   string
	ended   error // why it must not start: cancelled while nobody performed it, or damaged
}

var (
	// ErrExists says that an item with this id is queued or running.
	ErrExists = errors.New("queue: item exists")
	// ErrLost is the answer to a runner whose item now belongs to another, or to nobody.
	ErrLost = errors.New("queue: the item was taken away")
	// ErrCancelled is the cause of a context that ended because of [Queue.Cancel].
	ErrCancelled = errors.New("queue: the item was cancelled")
	// ErrShutdown is the cause of a context that ended with its runner. The item is
	// performed again by the next one, and this claim is not counted.
	ErrShutdown = errors.New("queue: the runner is stopping")
)

// Queue is the door for those who order work. It is safe for concurrent use.
type Queue struct {
	db *db.DB

	mu      sync.Mutex
	runners map[*Runner]struct{}
}

// New returns the queue of a store.
func New(d *db.DB) *Queue { return &Queue{db: d, runners: map[*Runner]struct{}{}} }

// place is where an item's payload is stored.
func place(id string) db.Place { return db.At("work_item", id) }

// Tables tells fsck where the package keeps documents.
func Tables() []db.StoredTable {
	return []db.StoredTable{{Name: "work_item", KeyColumns: []string{"id"}, Documents: []string{"doc"}}}
}

// Enqueue stores an item. Runners of this process look at once after the commit, others
// within their poll interval. The error is ErrExists, and then tx goes on.
func (q *Queue) Enqueue(ctx context.Context, tx *db.Tx, item Item) error {
	due := item.Due
	if due.IsZero() {
		due = tx.Now()
	}
	n, err := tx.Exec(ctx, `INSERT INTO work_item (id, kind, account, due, owner, attempts, cancelled, created, doc)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
		item.ID, item.Kind, item.Account, due, "", 0, false, tx.Now(), db.EncodeBytes(place(item.ID), item.Payload))
	if err != nil {
		return fmt.Errorf("enqueue %s %s: %w", item.Kind, item.ID, err)
	}
	if n == 0 {
		return ErrExists
	}
	tx.OnCommit(q.wake)
	return nil
}

// Cancel takes back an item. One that waits is removed: removed is true, and the caller
// stores the outcome in the same transaction. One that runs has its context cancelled with
// ErrCancelled, soon; its performer stores the outcome. An unknown item is ErrLost.
func (q *Queue) Cancel(ctx context.Context, tx *db.Tx, id string) (removed bool, err error) {
	n, err := tx.Exec(ctx, `DELETE FROM work_item WHERE id = ? AND owner = ?`, id, "")
	if err != nil || n == 1 {
		return n == 1, err
	}
	n, err = tx.Exec(ctx, `UPDATE work_item SET cancelled = ? WHERE id = ?`, true, id)
	if err != nil {
		return false, err
	}
	if n == 0 {
		return false, ErrLost
	}
	tx.OnCommit(func() { q.interrupt(id) })
	return false, nil
}

// Settle removes an item that its performer has finished, in the transaction that stores
// the outcome. The error is ErrLost when the item is no longer the performer's.
func (q *Queue) Settle(ctx context.Context, tx *db.Tx, item Item) error {
	n, err := tx.Exec(ctx, `DELETE FROM work_item WHERE id = ? AND owner = ? AND attempts = ?`, item.ID, item.owner, item.Attempt)
	if err == nil && n == 0 {
		err = ErrLost
	}
	if err != nil {
		return fmt.Errorf("settle %s %s: %w", item.Kind, item.ID, err)
	}
	return nil
}

// Waiting counts the items of a kind and an account that wait for a runner.
func (q *Queue) Waiting(ctx context.Context, tx *db.Tx, kind, account string) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM work_item WHERE kind = ? AND account = ? AND owner = ?`, kind, account, "").Scan(&n)
	return n, err
}

// claim takes the item of a kind that has been due for the longest, or none (ErrNotFound).
func (q *Queue) claim(ctx context.Context, tx *db.Tx, kind, owner string, lease time.Duration) (Item, error) {
	item := Item{Kind: kind, owner: owner}
	var created int64
	var stored []byte
	var cancelled bool
	err := tx.QueryRow(ctx, `UPDATE work_item SET owner = ?, due = ?, attempts = attempts + 1 WHERE id =
		(SELECT id FROM work_item WHERE kind = ? AND due <= ? ORDER BY due, created, id LIMIT 1)
		RETURNING id, account, attempts, cancelled, created, doc`,
		owner, tx.Now().Add(lease), kind, tx.Now()).Scan(&item.ID, &item.Account, &item.Attempt, &cancelled, &created, &stored)
	if err != nil {
		return item, err
	}
	item.Created = clock.FromMillis(created)
	if cancelled {
		item.ended = ErrCancelled
	}
	if item.Payload, err = db.DecodeBytes(place(item.ID), stored); err != nil {
		item.ended = err
	}
	return item, nil
}

// postpone puts an item that could not be claimed behind the others.
func (q *Queue) postpone(ctx context.Context, tx *db.Tx, id string) error {
	_, err := tx.Exec(ctx, `UPDATE work_item SET due = ? WHERE id = ? AND due <= ?`, tx.Now().Add(firstPause), id, tx.Now())
	return err
}

// prolong extends a lease. It reports whether the item was cancelled meanwhile; the error
// is ErrLost when it is not the performer's any more.
func (q *Queue) prolong(ctx context.Context, tx *db.Tx, item Item, lease time.Duration) (cancelled bool, err error) {
	err = tx.QueryRow(ctx, `UPDATE work_item SET due = ? WHERE id = ? AND owner = ? AND attempts = ? RETURNING cancelled`,
		tx.Now().Add(lease), item.ID, item.owner, item.Attempt).Scan(&cancelled)
	if errors.Is(err, db.ErrNotFound) {
		err = ErrLost
	}
	return cancelled, err
}

// release gives an item back, to be claimed after a pause. A claim that did not count
// is taken back.
func (q *Queue) release(ctx context.Context, tx *db.Tx, item Item, pause time.Duration, counted bool) error {
	attempts := item.Attempt
	if !counted {
		attempts--
	}
	_, err := tx.Exec(ctx, `UPDATE work_item SET owner = ?, due = ?, attempts = ? WHERE id = ? AND owner = ? AND attempts = ?`,
		"", tx.Now().Add(pause), attempts, item.ID, item.owner, item.Attempt)
	return err
}

// orphan ends every lease on the store at once.
func (q *Queue) orphan(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, `UPDATE work_item SET due = ? WHERE owner <> ? AND due > ?`, tx.Now(), "", tx.Now())
	return err
}

func (q *Queue) join(r *Runner, in bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if in {
		q.runners[r] = struct{}{}
	} else {
		delete(q.runners, r)
	}
}

// here lists the runners of this process.
func (q *Queue) here() []*Runner {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := make([]*Runner, 0, len(q.runners))
	for r := range q.runners {
		out = append(out, r)
	}
	return out
}

func (q *Queue) wake() {
	for _, r := range q.here() {
		r.Wake()
	}
}

func (q *Queue) interrupt(id string) {
	for _, r := range q.here() {
		r.interrupt(id, ErrCancelled)
	}
}
