package policy

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// reference decides a match by trying everything, with a memory of what it
// has tried: slow, and too simple to be wrong.
func reference(pattern, text []rune) bool {
	type state struct{ p, t int }
	tried := make(map[state]bool)
	var try func(p, t int) bool
	try = func(p, t int) bool {
		if tried[state{p, t}] {
			return false
		}
		tried[state{p, t}] = true
		switch {
		case p == len(pattern):
			return t == len(text)
		case pattern[p] == '*':
			return try(p+1, t) || (t < len(text) && try(p, t+1))
		case t == len(text):
			return false
		default:
			return (pattern[p] == '?' || pattern[p] == text[t]) && try(p+1, t+1)
		}
	}
	return try(0, 0)
}

func globMatch(pattern, text string, fold bool) bool {
	p, _ := compilePattern(pattern, globbing, false)
	p.fold = fold
	matched, _ := p.match(text, nil)
	return matched
}

func TestMatchEqualsReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[ab:/é*?]{0,14}`).Draw(t, "pattern")
		text := rapid.StringMatching(`[ab:/é]{0,20}`).Draw(t, "text")
		want := reference([]rune(pattern), []rune(text))
		if got := globMatch(pattern, text, false); got != want {
			t.Fatalf("match(%q, %q) = %v", pattern, text, got)
		}
		if got := globMatch(strings.ToUpper(pattern), text, true); got != want {
			t.Fatalf("folded match(%q, %q) = %v", pattern, text, got)
		}
	})
}

func TestQuotedTextMatchesOnlyItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[ab*?${}']{0,12}`).Draw(t, "name")
		other := rapid.StringMatching(`[ab*?${}']{0,12}`).Draw(t, "other")
		p, reason := compilePattern(Quote(name), globbing, true)
		if reason != "" {
			t.Fatalf("Quote(%q) = %q: %s", name, Quote(name), reason)
		}
		if ok, _ := p.match(name, nil); !ok {
			t.Fatalf("Quote(%q) does not match itself", name)
		}
		if ok, _ := p.match(other, nil); ok != (name == other) {
			t.Fatalf("Quote(%q) matches %q", name, other)
		}
	})
}

// A star before several "?" must not let one of them see half a character.
func TestQuestionMarkIsAWholeCharacter(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"*??", "😀", false},
		{"*?", "😀", true},
		{"*???", "é", false},
		{"?", "€", true},
		{"??", "€", false},
		{"*\xbf", "\u00ff", false},
	} {
		if got := globMatch(c.pattern, c.text, false); got != c.want {
			t.Errorf("match(%q, %q) = %v", c.pattern, c.text, got)
		}
	}
}

// hostilePatterns stall matchers that try everything.
func hostilePatterns() []string {
	var all []string
	for _, unit := range []string{"*a", "*?a", "a*", "*aa", "?*", "*a?", "*?*", "**a"} {
		for _, end := range []string{"b", "", "?b", "*b"} {
			all = append(all, strings.Repeat(unit, 8)+end)
		}
	}
	return all
}

// TestHostilePatterns decides patterns that stall others for minutes, on a text
// much longer than theirs. The bar is for a machine that does other things too;
// the figure (far below 5 ms) is BenchmarkMatch's.
func TestHostilePatterns(t *testing.T) {
	text := strings.Repeat("a", 1000)
	patterns := hostilePatterns()
	if len(patterns) != 32 {
		t.Fatalf("%d patterns", len(patterns))
	}
	for _, pattern := range patterns {
		start := time.Now()
		globMatch(pattern, text, false)
		globMatch(pattern, text, true)
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s took %v", pattern, took)
		}
		short := text[:60]
		if got := globMatch(pattern, short, false); got != reference([]rune(pattern), []rune(short)) {
			t.Errorf("match(%q, 60 letters) = %v", pattern, got)
		}
	}
}

func BenchmarkMatchEightStars(b *testing.B) {
	p, _ := compilePattern("*?a*?a*?a*?a*?a*?a*?a*?b", globbing, false)
	text := strings.Repeat("a", 60)
	b.ReportAllocs()
	for b.Loop() {
		p.match(text, nil)
	}
}

func FuzzMatch(f *testing.F) {
	for _, pattern := range hostilePatterns() {
		f.Add(pattern, strings.Repeat("a", 60))
	}
	f.Add("arn:aws:glue:*:table/?é*", "arn:aws:glue:us-east-1:1:table/éx")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern)*len(text) > 1<<16 || !utf8.ValidString(pattern) || !utf8.ValidString(text) {
			return
		}
		if got, want := globMatch(pattern, text, false), reference([]rune(pattern), []rune(text)); got != want {
			t.Errorf("match(%q, %q) = %v", pattern, text, got)
		}
	})
}

func TestDecimalComparesAsNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.IntRange(-1200, 1200).Draw(t, "a"), rapid.IntRange(-1200, 1200).Draw(t, "b")
		x, okX := readDecimal(spell(t, a))
		y, okY := readDecimal(spell(t, b))
		if !okX || !okY {
			t.Fatal("not read")
		}
		want := 0
		if a < b {
			want = -1
		} else if a > b {
			want = 1
		}
		if got := x.compare(y); got != want {
			t.Fatalf("%d against %d: %d", a, b, got)
		}
	})
}

// spell writes hundredths with random zeros before and behind, and a sign.
func spell(t *rapid.T, hundredths int) string {
	sign := ""
	if hundredths < 0 {
		sign, hundredths = "-", -hundredths
	} else if rapid.Bool().Draw(t, "plus") {
		sign = "+"
	}
	zeros := rapid.IntRange(0, 2)
	fraction := "." + string(rune('0'+hundredths/10%10)) + string(rune('0'+hundredths%10))
	if hundredths%100 == 0 && rapid.Bool().Draw(t, "no fraction") {
		fraction = ""
	} else {
		fraction += strings.Repeat("0", zeros.Draw(t, "behind"))
	}
	whole := hundredths / 100
	digits := strings.Repeat("0", zeros.Draw(t, "before")) + string(rune('0'+whole%10))
	if whole >= 10 {
		digits = string(rune('0'+whole/10)) + digits[len(digits)-1:]
	}
	return sign + digits + fraction
}
