package crypt

import (
	"context"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
	"github.com/bindery-project/bindery/internal/service/kms/directory"
	"github.com/bindery-project/bindery/internal/service/kms/material"
	"github.com/bindery-project/bindery/internal/service/kms/terms"
)

// GenerateDataKey makes a key to encrypt data with, in clear and encrypted.
func (c *Crypt) GenerateDataKey(ctx context.Context, in *kmsapi.GenerateDataKeyInput) (*kmsapi.GenerateDataKeyOutput, error) {
	if err := refuseRecipient(in.Recipient); err != nil {
		return nil, err
	}
	plain, err := dataKey(in.KeySpec, in.NumberOfBytes)
	if err != nil {
		return nil, err
	}
	r := request{in.KeyId, "GenerateDataKey", kmsapi.KeyUsageTypeEncryptDecrypt, in.GrantTokens, in.DryRun}
	v, sealed, err := c.wrap(ctx, r, in.EncryptionContext, plain)
	if err != nil {
		return nil, err
	}
	return &kmsapi.GenerateDataKeyOutput{CiphertextBlob: sealed, Plaintext: plain, KeyId: &v.ARN, KeyMaterialId: v.Meta.CurrentKeyMaterialId}, nil
}

// GenerateDataKeyWithoutPlaintext makes a key to encrypt data with later.
func (c *Crypt) GenerateDataKeyWithoutPlaintext(ctx context.Context, in *kmsapi.GenerateDataKeyWithoutPlaintextInput) (*kmsapi.GenerateDataKeyWithoutPlaintextOutput, error) {
	plain, err := dataKey(in.KeySpec, in.NumberOfBytes)
	if err != nil {
		return nil, err
	}
	r := request{in.KeyId, "GenerateDataKeyWithoutPlaintext", kmsapi.KeyUsageTypeEncryptDecrypt, in.GrantTokens, in.DryRun}
	v, sealed, err := c.wrap(ctx, r, in.EncryptionContext, plain)
	if err != nil {
		return nil, err
	}
	return &kmsapi.GenerateDataKeyWithoutPlaintextOutput{CiphertextBlob: sealed, KeyId: &v.ARN, KeyMaterialId: v.Meta.CurrentKeyMaterialId}, nil
}

// wrap encrypts a data key with the symmetric key of a request.
func (c *Crypt) wrap(ctx context.Context, r request, encryptionContext map[string]string, plain []byte) (*directory.View, []byte, error) {
	v, err := c.key(ctx, r, symmetric(r.operation))
	if err != nil {
		return nil, nil, err
	}
	sealed, err := c.seal(ctx, v, kmsapi.EncryptionAlgorithmSpecSymmetricDefault, encryptionContext, plain)
	return v, sealed, err
}

// dataKey are the bytes that are asked for.
func dataKey(spec *string, size *int32) ([]byte, error) {
	switch {
	case (spec == nil) == (size == nil):
		return nil, terms.Invalid("Please specify either number of bytes or key spec.")
	case size != nil:
		return material.Random(int(*size)), nil
	case *spec == kmsapi.DataKeySpecAes128:
		return material.Random(16), nil
	}
	return material.Random(32), nil
}

// GenerateDataKeyPair makes a key pair, its private key in clear and encrypted.
func (c *Crypt) GenerateDataKeyPair(ctx context.Context, in *kmsapi.GenerateDataKeyPairInput) (*kmsapi.GenerateDataKeyPairOutput, error) {
	if err := refuseRecipient(in.Recipient); err != nil {
		return nil, err
	}
	r := request{in.KeyId, "GenerateDataKeyPair", kmsapi.KeyUsageTypeEncryptDecrypt, in.GrantTokens, in.DryRun}
	p, err := c.pair(ctx, r, in.KeyPairSpec, in.EncryptionContext)
	if err != nil {
		return nil, err
	}
	return &kmsapi.GenerateDataKeyPairOutput{
		PrivateKeyCiphertextBlob: p.sealed, PrivateKeyPlaintext: p.private, PublicKey: p.public,
		KeyId: &p.key.ARN, KeyPairSpec: &in.KeyPairSpec, KeyMaterialId: p.key.Meta.CurrentKeyMaterialId,
	}, nil
}

// GenerateDataKeyPairWithoutPlaintext makes a key pair whose private key is to be used later.
func (c *Crypt) GenerateDataKeyPairWithoutPlaintext(ctx context.Context, in *kmsapi.GenerateDataKeyPairWithoutPlaintextInput) (*kmsapi.GenerateDataKeyPairWithoutPlaintextOutput, error) {
	r := request{in.KeyId, "GenerateDataKeyPairWithoutPlaintext", kmsapi.KeyUsageTypeEncryptDecrypt, in.GrantTokens, in.DryRun}
	p, err := c.pair(ctx, r, in.KeyPairSpec, in.EncryptionContext)
	if err != nil {
		return nil, err
	}
	return &kmsapi.GenerateDataKeyPairWithoutPlaintextOutput{
		PrivateKeyCiphertextBlob: p.sealed, PublicKey: p.public,
		KeyId: &p.key.ARN, KeyPairSpec: &in.KeyPairSpec, KeyMaterialId: p.key.Meta.CurrentKeyMaterialId,
	}, nil
}

// pair is a key pair with the key that encrypted its private one. Keys are DER: PKCS #8 and
// SubjectPublicKeyInfo.
type pair struct {
	key                     *directory.View
	private, sealed, public []byte
}

func (c *Crypt) pair(ctx context.Context, r request, spec string, encryptionContext map[string]string) (*pair, error) {
	if s, ok := material.SpecOf(spec); !ok || len(s.Signing) == 0 {
		return nil, terms.Unsupported("KeyPairSpec " + spec)
	}
	if _, err := c.key(ctx, r, symmetric(r.operation)); err != nil { // before the pair is made, which takes a while
		return nil, err
	}
	private, err := material.Generate(spec)
	if err != nil {
		return nil, err
	}
	opened, err := material.Open(spec, private)
	if err != nil {
		return nil, err
	}
	public, err := opened.Public()
	if err != nil {
		return nil, err
	}
	v, sealed, err := c.wrap(ctx, r, encryptionContext, private)
	return &pair{v, private, sealed, public}, err
}

// GenerateRandom answers random bytes.
func (c *Crypt) GenerateRandom(_ context.Context, in *kmsapi.GenerateRandomInput) (*kmsapi.GenerateRandomOutput, error) {
	switch {
	case in.CustomKeyStoreId != nil:
		return nil, terms.Unsupported("custom key stores")
	case in.Recipient != nil:
		return nil, refuseRecipient(in.Recipient)
	case in.NumberOfBytes == nil:
		return nil, terms.Invalid("NumberOfBytes is required.")
	}
	return &kmsapi.GenerateRandomOutput{Plaintext: material.Random(int(*in.NumberOfBytes))}, nil
}
