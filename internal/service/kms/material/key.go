package material

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/xaesgcm"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
)

// ErrInvalid is the answer to a ciphertext, signature or code that does not verify, without a
// hint why.
var ErrInvalid = errors.New("material: invalid")

// errSpec says that material is not of the spec that it was opened as.
var errSpec = errors.New("material: not of its key spec")

const symmetricBytes = 32

// macBytes are the lengths of HMAC keys: those of their hash.
var macBytes = map[string]int{
	kmsapi.KeySpecHmac224: 28, kmsapi.KeySpecHmac256: 32, kmsapi.KeySpecHmac384: 48, kmsapi.KeySpecHmac512: 64,
}

var rsaBits = map[string]int{kmsapi.KeySpecRsa2048: 2048, kmsapi.KeySpecRsa3072: 3072, kmsapi.KeySpecRsa4096: 4096}

var curves = map[string]elliptic.Curve{
	kmsapi.KeySpecEccNistP256: elliptic.P256(), kmsapi.KeySpecEccNistP384: elliptic.P384(), kmsapi.KeySpecEccNistP521: elliptic.P521(),
}

// Generate makes the material of a key spec: random bytes, or a private key as PKCS #8. RSA takes
// up to seconds: call it outside of transactions.
func Generate(spec string) ([]byte, error) {
	switch {
	case spec == kmsapi.KeySpecSymmetricDefault:
		return Random(symmetricBytes), nil
	case macBytes[spec] > 0:
		return Random(macBytes[spec]), nil
	case rsaBits[spec] > 0:
		key, err := rsa.GenerateKey(rand.Reader, rsaBits[spec])
		if err != nil {
			return nil, fmt.Errorf("make an RSA key: %w", err)
		}
		return x509.MarshalPKCS8PrivateKey(key)
	case curves[spec] != nil:
		key, err := ecdsa.GenerateKey(curves[spec], rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("make an elliptic curve key: %w", err)
		}
		return x509.MarshalPKCS8PrivateKey(key)
	}
	return nil, fmt.Errorf("%w: %s", errSpec, spec)
}

// Random are n bytes that nobody can guess.
func Random(n int) []byte {
	out := make([]byte, n)
	_, _ = rand.Read(out) // never fails: it ends the process
	return out
}

// Key is material that can be used. It is safe for concurrent use.
type Key struct {
	spec    string
	aead    tink.AEAD     // symmetric encryption
	private crypto.Signer // RSA and elliptic curves
	secret  []byte        // HMAC
}

// Open makes the material of a spec usable.
func Open(spec string, raw []byte) (*Key, error) {
	k := &Key{spec: spec}
	switch {
	case spec == kmsapi.KeySpecSymmetricDefault:
		var err error
		k.aead, err = newAEAD(raw)
		return k, err
	case macBytes[spec] > 0:
		if len(raw) != macBytes[spec] {
			return nil, errSpec
		}
		k.secret = raw
		return k, nil
	}
	private, err := x509.ParsePKCS8PrivateKey(raw)
	if err != nil {
		return nil, fmt.Errorf("open a private key: %w", err)
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, errSpec
	}
	k.private = signer
	return k, nil
}

// newAEAD is XAES-256-GCM: AES-256-GCM under a key derived for each message, whose 192 random
// bits per message make the number of messages no concern.
func newAEAD(raw []byte) (tink.AEAD, error) {
	parameters, err := xaesgcm.NewParameters(xaesgcm.VariantNoPrefix, saltBytes)
	if err != nil {
		return nil, fmt.Errorf("symmetric key: %w", err)
	}
	key, err := xaesgcm.NewKey(secretdata.NewBytesFromData(raw, insecuresecretdataaccess.Token{}), 0, parameters)
	if err != nil {
		return nil, fmt.Errorf("symmetric key: %w", err)
	}
	manager := keyset.NewManager()
	id, err := manager.AddKey(key)
	if err != nil {
		return nil, fmt.Errorf("symmetric key: %w", err)
	}
	if err := manager.SetPrimary(id); err != nil {
		return nil, fmt.Errorf("symmetric key: %w", err)
	}
	handle, err := manager.Handle()
	if err != nil {
		return nil, fmt.Errorf("symmetric key: %w", err)
	}
	return aead.New(handle)
}

const saltBytes = 12

// Public is the public key as SubjectPublicKeyInfo, nil for material that has none.
func (k *Key) Public() ([]byte, error) {
	if k.private == nil {
		return nil, nil
	}
	return x509.MarshalPKIXPublicKey(k.private.Public())
}
