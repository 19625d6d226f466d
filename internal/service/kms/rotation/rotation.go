// Package rotation answers the operations that give symmetric keys new material, on a schedule or
// on demand. What older material has encrypted still decrypts.
package rotation

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/kms/directory"
	"github.com/bindery-project/bindery/internal/service/kms/material"
	"github.com/bindery-project/bindery/internal/service/kms/terms"
	"github.com/bindery-project/bindery/internal/work/queue"
)

// Rotations answers the operations about rotation.
type Rotations struct {
	Directory *directory.Directory
	Queue     *queue.Queue
	Pages     terms.Pages
}

const (
	yearly       = 365 // days between rotations when nothing else was asked for
	mostOnDemand = 25  // AWS's quota of rotations on demand per key

	item     = "kms-rotate:"
	itemKind = "kms:rotate"
)

// EnableKeyRotation has a key rotated every so many days, 365 unless asked otherwise.
func (r *Rotations) EnableKeyRotation(ctx context.Context, in *kmsapi.EnableKeyRotationInput) (*kmsapi.EnableKeyRotationOutput, error) {
	days := int32(yearly)
	if in.RotationPeriodInDays != nil {
		days = *in.RotationPeriodInDays
	}
	err := r.change(ctx, in.KeyId, func(ctx context.Context, tx *db.Tx, k *directory.Key) error {
		if k.Rotation.Enabled && k.Rotation.Days == days {
			return nil
		}
		k.Rotation.Enabled, k.Rotation.Days = true, days
		return r.Schedule(ctx, tx, k)
	})
	return &kmsapi.EnableKeyRotationOutput{}, err
}

// DisableKeyRotation ends the rotation on a schedule.
func (r *Rotations) DisableKeyRotation(ctx context.Context, in *kmsapi.DisableKeyRotationInput) (*kmsapi.DisableKeyRotationOutput, error) {
	err := r.change(ctx, in.KeyId, func(ctx context.Context, tx *db.Tx, k *directory.Key) error {
		k.Rotation.Enabled, k.Rotation.Next = false, 0
		return r.unschedule(ctx, tx, k)
	})
	return &kmsapi.DisableKeyRotationOutput{}, err
}

// GetKeyRotationStatus tells whether and when a key is rotated: never, unless it is symmetric.
func (r *Rotations) GetKeyRotationStatus(ctx context.Context, in *kmsapi.GetKeyRotationStatusInput) (*kmsapi.GetKeyRotationStatusOutput, error) {
	v, err := r.Directory.Target(ctx, 0, in.KeyId)
	if err != nil {
		return nil, err
	}
	enabled := v.Rotation.Enabled && *v.Meta.KeyState != directory.PendingDeletion
	out := &kmsapi.GetKeyRotationStatusOutput{KeyId: &v.ARN, KeyRotationEnabled: &enabled}
	if enabled {
		out.RotationPeriodInDays, out.NextRotationDate = &v.Rotation.Days, new(op.Millis(v.Rotation.Next))
	}
	return out, nil
}

