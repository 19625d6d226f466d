// Package partindex holds the partition indexes of tables: other orders of their
// partitions, by which GetPartitions finds few among many. partindex.go has the
// operations, backfill.go how an index is filled and emptied in the background,
// rules.go what AWS demands, store.go the SQL, rows.go what partitions use.
//
// An index is CREATING until all partitions are in it, then ACTIVE, or FAILED
// when some cannot be; it is DELETING until its entries are gone. From its
// creation on, writers of partitions keep its entries themselves, so that the
// backfill has to visit each partition once, and GetPartitions trusts it when it
// is ACTIVE. An index never changes what GetPartitions answers.
package partindex

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/partkey"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
	"github.com/bindery-project/bindery/internal/work/queue"
)

// Tables is what indexes need of their table.
type Tables interface {
	// Layout is the id of a table and how its partitions' keys are built, or
	// the EntityNotFoundException of the table or its database.
	Layout(ctx context.Context, tx *db.Tx, account, database, name string) (int64, partkey.Layout, error)
}

// Partitions is what the backfill reads.
type Partitions interface {
	// After lists up to limit partitions of a table behind a stored key, in order.
	After(ctx context.Context, tx *db.Tx, table int64, layout *partkey.Layout, key []byte, limit int) ([]partkey.Stored, error)
}

// Indexes answers the operations about partition indexes.
type Indexes struct {
	Store      *db.DB
	Queue      *queue.Queue
	NewID      func() int64 // random and positive
	Tables     Tables
	Partitions Partitions
	// AfterPiece, when set, is called after each piece of work in the background.
	AfterPiece func(ctx context.Context)
}

// CreatePartitionIndex makes an index and has it filled.
func (x *Indexes) CreatePartitionIndex(ctx context.Context, in *glueapi.CreatePartitionIndexInput) (*glueapi.CreatePartitionIndexOutput, error) {
	at, err := place(ctx, in.CatalogId, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	id := x.NewID()
	err = x.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		table, layout, err := x.Tables.Layout(ctx, tx, at.account, at.database, at.table)
		if err != nil {
			return err
		}
		all, err := list(ctx, tx, table)
		if err != nil {
			return err
		}
		r, err := newRecord(at, layout.Keys, in.PartitionIndex)
		if err != nil {
			return err
		}
		r.table, r.id = table, id
		if err := mayCreate(all, r); err != nil {
			return err
		}
		r.Status = glueapi.PartitionIndexStatusCreating
		if err := r.create(ctx, tx); err != nil {
			return err
		}
		return x.enqueue(ctx, tx, r)
	})
	return &glueapi.CreatePartitionIndexOutput{}, err
}

// GetPartitionIndexes lists a table's indexes by name. There are few, so a
// page is the whole list, and no token is ever given.
func (x *Indexes) GetPartitionIndexes(ctx context.Context, in *glueapi.GetPartitionIndexesInput) (*glueapi.GetPartitionIndexesOutput, error) {
	at, err := place(ctx, in.CatalogId, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	if in.NextToken != nil && *in.NextToken != "" {
		return nil, terms.Invalid("Invalid NextToken.")
	}
	var all []*record
	err = x.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		table, _, err := x.Tables.Layout(ctx, tx, at.account, at.database, at.table)
		if err == nil {
			all, err = list(ctx, tx, table)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b *record) int { return strings.Compare(a.Name, b.Name) })
	out := &glueapi.GetPartitionIndexesOutput{PartitionIndexDescriptorList: []glueapi.PartitionIndexDescriptor{}}
	for _, r := range all {
		out.PartitionIndexDescriptorList = append(out.PartitionIndexDescriptorList, r.descriptor())
	}
	return out, nil
}

// DeletePartitionIndex takes an index out of use and has its entries removed.
func (x *Indexes) DeletePartitionIndex(ctx context.Context, in *glueapi.DeletePartitionIndexInput) (*glueapi.DeletePartitionIndexOutput, error) {
	at, err := place(ctx, in.CatalogId, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	err = x.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		table, _, err := x.Tables.Layout(ctx, tx, at.account, at.database, at.table)
		if err != nil {
			return err
		}
		all, err := list(ctx, tx, table)
		if err != nil {
			return err
		}
		r, err := mayDelete(all, in.IndexName)
		if err != nil {
			return err
		}
		r.Status = glueapi.PartitionIndexStatusDeleting
		if err := r.save(ctx, tx); err != nil {
			return err
		}
		return x.enqueue(ctx, tx, r)
	})
	return &glueapi.DeletePartitionIndexOutput{}, err
}

// location names a table.
type location struct{ account, database, table string }

func place(ctx context.Context, catalog *string, database, table string) (location, error) {
	account, err := terms.Catalog(op.CallFrom(ctx), catalog)
	return location{account, arn.Fold(database), arn.Fold(table)}, err
}

// Found makes the indexes of a new table. It has no partitions yet, so they are
// in use at once.
func (x Rows) Found(ctx context.Context, tx *db.Tx, account, database, name string, table int64, keys []partkey.Key, in []glueapi.PartitionIndex) error {
	var all []*record
	for i := range in {
		r, err := newRecord(location{account, database, name}, keys, &in[i])
		if err != nil {
			return err
		}
		r.table, r.id, r.Status = table, x.NewID(), glueapi.PartitionIndexStatusActive
		if err := mayCreate(all, r); err != nil {
			return err
		}
		if err := r.create(ctx, tx); err != nil {
			return err
		}
		all = append(all, r)
	}
	return nil
}

// missing reports whether an error says that the table or its database is gone.
func missing(err error) bool {
	var absent *glueapi.EntityNotFoundException
	return errors.As(err, &absent)
}
