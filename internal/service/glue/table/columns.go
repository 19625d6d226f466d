package table

import (
	"context"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/glue/partkey"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Columns finds a table for its statistics: its id, how its partitions' keys are built, and
// its columns, with the partition keys behind them.
func (t Rows) Columns(ctx context.Context, tx *db.Tx, account, database, name string) (int64, partkey.Layout, []glueapi.Column, error) {
	id, layout, err := t.Layout(ctx, tx, account, database, name)
	if err != nil {
		return 0, layout, nil, err
	}
	r := &row{database: database, name: name}
	if err := tx.QueryRow(ctx, `SELECT database_id, doc FROM glue_table WHERE id = ?`, id).Scan(&r.databaseID, &r.doc); err != nil {
		return 0, layout, nil, err
	}
	raw, err := r.json()
	if err != nil {
		return 0, layout, nil, err
	}
	doc, err := terms.Parse[glueapi.Table](glueapi.ShapeTable, raw)
	if err != nil {
		return 0, layout, nil, err
	}
	var columns []glueapi.Column
	if doc.StorageDescriptor != nil {
		columns = append(columns, doc.StorageDescriptor.Columns...)
	}
	return id, layout, append(columns, doc.PartitionKeys...), nil
}
