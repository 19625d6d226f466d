package policy

import "slices"

// ContextKeys lists the condition keys that the policies ask for, in
// conditions and as variables, as they are written and without repetition
// (IAM's GetContextKeysForCustomPolicy and ...ForPrincipalPolicy).
func ContextKeys(policies ...*Policy) []string {
	keys := keySet{seen: make(map[string]bool)}
	for _, p := range policies {
		for i := range p.statements {
			keys.addStatement(&p.statements[i])
		}
	}
	return keys.names
}

// keySet collects key names; two spellings of one key count once.
type keySet struct {
	seen  map[string]bool
	names []string
}

func (k *keySet) add(written string) {
	if folded := KeyName(written); !k.seen[folded] {
		k.seen[folded] = true
		k.names = append(k.names, written)
	}
}

func (k *keySet) addStatement(s *statement) {
	for i := range s.conditions {
		c := &s.conditions[i]
		k.add(c.written)
		for j := range c.operands {
			k.addPattern(&c.operands[j].text)
			k.addARN(c.operands[j].arn)
		}
	}
	for i := range s.resources {
		k.addARN(&s.resources[i])
	}
}

func (k *keySet) addARN(a *arnPattern) {
	if a == nil {
		return
	}
	for i := range a.segments {
		k.addPattern(&a.segments[i])
	}
}

func (k *keySet) addPattern(p *pattern) {
	for _, v := range p.variables {
		k.add(v.written)
	}
}

// SimulationResult is the answer for one action on one resource, in the terms
// of IAM's SimulateCustomPolicy and SimulatePrincipalPolicy.
type SimulationResult struct {
	Action      string
	Resource    string
	Effect      Effect
	Layer       Layer
	Matched     []MatchedStatement
	MissingKeys []string // condition keys that the policies ask for and the context lacks

	// Nil where no such policy takes part.
	AllowedByBoundary      *bool
	AllowedByOrganizations *bool

	// What each layer says by itself (EvalDecisionDetails).
	Details map[Layer]Effect
}

// MatchedStatement is a statement that led to the result.
type MatchedStatement struct {
	PolicyID   string // of Policy.WithID: "PolicyInputList.1", a policy's name
	Layer      Layer
	Kind       Kind
	Start, End Position
}

// Simulate decides every action on every resource under the same layers. The
// template gives the caller, its context and the owner of the resources; no
// resources means "*".
func Simulate(template Request, l *Layers, actions, resources []string) []SimulationResult {
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	missing := missingKeys(l, template.Context)
	var results []SimulationResult
	for _, action := range actions {
		for _, resource := range resources {
			r := template
			r.Action, r.Resource = action, resource
			result := simulateOne(&r, l)
			result.MissingKeys = missing
			results = append(results, result)
		}
	}
	return results
}

func simulateOne(r *Request, l *Layers) SimulationResult {
	e := Explain(r, l)
	result := SimulationResult{
		Action: r.Action, Resource: r.Resource,
		Effect: e.decision.Effect, Layer: e.decision.Layer,
		Details: make(map[Layer]Effect),
	}
	for i := range e.Layers {
		t := &e.Layers[i]
		result.Matched = append(result.Matched, t.matched(e.decision.Effect)...)
		result.addDetail(t)
	}
	return result
}

// addDetail keeps the strictest word of a layer with several levels.
func (r *SimulationResult) addDetail(t *LayerTrace) {
	effect := t.finding.effect()
	if before, ok := r.Details[t.layer]; ok {
		effect = stricter(before, effect)
	}
	r.Details[t.layer] = effect
	allowed := effect == Allow
	switch t.layer {
	case LayerBoundary:
		r.AllowedByBoundary = &allowed
	case LayerSCP, LayerRCP:
		if r.AllowedByOrganizations != nil {
			allowed = allowed && *r.AllowedByOrganizations
		}
		r.AllowedByOrganizations = &allowed
	case LayerNone, LayerResource, LayerTrust, LayerIdentity, LayerSession:
	}
}

func stricter(a, b Effect) Effect {
	switch {
	case a == ExplicitDeny || b == ExplicitDeny:
		return ExplicitDeny
	case a == Allow:
		return b
	default:
		return a
	}
}

// matched lists the statements that applied. When one denies, only those that
// deny are listed, as IAM does.
func (t *LayerTrace) matched(outcome Effect) []MatchedStatement {
	var out []MatchedStatement
	for _, p := range t.Policies {
		for _, s := range p.Statements {
			denies := s.Effect == "Deny"
			if s.Matched && denies == (outcome == ExplicitDeny) {
				out = append(out, MatchedStatement{p.ID, t.layer, p.policy.kind, s.Start, s.End})
			}
		}
	}
	return out
}

// missingKeys are the keys that any of the policies asks for and the context
// does not carry.
func missingKeys(l *Layers, context Values) []string {
	return slices.DeleteFunc(ContextKeys(l.policies()...), func(written string) bool {
		_, present := lookup(context, KeyName(written))
		return present
	})
}

// policies lists every policy of every layer.
func (l *Layers) policies() []*Policy {
	all := slices.Concat(l.Identity, l.Session, l.Resource)
	all = append(all, slices.Concat(l.SCP...)...)
	all = append(all, slices.Concat(l.RCP...)...)
	if l.Boundary != nil {
		all = append(all, l.Boundary)
	}
	return all
}
