package policy_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bindery-project/bindery/internal/policy"
)

// world is a random request under random layers. The texts are kept, so that a
// property can build the layers again with something added.
type world struct {
	request  policy.Request
	rule     policy.Rule
	trust    bool
	identity []string
	boundary []string // nil: none
	session  []string
	scp, rcp [][]string
	resource []string
	granted  []string // grants added to the resource's policy, as they are
}

const (
	home    = "111122223333"
	foreign = "444455556666"
)

func pick(t *rapid.T, label string, options ...string) string {
	return rapid.SampledFrom(options).Draw(t, label)
}

func drawWorld(t *rapid.T) *world {
	w := &world{trust: rapid.IntRange(0, 5).Draw(t, "trust") == 0}
	w.request = policy.Request{
		Action:          pick(t, "action", "s3:GetObject", "s3:PutObject", "kms:Decrypt"),
		Resource:        pick(t, "resource", "*", "arn:aws:s3:::b", "arn:aws:s3:::b/k", "arn:aws:s3:::b/a*?$x"),
		ResourceAccount: pick(t, "owner", "", home, home, foreign),
		Principal:       drawPrincipal(t),
		Context:         drawContext(t),
	}
	if w.trust {
		w.request.Action = pick(t, "sts action", "sts:AssumeRole", "sts:TagSession")
	}
	w.rule = policy.Rule(rapid.IntRange(0, 1).Draw(t, "rule"))
	w.identity = drawStatements(t, "identity", "")
	w.session = drawStatements(t, "session", "")
	w.resource = drawStatements(t, "resource", "principal")
	if w.trust { // a role always has a trust policy
		w.resource = append(w.resource, drawStatement(t, "Allow", "principal"))
	}
	if rapid.Bool().Draw(t, "bounded") {
		w.boundary = append(drawStatements(t, "boundary", ""), `{"Effect":"Allow","Action":"kms:*","Resource":"*"}`)
	}
	for range rapid.IntRange(0, 2).Draw(t, "scp levels") {
		w.scp = append(w.scp, drawStatements(t, "scp", ""))
	}
	for range rapid.IntRange(0, 2).Draw(t, "rcp levels") {
		w.rcp = append(w.rcp, drawStatements(t, "rcp", `"Principal":"*",`))
	}
	return w
}

func drawPrincipal(t *rapid.T) policy.Principal {
	return principal(pick(t, "principal",
		"user arn:aws:iam::111122223333:user/dana AIDADANA00000000000",
		"session arn:aws:sts::111122223333:assumed-role/R/s arn:aws:iam::111122223333:role/R AROAR00000000000000:s",
		"federated-user arn:aws:sts::111122223333:federated-user/fay",
		"root arn:aws:iam::111122223333:root",
		"service glue.amazonaws.com",
		"provider accounts.google.com",
		"anonymous",
	))
}

func drawContext(t *rapid.T) policy.Values {
	m := policy.Map{}
	for _, key := range []string{"a:x", "a:n"} {
		if values := rapid.SliceOfN(rapid.SampledFrom([]string{"1", "2", "b", "k"}), 0, 2).Draw(t, key); len(values) > 0 {
			m[key] = values
		}
	}
	if len(m) == 0 && rapid.Bool().Draw(t, "no context") {
		return nil
	}
	return m
}

// drawStatements draws up to four. principal is empty, a fixed element, or
// "principal" for a random one.
func drawStatements(t *rapid.T, label, principal string) []string {
	var all []string
	for range rapid.IntRange(0, 4).Draw(t, label) {
		all = append(all, drawStatement(t, pick(t, "effect", "Allow", "Allow", "Allow", "Deny"), principal))
	}
	return all
}

func drawStatement(t *rapid.T, effect, principal string) string {
	if principal == "principal" {
		principal = pick(t, "element", `"Principal":`, `"Principal":`, `"NotPrincipal":`) + pick(t, "who",
			`"*"`, `{"AWS":"*"}`, `{"AWS":"111122223333"}`, `{"AWS":"444455556666"}`,
			`{"AWS":"arn:aws:iam::111122223333:user/dana"}`, `{"AWS":["AIDADANA000000000000","AROAR000000000000000"]}`,
			`{"AWS":["arn:aws:iam::111122223333:role/R","111122223333"]}`,
			`{"AWS":"arn:aws:sts::111122223333:assumed-role/R/s"}`, `{"AWS":"arn:aws:sts::111122223333:federated-user/fay"}`,
			`{"Service":"glue.amazonaws.com","Federated":"accounts.google.com"}`) + ","
	}
	return `{"Effect":"` + effect + `",` + principal +
		pick(t, "action", `"Action":"*"`, `"Action":"s3:*"`, `"Action":["s3:GetObject","kms:?ecrypt"]`, `"NotAction":"s3:Put*"`, `"Action":"sts:*"`) + "," +
		pick(t, "resource", `"Resource":"*"`, `"Resource":"*"`, `"Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]`, `"NotResource":"arn:aws:s3:::b/${a:x}"`, `"Resource":"arn:aws:s3:*"`) +
		pick(t, "condition", ``, ``, ``,
			`,"Condition":{"StringEquals":{"a:x":["1","b"]}}`, `,"Condition":{"StringNotLikeIfExists":{"a:x":"?"}}`,
			`,"Condition":{"NumericLessThan":{"a:n":2}}`, `,"Condition":{"ForAllValues:StringEquals":{"a:n":["1","${a:x}"]}}`,
			`,"Condition":{"ForAnyValue:NumericNotEquals":{"a:n":"1"},"Null":{"a:x":"false"}}`) + "}"
}

