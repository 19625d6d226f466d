// Package partition holds the partitions of tables.
package partition

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/partkey"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Tables is what partitions need of their table.
type Tables interface {
	// Layout is the id of a table and how its partitions' keys are built.
	Layout(ctx context.Context, tx *db.Tx, account, database, name string) (int64, partkey.Layout, error)
}

// Partitions answers the operations about partitions.
type Partitions struct {
	Store  *db.DB
	Pages  terms.Pages
	Tables Tables
}

// Rows is what other resources see of the stored partitions.
type Rows struct{}

// Any reports whether the table with the given id has a partition.
func (Rows) Any(ctx context.Context, tx *db.Tx, id int64) (bool, error) {
	var layout int64
	err := tx.QueryRow(ctx, `SELECT layout FROM glue_partition WHERE table_id = ? LIMIT 1`, id).Scan(&layout)
	if errors.Is(err, db.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

var _ = op.CallFrom
