package table

import (
	"context"
	"slices"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/glue/partkey"
)

// Indexes is what tables need of their partition indexes.
type Indexes interface {
	// Found makes the indexes of a new table, or says which of AWS's rules they break.
	Found(ctx context.Context, tx *db.Tx, account, database, name string, table int64, keys []partkey.Key, in []glueapi.PartitionIndex) error
	// AllowKeys refuses to change partition keys that an index depends on.
	AllowKeys(ctx context.Context, tx *db.Tx, table int64, before, after []partkey.Key) error
	// AllowDelete refuses to delete a table with an index that is being created.
	AllowDelete(ctx context.Context, tx *db.Tx, table int64) error
}

// createIndexed stores a new table with its indexes.
func (t *Tables) createIndexed(ctx context.Context, tx *db.Tx, r *row, doc *glueapi.Table, indexes []glueapi.PartitionIndex) error {
	if err := r.create(ctx, tx, doc); err != nil || len(indexes) == 0 {
		return err
	}
	return t.Indexes.Found(ctx, tx, r.catalog, r.database, r.name, r.id, keys(doc), indexes)
}

// allowKeys refuses new partition keys for the sake of an index.
func (t *Tables) allowKeys(ctx context.Context, tx *db.Tx, r *row, before, after []partkey.Key) error {
	if slices.Equal(before, after) {
		return nil
	}
	return t.Indexes.AllowKeys(ctx, tx, r.id, before, after)
}