func (w *world) layers(t testing.TB) *policy.Layers {
	resourceKind := policy.Resource
	if w.trust {
		resourceKind = policy.Trust
	}
	l := &policy.Layers{
		Identity: parseEach(t, w.identity, policy.Identity), Session: parseEach(t, w.session, policy.Session),
		Resource: parseEach(t, w.resourceTexts(), resourceKind), ResourceRule: w.rule,
	}
	if w.boundary != nil {
		l.Boundary = mustParse(t, wrap(strings.Join(w.boundary, ",")), policy.Boundary)
	}
	for _, level := range w.scp {
		l.SCP = append(l.SCP, parseEach(t, level, policy.SCP))
	}
	for _, level := range w.rcp {
		l.RCP = append(l.RCP, parseEach(t, level, policy.RCP))
	}
	return l
}

// resourceTexts turns the random statements into those of a trust policy.
func (w *world) resourceTexts() []string {
	if !w.trust {
		return append(append([]string{}, w.resource...), w.granted...)
	}
	var all []string
	for _, text := range w.resource {
		head, tail, _ := strings.Cut(text, `"Action":`)
		if strings.Contains(text, `"NotAction":`) {
			head, tail, _ = strings.Cut(text, `"NotAction":`)
		}
		condition := "}"
		if _, c, ok := strings.Cut(tail, `,"Condition":`); ok {
			condition = `,"Condition":` + c
		}
		all = append(all, head+`"Action":"sts:AssumeRole"`+condition)
	}
	return append(all, w.granted...)
}

func parseEach(t testing.TB, statements []string, kind policy.Kind) []*policy.Policy {
	var all []*policy.Policy
	for _, s := range statements {
		all = append(all, mustParse(t, wrap(s), kind))
	}
	return all
}

// checkWorlds runs a property over random worlds.
func checkWorlds(t *testing.T, property func(rt *rapid.T, w *world, l *policy.Layers, d policy.Decision)) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWorld(rt)
		l := w.layers(t)
		property(rt, w, l, policy.Evaluate(&w.request, l))
	})
}

func TestExplainAgreesWithEvaluate(t *testing.T) {
	checkWorlds(t, func(rt *rapid.T, w *world, l *policy.Layers, d policy.Decision) {
		e := policy.Explain(&w.request, l)
		if e.Decision() != d {
			rt.Fatalf("Explain %+v, Evaluate %+v", e.Decision(), d)
		}
		if d.Allowed() != (len(e.Blocking) == 0 && len(e.Denies) == 0) {
			rt.Fatalf("%+v, yet blocked by %v and denied by %v", d, e.Blocking, e.Denies)
		}
	})
}

func TestAddingADenyNeverAllows(t *testing.T) {
	checkWorlds(t, func(rt *rapid.T, w *world, _ *policy.Layers, d policy.Decision) {
		where := pick(rt, "where", "identity", "resource", "boundary", "session", "scp", "rcp")
		switch where {
		case "identity":
			w.identity = append(w.identity, drawStatement(rt, "Deny", ""))
		case "resource":
			w.resource = append(w.resource, drawStatement(rt, "Deny", "principal"))
		case "boundary":
			w.boundary = append(w.boundary, drawStatement(rt, "Deny", ""))
		case "session":
			w.session = append(w.session, drawStatement(rt, "Deny", ""))
		case "scp":
			w.scp = append(w.scp, []string{drawStatement(rt, "Deny", "")})
		case "rcp":
			w.rcp = append(w.rcp, []string{drawStatement(rt, "Deny", `"Principal":"*",`)})
		}
		after := policy.Evaluate(&w.request, w.layers(t))
		if after.Allowed() && !d.Allowed() {
			rt.Fatalf("%+v became %+v", d, after)
		}
	})
}

func TestCeilingsNeverWiden(t *testing.T) {
	checkWorlds(t, func(rt *rapid.T, w *world, l *policy.Layers, d policy.Decision) {
		if !d.Allowed() {
			return
		}
		free := *l
		free.Boundary, free.SCP, free.RCP = nil, nil, nil
		// Without a session policy a federated user has nothing, so the widest
		// session policy stands for none.
		free.Session = parseEach(t, []string{`{"Effect":"Allow","Action":"*","Resource":"*"}`}, policy.Session)
		if after := policy.Evaluate(&w.request, &free); !after.Allowed() {
			rt.Fatalf("allowed under ceilings, %+v without", after)
		}
	})
}

