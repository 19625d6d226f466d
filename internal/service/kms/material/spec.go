// Package material is what keys are made of and what they do: it makes key material, encrypts,
// signs and computes codes with it. It is pure: bytes in, bytes out; where material is kept, and
// who may use it, others decide.
//
// Start at [Generate], which makes the material of a key spec, and [Open], which makes it usable.
// What a symmetric key has encrypted is an envelope (see envelope.go) that names its key and
// opens only unchanged, with the same encryption context, in the same account.
package material

import (
	"slices"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
)

// Spec is what a key of a key spec can do. A list is empty where the spec has no such use.
type Spec struct {
	Name       string
	Encryption []string // algorithms, in the order in which AWS lists them
	Signing    []string
	Mac        []string
}

// Usages are the values of KeyUsage that the spec allows.
func (s *Spec) Usages() []string {
	var out []string
	if len(s.Encryption) > 0 {
		out = append(out, kmsapi.KeyUsageTypeEncryptDecrypt)
	}
	if len(s.Signing) > 0 {
		out = append(out, kmsapi.KeyUsageTypeSignVerify)
	}
	if len(s.Mac) > 0 {
		out = append(out, kmsapi.KeyUsageTypeGenerateVerifyMac)
	}
	return out
}

// Symmetric reports whether the spec is that of symmetric encryption keys.
func (s *Spec) Symmetric() bool { return s.Name == kmsapi.KeySpecSymmetricDefault }

var rsaSigning = []string{
	kmsapi.SigningAlgorithmSpecRsassaPkcs1V15Sha256, kmsapi.SigningAlgorithmSpecRsassaPkcs1V15Sha384,
	kmsapi.SigningAlgorithmSpecRsassaPkcs1V15Sha512, kmsapi.SigningAlgorithmSpecRsassaPssSha256,
	kmsapi.SigningAlgorithmSpecRsassaPssSha384, kmsapi.SigningAlgorithmSpecRsassaPssSha512,
}

var rsaEncryption = []string{kmsapi.EncryptionAlgorithmSpecRsaesOaepSha1, kmsapi.EncryptionAlgorithmSpecRsaesOaepSha256}

var specs = []Spec{
	{Name: kmsapi.KeySpecSymmetricDefault, Encryption: []string{kmsapi.EncryptionAlgorithmSpecSymmetricDefault}},
	{Name: kmsapi.KeySpecRsa2048, Encryption: rsaEncryption, Signing: rsaSigning},
	{Name: kmsapi.KeySpecRsa3072, Encryption: rsaEncryption, Signing: rsaSigning},
	{Name: kmsapi.KeySpecRsa4096, Encryption: rsaEncryption, Signing: rsaSigning},
	{Name: kmsapi.KeySpecEccNistP256, Signing: []string{kmsapi.SigningAlgorithmSpecEcdsaSha256}},
	{Name: kmsapi.KeySpecEccNistP384, Signing: []string{kmsapi.SigningAlgorithmSpecEcdsaSha384}},
	{Name: kmsapi.KeySpecEccNistP521, Signing: []string{kmsapi.SigningAlgorithmSpecEcdsaSha512}},
	{Name: kmsapi.KeySpecHmac224, Mac: []string{kmsapi.MacAlgorithmSpecHmacSha224}},
	{Name: kmsapi.KeySpecHmac256, Mac: []string{kmsapi.MacAlgorithmSpecHmacSha256}},
	{Name: kmsapi.KeySpecHmac384, Mac: []string{kmsapi.MacAlgorithmSpecHmacSha384}},
	{Name: kmsapi.KeySpecHmac512, Mac: []string{kmsapi.MacAlgorithmSpecHmacSha512}},
}

// SpecOf finds a key spec by its name. ok is false for one that is not built.
func SpecOf(name string) (spec *Spec, ok bool) {
	i := slices.IndexFunc(specs, func(s Spec) bool { return s.Name == name })
	if i < 0 {
		return nil, false
	}
	return &specs[i], true
}
