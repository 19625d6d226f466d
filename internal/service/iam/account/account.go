// Package account holds what is said about an account as a whole: its alias, the
// summary of what it has, and the details of everybody's rights.
package account

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

// Accounts answers the operations about the caller's account.
type Accounts struct{ *directory.Directory }

// CreateAccountAlias gives the account an alias, in place of the one it had.
func (a *Accounts) CreateAccountAlias(ctx context.Context, in *iamapi.CreateAccountAliasInput) (*iamapi.CreateAccountAliasOutput, error) {
	if isAccountID(in.AccountAlias) {
		return nil, terms.Invalid("The account alias must not be a 12-digit number.")
	}
	err := a.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return directory.SetAlias(ctx, tx, op.CallFrom(ctx).Account, in.AccountAlias)
	})
	if errors.Is(err, db.ErrExists) {
		return nil, &iamapi.EntityAlreadyExistsException{Message: "The account alias " + in.AccountAlias + " already exists."}
	}
	return nil, err
}

// isAccountID: who signs in by an alias must never reach the account of that number.
func isAccountID(alias string) bool {
	for _, c := range alias {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(alias) == 12
}

// ListAccountAliases lists the alias of the account, if it has one.
func (a *Accounts) ListAccountAliases(ctx context.Context, _ *iamapi.ListAccountAliasesInput) (*iamapi.ListAccountAliasesOutput, error) {
	out := &iamapi.ListAccountAliasesOutput{IsTruncated: new(false)}
	return out, a.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out.AccountAliases = []string{}
		alias, err := directory.AliasOf(ctx, tx, op.CallFrom(ctx).Account)
		if alias != "" {
			out.AccountAliases = append(out.AccountAliases, alias)
		}
		return err
	})
}

// DeleteAccountAlias takes the account's alias away.
func (a *Accounts) DeleteAccountAlias(ctx context.Context, in *iamapi.DeleteAccountAliasInput) (*iamapi.DeleteAccountAliasOutput, error) {
	err := a.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return directory.DeleteAlias(ctx, tx, op.CallFrom(ctx).Account, in.AccountAlias)
	})
	if errors.Is(err, directory.ErrNoEntity) {
		return nil, terms.NoSuchText("The account alias with name %s cannot be found.", in.AccountAlias)
	}
	return nil, err
}
