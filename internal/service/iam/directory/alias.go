package directory

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/db"
)

// AliasOf is the alias of an account, "" when it has none.
func AliasOf(ctx context.Context, tx *db.Tx, account string) (string, error) {
	var alias string
	err := tx.QueryRow(ctx, `SELECT alias FROM iam_alias WHERE account = ?`, account).Scan(&alias)
	if errors.Is(err, db.ErrNotFound) {
		return "", nil
	}
	return alias, err
}

// SetAlias gives an account an alias in place of the one it had. The error is
// db.ErrExists when another account has it.
func SetAlias(ctx context.Context, tx *db.Tx, account, alias string) error {
	var owner string
	err := tx.QueryRow(ctx, `SELECT account FROM iam_alias WHERE alias = ?`, alias).Scan(&owner)
	switch {
	case err == nil && owner != account:
		return db.ErrExists
	case err == nil:
		return nil
	case !errors.Is(err, db.ErrNotFound):
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM iam_alias WHERE account = ?`, account); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO iam_alias (alias, account) VALUES (?, ?)`, alias, account); err != nil {
		return err
	}
	return recordLink(ctx, tx, account, "iam:alias", alias, true)
}

// DeleteAlias takes an account's alias away. The error is ErrNoEntity when it
// has another one or none.
func DeleteAlias(ctx context.Context, tx *db.Tx, account, alias string) error {
	n, err := tx.Exec(ctx, `DELETE FROM iam_alias WHERE alias = ? AND account = ?`, alias, account)
	if err == nil && n == 0 {
		return ErrNoEntity
	}
	if err != nil {
		return err
	}
	return recordLink(ctx, tx, account, "iam:alias", alias, false)
}
