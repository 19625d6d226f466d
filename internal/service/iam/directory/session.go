package directory

import (
	"context"
	"errors"
	"strings"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
)

// Current is the principal of a session as it is now. A token outlives what it
// tells: its user may have another name and other tags by now, and a user or
// role that was deleted must not come back through one, not even when another
// of the same name was made. The error is ErrNoKey when it is gone.
func (d *Directory) Current(ctx context.Context, p op.Principal) (op.Principal, error) {
	if p.Type == op.Root {
		return p, nil
	}
	id, _, _ := strings.Cut(p.UserID, ":")
	if p.Type == op.FederatedUser && p.Session != nil {
		if id = p.Session.Owner; id == p.Account {
			return p, nil
		}
	}
	now, err := recall(d, func() map[string]*op.Principal { return d.owners }, id, func() (now *op.Principal, err error) {
		err = d.db.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
			now, err = principalOf(ctx, tx, id)
			return err
		})
		return now, err
	})
	if err != nil {
		return p, err
	}
	if p.Type == op.User {
		p.ARN, p.UserName, p.Tags = now.ARN, now.UserName, now.Tags
	}
	return p, nil
}

// principalOf is the user or role with a unique id. The error is ErrNoKey.
func principalOf(ctx context.Context, tx *db.Tx, id string) (*op.Principal, error) {
	if strings.HasPrefix(id, "AROA") {
		r, err := GetByID[iamapi.Role](ctx, tx, id)
		if err != nil {
			return nil, gone(err)
		}
		return &op.Principal{Type: op.AssumedRole, Account: r.Account, UserID: id, RoleARN: r.Doc.Arn, Tags: Tags(r.Doc.Tags)}, nil
	}
	u, err := GetByID[iamapi.User](ctx, tx, id)
	if err != nil {
		return nil, gone(err)
	}
	return &op.Principal{
		Type: op.User, Account: u.Account, UserID: id, ARN: u.Doc.Arn, UserName: u.Doc.UserName, Tags: Tags(u.Doc.Tags),
	}, nil
}

func gone(err error) error {
	if errors.Is(err, ErrNoEntity) {
		return ErrNoKey
	}
	return err
}
