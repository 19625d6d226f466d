// Package partition holds the partitions of tables. partition.go has the life
// of one, batch.go of many at once, list.go GetPartitions. document.go tells how
// a partition is stored so that a page of them is copied and not decoded; plan.go
// chooses the order in which a filtered list is read, index.go reads by an index.
package partition

import (
	"context"
	"slices"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/partkey"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Tables is what partitions need of their table.
type Tables interface {
	// Layout is the id of a table and how its partitions' keys are built, or
	// the EntityNotFoundException of the table or its database.
	Layout(ctx context.Context, tx *db.Tx, account, database, name string) (int64, partkey.Layout, error)
	// Columns is Layout and the table's columns, with the partition keys behind them.
	Columns(ctx context.Context, tx *db.Tx, account, database, name string) (int64, partkey.Layout, []glueapi.Column, error)
}

// Indexes is what partitions need of the partition indexes of their table.
type Indexes interface {
	// Live lists the indexes that partitions are entered in.
	Live(ctx context.Context, tx *db.Tx, table int64) ([]partkey.Index, error)
	// Fit refuses values that an index cannot hold, as the service words it.
	Fit(keys []partkey.Key, x *partkey.Index, values []string) error
	// Enter adds partitions, Leave removes one.
	Enter(ctx context.Context, tx *db.Tx, x *partkey.Index, list []partkey.Stored) error
	Leave(ctx context.Context, tx *db.Tx, x *partkey.Index, p partkey.Stored) error
	// Count tells how many entries there are in [from, to), at most limit.
	Count(ctx context.Context, tx *db.Tx, x *partkey.Index, from, to []byte, limit int) (int, error)
	// At lists the stored keys behind after with exactly the given entry, and
	// Within the smallest of those with entries in [from, to), in order and in
	// the given range of buckets.
	At(ctx context.Context, tx *db.Tx, x *partkey.Index, entry, after []byte, buckets [2]int, limit int) ([][]byte, error)
	Within(ctx context.Context, tx *db.Tx, x *partkey.Index, from, to, after []byte, buckets [2]int, limit int) ([][]byte, error)
}

// Partitions answers the operations about partitions.
type Partitions struct {
	Store   *db.DB
	Pages   terms.Pages
	Tables  Tables
	Indexes Indexes
	Limits  Limits
	// Bury drops what others keep about a partition that is deleted, by its stored key.
	Bury func(ctx context.Context, tx *db.Tx, table, layout int64, key []byte) error

	descriptors descriptors
}

// target is the table that a call is about.
type target struct {
	account, database, name string

	id      int64
	layout  partkey.Layout
	indexes []partkey.Index // when they were asked for
}

func newTarget(call *op.Call, catalog *string, database, table string) (*target, error) {
	account, err := terms.Catalog(call, catalog)
	return &target{account: account, database: arn.Fold(database), name: arn.Fold(table)}, err
}

// find looks the table up in the call's transaction.
func (p *Partitions) find(ctx context.Context, tx *db.Tx, t *target) (err error) {
	t.id, t.layout, err = p.Tables.Layout(ctx, tx, t.account, t.database, t.name)
	return err
}

// findIndexed is find for calls that change partitions, or look by an index.
func (p *Partitions) findIndexed(ctx context.Context, tx *db.Tx, t *target) (err error) {
	if err = p.find(ctx, tx, t); err == nil {
		t.indexes, err = p.Indexes.Live(ctx, tx, t.id)
	}
	return err
}

// checkNew holds the values of a new partition against the table's keys and indexes.
func (p *Partitions) checkNew(t *target, values []string) error {
	if err := t.check(values); err != nil {
		return err
	}
	for i := range t.indexes {
		if err := p.Indexes.Fit(t.layout.Keys, &t.indexes[i], values); err != nil {
			return err
		}
	}
	return nil
}

// check holds values against the table's keys.
func (t *target) check(values []string) error {
	if len(values) != len(t.layout.Keys) || len(values) == 0 {
		return terms.Invalid("The number of partition keys do not match the number of partition values")
	}
	return nil
}

func exists() *glueapi.AlreadyExistsException {
	return &glueapi.AlreadyExistsException{Message: "Partition already exists."}
}

func missing() *glueapi.EntityNotFoundException {
	return &glueapi.EntityNotFoundException{Message: "Cannot find partition."}
}

// now is the time of the call, which new partitions are created at: documents
// are made before their transaction begins, so that other writers do not wait.
func now(call *op.Call) op.Millis { return op.Millis(clock.Millis(call.Now)) }

// CreatePartition makes a partition.
func (p *Partitions) CreatePartition(ctx context.Context, in *glueapi.CreatePartitionInput) (*glueapi.CreatePartitionOutput, error) {
	call := op.CallFrom(ctx)
	t, err := newTarget(call, in.CatalogId, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	d, err := newDocument(t.account, in.PartitionInput, now(call))
	if err != nil {
		return nil, err
	}
	err = p.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		failed, err := p.insertAll(ctx, tx, t, []*document{d})
		if err == nil && len(failed) > 0 {
			return exists()
		}
		return err
	})
	return &glueapi.CreatePartitionOutput{}, err
}

