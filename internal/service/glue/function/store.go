package function

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// AWS's default quotas.
const (
	maxPerCatalog  = 100 // AWS says per account; its quota is older than named catalogs
	maxPerDatabase = 100
)

// Stored lists the tables of this package, for fsck.
func Stored() []db.StoredTable {
	return []db.StoredTable{{Name: "glue_function", KeyColumns: []string{"database_id", "name"}, Documents: []string{"doc"}}}
}

// row is a stored function.
type row struct {
	catalog, database, name string // folded

	databaseID int64
	doc        glueapi.UserDefinedFunction
	stored     []byte
}

func (r *row) place() db.Place { return db.At("glue_function", r.databaseID, r.name) }

// read fills the document of a row whose key is known.
func (r *row) read(ctx context.Context, tx *db.Tx) error {
	err := tx.QueryRow(ctx, `SELECT doc FROM glue_function WHERE database_id = ? AND name = ?`, r.databaseID, r.name).Scan(&r.stored)
	if errors.Is(err, db.ErrNotFound) {
		return terms.NotFound("Function %s not found.", r.name)
	}
	if err != nil {
		return err
	}
	return db.Decode(r.place(), r.stored, &r.doc)
}

// encode stamps what the server knows and returns the stored form.
func (r *row) encode() ([]byte, error) {
	r.doc.FunctionName, r.doc.DatabaseName, r.doc.CatalogId = &r.name, &r.database, &r.catalog
	return db.Encode(r.place(), &r.doc)
}

// create stores a new function. The error is db.ErrExists.
func (r *row) create(ctx context.Context, tx *db.Tx) error {
	doc, err := r.encode()
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `INSERT INTO glue_function (database_id, name, account, parent, doc) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (database_id, name) DO NOTHING`, r.databaseID, r.name, r.catalog, r.database, doc)
	if err == nil && n == 0 {
		err = db.ErrExists
	}
	if err != nil {
		return err
	}
	return r.record(ctx, tx, nil, doc)
}

// replace stores a new definition under the name that the row has.
func (r *row) replace(ctx context.Context, tx *db.Tx) error {
	doc, err := r.encode()
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE glue_function SET doc = ? WHERE database_id = ? AND name = ?`, doc, r.databaseID, r.name); err != nil {
		return err
	}
	return r.record(ctx, tx, r.stored, doc)
}

func (r *row) remove(ctx context.Context, tx *db.Tx) error {
	if _, err := tx.Exec(ctx, `DELETE FROM glue_function WHERE database_id = ? AND name = ?`, r.databaseID, r.name); err != nil {
		return err
	}
	return r.record(ctx, tx, r.stored, nil)
}

func (r *row) record(ctx context.Context, tx *db.Tx, before, after []byte) error {
	return tx.Record(ctx, db.Change{
		Account: terms.Owner(r.catalog), Kind: "glue:userDefinedFunction", Key: terms.CatalogKey(r.catalog, r.database, r.name), Before: before, After: after,
	})
}

// checkQuota refuses a function too many for its database or its catalog. A catalog has few
// functions, so they are counted one by one.
func (f *Functions) checkQuota(ctx context.Context, tx *db.Tx, r *row) error {
	all, err := f.keys(ctx, tx, r.catalog, "")
	if err != nil {
		return err
	}
	inDatabase := 0
	for _, k := range all {
		if k.databaseID == r.databaseID {
			inDatabase++
		}
	}
	switch {
	case inDatabase >= maxPerDatabase:
		return terms.TooMany("Number of functions in database %s exceeds the limit of %d.", r.database, maxPerDatabase)
	case len(all) >= maxPerCatalog:
		return terms.TooMany("Number of functions exceeds the limit of %d.", maxPerCatalog)
	}
	return nil
}

// keys lists the functions of a database, or of all databases of a catalog when database
// is empty, in the order of the names. Functions of deleted databases are left out.
func (f *Functions) keys(ctx context.Context, tx *db.Tx, catalog, database string) ([]*row, error) {
	query, args := `SELECT parent, name, database_id FROM glue_function WHERE account = ?`, []any{catalog}
	if database != "" {
		query, args = query+` AND parent = ?`, append(args, database)
	}
	found, err := scan(ctx, tx, catalog, query+` ORDER BY parent, name`, args...)
	if err != nil {
		return nil, err
	}
	ids, kept := map[string]int64{}, found[:0]
	for _, r := range found {
		if _, asked := ids[r.database]; !asked {
			if ids[r.database], err = f.alive(ctx, tx, catalog, r.database); err != nil {
				return nil, err
			}
		}
		if ids[r.database] == r.databaseID {
			kept = append(kept, r)
		}
	}
	return kept, nil
}

// alive is the id of a database, 0 when there is none of that name, or a link: it has no functions of its own.
func (f *Functions) alive(ctx context.Context, tx *db.Tx, catalog, database string) (int64, error) {
	id, err := f.Databases.ID(ctx, tx, catalog, database)
	var missing *glueapi.EntityNotFoundException
	var link *terms.Link
	if errors.As(err, &missing) || errors.As(err, &link) {
		return 0, nil
	}
	return id, err
}

func scan(ctx context.Context, tx *db.Tx, catalog, query string, args ...any) ([]*row, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var found []*row
	for rows.Next() {
		r := &row{catalog: catalog}
		if err := rows.Scan(&r.database, &r.name, &r.databaseID); err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

// Rows is what databases see of the stored functions.
type Rows struct{}

// Children lists the functions of a database as ARN suffixes.
func (Rows) Children(ctx context.Context, tx *db.Tx, databaseID int64, database string) ([]string, error) {
	list, err := terms.Texts(ctx, tx, `SELECT name FROM glue_function WHERE database_id = ? ORDER BY name`, databaseID)
	for i, name := range list {
		list[i] = "userDefinedFunction/" + database + "/" + name
	}
	return list, err
}

// PurgeDatabase removes the functions of a deleted database, which its quota keeps few.
func (Rows) PurgeDatabase(ctx context.Context, tx *db.Tx, databaseID int64) (done bool, err error) {
	_, err = tx.Exec(ctx, `DELETE FROM glue_function WHERE database_id = ?`, databaseID)
	return true, err
}
