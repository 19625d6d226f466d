package vault

import (
	"context"
	"errors"
	"reflect"
	"slices"

	api "github.com/bindery-project/bindery/internal/api/secretsmanagerapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/directory"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/terms"
)

// Change is what becomes of a secret that exists.
type Change struct {
	Token    string   // the id of the new version
	Content  *Content // nil: no new version
	Stages   []string // that the new version gets
	Key      *string  // another key for the secret; "" means the managed one
	Describe func(meta *api.DescribeSecretOutput)
}

// errMoved: another call changed the secret while this one asked KMS.
var errMoved = errors.New("vault: the secret has changed")

const attempts = 5

// Store makes a change of the secret that the call was authorized on, and returns what it is then.
// A version that exists already with the same content is success and stays as it is.
func (v *Vault) Store(ctx context.Context, c Change) (*directory.Secret, error) {
	for range attempts {
		s, err := v.store(ctx, c)
		if !errors.Is(err, errMoved) {
			return s, err
		}
	}
	return nil, terms.Request("The secret is being changed by others. Try again.")
}

// store asks KMS outside the transaction, which then finds the secret unchanged or gives up.
func (v *Vault) store(ctx context.Context, c Change) (*directory.Secret, error) {
	seen, err := v.Directory.Target(ctx)
	if err != nil {
		return nil, err
	}
	if err := seen.CheckKept(); err != nil {
		return nil, err
	}
	next := *seen
	if c.Key != nil {
		setKey(&next, *c.Key)
	}
	sealed, err := v.prepare(ctx, seen, &next, c)
	if err != nil {
		return nil, err
	}
	var out *directory.Secret
	err = v.Directory.Change(ctx, func(ctx context.Context, tx *db.Tx, s *directory.Secret) error {
		if !reflect.DeepEqual(s.Versions, seen.Versions) || !reflect.DeepEqual(s.Meta.KmsKeyId, seen.Meta.KmsKeyId) {
			return errMoved
		}
		if err := s.CheckKept(); err != nil {
			return err
		}
		out = s
		s.Meta.KmsKeyId = next.Meta.KmsKeyId
		if c.Describe != nil {
			c.Describe(&s.Meta)
		}
		s.Meta.LastChangedDate = new(op.Millis(clock.Millis(tx.Now())))
		return Attach(ctx, tx, s, sealed, c.Stages)
	})
	return out, err
}

func setKey(s *directory.Secret, key string) {
	s.Meta.KmsKeyId = &key
	if key == "" || key == managed {
		s.Meta.KmsKeyId = nil
	}
}

// prepare encrypts what must be: the new version, and under another key those that are in use.
func (v *Vault) prepare(ctx context.Context, seen, next *directory.Secret, c Change) (map[string]*Sealed, error) {
	sealed := map[string]*Sealed{}
	if c.Content != nil {
		fresh, err := v.fresh(ctx, seen, c)
		if err != nil {
			return nil, err
		}
		if fresh {
			if sealed[c.Token], err = v.Seal(ctx, next, c.Token, c.Content); err != nil {
				return nil, err
			}
		}
	}
	if v.keyOf(next) == v.keyOf(seen) {
		return sealed, nil
	}
	return sealed, v.reseal(ctx, seen, next, sealed)
}

// reseal encrypts the versions with the service's labels under the next key, as AWS does.
func (v *Vault) reseal(ctx context.Context, seen, next *directory.Secret, sealed map[string]*Sealed) error {
	for i := range seen.Versions {
		version := &seen.Versions[i]
		if !slices.ContainsFunc(version.Stages, func(s string) bool {
			return s == directory.Current || s == directory.Previous || s == directory.Pending
		}) {
			continue
		}
		plain, err := v.Open(ctx, seen, version)
		if err != nil {
			return err
		}
		if sealed[version.ID], err = v.Seal(ctx, next, version.ID, plain); err != nil {
			return err
		}
	}
	return nil
}

// fresh reports whether the version has yet to be made. One that has other content refuses.
func (v *Vault) fresh(ctx context.Context, s *directory.Secret, c Change) (bool, error) {
	version := s.Find(c.Token)
	if version == nil {
		return true, nil
	}
	same, err := v.Same(ctx, s, version, c.Content)
	if err == nil && !same {
		err = terms.Exists("You can't use ClientRequestToken %s because that value is already in use for a version of secret %s.", c.Token, *s.Meta.ARN)
	}
	return false, err
}

// Same reports whether a version has a content.
func (v *Vault) Same(ctx context.Context, s *directory.Secret, version *directory.Version, c *Content) (bool, error) {
	stored, err := v.Open(ctx, s, version)
	if err != nil {
		return false, err
	}
	return stored.equal(c), nil
}

// Attach stores encrypted values of a secret: of versions that it has, and of one that is new and
// gets labels.
func Attach(ctx context.Context, tx *db.Tx, s *directory.Secret, sealed map[string]*Sealed, stages []string) error {
	for id, value := range sealed {
		if err := directory.PutValue(ctx, tx, *s.Meta.ARN, id, value.Value); err != nil {
			return err
		}
		if version := s.Find(id); version != nil {
			version.Key = value.Key
			continue
		}
		s.Versions = append(s.Versions, directory.Version{ID: id, Created: clock.Millis(tx.Now()), Key: value.Key})
		if err := addStages(s, id, stages); err != nil {
			return err
		}
	}
	return prune(ctx, tx, s)
}
