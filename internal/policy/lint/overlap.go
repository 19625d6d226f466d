package lint

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/policy/language"
)

// overlaps finds statements that change nothing: what they say is said by another one, or a
// deny without conditions takes all of it.
func (c *checker) overlaps(statements []*statement) {
	for i, s := range statements {
		if !s.plain() {
			continue
		}
		for j, other := range statements {
			if i == j || !other.plain() || !c.contains(other, s) || !samePrincipals(other, s) {
				continue
			}
			if done := c.overlap(statements, i, j); done {
				break
			}
		}
	}
}

// overlap judges statement i, all of which lies in statement j.
func (c *checker) overlap(statements []*statement, i, j int) bool {
	s, other := statements[i], statements[j]
	free := len(other.conditions) == 0
	switch {
	case s.deny == other.deny && (free || sameConditions(s, other)):
		if j > i && c.contains(s, other) && len(s.conditions) == len(other.conditions) {
			return false // they say the same: the later one is told
		}
		c.report(Suggestion, "REDUNDANT_STATEMENT", s.at, fmt.Sprintf("statement %d says the same or more", j+1))
		return true
	case !s.deny && other.deny && free:
		c.report(Warning, "STATEMENT_DENIED", s.at, fmt.Sprintf("the statement allows nothing: statement %d denies all of it", j+1))
		return true
	}
	return false
}

// plain statements name what they are about; those with Not… are left alone.
func (s *statement) plain() bool {
	return len(s.actions) > 0 && len(s.notActions) == 0 && len(s.notResources) == 0
}

// contains reports whether every action and resource of the inner statement is one of the outer.
func (c *checker) contains(outer, inner *statement) bool {
	return c.budget.Spend(pairCost) && c.allWithin(inner.actions, outer.actions, actionPattern) && c.allWithin(inner.resources, outer.resources, resourcePattern)
}

func (c *checker) allWithin(inner, outer []text, compile func(string, *language.Variables) language.Pattern) bool {
	v := &language.Variables{}
	var all []*language.Pattern
	for _, t := range outer {
		if t.value == "*" {
			return true
		}
		p := compile(t.value, v)
		all = append(all, &p)
	}
	for _, t := range inner {
		if t.value == "*" {
			return false
		}
		p := compile(t.value, v)
		if !language.Covered(c.budget, &p, all) {
			return false
		}
	}
	return true
}

func actionPattern(s string, _ *language.Variables) language.Pattern {
	return language.Compile(strings.ToLower(s), language.Reading{Wildcards: true})
}

func resourcePattern(s string, v *language.Variables) language.Pattern {
	return language.CompileARN(s, language.Reading{Wildcards: true, Variables: v})
}

func samePrincipals(a, b *statement) bool {
	return reflect.DeepEqual(strip(a.principal), strip(b.principal)) && a.notPrincipal == nil && b.notPrincipal == nil
}

// strip takes the places out of an element.
func strip(e *policy.Element) any {
	if e == nil {
		return nil
	}
	out := []any{e.Kind, e.Text}
	for _, m := range e.Members {
		out = append(out, m.Name, strip(m.Value))
	}
	for _, item := range e.Items {
		out = append(out, strip(item))
	}
	return out
}

// sameConditions compares conditions as they are written.
func sameConditions(a, b *statement) bool {
	return reflect.DeepEqual(written(a), written(b))
}

func written(s *statement) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for _, c := range s.conditions {
		values := map[string]bool{}
		for _, v := range c.values {
			values[v.value] = true
		}
		out[c.operator.value+" "+strings.ToLower(c.key.value)] = values
	}
	return out
}