func TestNothingIsAllowedWithoutAGrant(t *testing.T) {
	checkWorlds(t, func(rt *rapid.T, w *world, l *policy.Layers, _ policy.Decision) {
		p := &w.request.Principal
		alone := *l
		alone.Resource = nil
		d := policy.Evaluate(&w.request, &alone)
		outsider := p.Type == policy.Anonymous || p.Type == policy.Service || p.Type == policy.Federated
		abroad := w.request.ResourceAccount == foreign
		if d.Allowed() && (outsider || abroad || w.rule == policy.Explicit) {
			rt.Fatalf("%+v without a resource policy", d)
		}
		alone.Identity = nil
		if policy.Evaluate(&w.request, &alone).Allowed() && p.Type != policy.Root {
			rt.Fatal("allowed without any grant")
		}
	})
}

func TestBrokenPoliciesNeverAllow(t *testing.T) {
	checkWorlds(t, func(rt *rapid.T, w *world, l *policy.Layers, _ policy.Decision) {
		broken := policy.Broken("no longer understood")
		where := pick(rt, "where", "identity", "resource", "boundary", "session", "scp", "rcp")
		switch where {
		case "identity":
			l.Identity = append(l.Identity, broken)
		case "resource":
			l.Resource = append(l.Resource, broken)
		case "boundary":
			l.Boundary = broken
		case "session":
			l.Session = append(l.Session, broken)
		case "scp":
			l.SCP = append(l.SCP, []*policy.Policy{broken})
		case "rcp":
			l.RCP = append(l.RCP, []*policy.Policy{broken})
		}
		d := policy.Evaluate(&w.request, l)
		ownRoot := w.request.Principal.Type == policy.Root && (where == "identity" || where == "boundary") // root has none to break
		if d.Allowed() && !ownRoot {
			rt.Fatalf("%+v", d)
		}
	})
}

func TestMissingGrantsAreEnoughAndNoneIsIdle(t *testing.T) {
	checkWorlds(t, func(rt *rapid.T, w *world, l *policy.Layers, d policy.Decision) {
		e := policy.Explain(&w.request, l)
		if len(e.Denies) > 0 || (w.trust && w.request.Principal.Type == policy.Anonymous) {
			return // no grant helps
		}
		if d.Allowed() != (len(e.Missing) == 0) {
			rt.Fatalf("%+v with %d missing grants", d, len(e.Missing))
		}
		if after := policy.Evaluate(&w.request, w.with(e.Missing).layers(t)); !after.Allowed() {
			rt.Fatalf("still %+v with %+v", after, e.Missing)
		}
		for i := range e.Missing {
			rest := append(append([]policy.Grant{}, e.Missing[:i]...), e.Missing[i+1:]...)
			if policy.Evaluate(&w.request, w.with(rest).layers(t)).Allowed() {
				rt.Fatalf("%+v is not needed among %+v", e.Missing[i], e.Missing)
			}
		}
	})
}

// with answers a copy of the world with the grants added.
func (w *world) with(grants []policy.Grant) *world {
	c := *w
	c.scp, c.rcp = cloneLevels(w.scp), cloneLevels(w.rcp)
	for _, g := range grants {
		switch g.Layer {
		case policy.LayerSCP.String():
			c.scp[g.Level-1] = append(c.scp[g.Level-1], g.Statement)
		case policy.LayerRCP.String():
			c.rcp[g.Level-1] = append(c.rcp[g.Level-1], g.Statement)
		case policy.LayerResource.String(), policy.LayerTrust.String():
			c.granted = append(append([]string{}, c.granted...), g.Statement)
		case policy.LayerIdentity.String():
			c.identity = append(append([]string{}, c.identity...), g.Statement)
		case policy.LayerBoundary.String():
			c.boundary = append(append([]string{}, c.boundary...), g.Statement)
		case policy.LayerSession.String():
			c.session = append(append([]string{}, c.session...), g.Statement)
		}
	}
	return &c
}

func cloneLevels(levels [][]string) [][]string {
	out := make([][]string, len(levels))
	for i, level := range levels {
		out[i] = append([]string{}, level...)
	}
	return out
}

func TestOrderOfStatementsDoesNotMatter(t *testing.T) {
	checkWorlds(t, func(rt *rapid.T, w *world, _ *policy.Layers, d policy.Decision) {
		w.identity = rapid.Permutation(w.identity).Draw(rt, "identity order")
		w.resource = rapid.Permutation(w.resource).Draw(rt, "resource order")
		after := policy.Evaluate(&w.request, w.layers(t))
		if after.Effect != d.Effect || after.Layer != d.Layer {
			rt.Fatalf("%+v became %+v", d, after)
		}
	})
}
