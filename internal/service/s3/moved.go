package s3

import (
	"context"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/policy"
)

// PrincipalMoved rewrites the bucket policies that name a principal which has
// another ARN now, or was deleted and is named by its unique id.
func (s *Service) PrincipalMoved(ctx context.Context, tx *db.Tx, from, to string) error {
	names, err := allNames(ctx, tx)
	if err != nil {
		return err
	}
	for _, name := range names {
		b, err := load(ctx, tx, name)
		if err != nil {
			return err
		}
		if b == nil || b.Policy == "" {
			continue
		}
		text, changed, err := policy.ReplacePrincipal(b.Policy, from, to)
		if err != nil || !changed {
			continue // a policy that cannot be read denies
		}
		if err := alter(ctx, tx, name, func(t *settings) error { t.Policy = text; return nil }); err != nil {
			return err
		}
		if err := tx.Bump(ctx, epoch); err != nil {
			return err
		}
	}
	return nil
}

func allNames(ctx context.Context, tx *db.Tx) (names []string, err error) {
	rows, err := tx.Query(ctx, `SELECT name FROM s3_bucket ORDER BY name`)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err reports
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}
