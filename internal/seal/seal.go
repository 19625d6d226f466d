// Package seal encrypts the small secrets that bindery keeps or hands out: secrets of
// access keys, session tokens, page tokens, sealed documents.
//
// Open (or OpenOrCreate) loads the root keyset; Seal and Open on it do the rest. A
// keyset is a Tink keyset of XAES-256-GCM keys, of which the newest seals and all open.
// Its 192-bit random nonces make the number of tokens per key no concern.
//
// What it promises:
//
//   - A sealed blob opens only with the same purpose and the same associated data, and
//     only unchanged; everything else is ErrInvalid, without a hint why.
//   - The blob names its key (Tink's prefix: one byte 1, then the key id, big endian),
//     so old blobs stay readable after Rotate.
//   - The overhead is Overhead bytes, whatever is sealed: tokens of equal content have equal size.
//
// The keyset file lies in clear, readable by its owner only, unless a root key from outside
// wraps it ([Master]): who can read both can act as the server. Back it up apart from the data.
package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Purposes in use. A purpose separates uses of one keyset: what was sealed for one
// never opens for another.
const (
	AccessKeySecret = "access-key-secret" //nolint:gosec // the name of a purpose. Associated data: the access key id
	SessionToken    = "session-token"     // associated data: the access key id
	PageToken       = "page-token"        // see package page
	Document        = "document"          // associated data: the row's place
)

// Overhead is how many bytes a blob is longer than its plaintext: prefix 5, nonce 24, tag 16.
const Overhead = 45

const prefixSize = 5 // of Tink

// ErrInvalid is the answer to every blob or token that does not open.
var ErrInvalid = errors.New("seal: invalid")

// Keyset seals and opens. It is safe for concurrent use.
type Keyset struct {
	path   string
	master Master     // wraps the file; nil: it lies in clear
	mu     sync.Mutex // held by Rotate
	state  atomic.Pointer[state]
}

type state struct {
	handle  *keyset.Handle
	aead    tink.AEAD
	primary uint32
}

func newState(handle *keyset.Handle) (*state, error) {
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("keyset: %w", err)
	}
	primary, err := handle.Primary()
	if err != nil {
		return nil, fmt.Errorf("keyset: %w", err)
	}
	return &state{handle: handle, aead: primitive, primary: primary.KeyID()}, nil
}

// Seal encrypts plain for a purpose, bound to associated data that Open must be given
// again. It cannot fail short of a broken source of randomness, which ends the process.
func (k *Keyset) Seal(purpose string, plain, associated []byte) []byte {
	sealed, err := k.state.Load().aead.Encrypt(plain, bound(purpose, associated))
	if err != nil {
		panic(fmt.Sprintf("seal: %v", err)) // plaintexts of 64 GiB do not occur
	}
	return sealed
}

// Open is the inverse of Seal. The error is always ErrInvalid.
func (k *Keyset) Open(purpose string, sealed, associated []byte) ([]byte, error) {
	plain, err := k.state.Load().aead.Decrypt(sealed, bound(purpose, associated))
	if err != nil {
		return nil, ErrInvalid
	}
	return plain, nil
}

// bound joins a purpose and associated data so that no two pairs give the same bytes.
func bound(purpose string, associated []byte) []byte {
	buf := make([]byte, 0, 1+len(purpose)+len(associated))
	buf = append(buf, byte(len(purpose)))
	buf = append(buf, purpose...)
	return append(buf, associated...)
}

// tokens use the letters that need no escaping in URLs and headers.
var tokens = base64.RawURLEncoding.Strict()

// SealToken is Seal, as text of the letters A-Z a-z 0-9 - _.
func (k *Keyset) SealToken(purpose string, plain, associated []byte) string {
	return tokens.EncodeToString(k.Seal(purpose, plain, associated))
}

// OpenToken is the inverse of SealToken. The error is always ErrInvalid.
func (k *Keyset) OpenToken(purpose, token string, associated []byte) ([]byte, error) {
	if strings.ContainsAny(token, "\r\n") { // the decoder would skip them
		return nil, ErrInvalid
	}
	sealed, err := tokens.DecodeString(token)
	if err != nil {
		return nil, ErrInvalid
	}
	return k.Open(purpose, sealed, associated)
}

// SealDocument seals a stored document to its place and names the key. See db.Sealer.
func (k *Keyset) SealDocument(plain, place []byte) (keyID uint32, sealed []byte, err error) {
	sealed = k.Seal(Document, plain, place)
	return binary.BigEndian.Uint32(sealed[1:]), sealed, nil
}

// OpenDocument is the inverse of SealDocument.
func (k *Keyset) OpenDocument(keyID uint32, sealed, place []byte) ([]byte, error) {
	if len(sealed) < Overhead || binary.BigEndian.Uint32(sealed[1:]) != keyID {
		return nil, ErrInvalid
	}
	return k.Open(Document, sealed, place)
}

// KeyID returns the id of the key that sealed a blob, for reports on re-encryption.
func KeyID(sealed []byte) (uint32, error) {
	if len(sealed) < Overhead || sealed[0] != 1 {
		return 0, ErrInvalid
	}
	return binary.BigEndian.Uint32(sealed[1:prefixSize]), nil
}

// Primary returns the id of the key that seals.
func (k *Keyset) Primary() uint32 { return k.state.Load().primary }

// Rotate adds a new key, which seals from now on; the older ones still open. The file is
// replaced before the new key is used.
func (k *Keyset) Rotate() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	next, err := withNewKey(keyset.NewManagerFromHandle(k.state.Load().handle))
	if err != nil {
		return err
	}
	if err := k.save(next); err != nil {
		return err
	}
	k.state.Store(next)
	return nil
}

func withNewKey(m *keyset.Manager) (*state, error) {
	id, err := m.Add(aead.XAES256GCM192BitNonceKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	if err := m.SetPrimary(id); err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	handle, err := m.Handle()
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return newState(handle)
}

func (k *Keyset) save(s *state) error {
	var buf bytes.Buffer
	var err error
	if k.master == nil {
		err = insecurecleartextkeyset.Write(s.handle, keyset.NewJSONWriter(&buf))
	} else {
		err = s.handle.WriteWithAssociatedData(keyset.NewJSONWriter(&buf), k.master, wrapped)
	}
	if err != nil {
		return fmt.Errorf("write the keyset: %w", err)
	}
	return replaceFile(k.path, buf.Bytes())
}
