package password

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// cost is what one guess costs: Argon2id with the parameters of OWASP's password
// storage cheat sheet (19 MiB, two passes, one lane).
type cost struct {
	memory uint32 // KiB
	passes uint32
	lanes  uint8
}

var today = cost{19 << 10, 2, 1}

const (
	saltBytes = 16
	hashBytes = 32
)

// slots bound how many hashes are made at once: each takes 19 MiB.
var slots = make(chan struct{}, 2)

func (c cost) key(password string, salt []byte) []byte {
	slots <- struct{}{}
	defer func() { <-slots }()
	return argon2.IDKey([]byte(password), salt, c.passes, c.memory, c.lanes, hashBytes)
}

// hash is the password as it is stored, in the usual text form of Argon2.
func hash(password string, salt []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, today.memory, today.passes, today.lanes,
		b64.EncodeToString(salt), b64.EncodeToString(today.key(password, salt)))
}

var errForm = errors.New("password: a stored hash has an unknown form")

// matches reports whether a password is the one that was stored.
func matches(stored, password string) (bool, error) {
	var c cost
	var version int
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, errForm
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &c.memory, &c.passes, &c.lanes); err != nil || version != argon2.Version {
		return false, errForm
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, errForm
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) != hashBytes {
		return false, errForm
	}
	return subtle.ConstantTimeCompare(c.key(password, salt), want) == 1, nil
}
