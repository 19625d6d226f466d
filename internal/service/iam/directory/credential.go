package directory

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/db"
)

// Secret names something that is stored sealed: a password or an MFA device's
// seed. Owner is the id of the user, or the account.
type Secret struct{ Account, Kind, Name, Owner string }

// Kinds of secrets.
const (
	Password = "password" // named by the id of its user
	Seed     = "mfa"      // named by the serial number of its device
)

func (s Secret) place() db.Place { return db.At("iam_credential", s.Account, s.Kind, s.Name) }

// ReadSecret reads a secret into v and answers its owner. The error is ErrNoEntity.
func (d *Directory) ReadSecret(ctx context.Context, tx *db.Tx, s Secret, v any) (owner string, err error) {
	var doc []byte
	err = tx.QueryRow(ctx, `SELECT owner, doc FROM iam_credential WHERE account = ? AND kind = ? AND name = ?`, s.Account, s.Kind, s.Name).
		Scan(&owner, &doc)
	if errors.Is(err, db.ErrNotFound) {
		return "", ErrNoEntity
	}
	if err != nil {
		return "", err
	}
	return owner, db.DecodeSealed(s.place(), doc, v, d.sealer)
}

// WriteSecret stores a secret, new or changed. The journal keeps that it
// changed, never what it is.
func (d *Directory) WriteSecret(ctx context.Context, tx *db.Tx, s Secret, v any) error {
	doc, err := db.EncodeSealed(s.place(), v, d.sealer)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO iam_credential (account, kind, name, owner, doc) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (account, kind, name) DO UPDATE SET owner = excluded.owner, doc = excluded.doc`, s.Account, s.Kind, s.Name, s.Owner, doc)
	if err != nil {
		return err
	}
	return recordLink(ctx, tx, s.Account, "iam:"+s.Kind, s.Name, true)
}

// DeleteSecret removes a secret. The error is ErrNoEntity.
func DeleteSecret(ctx context.Context, tx *db.Tx, s Secret) error {
	n, err := tx.Exec(ctx, `DELETE FROM iam_credential WHERE account = ? AND kind = ? AND name = ?`, s.Account, s.Kind, s.Name)
	if err == nil && n == 0 {
		return ErrNoEntity
	}
	if err != nil {
		return err
	}
	return recordLink(ctx, tx, s.Account, "iam:"+s.Kind, s.Name, false)
}

// SecretsOf lists the names of an owner's secrets of a kind.
func SecretsOf(ctx context.Context, tx *db.Tx, owner, kind string) ([]string, error) {
	return strings1(ctx, tx, `SELECT name FROM iam_credential WHERE owner = ? AND kind = ? ORDER BY name`, owner, kind)
}
