package partindex

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/glue/partkey"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
	"github.com/bindery-project/bindery/internal/work/queue"
)

// An index that is being created or deleted has an item in the queue. Its work
// is done in pieces, each a transaction that reads what the index's state is and
// how far the last piece came: a restart, or two nodes at once, change nothing.

const (
	kindName = "glue:partition-index"
	atOnce   = 2   // indexes that are worked on at once on one node
	piece    = 500 // partitions of one transaction: a few milliseconds of other writers' time

	keptPartitions = 10 // that are named of those with one problem
)

// Kind is how the queue fills and empties indexes.
func Kind(x *Indexes) queue.Kind { return queue.Kind{Name: kindName, Limit: atOnce, Run: x.perform} }

// task is an item's payload.
type task struct{ Table, Index int64 }

func (x *Indexes) enqueue(ctx context.Context, tx *db.Tx, r *record) error {
	payload, err := json.Marshal(task{r.table, r.id})
	if err != nil {
		return err
	}
	id := fmt.Sprintf("partition-index/%d/%s", r.id, r.Status)
	return x.Queue.Enqueue(ctx, tx, queue.Item{ID: id, Kind: kindName, Account: terms.Owner(r.Account), Payload: payload})
}

// perform works on an index until nothing is left to do.
func (x *Indexes) perform(ctx context.Context, item queue.Item) error {
	var t task
	if err := json.Unmarshal(item.Payload, &t); err != nil {
		return fmt.Errorf("payload of %s: %w", item.ID, err)
	}
	for done := false; !done; {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := x.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			done, err = x.step(ctx, tx, t)
			return err
		})
		if errors.Is(err, db.ErrCorrupt) {
			err = x.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return x.giveUp(ctx, tx, t) })
		}
		if err != nil {
			return err
		}
		if x.AfterPiece != nil {
			x.AfterPiece(ctx)
		}
	}
	return nil
}

// step does one piece of what the index's state asks for.
func (x *Indexes) step(ctx context.Context, tx *db.Tx, t task) (done bool, err error) {
	r, err := find(ctx, tx, t.Table, t.Index)
	if err != nil {
		return false, err
	}
	if r == nil {
		return purge(ctx, tx, t.Index)
	}
	switch r.Status {
	case glueapi.PartitionIndexStatusCreating:
		return x.fill(ctx, tx, r)
	case glueapi.PartitionIndexStatusDeleting:
		if done, err = purge(ctx, tx, t.Index); err == nil && done {
			err = r.remove(ctx, tx)
		}
		return done, err
	case glueapi.PartitionIndexStatusFailed:
		return purge(ctx, tx, t.Index)
	}
	return true, nil
}

// fill enters some partitions. The index is in use, or has failed, with the
// last of them.
func (x *Indexes) fill(ctx context.Context, tx *db.Tx, r *record) (done bool, err error) {
	table, layout, err := x.Tables.Layout(ctx, tx, r.Account, r.Database, r.Table)
	if missing(err) || (err == nil && table != r.table) {
		return true, nil // the table is being purged, and its indexes with it
	}
	if err != nil {
		return false, err
	}
	if layout.Number != r.Backfill.Layout { // the table was empty for a moment
		r.Backfill = progress{Layout: layout.Number}
	}
	list, err := x.Partitions.After(ctx, tx, table, &layout, r.Backfill.After, piece)
	if err != nil {
		return false, err
	}
	if err := r.enter(ctx, tx, list); err != nil {
		return false, err
	}
	if len(list) == piece {
		r.Backfill.After = list[len(list)-1].Key
		r.Backfill.Seen += piece
		return false, r.keep(ctx, tx)
	}
	r.Backfill = progress{Layout: layout.Number, Seen: r.Backfill.Seen + int64(len(list))}
	if len(r.Errors) > 0 {
		return false, r.fail(ctx, tx) // its entries are still to be removed
	}
	r.Status = glueapi.PartitionIndexStatusActive
	return true, r.save(ctx, tx)
}

// enter adds the partitions that fit, and notes what is wrong with the others.
// Once something is, the index will fail, and no more are added.
func (r *record) enter(ctx context.Context, tx *db.Tx, list []partkey.Stored) error {
	for _, p := range list {
		if code := problem(r.Keys, p.Values); code != "" {
			r.note(code, p.Values)
		}
	}
	if len(r.Errors) > 0 {
		return nil
	}
	order := r.order()
	return Rows{}.Enter(ctx, tx, &order, list)
}

func (r *record) note(code string, values []string) {
	i := slices.IndexFunc(r.Errors, func(f failure) bool { return f.Code == code })
	if i < 0 {
		r.Errors, i = append(r.Errors, failure{Code: code}), len(r.Errors)
	}
	if f := &r.Errors[i]; len(f.Partitions) < keptPartitions && values != nil {
		f.Partitions = append(f.Partitions, values)
	}
}

// fail ends a creation. Of a table's failed indexes the last ones are kept.
func (r *record) fail(ctx context.Context, tx *db.Tx) error {
	r.Status = glueapi.PartitionIndexStatusFailed
	if err := r.save(ctx, tx); err != nil {
		return err
	}
	all, err := list(ctx, tx, r.table)
	if err != nil {
		return err
	}
	failed := slices.DeleteFunc(all, func(o *record) bool { return o.Status != glueapi.PartitionIndexStatusFailed })
	for _, o := range failed[:max(0, len(failed)-keptFailed)] {
		if err := o.remove(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// giveUp ends the creation of an index over a partition that cannot be read.
func (x *Indexes) giveUp(ctx context.Context, tx *db.Tx, t task) error {
	r, err := find(ctx, tx, t.Table, t.Index)
	if err != nil || r == nil || r.Status != glueapi.PartitionIndexStatusCreating {
		return err
	}
	r.note(glueapi.BackfillErrorCodeInternalError, nil)
	return r.fail(ctx, tx)
}
