package database

import (
	"context"
	"errors"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Stored lists the tables of this package, for fsck.
func Stored() []db.StoredTable {
	return []db.StoredTable{{Name: "glue_database", KeyColumns: []string{"account", "name"}, Documents: []string{"doc"}}}
}

// row is a stored database. Its place is named after the column, which holds
// the id of the catalog.
type row struct {
	catalog, name string
	id            int64
	tables        int64
	link          bool
	doc           []byte // stored form
}

func place(catalog, name string) db.Place { return db.At("glue_database", catalog, name) }

// json is the document as it is answered.
func (r *row) json() ([]byte, error) { return db.DecodeBytes(place(r.catalog, r.name), r.doc) }

func (r *row) document() (*glueapi.Database, error) {
	raw, err := r.json()
	if err != nil {
		return nil, err
	}
	return terms.Parse[glueapi.Database](glueapi.ShapeDatabase, raw)
}

// Catalogs is what databases need of their catalog.
type Catalogs interface {
	// Exists returns the EntityNotFoundException of a named catalog that is not
	// there. Default catalogs always are.
	Exists(ctx context.Context, tx *db.Tx, catalog string) error
}

// Rows is what other resources see of the stored databases.
type Rows struct {
	Catalogs Catalogs
	Quotas   terms.Quotas
}

func (rows Rows) find(ctx context.Context, tx *db.Tx, catalog, name string) (*row, error) {
	r := &row{catalog: catalog, name: name}
	var link int64
	err := tx.QueryRow(ctx, `SELECT id, tables, link, doc FROM glue_database WHERE account = ? AND name = ?`, catalog, name).
		Scan(&r.id, &r.tables, &link, &r.doc)
	r.link = link != 0
	if errors.Is(err, db.ErrNotFound) {
		return nil, rows.missing(ctx, tx, catalog, name)
	}
	return r, err
}

// missing says that a database does not exist, or that not even its catalog does.
func (rows Rows) missing(ctx context.Context, tx *db.Tx, catalog, name string) error {
	if err := rows.Catalogs.Exists(ctx, tx, catalog); err != nil {
		return err
	}
	return terms.NoDatabase(name)
}

// ID is the id of a database, its EntityNotFoundException, or a [terms.Link].
func (rows Rows) ID(ctx context.Context, tx *db.Tx, catalog, name string) (int64, error) {
	var id, link int64
	err := tx.QueryRow(ctx, `SELECT id, link FROM glue_database WHERE account = ? AND name = ?`, catalog, name).Scan(&id, &link)
	if errors.Is(err, db.ErrNotFound) {
		return 0, rows.missing(ctx, tx, catalog, name)
	}
	if err != nil || link == 0 {
		return id, err
	}
	r, err := rows.find(ctx, tx, catalog, name)
	if err != nil {
		return 0, err
	}
	return 0, r.follow()
}

// CountTables adds change to the number of tables of a database, which has a quota.
func (rows Rows) CountTables(ctx context.Context, tx *db.Tx, catalog, name string, change int) error {
	var tables int64
	err := tx.QueryRow(ctx, `UPDATE glue_database SET tables = tables + ? WHERE account = ? AND name = ? RETURNING tables`,
		change, catalog, name).Scan(&tables)
	if errors.Is(err, db.ErrNotFound) {
		return rows.missing(ctx, tx, catalog, name)
	}
	if most := rows.Quotas.TablesInDatabase; err == nil && change > 0 && tables > most {
		return terms.TooMany("Number of tables in database %s exceeds the limit of %d.", name, most)
	}
	return err
}

// Exists reports whether an account has a database, or a link, that an ARN
// names: in its default catalog, or in a named one ("lake/sales").
func (rows Rows) Exists(ctx context.Context, tx *db.Tx, account, path string) (bool, error) {
	catalog, database, inside := strings.Cut(path, "/")
	for _, at := range [][2]string{{account, path}, {terms.CatalogID(account, catalog), database}} {
		_, err := rows.find(ctx, tx, at[0], at[1])
		var missing *glueapi.EntityNotFoundException
		if !errors.As(err, &missing) {
			return err == nil, err
		}
		if !inside || catalog == "" { // one ARN for each database: "/sales" is none
			break
		}
	}
	return false, nil
}

// Any reports whether a catalog has a database.
func (Rows) Any(ctx context.Context, tx *db.Tx, catalog string) (bool, error) {
	list, err := names(ctx, tx, catalog, "", 1)
	return len(list) > 0, err
}

func names(ctx context.Context, tx *db.Tx, catalog, after string, limit int) ([]string, error) {
	return terms.Texts(ctx, tx, `SELECT name FROM glue_database WHERE account = ? AND name > ? ORDER BY name LIMIT ?`, catalog, after, limit)
}

// cutKind takes an ARN's suffix apart: "table/sales/orders" is the table sales/orders.
func cutKind(suffix string) (kind, path string) {
	kind, path, _ = strings.Cut(suffix, "/")
	return kind, path
}

func (d *Databases) insert(ctx context.Context, tx *db.Tx, catalog string, id int64, doc *glueapi.Database) error {
	if err := d.Rows.Catalogs.Exists(ctx, tx, catalog); err != nil {
		return err
	}
	if err := d.checkQuota(ctx, tx, catalog); err != nil {
		return err
	}
	stored, err := encode(catalog, doc)
	if err != nil {
		return err
	}
	link := 0
	if doc.TargetDatabase != nil {
		link = 1
	}
	_, err = tx.Exec(ctx, `INSERT INTO glue_database (account, name, id, tables, link, doc) VALUES (?, ?, ?, 0, ?, ?)`, catalog, doc.Name, id, link, stored)
	if err != nil {
		return err
	}
	if err := d.Usage.Add(ctx, tx, catalog, id, terms.Usage{Databases: 1}); err != nil {
		return err
	}
	return record(ctx, tx, catalog, doc.Name, nil, stored)
}

// checkQuota looks for the last database that fits into the catalog: few rows
// are read, and none while the catalog is small.
func (d *Databases) checkQuota(ctx context.Context, tx *db.Tx, catalog string) error {
	most := d.Rows.Quotas.Databases
	var one int
	err := tx.QueryRow(ctx, `SELECT 1 FROM glue_database WHERE account = ? LIMIT 1 OFFSET ?`, catalog, most-1).Scan(&one)
	if errors.Is(err, db.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return terms.TooMany("Number of databases exceeds the limit of %d.", most)
}

// replace writes a new definition; the time of creation stays.
func replace(ctx context.Context, tx *db.Tx, r *row, doc *glueapi.Database) error {
	old, err := r.document()
	if err != nil {
		return err
	}
	doc.CreateTime = old.CreateTime
	stored, err := encode(r.catalog, doc)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE glue_database SET doc = ? WHERE account = ? AND name = ?`, stored, r.catalog, r.name); err != nil {
		return err
	}
	return record(ctx, tx, r.catalog, r.name, r.doc, stored)
}

func remove(ctx context.Context, tx *db.Tx, r *row) error {
	if _, err := tx.Exec(ctx, `DELETE FROM glue_database WHERE account = ? AND name = ?`, r.catalog, r.name); err != nil {
		return err
	}
	return record(ctx, tx, r.catalog, r.name, r.doc, nil)
}

func encode(catalog string, doc *glueapi.Database) ([]byte, error) {
	raw, err := terms.Write(glueapi.ShapeDatabase, doc)
	return db.EncodeBytes(place(catalog, doc.Name), raw), err
}

func record(ctx context.Context, tx *db.Tx, catalog, name string, before, after []byte) error {
	return tx.Record(ctx, db.Change{Account: terms.Owner(catalog), Kind: "glue:database", Key: terms.CatalogKey(catalog, name), Before: before, After: after})
}
