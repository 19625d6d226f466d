package directory

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/policy"
)

// policies are those of a key, compiled.
type policies struct {
	own    *policy.Policy
	grants []*policy.Policy // in the order of the view's grants
	retire []*policy.Policy // who may retire each grant
}

// compile makes the policies ready. One that can no longer be read denies.
func (v *View) compile() {
	v.policies.own = parse("key policy of "+v.ARN, v.Policy)
	for i := range v.Grants {
		g := &v.Grants[i]
		v.policies.grants = append(v.policies.grants, parse("grant "+g.ID, g.statement()))
		v.policies.retire = append(v.policies.retire, parse("grant "+g.ID, g.retirement()))
	}
}

func parse(id, text string) *policy.Policy {
	p, err := policy.Parse([]byte(text), policy.Resource)
	if err != nil {
		p = policy.Broken("the " + id + " cannot be parsed: " + err.Error())
	}
	return p.WithID(id)
}

// KeyPolicy is the key policy alone.
func (v *View) KeyPolicy() *policy.Policy { return v.policies.own }

// governing are the key policy and the grants that apply to what is asked.
func (v *View) governing(q *Question) []*policy.Policy {
	out := []*policy.Policy{v.policies.own}
	for i := range v.Grants {
		if v.Grants[i].applies(q) {
			out = append(out, v.policies.grants[i])
		}
	}
	return out
}

// Retirement is who may retire a grant: the grant alone says so, never the key policy (security
// reference: the retiring principal, the grantee with RetireGrant, the account that made it).
func (v *View) Retirement(id string) (p *policy.Policy, ok bool) {
	i := slices.IndexFunc(v.Grants, func(g Grant) bool { return g.ID == id })
	if i < 0 {
		return nil, false
	}
	return v.policies.retire[i], true
}

// applies reports whether the grant has a say: its operations contain the action, and its
// constraints hold. Who it is for, the policy engine decides.
func (g *Grant) applies(q *Question) bool {
	if !slices.Contains(g.Operations, strings.TrimPrefix(q.Action, "kms:")) {
		return false
	}
	if q.Child != nil {
		return g.covers(q.Child)
	}
	return !q.Contextual || g.met(q.Context)
}

// met reports whether an encryption context satisfies the constraints. Letter case counts.
func (g *Grant) met(context map[string]string) bool {
	if g.Equals != nil && !maps.Equal(g.Equals, context) {
		return false
	}
	return contains(context, g.Subset)
}

// covers reports whether the rights of a grant suffice to make another one: no more operations,
// and constraints at least as strict.
func (g *Grant) covers(child *Grant) bool {
	for _, o := range child.Operations {
		if !slices.Contains(g.Operations, o) {
			return false
		}
	}
	if g.Equals != nil {
		return child.Equals != nil && maps.Equal(g.Equals, child.Equals)
	}
	return contains(child.Equals, g.Subset) || contains(child.Subset, g.Subset)
}

func contains(all, some map[string]string) bool {
	for k, v := range some {
		if got, ok := all[k]; !ok || got != v {
			return false
		}
	}
	return true
}

// statement is the grant as a policy: what the grantee may do. Constraints are not in it; applies
// has looked at them.
func (g *Grant) statement() string {
	actions := make([]string, len(g.Operations))
	for i, o := range g.Operations {
		actions[i] = "kms:" + o
	}
	return document([]any{allow(g.Grantee, g.GranteeService, actions)})
}

func (g *Grant) retirement() string {
	action := []string{"kms:RetireGrant"}
	statements := []any{allow(arn.Root(g.Issuer), "", action)}
	if g.Retiring != "" || g.RetiringService != "" {
		statements = append(statements, allow(g.Retiring, g.RetiringService, action))
	}
	if slices.Contains(g.Operations, "RetireGrant") {
		statements = append(statements, allow(g.Grantee, g.GranteeService, action))
	}
	return document(statements)
}

func allow(principal, service string, actions []string) any {
	who := map[string]string{"AWS": principal}
	if service != "" {
		who = map[string]string{"Service": service}
	}
	return map[string]any{"Effect": "Allow", "Principal": who, "Action": actions, "Resource": "*"}
}

func document(statements []any) string {
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		return err.Error() // strings have a JSON form; and what cannot be parsed denies
	}
	return string(text)
}
