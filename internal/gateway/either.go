package gateway

import (
	"context"
	"slices"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
)

// either decides an operation for which two actions are documented: all accesses must be
// allowed for the one, or all for the other, and none may be denied explicitly for either.
// Where neither is enough the refusal names the first.
func (g *Gateway) either(ctx context.Context, accesses []op.Access, other string) error {
	second := slices.Clone(accesses)
	for i := range second {
		second[i].Action = other
	}
	call := op.CallFrom(ctx)
	call.Accesses = accesses
	first, err := g.effect(ctx, accesses)
	if err != nil {
		return err
	}
	instead, err := g.effect(ctx, second)
	switch {
	case err != nil:
		return err
	case instead == policy.ExplicitDeny && first != policy.ExplicitDeny:
		call.Accesses = second
		return g.Check(ctx, second...)
	case first == policy.ImplicitDeny && instead == policy.Allow:
		call.Accesses = second
		return nil
	}
	return g.Check(ctx, accesses...)
}

// effect is the strictest of the effects on all accesses; nothing to access is denied.
func (g *Gateway) effect(ctx context.Context, accesses []op.Access) (policy.Effect, error) {
	call := op.CallFrom(ctx)
	layers, err := g.Grants.Layers(ctx, &call.Principal)
	if err != nil || len(accesses) == 0 {
		return policy.ImplicitDeny, err
	}
	all := policy.Allow
	for i := range accesses {
		q, err := g.newQuestion(ctx, call, &accesses[i], layers)
		if err != nil {
			return policy.ImplicitDeny, err
		}
		d := policy.Evaluate(&q.request, &q.layers)
		switch {
		case q.failed != nil:
			return policy.ImplicitDeny, q.failed
		case d.Effect == policy.ExplicitDeny:
			return policy.ExplicitDeny, nil
		case d.Effect != policy.Allow:
			all = policy.ImplicitDeny
		}
	}
	return all, nil
}
