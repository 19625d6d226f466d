package policy

import "strings"

// Explanation is a decision with everything that led to it. It can be written
// as JSON; the field names are the API of Studio and of the command line.
type Explanation struct {
	Action       string
	Resource     string
	Principal    string // the caller's ARN or service; empty for the anonymous one
	CrossAccount bool
	Effect       string // allowed, explicitDeny, implicitDeny
	Layer        string // the deciding type of policy; empty when nothing needed to allow
	Layers       []LayerTrace
	Denies       []StatementRef // every statement that denies explicitly
	Blocking     []string       // every type of policy that would have to allow and does not
	Missing      []Grant        // the fewest grants that would lift the implicit denies
	decision     Decision
}

// Decision is what Evaluate answers for the same request.
func (e *Explanation) Decision() Decision { return e.decision }

// LayerTrace tells what one layer, or one level of it, says.
type LayerTrace struct {
	Layer    string
	Level    int    `json:",omitempty"` // from 1, for service and resource control policies
	Effect   string // by itself: allowed, explicitDeny, implicitDeny
	Policies []DocumentTrace

	layer   Layer
	finding finding
}

// DocumentTrace tells what one policy says.
type DocumentTrace struct {
	ID         string
	Broken     string `json:",omitempty"` // why the stored text cannot be read
	Statements []StatementTrace
	policy     *Policy
}

// StatementTrace tells which parts of a statement matched.
type StatementTrace struct {
	StatementRef
	Matched    bool
	Action     bool
	Resource   bool
	Principal  bool
	Names      string // how it names the caller: "", account, group, self
	Conditions []ConditionTrace
}

// StatementRef points to a statement in the text of its policy.
type StatementRef struct {
	PolicyID  string
	Layer     string
	Statement int // index from 0
	Sid       string
	Effect    string
	Start     Position
	End       Position
}

// ConditionTrace tells what a condition wanted and what it saw.
type ConditionTrace struct {
	Operator string
	Key      string
	Wanted   []string
	Seen     []string
	Present  bool
	Holds    bool
}

// Explain decides as Evaluate does, but looks at every statement of every
// layer and keeps what it saw.
func Explain(r *Request, l *Layers) *Explanation {
	e := &Explanation{
		Action: r.Action, Resource: r.Resource, Principal: r.Principal.name(),
		CrossAccount: r.crossesAccounts(),
	}
	if r.needsNoPermission() {
		e.conclude(Decision{Effect: Allow})
		return e
	}
	q := newQuestion(r, l)
	var f findings
	e.trace(&q, l, &f)
	e.conclude(f.decide(r, l))
	if b := f.blocking(r, l); e.decision.Effect != Allow {
		e.Blocking = b.names()
		e.Missing = e.missing(r, l, &b)
	}
	return e
}

func (e *Explanation) conclude(d Decision) {
	e.decision, e.Effect, e.Layer = d, d.Effect.String(), d.Layer.String()
}

func (p *Principal) name() string {
	if p.Type == Service {
		return p.Service
	}
	return p.ARN
}

func (b *blockers) names() []string {
	var names []string
	for _, layer := range b.layers[:b.count] {
		names = append(names, layer.String())
	}
	return names
}

// trace fills f as scan does, without stopping at a Deny.
func (e *Explanation) trace(q *question, l *Layers, f *findings) {
	f.rcpBlocked = e.traceLevels(q, LayerRCP, l.RCP, &f.rcp)
	f.scpBlocked = e.traceLevels(q, LayerSCP, l.SCP, &f.scp)
	f.resource = e.traceLayer(q, l.resourceLayer(), 0, l.Resource)
	if q.request.Principal.Type == Root { // it has no policies of its own, but its sessions may have
		if len(l.Session) > 0 {
			f.session = e.traceLayer(q, LayerSession, 0, l.Session)
		}
		return
	}
	f.identity = e.traceLayer(q, LayerIdentity, 0, l.Identity)
	if l.Boundary != nil {
		f.boundary = e.traceLayer(q, LayerBoundary, 0, []*Policy{l.Boundary})
	}
	f.session = e.traceLayer(q, LayerSession, 0, l.Session)
}

func (e *Explanation) traceLevels(q *question, layer Layer, levels [][]*Policy, f *finding) (blocked bool) {
	for i, level := range levels {
		found := e.traceLayer(q, layer, i+1, level)
		if f.denied == nil {
			*f = found
		}
		blocked = blocked || found.allowed == nil
	}
	return blocked
}

func (e *Explanation) traceLayer(q *question, layer Layer, level int, policies []*Policy) finding {
	t := LayerTrace{Layer: layer.String(), Level: level, layer: layer}
	for _, p := range policies {
		t.Policies = append(t.Policies, e.tracePolicy(q, layer, p, &t.finding))
	}
	t.Effect = t.finding.effect().String()
	e.Layers = append(e.Layers, t)
	return t.finding
}

func (f *finding) effect() Effect {
	switch {
	case f.denied != nil:
		return ExplicitDeny
	case f.allowed != nil:
		return Allow
	default:
		return ImplicitDeny
	}
}

func (e *Explanation) tracePolicy(q *question, layer Layer, p *Policy, f *finding) DocumentTrace {
	t := DocumentTrace{ID: p.id, Broken: p.broken, policy: p}
	for i := range p.statements {
		s, named := traceStatement(q, p, i)
		s.Layer = layer.String()
		t.Statements = append(t.Statements, s)
		if !s.Matched {
			continue
		}
		if !p.statements[i].deny {
			f.allows(p, i, named)
			continue
		}
		e.Denies = append(e.Denies, s.StatementRef)
		if f.denied == nil {
			f.denied, f.deny = p, i
		}
	}
	return t
}

// traceStatement asks the parts of a statement one by one; that their sum is
// what statement.match answers is held by the property test.
func traceStatement(q *question, p *Policy, i int) (StatementTrace, naming) {
	s := &p.statements[i]
	t := StatementTrace{StatementRef: p.ref(i)}
	if s.everything {
		t.Matched, t.Action, t.Resource, t.Principal = true, true, true, true
		return t, asSelf
	}
	t.Action, t.Resource = s.matchAction(q), s.matchResource(q)
	var named naming
	named, t.Principal = s.matchPrincipal(q, p.kind)
	if !s.anyPrincipal {
		t.Names = named.String()
	}
	t.Matched = t.Action && t.Resource && t.Principal
	for j := range s.conditions {
		c := traceCondition(&s.conditions[j], q.request.Context, s.deny)
		t.Conditions = append(t.Conditions, c)
		t.Matched = t.Matched && c.Holds
	}
	return t, named
}

func traceCondition(c *condition, context Values, doubt bool) ConditionTrace {
	seen, present := lookup(context, c.key)
	return ConditionTrace{
		Operator: c.operator, Key: c.written, Wanted: c.texts,
		Seen: cloneStrings(seen), Present: present, Holds: c.holds(context, doubt),
	}
}

// cloneStrings keeps an explanation valid after the request's buffers are reused.
func cloneStrings(values []string) []string {
	var out []string
	for _, v := range values {
		out = append(out, strings.Clone(v))
	}
	return out
}

func (n naming) String() string {
	return [...]string{"", "account", "group", "self"}[n]
}

func (p *Policy) ref(i int) StatementRef {
	info := p.Statement(i)
	return StatementRef{
		PolicyID: p.id, Statement: i, Sid: info.Sid, Effect: info.Effect,
		Start: info.Start, End: info.End,
	}
}
