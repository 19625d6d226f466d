// Package password answers GetRandomPassword: a password from the characters that were not left
// out, each equally likely.
package password

import (
	"context"
	"crypto/rand"
	"io"
	"math/big"
	"strings"

	"github.com/bindery-project/bindery/internal/api/secretsmanagerapi"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/terms"
)

// Passwords makes passwords.
type Passwords struct{ Random io.Reader }

// The kinds of characters, as AWS lists them.
const (
	lower       = "abcdefghijklmnopqrstuvwxyz"
	upper       = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits      = "0123456789"
	punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
)

const (
	usualLength = 32
	mostLength  = 4096
)

// GetRandomPassword answers a password that is stored nowhere.
func (p *Passwords) GetRandomPassword(_ context.Context, in *secretsmanagerapi.GetRandomPasswordInput) (*secretsmanagerapi.GetRandomPasswordOutput, error) {
	length := int64(usualLength)
	if in.PasswordLength != nil {
		length = *in.PasswordLength
	}
	kinds := kindsOf(in)
	each := in.RequireEachIncludedType == nil || *in.RequireEachIncludedType
	switch {
	case length < 1 || length > mostLength:
		return nil, terms.Parameter("PasswordLength must be between 1 and %d.", mostLength)
	case len(kinds) == 0:
		return nil, terms.Parameter("No characters are left to make a password of.")
	case each && int(length) < len(kinds):
		return nil, terms.Parameter("Password length of %d is too short for the required character types.", length)
	}
	made, err := p.make(int(length), kinds, each)
	if err != nil {
		return nil, err
	}
	return &secretsmanagerapi.GetRandomPasswordOutput{RandomPassword: &made}, nil
}

// kindsOf are the characters that may be used, by kind, without the kinds that are left out.
func kindsOf(in *secretsmanagerapi.GetRandomPasswordInput) (kinds []string) {
	add := func(wanted bool, characters string) {
		characters = strings.Map(func(r rune) rune {
			if in.ExcludeCharacters != nil && strings.ContainsRune(*in.ExcludeCharacters, r) {
				return -1
			}
			return r
		}, characters)
		if wanted && characters != "" {
			kinds = append(kinds, characters)
		}
	}
	add(!isSet(in.ExcludeLowercase), lower)
	add(!isSet(in.ExcludeUppercase), upper)
	add(!isSet(in.ExcludeNumbers), digits)
	add(!isSet(in.ExcludePunctuation), punctuation)
	add(isSet(in.IncludeSpace), " ")
	return kinds
}

func isSet(b *bool) bool { return b != nil && *b }

// make draws one character of each kind when each is required, the rest of all, and shuffles.
func (p *Passwords) make(length int, kinds []string, each bool) (string, error) {
	all := strings.Join(kinds, "")
	out := make([]byte, length)
	for i := range out {
		from := all
		if each && i < len(kinds) {
			from = kinds[i]
		}
		n, err := p.below(len(from))
		if err != nil {
			return "", err
		}
		out[i] = from[n]
	}
	for i := length - 1; i > 0; i-- {
		j, err := p.below(i + 1)
		if err != nil {
			return "", err
		}
		out[i], out[j] = out[j], out[i]
	}
	return string(out), nil
}

func (p *Passwords) below(n int) (int, error) {
	drawn, err := rand.Int(p.Random, big.NewInt(int64(n)))
	if err != nil {
		return 0, err
	}
	return int(drawn.Int64()), nil
}
