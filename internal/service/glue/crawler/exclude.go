package crawler

import (
	"fmt"
	"regexp"
	"strings"
)

// maxGlob bounds one exclusion pattern, in bytes.
const maxGlob = 1024

// Exclusions are the compiled exclude patterns of one target. They match the part of the object key behind the include path.
//
// The grammar is Glue's: `*` is any run within one path segment, `**` crosses segments, `?` is one character, `[abc]`, `[a-z]` and `[!a-c]` are one
// character of a set (in which `*`, `?` and `\` stand for themselves), `{a,b}` are alternatives that do not nest, `\` takes the next character as it
// stands; leading dots are ordinary. A pattern that ends in `/` names a folder and excludes what lies below it.
type Exclusions struct {
	globs    []string
	patterns []*regexp.Regexp
}

// ParseExclusions compiles patterns; the error names the first one that is malformed.
func ParseExclusions(globs []string) (*Exclusions, error) {
	e := &Exclusions{globs: globs}
	for _, glob := range globs {
		pattern, err := compileGlob(glob)
		if err != nil {
			return nil, err
		}
		e.patterns = append(e.patterns, pattern)
	}
	return e, nil
}

// Match reports whether the object is excluded. path is its key without the include path.
func (e *Exclusions) Match(path string) bool {
	if e == nil {
		return false
	}
	for _, p := range e.patterns {
		if p.MatchString(path) {
			return true
		}
	}
	return false
}

// compileGlob translates to a regular expression, which RE2 matches in linear time whatever the pattern.
func compileGlob(glob string) (*regexp.Regexp, error) {
	if glob == "" || len(glob) > maxGlob {
		return nil, fmt.Errorf("exclusion pattern of %d bytes: 1 to %d are allowed", len(glob), maxGlob)
	}
	t := globTranslation{rest: folderGlob(glob)}
	if err := t.all(); err != nil {
		return nil, fmt.Errorf("exclusion pattern %q: %w", glob, err)
	}
	pattern, err := regexp.Compile(`(?s)\A` + t.out.String() + `\z`)
	if err != nil {
		return nil, fmt.Errorf("exclusion pattern %q: %w", glob, err)
	}
	return pattern, nil
}

// folderGlob makes a pattern that names a folder cover what lies below it.
func folderGlob(glob string) string {
	if strings.HasSuffix(glob, "/") {
		return glob + "**"
	}
	return glob
}

// globTranslation turns a glob into the text of a regular expression.
type globTranslation struct {
	rest    string
	out     strings.Builder
	inGroup bool
}

func (t *globTranslation) all() error {
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

func (t *globTranslation) one(c byte) error {
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
func (t *globTranslation) literal(c byte) {
	if c < 0x80 {
		t.out.WriteString(regexp.QuoteMeta(string(rune(c))))
		return
	}
	t.out.WriteByte(c)
}

func (t *globTranslation) escaped() error {
	if t.rest == "" {
		return fmt.Errorf("`\\` at the end")
	}
	t.literal(t.rest[0])
	t.rest = t.rest[1:]
	return nil
}

// set translates `[…]`, whose `]` may not come first. A set never matches `/`.
func (t *globTranslation) set() error {
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
