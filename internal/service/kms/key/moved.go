package key

import (
	"context"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/kms/directory"
)

// PrincipalMoved rewrites the policies that name a principal which has another ARN now, or was
// deleted and is named by its unique id: one made later under the old name has no rights.
func PrincipalMoved(ctx context.Context, tx *db.Tx, from, to string) error {
	ids, err := allIDs(ctx, tx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		key, err := directory.FindKey(ctx, tx, id)
		if err != nil {
			return err
		}
		text, changed, err := policy.ReplacePrincipal(key.Policy, from, to)
		if err != nil || !changed {
			continue // a policy that cannot be read denies
		}
		err = directory.Update(ctx, tx, id, func(key *directory.Key) error { key.Policy = text; return nil })
		if err != nil {
			return err
		}
	}
	return nil
}

func allIDs(ctx context.Context, tx *db.Tx) ([]string, error) {
	rows, err := tx.Query(ctx, `SELECT id FROM kms_key ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
