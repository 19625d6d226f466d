package directory

import (
	"context"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/policy"
)

// Moved is told that a user or role is now called to in place of from: another
// ARN, or the unique id of one that was deleted. It changes the policies that
// name it, in the transaction of the move.
type Moved func(ctx context.Context, tx *db.Tx, from, to string) error

// OnMoved adds another holder of policies. It is called before the first request.
func (d *Directory) OnMoved(f Moved) { d.moved = append(d.moved, f) }

// Move makes every policy that names a principal go on to mean it, and nobody
// who gets its ARN later.
func (d *Directory) Move(ctx context.Context, tx *db.Tx, from, to string) error {
	if from == to {
		return nil
	}
	if err := moveTrust(ctx, tx, from, to); err != nil {
		return err
	}
	for _, f := range d.moved {
		if err := f(ctx, tx, from, to); err != nil {
			return err
		}
	}
	return nil
}

// moveTrust rewrites the trust policies, of all accounts, that name from.
func moveTrust(ctx context.Context, tx *db.Tx, from, to string) error {
	ids, err := strings1(ctx, tx, `SELECT id FROM iam_entity WHERE kind = ? ORDER BY id`, string(Role))
	if err != nil {
		return err
	}
	for _, id := range ids {
		e, err := GetByID[iamapi.Role](ctx, tx, id)
		if err != nil {
			return err
		}
		if e.Doc.AssumeRolePolicyDocument == nil {
			continue
		}
		text, changed, err := policy.ReplacePrincipal(*e.Doc.AssumeRolePolicyDocument, from, to)
		if err != nil || !changed {
			continue // a text that cannot be read trusts nobody
		}
		e.Doc.AssumeRolePolicyDocument = &text
		if err := Update(ctx, tx, e); err != nil {
			return err
		}
	}
	return nil
}
