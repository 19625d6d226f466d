package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/policy"
)

// statement is one statement as far as it could be read. Lists that are missing or malformed are
// empty.
type statement struct {
	at                      spot
	sid                     string
	deny                    bool
	actions, notActions     []text
	resources, notResources []text
	principal, notPrincipal *policy.Element
	principalAt             spot
	conditions              []condition
}

// text is a string of the policy with its place.
type text struct {
	value string
	at    spot
}

type condition struct {
	operator text
	key      text
	values   []text
}

func value(name string) Step { return Step{Value: name} }
func index(i int) Step       { return Step{Index: &i} }

func (s spot) down(step Step, e *policy.Element) spot {
	return spot{path: append(slices.Clone(s.path), step), start: e.Start, end: e.End}
}

// name is the place of a member's name.
func (s spot) name(m *policy.Member) spot {
	return spot{path: append(slices.Clone(s.path), Step{Key: m.Name}), start: m.Start, end: m.Start + len(m.Name) + 2}
}

// document checks the elements at the top and reads the statements.
func (c *checker) document(root *policy.Element) []*statement {
	top := spot{start: root.Start, end: root.End}
	if root.Kind != '{' {
		c.report(Error, "DATA_TYPE_MISMATCH", top, "a policy is a JSON object")
		return nil
	}
	var list *policy.Element
	version := false
	for i := range root.Members {
		m := &root.Members[i]
		at := top.down(value(m.Name), m.Value)
		switch m.Name {
		case "Version":
			version = true
			c.version(m.Value, at)
		case "Id":
			if m.Value.Kind != '"' {
				c.report(Error, "DATA_TYPE_MISMATCH", at, "Id is a string")
			}
		case "Statement":
			list = m.Value
		default:
			c.report(Error, "INVALID_POLICY_ELEMENT", top.name(m), "a policy has no element "+quote(m.Name)+didYouMean(m.Name, "Version", "Id", "Statement"))
		}
	}
	if !version {
		c.report(Warning, "MISSING_VERSION", top, "without a Version the policy is read as of 2008-10-17, in which variables are ordinary text; write \"Version\": \"2012-10-17\"")
	}
	if list == nil {
		c.report(Error, "MISSING_STATEMENT", top, "the policy has no Statement")
		return nil
	}
	return c.statements(list, top.down(value("Statement"), list))
}

func (c *checker) version(e *policy.Element, at spot) {
	switch {
	case e.Kind != '"':
		c.report(Error, "DATA_TYPE_MISMATCH", at, "Version is a string")
	case e.Text != "2012-10-17" && e.Text != "2008-10-17":
		c.report(Error, "INVALID_VERSION", at, quote(e.Text)+" is no version of the policy language: it is 2012-10-17 or, in old policies, 2008-10-17")
	}
}

func (c *checker) statements(list *policy.Element, at spot) []*statement {
	items := []*policy.Element{list}
	if list.Kind == '[' {
		items = list.Items
	}
	if len(items) == 0 {
		c.report(Error, "MISSING_STATEMENT", at, "the list of statements is empty")
	}
	var out []*statement
	sids := map[string]bool{}
	for i, item := range items {
		place := at
		if list.Kind == '[' {
			place = at.down(index(i), item)
		}
		s := c.statement(item, place)
		if s == nil {
			continue
		}
		if s.sid != "" && sids[s.sid] {
			level, code := Error, "UNIQUE_SIDS_REQUIRED"
			if c.kind == policy.Resource {
				level, code = Warning, "UNIQUE_SIDS_RECOMMENDED"
			}
			c.report(level, code, place, "another statement has the Sid "+quote(s.sid)+", too")
		}
		sids[s.sid] = true
		out = append(out, s)
	}
	return out
}

var elementNames = []string{"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"}

func (c *checker) statement(e *policy.Element, at spot) *statement {
	if e.Kind != '{' {
		c.report(Error, "DATA_TYPE_MISMATCH", at, "a statement is a JSON object")
		return nil
	}
	s := &statement{at: at}
	have := map[string]*policy.Element{}
	for i := range e.Members {
		m := &e.Members[i]
		if !slices.Contains(elementNames, m.Name) {
			c.report(Error, "INVALID_POLICY_ELEMENT", at.name(m), "a statement has no element "+quote(m.Name)+didYouMean(m.Name, elementNames...))
			continue
		}
		have[m.Name] = m.Value
	}
	c.elements(s, have, at)
	c.required(have, at)
	return s
}

