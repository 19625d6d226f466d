package crypt

import (
	"context"
	"errors"
	"slices"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/kms/directory"
	"github.com/bindery-project/bindery/internal/service/kms/material"
	"github.com/bindery-project/bindery/internal/service/kms/terms"
)

// Sign signs a message of up to 4096 bytes, or the digest of a longer one.
func (c *Crypt) Sign(ctx context.Context, in *kmsapi.SignInput) (*kmsapi.SignOutput, error) {
	r := request{in.KeyId, "Sign", kmsapi.KeyUsageTypeSignVerify, in.GrantTokens, in.DryRun}
	v, m, err := c.current(ctx, r, signing(in.SigningAlgorithm), typed(in.MessageType))
	if err != nil {
		return nil, err
	}
	signature, err := m.Sign(in.SigningAlgorithm, op.Value(in.MessageType), in.Message)
	if err != nil {
		return nil, wrongDigest(err, in.SigningAlgorithm)
	}
	return &kmsapi.SignOutput{KeyId: &v.ARN, Signature: signature, SigningAlgorithm: &in.SigningAlgorithm}, nil
}

// Verify checks a signature; one that does not verify is an error.
func (c *Crypt) Verify(ctx context.Context, in *kmsapi.VerifyInput) (*kmsapi.VerifyOutput, error) {
	r := request{in.KeyId, "Verify", kmsapi.KeyUsageTypeSignVerify, in.GrantTokens, in.DryRun}
	v, m, err := c.current(ctx, r, signing(in.SigningAlgorithm), typed(in.MessageType))
	if err != nil {
		return nil, err
	}
	err = m.Verify(in.SigningAlgorithm, op.Value(in.MessageType), in.Message, in.Signature)
	if errors.Is(err, material.ErrInvalid) {
		return nil, &kmsapi.KMSInvalidSignatureException{}
	}
	if err != nil {
		return nil, wrongDigest(err, in.SigningAlgorithm)
	}
	return &kmsapi.VerifyOutput{KeyId: &v.ARN, SignatureValid: new(true), SigningAlgorithm: &in.SigningAlgorithm}, nil
}

func signing(algorithm string) func(v *directory.View) error {
	return func(v *directory.View) error {
		if slices.Contains(v.Spec().Signing, algorithm) {
			return nil
		}
		return incompatible(v, algorithm)
	}
}

func typed(messageType *string) func(v *directory.View) error {
	return func(*directory.View) error {
		if op.Value(messageType) == kmsapi.MessageTypeExternalMu {
			return terms.Invalid("MessageType EXTERNAL_MU is for ML-DSA keys only.")
		}
		return nil
	}
}

func wrongDigest(err error, algorithm string) error {
	if errors.Is(err, material.ErrDigest) {
		return terms.Invalid("Digest is invalid length for algorithm %s.", algorithm)
	}
	return err
}

// GetPublicKey answers the public key of an asymmetric key, DER.
func (c *Crypt) GetPublicKey(ctx context.Context, in *kmsapi.GetPublicKeyInput) (*kmsapi.GetPublicKeyOutput, error) {
	v, err := c.Directory.Target(ctx, 0, in.KeyId)
	if err == nil {
		err = v.CheckEnabled()
	}
	if err == nil {
		err = c.Directory.CheckTokens(ctx, v, in.GrantTokens)
	}
	if err != nil {
		return nil, err
	}
	m, _, err := c.Directory.Current(ctx, v)
	if err != nil {
		return nil, err
	}
	public, err := m.Public()
	if err != nil {
		return nil, err
	}
	if public == nil {
		return nil, &kmsapi.UnsupportedOperationException{Message: v.ARN + " is no asymmetric key and has no public key."}
	}
	return &kmsapi.GetPublicKeyOutput{
		KeyId: &v.ARN, PublicKey: public, CustomerMasterKeySpec: v.Meta.KeySpec, KeySpec: v.Meta.KeySpec, KeyUsage: v.Meta.KeyUsage,
		EncryptionAlgorithms: v.Meta.EncryptionAlgorithms, SigningAlgorithms: v.Meta.SigningAlgorithms,
	}, nil
}

// GenerateMac computes a message authentication code.
func (c *Crypt) GenerateMac(ctx context.Context, in *kmsapi.GenerateMacInput) (*kmsapi.GenerateMacOutput, error) {
	r := request{in.KeyId, "GenerateMac", kmsapi.KeyUsageTypeGenerateVerifyMac, in.GrantTokens, in.DryRun}
	v, m, err := c.current(ctx, r, coding(in.MacAlgorithm))
	if err != nil {
		return nil, err
	}
	mac, err := m.Mac(in.MacAlgorithm, in.Message)
	if err != nil {
		return nil, err
	}
	return &kmsapi.GenerateMacOutput{KeyId: &v.ARN, Mac: mac, MacAlgorithm: &in.MacAlgorithm}, nil
}

// VerifyMac checks a message authentication code; one that does not verify is an error.
func (c *Crypt) VerifyMac(ctx context.Context, in *kmsapi.VerifyMacInput) (*kmsapi.VerifyMacOutput, error) {
	r := request{in.KeyId, "VerifyMac", kmsapi.KeyUsageTypeGenerateVerifyMac, in.GrantTokens, in.DryRun}
	v, m, err := c.current(ctx, r, coding(in.MacAlgorithm))
	if err != nil {
		return nil, err
	}
	err = m.VerifyMac(in.MacAlgorithm, in.Message, in.Mac)
	if errors.Is(err, material.ErrInvalid) {
		return nil, &kmsapi.KMSInvalidMacException{}
	}
	if err != nil {
		return nil, err
	}
	return &kmsapi.VerifyMacOutput{KeyId: &v.ARN, MacValid: new(true), MacAlgorithm: &in.MacAlgorithm}, nil
}

func coding(algorithm string) func(v *directory.View) error {
	return func(v *directory.View) error {
		if slices.Contains(v.Spec().Mac, algorithm) {
			return nil
		}
		return incompatible(v, algorithm)
	}
}
