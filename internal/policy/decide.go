package policy

import "github.com/bindery-project/bindery/internal/arn"

// layered pairs a finding with the name of its layer.
type layered struct {
	layer   Layer
	finding *finding
}

// resourceLayer is LayerTrust when the resource's policies are trust policies.
func (l *Layers) resourceLayer() Layer {
	if len(l.Resource) > 0 && l.Resource[0].kind == Trust {
		return LayerTrust
	}
	return LayerResource
}

// inOrder lists the findings in the order in which AWS evaluates the layers.
func (f *findings) inOrder(l *Layers) [6]layered {
	return [6]layered{
		{LayerRCP, &f.rcp},
		{LayerSCP, &f.scp},
		{l.resourceLayer(), &f.resource},
		{LayerIdentity, &f.identity},
		{LayerBoundary, &f.boundary},
		{LayerSession, &f.session},
	}
}

// decide reads the findings: an explicit deny first, then the first layer that
// blocks, else the grant.
func (f *findings) decide(r *Request, l *Layers) Decision {
	for _, e := range f.inOrder(l) {
		if e.finding.denied != nil {
			return Decision{ExplicitDeny, e.layer, e.finding.denied, e.finding.deny}
		}
	}
	b := f.blocking(r, l)
	if b.first() != LayerNone {
		return Decision{Effect: ImplicitDeny, Layer: b.first()}
	}
	return f.grant(l)
}

// blockers are the layers without whose consent the request fails.
type blockers struct {
	layers [6]Layer
	count  int
}

func (b *blockers) add(missing bool, layer Layer) {
	if missing {
		b.layers[b.count] = layer
		b.count++
	}
}

func (b *blockers) first() Layer { return b.layers[0] }

// blocking lists, in order, every layer that would have to allow and does not.
func (f *findings) blocking(r *Request, l *Layers) blockers {
	var b blockers
	b.add(f.rcpBlocked, LayerRCP)
	b.add(f.scpBlocked, LayerSCP)
	switch {
	case r.Principal.hasNoAccountPolicies():
		b.add(f.resource.naming < asGroup, l.resourceLayer())
	case r.crossesAccounts():
		b.add(f.resource.naming == notNamed, l.resourceLayer())
		f.ownAccountBlocks(r, l, &b)
	case l.ResourceRule == Explicit:
		b.add(f.resource.naming == notNamed, l.resourceLayer())
		f.sameAccountBlocks(r, l, &b)
	default:
		f.sameAccountBlocks(r, l, &b)
	}
	return b
}

// hasNoAccountPolicies: nobody but the resource policy can speak for a
// service, an identity provider or the anonymous caller.
func (p *Principal) hasNoAccountPolicies() bool {
	return p.Type == Anonymous || p.Type == Service || p.Type == Federated
}

// crossesAccounts compares the caller's account with the resource's owner. A
// request that does not name the owner is judged by the account in its ARN, so
// that forgetting the one does not turn a foreign resource into an own one.
func (r *Request) crossesAccounts() bool {
	if r.ResourceAccount != "" {
		return r.ResourceAccount != r.Principal.Account
	}
	parts, _ := arn.Split(r.Resource)
	return arn.ValidAccount(parts[4]) && parts[4] != r.Principal.Account
}

// sameAccountBlocks: a resource policy that names the very user or session
// grants finally; one that names the role or everyone replaces the identity
// policy, but boundary and session policy still limit; one that names the
// account leaves all to the identity policies.
func (f *findings) sameAccountBlocks(r *Request, l *Layers, b *blockers) {
	if r.Principal.Type == Root {
		f.sessionLimit(r, l, b)
		return
	}
	if f.resource.naming == asSelf {
		return
	}
	b.add(f.identity.allowed == nil && f.resource.naming < asGroup, LayerIdentity)
	f.limits(r, l, b)
}

// ownAccountBlocks is the caller's side of a call into another account: its
// own policies must allow whatever the resource policy says.
func (f *findings) ownAccountBlocks(r *Request, l *Layers, b *blockers) {
	if r.Principal.Type == Root {
		f.sessionLimit(r, l, b)
		return
	}
	b.add(f.identity.allowed == nil, LayerIdentity)
	f.limits(r, l, b)
}

// limits: boundary and session policies only take away. A federated user
// without a session policy has nothing.
func (f *findings) limits(r *Request, l *Layers, b *blockers) {
	b.add(l.Boundary != nil && f.boundary.allowed == nil, LayerBoundary)
	f.sessionLimit(r, l, b)
}

func (f *findings) sessionLimit(r *Request, l *Layers, b *blockers) {
	b.add(l.sessionLimits(r) && f.session.allowed == nil, LayerSession)
}

func (l *Layers) sessionLimits(r *Request) bool {
	return len(l.Session) > 0 || r.Principal.Type == FederatedUser
}

// grant names the statement that granted: the identity policy's where there is
// one, else the resource policy's. The root user needs neither.
func (f *findings) grant(l *Layers) Decision {
	if f.identity.allowed != nil {
		return Decision{Allow, LayerIdentity, f.identity.allowed, f.identity.allow}
	}
	if f.resource.allowed != nil {
		return Decision{Allow, l.resourceLayer(), f.resource.allowed, f.resource.allow}
	}
	return Decision{Effect: Allow}
}
