package key

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/kms/directory"
	"github.com/bindery-project/bindery/internal/service/kms/terms"
	"github.com/bindery-project/bindery/internal/work/queue"
)

// EnableKey makes a disabled key usable.
func (k *Keys) EnableKey(ctx context.Context, in *kmsapi.EnableKeyInput) (*kmsapi.EnableKeyOutput, error) {
	return &kmsapi.EnableKeyOutput{}, k.enable(ctx, in.KeyId, directory.Enabled)
}

// DisableKey makes a key unusable, until it is enabled again.
func (k *Keys) DisableKey(ctx context.Context, in *kmsapi.DisableKeyInput) (*kmsapi.DisableKeyOutput, error) {
	return &kmsapi.DisableKeyOutput{}, k.enable(ctx, in.KeyId, directory.Disabled)
}

func (k *Keys) enable(ctx context.Context, ref, state string) error {
	return k.change(ctx, ref, func(_ *db.Tx, key *directory.Key) error {
		if err := notPending(key); err != nil {
			return err
		}
		setState(key, state)
		return nil
	})
}

func setState(key *directory.Key, state string) {
	key.Meta.KeyState, key.Meta.Enabled = &state, new(state == directory.Enabled)
}

// Days that a deletion waits.
const (
	leastWindow, mostWindow = 7, 30
	defaultWindow           = 30
)

// ScheduleKeyDeletion makes a key unusable at once and deletes it when the window has passed.
func (k *Keys) ScheduleKeyDeletion(ctx context.Context, in *kmsapi.ScheduleKeyDeletionInput) (*kmsapi.ScheduleKeyDeletionOutput, error) {
	days := int32(defaultWindow)
	if in.PendingWindowInDays != nil {
		days = *in.PendingWindowInDays
	}
	if days < leastWindow || days > mostWindow {
		return nil, terms.Invalid("PendingWindowInDays must be between %d and %d (inclusive).", leastWindow, mostWindow)
	}
	out := &kmsapi.ScheduleKeyDeletionOutput{}
	err := k.change(ctx, in.KeyId, func(tx *db.Tx, key *directory.Key) error {
		if err := notPending(key); err != nil {
			return err
		}
		due := op.Millis(millis(tx, days))
		setState(key, directory.PendingDeletion)
		key.Meta.DeletionDate = &due
		out = &kmsapi.ScheduleKeyDeletionOutput{
			KeyId: key.Meta.Arn, DeletionDate: &due, KeyState: new(directory.PendingDeletion), PendingWindowInDays: &days,
		}
		return terms.Busy(k.Queue.Enqueue(ctx, tx, queue.Item{
			ID: deletion + key.Meta.KeyId, Kind: deletionKind, Account: *key.Meta.AWSAccountId, Due: time.UnixMilli(int64(due)),
		}))
	})
	return out, err
}

// CancelKeyDeletion keeps a key, which is disabled then.
func (k *Keys) CancelKeyDeletion(ctx context.Context, in *kmsapi.CancelKeyDeletionInput) (*kmsapi.CancelKeyDeletionOutput, error) {
	out := &kmsapi.CancelKeyDeletionOutput{}
	err := k.change(ctx, in.KeyId, func(tx *db.Tx, key *directory.Key) error {
		if *key.Meta.KeyState != directory.PendingDeletion {
			return terms.State("%s is not pending deletion.", *key.Meta.Arn)
		}
		setState(key, directory.Disabled)
		key.Meta.DeletionDate = nil
		out.KeyId = key.Meta.Arn
		_, err := k.Queue.Cancel(ctx, tx, deletion+key.Meta.KeyId)
		if errors.Is(err, queue.ErrLost) {
			err = nil // the work looks at the state itself
		}
		return err
	})
	return out, err
}

const (
	deletion     = "kms-delete:"
	deletionKind = "kms:delete"
)

// Kind is the work that deletes keys when their time has come.
func (k *Keys) Kind() queue.Kind {
	return queue.Kind{Name: deletionKind, Run: k.delete}
}

// delete removes a key whose deletion is due. One that was kept in the meantime stays.
func (k *Keys) delete(ctx context.Context, item queue.Item) error {
	id := strings.TrimPrefix(item.ID, deletion)
	return k.Directory.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := k.Queue.Settle(ctx, tx, item); err != nil {
			return err
		}
		key, err := directory.FindKey(ctx, tx, id)
		if directory.IsNoKey(err) {
			return nil
		}
		if err != nil {
			return err
		}
		due := key.Meta.DeletionDate
		if *key.Meta.KeyState != directory.PendingDeletion || due == nil || tx.Now().UnixMilli() < int64(*due) {
			return nil
		}
		return directory.Delete(ctx, tx, id)
	})
}
