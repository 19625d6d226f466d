package secret

import (
	"context"
	"errors"
	"strings"
	"time"

	api "github.com/bindery-project/bindery/internal/api/secretsmanagerapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/directory"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/terms"
	"github.com/bindery-project/bindery/internal/work/queue"
)

// Days that a deletion waits.
const (
	leastWindow, mostWindow = 7, 30
	usualWindow             = 30
)

// DeleteSecret makes a secret unreadable at once and removes it when the recovery window has
// passed, or at once when asked. Removing what does not exist by force is success, as in AWS.
func (s *Secrets) DeleteSecret(ctx context.Context, in *api.DeleteSecretInput) (*api.DeleteSecretOutput, error) {
	force := in.ForceDeleteWithoutRecovery != nil && *in.ForceDeleteWithoutRecovery
	days := int64(usualWindow)
	if in.RecoveryWindowInDays != nil {
		days = *in.RecoveryWindowInDays
	}
	switch {
	case force && in.RecoveryWindowInDays != nil:
		return nil, terms.Parameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
	case days < leastWindow || days > mostWindow:
		return nil, terms.Parameter("RecoveryWindowInDays value must be between %d and %d days (inclusive).", leastWindow, mostWindow)
	case force:
		return s.remove(ctx, in)
	}
	out := &api.DeleteSecretOutput{}
	err := s.Directory.Change(ctx, func(ctx context.Context, tx *db.Tx, found *directory.Secret) error {
		if err := found.CheckKept(); err != nil {
			return err
		}
		due := tx.Now().AddDate(0, 0, int(days))
		found.Purge = clock.Millis(due)
		found.Meta.DeletedDate = new(op.Millis(clock.Millis(tx.Now())))
		out = &api.DeleteSecretOutput{ARN: found.Meta.ARN, Name: found.Meta.Name, DeletionDate: new(op.Millis(found.Purge))}
		err := s.Queue.Enqueue(ctx, tx, queue.Item{ID: purge + *found.Meta.ARN, Kind: purgeKind, Account: found.Account, Due: due})
		if errors.Is(err, queue.ErrExists) {
			return terms.Request("An earlier deletion of the secret is still being undone. Try again.")
		}
		return err
	})
	return out, err
}

func (s *Secrets) remove(ctx context.Context, in *api.DeleteSecretInput) (*api.DeleteSecretOutput, error) {
	now := op.Millis(clock.Millis(op.CallFrom(ctx).Now))
	target, err := s.Directory.Target(ctx)
	if directory.IsNoSecret(err) && !strings.HasPrefix(in.SecretId, "arn:") {
		return &api.DeleteSecretOutput{Name: &in.SecretId, DeletionDate: &now}, nil
	}
	if err != nil {
		return nil, err
	}
	err = s.Directory.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		found, err := directory.FindSecret(ctx, tx, *target.Meta.ARN)
		if err != nil {
			return err
		}
		if err := s.unqueue(ctx, tx, found); err != nil {
			return err
		}
		return directory.Delete(ctx, tx, found)
	})
	return &api.DeleteSecretOutput{ARN: target.Meta.ARN, Name: target.Meta.Name, DeletionDate: &now}, err
}

func (s *Secrets) unqueue(ctx context.Context, tx *db.Tx, found *directory.Secret) error {
	if found.Purge == 0 {
		return nil
	}
	_, err := s.Queue.Cancel(ctx, tx, purge+*found.Meta.ARN)
	if errors.Is(err, queue.ErrLost) {
		return nil // the work looks at the secret itself
	}
	return err
}

// RestoreSecret keeps a secret that was deleted; for others it is success without effect.
func (s *Secrets) RestoreSecret(ctx context.Context, _ *api.RestoreSecretInput) (*api.RestoreSecretOutput, error) {
	out := &api.RestoreSecretOutput{}
	err := s.Directory.Change(ctx, func(ctx context.Context, tx *db.Tx, found *directory.Secret) error {
		out.ARN, out.Name = found.Meta.ARN, found.Meta.Name
		if err := s.unqueue(ctx, tx, found); err != nil {
			return err
		}
		found.Purge, found.Meta.DeletedDate = 0, nil
		return nil
	})
	return out, err
}

const (
	purge     = "secret-purge:"
	purgeKind = "secretsmanager:purge"
)

// Kind is the work that removes secrets when their recovery windows are over.
func (s *Secrets) Kind() queue.Kind { return queue.Kind{Name: purgeKind, Run: s.purge} }

// purge removes a secret whose time has come. One that was kept in the meantime stays.
func (s *Secrets) purge(ctx context.Context, item queue.Item) error {
	return s.Directory.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.Queue.Settle(ctx, tx, item); err != nil {
			return err
		}
		found, err := directory.FindSecret(ctx, tx, strings.TrimPrefix(item.ID, purge))
		if directory.IsNoSecret(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if found.Purge == 0 || tx.Now().Before(time.UnixMilli(found.Purge)) {
			return nil
		}
		return directory.Delete(ctx, tx, found)
	})
}
