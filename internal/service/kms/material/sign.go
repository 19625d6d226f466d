package material

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"strings"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
)

// ErrDigest says that a message which was called a digest is not as long as one.
var ErrDigest = errors.New("material: a digest of the wrong length")

// hashes are found by how the name of an algorithm ends.
var hashes = map[string]crypto.Hash{"224": crypto.SHA224, "256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}

func hashOf(algorithm string) crypto.Hash {
	return hashes[algorithm[max(0, len(algorithm)-3):]]
}

// digest is what is signed: the hash of a raw message, or the message where it is one already.
func digest(algorithm, messageType string, message []byte) ([]byte, crypto.Hash, error) {
	h := hashOf(algorithm)
	if h == 0 {
		return nil, 0, errSpec
	}
	if messageType == kmsapi.MessageTypeDigest {
		if len(message) != h.Size() {
			return nil, 0, ErrDigest
		}
		return message, h, nil
	}
	sum := h.New()
	sum.Write(message)
	return sum.Sum(nil), h, nil
}

// Sign signs a message, or a digest of one, with a private key. ECDSA answers DER.
func (k *Key) Sign(algorithm, messageType string, message []byte) ([]byte, error) {
	sum, h, err := digest(algorithm, messageType, message)
	if err != nil {
		return nil, err
	}
	if k.private == nil {
		return nil, errSpec
	}
	return k.private.Sign(rand.Reader, sum, options(algorithm, h))
}

func options(algorithm string, h crypto.Hash) crypto.SignerOpts {
	if strings.HasPrefix(algorithm, "RSASSA_PSS") {
		return &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: h}
	}
	return h
}

// Verify checks a signature. The error is ErrInvalid when it is not the message's, ErrDigest as Sign's.
func (k *Key) Verify(algorithm, messageType string, message, signature []byte) error {
	sum, h, err := digest(algorithm, messageType, message)
	if err != nil {
		return err
	}
	valid := false
	switch key := k.private.(type) {
	case *ecdsa.PrivateKey:
		valid = ecdsa.VerifyASN1(&key.PublicKey, sum, signature)
	case *rsa.PrivateKey:
		if strings.HasPrefix(algorithm, "RSASSA_PSS") {
			err = rsa.VerifyPSS(&key.PublicKey, h, sum, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: h})
		} else {
			err = rsa.VerifyPKCS1v15(&key.PublicKey, h, sum, signature)
		}
		valid = err == nil
	}
	if !valid {
		return ErrInvalid
	}
	return nil
}

// Mac is the message's authentication code.
func (k *Key) Mac(algorithm string, message []byte) ([]byte, error) {
	h := hashOf(algorithm)
	if h == 0 || k.secret == nil {
		return nil, errSpec
	}
	sum := hmac.New(h.New, k.secret)
	sum.Write(message)
	return sum.Sum(nil), nil
}

// VerifyMac checks a code. The error is ErrInvalid when it is not the message's.
func (k *Key) VerifyMac(algorithm string, message, mac []byte) error {
	want, err := k.Mac(algorithm, message)
	if err == nil && !hmac.Equal(want, mac) {
		err = ErrInvalid
	}
	return err
}
