package material

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
)

// Name says which material made a ciphertext: the key, and which of its versions.
type Name struct {
	Key     uuid.UUID
	Version uint32
}

// A ciphertext is: one byte format, the key's id (16 bytes), the version (4, big endian), and
// what the AEAD made (nonce, ciphertext, tag). The header, the account and the encryption context
// are its associated data.
const (
	format     = 1
	headerSize = 1 + 16 + 4
)

// Overhead is how many bytes a ciphertext is longer than its plaintext.
const Overhead = headerSize + 12 + 12 + 16

// NameOf reads which material a ciphertext names. ok is false for what is no ciphertext of a
// symmetric key; whether it opens is for Decrypt to say.
func NameOf(ciphertext []byte) (name Name, ok bool) {
	if len(ciphertext) < Overhead || ciphertext[0] != format {
		return name, false
	}
	copy(name.Key[:], ciphertext[1:])
	name.Version = binary.BigEndian.Uint32(ciphertext[17:])
	return name, true
}

// Encrypt makes a ciphertext of a symmetric key.
func (k *Key) Encrypt(name Name, account string, context map[string]string, plain []byte) ([]byte, error) {
	if k.aead == nil {
		return nil, errSpec
	}
	out := make([]byte, 0, Overhead+len(plain))
	out = append(out, format)
	out = append(out, name.Key[:]...)
	out = binary.BigEndian.AppendUint32(out, name.Version)
	sealed, err := k.aead.Encrypt(plain, bound(out, account, context))
	return append(out, sealed...), err
}

// Decrypt opens what Encrypt made, with the same account and context. The error is ErrInvalid.
func (k *Key) Decrypt(ciphertext []byte, account string, context map[string]string) ([]byte, error) {
	if _, ok := NameOf(ciphertext); !ok || k.aead == nil {
		return nil, ErrInvalid
	}
	plain, err := k.aead.Decrypt(ciphertext[headerSize:], bound(ciphertext[:headerSize], account, context))
	if err != nil {
		return nil, ErrInvalid
	}
	return plain, nil
}

// bound is the associated data: each part with its length before it, the context in the order of
// its names, so that no two of them give the same bytes.
func bound(header []byte, account string, context map[string]string) []byte {
	out := append(make([]byte, 0, 64), header...)
	add := func(s string) {
		out = binary.AppendUvarint(out, uint64(len(s)))
		out = append(out, s...)
	}
	add(account)
	for _, name := range slices.Sorted(maps.Keys(context)) {
		add(name)
		add(context[name])
	}
	return out
}

// EncryptRSA encrypts with the public key. The error is ErrInvalid for a plaintext that is too long.
func (k *Key) EncryptRSA(algorithm string, plain []byte) ([]byte, error) {
	private, ok := k.private.(*rsa.PrivateKey)
	if !ok {
		return nil, errSpec
	}
	sealed, err := rsa.EncryptOAEP(oaepHash(algorithm), rand.Reader, &private.PublicKey, plain, nil)
	if err != nil {
		return nil, ErrInvalid
	}
	return sealed, nil
}

// DecryptRSA opens what was encrypted with the public key. The error is ErrInvalid.
func (k *Key) DecryptRSA(algorithm string, ciphertext []byte) ([]byte, error) {
	private, ok := k.private.(*rsa.PrivateKey)
	if !ok {
		return nil, ErrInvalid
	}
	plain, err := rsa.DecryptOAEP(oaepHash(algorithm), nil, private, ciphertext, nil)
	if err != nil {
		return nil, ErrInvalid
	}
	return plain, nil
}

func oaepHash(algorithm string) hash.Hash {
	if algorithm == kmsapi.EncryptionAlgorithmSpecRsaesOaepSha1 {
		return sha1.New()
	}
	return sha256.New()
}
