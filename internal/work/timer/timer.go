// Package timer has something done at the times of a schedule, once for each, over
// restarts and several nodes.
//
// An armed timer is one item of the work queue that is not due before its time. When it
// fires, one transaction takes the item from the queue and calls [Timers.Fire], which does
// what is due and arms the timer again; so a firing has happened with all that it did, or
// will happen again. Times that pass while no server runs are made up for by one firing,
// late.
//
// The owner of a timer keeps the id that [Timers.Arm] returns with its own state, in the
// same transaction, and does nothing for a [Firing] with another id: that one was armed by
// a schedule which has been changed since.
package timer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/work/queue"
	"github.com/bindery-project/bindery/internal/work/schedule"
)

// Timers are those of one kind of owner. All members must be set.
type Timers struct {
	DB    *db.DB
	Queue *queue.Queue
	Kind  string // of the queue's items: "glue:statistics-schedule"
	NewID func() string
	// Fire does what is due. It runs in a transaction and may run again: it calls nothing outside.
	Fire func(ctx context.Context, tx *db.Tx, f Firing) error
}

// Firing is a timer that has come due.
type Firing struct {
	ID      string // as Arm returned it
	Account string
	Key     string    // whose timer it is
	Due     time.Time // when it was to fire; Tx.Now tells when it does
}

// Arm has the timer fire at the schedule's next time after the transaction's. The id is
// empty when there is none.
func (t *Timers) Arm(ctx context.Context, tx *db.Tx, account, key string, e schedule.Expression) (id string, err error) {
	due, ok := e.Next(tx.Now())
	if !ok {
		return "", nil
	}
	id = t.NewID()
	err = t.Queue.Enqueue(ctx, tx, queue.Item{
		ID: t.Kind + ":" + id, Kind: t.Kind, Account: account, Due: due,
		Payload: []byte(id + " " + strconv.FormatInt(clock.Millis(due), 10) + " " + key),
	})
	return id, err
}

// Disarm takes a timer back. One that has fired or is firing is no error: its owner knows
// the id no more.
func (t *Timers) Disarm(ctx context.Context, tx *db.Tx, id string) error {
	if id == "" {
		return nil
	}
	_, err := t.Queue.Cancel(ctx, tx, t.Kind+":"+id)
	if errors.Is(err, queue.ErrLost) {
		return nil
	}
	return err
}

// Work tells the queue's runner how timers fire.
func (t *Timers) Work() queue.Kind { return queue.Kind{Name: t.Kind, Run: t.perform} }

func (t *Timers) perform(ctx context.Context, item queue.Item) error {
	f, err := firing(item)
	if err != nil {
		return err
	}
	err = t.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := t.Queue.Settle(ctx, tx, item); err != nil {
			return err
		}
		return t.Fire(ctx, tx, f)
	})
	if errors.Is(context.Cause(ctx), queue.ErrCancelled) {
		return nil // disarmed meanwhile: the runner removes the item
	}
	return err
}

func firing(item queue.Item) (Firing, error) {
	words := strings.SplitN(string(item.Payload), " ", 3)
	if len(words) != 3 {
		return Firing{}, fmt.Errorf("timer %s has the payload %q", item.ID, item.Payload)
	}
	due, err := strconv.ParseInt(words[1], 10, 64)
	if err != nil {
		return Firing{}, fmt.Errorf("timer %s: %w", item.ID, err)
	}
	return Firing{ID: words[0], Account: item.Account, Key: words[2], Due: clock.FromMillis(due)}, nil
}
