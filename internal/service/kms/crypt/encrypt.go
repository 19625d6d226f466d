package crypt

import (
	"context"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/kms/directory"
	"github.com/bindery-project/bindery/internal/service/kms/terms"
)

// Encrypt encrypts up to 4096 bytes.
func (c *Crypt) Encrypt(ctx context.Context, in *kmsapi.EncryptInput) (*kmsapi.EncryptOutput, error) {
	r := request{in.KeyId, "Encrypt", kmsapi.KeyUsageTypeEncryptDecrypt, in.GrantTokens, in.DryRun}
	v, err := c.key(ctx, r, encryption(in.EncryptionAlgorithm, in.EncryptionContext))
	if err != nil {
		return nil, err
	}
	sealed, err := c.seal(ctx, v, algorithmOf(in.EncryptionAlgorithm), in.EncryptionContext, in.Plaintext)
	if err != nil {
		return nil, err
	}
	return &kmsapi.EncryptOutput{CiphertextBlob: sealed, KeyId: &v.ARN, EncryptionAlgorithm: new(algorithmOf(in.EncryptionAlgorithm))}, nil
}

// Decrypt opens a ciphertext.
func (c *Crypt) Decrypt(ctx context.Context, in *kmsapi.DecryptInput) (*kmsapi.DecryptOutput, error) {
	if err := checkBlob(in.CiphertextBlob, in.DryRunModifiers); err != nil {
		return nil, err
	}
	if err := refuseRecipient(in.Recipient); err != nil {
		return nil, err
	}
	ref, err := c.SourceKey(ctx, in.KeyId, in.EncryptionAlgorithm, in.CiphertextBlob)
	if err != nil {
		return nil, err
	}
	r := request{ref, "Decrypt", kmsapi.KeyUsageTypeEncryptDecrypt, in.GrantTokens, nil}
	v, err := c.key(ctx, r, encryption(in.EncryptionAlgorithm, in.EncryptionContext), isOf(in.CiphertextBlob))
	if err != nil {
		return nil, err
	}
	plain, opened, err := c.open(ctx, v, algorithmOf(in.EncryptionAlgorithm), in.EncryptionContext, in.CiphertextBlob)
	if err == nil {
		err = terms.DryRun(in.DryRun)
	}
	if err != nil {
		return nil, err
	}
	return &kmsapi.DecryptOutput{
		Plaintext: plain, KeyId: &v.ARN, EncryptionAlgorithm: new(algorithmOf(in.EncryptionAlgorithm)), KeyMaterialId: opened,
	}, nil
}

func checkBlob(blob []byte, modifiers []string) error {
	if len(modifiers) > 0 {
		return terms.Unsupported("DryRunModifiers")
	}
	if blob == nil {
		return terms.Invalid("1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null")
	}
	return nil
}

// ReEncrypt opens a ciphertext and encrypts what is in it, which leaves the service in no form.
func (c *Crypt) ReEncrypt(ctx context.Context, in *kmsapi.ReEncryptInput) (*kmsapi.ReEncryptOutput, error) {
	if err := checkBlob(in.CiphertextBlob, in.DryRunModifiers); err != nil {
		return nil, err
	}
	to, err := c.destination(ctx, in)
	if err != nil {
		return nil, err
	}
	ref, err := c.SourceKey(ctx, in.SourceKeyId, in.SourceEncryptionAlgorithm, in.CiphertextBlob)
	if err != nil {
		return nil, err
	}
	r := request{ref, "ReEncrypt", kmsapi.KeyUsageTypeEncryptDecrypt, nil, nil}
	from, err := c.key(ctx, r, encryption(in.SourceEncryptionAlgorithm, in.SourceEncryptionContext), isOf(in.CiphertextBlob))
	if err == nil {
		err = c.Directory.CheckTokens(ctx, from, in.GrantTokens, to)
	}
	if err != nil {
		return nil, err
	}
	plain, opened, err := c.open(ctx, from, algorithmOf(in.SourceEncryptionAlgorithm), in.SourceEncryptionContext, in.CiphertextBlob)
	if err == nil {
		err = terms.DryRun(in.DryRun)
	}
	if err != nil {
		return nil, err
	}
	sealed, err := c.seal(ctx, to, algorithmOf(in.DestinationEncryptionAlgorithm), in.DestinationEncryptionContext, plain)
	if err != nil {
		return nil, err
	}
	return &kmsapi.ReEncryptOutput{
		CiphertextBlob: sealed, SourceKeyId: &from.ARN, KeyId: &to.ARN,
		SourceEncryptionAlgorithm:      new(algorithmOf(in.SourceEncryptionAlgorithm)),
		DestinationEncryptionAlgorithm: new(algorithmOf(in.DestinationEncryptionAlgorithm)),
		SourceKeyMaterialId:            opened, DestinationKeyMaterialId: to.Meta.CurrentKeyMaterialId,
	}, nil
}

// destination is the key to encrypt with, on which kms:ReEncryptTo must be allowed.
func (c *Crypt) destination(ctx context.Context, in *kmsapi.ReEncryptInput) (*directory.View, error) {
	same, err := c.sameKey(ctx, in)
	if err != nil {
		return nil, err
	}
	resource, err := c.Directory.Resource(ctx, in.DestinationKeyId, &directory.Question{
		Action: "kms:ReEncryptTo", Context: in.DestinationEncryptionContext, Contextual: true,
	})
	if err != nil {
		return nil, err
	}
	directory.AddContext(resource.Keys, in.DestinationEncryptionContext)
	resource.Keys["kms:reencryptonsamekey"] = []string{same}
	resource.Keys["kms:encryptionalgorithm"] = []string{algorithmOf(in.DestinationEncryptionAlgorithm)}
	if err := c.Authorizer.Check(ctx, op.Access{Action: "kms:ReEncryptTo", Resource: resource, Context: resource.Keys}); err != nil {
		return nil, err
	}
	v, err := c.Directory.Known(ctx, resource.ID, in.DestinationKeyId)
	if err == nil {
		err = usable(v, kmsapi.KeyUsageTypeEncryptDecrypt, "ReEncrypt")
	}
	if err == nil {
		err = encryption(in.DestinationEncryptionAlgorithm, in.DestinationEncryptionContext)(v)
	}
	return v, err
}

// sameKey is the value of kms:ReEncryptOnSameKey.
func (c *Crypt) sameKey(ctx context.Context, in *kmsapi.ReEncryptInput) (string, error) {
	call := op.CallFrom(ctx)
	to, err := c.Directory.Resource(ctx, in.DestinationKeyId, &directory.Question{})
	if err != nil {
		return "", err
	}
	if to.ID != "" && len(call.Resources) > 0 && call.Resources[0].ID == to.ID {
		return "true", nil
	}
	return "false", nil
}