// elements reads those that are there.
func (c *checker) elements(s *statement, have map[string]*policy.Element, at spot) {
	if e := have["Sid"]; e != nil {
		s.sid = c.sid(e, at.down(value("Sid"), e))
	}
	if e := have["Effect"]; e != nil {
		s.deny = c.effect(e, at.down(value("Effect"), e))
	}
	list := func(name, empty string) []text {
		if e := have[name]; e != nil {
			return c.texts(e, at.down(value(name), e), name, empty)
		}
		return nil
	}
	s.actions, s.notActions = list("Action", "EMPTY_ARRAY_ACTION"), list("NotAction", "EMPTY_ARRAY_ACTION")
	s.resources, s.notResources = list("Resource", "EMPTY_ARRAY_RESOURCE"), list("NotResource", "EMPTY_ARRAY_RESOURCE")
	s.principal, s.notPrincipal = have["Principal"], have["NotPrincipal"]
	for _, name := range []string{"Principal", "NotPrincipal"} {
		if e := have[name]; e != nil {
			s.principalAt = at.down(value(name), e)
		}
	}
	if e := have["Condition"]; e != nil {
		s.conditions = c.conditions(e, at.down(value("Condition"), e))
	}
}

// required reports what is missing, too much, or out of place.
func (c *checker) required(have map[string]*policy.Element, at spot) {
	for _, pair := range [][2]string{{"Action", "NotAction"}, {"Resource", "NotResource"}, {"Principal", "NotPrincipal"}} {
		if have[pair[0]] != nil && have[pair[1]] != nil {
			c.report(Error, "UNSUPPORTED_ELEMENT_COMBINATION", at, "a statement has "+pair[0]+" or "+pair[1]+", not both")
		}
	}
	has := func(name string) bool { return have[name] != nil || have["Not"+name] != nil }
	if have["Effect"] == nil {
		c.report(Error, "MISSING_EFFECT", at, "the statement has no Effect")
	}
	if !has("Action") {
		c.report(Error, "MISSING_ACTION", at, "the statement has neither Action nor NotAction")
	}
	switch c.kind {
	case policy.Trust:
		if has("Resource") {
			c.report(Error, "ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", at, "the policy stands at the role that it is about: it has no Resource")
		}
	case policy.Identity, policy.Resource, policy.Boundary, policy.Session, policy.SCP, policy.RCP:
		if !has("Resource") {
			c.report(Error, "MISSING_RESOURCE", at, "the statement has neither Resource nor NotResource")
		}
	}
	switch c.kind {
	case policy.Identity, policy.Boundary, policy.Session, policy.SCP:
		if has("Principal") {
			c.report(Error, "UNSUPPORTED_PRINCIPAL", at, "the policy applies to whoever it is attached to: it names no Principal")
		}
	case policy.Resource, policy.Trust, policy.RCP:
		if !has("Principal") {
			c.report(Error, "MISSING_PRINCIPAL", at, "the statement does not say to whom it applies: it has no Principal")
		}
	}
}

var sidPattern = regexp.MustCompile(`^[0-9A-Za-z]*$`)

func (c *checker) sid(e *policy.Element, at spot) string {
	switch {
	case e.Kind != '"':
		c.report(Error, "DATA_TYPE_MISMATCH", at, "Sid is a string")
	case e.Text == "":
		c.report(Suggestion, "EMPTY_SID_VALUE", at, "the Sid is empty: leave it out, or say what the statement is for")
	case c.kind != policy.Resource && !sidPattern.MatchString(e.Text):
		c.report(Error, "UNSUPPORTED_SID", at, "a Sid consists of letters and digits")
	}
	return e.Text
}

func (c *checker) effect(e *policy.Element, at spot) (deny bool) {
	switch {
	case e.Kind != '"':
		c.report(Error, "DATA_TYPE_MISMATCH", at, "Effect is a string")
	case e.Text != "Allow" && e.Text != "Deny":
		c.report(Error, "INVALID_EFFECT", at, quote(e.Text)+" is no effect: write Allow or Deny, in this letter case")
	}
	return e.Text == "Deny"
}

// texts reads one string or a list of strings.
func (c *checker) texts(e *policy.Element, at spot, name, empty string) []text {
	if e.Kind == '"' {
		return []text{{e.Text, at}}
	}
	if e.Kind != '[' {
		c.report(Error, "DATA_TYPE_MISMATCH", at, name+" is a string or a list of strings")
		return nil
	}
	if len(e.Items) == 0 {
		c.report(Suggestion, empty, at, "the list is empty, so that the statement applies to nothing; it cannot be stored like this")
	}
	var out []text
	for i, item := range e.Items {
		place := at.down(index(i), item)
		if item.Kind != '"' {
			c.report(Error, "DATA_TYPE_MISMATCH", place, name+" holds strings")
			continue
		}
		out = append(out, text{item.Text, place})
	}
	return out
}

func quote(s string) string { return fmt.Sprintf("%q", s) }

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func join(list []string) string { return strings.Join(list, ", ") }
