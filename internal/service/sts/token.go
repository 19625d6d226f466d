package sts

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/bindery-project/bindery/internal/op"
)

// Errors of Tokens.Open.
var (
	ErrBadToken = errors.New("sts: not a token of this access key")
	ErrExpired  = errors.New("sts: the token has expired")
)

// tokenPurpose separates session tokens from everything else that is sealed.
const tokenPurpose = "session-token"

// Sealer makes tokens that only this installation can open.
type Sealer interface {
	SealToken(purpose string, plain, associated []byte) string
	OpenToken(purpose, token string, associated []byte) ([]byte, error)
}

// Tokens seals sessions into tokens and opens them.
type Tokens struct{ Sealer Sealer }

// content is what a token holds.
type content struct {
	Secret    string
	Principal op.Principal
}

// Seal makes the token of a session. It opens only together with the
// principal's access key id.
func (t *Tokens) Seal(secret string, p op.Principal) (string, error) {
	plain, err := json.Marshal(content{secret, p}) //nolint:gosec // sealed below; the secret never leaves in clear
	if err != nil {
		return "", err
	}
	return t.Sealer.SealToken(tokenPurpose, plain, []byte(p.AccessKeyID)), nil
}

// Open reads a token that came with an access key. Errors are ErrBadToken and
// ErrExpired.
func (t *Tokens) Open(accessKeyID, token string, now time.Time) (secret string, p op.Principal, err error) {
	plain, err := t.Sealer.OpenToken(tokenPurpose, token, []byte(accessKeyID))
	if err != nil {
		return "", p, ErrBadToken
	}
	var c content
	if err := json.Unmarshal(plain, &c); err != nil || c.Principal.AccessKeyID != accessKeyID || c.Principal.Session == nil {
		return "", p, ErrBadToken
	}
	if !now.Before(c.Principal.Session.Expires) {
		return "", p, ErrExpired
	}
	return c.Secret, c.Principal, nil
}
