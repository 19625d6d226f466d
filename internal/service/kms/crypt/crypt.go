// Package crypt answers the operations that use keys: encryption, data keys, signatures, and
// message authentication codes.
//
// Each of them looks in the same order: is there the key that was authorized, is it enabled, is it
// for this use, then the work; a request that is only to be tried (DryRun) ends before that.
package crypt

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/kms/directory"
	"github.com/bindery-project/bindery/internal/service/kms/material"
	"github.com/bindery-project/bindery/internal/service/kms/terms"
)

// Crypt answers the operations that use keys.
type Crypt struct {
	Directory  *directory.Directory
	Authorizer op.Authorizer
}

// request is what all these operations have in common.
type request struct {
	ref       string
	operation string // in AWS's words, for errors
	usage     string
	tokens    []string
	dry       *bool
}

// key finds the key of a request and checks that it can do what is asked. When dry is set, all is
// well and the error is DryRunOperationException.
func (c *Crypt) key(ctx context.Context, r request, checks ...func(v *directory.View) error) (*directory.View, error) {
	v, err := c.Directory.Target(ctx, 0, r.ref)
	if err != nil {
		return nil, err
	}
	if err := usable(v, r.usage, r.operation); err != nil {
		return nil, err
	}
	if err := c.Directory.CheckTokens(ctx, v, r.tokens); err != nil {
		return nil, err
	}
	for _, check := range checks {
		if err := check(v); err != nil {
			return nil, err
		}
	}
	return v, terms.DryRun(r.dry)
}

// current is the key of a request and what it does its work with now.
func (c *Crypt) current(ctx context.Context, r request, checks ...func(*directory.View) error) (*directory.View, *directory.Opened, error) {
	v, err := c.key(ctx, r, checks...)
	if err != nil {
		return nil, nil, err
	}
	m, _, err := c.Directory.Current(ctx, v)
	return v, m, err
}

// usable checks the state of a key and what it is for.
func usable(v *directory.View, usage, operation string) error {
	if err := v.CheckEnabled(); err != nil {
		return err
	}
	if got := *v.Meta.KeyUsage; got != usage {
		return &kmsapi.InvalidKeyUsageException{Message: v.ARN + " key usage is " + got + " which is not valid for " + operation + "."}
	}
	return nil
}

// symmetric refuses keys that have no data keys.
func symmetric(operation string) func(v *directory.View) error {
	return func(v *directory.View) error {
		if v.Spec().Symmetric() {
			return nil
		}
		return &kmsapi.InvalidKeyUsageException{Message: v.ARN + " is not a symmetric encryption key, which " + operation + " asks for."}
	}
}

// encryption checks that an algorithm is the key's, and that an encryption context is not given
// where none can be bound.
func encryption(algorithm *string, context map[string]string) func(v *directory.View) error {
	return func(v *directory.View) error {
		if !slices.Contains(v.Spec().Encryption, algorithmOf(algorithm)) {
			return incompatible(v, algorithmOf(algorithm))
		}
		if len(context) > 0 && !v.Spec().Symmetric() {
			return terms.Invalid("You cannot specify an encryption context when performing a cryptographic operation with an asymmetric KMS key.")
		}
		return nil
	}
}

func algorithmOf(algorithm *string) string {
	if algorithm == nil {
		return kmsapi.EncryptionAlgorithmSpecSymmetricDefault
	}
	return *algorithm
}

func incompatible(v *directory.View, algorithm string) error {
	return &kmsapi.InvalidKeyUsageException{Message: "Algorithm " + algorithm + " and key spec " + *v.Meta.KeySpec + " are incompatible."}
}

func invalidCiphertext() error { return &kmsapi.InvalidCiphertextException{} }

func refuseRecipient(r *kmsapi.RecipientInfo) error {
	if r == nil {
		return nil
	}
	return terms.Unsupported("Recipient (attestation documents of enclaves)")
}

// seal encrypts with a key's algorithm, and names the material that did.
func (c *Crypt) seal(ctx context.Context, v *directory.View, algorithm string, encryptionContext map[string]string, plain []byte) ([]byte, error) {
	m, name, err := c.Directory.Current(ctx, v)
	if err != nil {
		return nil, err
	}
	if v.Spec().Symmetric() {
		return m.Encrypt(name, v.Account, encryptionContext, plain)
	}
	sealed, err := m.EncryptRSA(algorithm, plain)
	if errors.Is(err, material.ErrInvalid) {
		err = terms.Invalid("The plaintext is too long for algorithm %s and key spec %s.", algorithm, *v.Meta.KeySpec)
	}
	return sealed, err
}

// open decrypts, and tells the id of the symmetric material that did. Whatever does not open is an
// InvalidCiphertextException without a word why.
func (c *Crypt) open(ctx context.Context, v *directory.View, algorithm string, encryptionContext map[string]string, blob []byte) (plain []byte, materialID *string, err error) {
	version := v.Version
	if v.Spec().Symmetric() {
		name, ok := material.NameOf(blob)
		if !ok || name.Key != uuidOf(v.ID) {
			return nil, nil, invalidCiphertext()
		}
		version = name.Version
	}
	m, err := c.Directory.Material(ctx, v, version)
	if errors.Is(err, db.ErrNotFound) {
		return nil, nil, invalidCiphertext()
	}
	if err != nil {
		return nil, nil, err
	}
	if v.Spec().Symmetric() {
		materialID = &m.ID
		plain, err = m.Decrypt(blob, v.Account, encryptionContext)
	} else {
		plain, err = m.DecryptRSA(algorithm, blob)
	}
	if errors.Is(err, material.ErrInvalid) {
		err = invalidCiphertext()
	}
	return plain, materialID, err
}

func uuidOf(id string) uuid.UUID {
	u, _ := uuid.Parse(id) // ids of keys are UUIDs; the zero one is nobody's
	return u
}

// SourceKey is the reference of the key that a ciphertext is to be opened with: the one that is
// given, else the one that the ciphertext names. What names no key is an invalid ciphertext, and
// what names another one than is given an incorrect key; neither tells anything about keys.
func (c *Crypt) SourceKey(ctx context.Context, given *string, algorithm *string, blob []byte) (string, error) {
	if given != nil {
		return *given, nil
	}
	if algorithmOf(algorithm) != kmsapi.EncryptionAlgorithmSpecSymmetricDefault {
		return "", terms.Invalid("The KeyId parameter is required for ciphertexts of asymmetric KMS keys.")
	}
	name, ok := material.NameOf(blob)
	if !ok {
		return "", invalidCiphertext()
	}
	text, ok, err := c.Directory.OfID(ctx, name.Key.String())
	if err == nil && !ok {
		err = invalidCiphertext()
	}
	return text, err
}

// isOf refuses a ciphertext of another key than the given one.
func isOf(blob []byte) func(v *directory.View) error {
	return func(v *directory.View) error {
		if !v.Spec().Symmetric() {
			return nil
		}
		name, ok := material.NameOf(blob)
		if !ok {
			return invalidCiphertext()
		}
		if name.Key != uuidOf(v.ID) {
			return &kmsapi.IncorrectKeyException{Message: "The key ID in the request does not identify a CMK that can perform this operation."}
		}
		return nil
	}
}
