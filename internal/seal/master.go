package seal

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// Master is a root key that wraps the keyset's file, so that the data folder alone opens nothing.
// It is used at the start and when the keyset is rotated, never per request. Any of Tink's AEADs
// is one, those of key management systems too.
type Master interface {
	Encrypt(plaintext, associated []byte) ([]byte, error)
	Decrypt(ciphertext, associated []byte) ([]byte, error)
}

// MasterBytes is the length of the secret of a Master that [NewMaster] makes.
const MasterBytes = 32

// NewMaster is AES-256-GCM under a secret that comes from outside of the data folder.
func NewMaster(secret []byte) (Master, error) {
	if len(secret) != MasterBytes {
		return nil, fmt.Errorf("a root key has %d bytes, not %d", MasterBytes, len(secret))
	}
	return subtle.NewAESGCM(secret)
}

// The errors of a file and a root key that do not belong together.
var (
	ErrWrapped  = errors.New("the file is wrapped by a root key, and none was given")
	ErrOtherKey = errors.New("the file is wrapped by another root key than was given")
)

// wrapped is the associated data of the file.
var wrapped = []byte("bindery root keyset")

// unwrap opens the keyset's file. current says that the first master wrapped it, or that there is
// none and it lies in clear.
func unwrap(text []byte, masters []Master) (handle *keyset.Handle, current bool, err error) {
	for i, m := range masters {
		handle, err := keyset.ReadWithAssociatedData(keyset.NewJSONReader(bytes.NewReader(text)), m, wrapped)
		if err == nil {
			return handle, i == 0, nil
		}
	}
	handle, err = insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(text)))
	switch {
	case err == nil:
		return handle, len(masters) == 0, nil
	case !bytes.Contains(text, []byte(`"encryptedKeyset"`)):
		return nil, false, fmt.Errorf("not readable as a keyset: %w", err)
	case len(masters) == 0:
		return nil, false, ErrWrapped
	}
	return nil, false, ErrOtherKey
}
