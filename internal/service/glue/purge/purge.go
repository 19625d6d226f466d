// Package purge removes what was deleted. Deleting a database or a table takes
// its row away, so that everything below becomes unreachable at once, and leaves
// a tombstone with its id. The purger works through the tombstones piece by
// piece, in short transactions, so that writers never wait long; a restart
// goes on where the last piece ended.
package purge

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/bindery-project/bindery/internal/db"
)

// The kinds of tombstones.
const (
	Database = "database"
	Table    = "table"
)

// Step removes some rows below the id and reports whether none is left. It
// runs in a transaction of its own and may run again.
type Step func(ctx context.Context, tx *db.Tx, id int64) (done bool, err error)

// Purger removes what tombstones name.
type Purger struct {
	Store *db.DB
	Log   *slog.Logger
	Steps map[string][]Step // by kind, in order

	wake chan struct{}
	stop context.CancelFunc
	done sync.WaitGroup
}

// pollEvery is how often tombstones of other nodes, and those that failed, are
// looked for.
const pollEvery = time.Minute

// New returns a purger that sleeps until Start.
func New(store *db.DB, log *slog.Logger) *Purger {
	return &Purger{Store: store, Log: log, Steps: map[string][]Step{}, wake: make(chan struct{}, 1)}
}

// Bury leaves a tombstone in the transaction that deletes.
func (p *Purger) Bury(ctx context.Context, tx *db.Tx, kind string, id int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO glue_tombstone (id, kind, at) VALUES (?, ?, ?)`, id, kind, tx.Now())
	tx.OnCommit(p.nudge)
	return err
}

func (p *Purger) nudge() {
	select {
	case p.wake <- struct{}{}:
	default: // it is awake already
	}
}

// Start begins with what an earlier run has left.
func (p *Purger) Start() {
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	p.done.Go(func() { p.loop(ctx) })
}

// Close waits for the piece at hand.
func (p *Purger) Close() error {
	if p.stop != nil {
		p.stop()
	}
	p.done.Wait()
	return nil
}

func (p *Purger) loop(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := p.Drain(ctx); err != nil && ctx.Err() == nil {
			p.Log.WarnContext(ctx, "deleted catalog entries could not be removed", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-p.wake:
		case <-tick.C:
		}
	}
}

// Drain removes everything that is buried, until nothing is left.
func (p *Purger) Drain(ctx context.Context) error {
	for ctx.Err() == nil {
		kind, id, err := p.next(ctx)
		if errors.Is(err, db.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := p.remove(ctx, kind, id); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (p *Purger) next(ctx context.Context) (kind string, id int64, err error) {
	err = p.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.QueryRow(ctx, `SELECT kind, id FROM glue_tombstone ORDER BY id LIMIT 1`).Scan(&kind, &id)
	})
	return kind, id, err
}

func (p *Purger) remove(ctx context.Context, kind string, id int64) error {
	for _, step := range p.Steps[kind] {
		for done := false; !done; {
			err := p.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
				done, err = step(ctx, tx, id)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return p.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM glue_tombstone WHERE id = ?`, id)
		return err
	})
}
