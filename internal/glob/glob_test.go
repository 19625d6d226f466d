package glob

import (
	"strings"
	"testing"
)

func TestGlobs(t *testing.T) {
	cases := []struct {
		glob    string
		matches string // separated by blanks
		misses  string
	}{
		{"*.csv", "a.csv .csv", "x/a.csv a.csvx"},
		{"**.csv", "a.csv x/y/a.csv", "a.csv.gz"},
		{"*.*", "a.b", "ab x/a.b"},
		{"*.{gif,png}", "a.gif a.png", "a.jpg x/a.gif a.{gif,png}"},
		{"departments/**", "departments/a departments/a/b", "department/a x/departments/a"},
		{"myfolder?/", "myfolder1/a myfolder1/a/b", "myfolder/a myfolder12/a myfolder1"},
		{"a?c", "abc a.c aéc", "ac a/c abbc"},
		{"[abc]x", "ax bx", "dx abx [abc]x"},
		{"[a-c]x", "bx", "dx -x"},
		{"[!a-c]x", "dx", "ax /x"},
		{`[*?\]x`, `*x ?x \x`, "ax"},
		{`\*x`, "*x", "ax"},
		{`\{a`, "{a", "a"},
		{"a,b}", "a,b}", "a"},
		{"a.b+(c)", "a.b+(c)", "axb+(c)"},
		{"été*", "été1", "ete1"},
	}
	for _, c := range cases {
		e, err := Parse([]string{c.glob})
		if err != nil {
			t.Errorf("%s: %v", c.glob, err)
			continue
		}
		for path := range strings.FieldsSeq(c.matches) {
			if !e.Match(path) {
				t.Errorf("%s does not match %s", c.glob, path)
			}
		}
		for path := range strings.FieldsSeq(c.misses) {
			if e.Match(path) {
				t.Errorf("%s matches %s", c.glob, path)
			}
		}
	}
}

func TestMalformed(t *testing.T) {
	for _, glob := range []string{"", "[", "[]x", "[abc", "{a,{b}}", "{a", `a\`, "[a/b]", "[!]", "[c-a]"} {
		if _, err := Parse([]string{"ok", glob}); err == nil {
			t.Errorf("%q was accepted", glob)
		}
	}
}

// FuzzGlobs: whatever compiles matches in linear time, and an escaped text matches itself and nothing longer.
func FuzzGlobs(f *testing.F) {
	f.Add("*.{a,b}", "x.a")
	f.Add("[!a-c]?**", "x/y")
	f.Fuzz(func(t *testing.T, glob, path string) {
		if e, err := Parse([]string{glob}); err == nil {
			e.Match(path)
		}
		if path == "" || strings.HasSuffix(path, "/") || len(path) > 512 || strings.ToValidUTF8(path, "") != path {
			return
		}
		e, err := Parse([]string{Escape(path)})
		if err != nil || !e.Match(path) || e.Match(path+"x") {
			t.Errorf("%q escaped as %q does not match itself alone (%v)", path, Escape(path), err)
		}
	})
}
