// Package key answers the operations about keys themselves: their life from CreateKey to the
// deletion that was scheduled, their policies and tags.
package key

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/kms/directory"
	"github.com/bindery-project/bindery/internal/service/kms/material"
	"github.com/bindery-project/bindery/internal/service/kms/terms"
	"github.com/bindery-project/bindery/internal/work/queue"
)

// Keys answers the operations about keys.
type Keys struct {
	Directory  *directory.Directory
	Authorizer op.Authorizer
	Principals Principals
	Queue      *queue.Queue
	Pages      terms.Pages
}

// Principals tells which principals exist.
type Principals interface {
	HasPrincipal(ctx context.Context, name string) (bool, error)
}

// mostKeys is AWS's quota of customer managed keys per account and region.
const mostKeys = 100_000

// CreateKey makes a key with its first material.
func (k *Keys) CreateKey(ctx context.Context, in *kmsapi.CreateKeyInput) (*kmsapi.CreateKeyOutput, error) {
	spec, usage, err := wanted(in)
	if err != nil {
		return nil, err
	}
	call := op.CallFrom(ctx)
	id := uuid.NewString()
	text, err := k.firstPolicy(ctx, in, arn.KMSKey(call.Region, call.Account, id))
	if err != nil {
		return nil, err
	}
	if err := k.checkFirstTags(ctx, in.Tags, arn.KMSKey(call.Region, call.Account, id)); err != nil {
		return nil, err
	}
	raw, err := material.Generate(spec.Name)
	if err != nil {
		return nil, err
	}
	made := &directory.Key{
		Meta:   directory.NewMetadata(call.Region, call.Account, id, call.Now, op.Value(in.Description), spec.Name, usage, kmsapi.KeyManagerTypeCustomer),
		Policy: text, Tags: sorted(in.Tags),
	}
	err = k.Directory.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM kms_key WHERE account = ?`, call.Account).Scan(&n); err != nil {
			return err
		}
		if n >= mostKeys {
			return terms.Limit("The account has %d keys already.", n)
		}
		return k.Directory.Insert(ctx, tx, made, raw)
	})
	if err != nil {
		return nil, err
	}
	return &kmsapi.CreateKeyOutput{KeyMetadata: &made.Meta}, nil
}

// wanted is the spec and the use that are asked for; what is not built is refused by name.
func wanted(in *kmsapi.CreateKeyInput) (*material.Spec, string, error) {
	if err := refuseUnbuilt(in); err != nil {
		return nil, "", err
	}
	name := op.Value(in.KeySpec)
	switch old := op.Value(in.CustomerMasterKeySpec); {
	case name != "" && old != "" && name != old:
		return nil, "", terms.Invalid("You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.")
	case name == "" && old != "":
		name = old
	case name == "":
		name = kmsapi.KeySpecSymmetricDefault
	}
	spec, ok := material.SpecOf(name)
	if !ok {
		return nil, "", terms.Unsupported("KeySpec " + name)
	}
	usages := spec.Usages()
	usage := op.Value(in.KeyUsage)
	if usage == "" {
		usage = kmsapi.KeyUsageTypeEncryptDecrypt // AWS's default, whatever the spec
		if !spec.Symmetric() {
			return nil, "", terms.Invalid("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.")
		}
	}
	if usage == kmsapi.KeyUsageTypeKeyAgreement && strings.HasPrefix(name, "ECC_") {
		return nil, "", terms.Unsupported("KeyUsage " + usage)
	}
	if !slices.Contains(usages, usage) {
		return nil, "", terms.Invalid("KeyUsage %s is not compatible with KeySpec %s", usage, name)
	}
	return spec, usage, nil
}

func refuseUnbuilt(in *kmsapi.CreateKeyInput) error {
	switch {
	case in.Origin != nil && *in.Origin != kmsapi.OriginTypeAwsKms:
		return terms.Unsupported("Origin " + *in.Origin)
	case in.CustomKeyStoreId != nil || in.XksKeyId != nil:
		return terms.Unsupported("custom key stores")
	case in.MultiRegion != nil && *in.MultiRegion:
		return terms.Unsupported("multi-Region keys")
	}
	return nil
}

// DescribeKey tells about a key.
func (k *Keys) DescribeKey(ctx context.Context, in *kmsapi.DescribeKeyInput) (*kmsapi.DescribeKeyOutput, error) {
	v, err := k.Directory.Target(ctx, 0, in.KeyId)
	if err == nil {
		err = k.Directory.CheckTokens(ctx, v, in.GrantTokens)
	}
	if err != nil {
		return nil, err
	}
	meta := v.Meta
	return &kmsapi.DescribeKeyOutput{KeyMetadata: &meta}, nil
}

// ListKeys lists the keys of the caller's account.
func (k *Keys) ListKeys(ctx context.Context, in *kmsapi.ListKeysInput) (*kmsapi.ListKeysOutput, error) {
	size, err := terms.Size(in.Limit, 100, 1000)
	if err != nil {
		return nil, err
	}
	call := op.CallFrom(ctx)
	after, err := k.Pages.After(call, in.ResourceOwners, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &kmsapi.ListKeysOutput{Keys: []kmsapi.KeyListEntry{}, Truncated: new(false)}
	if len(in.ResourceOwners) > 0 && !slices.Contains(in.ResourceOwners, kmsapi.ResourceOwnerTypeSelf) {
		return out, nil // nothing is shared through RAM here
	}
	ids, err := k.ids(ctx, call.Account, after, size+1)
	if err != nil {
		return nil, err
	}
	ids, more := terms.Cut(ids, size)
	for _, id := range ids {
		out.Keys = append(out.Keys, kmsapi.KeyListEntry{KeyId: &id, KeyArn: new(arn.KMSKey(call.Region, call.Account, id))})
	}
	if more {
		out.Truncated = new(true)
		out.NextMarker, err = k.Pages.Next(call, in.ResourceOwners, ids[len(ids)-1])
	}
	return out, err
}

func (k *Keys) ids(ctx context.Context, account, after string, limit int) (out []string, err error) {
	err = k.Directory.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = nil
		rows, err := tx.Query(ctx, `SELECT id FROM kms_key WHERE account = ? AND id > ? ORDER BY id LIMIT ?`, account, after, limit)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			out = append(out, id)
		}
		return rows.Err()
	})
	return out, err
}

// UpdateKeyDescription changes the description.
func (k *Keys) UpdateKeyDescription(ctx context.Context, in *kmsapi.UpdateKeyDescriptionInput) (*kmsapi.UpdateKeyDescriptionOutput, error) {
	err := k.change(ctx, in.KeyId, func(_ *db.Tx, key *directory.Key) error {
		key.Meta.Description = &in.Description
		return notPending(key)
	})
	return &kmsapi.UpdateKeyDescriptionOutput{}, err
}

// change changes the key that the call was authorized on.
func (k *Keys) change(ctx context.Context, ref string, change func(tx *db.Tx, key *directory.Key) error) error {
	v, err := k.Directory.Target(ctx, 0, ref)
	if err != nil {
		return err
	}
	err = k.Directory.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return directory.Update(ctx, tx, v.ID, func(key *directory.Key) error { return change(tx, key) })
	})
	if directory.IsNoKey(err) {
		return terms.KeyNotFound(v.ARN)
	}
	return err
}

func notPending(key *directory.Key) error {
	if *key.Meta.KeyState == directory.PendingDeletion {
		return terms.State("%s is pending deletion.", *key.Meta.Arn)
	}
	return nil
}

func millis(tx *db.Tx, days int32) int64 {
	return clock.Millis(tx.Now().AddDate(0, 0, int(days)))
}
