package connection

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// row is a stored connection.
type row struct {
	account string
	doc     glueapi.Connection
	stored  []byte // sealed
}

func (r *row) name() string { return *r.doc.Name }

// Stored lists the tables of this package, for fsck.
func Stored() []db.StoredTable {
	return []db.StoredTable{{Name: "glue_connection", KeyColumns: []string{"account", "name"}, Documents: []string{"doc"}}}
}

func place(account, name string) db.Place { return db.At("glue_connection", account, name) }

// find reads a connection. The error is an EntityNotFoundException.
func find(ctx context.Context, tx *db.Tx, keys db.Sealer, account, name string) (*row, error) {
	r := &row{account: account}
	err := tx.QueryRow(ctx, `SELECT doc FROM glue_connection WHERE account = ? AND name = ?`, account, name).Scan(&r.stored)
	if errors.Is(err, db.ErrNotFound) {
		return nil, terms.NotFound("Connection %s not found.", name)
	}
	if err != nil {
		return nil, err
	}
	return r, db.DecodeSealed(place(account, name), r.stored, &r.doc, keys)
}

// Exists reports whether an account has a connection of that name.
func Exists(ctx context.Context, tx *db.Tx, account, name string) (bool, error) {
	var one int
	err := tx.QueryRow(ctx, `SELECT 1 FROM glue_connection WHERE account = ? AND name = ?`, account, name).Scan(&one)
	if errors.Is(err, db.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func names(ctx context.Context, tx *db.Tx, account, after string, limit int) ([]string, error) {
	return terms.Texts(ctx, tx, `SELECT name FROM glue_connection WHERE account = ? AND name > ? ORDER BY name LIMIT ?`, account, after, limit)
}

// checkQuota looks for the last connection that fits: few rows are read, and none while
// there are few.
func checkQuota(ctx context.Context, tx *db.Tx, account string) error {
	var one int
	err := tx.QueryRow(ctx, `SELECT 1 FROM glue_connection WHERE account = ? LIMIT 1 OFFSET ?`, account, maxConnections-1).Scan(&one)
	if errors.Is(err, db.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return terms.TooMany("Number of connections exceeds the limit of %d.", maxConnections)
}

// create stores a new connection. The error is db.ErrExists.
func (r *row) create(ctx context.Context, tx *db.Tx, keys db.Sealer) error {
	doc, err := db.EncodeSealed(place(r.account, r.name()), &r.doc, keys)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `INSERT INTO glue_connection (account, name, doc) VALUES (?, ?, ?) ON CONFLICT (account, name) DO NOTHING`,
		r.account, r.name(), doc)
	if err == nil && n == 0 {
		err = db.ErrExists
	}
	if err != nil {
		return err
	}
	return r.record(ctx, tx, nil, doc)
}

// save stores a connection that was read before, as changed by its owner.
func (r *row) save(ctx context.Context, tx *db.Tx, keys db.Sealer) error {
	before := r.stored
	if err := r.saveState(ctx, tx, keys); err != nil {
		return err
	}
	return r.record(ctx, tx, before, r.stored)
}

// saveState stores a connection of which only the outcome of its test has changed: nothing for the journal.
func (r *row) saveState(ctx context.Context, tx *db.Tx, keys db.Sealer) error {
	doc, err := db.EncodeSealed(place(r.account, r.name()), &r.doc, keys)
	if err != nil {
		return err
	}
	r.stored = doc
	_, err = tx.Exec(ctx, `UPDATE glue_connection SET doc = ? WHERE account = ? AND name = ?`, doc, r.account, r.name())
	return err
}

func (r *row) remove(ctx context.Context, tx *db.Tx) error {
	if _, err := tx.Exec(ctx, `DELETE FROM glue_connection WHERE account = ? AND name = ?`, r.account, r.name()); err != nil {
		return err
	}
	return r.record(ctx, tx, r.stored, nil)
}

func (r *row) record(ctx context.Context, tx *db.Tx, before, after []byte) error {
	return tx.Record(ctx, db.Change{Account: r.account, Kind: "glue:connection", Key: terms.Key(r.name()), Before: before, After: after})
}
