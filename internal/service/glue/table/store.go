package table

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/partkey"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Stored lists the tables of this package, for fsck.
func Stored() []db.StoredTable {
	return []db.StoredTable{
		{Name: "glue_table", KeyColumns: []string{"database_id", "name"}, Documents: []string{"layout", "doc"}},
		{Name: "glue_table_version", KeyColumns: []string{"table_id", "version"}, Documents: []string{"doc"}},
	}
}

// row is a stored table.
type row struct {
	catalog, database, name string

	databaseID int64
	id         int64
	version    int64
	archived   int64
	link       bool
	layout     []byte // stored partkey.Layout
	doc        []byte // stored JSON
}

func (r *row) place() db.Place { return db.At("glue_table", r.databaseID, r.name) }

// json is the document as it is answered.
func (r *row) json() ([]byte, error) { return db.DecodeBytes(r.place(), r.doc) }

func versionPlace(id, version int64) db.Place { return db.At("glue_table_version", id, version) }

// find reads a table, or says that it or its database does not exist, or that
// it is a resource link ([terms.Link]).
func (t *Tables) find(ctx context.Context, tx *db.Tx, catalog, database, name string) (*row, error) {
	r, err := t.findItself(ctx, tx, catalog, database, name)
	if err == nil && r.link {
		return nil, r.follow()
	}
	return r, err
}

// findItself is find for what is about a link itself and not its target.
func (t *Tables) findItself(ctx context.Context, tx *db.Tx, catalog, database, name string) (*row, error) {
	id, err := t.Databases.ID(ctx, tx, catalog, database)
	if err != nil {
		return nil, err
	}
	return findIn(ctx, tx, catalog, database, id, name)
}

func findIn(ctx context.Context, tx *db.Tx, catalog, database string, databaseID int64, name string) (*row, error) {
	r := &row{catalog: catalog, database: database, databaseID: databaseID, name: name}
	var link int64
	err := tx.QueryRow(ctx, `SELECT id, version, archived, link, layout, doc FROM glue_table WHERE database_id = ? AND name = ?`, databaseID, name).
		Scan(&r.id, &r.version, &r.archived, &link, &r.layout, &r.doc)
	r.link = link != 0
	if errors.Is(err, db.ErrNotFound) {
		return nil, terms.NoTable(name)
	}
	return r, err
}

// rowsIn reads the tables of a database after a name, by name.
func rowsIn(ctx context.Context, tx *db.Tx, catalog, database string, databaseID int64, after string, limit int) ([]*row, error) {
	found, err := tx.Query(ctx, `SELECT name, id, version, archived, link, layout, doc FROM glue_table
		WHERE database_id = ? AND name > ? ORDER BY name LIMIT ?`, databaseID, after, limit)
	if err != nil {
		return nil, err
	}
	defer found.Close() //nolint:errcheck // Err tells
	var out []*row
	for found.Next() {
		r := &row{catalog: catalog, database: database, databaseID: databaseID}
		var link int64
		if err := found.Scan(&r.name, &r.id, &r.version, &r.archived, &link, &r.layout, &r.doc); err != nil {
			return nil, err
		}
		r.link = link != 0
		out = append(out, r)
	}
	return out, found.Err()
}

// Rows is what other resources see of the stored tables.
type Rows struct {
	Databases Databases
	// Bury has what is below a table of a deleted database removed.
	Bury func(ctx context.Context, tx *db.Tx, id int64) error
}

// Layout finds a table for its partitions: its id, and how their keys are
// built. A resource link is answered with [terms.Link].
func (t Rows) Layout(ctx context.Context, tx *db.Tx, catalog, database, name string) (int64, partkey.Layout, error) {
	var layout partkey.Layout
	r := &row{catalog: catalog, database: database, name: name}
	var err error
	if r.databaseID, err = t.Databases.ID(ctx, tx, catalog, database); err != nil {
		return 0, layout, err
	}
	var link int64
	err = tx.QueryRow(ctx, `SELECT id, link, layout FROM glue_table WHERE database_id = ? AND name = ?`, r.databaseID, name).
		Scan(&r.id, &link, &r.layout)
	if errors.Is(err, db.ErrNotFound) {
		return 0, layout, terms.NoTable(name)
	}
	if err != nil {
		return 0, layout, err
	}
	if link != 0 {
		return 0, layout, followIn(ctx, tx, r)
	}
	return r.id, layout, db.Decode(r.place(), r.layout, &layout)
}

func names(ctx context.Context, tx *db.Tx, databaseID int64, after string, limit int) ([]string, error) {
	return terms.Texts(ctx, tx, `SELECT name FROM glue_table WHERE database_id = ? AND name > ? ORDER BY name LIMIT ?`, databaseID, after, limit)
}

// Children lists the tables of a database as ARN suffixes.
func (Rows) Children(ctx context.Context, tx *db.Tx, databaseID int64, database string) ([]string, error) {
	const all = 1 << 30
	list, err := names(ctx, tx, databaseID, "", all)
	for i, name := range list {
		list[i] = "table/" + database + "/" + name
	}
	return list, err
}

