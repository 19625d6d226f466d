// Package compare tells whether a policy gives access that another one does not.
//
// Start at [Compare]. It proves that there is no new access, or shows a request that the new
// policy allows and the old one refuses. It does not try requests: actions, resources and the
// values of condition keys are sorted into classes that the two policies cannot tell apart
// (package language), of which there are few, and every combination is looked at. A request that
// is shown was confirmed by the policy engine itself.
//
// The answer is sound and, where a policy holds kinds of conditions whose values cannot be
// sorted like that, not always known: [Result.Why] names them. A request is an action of ASCII
// letters, on "*" or on an ARN, with any context.
package compare

import (
	"errors"
	"slices"

	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/policy/language"
)

// Verdict is the outcome of a comparison.
type Verdict string

// The outcomes.
const (
	NoNewAccess Verdict = "NO_NEW_ACCESS"
	NewAccess   Verdict = "NEW_ACCESS"
	Unknown     Verdict = "UNKNOWN"
)

// Result is the answer of Compare.
type Result struct {
	Verdict Verdict
	Request *Request `json:",omitempty"` // for NewAccess
	Why     []string `json:",omitempty"` // for Unknown: the kinds of conditions that could not be decided
}

// Request is one that is newly allowed.
type Request struct {
	Action    string
	Resource  string
	Principal string `json:",omitempty"` // for policies that name principals
	Context   map[string][]string
	Statement int    // index of the statement of the new policy that allows it
	Was       string // what the old policy says: implicitDeny or explicitDeny
	Unlisted  bool   `json:",omitempty"` // no published action is treated like this one
}

// ErrKinds says that two policies are for different places.
var ErrKinds = errors.New("the policies are of different kinds")

// Compare tells whether the new policy allows what the old one does not. Both are of one kind;
// policies of resources are asked about callers of other accounts whose own policies allow
// everything, ceilings (boundaries, SCPs) about what they let through.
func Compare(old, new *policy.Policy) (Result, error) {
	if old.Kind() != new.Kind() {
		return Result{}, ErrKinds
	}
	c := &comparison{old: old, new: new, variables: &language.Variables{}, budget: language.NewBudget(effort)}
	if err := c.compile(); err != nil {
		return Result{}, err
	}
	for i := range c.statements {
		s := &c.statements[i]
		if !s.fresh || s.deny {
			continue
		}
		for _, who := range c.callers {
			if !s.names[who.key] {
				continue
			}
			if found := c.statement(s, who); found != nil {
				return Result{Verdict: NewAccess, Request: found}, nil
			}
		}
	}
	if len(c.why) > 0 {
		slices.Sort(c.why)
		return Result{Verdict: Unknown, Why: slices.Compact(c.why)}, nil
	}
	return Result{Verdict: NoNewAccess}, nil
}

// effort bounds one comparison to some seconds.
const effort = 400_000_000

// comparison is one run.
type comparison struct {
	old, new   *policy.Policy
	variables  *language.Variables
	budget     *language.Budget
	statements []statement // of both policies
	callers    []caller
	keys       []*key
	why        []string
}

// statement is a statement in the form that classes are made of.
type statement struct {
	index     int
	fresh     bool // of the new policy
	deny      bool
	notAction bool
	actions   []*language.Pattern // nil in the list: everything

	anyResource bool // trust policies
	notResource bool
	resources   []*language.Pattern // nil: everything
	texts       []string

	names map[string]bool // by caller
	atoms []*atom
}

func (c *comparison) compile() error {
	for _, p := range []*policy.Policy{c.old, c.new} {
		for i := range p.Len() {
			c.statements = append(c.statements, c.statementOf(p, i, p == c.new))
		}
	}
	if err := c.findCallers(); err != nil {
		return err
	}
	return c.findKeys()
}

func (c *comparison) statementOf(p *policy.Policy, i int, fresh bool) statement {
	parts := p.Parts(i)
	s := statement{
		index: i, fresh: fresh, deny: parts.Deny, notAction: parts.NotAction, notResource: parts.NotResource,
		anyResource: parts.Resources == nil, texts: parts.Resources,
	}
	for _, text := range parts.Actions {
		s.actions = append(s.actions, actionPattern(text))
	}
	how := language.Reading{Wildcards: true}
	if p.Variables() {
		how.Variables = c.variables
	}
	for _, text := range parts.Resources {
		s.resources = append(s.resources, resourcePattern(text, how, parts.Deny != parts.NotResource))
	}
	return s
}

func actionPattern(text string) *language.Pattern {
	if text == "*" || text == "*:*" {
		return nil
	}
	p := language.Compile(lower(text), language.Reading{Wildcards: true})
	return &p
}

// resourcePattern reads an entry as package policy does: where matching takes rights away, a
// star crosses colons everywhere.
func resourcePattern(text string, how language.Reading, wide bool) *language.Pattern {
	if text == "*" {
		return nil
	}
	p := language.CompileARN(text, how)
	if wide {
		p = language.Compile(text, how)
	}
	return &p
}

// anyAction and anyARN are all actions and all ARNs.
var (
	anyAction = language.Compile("*:*", language.Reading{Wildcards: true})
	anyARN    = language.CompileARN("arn:*:*:*:*:*", language.Reading{Wildcards: true})
)

// statement looks for a request of the caller that a statement newly allows.
func (c *comparison) statement(a *statement, who caller) *Request {
	for _, action := range c.actionClasses(a) {
		var asked []*statement // that apply to the action and the caller
		for i := range c.statements {
			if s := &c.statements[i]; s.names[who.key] && action.matches(s) {
				asked = append(asked, s)
			}
		}
		for _, resource := range c.resourceClasses(a, asked) {
			if found := c.decide(a, who, action, resource, asked); found != nil {
				return found
			}
		}
	}
	return nil
}

// actionClass is a set of actions that all statements treat alike.
type actionClass struct {
	text    string // an example, in lower case
	accepts map[*language.Pattern]bool
}

func (a *actionClass) matches(s *statement) bool {
	return slices.ContainsFunc(s.actions, func(p *language.Pattern) bool { return p == nil || a.accepts[p] }) != s.notAction
}

// actionClasses are the classes of the actions of a statement.
func (c *comparison) actionClasses(a *statement) []actionClass {
	var readers []language.Reader
	for i := range c.statements {
		for _, p := range c.statements[i].actions {
			if p != nil {
				readers = append(readers, language.Reader{Pattern: p})
			}
		}
	}
	sources := a.actions
	if a.notAction {
		sources = []*language.Pattern{nil}
	}
	var out []actionClass
	for _, source := range sources {
		within := []language.Reader{{Pattern: &anyAction}}
		if source != nil {
			within = append(within, language.Reader{Pattern: source})
		}
		found, complete := language.Explore(c.budget, within, readers)
		if !complete {
			c.why = append(c.why, "actions with too many overlapping wildcards")
		}
		for _, f := range found {
			class := actionClass{text: string(f.Text), accepts: map[*language.Pattern]bool{}}
			for i, r := range readers {
				class.accepts[r.Pattern] = f.Accepts[i]
			}
			if class.matches(a) {
				out = append(out, class)
			}
		}
	}
	return out
}
