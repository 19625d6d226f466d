package policy

import "strings"

// Request is one thing that a caller wants to do.
type Request struct {
	Action          string // glue:GetTable, in any letter case
	Resource        string // an ARN, or "*" for an action without resources
	ResourceAccount string // owner of the resource; empty: the account in the ARN, else the caller's
	Principal       Principal
	Context         Values // may be nil
}

// Rule says how a resource's own policy combines with identity policies when
// the caller belongs to the resource's account.
type Rule uint8

const (
	// Union lets either the identity policies or the resource policy grant.
	Union Rule = iota
	// Explicit wants the resource policy to name the caller or to delegate to
	// the account: KMS keys and the trust policies of roles.
	Explicit
)

// Layers are the policies that apply to one request.
type Layers struct {
	Identity []*Policy // of the user and its groups, or of the role
	Boundary *Policy   // nil: none

	Session    []*Policy // passed to the STS call that made the session
	HasSession bool      // informs; a federated user without Session policies has nothing from Identity

	SCP, RCP [][]*Policy // one list per level of the organisation; each level must allow

	Resource     []*Policy
	ResourceRule Rule
}

// Effect is the outcome of a decision. The zero value denies.
type Effect uint8

// The outcomes.
const (
	ImplicitDeny Effect = iota
	ExplicitDeny
	Allow
)

// String answers the word that IAM's simulator uses.
func (e Effect) String() string {
	switch e {
	case Allow:
		return "allowed"
	case ExplicitDeny:
		return "explicitDeny"
	case ImplicitDeny:
	}
	return "implicitDeny"
}

// Layer is a type of policy in the order in which AWS evaluates them.
type Layer uint8

// The layers. LayerTrust is LayerResource when the resource is a role.
const (
	LayerNone Layer = iota
	LayerRCP
	LayerSCP
	LayerResource
	LayerTrust
	LayerIdentity
	LayerBoundary
	LayerSession
)

var layerNames = [...]string{
	"", "resource control policy", "service control policy", "resource-based policy",
	"role trust policy", "identity-based policy", "permissions boundary", "session policy",
}

// String answers AWS's name of the policy type; empty for LayerNone.
func (l Layer) String() string { return layerNames[l] }

// Decision is the answer to a request. For an explicit deny and for an allow,
// Policy and Statement point to the statement that decided; for an implicit
// deny Policy is nil and Layer is the first that did not allow.
type Decision struct {
	Effect    Effect
	Layer     Layer
	Policy    *Policy
	Statement int
}

// Allowed reports whether the request may go on.
func (d Decision) Allowed() bool { return d.Effect == Allow }

// alwaysAllowed is the one action that needs no permission and that even an
// explicit deny does not stop (IAM guide, "Actions that need no permissions").
const alwaysAllowed = "sts:GetCallerIdentity"

func (r *Request) needsNoPermission() bool {
	return r.Principal.Type != Anonymous && strings.EqualFold(r.Action, alwaysAllowed)
}

// Evaluate decides one request. It does not allocate. A matching Deny in any
// layer wins; then each ceiling must allow, and somebody must grant.
func Evaluate(r *Request, l *Layers) Decision {
	if r.needsNoPermission() {
		return Decision{Effect: Allow}
	}
	q := newQuestion(r, l)
	var f findings
	scan(&q, l, &f)
	return f.decide(r, l)
}

// finding is what one layer, or one level of it, says about the request.
type finding struct {
	denied  *Policy
	deny    int
	allowed *Policy
	allow   int
	naming  naming // the closest way in which an Allow named the caller
}

// findings are what all layers say; Evaluate and Explain fill it in their own
// ways, and decide reads it.
type findings struct {
	rcp, scp                              finding // merged over the levels
	resource, identity, boundary, session finding
	rcpBlocked, scpBlocked                bool // a level does not allow
}

// scan fills f, and stops at the first explicit deny.
func scan(q *question, l *Layers, f *findings) {
	f.rcpBlocked = scanLevels(q, l.RCP, &f.rcp)
	if f.rcp.denied != nil {
		return
	}
	f.scpBlocked = scanLevels(q, l.SCP, &f.scp)
	if f.scp.denied != nil {
		return
	}
	scanPolicies(q, l.Resource, &f.resource)
	if f.resource.denied != nil {
		return
	}
	if q.request.Principal.Type == Root { // it has no policies of its own, but its sessions may have
		scanPolicies(q, l.Session, &f.session)
		return
	}
	scanPolicies(q, l.Identity, &f.identity)
	if f.identity.denied != nil {
		return
	}
	if l.Boundary != nil {
		scanPolicy(q, l.Boundary, &f.boundary)
	}
	if f.boundary.denied == nil {
		scanPolicies(q, l.Session, &f.session)
	}
}

func scanLevels(q *question, levels [][]*Policy, f *finding) (blocked bool) {
	for _, level := range levels {
		f.allowed = nil
		scanPolicies(q, level, f)
		if f.denied != nil {
			return true
		}
		blocked = blocked || f.allowed == nil
	}
	return blocked
}

func scanPolicies(q *question, policies []*Policy, f *finding) {
	for _, p := range policies {
		scanPolicy(q, p, f)
		if f.denied != nil {
			return
		}
	}
}

// scanPolicy does not stop at an Allow: a Deny may follow, and so may an Allow
// that names the caller more closely.
func scanPolicy(q *question, p *Policy, f *finding) {
	for i := range p.statements {
		s := &p.statements[i]
		if !s.deny && f.allowed != nil && (s.anyPrincipal || f.naming == asSelf) {
			continue // it could not change anything
		}
		named, ok := s.match(q, p.kind)
		if !ok {
			continue
		}
		if s.deny {
			f.denied, f.deny = p, i
			return
		}
		f.allows(p, i, named)
	}
}

func (f *finding) allows(p *Policy, statement int, named naming) {
	if f.allowed == nil || named > f.naming {
		f.allowed, f.allow, f.naming = p, statement, named
	}
}
