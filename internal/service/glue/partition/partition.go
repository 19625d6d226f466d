// Package partition holds the partitions of tables. partition.go has the life
// of one, batch.go of many at once, list.go GetPartitions. document.go tells how
// a partition is stored so that a page of them is copied and not decoded.
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
}

// Partitions answers the operations about partitions.
type Partitions struct {
	Store  *db.DB
	Pages  terms.Pages
	Tables Tables

	descriptors descriptors
}

// target is the table that a call is about.
type target struct {
	account, database, name string

	id     int64
	layout partkey.Layout
}

func newTarget(call *op.Call, catalog *string, database, table string) (*target, error) {
	account, err := terms.Account(call, catalog)
	return &target{account: account, database: arn.Fold(database), name: arn.Fold(table)}, err
}

// find looks the table up in the call's transaction.
func (p *Partitions) find(ctx context.Context, tx *db.Tx, t *target) (err error) {
	t.id, t.layout, err = p.Tables.Layout(ctx, tx, t.account, t.database, t.name)
	return err
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
		if err := p.find(ctx, tx, t); err != nil {
			return err
		}
		if err := t.check(d.values); err != nil {
			return err
		}
		created, err := p.insert(ctx, tx, t, d)
		if err == nil && !created {
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
		if err := p.find(ctx, tx, t); err != nil {
			return err
		}
		if err := t.check(in.PartitionValues); err != nil {
			return err
		}
		return remove(ctx, tx, t, in.PartitionValues)
	})
	return &glueapi.DeletePartitionOutput{}, err
}
