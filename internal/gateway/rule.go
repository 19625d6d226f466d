package gateway

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/op"
)

// rule is an operation's authorization row, compiled: templates are split and
// their paths resolved to fields once, when the server starts.
type rule struct {
	action    string
	filtered  bool // nothing to check here: the handler checks each item of its answer
	templates []template
	resolver  op.Resolver
	context   []contextKey
}

// compileRule fails on a row that names what the input does not have, so that
// a mistake in the table stops the start and never weakens a decision.
func compileRule(s *op.Service, b op.Bound) (*rule, error) {
	r := &rule{action: b.Auth.Action}
	in := inputType(b)
	for _, t := range b.Auth.Resources {
		if t.Mode == op.Filter {
			continue // the handler asks Allowed for each item of its answer
		}
		c, err := compileTemplate(in, t)
		if err != nil {
			return nil, err
		}
		r.templates = append(r.templates, c)
	}
	if b.Auth.Resolver != "" {
		if r.resolver = s.Resolvers[b.Auth.Resolver]; r.resolver == nil {
			r.resolver = everything // nobody built it: only a grant on everything lets the refusal be seen
		}
	}
	r.filtered = len(r.templates) == 0 && r.resolver == nil && len(b.Auth.Resources) > 0
	for _, kv := range b.Auth.Context {
		c, err := compileContext(in, kv)
		if err != nil {
			return nil, err
		}
		r.context = append(r.context, c)
	}
	return r, nil
}

// everything stands in for a resolver that a service has not built.
func everything(context.Context, any) ([]op.Resource, error) {
	return []op.Resource{{ARN: "*"}}, nil
}

// accesses lists what must be allowed for the input.
func (r *rule) accesses(ctx context.Context, in any) ([]op.Access, error) {
	call := op.CallFrom(ctx)
	keys := r.contextOf(in)
	out := make([]op.Access, 0, len(r.templates)+1)
	for i := range r.templates {
		for _, name := range r.templates[i].expand(call, in) {
			out = append(out, op.Access{Action: r.action, Resource: op.Resource{ARN: name}, Context: keys})
		}
	}
	if r.resolver == nil {
		if len(out) == 0 && len(r.templates) > 0 { // everything it touches was left out
			out = append(out, op.Access{Action: r.action, Resource: op.Resource{ARN: "*"}, Context: keys})
		}
		return out, nil
	}
	resources, err := r.resolver(ctx, in)
	if err != nil {
		return nil, err
	}
	for _, res := range resources {
		out = append(out, op.Access{Action: r.action, Resource: res, Context: merged(keys, res.Keys)})
	}
	call.Resources = resources
	return out, nil
}

// merged are the keys of the input and those of a resource.
func merged(input, resource map[string][]string) map[string][]string {
	if len(resource) == 0 {
		return input
	}
	out := maps.Clone(resource)
	maps.Copy(out, input)
	return out
}

// template is an ARN with holes.
type template struct {
	mode  op.Mode
	list  path // the list that is iterated, nil when there is none
	parts []part
}

// part is literal text, one of the call's own values, or a path into the
// input (relative to the list's element when inList).
type part struct {
	text     string
	special  string // "region", "account", "catalog", "catalog/", "catalogName"
	path     path
	inList   bool
	fallback string
}

func compileTemplate(in typ, t op.Target) (template, error) {
	c := template{mode: t.Mode}
	rest := t.Template
	for rest != "" {
		literal, after, found := strings.Cut(rest, "{")
		if literal != "" {
			c.parts = append(c.parts, part{text: literal})
		}
		if !found {
			break
		}
		hole, tail, closed := strings.Cut(after, "}")
		if !closed {
			return c, fmt.Errorf("template %q: unclosed brace", t.Template)
		}
		p, err := c.compileHole(in, hole)
		if err != nil {
			return c, fmt.Errorf("template %q: %w", t.Template, err)
		}
		c.parts = append(c.parts, p)
		rest = tail
	}
	return c, nil
}

func (c *template) compileHole(in typ, hole string) (part, error) {
	switch hole {
	case "region", "account":
		return part{special: hole}, nil
	case "catalog":
		p, err := compilePath(in, "CatalogId")
		if err != nil {
			return part{special: "account"}, nil //nolint:nilerr // an input without CatalogId means the caller's own catalog
		}
		return part{special: hole, path: p}, nil
	case "catalog/", "catalogName":
		p, err := compilePath(in, "CatalogId")
		return part{special: hole, path: p}, err
	}
	name, fallback, _ := strings.Cut(hole, "|")
	if list, inside, ok := strings.Cut(name, "[]"); ok {
		return c.compileListHole(in, list, strings.TrimPrefix(inside, "."), fallback)
	}
	p, err := compilePath(in, name)
	return part{path: p, fallback: fallback}, err
}

func (c *template) compileListHole(in typ, list, inside, fallback string) (part, error) {
	lp, err := compilePath(in, list)
	if err != nil {
		return part{}, err
	}
	c.list = lp
	ep, err := compilePath(lp.elem(in), inside)
	return part{path: ep, inList: true, fallback: fallback}, err
}

// expand fills the template from the input: one ARN, or one for each element
// of its list. What the input leaves out is "*", which only a grant on
// everything allows; a touched resource that is left out is not checked.
func (c *template) expand(call *op.Call, in any) []string {
	if c.list == nil {
		if name, ok := c.fill(call, in, nil); ok {
			return []string{name}
		}
		return nil
	}
	items := c.list.items(in)
	out := make([]string, 0, len(items))
	for _, item := range items {
		if name, ok := c.fill(call, in, item); ok {
			out = append(out, name)
		}
	}
	return out
}

func (c *template) fill(call *op.Call, in, item any) (string, bool) {
	var b strings.Builder
	for i := range c.parts {
		p := &c.parts[i]
		v, ok := p.value(call, in, item)
		if !ok && c.mode == op.Touch {
			return "", false
		}
		b.WriteString(v)
	}
	return b.String(), true
}

func (p *part) value(call *op.Call, in, item any) (string, bool) {
	switch {
	case p.special == "region":
		return call.Region, true
	case p.special == "account":
		return call.Account, true
	case p.special == "catalog":
		return CatalogAccount(call, p.path.str(in)), true
	case p.special == "catalog/":
		return catalogFolder(p.path.str(in)), true
	case p.special == "catalogName":
		_, name := arn.SplitCatalog(p.path.str(in))
		return name, name != ""
	case p.path == nil && !p.inList:
		return p.text, true
	}
	from := in
	if p.inList {
		from = item
	}
	if v := p.path.str(from); v != "" {
		return v, true
	}
	if p.fallback != "" {
		return p.fallback, true
	}
	return "*", false
}

// CatalogAccount is the account that owns a catalog id: the caller's own when
// it is absent or a name alone, else its part before the colon ("123456789012:sub").
func CatalogAccount(call *op.Call, catalogID string) string {
	if account, _ := arn.SplitCatalog(catalogID); account != "" {
		return account
	}
	return call.Account
}

// catalogFolder is what the names of databases and tables in a named catalog
// begin with in their ARNs.
func catalogFolder(catalogID string) string {
	if _, name := arn.SplitCatalog(catalogID); name != "" {
		return name + "/"
	}
	return ""
}
