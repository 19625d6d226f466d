package directory

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/kms/terms"
)

// Ref is a key as clients name it: by its id, or by an alias of an account.
type Ref struct {
	Account string
	ID      string
	Alias   string // with its prefix
}

var idForm = regexp.MustCompile(`\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\z`)

// Parse reads a key id, a key ARN, an alias name or an alias ARN. The error says what is wrong
// with the text; it tells nothing about what exists.
func Parse(call *op.Call, text string) (Ref, error) {
	ref := Ref{Account: call.Account}
	name := text
	if parts, ok := arn.Split(text); ok {
		switch {
		case parts[2] != "kms" || !arn.ValidAccount(parts[4]):
			return ref, terms.NotFound("Invalid arn %s", text)
		case parts[3] != call.Region:
			return ref, terms.NotFound("Invalid arn %s", parts[3])
		}
		ref.Account, name = parts[4], parts[5]
		if id, found := strings.CutPrefix(name, "key/"); found {
			name = id
		} else if !strings.HasPrefix(name, aliasPrefix) {
			return ref, terms.NotFound("Invalid arn %s", text)
		}
	}
	if strings.HasPrefix(name, aliasPrefix) {
		ref.Alias = name
		return ref, nil
	}
	if !idForm.MatchString(name) {
		return ref, terms.NotFound("Invalid keyId '%s'", name)
	}
	ref.ID = name
	return ref, nil
}

const aliasPrefix = "alias/"

// resolve finds the id of the key that is meant, "" when there is none. A key that is named with
// another account than its own is none.
func (d *Directory) resolve(ctx context.Context, call *op.Call, text string) (ref Ref, id string, err error) {
	if ref, err = Parse(call, text); err != nil {
		return ref, "", err
	}
	if ref.Alias != "" {
		id, err = d.aliasTarget(ctx, ref)
		return ref, id, err
	}
	v, err := d.view(ctx, ref.ID)
	switch {
	case errors.Is(err, errNoKey) || (err == nil && v.Account != ref.Account):
		return ref, "", nil
	case err != nil:
		return ref, "", err
	}
	return ref, ref.ID, nil
}

// aliasTarget is the id of an alias's key. That of a managed key is known before the key exists.
func (d *Directory) aliasTarget(ctx context.Context, ref Ref) (string, error) {
	if service := ref.managed(ref.Account); service != "" {
		return managedID(ref.Account, d.region, service), nil
	}
	id, gen := d.known.alias(ref)
	if id != "" {
		return id, nil
	}
	err := d.store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := FindAlias(ctx, tx, ref.Account, ref.Alias)
		if a != nil {
			id = a.Key
		}
		return err
	})
	if err != nil || id == "" {
		return "", err
	}
	d.known.keep(gen, func() { d.known.aliases[ref] = id })
	return id, nil
}

func (r Ref) notFound(region string) error {
	if r.Alias != "" {
		return terms.NotFound("Alias %s is not found.", arn.KMSAlias(region, r.Account, r.Alias))
	}
	return terms.KeyNotFound(arn.KMSKey(region, r.Account, r.ID))
}

// ARN is the ARN of what the reference names.
func (r Ref) ARN(region string) string {
	if r.Alias != "" {
		return arn.KMSAlias(region, r.Account, r.Alias)
	}
	return arn.KMSKey(region, r.Account, r.ID)
}