// GetPartition reads a partition.
func (p *Partitions) GetPartition(ctx context.Context, in *glueapi.GetPartitionInput) (*glueapi.GetPartitionOutput, error) {
	t, err := newTarget(op.CallFrom(ctx), in.CatalogId, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	out := &glueapi.GetPartitionOutput{}
	err = p.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := p.find(ctx, tx, t); err != nil {
			return err
		}
		if err := t.check(in.PartitionValues); err != nil {
			return err
		}
		r, err := load(ctx, tx, t, in.PartitionValues)
		if err != nil {
			return err
		}
		w, err := p.newWriter(t, false)
		if err != nil {
			return err
		}
		if err := w.load(ctx, tx, r); err != nil {
			return err
		}
		out.RawPartition = w.documents()[0]
		return nil
	})
	if err != nil {
		return nil, err
	}
	if terms.WantsStructs(ctx) {
		out.Partition, err = terms.Parse[glueapi.Partition](glueapi.ShapePartition, out.RawPartition)
		out.RawPartition = nil
	}
	return out, err
}

// UpdatePartition replaces a partition's definition. Its values are its
// identity and stay.
func (p *Partitions) UpdatePartition(ctx context.Context, in *glueapi.UpdatePartitionInput) (*glueapi.UpdatePartitionOutput, error) {
	t, err := newTarget(op.CallFrom(ctx), in.CatalogId, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	if err := sameValues(in.PartitionValueList, in.PartitionInput); err != nil {
		return nil, err
	}
	err = p.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := p.find(ctx, tx, t); err != nil {
			return err
		}
		if err := t.check(in.PartitionValueList); err != nil {
			return err
		}
		return p.update(ctx, tx, t, in.PartitionValueList, in.PartitionInput)
	})
	return &glueapi.UpdatePartitionOutput{}, err
}

func sameValues(values []string, in *glueapi.PartitionInput) error {
	if in.Values != nil && !slices.Equal(values, in.Values) {
		return terms.Invalid("The Values property can't be changed. Delete and recreate the partition instead.")
	}
	return nil
}

// DeletePartition deletes a partition. The data stay.
func (p *Partitions) DeletePartition(ctx context.Context, in *glueapi.DeletePartitionInput) (*glueapi.DeletePartitionOutput, error) {
	t, err := newTarget(op.CallFrom(ctx), in.CatalogId, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	err = p.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := p.findIndexed(ctx, tx, t); err != nil {
			return err
		}
		if err := t.check(in.PartitionValues); err != nil {
			return err
		}
		return p.remove(ctx, tx, t, in.PartitionValues)
	})
	return &glueapi.DeletePartitionOutput{}, err
}
