// Package datakey is how the services of this program use keys of KMS: as their caller, never with
// rights of their own. A call goes through the same path as if the caller had made it, so that key
// policies, grants and identity policies decide, the record names it, and a disabled key refuses
// at once. What decides sees kms:ViaService (and aws:CalledVia) with the service that asks; keys
// that a service manages (alias/aws/s3) allow nothing else.
//
// A service declares the small interface that it needs and is given a [Keys] with its own name:
//
//	keys := datakey.Keys{Invoker: invoker, Via: "s3.amazonaws.com"}
//	k, err := keys.Generate(ctx, "alias/aws/s3", datakey.Context{"aws:s3:arn": objectARN})
//	plain, err := keys.Open(ctx, k.ARN, k.Wrapped, sameContext)
//
// The errors are those of KMS (*kmsapi.DisabledException, *op.Denied …); a service that has words
// of its own for them, as Glue's GlueEncryptionException, wraps their messages.
//
// Keeping opened data keys. A service may keep what Open answered for the rest of one request, and
// for nothing else: a request that comes later must ask again, or a key that was disabled and a
// right that was taken away would go on working. Where asking each time is too dear (S3 bucket
// keys), the seam is this package: the service puts its cache behind the same interface. What it
// keeps is per caller, key and context, and has a deadline that its documentation names; within it,
// and no longer, a revocation may go unseen. Keys itself keeps nothing.
package datakey

import (
	"context"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
	"github.com/bindery-project/bindery/internal/op"
)

// Context is an encryption context: it is bound to the wrapped key and must be given again, in the
// same letter case, to open it. It is no secret; decisions and records show it.
type Context = map[string]string

// DataKey is a key of 256 bits to encrypt data with.
type DataKey struct {
	Plain   []byte // never stored, never logged
	Wrapped []byte // to be stored beside the data
	ARN     string // of the key that wrapped it
}

// Keys uses keys of KMS on behalf of the caller in the context.
type Keys struct {
	Invoker op.Invoker
	Via     string // the service that asks: "s3.amazonaws.com"
}

// Generate makes a data key under a key, which is named by id, ARN or alias.
func (k Keys) Generate(ctx context.Context, key string, bound Context) (*DataKey, error) {
	out, err := invoke[kmsapi.GenerateDataKeyOutput](ctx, k, "GenerateDataKey", &kmsapi.GenerateDataKeyInput{
		KeyId: key, EncryptionContext: bound, KeySpec: new(kmsapi.DataKeySpecAes256),
	})
	if err != nil {
		return nil, err
	}
	return &DataKey{Plain: out.Plaintext, Wrapped: out.CiphertextBlob, ARN: *out.KeyId}, nil
}

// Open opens what Generate or Encrypt wrapped. key is the one that wrapped it, so that a blob of
// another key is refused.
func (k Keys) Open(ctx context.Context, key string, wrapped []byte, bound Context) ([]byte, error) {
	out, err := invoke[kmsapi.DecryptOutput](ctx, k, "Decrypt", &kmsapi.DecryptInput{
		KeyId: &key, CiphertextBlob: wrapped, EncryptionContext: bound,
	})
	if err != nil {
		return nil, err
	}
	return out.Plaintext, nil
}

// Encrypt encrypts up to 4096 bytes under a key: a password, not data.
func (k Keys) Encrypt(ctx context.Context, key string, plain []byte, bound Context) (wrapped []byte, arn string, err error) {
	out, err := invoke[kmsapi.EncryptOutput](ctx, k, "Encrypt", &kmsapi.EncryptInput{KeyId: key, Plaintext: plain, EncryptionContext: bound})
	if err != nil {
		return nil, "", err
	}
	return out.CiphertextBlob, *out.KeyId, nil
}

// Describe tells about a key, for services that must know what kind it is.
func (k Keys) Describe(ctx context.Context, key string) (*kmsapi.KeyMetadata, error) {
	out, err := invoke[kmsapi.DescribeKeyOutput](ctx, k, "DescribeKey", &kmsapi.DescribeKeyInput{KeyId: key})
	if err != nil {
		return nil, err
	}
	return out.KeyMetadata, nil
}

func invoke[O any](ctx context.Context, k Keys, operation string, in any) (*O, error) {
	out, err := k.Invoker.Invoke(ctx, k.Via, kmsapi.Model.ID, operation, in)
	if err != nil {
		return nil, err
	}
	return out.(*O), nil
}