// Archived counts the archived versions of all tables of a database.
func (Rows) Archived(ctx context.Context, tx *db.Tx, databaseID int64) (int64, error) {
	var n int64
	err := tx.QueryRow(ctx, `SELECT CAST(COALESCE(SUM(archived), 0) AS BIGINT) FROM glue_table WHERE database_id = ?`, databaseID).Scan(&n)
	return n, err
}

// stamp sets what the server knows.
func (r *row) stamp(doc *glueapi.Table) {
	doc.DatabaseName, doc.CatalogId = &r.database, &r.catalog
	doc.VersionId = new(strconv.FormatInt(r.version, 10))
	doc.IsRegisteredWithLakeFormation, doc.IsMultiDialectView = new(false), new(doc.ViewDefinition != nil)
}

// encode fills the stored columns from a document and a layout.
func (r *row) encode(doc *glueapi.Table, layout *partkey.Layout) error {
	r.stamp(doc)
	raw, err := terms.Write(glueapi.ShapeTable, doc)
	if err != nil {
		return err
	}
	r.doc = db.EncodeBytes(r.place(), raw)
	r.layout, err = db.Encode(r.place(), layout)
	return err
}

func (r *row) create(ctx context.Context, tx *db.Tx, doc *glueapi.Table) error {
	layout := partkey.NewLayout(0, keys(doc))
	if err := r.encode(doc, &layout); err != nil {
		return err
	}
	link := 0
	if doc.TargetTable != nil {
		link = 1
	}
	_, err := tx.Exec(ctx, `INSERT INTO glue_table (database_id, name, id, version, archived, link, layout, doc) VALUES (?, ?, ?, 0, 0, ?, ?, ?)`,
		r.databaseID, r.name, r.id, link, r.layout, r.doc)
	if err != nil {
		return err
	}
	return r.record(ctx, tx, nil, r.doc)
}

func keys(doc *glueapi.Table) []partkey.Key {
	out := make([]partkey.Key, len(doc.PartitionKeys))
	for i, c := range doc.PartitionKeys {
		out[i].Name = c.Name
		if c.Type != nil {
			out[i].Type = *c.Type
		}
	}
	return out
}

// archive keeps the present definition as a version.
func (t *Tables) archive(ctx context.Context, tx *db.Tx, r *row) error {
	if most := t.Quotas.VersionsOfTable; r.archived+1 >= most {
		return terms.TooMany("Number of versions of table %s exceeds the limit of %d.", r.name, most)
	}
	if err := t.Usage.Add(ctx, tx, r.catalog, r.id, terms.Usage{Versions: 1}); err != nil {
		return err
	}
	raw, err := r.json()
	if err != nil {
		return err
	}
	r.archived++
	_, err = tx.Exec(ctx, `INSERT INTO glue_table_version (table_id, version, doc) VALUES (?, ?, ?)`,
		r.id, r.version, db.EncodeBytes(versionPlace(r.id, r.version), raw))
	return err
}

// replace writes the next version. Who made the table, and when, stays.
func (t *Tables) replace(ctx context.Context, tx *db.Tx, r *row, doc *glueapi.Table) error {
	raw, err := r.json()
	if err != nil {
		return err
	}
	old, err := terms.Parse[glueapi.Table](glueapi.ShapeTable, raw)
	if err != nil {
		return err
	}
	layout, err := t.nextLayout(ctx, tx, r, keys(doc))
	if err != nil {
		return err
	}
	before := r.doc
	doc.CreateTime, doc.CreatedBy, doc.UpdateTime = old.CreateTime, old.CreatedBy, new(op.Millis(clock.Millis(tx.Now())))
	r.version++
	if err := r.encode(doc, layout); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE glue_table SET version = ?, archived = ?, layout = ?, doc = ? WHERE database_id = ? AND name = ?`,
		r.version, r.archived, r.layout, r.doc, r.databaseID, r.name)
	if err != nil {
		return err
	}
	return r.record(ctx, tx, before, r.doc)
}

// nextLayout is the layout for new partition keys. While there are partitions,
// their stored keys decide how all are built (see partkey.Layout).
func (t *Tables) nextLayout(ctx context.Context, tx *db.Tx, r *row, keys []partkey.Key) (*partkey.Layout, error) {
	var old partkey.Layout
	if err := db.Decode(r.place(), r.layout, &old); err != nil {
		return nil, err
	}
	if err := t.allowKeys(ctx, tx, r, old.Keys, keys); err != nil {
		return nil, err
	}
	next := partkey.NewLayout(old.Number+1, keys)
	if slices.Equal(next.Kinds, old.Kinds) {
		next.Number = old.Number
		return &next, nil
	}
	any, err := t.Partitions.Any(ctx, tx, r.id)
	if any {
		next.Number, next.Kinds = old.Number, old.Kinds
	}
	return &next, err
}

func (r *row) remove(ctx context.Context, tx *db.Tx) error {
	if _, err := tx.Exec(ctx, `DELETE FROM glue_table WHERE database_id = ? AND name = ?`, r.databaseID, r.name); err != nil {
		return err
	}
	return r.record(ctx, tx, r.doc, nil)
}

func (r *row) record(ctx context.Context, tx *db.Tx, before, after []byte) error {
	return tx.Record(ctx, db.Change{
		Account: terms.Owner(r.catalog), Kind: "glue:table", Key: terms.CatalogKey(r.catalog, r.database, r.name), Before: before, After: after,
	})
}
