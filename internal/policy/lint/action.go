package lint

import (
	"strings"

	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/policy/reference"
)

func didYouMean(word string, options ...string) string {
	if near := reference.Nearest(word, options, 2); near != "" {
		return "; did you mean " + quote(near) + "?"
	}
	return ""
}

// judge looks at the statements one by one and then at each other.
func (c *checker) judge(statements []*statement) {
	for _, s := range statements {
		c.actions(s)
		c.resources(s)
		c.principals(s)
		c.conditionsOf(s)
		if c.kind != policy.Trust {
			c.matches(s)
		}
		c.passRole(s)
		c.writes(s)
	}
	c.hierarchy(statements)
	c.overlaps(statements)
}

// actions checks that each name exists. NotAction is not checked for unknown names: to exempt
// what does not exist changes nothing.
func (c *checker) actions(s *statement) {
	for _, a := range s.actions {
		c.action(a)
	}
	for i, a := range s.actions {
		for j, b := range s.actions {
			if i != j && c.budget.Spend(1) && covers(b.value, a.value) && (i > j || !covers(a.value, b.value)) {
				c.report(Suggestion, "REDUNDANT_ACTION", a.at, quote(a.value)+" is contained in "+quote(b.value))
				break
			}
		}
	}
}

func covers(outer, inner string) bool {
	return outer == "*" || reference.Like(outer, strings.ReplaceAll(inner, "?", "\x00")) && !widens(outer, inner)
}

// widens: a "?" of the outer pattern does not hold a "*" of the inner one.
func widens(outer, inner string) bool {
	return strings.Contains(outer, "?") && strings.Contains(inner, "*")
}

func (c *checker) action(a text) {
	if a.value == "*" || a.value == "*:*" {
		return
	}
	prefix, name, ok := strings.Cut(a.value, ":")
	if !ok {
		c.report(Error, "INVALID_ACTION", a.at, quote(a.value)+" names no service: an action is written as service:Action")
		return
	}
	if strings.ContainsAny(prefix, "*?") {
		c.report(Error, "WILDCARD_IN_SERVICE_NAME", a.at, "the service of an action takes no wildcard: "+quote(a.value))
		return
	}
	service := reference.Lookup(prefix)
	suggestion := reference.Suggest(a.value)
	switch {
	case service == nil:
		c.report(Error, "INVALID_SERVICE_IN_ACTION", a.at, "there is no service "+quote(prefix)+meaning(suggestion))
	case strings.ContainsAny(name, "*?"):
		if len(service.Matching(name)) == 0 {
			c.report(Error, "INVALID_ACTION", a.at, "no action matches "+quote(a.value)+", so that it grants nothing")
		}
	case service.Action(name) == nil:
		c.report(Error, "INVALID_ACTION", a.at, "there is no action "+quote(a.value)+", so that it grants nothing"+meaning(suggestion))
	}
}

func meaning(suggestion string) string {
	if suggestion == "" {
		return ""
	}
	return "; did you mean " + suggestion + "?"
}

// granted are the known actions that a statement names; all tells that it names every one.
func (s *statement) granted() (list []named, all bool) {
	for _, a := range s.actions {
		prefix, pattern, _ := strings.Cut(a.value, ":")
		if prefix == "*" {
			return nil, true
		}
		service := reference.Lookup(prefix)
		if service == nil {
			continue
		}
		for _, action := range service.Matching(pattern) {
			list = append(list, named{service, action, a})
		}
	}
	return list, false
}

// named is an action with the entry of the statement that names it.
type named struct {
	service *reference.Service
	action  *reference.Action
	by      text
}

func (n *named) String() string { return n.service.Prefix + ":" + n.action.Name }

// has reports whether the statement's actions include one, by name or pattern.
func (s *statement) has(action string) bool {
	for _, a := range s.actions {
		if a.value == "*" || a.value == "*:*" || reference.Like(a.value, action) {
			return true
		}
	}
	if len(s.notActions) == 0 {
		return false
	}
	for _, a := range s.notActions {
		if a.value == "*" || reference.Like(a.value, action) {
			return false
		}
	}
	return true
}

func (s *statement) anyResource() bool {
	for _, r := range s.resources {
		if r.value == "*" {
			return true
		}
	}
	return false
}

// writes warns of patterns of actions that change things, granted on everything.
func (c *checker) writes(s *statement) {
	if s.deny || !s.anyResource() || len(s.conditions) > 0 || c.kind == policy.SCP || c.kind == policy.RCP || c.kind == policy.Boundary {
		return
	}
	for _, a := range s.actions {
		if !strings.ContainsAny(a.value, "*?") {
			continue
		}
		if example, ok := firstWrite(a.value); ok {
			c.report(Security, "STAR_IN_WRITE_ACTION_AND_RESOURCE", a.at,
				quote(a.value)+" grants actions that change things ("+example+", …) on every resource; name the actions or the resources")
		}
	}
}

// firstWrite finds an action that changes something and could be limited to resources.
func firstWrite(pattern string) (string, bool) {
	prefix, name, _ := strings.Cut(pattern, ":")
	if prefix == "*" {
		return "iam:CreateUser", true
	}
	service := reference.Lookup(prefix)
	if service == nil {
		return "", false
	}
	for _, action := range service.Matching(name) {
		if action.Writes() && len(action.Kinds()) > 0 {
			return service.Prefix + ":" + action.Name, true
		}
	}
	return "", false
}

// passRole checks who may hand roles to services: whoever can hand a role to a service can do
// what the role can.
func (c *checker) passRole(s *statement) {
	if s.deny || !s.has("iam:PassRole") || c.kind == policy.SCP || c.kind == policy.RCP || c.kind == policy.Trust {
		return
	}
	byPattern := len(s.notActions) > 0
	for _, a := range s.actions {
		byPattern = byPattern || strings.ContainsAny(a.value, "*?")
	}
	wide, code := "every role", "PASS_ROLE_WITH_STAR_IN_RESOURCE"
	switch {
	case len(s.notResources) > 0 && len(s.notActions) > 0:
		wide, code = "every role but a few", "PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE"
	case len(s.notResources) > 0 && byPattern:
		wide, code = "every role but a few", "PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE"
	case len(s.notResources) > 0:
		wide, code = "every role but a few", "PASS_ROLE_WITH_NOT_RESOURCE"
	case !s.anyResource():
		wide = ""
	case len(s.notActions) > 0:
		code = "PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION"
	case byPattern:
		code = "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE"
	}
	if wide != "" {
		c.report(Security, code, s.at, "the statement lets "+wide+" be passed to services, and with it whatever the role may do; name the roles")
	}
	if !s.asks("iam:PassedToService") && len(s.notActions) == 0 && !byPattern {
		c.report(Security, "PASS_ROLE_WITHOUT_SERVICE", s.at, "iam:PassRole without a condition on iam:PassedToService lets the role be passed to any service that trusts it")
	}
}

func (s *statement) asks(key string) bool {
	for _, c := range s.conditions {
		if strings.EqualFold(c.key.value, key) {
			return true
		}
	}
	return false
}
