package directory

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
)

// Account is one customer of the installation.
type Account struct {
	ID         string // 12 digits
	Name       string
	Management bool // the first account, which may create others
}

// CreateAccount makes an account with a root access key. The error is
// db.ErrExists when the id is taken. The key is the caller's, made by NewKey,
// so that it can be kept elsewhere before the account exists.
func (d *Directory) CreateAccount(ctx context.Context, a Account, root *AccessKey) error {
	return d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		doc, err := db.Encode(db.At("iam_account", a.ID), a)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `INSERT INTO iam_account (account, created, doc) VALUES (?, ?, ?) ON CONFLICT (account) DO NOTHING`,
			a.ID, tx.Now(), doc)
		if err != nil {
			return err
		}
		if n == 0 {
			return db.ErrExists
		}
		if err := tx.Record(ctx, db.Change{Account: a.ID, Kind: "iam:account", Key: []byte(a.ID), After: doc}); err != nil {
			return err
		}
		root.Account, root.Owner = a.ID, a.ID
		return d.PutKey(ctx, tx, root)
	})
}

// Accounts lists all accounts in the order of their ids.
func (d *Directory) Accounts(ctx context.Context) ([]Account, error) {
	var out []Account
	err := d.db.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = nil
		rows, err := tx.Query(ctx, `SELECT account, doc FROM iam_account ORDER BY account`)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // rows.Err tells
		for rows.Next() {
			var id string
			var doc []byte
			var a Account
			if err := rows.Scan(&id, &doc); err != nil {
				return err
			}
			if err := db.Decode(db.At("iam_account", id), doc, &a); err != nil {
				return err
			}
			out = append(out, a)
		}
		return rows.Err()
	})
	return out, err
}

// HasAccount reports whether an account exists, for policies that name it.
func HasAccount(ctx context.Context, tx *db.Tx, id string) (bool, error) {
	var one string
	err := tx.QueryRow(ctx, `SELECT account FROM iam_account WHERE account = ?`, id).Scan(&one)
	if errors.Is(err, db.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// NewAccountID makes a random account id of 12 digits that does not begin with 0.
func (d *Directory) NewAccountID() string {
	id := make([]byte, 12)
	for i, b := range d.bytes(12) {
		id[i] = '0' + b%10
	}
	if id[0] == '0' {
		id[0] = '1'
	}
	return string(id)
}

// AccountCreated is when an account was made.
func AccountCreated(ctx context.Context, tx *db.Tx, id string) (op.Millis, error) {
	var at int64
	err := tx.QueryRow(ctx, `SELECT created FROM iam_account WHERE account = ?`, id).Scan(&at)
	return op.Millis(at), err
}
