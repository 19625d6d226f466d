package table

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// ByID reads a table, raw and as a struct, for the index of searches. Both are nil when it or its
// database is gone: the tables of a deleted database wait to be purged.
func (t Rows) ByID(ctx context.Context, tx *db.Tx, id int64) (op.Raw, *glueapi.Table, error) {
	r := &row{id: id}
	err := tx.QueryRow(ctx, `SELECT database_id, name, doc FROM glue_table WHERE id = ?`, id).Scan(&r.databaseID, &r.name, &r.doc)
	if errors.Is(err, db.ErrNotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	raw, err := r.json()
	if err != nil {
		return nil, nil, err
	}
	doc, err := terms.Parse[glueapi.Table](glueapi.ShapeTable, raw)
	if err != nil {
		return nil, nil, err
	}
	holder, err := t.Databases.ID(ctx, tx, *doc.CatalogId, *doc.DatabaseName)
	var missing *glueapi.EntityNotFoundException
	var link *terms.Link
	switch {
	case errors.As(err, &missing), errors.As(err, &link), err == nil && holder != r.databaseID:
		return nil, nil, nil
	}
	return raw, doc, err
}
