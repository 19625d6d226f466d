package database

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// AWS's default quotas.
const (
	maxDatabases = 10_000  // per catalog
	maxTables    = 200_000 // per database
)

// Stored lists the tables of this package, for fsck.
func Stored() []db.StoredTable {
	return []db.StoredTable{{Name: "glue_database", KeyColumns: []string{"account", "name"}, Documents: []string{"doc"}}}
}

// row is a stored database.
type row struct {
	account, name string
	id            int64
	tables        int64
	doc           []byte // stored form
}

func place(account, name string) db.Place { return db.At("glue_database", account, name) }

// json is the document as it is answered.
func (r *row) json() ([]byte, error) { return db.DecodeBytes(place(r.account, r.name), r.doc) }

func find(ctx context.Context, tx *db.Tx, account, name string) (*row, error) {
	r := &row{account: account, name: name}
	err := tx.QueryRow(ctx, `SELECT id, tables, doc FROM glue_database WHERE account = ? AND name = ?`, account, name).
		Scan(&r.id, &r.tables, &r.doc)
	if errors.Is(err, db.ErrNotFound) {
		return nil, terms.NoDatabase(name)
	}
	return r, err
}

// Rows is what other resources see of the stored databases.
type Rows struct{}

// ID is the id of a database, or its EntityNotFoundException.
func (Rows) ID(ctx context.Context, tx *db.Tx, account, name string) (int64, error) {
	var id int64
	err := tx.QueryRow(ctx, `SELECT id FROM glue_database WHERE account = ? AND name = ?`, account, name).Scan(&id)
	if errors.Is(err, db.ErrNotFound) {
		return 0, terms.NoDatabase(name)
	}
	return id, err
}

// CountTables adds change to the number of tables of a database, which has a quota.
func (Rows) CountTables(ctx context.Context, tx *db.Tx, account, name string, change int) error {
	var tables int64
	err := tx.QueryRow(ctx, `UPDATE glue_database SET tables = tables + ? WHERE account = ? AND name = ? RETURNING tables`,
		change, account, name).Scan(&tables)
	if errors.Is(err, db.ErrNotFound) {
		return terms.NoDatabase(name)
	}
	if err == nil && change > 0 && tables > maxTables {
		return terms.TooMany("Number of tables in database %s exceeds the limit of %d.", name, maxTables)
	}
	return err
}

func names(ctx context.Context, tx *db.Tx, account, after string, limit int) ([]string, error) {
	return terms.Texts(ctx, tx, `SELECT name FROM glue_database WHERE account = ? AND name > ? ORDER BY name LIMIT ?`, account, after, limit)
}

func insert(ctx context.Context, tx *db.Tx, account string, id int64, doc *glueapi.Database) error {
	if err := checkQuota(ctx, tx, account); err != nil {
		return err
	}
	stored, err := encode(account, doc)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO glue_database (account, name, id, tables, doc) VALUES (?, ?, ?, 0, ?)`, account, doc.Name, id, stored)
	if err != nil {
		return err
	}
	return record(ctx, tx, account, doc.Name, nil, stored)
}

// checkQuota looks for the last database that fits: few rows are read, and none
// while the catalog is small.
func checkQuota(ctx context.Context, tx *db.Tx, account string) error {
	var one int
	err := tx.QueryRow(ctx, `SELECT 1 FROM glue_database WHERE account = ? LIMIT 1 OFFSET ?`, account, maxDatabases-1).Scan(&one)
	if errors.Is(err, db.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return terms.TooMany("Number of databases exceeds the limit of %d.", maxDatabases)
}

// replace writes a new definition; the time of creation stays.
func replace(ctx context.Context, tx *db.Tx, r *row, doc *glueapi.Database) error {
	raw, err := r.json()
	if err != nil {
		return err
	}
	old, err := terms.Parse[glueapi.Database](glueapi.ShapeDatabase, raw)
	if err != nil {
		return err
	}
	doc.CreateTime = old.CreateTime
	stored, err := encode(r.account, doc)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE glue_database SET doc = ? WHERE account = ? AND name = ?`, stored, r.account, r.name); err != nil {
		return err
	}
	return record(ctx, tx, r.account, r.name, r.doc, stored)
}

func remove(ctx context.Context, tx *db.Tx, r *row) error {
	if _, err := tx.Exec(ctx, `DELETE FROM glue_database WHERE account = ? AND name = ?`, r.account, r.name); err != nil {
		return err
	}
	return record(ctx, tx, r.account, r.name, r.doc, nil)
}

func encode(account string, doc *glueapi.Database) ([]byte, error) {
	raw, err := terms.Write(glueapi.ShapeDatabase, doc)
	return db.EncodeBytes(place(account, doc.Name), raw), err
}

func record(ctx context.Context, tx *db.Tx, account, name string, before, after []byte) error {
	return tx.Record(ctx, db.Change{Account: account, Kind: "glue:database", Key: terms.Key(name), Before: before, After: after})
}
