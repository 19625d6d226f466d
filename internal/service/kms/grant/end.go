package grant

import (
	"context"
	"strings"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/kms/directory"
	"github.com/bindery-project/bindery/internal/service/kms/terms"
)

// RevokeGrant takes a grant back on behalf of the key's owner.
func (g *Grants) RevokeGrant(ctx context.Context, in *kmsapi.RevokeGrantInput) (*kmsapi.RevokeGrantOutput, error) {
	v, err := g.Directory.Target(ctx, 0, in.KeyId)
	if err == nil {
		err = g.remove(ctx, v, in.GrantId, in.DryRun)
	}
	return &kmsapi.RevokeGrantOutput{}, err
}

// RetireGrant ends a grant on behalf of those who were to use it.
func (g *Grants) RetireGrant(ctx context.Context, in *kmsapi.RetireGrantInput) (*kmsapi.RetireGrantOutput, error) {
	key, id, err := g.Named(ctx, in)
	if err != nil {
		return nil, err
	}
	v, err := g.Directory.Target(ctx, 0, key)
	if err == nil {
		err = g.remove(ctx, v, id, in.DryRun)
	}
	return &kmsapi.RetireGrantOutput{}, err
}

// Named reads which grant an input means: by its token, or by key and id.
func (g *Grants) Named(ctx context.Context, in *kmsapi.RetireGrantInput) (key, id string, err error) {
	switch {
	case in.GrantToken != nil && (in.KeyId != nil || in.GrantId != nil):
		return "", "", terms.Invalid("You must specify either a grant token or a key ARN and a grant ID, not both.")
	case in.GrantToken != nil:
		key, id, err = g.Directory.OpenToken(*in.GrantToken)
		if err != nil {
			return "", "", err
		}
		text, found, err := g.Directory.OfID(ctx, key)
		if err == nil && !found {
			err = terms.NotFound("Grant ID %s not found", id)
		}
		return text, id, err
	case in.KeyId == nil || in.GrantId == nil:
		return "", "", terms.Invalid("You must specify either a grant token or a key ARN and a grant ID.")
	}
	return *in.KeyId, *in.GrantId, nil
}

func (g *Grants) remove(ctx context.Context, v *directory.View, id string, dry *bool) error {
	if _, ok := v.Retirement(id); !ok {
		return terms.NotFound("Grant ID %s not found", id)
	}
	if err := v.CheckPresent(); err != nil {
		return err
	}
	if err := terms.DryRun(dry); err != nil {
		return err
	}
	return g.Directory.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		found, err := directory.RemoveGrant(ctx, tx, v.Account, v.ID, id)
		if err == nil && !found {
			err = terms.NotFound("Grant ID %s not found", id)
		}
		return err
	})
}

// ListRetirableGrants lists the grants, of any account's keys, that a principal of the caller's
// account may retire.
func (g *Grants) ListRetirableGrants(ctx context.Context, in *kmsapi.ListRetirableGrantsInput) (*kmsapi.ListGrantsResponse, error) {
	size, err := terms.Size(in.Limit, 50, 100)
	if err != nil {
		return nil, err
	}
	call := op.CallFrom(ctx)
	who, err := retiring(call, in)
	if err != nil {
		return nil, err
	}
	after, err := g.Pages.After(call, who, in.Marker)
	if err != nil {
		return nil, err
	}
	key, id, _ := strings.Cut(after, "/")
	var found []directory.KeyedGrant
	err = g.Directory.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		found, err = directory.ListRetirable(ctx, tx, who, key, id, size+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	found, more := terms.Cut(found, size)
	out := &kmsapi.ListGrantsResponse{Grants: []kmsapi.GrantListEntry{}, Truncated: &more}
	for i := range found {
		name, _, err := g.Directory.OfID(ctx, found[i].Key)
		if err != nil {
			return nil, err
		}
		out.Grants = append(out.Grants, entry(name, &found[i].Grant))
	}
	if more {
		last := found[len(found)-1]
		out.NextMarker, err = g.Pages.Next(call, who, last.Key+"/"+last.ID)
	}
	return out, err
}

func retiring(call *op.Call, in *kmsapi.ListRetirableGrantsInput) (string, error) {
	switch {
	case in.RetiringServicePrincipal != nil && in.RetiringPrincipal == nil:
		return "", terms.Unsupported("listing the grants that a service may retire")
	case in.RetiringPrincipal == nil || in.RetiringServicePrincipal != nil:
		return "", terms.Invalid("You must specify exactly one of RetiringPrincipal and RetiringServicePrincipal.")
	}
	parts, ok := arn.Split(*in.RetiringPrincipal)
	if !ok || parts[4] != call.Account {
		return "", &kmsapi.InvalidArnException{Message: "ARN does not refer to a principal of the account " + call.Account + ": " + *in.RetiringPrincipal}
	}
	return *in.RetiringPrincipal, nil
}
