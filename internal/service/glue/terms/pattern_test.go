package terms

import (
	"strings"
	"testing"
	"time"
)

func TestNames(t *testing.T) {
	for _, c := range []struct {
		pattern  string
		yes, not string // names, separated by blanks
	}{
		// Hive's globs.
		{"*", "a orders", ""},
		{"ord*", "ord orders ORDERS", "xorders"},
		{"*s|p*", "orders people", "order"},
		{"a*b*c", "abc axxbyyc", "abcd"},
		// Java's regular expressions.
		{".*", "a orders", ""},
		{"order", "order ORDER", "orders xorder"},
		{`\Qa.b\E`, "a.b", "axb"},
		{`\Qa*b\E*`, "a*b a*bc", "aab"},
		{`\Qnot closed (`, "", "not"},
		{`[a-c]*x`, "x abcx", "dx"},
		{`(ab)*`, "ab abab", "aba"},
		{`\w{2,3}`, "ab abc", "a abcd"},
		{`a{`, "a{", "a"},
		{`\p{Alpha}+\P{Digit}`, "abc ab_", "ab1"},
		{`[\p{Digit}_]+`, "1_2", "a1"},
		{`[]a]+`, "]a a", "b"},
		// What RE2 does not have.
		{`(?!tmp_).*`, "orders", "tmp_orders"},
		{`(?=.*x).*y`, "axby", "ay"},
		{`.*(?<!_old)`, "orders", "orders_old"},
		{`(a|b)\1`, "aa bb", "ab"},
		{`a++b`, "ab aab", "b"},
		{`[ab]*+c`, "c abc", "ab"},
		{`(x|y)?+z`, "z xz yz", "xyz"},
		{`.*+s`, "", "orders s"},
		{`a{1,2}+a`, "aaa", "aa a"},
		{`(?i)Stra\u00dfe`, "", "x"},
	} {
		match, _, err := Names(&c.pattern)
		if err != nil {
			if c.yes != "" {
				t.Errorf("%s: %v", c.pattern, err)
			}
			continue
		}
		check(t, c.pattern, match, c.yes, true)
		check(t, c.pattern, match, c.not, false)
	}
}

func check(t *testing.T, pattern string, match func(string) (bool, error), names string, want bool) {
	t.Helper()
	for _, name := range strings.Fields(names) {
		if got, err := match(name); got != want || err != nil {
			t.Errorf("%s: %s is %v, %v", pattern, name, got, err)
		}
	}
}

func TestNamesRefuses(t *testing.T) {
	for _, pattern := range []string{"(", ")", "a)|(b", "[", "[a", `a\`, "(?<", "[a-z&&[^b]]", "[a[b]]", "(?!", `\p{NoSuch}`, `(?#`} {
		if match, _, err := Names(&pattern); err == nil {
			ok, _ := match("b")
			t.Errorf("%s is taken, and b is %v", pattern, ok)
		}
	}
}

// A pattern that would backtrack for ages ends, by name and by list.
func TestHostilePatterns(t *testing.T) {
	name := strings.Repeat("a", 250) + "!"
	for _, pattern := range []string{`(a+)+(?!x)$`, `((a|aa)+)+(?=b)`, `(.*)(.*)(.*)(.*)(.*)(.*)(.*)\1x`, strings.Repeat("(a*", 200) + strings.Repeat(")+", 200) + "(?=b)"} {
		began := time.Now()
		match, _, err := Names(&pattern)
		if err != nil {
			continue
		}
		for err == nil && time.Since(began) < time.Minute {
			_, err = match(name)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%.40s: %s", pattern, took)
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, seed := range []string{"*", `\Qa\E*`, "(a|b)++", `[\p{Alpha}&&x]`, `(?!x)\1`, "a{2,3}+", ")*+"} {
		f.Add(seed, "orders")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		match, _, err := Names(&pattern)
		if err != nil {
			return
		}
		first, err := match(name)
		again, errAgain := match(name)
		if err == nil && errAgain == nil && first != again {
			t.Errorf("%q matches %q once and then not", pattern, name)
		}
	})
}
