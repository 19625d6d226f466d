package directory

import (
	"context"
	"errors"
	"strings"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
)

// HasPrincipal reports whether a principal that a policy names exists: an
// account (id or root ARN), a user or role by ARN, or a unique id. Services,
// federated providers, "*" and sessions are taken as they are: the former have
// no row here, and sessions come and go.
func HasPrincipal(ctx context.Context, tx *db.Tx, name string) (bool, error) {
	if len(name) == 12 && strings.Trim(name, "0123456789") == "" {
		return HasAccount(ctx, tx, name)
	}
	parts := strings.SplitN(name, ":", 6)
	if len(parts) != 6 || parts[2] != "iam" {
		return true, nil
	}
	kind, rest, _ := strings.Cut(parts[5], "/")
	switch {
	case parts[5] == "root":
		return HasAccount(ctx, tx, parts[4])
	case kind == "user":
		e, err := Get[iamapi.User](ctx, tx, parts[4], User, rest[strings.LastIndexByte(rest, '/')+1:])
		return found(err, func() bool { return e.Doc.Arn == name })
	case kind == "role":
		e, err := Get[iamapi.Role](ctx, tx, parts[4], Role, rest[strings.LastIndexByte(rest, '/')+1:])
		return found(err, func() bool { return e.Doc.Arn == name })
	}
	return kind == "saml-provider" || kind == "oidc-provider", nil
}

func found(err error, same func() bool) (bool, error) {
	if errors.Is(err, ErrNoEntity) {
		return false, nil
	}
	return err == nil && same(), err
}
