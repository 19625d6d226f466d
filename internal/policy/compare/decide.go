package compare

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/policy/language"
	"github.com/bindery-project/bindery/internal/policy/reference"
)

// limits of one search through the ways to speak about the keys.
const (
	maxCombinations = 300_000
	maxTries        = 400 // combinations that are put to the engine
)

// decide looks for a context in which a class of requests is newly allowed. What looks so and
// the engine does not confirm is unknown.
func (c *comparison) decide(a *statement, who caller, action actionClass, resource resourceClass, asked []*statement) *Request {
	x := situationOf(a, &resource, asked)
	s := search{x: &x, c: c, limit: maxCombinations}
	s.keys = c.keysOf(x.statements())
	s.found = func(says []saying) *Request {
		return c.confirm(a, who, action, resource, s.keys, says)
	}
	request := s.run(0, map[*atom]bool{}, nil)
	if request != nil {
		return request
	}
	if s.unconfirmed || s.limit <= 0 || slices.ContainsFunc(s.keys, func(k *key) bool { return k.incomplete }) {
		c.why = append(c.why, reasons(s.keys, s.limit <= 0)...)
	}
	return nil
}

// reasons say why something is not known.
func reasons(keys []*key, many bool) []string {
	var out []string
	for _, k := range keys {
		out = append(out, k.why...)
	}
	if many {
		out = append(out, "too many combinations of condition keys")
	}
	if len(out) == 0 {
		out = append(out, "policy variables in resources")
	}
	return out
}

func (c *comparison) keysOf(statements []*statement) []*key {
	var out []*key
	for _, k := range c.keys {
		if slices.ContainsFunc(statements, func(s *statement) bool {
			return slices.ContainsFunc(s.atoms, func(a *atom) bool { return a.key == k })
		}) {
			out = append(out, k)
		}
	}
	return out
}

// search walks through the combinations of ways to speak about the keys.
type search struct {
	x           *situation
	c           *comparison
	keys        []*key
	limit       int
	tries       int
	unconfirmed bool
	found       func([]saying) *Request
}

func (s *search) run(at int, truth map[*atom]bool, says []saying) *Request {
	if s.limit--; s.limit <= 0 {
		return nil
	}
	if at < len(s.keys) {
		for _, way := range s.keys[at].says {
			maps.Copy(truth, way.truth)
			if request := s.run(at+1, truth, append(says[:at:at], way)); request != nil {
				return request
			}
		}
		return nil
	}
	isNew := s.x.new(func(st *statement) bool {
		return !slices.ContainsFunc(st.atoms, func(a *atom) bool { return !truth[a] })
	})
	if !isNew || s.tries >= maxTries {
		s.unconfirmed = s.unconfirmed || isNew
		return nil
	}
	s.tries++
	request := s.found(says)
	s.unconfirmed = s.unconfirmed || request == nil
	return request
}

// confirm puts a request to the engine under both policies.
func (c *comparison) confirm(a *statement, who caller, action actionClass, resource resourceClass, keys []*key, says []saying) *Request {
	context := map[string][]string{}
	for i, way := range says {
		if way.values != nil {
			context[keys[i].name] = way.values
		}
	}
	for i := range says { // the variables of values
		for _, at := range keys[i].atoms {
			for _, v := range at.parts.Values {
				c.bind(v, context)
			}
		}
	}
	text := c.concrete(resource.text, context)
	r := &Request{
		Action: action.text, Resource: text, Context: context, Statement: a.index, Principal: who.name(), Unlisted: true,
	}
	if !c.isNew(r, who) {
		return nil
	}
	c.improve(r, who)
	r.Was = c.evaluate(c.old, r, who).Effect.String()
	return r
}

// bind gives the variables of a text a value where the context has none.
func (c *comparison) bind(text string, context map[string][]string) {
	for {
		_, rest, found := strings.Cut(text, "${")
		if !found {
			return
		}
		name, after, _ := strings.Cut(rest, "}")
		name, _, _ = strings.Cut(name, ",")
		if k := policy.KeyName(strings.TrimSpace(name)); context[k] == nil && strings.Contains(k, ":") {
			context[k] = []string{placeholder}
		}
		text = after
	}
}

// concrete replaces the variables in an example of a resource by values.
func (c *comparison) concrete(text []rune, context map[string][]string) string {
	var b strings.Builder
	for _, letter := range text {
		name, ok := c.variables.Name(letter)
		if !ok {
			b.WriteRune(letter)
			continue
		}
		name, _, _ = strings.Cut(name, ",")
		k := policy.KeyName(strings.TrimSpace(name))
		if len(context[k]) != 1 {
			context[k] = []string{placeholder}
		}
		b.WriteString(context[k][0])
	}
	return b.String()
}

// isNew asks the engine.
func (c *comparison) isNew(r *Request, who caller) bool {
	return c.evaluate(c.new, r, who).Allowed() && !c.evaluate(c.old, r, who).Allowed()
}

// improve makes the example one that people recognise: an action that exists, on a resource that
// it acts on. Each step is kept only if the engine confirms it.
func (c *comparison) improve(r *Request, who caller) {
	var first *Request
	for _, prefix := range c.prefixes() {
		service := reference.Lookup(prefix)
		for i := range service.Actions {
			better := *r
			better.Action, better.Unlisted = prefix+":"+service.Actions[i].Name, false
			if !c.isNew(&better, who) {
				continue
			}
			if first == nil {
				first = &better
			}
			if c.fit(&better, service, &service.Actions[i], who) {
				*r = better
				return
			}
		}
	}
	if first != nil {
		*r = *first
	}
}

// fit looks for a resource that the action acts on: the example's own, or one like it.
func (c *comparison) fit(r *Request, service *reference.Service, action *reference.Action, who caller) bool {
	how := language.Reading{Wildcards: true}
	own := language.Compile(r.Resource, language.Reading{})
	for _, kind := range action.Kinds() {
		template := service.Resources[kind]
		shape := language.CompileARN(stars.ReplaceAllString(template, "*"), how)
		if language.Covered(c.budget, &own, []*language.Pattern{&shape}) {
			return true
		}
		better := *r
		better.Resource = exampleOf(template)
		if c.isNew(&better, who) {
			*r = better
			return true
		}
	}
	return len(action.Kinds()) == 0 && r.Resource == "*"
}

var stars = regexp.MustCompile(`\$\{[^}]*\}`)

// prefixes are the services that the policies name, then some that everybody knows.
func (c *comparison) prefixes() []string {
	var out []string
	for i := range c.statements {
		p := c.new
		if !c.statements[i].fresh {
			p = c.old
		}
		for _, text := range p.Parts(c.statements[i].index).Actions {
			prefix, _, _ := strings.Cut(strings.ToLower(text), ":")
			if reference.Lookup(prefix) != nil && !slices.Contains(out, prefix) {
				out = append(out, prefix)
			}
		}
	}
	for _, prefix := range []string{"s3", "glue", "iam", "kms", "athena"} {
		if !slices.Contains(out, prefix) {
			out = append(out, prefix)
		}
	}
	return out
}

// exampleOf fills the template of an ARN.
func exampleOf(template string) string {
	r := strings.NewReplacer("${Partition}", "aws", "${Region}", "us-east-1", "${Account}", someone.Account)
	text := r.Replace(template)
	for {
		before, rest, found := strings.Cut(text, "${")
		if !found {
			return text
		}
		_, after, _ := strings.Cut(rest, "}")
		text = before + "example" + after
	}
}

func lower(s string) string { return strings.ToLower(s) }
