package grant

import (
	"context"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/kms/directory"
)

// PrincipalMoved rewrites the grants that name a principal which has another ARN now, or was
// deleted and is named by its unique id: one made later under the old name has no rights.
func PrincipalMoved(ctx context.Context, tx *db.Tx, from, to string) error {
	all, err := directory.AllGrants(ctx, tx)
	if err != nil {
		return err
	}
	for i := range all {
		g := &all[i].Grant
		if g.Grantee != from && g.Retiring != from {
			continue
		}
		if g.Grantee == from {
			g.Grantee = to
		}
		if g.Retiring == from {
			g.Retiring = to
		}
		if err := directory.PutGrant(ctx, tx, g.Issuer, all[i].Key, g); err != nil {
			return err
		}
	}
	return nil
}
