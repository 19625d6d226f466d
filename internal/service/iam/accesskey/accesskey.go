// Package accesskey holds the long-lived access keys of users and of root.
package accesskey

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

// Keys answers the operations about access keys.
type Keys struct{ *directory.Directory }

// owner is whose keys an operation is about: the named user's, else the
// caller's own.
type owner struct{ id, name string }

func ownerOf(ctx context.Context, tx *db.Tx, name *string) (owner, error) {
	p := op.CallFrom(ctx).Principal
	if name == nil && p.Type == op.Root {
		return owner{p.Account, ""}, nil
	}
	if name == nil && p.Type == op.User {
		name = &p.UserName
	}
	if name == nil {
		return owner{}, terms.Invalid("Must specify userName when calling with non-User credentials")
	}
	e, err := terms.Find[iamapi.User](ctx, tx, directory.User, *name)
	if err != nil {
		return owner{}, err
	}
	return owner{e.ID, e.Doc.UserName}, nil
}

// CreateAccessKey makes a key; its secret is answered this once.
func (k *Keys) CreateAccessKey(ctx context.Context, in *iamapi.CreateAccessKeyInput) (*iamapi.CreateAccessKeyOutput, error) {
	out := &iamapi.CreateAccessKeyOutput{}
	key := k.NewKey(0)
	return out, k.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		o, err := ownerOf(ctx, tx, in.UserName)
		if err != nil {
			return err
		}
		have, err := k.Keys(ctx, tx, o.id)
		if err != nil {
			return err
		}
		if len(have) >= terms.MaxKeys {
			return terms.Limit("AccessKeysPerUser", terms.MaxKeys)
		}
		key.Account, key.Owner, key.Created = op.CallFrom(ctx).Account, o.id, op.Millis(clock.Millis(tx.Now()))
		out.AccessKey = &iamapi.AccessKey{
			UserName: o.name, AccessKeyId: key.ID, Status: status(key), SecretAccessKey: key.Secret, CreateDate: &key.Created,
		}
		return k.PutKey(ctx, tx, key)
	})
}

func status(k *directory.AccessKey) string {
	if k.Active {
		return "Active"
	}
	return "Inactive"
}

// ListAccessKeys lists a user's keys without their secrets.
func (k *Keys) ListAccessKeys(ctx context.Context, in *iamapi.ListAccessKeysInput) (*iamapi.ListAccessKeysOutput, error) {
	out := &iamapi.ListAccessKeysOutput{AccessKeyMetadata: []iamapi.AccessKeyMetadata{}, IsTruncated: new(false)}
	return out, k.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		o, err := ownerOf(ctx, tx, in.UserName)
		if err != nil {
			return err
		}
		keys, err := k.Keys(ctx, tx, o.id)
		for _, key := range keys {
			out.AccessKeyMetadata = append(out.AccessKeyMetadata, iamapi.AccessKeyMetadata{
				UserName: &o.name, AccessKeyId: &key.ID, Status: new(status(key)), CreateDate: &key.Created,
			})
		}
		return err
	})
}

// find reads a key of the owner.
func (k *Keys) find(ctx context.Context, tx *db.Tx, user *string, id string) (*directory.AccessKey, error) {
	o, err := ownerOf(ctx, tx, user)
	if err != nil {
		return nil, err
	}
	key, err := k.FindKey(ctx, tx, id)
	if errors.Is(err, directory.ErrNoKey) || (err == nil && key.Owner != o.id) {
		return nil, terms.NoSuchText("The Access Key with id %s cannot be found.", id)
	}
	return key, err
}

// UpdateAccessKey switches a key on or off. Off takes effect at once.
func (k *Keys) UpdateAccessKey(ctx context.Context, in *iamapi.UpdateAccessKeyInput) (*iamapi.UpdateAccessKeyOutput, error) {
	return nil, k.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		key, err := k.find(ctx, tx, in.UserName, in.AccessKeyId)
		if err != nil {
			return err
		}
		key.Active = in.Status == "Active"
		return k.PutKey(ctx, tx, key)
	})
}

// DeleteAccessKey removes a key.
func (k *Keys) DeleteAccessKey(ctx context.Context, in *iamapi.DeleteAccessKeyInput) (*iamapi.DeleteAccessKeyOutput, error) {
	return nil, k.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		key, err := k.find(ctx, tx, in.UserName, in.AccessKeyId)
		if err != nil {
			return err
		}
		return k.DeleteKey(ctx, tx, key)
	})
}

// GetAccessKeyLastUsed tells when and for what a key was last used. A key that
// never was has the service and region "N/A".
func (k *Keys) GetAccessKeyLastUsed(ctx context.Context, in *iamapi.GetAccessKeyLastUsedInput) (*iamapi.GetAccessKeyLastUsedOutput, error) {
	out := &iamapi.GetAccessKeyLastUsedOutput{AccessKeyLastUsed: &iamapi.AccessKeyLastUsed{ServiceName: "N/A", Region: "N/A"}}
	return out, k.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		key, err := k.FindKey(ctx, tx, in.AccessKeyId)
		if errors.Is(err, directory.ErrNoKey) || (err == nil && key.Account != op.CallFrom(ctx).Account) {
			return terms.NoSuchText("The Access Key with id %s cannot be found.", in.AccessKeyId)
		}
		if err != nil {
			return err
		}
		if key.Owner != key.Account {
			u, err := directory.GetByID[iamapi.User](ctx, tx, key.Owner)
			if err != nil {
				return err
			}
			out.UserName = &u.Doc.UserName
		}
		use, ok, err := k.LastUse(ctx, tx, key.ID)
		if ok {
			out.AccessKeyLastUsed = &iamapi.AccessKeyLastUsed{LastUsedDate: &use.At, ServiceName: use.Service, Region: use.Region}
		}
		return err
	})
}
