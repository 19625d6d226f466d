package language_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/bindery-project/bindery/internal/policy/language"
)

func budget() *language.Budget { return language.NewBudget(10_000_000) }

func TestCovered(t *testing.T) {
	for _, c := range []struct {
		inner string
		outer []string
		want  bool
	}{
		{"a", []string{"a"}, true},
		{"a*", []string{"*"}, true},
		{"*", []string{"a*", "*a"}, false},
		{"a*b", []string{"a*"}, true},
		{"a*", []string{"a", "a?*"}, true},
		{"a?", []string{"a*"}, true},
		{"a*", []string{"a?*"}, false},
		{"a${x}", []string{"a*"}, true},
		{"a${x}", []string{"a${x}"}, true},
		{"a${x}", []string{"a${y}"}, false},
		{"a${x}", []string{"a?"}, false},
		{"a${*}", []string{"a?"}, true},
		{"ab", []string{"a${x}"}, false},
	} {
		v := &language.Variables{}
		how := language.Reading{Wildcards: true, Variables: v}
		inner := language.Compile(c.inner, how)
		var outer []*language.Pattern
		for _, text := range c.outer {
			p := language.Compile(text, how)
			outer = append(outer, &p)
		}
		if got := language.Covered(budget(), &inner, outer); got != c.want {
			t.Errorf("%s within %v: %t", c.inner, c.outer, got)
		}
	}
}

func TestARNStarsStayInTheirSegment(t *testing.T) {
	how := language.Reading{Wildcards: true}
	wide := language.CompileARN("arn:aws:s3:*", how)
	for text, want := range map[string]bool{
		"arn:aws:s3:::bucket/*": true, "arn:aws:s3:*:*:x": true, "arn:aws:*:::x": false, "arn:aws:s3:::a:b:c": true,
	} {
		p := language.CompileARN(text, how)
		if got := language.Covered(budget(), &p, []*language.Pattern{&wide}); got != want {
			t.Errorf("%s within arn:aws:s3:*: %t", text, got)
		}
	}
	region := language.CompileARN("arn:aws:glue:*:1:x", how)
	free := language.Compile("arn:aws:glue:*:1:x", how)
	if language.Covered(budget(), &free, []*language.Pattern{&region}) || !language.Covered(budget(), &region, []*language.Pattern{&free}) {
		t.Error("a star within a segment takes colons")
	}
}

// TestExploreIsComplete draws strings of a pattern: some class treats each as the readers do.
func TestExploreIsComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) string { return rapid.StringMatching(`[ab*?]{0,5}`).Draw(t, label) }
		how := language.Reading{Wildcards: true}
		within, one, two := language.Compile(draw("within"), how), language.Compile(draw("one"), how), language.Compile(draw("two"), how)
		classes, complete := language.Explore(budget(), []language.Reader{{Pattern: &within}}, []language.Reader{{Pattern: &one}, {Pattern: &two}})
		if !complete {
			t.Fatal("gave up")
		}
		text := rapid.StringMatching(`[abc]{0,6}`).Draw(t, "text")
		word := language.Compile(text, language.Reading{})
		in := func(p *language.Pattern) bool { return language.Covered(budget(), &word, []*language.Pattern{p}) }
		if !in(&within) {
			return
		}
		for _, c := range classes {
			if c.Accepts[0] == in(&one) && c.Accepts[1] == in(&two) {
				return
			}
		}
		t.Fatalf("no class treats %q like this", text)
	})
}
