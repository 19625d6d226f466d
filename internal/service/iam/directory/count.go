package directory

import (
	"context"

	"github.com/bindery-project/bindery/internal/db"
)

// Counts are numbers that the summary of an account tells.
type Counts struct{ PolicyVersions, DevicesInUse, RootDevices, RootKeys int32 }

// CountMore counts what Count does not see. A device that nobody has is owned by
// nobody: its owner is "".
func CountMore(ctx context.Context, tx *db.Tx, account string) (c Counts, err error) {
	for _, q := range []struct {
		to   *int32
		text string
		args []any
	}{
		{&c.PolicyVersions, `SELECT COUNT(*) FROM iam_policy_version WHERE policy_id IN (SELECT id FROM iam_entity WHERE account = ? AND kind = ?)`, []any{account, string(Policy)}},
		{&c.DevicesInUse, `SELECT COUNT(*) FROM iam_credential WHERE account = ? AND kind = ? AND owner <> ?`, []any{account, Seed, ""}},
		{&c.RootDevices, `SELECT COUNT(*) FROM iam_credential WHERE account = ? AND kind = ? AND owner = ?`, []any{account, Seed, account}},
		{&c.RootKeys, `SELECT COUNT(*) FROM iam_access_key WHERE account = ? AND owner = ?`, []any{account, account}},
	} {
		if err := tx.QueryRow(ctx, q.text, q.args...).Scan(q.to); err != nil {
			return c, err
		}
	}
	return c, nil
}
