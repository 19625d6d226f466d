package optimizer

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Stored lists the tables of this package, for fsck.
func Stored() []db.StoredTable {
	return []db.StoredTable{{Name: "glue_table_optimizer", KeyColumns: []string{"table_id", "type"}, Documents: []string{"doc"}}}
}

// row is a stored optimizer. It belongs to the table's id: another table that
// takes the name of a deleted one has none of its optimizers.
type row struct {
	target
	id     int64 // of the table
	doc    glueapi.TableOptimizerConfiguration
	stored []byte
}

func (r *row) place() db.Place { return db.At("glue_table_optimizer", r.id, r.kind) }

// answer is the optimizer as clients see it. It has never run.
func (r *row) answer() *glueapi.TableOptimizer {
	return &glueapi.TableOptimizer{Type: &r.kind, Configuration: &r.doc, ConfigurationSource: new("table")}
}

// find reads the optimizer of the row's table and type. The error is an
// EntityNotFoundException.
func (r *row) find(ctx context.Context, tx *db.Tx) error {
	err := tx.QueryRow(ctx, `SELECT doc FROM glue_table_optimizer WHERE table_id = ? AND type = ?`, r.id, r.kind).Scan(&r.stored)
	if errors.Is(err, db.ErrNotFound) {
		return terms.NotFound("Table optimizer of type %s not found for table %s.", r.kind, r.name)
	}
	if err != nil {
		return err
	}
	return db.Decode(r.place(), r.stored, &r.doc)
}

// create stores a new optimizer. The error is db.ErrExists.
func (r *row) create(ctx context.Context, tx *db.Tx) (err error) {
	if r.stored, err = db.Encode(r.place(), &r.doc); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO glue_table_optimizer (table_id, type, doc) VALUES (?, ?, ?)`, r.id, r.kind, r.stored); err != nil {
		return err
	}
	return r.record(ctx, tx, nil, r.stored)
}

// save stores an optimizer that was found before and changed.
func (r *row) save(ctx context.Context, tx *db.Tx) (err error) {
	before := r.stored
	if r.stored, err = db.Encode(r.place(), &r.doc); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE glue_table_optimizer SET doc = ? WHERE table_id = ? AND type = ?`, r.stored, r.id, r.kind); err != nil {
		return err
	}
	return r.record(ctx, tx, before, r.stored)
}

func (r *row) remove(ctx context.Context, tx *db.Tx) error {
	if _, err := tx.Exec(ctx, `DELETE FROM glue_table_optimizer WHERE table_id = ? AND type = ?`, r.id, r.kind); err != nil {
		return err
	}
	return r.record(ctx, tx, r.stored, nil)
}

func (r *row) record(ctx context.Context, tx *db.Tx, before, after []byte) error {
	return tx.Record(ctx, db.Change{
		Account: r.account, Kind: "glue:tableOptimizer", Key: terms.Key(r.database, r.name, r.kind), Before: before, After: after,
	})
}

// PurgeTable removes the optimizers of a deleted table: three at most.
func PurgeTable(ctx context.Context, tx *db.Tx, id int64) (done bool, err error) {
	_, err = tx.Exec(ctx, `DELETE FROM glue_table_optimizer WHERE table_id = ?`, id)
	return true, err
}
