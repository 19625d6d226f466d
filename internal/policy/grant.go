package policy

import (
	"slices"
	"strings"
)

// Grant is one statement that would have to be added to let a request pass.
type Grant struct {
	Layer     string
	Level     int    `json:",omitempty"` // of a service or resource control policy
	Statement string // a policy statement, ready to be put into a policy of version 2012-10-17
	layer     Layer
}

// missing proposes the fewest grants that lift the implicit denies. Explicit
// denies are not lifted by any grant; Explanation.Denies lists them.
func (e *Explanation) missing(r *Request, l *Layers, b *blockers) []Grant {
	var grants []Grant
	for _, layer := range b.layers[:b.count] {
		switch {
		case layer == LayerRCP || layer == LayerSCP:
			grants = append(grants, e.missingLevels(r, layer)...)
		case layer == LayerTrust && r.Principal.Type == Anonymous:
			// no trust policy can mean the anonymous caller
		case layer == l.resourceLayer():
			grants = append(grants, newGrant(r, layer, 0, r.Principal.written()))
			if !r.crossesAccounts() && r.Principal.Type != AssumedRole && r.Principal.Type != Root {
				return grants // naming a user or a session lifts all that follows
			}
		case layer == LayerIdentity && b.replaced(r, l):
			// the grant in the resource policy, which names the role, is enough
		default:
			grants = append(grants, newGrant(r, layer, 0, ""))
		}
	}
	return grants
}

// replaced: where a resource policy is to name the caller's role in its own
// account, no identity policy is needed besides.
func (b *blockers) replaced(r *Request, l *Layers) bool {
	return !r.crossesAccounts() && slices.Contains(b.layers[:b.count], l.resourceLayer())
}

// missingLevels names each level of the organisation that does not allow.
func (e *Explanation) missingLevels(r *Request, layer Layer) []Grant {
	var grants []Grant
	for _, t := range e.Layers {
		if t.layer != layer || t.finding.allowed != nil {
			continue
		}
		principal := ""
		if layer == LayerRCP {
			principal = `"*"`
		}
		grants = append(grants, newGrant(r, layer, t.Level, principal))
	}
	return grants
}

// newGrant words the statement. principal is JSON, or empty where the kind of
// policy has none.
func newGrant(r *Request, layer Layer, level int, principal string) Grant {
	var b strings.Builder
	b.WriteString(`{"Effect":"Allow"`)
	if principal != "" {
		b.WriteString(`,"Principal":` + principal)
	}
	b.WriteString(`,"Action":` + quoteJSON(r.Action))
	if layer != LayerTrust {
		b.WriteString(`,"Resource":` + quoteJSON(r.quotedResource()))
	}
	b.WriteString("}")
	return Grant{Layer: layer.String(), Level: level, Statement: b.String(), layer: layer}
}

func (r *Request) quotedResource() string {
	if r.Resource == "*" {
		return r.Resource
	}
	return Quote(r.Resource)
}

// written is the Principal element that names the caller as a policy should:
// a session by its role, the root user by its account.
func (p *Principal) written() string {
	switch p.Type {
	case Anonymous:
		return `"*"`
	case Service:
		return `{"Service":` + quoteJSON(p.Service) + `}`
	case Federated:
		return `{"Federated":` + quoteJSON(p.ARN) + `}`
	case AssumedRole:
		return `{"AWS":` + quoteJSON(p.RoleARN) + `}`
	case Root:
		return `{"AWS":` + quoteJSON(p.Account) + `}`
	case User, FederatedUser:
	}
	return `{"AWS":` + quoteJSON(p.ARN) + `}`
}
