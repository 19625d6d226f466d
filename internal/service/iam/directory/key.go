package directory

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
)

// AccessKey is a long-lived access key. Its document is stored sealed.
type AccessKey struct {
	ID      string
	Secret  string
	Account string
	Owner   string // user id, or the account for its root
	Active  bool
	Created op.Millis
}

// Owner is whose key it is, ready for a request.
type Owner struct {
	Secret    string
	Principal op.Principal
}

// NewKey makes an active access key that belongs to nobody yet.
func (d *Directory) NewKey(now op.Millis) *AccessKey {
	return &AccessKey{ID: d.NewID("AKIA"), Secret: d.NewSecret(), Active: true, Created: now}
}

// PutKey stores a key, new or changed.
func (d *Directory) PutKey(ctx context.Context, tx *db.Tx, k *AccessKey) error {
	doc, err := db.EncodeSealed(db.At("iam_access_key", k.ID), k, d.sealer)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO iam_access_key (id, account, owner, created, doc) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET doc = excluded.doc`, k.ID, k.Account, k.Owner, int64(k.Created), doc)
	if err != nil {
		return err
	}
	return tx.Record(ctx, db.Change{Account: k.Account, Kind: "iam:access-key", Key: []byte(k.ID), After: doc})
}

// DeleteKey removes a key.
func (d *Directory) DeleteKey(ctx context.Context, tx *db.Tx, k *AccessKey) error {
	if _, err := tx.Exec(ctx, `DELETE FROM iam_access_key WHERE id = ?`, k.ID); err != nil {
		return err
	}
	if err := ForgetUses(ctx, tx, k.ID); err != nil {
		return err
	}
	return tx.Record(ctx, db.Change{Account: k.Account, Kind: "iam:access-key", Key: []byte(k.ID), Before: []byte{}})
}

// Keys lists the keys of an owner, oldest first.
func (d *Directory) Keys(ctx context.Context, tx *db.Tx, owner string) ([]*AccessKey, error) {
	rows, err := tx.Query(ctx, `SELECT id, doc FROM iam_access_key WHERE owner = ? ORDER BY created, id`, owner)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var out []*AccessKey
	for rows.Next() {
		var id string
		var doc []byte
		if err := rows.Scan(&id, &doc); err != nil {
			return nil, err
		}
		k := new(AccessKey)
		if err := db.DecodeSealed(db.At("iam_access_key", id), doc, k, d.sealer); err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, rows.Err()
}

// FindKey reads one key. The error is ErrNoKey.
func (d *Directory) FindKey(ctx context.Context, tx *db.Tx, id string) (*AccessKey, error) {
	var doc []byte
	err := tx.QueryRow(ctx, `SELECT doc FROM iam_access_key WHERE id = ?`, id).Scan(&doc)
	if errors.Is(err, db.ErrNotFound) {
		return nil, ErrNoKey
	}
	if err != nil {
		return nil, err
	}
	k := new(AccessKey)
	return k, db.DecodeSealed(db.At("iam_access_key", id), doc, k, d.sealer)
}

// Key answers whose active key this is. The error is ErrNoKey.
func (d *Directory) Key(ctx context.Context, id string) (*Owner, error) {
	return recall(d, func() map[string]*Owner { return d.keys }, id, func() (*Owner, error) {
		var o *Owner
		err := d.db.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
			k, err := d.FindKey(ctx, tx, id)
			if err != nil {
				return err
			}
			o, err = ownerOf(ctx, tx, k)
			return err
		})
		return o, err
	})
}

func ownerOf(ctx context.Context, tx *db.Tx, k *AccessKey) (*Owner, error) {
	if !k.Active {
		return nil, ErrNoKey
	}
	o := &Owner{Secret: k.Secret, Principal: op.Principal{Account: k.Account, AccessKeyID: k.ID}}
	if k.Owner == k.Account {
		o.Principal.Type, o.Principal.ARN, o.Principal.UserID = op.Root, arn.Root(k.Account), k.Account
		return o, nil
	}
	p, err := principalOf(ctx, tx, k.Owner)
	if err != nil {
		return nil, err
	}
	o.Principal = *p
	o.Principal.AccessKeyID = k.ID
	return o, nil
}

// Tags turns the API's tag list into a map.
func Tags(list []iamapi.Tag) map[string]string {
	out := make(map[string]string, len(list))
	for _, t := range list {
		out[t.Key] = t.Value
	}
	return out
}