// RotateKeyOnDemand gives a key new material now. A schedule is not moved by it.
func (r *Rotations) RotateKeyOnDemand(ctx context.Context, in *kmsapi.RotateKeyOnDemandInput) (*kmsapi.RotateKeyOnDemandOutput, error) {
	raw, err := material.Generate(kmsapi.KeySpecSymmetricDefault)
	if err != nil {
		return nil, err
	}
	out := &kmsapi.RotateKeyOnDemandOutput{}
	err = r.change(ctx, in.KeyId, func(ctx context.Context, tx *db.Tx, k *directory.Key) error {
		if k.Rotation.OnDemand >= mostOnDemand {
			return terms.Limit("The key was rotated on demand %d times already.", mostOnDemand)
		}
		k.Rotation.OnDemand++
		out.KeyId = k.Meta.Arn
		return r.Directory.AddVersion(ctx, tx, k, raw, kmsapi.RotationTypeOnDemand)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ListKeyRotations lists the rotations that were completed, oldest first, or all material.
func (r *Rotations) ListKeyRotations(ctx context.Context, in *kmsapi.ListKeyRotationsInput) (*kmsapi.ListKeyRotationsOutput, error) {
	size, err := terms.Size(in.Limit, 100, 1000)
	if err != nil {
		return nil, err
	}
	v, err := r.Directory.Target(ctx, 0, in.KeyId)
	if err == nil {
		err = symmetric(&v.Key)
	}
	if err != nil {
		return nil, err
	}
	all := in.IncludeKeyMaterial != nil && *in.IncludeKeyMaterial == kmsapi.IncludeKeyMaterialAllKeyMaterial
	call, scope := op.CallFrom(ctx), []any{in.KeyId, all}
	after, err := r.Pages.After(call, scope, in.Marker)
	if err != nil {
		return nil, err
	}
	versions, err := r.Directory.Materials(ctx, v.ID)
	if err != nil {
		return nil, err
	}
	found, more := terms.Cut(rest(versions, all, after), size)
	out := &kmsapi.ListKeyRotationsOutput{Rotations: []kmsapi.RotationsListEntry{}, Truncated: &more}
	for i := range found {
		out.Rotations = append(out.Rotations, entry(v, &found[i]))
	}
	if more {
		out.NextMarker, err = r.Pages.Next(call, scope, found[len(found)-1].ID)
	}
	return out, err
}

// rest are the versions behind the one with an id; the first one was no rotation.
func rest(versions []directory.Material, all bool, after string) []directory.Material {
	if !all && len(versions) > 0 {
		versions = versions[1:]
	}
	for i := range versions {
		if versions[i].ID == after {
			return versions[i+1:]
		}
	}
	return versions
}

func entry(v *directory.View, m *directory.Material) kmsapi.RotationsListEntry {
	out := kmsapi.RotationsListEntry{KeyId: &v.ARN, KeyMaterialId: &m.ID, KeyMaterialState: new(kmsapi.KeyMaterialStateNonCurrent)}
	if v.Meta.CurrentKeyMaterialId != nil && *v.Meta.CurrentKeyMaterialId == m.ID {
		out.KeyMaterialState = new(kmsapi.KeyMaterialStateCurrent)
	}
	if m.Type != "" {
		out.RotationType, out.RotationDate = &m.Type, new(op.Millis(m.Created))
	}
	return out
}

// change changes the key that the call was authorized on, which must be a symmetric one in use.
func (r *Rotations) change(ctx context.Context, ref string, change func(context.Context, *db.Tx, *directory.Key) error) error {
	v, err := r.Directory.Target(ctx, 0, ref)
	if err != nil {
		return err
	}
	err = r.Directory.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return directory.Update(ctx, tx, v.ID, func(k *directory.Key) error {
			if err := symmetric(k); err != nil {
				return err
			}
			now := directory.View{Key: *k, ARN: v.ARN}
			if err := now.CheckEnabled(); err != nil {
				return err
			}
			return change(ctx, tx, k)
		})
	})
	if directory.IsNoKey(err) {
		return terms.KeyNotFound(v.ARN)
	}
	return err
}

func symmetric(k *directory.Key) error {
	if k.Spec().Symmetric() {
		return nil
	}
	return &kmsapi.UnsupportedOperationException{Message: "Key rotation is for symmetric encryption keys only."}
}

// Schedule has the key rotated one period from now.
func (r *Rotations) Schedule(ctx context.Context, tx *db.Tx, k *directory.Key) error {
	if err := r.unschedule(ctx, tx, k); err != nil {
		return err
	}
	next := tx.Now().AddDate(0, 0, int(k.Rotation.Days))
	k.Rotation.Next = clock.Millis(next)
	return r.enqueue(ctx, tx, k, next)
}

func (r *Rotations) enqueue(ctx context.Context, tx *db.Tx, k *directory.Key, due time.Time) error {
	return terms.Busy(r.Queue.Enqueue(ctx, tx, queue.Item{ID: item + k.Meta.KeyId, Kind: itemKind, Account: *k.Meta.AWSAccountId, Due: due}))
}

func (r *Rotations) unschedule(ctx context.Context, tx *db.Tx, k *directory.Key) error {
	_, err := r.Queue.Cancel(ctx, tx, item+k.Meta.KeyId)
	if errors.Is(err, queue.ErrLost) {
		return nil // there is none
	}
	return err
}

// Kind is the work that rotates keys when their time has come.
func (r *Rotations) Kind() queue.Kind { return queue.Kind{Name: itemKind, Run: r.rotate} }

// tryAgain is when a key that cannot be used now is looked at again: it is rotated soon after it is enabled.
const tryAgain = 24 * time.Hour

func (r *Rotations) rotate(ctx context.Context, work queue.Item) error {
	raw, err := material.Generate(kmsapi.KeySpecSymmetricDefault)
	if err != nil {
		return err
	}
	id := strings.TrimPrefix(work.ID, item)
	err = r.Directory.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := r.Queue.Settle(ctx, tx, work); err != nil {
			return err
		}
		return directory.Update(ctx, tx, id, func(k *directory.Key) error {
			switch {
			case !k.Rotation.Enabled:
				return nil
			case *k.Meta.KeyState != directory.Enabled:
				return r.enqueue(ctx, tx, k, tx.Now().Add(tryAgain))
			}
			if err := r.Directory.AddVersion(ctx, tx, k, raw, kmsapi.RotationTypeAutomatic); err != nil {
				return err
			}
			return r.Schedule(ctx, tx, k)
		})
	})
	if directory.IsNoKey(err) {
		return nil // deleted; the item goes with the next claim's end
	}
	return err
}
