// Package glob matches object keys with the exclude patterns of Glue's crawlers: the crawler leaves out what a target excludes, and queries leave
// out what the crawler wrote into a table's `exclusions`.
//
// Start at [Parse]. It is pure; patterns are matched in linear time whatever they are.
package glob

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Set is compiled patterns. A path matches if one of them matches all of it.
//
// The grammar is Glue's: `*` is any run within one path segment, `**` crosses segments, `?` is one character, `[abc]`, `[a-z]` and `[!a-c]` are one
// character of a set (in which `*`, `?` and `\` stand for themselves), `{a,b}` are alternatives that do not nest, `\` takes the next character as it
// stands; leading dots are ordinary. A pattern that ends in `/` names a folder and covers what lies below it.
type Set struct {
	literals map[string]bool // patterns that match themselves only: a table may have thousands of these
	patterns []*regexp.Regexp
}

// Parse compiles patterns; the error names the first one that is malformed.
func Parse(globs []string) (*Set, error) {
	s := &Set{literals: map[string]bool{}}
	for _, glob := range globs {
		if err := s.add(glob); err != nil {
			return nil, fmt.Errorf("exclusion pattern %q: %w", glob, err)
		}
	}
	return s, nil
}

// Match reports whether a pattern matches the path; a nil set has none.
func (s *Set) Match(path string) bool {
	if s == nil {
		return false
	}
	if s.literals[path] {
		return true
	}
	for _, p := range s.patterns {
		if p.MatchString(path) {
			return true
		}
	}
	return false
}

// add translates to a regular expression, which RE2 matches in linear time.
func (s *Set) add(glob string) error {
	if glob == "" {
		return errors.New("it is empty")
	}
	t := translation{rest: Folder(glob)}
	if err := t.all(); err != nil {
		return err
	}
	if !t.special {
		s.literals[t.plain.String()] = true
		return nil
	}
	pattern, err := regexp.Compile(`(?s)\A` + t.out.String() + `\z`)
	if err != nil {
		return err
	}
	s.patterns = append(s.patterns, pattern)
	return nil
}

// Folder makes a pattern that names a folder cover what lies below it.
func Folder(glob string) string {
	if strings.HasSuffix(glob, "/") {
		return glob + "**"
	}
	return glob
}

// Escape makes a text match itself only.
func Escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune(`*?[]{}\,!`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// translation turns a glob into the text of a regular expression.
type translation struct {
	rest    string
	out     strings.Builder
	plain   strings.Builder // the text that the glob is, unless it is special
	special bool
	inGroup bool
}

func (t *translation) all() error {
	for t.rest != "" {
		c := t.rest[0]
		t.rest = t.rest[1:]
		if err := t.one(c); err != nil {
			return err
		}
	}
	if t.inGroup {
		return fmt.Errorf("`{` is not closed")
	}
	return nil
}

func (t *translation) one(c byte) error {
	if c == '*' || c == '?' || c == '[' || c == '{' {
		t.special = true
	}
	switch {
	case c == '*' && strings.HasPrefix(t.rest, "*"):
		t.rest = strings.TrimLeft(t.rest, "*")
		t.out.WriteString(`.*`)
	case c == '*':
		t.out.WriteString(`[^/]*`)
	case c == '?':
		t.out.WriteString(`[^/]`)
	case c == '[':
		return t.set()
	case c == '\\':
		return t.escaped()
	case c == '{' && t.inGroup:
		return fmt.Errorf("`{` inside `{`")
	case c == '{':
		t.inGroup = true
		t.out.WriteString(`(?:`)
	case c == '}' && t.inGroup:
		t.inGroup = false
		t.out.WriteString(`)`)
	case c == ',' && t.inGroup:
		t.out.WriteString(`|`)
	default:
		t.literal(c)
	}
	return nil
}

// literal writes one byte; the bytes of a longer UTF-8 character follow each other unquoted and stay one character.
func (t *translation) literal(c byte) {
	t.plain.WriteByte(c)
	if c < 0x80 {
		t.out.WriteString(regexp.QuoteMeta(string(rune(c))))
		return
	}
	t.out.WriteByte(c)
}

func (t *translation) escaped() error {
	if t.rest == "" {
		return fmt.Errorf("`\\` at the end")
	}
	t.literal(t.rest[0])
	t.rest = t.rest[1:]
	return nil
}

// set translates `[…]`, whose `]` may not come first. A set never matches `/`.
func (t *translation) set() error {
	end := strings.IndexByte(t.rest, ']')
	if end <= 0 {
		return fmt.Errorf("`[` is not closed or empty")
	}
	members, negated := strings.CutPrefix(t.rest[:end], "!")
	if members == "" || strings.Contains(members, "/") {
		return fmt.Errorf("`[%s]` is no set of characters", t.rest[:end])
	}
	t.rest = t.rest[end+1:]
	t.out.WriteString("[")
	if negated {
		t.out.WriteString("^/")
	}
	for _, r := range members {
		if strings.ContainsRune(`\[]^&~`, r) {
			t.out.WriteByte('\\')
		}
		t.out.WriteRune(r)
	}
	t.out.WriteString("]")
	return nil
}
