package directory

import (
	"context"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
)

// tokenPurpose separates grant tokens from all else that the root keyset seals.
const tokenPurpose = "kms-grant-token" //nolint:gosec // the name of a purpose

// GrantToken makes a token that names a grant. Grants count at once here, so that a token adds
// nothing to the rights of its bearer; it identifies the grant to RetireGrant.
func (d *Directory) GrantToken(key, grant string) string {
	return d.sealer.SealToken(tokenPurpose, []byte(key+"/"+grant), nil)
}

// OpenToken reads a token.
func (d *Directory) OpenToken(token string) (key, grant string, err error) {
	plain, err := d.sealer.OpenToken(tokenPurpose, token, nil)
	if err != nil {
		return "", "", errToken()
	}
	key, grant, _ = strings.Cut(string(plain), "/")
	return key, grant, nil
}

// CheckTokens refuses tokens that name no grant of the keys in use.
func (d *Directory) CheckTokens(_ context.Context, v *View, tokens []string, more ...*View) error {
	for _, t := range tokens {
		key, id, err := d.OpenToken(t)
		if err != nil {
			return err
		}
		named := func(v *View) bool {
			return v.ID == key && slices.ContainsFunc(v.Grants, func(g Grant) bool { return g.ID == id })
		}
		if !named(v) && !slices.ContainsFunc(more, named) {
			return errToken()
		}
	}
	return nil
}

func errToken() error {
	return &kmsapi.InvalidGrantTokenException{Message: "The grant token is not valid."}
}
