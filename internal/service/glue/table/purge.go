package table

import (
	"context"

	"github.com/bindery-project/bindery/internal/db"
)

// purgePiece is how many rows one transaction of a purge removes: a few
// milliseconds of other writers' time.
const purgePiece = 200

// PurgeDatabase removes some tables of a deleted database and buries them.
func (t Rows) PurgeDatabase(ctx context.Context, tx *db.Tx, databaseID int64) (done bool, err error) {
	list, err := names(ctx, tx, databaseID, "", purgePiece)
	if err != nil {
		return false, err
	}
	for _, name := range list {
		var id int64
		err := tx.QueryRow(ctx, `DELETE FROM glue_table WHERE database_id = ? AND name = ? RETURNING id`, databaseID, name).Scan(&id)
		if err != nil {
			return false, err
		}
		if err := t.Bury(ctx, tx, id); err != nil {
			return false, err
		}
	}
	return len(list) < purgePiece, nil
}

// PurgeTable removes some versions of a deleted table.
func (Rows) PurgeTable(ctx context.Context, tx *db.Tx, id int64) (done bool, err error) {
	n, err := tx.Exec(ctx, `DELETE FROM glue_table_version WHERE table_id = ? AND version IN
		(SELECT version FROM glue_table_version WHERE table_id = ? ORDER BY version LIMIT ?)`, id, id, purgePiece)
	return n < purgePiece, err
}
