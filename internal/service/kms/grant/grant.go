// Package grant answers the operations about grants: rights on a key that programs hand out and
// take back without touching its policy. How a grant takes part in decisions is in package
// directory.
package grant

import (
	"context"
	"encoding/hex"
	"maps"
	"slices"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/kms/directory"
	"github.com/bindery-project/bindery/internal/service/kms/material"
	"github.com/bindery-project/bindery/internal/service/kms/terms"
)

// Grants answers the operations about grants.
type Grants struct {
	Directory  *directory.Directory
	Principals Principals
	Pages      terms.Pages
}

// Principals tells which principals exist.
type Principals interface {
	HasPrincipal(ctx context.Context, name string) (bool, error)
}

// mostGrants is AWS's quota of grants per key.
const mostGrants = 50_000

// CreateGrant gives a principal rights on a key. A request with a name that asks for the same as
// an earlier one is answered with the earlier grant.
func (g *Grants) CreateGrant(ctx context.Context, in *kmsapi.CreateGrantInput) (*kmsapi.CreateGrantOutput, error) {
	v, err := g.Directory.Target(ctx, 0, in.KeyId)
	if err == nil {
		err = v.CheckEnabled()
	}
	if err == nil {
		err = g.Directory.CheckTokens(ctx, v, in.GrantTokens)
	}
	if err == nil {
		err = g.check(ctx, v, in)
	}
	if err == nil {
		err = terms.DryRun(in.DryRun)
	}
	if err != nil {
		return nil, err
	}
	made := Wanted(op.CallFrom(ctx).Account, in)
	made.ID = hex.EncodeToString(material.Random(32))
	err = g.Directory.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		known, err := directory.FindGrants(ctx, tx, v.ID)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(known, func(k directory.Grant) bool { return made.Name != "" && same(&k, made) }); i >= 0 {
			made.ID = known[i].ID
			return nil
		}
		if len(known) >= mostGrants {
			return terms.Limit("A key can have at most %d grants.", mostGrants)
		}
		if _, err := directory.FindKey(ctx, tx, v.ID); directory.IsNoKey(err) {
			return terms.KeyNotFound(v.ARN)
		}
		made.Created = clock.Millis(tx.Now())
		return directory.PutGrant(ctx, tx, v.Account, v.ID, made)
	})
	if err != nil {
		return nil, err
	}
	return &kmsapi.CreateGrantOutput{GrantId: &made.ID, GrantToken: new(g.Directory.GrantToken(v.ID, made.ID))}, nil
}

// Wanted is the grant that an input asks for, without its id.
func Wanted(issuer string, in *kmsapi.CreateGrantInput) *directory.Grant {
	made := &directory.Grant{
		Name: op.Value(in.Name), Grantee: op.Value(in.GranteePrincipal), GranteeService: op.Value(in.GranteeServicePrincipal),
		Retiring: op.Value(in.RetiringPrincipal), RetiringService: op.Value(in.RetiringServicePrincipal), Issuer: issuer,
	}
	for _, o := range in.Operations {
		if !slices.Contains(made.Operations, o) {
			made.Operations = append(made.Operations, o)
		}
	}
	if c := in.Constraints; c != nil {
		made.Equals, made.Subset = c.EncryptionContextEquals, c.EncryptionContextSubset
	}
	return made
}

func same(a, b *directory.Grant) bool {
	return a.Name == b.Name && a.Grantee == b.Grantee && a.GranteeService == b.GranteeService && a.Retiring == b.Retiring &&
		a.RetiringService == b.RetiringService && a.Issuer == b.Issuer && slices.Equal(a.Operations, b.Operations) &&
		maps.Equal(a.Equals, b.Equals) && maps.Equal(a.Subset, b.Subset)
}

// ListGrants lists the grants of a key.
func (g *Grants) ListGrants(ctx context.Context, in *kmsapi.ListGrantsInput) (*kmsapi.ListGrantsResponse, error) {
	size, err := terms.Size(in.Limit, 50, 100)
	if err != nil {
		return nil, err
	}
	v, err := g.Directory.Target(ctx, 0, in.KeyId)
	if err != nil {
		return nil, err
	}
	call := op.CallFrom(ctx)
	scope := []string{in.KeyId, op.Value(in.GrantId), op.Value(in.GranteePrincipal), op.Value(in.GranteeServicePrincipal)}
	after, err := g.Pages.After(call, scope, in.Marker)
	if err != nil {
		return nil, err
	}
	var found []directory.Grant
	for _, k := range v.Grants {
		if k.ID > after && matches(in.GrantId, k.ID) && matches(in.GranteePrincipal, k.Grantee) && matches(in.GranteeServicePrincipal, k.GranteeService) {
			found = append(found, k)
		}
	}
	found, more := terms.Cut(found, size)
	out := &kmsapi.ListGrantsResponse{Grants: []kmsapi.GrantListEntry{}, Truncated: &more}
	for i := range found {
		out.Grants = append(out.Grants, entry(v.ARN, &found[i]))
	}
	if more {
		out.NextMarker, err = g.Pages.Next(call, scope, found[len(found)-1].ID)
	}
	return out, err
}

func matches(want *string, got string) bool { return want == nil || *want == got }

func entry(key string, g *directory.Grant) kmsapi.GrantListEntry {
	out := kmsapi.GrantListEntry{
		KeyId: &key, GrantId: &g.ID, Name: present(g.Name), CreationDate: new(op.Millis(g.Created)), GranteePrincipal: present(g.Grantee),
		GranteeServicePrincipal: present(g.GranteeService), RetiringPrincipal: present(g.Retiring), RetiringServicePrincipal: present(g.RetiringService),
		IssuingAccount: new("arn:aws:iam::" + g.Issuer + ":root"), Operations: g.Operations,
	}
	if g.Equals != nil || g.Subset != nil {
		out.Constraints = &kmsapi.GrantConstraints{EncryptionContextEquals: g.Equals, EncryptionContextSubset: g.Subset}
	}
	return out
}

func present(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
