// Package secret answers the operations on secrets themselves: their life from CreateSecret to the
// end of the recovery window, their description, key and tags.
package secret

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"math/big"
	"regexp"

	api "github.com/bindery-project/bindery/internal/api/secretsmanagerapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/directory"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/terms"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/vault"
	"github.com/bindery-project/bindery/internal/work/queue"
)

// Secrets answers the operations.
type Secrets struct {
	Directory  *directory.Directory
	Vault      *vault.Vault
	Authorizer op.Authorizer
	Queue      *queue.Queue
	Pages      terms.Pages
	Random     io.Reader
	NewID      func() string // for versions whose request has no token
}

var validName = regexp.MustCompile(`^[A-Za-z0-9/_+=.@!-]+$`)

// CreateSecret makes a secret, with its first version when there is a value. A repetition with the
// same token and value is success.
func (s *Secrets) CreateSecret(ctx context.Context, in *api.CreateSecretInput) (*api.CreateSecretOutput, error) {
	content, err := s.checkNew(ctx, in)
	if err != nil {
		return nil, err
	}
	made, err := s.blank(op.CallFrom(ctx), in)
	if err != nil {
		return nil, err
	}
	out := &api.CreateSecretOutput{ARN: made.Meta.ARN, Name: made.Meta.Name}
	sealed, stages := map[string]*vault.Sealed{}, []string{directory.Current}
	var token string
	if content != nil {
		token = s.token(in.ClientRequestToken)
		if err := s.checkFree(ctx, made.Account, in.Name); err != nil {
			return s.repeated(ctx, in.Name, token, content, err)
		}
		if sealed[token], err = s.Vault.Seal(ctx, made, token, content); err != nil {
			return nil, err
		}
		out.VersionId = &token
	}
	err = s.Directory.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		fresh := *made // a transaction may run again
		if err := directory.Insert(ctx, tx, &fresh); err != nil {
			return err
		}
		return directory.Update(ctx, tx, &fresh, func() error { return vault.Attach(ctx, tx, &fresh, sealed, stages) })
	})
	if errors.Is(err, db.ErrExists) {
		return s.repeated(ctx, in.Name, token, content, errTaken)
	}
	return out, err
}

var errTaken = errors.New("secret: the name is taken")

// checkFree spares KMS the work for a secret that exists.
func (s *Secrets) checkFree(ctx context.Context, account, name string) error {
	return s.Directory.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM secret WHERE account = ? AND name = ?`, account, name).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return errTaken
		}
		return nil
	})
}

// checkNew is everything that must hold before a secret is made.
func (s *Secrets) checkNew(ctx context.Context, in *api.CreateSecretInput) (*vault.Content, error) {
	switch {
	case !validName.MatchString(in.Name):
		return nil, &op.Fault{Code: "ValidationException", Message: "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"}
	case len(in.AddReplicaRegions) > 0:
		return nil, terms.Unsupported("replication")
	case in.Type != nil:
		return nil, terms.Unsupported("secrets managed by partners")
	case in.CrossAccountPrimaryARN != nil:
		return nil, terms.Unsupported("cross-account replicas")
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	if len(in.Tags) > 0 {
		if err := s.checkTagging(ctx, in); err != nil {
			return nil, err
		}
	}
	return vault.ContentOf(in.SecretString, in.SecretBinary)
}

func (s *Secrets) token(given *string) string {
	if given != nil {
		return *given
	}
	return s.NewID()
}

// blank is the new secret without a version.
func (s *Secrets) blank(call *op.Call, in *api.CreateSecretInput) (*directory.Secret, error) {
	suffix, err := s.suffix()
	if err != nil {
		return nil, err
	}
	now := op.Millis(clock.Millis(call.Now))
	made := &directory.Secret{Account: call.Account, Meta: api.DescribeSecretOutput{
		ARN: new(arn.Secret(s.Directory.Region, call.Account, in.Name, suffix)), Name: &in.Name, Description: in.Description,
		Tags: in.Tags, CreatedDate: &now, LastChangedDate: &now,
	}}
	if in.KmsKeyId != nil && *in.KmsKeyId != "" {
		made.Meta.KmsKeyId = in.KmsKeyId
	}
	return made, nil
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// suffix makes the six characters that tell a secret from an earlier one of its name, so that a
// policy for that one does not speak of this one.
func (s *Secrets) suffix() (string, error) {
	var out [6]byte
	for i := range out {
		n, err := rand.Int(s.Random, big.NewInt(int64(len(letters))))
		if err != nil {
			return "", err
		}
		out[i] = letters[n.Int64()]
	}
	return string(out[:]), nil
}

// repeated answers CreateSecret for a name that is taken: by the same request, or by another.
func (s *Secrets) repeated(ctx context.Context, name, token string, content *vault.Content, cause error) (*api.CreateSecretOutput, error) {
	if !errors.Is(cause, errTaken) {
		return nil, cause
	}
	there, err := s.Directory.Lookup(ctx, name)
	if err != nil {
		return nil, err
	}
	if there.Purge != 0 {
		return nil, terms.Request("You can't create this secret because a secret with this name is already scheduled for deletion.")
	}
	if version := there.Find(token); version != nil && content != nil {
		same, err := s.Vault.Same(ctx, there, version, content)
		if err != nil {
			return nil, err
		}
		if same {
			return &api.CreateSecretOutput{ARN: there.Meta.ARN, Name: there.Meta.Name, VersionId: &version.ID}, nil
		}
	}
	return nil, terms.Exists("The operation failed because the secret %s already exists.", name)
}

// UpdateSecret changes the description or the key, or adds a version.
func (s *Secrets) UpdateSecret(ctx context.Context, in *api.UpdateSecretInput) (*api.UpdateSecretOutput, error) {
	if in.Type != nil {
		return nil, terms.Unsupported("secrets managed by partners")
	}
	content, err := vault.ContentOf(in.SecretString, in.SecretBinary)
	if err != nil {
		return nil, err
	}
	c := vault.Change{Content: content, Stages: []string{directory.Current}, Key: in.KmsKeyId, Token: s.token(in.ClientRequestToken)}
	c.Describe = func(meta *api.DescribeSecretOutput) {
		if in.Description != nil {
			meta.Description = in.Description
		}
	}
	stored, err := s.Vault.Store(ctx, c)
	if err != nil {
		return nil, err
	}
	out := &api.UpdateSecretOutput{ARN: stored.Meta.ARN, Name: stored.Meta.Name}
	if content != nil {
		out.VersionId = &c.Token
	}
	return out, nil
}

// DescribeSecret tells all about a secret but its value; of deleted ones too.
func (s *Secrets) DescribeSecret(ctx context.Context, _ *api.DescribeSecretInput) (*api.DescribeSecretOutput, error) {
	found, err := s.Directory.Target(ctx)
	if err != nil {
		return nil, err
	}
	out := found.Meta
	out.VersionIdsToStages = found.Stages()
	return &out, nil
}
