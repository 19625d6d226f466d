// Package page makes and checks the tokens with which list operations continue.
//
// A token carries a position and the time it was issued. It is sealed, and bound to
// who asked for what: the operation, the account, the principal and the parameters. Used
// with anything else, changed, or old, it is ErrInvalid; the handler answers with its
// operation's own error for bad tokens. AWS lets callers change the page size between
// pages, so page size and token are not among the parameters.
package page

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
)

// ErrInvalid is the answer to every token that was not issued for this request.
var ErrInvalid = errors.New("page: invalid token")

// MaxAge is how long a token can be used.
const MaxAge = 24 * time.Hour

// purpose separates page tokens from all else that the keyset seals (seal.PageToken).
const purpose = "page-token"

// Sealer turns bytes into tokens; *seal.Keyset is one.
type Sealer interface {
	SealToken(purpose string, plain, associated []byte) string
	OpenToken(purpose, token string, associated []byte) ([]byte, error)
}

// Scope is what a token is bound to.
type Scope struct {
	Operation  string // "glue:GetTables"
	Account    string
	Principal  string // its ARN
	Parameters any    // the input structure with token and page size cleared, or a list of values
}

// Encode returns the token for the page that starts at position.
func Encode(s Sealer, scope Scope, position []byte, issued time.Time) (string, error) {
	bound, err := scope.bytes()
	if err != nil {
		return "", err
	}
	plain := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(position)), uint64(issued.UnixMilli()))
	return s.SealToken(purpose, append(plain, position...), bound), nil
}

// Decode returns the position that a token was made with. The error is ErrInvalid,
// unless scope's parameters have no JSON form.
func Decode(s Sealer, scope Scope, token string, now time.Time) ([]byte, error) {
	bound, err := scope.bytes()
	if err != nil {
		return nil, err
	}
	plain, err := s.OpenToken(purpose, token, bound)
	if err != nil || len(plain) < 8 {
		return nil, ErrInvalid
	}
	issued := time.UnixMilli(int64(binary.BigEndian.Uint64(plain)))
	if now.Sub(issued) > MaxAge {
		return nil, ErrInvalid
	}
	return plain[8:], nil
}

// bytes is the scope as associated data: three length-prefixed texts and a hash.
func (s Scope) bytes() ([]byte, error) {
	parameters, err := json.Marshal(s.Parameters, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("page: parameters of %s: %w", s.Operation, err)
	}
	var buf []byte
	for _, text := range []string{s.Operation, s.Account, s.Principal} {
		buf = binary.AppendUvarint(buf, uint64(len(text)))
		buf = append(buf, text...)
	}
	hash := sha256.Sum256(parameters)
	return append(buf, hash[:]...), nil
}
