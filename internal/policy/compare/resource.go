package compare

import (
	"slices"

	"github.com/bindery-project/bindery/internal/policy/language"
)

// resourceClass is a set of resources that the statements in question treat alike.
type resourceClass struct {
	text    []rune // an example; variables stand in it as letters
	star    bool   // the one resource "*"
	surely  map[*language.Pattern]bool
	perhaps map[*language.Pattern]bool
}

// applies tells whether a statement surely applies to the class, and whether it may: the two
// differ where the value of a variable decides.
func (r *resourceClass) applies(s *statement) (surely, perhaps bool) {
	if s.anyResource {
		return true, true
	}
	var some, maybe, open bool
	for _, p := range s.resources {
		if p == nil {
			some, maybe = true, true
			continue
		}
		some, maybe = some || r.surely[p], maybe || r.perhaps[p]
		open = open || p.HasVariable()
	}
	if !s.notResource {
		return some, maybe
	}
	// An Allow whose NotResource has a variable without value does not apply.
	return !maybe && (s.deny || !open), !some
}

// resourceClasses are the classes of the resources of a statement, as those asked treat them.
func (c *comparison) resourceClasses(a *statement, asked []*statement) []resourceClass {
	var patterns []*language.Pattern
	for _, s := range asked {
		for _, p := range s.resources {
			if p != nil {
				patterns = append(patterns, p)
			}
		}
	}
	var readers []language.Reader
	for _, p := range patterns {
		readers = append(readers, language.Reader{Pattern: p})
	}
	for _, p := range patterns {
		readers = append(readers, language.Reader{Pattern: p, Certainty: language.Perhaps})
	}
	sources := a.resources
	if a.notResource || a.anyResource {
		sources = []*language.Pattern{nil}
	}
	out := []resourceClass{{text: []rune("*"), star: true}} // no pattern but "*" means it
	for _, source := range sources {
		within := []language.Reader{{Pattern: &anyARN}}
		if source != nil {
			within = []language.Reader{{Pattern: &anyARN}, {Pattern: source}}
		}
		found, complete := language.Explore(c.budget, within, readers)
		if !complete {
			c.why = append(c.why, "resources with too many overlapping wildcards")
		}
		for _, f := range found {
			class := resourceClass{text: f.Text, surely: map[*language.Pattern]bool{}, perhaps: map[*language.Pattern]bool{}}
			for i, p := range patterns {
				class.surely[p], class.perhaps[p] = f.Accepts[i], f.Accepts[len(patterns)+i]
			}
			out = append(out, class)
		}
	}
	return slices.DeleteFunc(out, func(r resourceClass) bool {
		_, perhaps := r.applies(a)
		return !perhaps
	})
}

// situation is what the statements say about one class of actions and resources: an access is
// new when a holds, none of denies does, and either none of allowed or one of denied does.
type situation struct {
	a       *statement
	denies  []*statement // of the new policy, that surely apply
	allowed []*statement // of the old one, that surely apply
	denied  []*statement // of the old one, that may apply
}

func situationOf(a *statement, r *resourceClass, asked []*statement) situation {
	x := situation{a: a}
	for _, s := range asked {
		surely, perhaps := r.applies(s)
		switch {
		case s.fresh && s.deny && surely:
			x.denies = append(x.denies, s)
		case !s.fresh && !s.deny && surely:
			x.allowed = append(x.allowed, s)
		case !s.fresh && s.deny && perhaps:
			x.denied = append(x.denied, s)
		}
	}
	return x
}

// statements are those whose conditions matter.
func (x *situation) statements() []*statement {
	return slices.Concat([]*statement{x.a}, x.denies, x.allowed, x.denied)
}

// new decides under the truth of the conditions.
func (x *situation) new(holds func(*statement) bool) bool {
	if !holds(x.a) || slices.ContainsFunc(x.denies, holds) {
		return false
	}
	return !slices.ContainsFunc(x.allowed, holds) || slices.ContainsFunc(x.denied, holds)
}
