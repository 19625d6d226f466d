package gateway

import (
	"context"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
)

// Ask decides an access for another principal than the caller, by the same policies and with
// the same keys, and explains the decision. It stands for a call that the principal makes now,
// over TLS when the asking one came so, from nowhere: conditions on addresses find no value.
// Nothing is recorded; who may ask is the asking operation's matter.
func (g *Gateway) Ask(ctx context.Context, p *op.Principal, access *op.Access) (*policy.Explanation, error) {
	asking := op.CallFrom(ctx)
	call := &op.Call{
		RequestID: asking.RequestID, Region: asking.Region, Account: p.Account, Principal: *p, Now: asking.Now, TLS: asking.TLS,
	}
	layers, err := g.Grants.Layers(ctx, p)
	if err != nil {
		return nil, err
	}
	q, err := g.newQuestion(op.WithCall(ctx, call), call, access, layers)
	if err != nil {
		return nil, err
	}
	x := policy.Explain(&q.request, &q.layers)
	return x, q.failed
}

// Governing is the policy of a resource, nil when there is none, as decisions find it.
func (g *Gateway) Governing(ctx context.Context, access *op.Access) (*policy.Policy, error) {
	call := op.CallFrom(ctx)
	q, err := g.newQuestion(ctx, call, access, &policy.Layers{})
	if err != nil || len(q.layers.Resource) == 0 {
		return nil, err
	}
	return q.layers.Resource[0], nil
}
