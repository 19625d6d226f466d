package directory

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/secretsmanagerapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/terms"
)

// Stored lists the tables that hold documents, for fsck.
func Stored() []db.StoredTable {
	return []db.StoredTable{
		{Name: "secret", KeyColumns: []string{"arn"}, Documents: []string{"doc"}},
		{Name: "secret_value", KeyColumns: []string{"arn", "version"}, Documents: []string{"doc"}},
	}
}

// Value is the stored form of a version's value: encrypted under a data key that a key of KMS has
// wrapped, and bound to the secret and the version.
type Value struct {
	Wrapped []byte // the data key
	Sealed  []byte
	Binary  bool // SecretBinary, not SecretString
}

func place(secret string) db.Place { return db.At("secret", secret) }

func valuePlace(secret, version string) db.Place { return db.At("secret_value", secret, version) }

// FindSecret reads a secret by its ARN. The error is terms.NoSecret's when there is none.
func FindSecret(ctx context.Context, tx *db.Tx, secret string) (*Secret, error) {
	var stored []byte
	err := tx.QueryRow(ctx, `SELECT doc FROM secret WHERE arn = ?`, secret).Scan(&stored)
	if errors.Is(err, db.ErrNotFound) {
		return nil, terms.NoSecret()
	}
	if err != nil {
		return nil, err
	}
	s := &Secret{}
	return s, db.Decode(place(secret), stored, s)
}

// IsNoSecret reports whether an error says that there is no such secret.
func IsNoSecret(err error) bool {
	var e *secretsmanagerapi.ResourceNotFoundException
	return errors.As(err, &e)
}

// Insert stores a new secret. Another of its name in the account is db.ErrExists.
func Insert(ctx context.Context, tx *db.Tx, s *Secret) error {
	doc, err := db.Encode(place(*s.Meta.ARN), s)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO secret (arn, account, name, doc) VALUES (?, ?, ?, ?)`, *s.Meta.ARN, s.Account, *s.Meta.Name, doc); err != nil {
		return err
	}
	return tx.Record(ctx, db.Change{Account: s.Account, Kind: "secretsmanager:secret", Key: []byte(*s.Meta.ARN), After: doc})
}

// Update stores what change makes of a secret.
func Update(ctx context.Context, tx *db.Tx, s *Secret, change func() error) error {
	before, err := db.Encode(place(*s.Meta.ARN), s)
	if err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	after, err := db.Encode(place(*s.Meta.ARN), s)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE secret SET doc = ? WHERE arn = ?`, after, *s.Meta.ARN); err != nil {
		return err
	}
	return tx.Record(ctx, db.Change{Account: s.Account, Kind: "secretsmanager:secret", Key: []byte(*s.Meta.ARN), Before: before, After: after})
}

// Delete removes a secret with all its values.
func Delete(ctx context.Context, tx *db.Tx, s *Secret) error {
	before, err := db.Encode(place(*s.Meta.ARN), s)
	if err != nil {
		return err
	}
	for _, statement := range []string{`DELETE FROM secret_value WHERE arn = ?`, `DELETE FROM secret WHERE arn = ?`} {
		if _, err := tx.Exec(ctx, statement, *s.Meta.ARN); err != nil {
			return err
		}
	}
	return tx.Record(ctx, db.Change{Account: s.Account, Kind: "secretsmanager:secret", Key: []byte(*s.Meta.ARN), Before: before})
}

// List reads the secrets of an account.
func List(ctx context.Context, tx *db.Tx, account string) ([]*Secret, error) {
	return list(ctx, tx, `SELECT arn, doc FROM secret WHERE account = ? ORDER BY arn`, account)
}

func list(ctx context.Context, tx *db.Tx, query string, args ...any) ([]*Secret, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	var out []*Secret
	for rows.Next() {
		var secret string
		var stored []byte
		if err := rows.Scan(&secret, &stored); err != nil {
			return nil, err
		}
		s := &Secret{}
		if err := db.Decode(place(secret), stored, s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// FindValue reads the encrypted value of a version.
func FindValue(ctx context.Context, tx *db.Tx, secret, version string) (*Value, error) {
	var stored []byte
	if err := tx.QueryRow(ctx, `SELECT doc FROM secret_value WHERE arn = ? AND version = ?`, secret, version).Scan(&stored); err != nil {
		return nil, err
	}
	v := &Value{}
	return v, db.Decode(valuePlace(secret, version), stored, v)
}

// PutValue stores the encrypted value of a version, in the place of an older one.
func PutValue(ctx context.Context, tx *db.Tx, secret, version string, v *Value) error {
	doc, err := db.Encode(valuePlace(secret, version), v)
	if err != nil {
		return err
	}
	if err := DropValue(ctx, tx, secret, version); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO secret_value (arn, version, doc) VALUES (?, ?, ?)`, secret, version, doc)
	return err
}

// DropValue removes the value of a version.
func DropValue(ctx context.Context, tx *db.Tx, secret, version string) error {
	_, err := tx.Exec(ctx, `DELETE FROM secret_value WHERE arn = ? AND version = ?`, secret, version)
	return err
}

// PrincipalMoved rewrites the resource policies that name a principal which has another ARN now,
// or was deleted and is named by its unique id: one made later under the old name has no rights.
func PrincipalMoved(ctx context.Context, tx *db.Tx, from, to string) error {
	all, err := list(ctx, tx, `SELECT arn, doc FROM secret ORDER BY arn`)
	if err != nil {
		return err
	}
	for _, s := range all {
		text, changed, err := policy.ReplacePrincipal(s.Policy, from, to)
		if s.Policy == "" || err != nil || !changed {
			continue // a policy that cannot be read denies
		}
		if err := Update(ctx, tx, s, func() error { s.Policy = text; return nil }); err != nil {
			return err
		}
	}
	return nil
}
