package catalog

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Stored lists the tables of this package, for fsck.
func Stored() []db.StoredTable {
	return []db.StoredTable{
		{Name: "glue_catalog", KeyColumns: []string{"account", "name"}, Documents: []string{"doc"}},
		{Name: "glue_import", KeyColumns: []string{"account"}, Documents: []string{"doc"}},
	}
}

// row is a stored catalog.
type row struct {
	id  string
	doc []byte // stored form
}

func place(id string) db.Place { return db.At("glue_catalog", terms.Owner(id), terms.CatalogName(id)) }

func (r *row) document() (*glueapi.Catalog, error) {
	raw, err := db.DecodeBytes(place(r.id), r.doc)
	if err != nil {
		return nil, err
	}
	return terms.Parse[glueapi.Catalog](glueapi.ShapeCatalog, raw)
}

func find(ctx context.Context, tx *db.Tx, id string) (*row, error) {
	r := &row{id: id}
	err := tx.QueryRow(ctx, `SELECT doc FROM glue_catalog WHERE account = ? AND name = ?`, terms.Owner(id), terms.CatalogName(id)).Scan(&r.doc)
	if errors.Is(err, db.ErrNotFound) {
		return nil, terms.NoCatalog(id)
	}
	return r, err
}

// Rows is what other resources see of the stored catalogs.
type Rows struct{}

// Exists returns the EntityNotFoundException of a named catalog that is not
// there. Default catalogs always are.
func (Rows) Exists(ctx context.Context, tx *db.Tx, id string) error {
	if terms.CatalogName(id) == "" {
		return nil
	}
	_, err := find(ctx, tx, id)
	return err
}

// HasName reports whether an account has a catalog of that name, for its tags.
func HasName(ctx context.Context, tx *db.Tx, account, name string) (bool, error) {
	_, err := find(ctx, tx, terms.CatalogID(account, name))
	var missing *glueapi.EntityNotFoundException
	if errors.As(err, &missing) {
		return false, nil
	}
	return err == nil, err
}

func names(ctx context.Context, tx *db.Tx, account, after string, limit int) ([]string, error) {
	return terms.Texts(ctx, tx, `SELECT name FROM glue_catalog WHERE account = ? AND name > ? ORDER BY name LIMIT ?`, account, after, limit)
}

func (c *Catalogs) insert(ctx context.Context, tx *db.Tx, id string, doc *glueapi.Catalog) error {
	if err := c.checkQuota(ctx, tx, terms.Owner(id)); err != nil {
		return err
	}
	stored, err := encode(id, doc)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO glue_catalog (account, name, doc) VALUES (?, ?, ?)`, terms.Owner(id), doc.Name, stored)
	if err != nil {
		return err
	}
	return record(ctx, tx, id, nil, stored)
}

// checkQuota looks for the last catalog that fits.
func (c *Catalogs) checkQuota(ctx context.Context, tx *db.Tx, account string) error {
	var one int
	err := tx.QueryRow(ctx, `SELECT 1 FROM glue_catalog WHERE account = ? LIMIT 1 OFFSET ?`, account, c.Quotas.Catalogs-1).Scan(&one)
	if errors.Is(err, db.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return terms.TooMany("Number of catalogs exceeds the limit of %d.", c.Quotas.Catalogs)
}

func (r *row) replace(ctx context.Context, tx *db.Tx, doc *glueapi.Catalog) error {
	stored, err := encode(r.id, doc)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE glue_catalog SET doc = ? WHERE account = ? AND name = ?`, stored, terms.Owner(r.id), terms.CatalogName(r.id))
	if err != nil {
		return err
	}
	return record(ctx, tx, r.id, r.doc, stored)
}

func (r *row) remove(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, `DELETE FROM glue_catalog WHERE account = ? AND name = ?`, terms.Owner(r.id), terms.CatalogName(r.id))
	if err != nil {
		return err
	}
	return record(ctx, tx, r.id, r.doc, nil)
}

func encode(id string, doc *glueapi.Catalog) ([]byte, error) {
	raw, err := terms.Write(glueapi.ShapeCatalog, doc)
	return db.EncodeBytes(place(id), raw), err
}

func record(ctx context.Context, tx *db.Tx, id string, before, after []byte) error {
	return tx.Record(ctx, db.Change{
		Account: terms.Owner(id), Kind: "glue:catalog", Key: terms.Key(terms.CatalogName(id)), Before: before, After: after,
	})
}
