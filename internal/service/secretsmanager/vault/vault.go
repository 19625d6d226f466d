// Package vault protects the values of secrets. Each value is encrypted under a data key of its
// own, which the secret's key of KMS wraps, and both are bound to the secret and the version. KMS
// is asked as the caller: who may read a secret but not use its key reads nothing.
//
// Start with [Vault.Store], through which every change of values goes.
package vault

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"

	tinkaead "github.com/tink-crypto/tink-go/v2/aead/subtle"

	api "github.com/bindery-project/bindery/internal/api/secretsmanagerapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/datakey"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/directory"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/terms"
)

// Keys uses keys of KMS as the caller; [datakey.Keys] does.
type Keys interface {
	Generate(ctx context.Context, key string, bound datakey.Context) (*datakey.DataKey, error)
	Open(ctx context.Context, key string, wrapped []byte, bound datakey.Context) ([]byte, error)
}

// Vault encrypts and decrypts values.
type Vault struct {
	Directory *directory.Directory
	Keys      Keys
}

// managed is the key of secrets that name none.
const managed = "alias/aws/secretsmanager"

// Content is a value in the clear: a string or bytes, nil when there is none. It is never logged
// or stored.
type Content struct {
	String *string
	Binary []byte
}

// ContentOf is what a request gives, nil when it gives no value.
func ContentOf(text *string, binary []byte) (*Content, error) {
	switch {
	case text != nil && binary != nil:
		return nil, terms.Parameter("You can't specify both a binary secret value and a string secret value in the same secret.")
	case text == nil && binary == nil:
		return nil, nil //nolint:nilnil // no value is no error
	}
	return &Content{text, binary}, nil
}

func (c *Content) bytes() []byte {
	if c.String != nil {
		return []byte(*c.String)
	}
	return c.Binary
}

func (c *Content) equal(other *Content) bool {
	return (c.String == nil) == (other.String == nil) && subtle.ConstantTimeCompare(c.bytes(), other.bytes()) == 1
}

// Sealed is an encrypted value, with the ARN of the key that protects it.
type Sealed struct {
	Value *directory.Value
	Key   string
}

// bound is the encryption context that AWS uses.
func bound(secret, version string) datakey.Context {
	return datakey.Context{"SecretARN": secret, "SecretVersionId": version}
}

// Seal encrypts a value under the secret's key. As in AWS the caller must be able to decrypt too:
// what nobody can open is not stored.
func (v *Vault) Seal(ctx context.Context, s *directory.Secret, version string, c *Content) (*Sealed, error) {
	binding := bound(*s.Meta.ARN, version)
	k, err := v.Keys.Generate(ctx, v.keyOf(s), binding)
	if err != nil {
		return nil, encryption(err)
	}
	if _, err := v.Keys.Open(ctx, k.ARN, k.Wrapped, binding); err != nil {
		return nil, encryption(err)
	}
	cipher, err := tinkaead.NewAESGCM(k.Plain)
	if err != nil {
		return nil, err
	}
	sealed, err := cipher.Encrypt(c.bytes(), place(*s.Meta.ARN, version))
	if err != nil {
		return nil, err
	}
	return &Sealed{&directory.Value{Wrapped: k.Wrapped, Sealed: sealed, Binary: c.String == nil}, k.ARN}, nil
}

// Open decrypts the value of a version.
func (v *Vault) Open(ctx context.Context, s *directory.Secret, version *directory.Version) (*Content, error) {
	var stored *directory.Value
	err := v.Directory.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		stored, err = directory.FindValue(ctx, tx, *s.Meta.ARN, version.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	key, err := v.Keys.Open(ctx, version.Key, stored.Wrapped, bound(*s.Meta.ARN, version.ID))
	if err != nil {
		return nil, decryption(err)
	}
	cipher, err := tinkaead.NewAESGCM(key)
	if err != nil {
		return nil, err
	}
	plain, err := cipher.Decrypt(stored.Sealed, place(*s.Meta.ARN, version.ID))
	if err != nil {
		return nil, fmt.Errorf("open version %s of %s: %w", version.ID, *s.Meta.ARN, err)
	}
	if stored.Binary {
		return &Content{Binary: plain}, nil
	}
	return &Content{String: new(string(plain))}, nil
}

func place(secret, version string) []byte { return []byte(secret + "\x00" + version) }

// keyOf is the ARN of the secret's key. A key that was named without its account is the owner's,
// whoever asks.
func (v *Vault) keyOf(s *directory.Secret) string {
	key := managed
	if s.Meta.KmsKeyId != nil {
		key = *s.Meta.KmsKeyId
	}
	switch {
	case strings.HasPrefix(key, "arn:"):
		return key
	case strings.HasPrefix(key, "alias/"):
		return arn.KMSAlias(v.Directory.Region, s.Account, key)
	}
	return arn.KMSKey(v.Directory.Region, s.Account, key)
}

// encryption words what KMS said when something was to be encrypted.
func encryption(err error) error {
	if said, ok := refusal(err); ok {
		return &api.EncryptionFailure{Message: "Secrets Manager can't encrypt the protected secret text using the provided KMS key: " + said}
	}
	return denied(err)
}

func decryption(err error) error {
	if said, ok := refusal(err); ok {
		return &api.DecryptionFailure{Message: "Secrets Manager can't decrypt the protected secret text using the provided KMS key: " + said}
	}
	return denied(err)
}

// refusal is the text of an error that KMS blames on the request or the key's state.
func refusal(err error) (string, bool) {
	var e op.Error
	if errors.As(err, &e) && !e.ServerFault() {
		return e.ErrorMessage(), true
	}
	return "", false
}

// denied says no more than AWS does; the record of the call to KMS has the decision.
func denied(err error) error {
	var d *op.Denied
	if errors.As(err, &d) {
		return &op.Denied{Message: "Access to KMS is not allowed"}
	}
	return err
}
