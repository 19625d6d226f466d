package gateway

import (
	"context"
	"strings"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
)

// authorize decides an operation by its row. An operation that lists nothing
// to check is denied: nobody thought about it. A row that only filters leaves
// the decision on each item to the handler.
func (g *Gateway) authorize(ctx context.Context, t *target, in any) error {
	call := op.CallFrom(ctx)
	if t.Auth.Always && call.Principal.Type != op.Anonymous {
		return nil
	}
	if t.Auth.Anonymous {
		return nil // unsigned by AWS's rule: the handler checks the token it is given
	}
	if t.rule.filtered {
		return nil
	}
	accesses, err := t.rule.accesses(ctx, in)
	if err != nil {
		return err
	}
	if t.Auth.Or != "" {
		return g.either(ctx, accesses, t.Auth.Or)
	}
	op.CallFrom(ctx).Accesses = accesses
	return g.Check(ctx, accesses...)
}

// Check implements op.Authorizer.
func (g *Gateway) Check(ctx context.Context, accesses ...op.Access) error {
	call := op.CallFrom(ctx)
	if len(accesses) == 0 {
		return &op.Denied{Message: "User: " + call.Principal.ARN + " is not authorized to perform: " + call.Operation}
	}
	layers, err := g.Grants.Layers(ctx, &call.Principal)
	if err != nil {
		return err
	}
	for i := range accesses {
		q, err := g.newQuestion(ctx, call, &accesses[i], layers)
		if err != nil {
			return err
		}
		d := policy.Evaluate(&q.request, &q.layers)
		if q.failed != nil {
			return q.failed
		}
		if d.Effect != policy.Allow {
			return deny(ctx, q, d)
		}
	}
	return nil
}

// Allowed implements op.Authorizer.
func (g *Gateway) Allowed(ctx context.Context, access op.Access) bool {
	call := op.CallFrom(ctx)
	allowed, err := g.allowed(ctx, call, &access)
	if err != nil {
		g.Log.ErrorContext(ctx, "policies could not be read", "request", call.RequestID, "error", err)
	}
	return allowed && err == nil
}

func (g *Gateway) allowed(ctx context.Context, call *op.Call, access *op.Access) (bool, error) {
	layers, err := g.Grants.Layers(ctx, &call.Principal)
	if err != nil {
		return false, err
	}
	q, err := g.newQuestion(ctx, call, access, layers)
	if err != nil {
		return false, err
	}
	d := policy.Evaluate(&q.request, &q.layers)
	return d.Effect == policy.Allow, q.failed
}

// deny explains a refusal for the record and words it for the caller.
func deny(ctx context.Context, q *question, d policy.Decision) error {
	if x, ok := ctx.Value(decisionsKey{}).(*exchange); ok && x.denial == nil {
		x.denial = policy.Explain(&q.request, &q.layers)
	}
	return &op.Denied{Message: policy.DenyMessage(q.call.Principal.ARN, q.request.Action, q.request.Resource, d)}
}

type decisionsKey struct{}

// withDecisions lets Check leave the explanation of a refusal with the exchange.
func withDecisions(ctx context.Context, x *exchange) context.Context {
	return context.WithValue(ctx, decisionsKey{}, x)
}

// question is one access put to the policy engine.
type question struct {
	call    *op.Call
	access  *op.Access
	request policy.Request
	layers  policy.Layers
	tags    resourceTags
	failed  error // what the decision needed could not be read: it does not count
}

func (g *Gateway) newQuestion(ctx context.Context, call *op.Call, a *op.Access, layers *policy.Layers) (*question, error) {
	q := &question{call: call, access: a, layers: *layers}
	q.request = policy.Request{
		Action: a.Action, Resource: a.Resource.ARN, ResourceAccount: owner(call, &a.Resource),
		Principal: principal(&call.Principal), Context: q,
	}
	q.govern(a.Resource.Policy)
	if a.Resource.Trust {
		q.layers.ResourceRule = policy.Explicit
	}
	return q, g.addFacts(ctx, q)
}

// owner is the account that the resource belongs to: what the resolver knows,
// else the account in the ARN, else the caller's own.
func owner(call *op.Call, r *op.Resource) string {
	if r.Account != "" {
		return r.Account
	}
	if parts := strings.SplitN(r.ARN, ":", 6); len(parts) == 6 && parts[4] != "" {
		return parts[4]
	}
	return call.Account
}

var principalTypes = map[op.PrincipalType]policy.PrincipalType{
	op.Root: policy.Root, op.User: policy.User, op.AssumedRole: policy.AssumedRole,
	op.FederatedUser: policy.FederatedUser, op.ServiceRole: policy.Service, op.Anonymous: policy.Anonymous,
	op.Federated: policy.Federated,
}

func principal(p *op.Principal) policy.Principal {
	out := policy.Principal{Type: principalTypes[p.Type], ARN: p.ARN, RoleARN: p.RoleARN, UserID: p.UserID, Account: p.Account}
	if p.Type == op.ServiceRole {
		out.Service = p.UserName
	}
	return out
}
