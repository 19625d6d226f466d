package terms

import (
	"regexp"
	"slices"
	"strings"
)

// rewriter turns a pattern as clients send it into one that both engines read:
//
//	a*b      a.*b       a glob's star
//	\Q..\E   ...        literal text
//	x++      (?>x+)     possessive quantifiers
//	\p{Alpha} [a-zA-Z]  Java's names of ASCII classes
//
// The rest stays. What Java means by a class within a class is refused: the
// engines would take it for something else.
type rewriter struct {
	pattern string
	at      int // in pattern
	out     []byte

	atom       int   // where in out begins what a quantifier would repeat, -1: nothing does
	groups     []int // where in out the open groups begin
	repeatable bool  // a star after it is a quantifier and no glob's
}

func rewrite(pattern string) (string, error) {
	r := &rewriter{pattern: pattern, atom: -1}
	for r.at < len(pattern) {
		if !r.step() {
			return "", invalidPattern(pattern)
		}
	}
	return string(r.out), nil
}

// step rewrites one element; false when the pattern is wrong.
func (r *rewriter) step() bool {
	switch c := r.pattern[r.at]; c {
	case '\\':
		return r.escape()
	case '[':
		return r.class()
	case '(':
		r.groups = append(r.groups, len(r.out))
		r.take(1)
		r.atom, r.repeatable = -1, false
	case ')':
		start := -1
		if n := len(r.groups); n > 0 {
			start, r.groups = r.groups[n-1], r.groups[:n-1]
		}
		r.take(1)
		r.atom, r.repeatable = start, true
	case '|', '^', '$':
		r.take(1)
		r.atom, r.repeatable = -1, false
	case '*', '+', '?', '{':
		r.quantifier(c)
	default:
		r.begin(c == '.')
		r.take(1)
	}
	return true
}

// begin notes that an atom follows.
func (r *rewriter) begin(repeatable bool) { r.atom, r.repeatable = len(r.out), repeatable }

// take copies n bytes of the pattern.
func (r *rewriter) take(n int) {
	n = min(n, len(r.pattern)-r.at)
	r.out = append(r.out, r.pattern[r.at:r.at+n]...)
	r.at += n
}

func (r *rewriter) rest() string { return r.pattern[r.at:] }

func (r *rewriter) escape() bool {
	rest := r.rest()
	switch {
	case strings.HasPrefix(rest, `\Q`):
		literal, _, closed := strings.Cut(rest[2:], `\E`)
		r.at += len(`\Q`) + len(literal)
		if closed {
			r.at += len(`\E`)
		}
		r.begin(false)
		r.out = append(r.out, regexp.QuoteMeta(literal)...)
		return true
	case strings.HasPrefix(rest, `\p{`) || strings.HasPrefix(rest, `\P{`):
		r.begin(true)
		r.property(false)
		return true
	}
	r.begin(true)
	r.take(2)
	return true
}

// asciiClasses are the POSIX classes that Java names like Unicode properties.
var asciiClasses = map[string]string{
	"Lower": `a-z`, "Upper": `A-Z`, "ASCII": `\x00-\x7F`, "Alpha": `a-zA-Z`, "Digit": `0-9`, "Alnum": `a-zA-Z0-9`,
	"Punct": `!-/:-@\[-` + "`" + `{-~`, "Graph": `!-~`, "Print": ` -~`, "Blank": ` \t`, "Cntrl": `\x00-\x1F\x7F`,
	"XDigit": `0-9a-fA-F`, "Space": ` \t\n\v\f\r`,
}

// property writes \p{Name}; one that is not Java's own is left to the engine.
func (r *rewriter) property(inClass bool) {
	name, _, closed := strings.Cut(r.rest()[3:], "}")
	ranges, ours := asciiClasses[name]
	negated := r.rest()[1] == 'P'
	if !closed || !ours || (negated && inClass) {
		r.take(2)
		return
	}
	r.at += len(`\p{`) + len(name) + len(`}`)
	switch {
	case inClass:
		r.out = append(r.out, ranges...)
	case negated:
		r.out = append(r.out, "[^"+ranges+"]"...)
	default:
		r.out = append(r.out, "["+ranges+"]"...)
	}
}

// class copies a character class.
func (r *rewriter) class() bool {
	r.begin(true)
	r.take(1)
	if strings.HasPrefix(r.rest(), "^") {
		r.take(1)
	}
	for first := true; r.at < len(r.pattern); first = false {
		rest := r.rest()
		switch {
		case rest[0] == ']' && !first:
			r.take(1)
			return true
		case rest[0] == '[', strings.HasPrefix(rest, "&&"), strings.HasPrefix(rest, `\Q`):
			return false
		case strings.HasPrefix(rest, `\p{`), strings.HasPrefix(rest, `\P{`):
			r.property(true)
		case rest[0] == '\\':
			r.take(2)
		default:
			r.take(1)
		}
	}
	return false // it does not end
}

var counted = regexp.MustCompile(`^\{[0-9]+(,[0-9]*)?\}`)

// quantifier copies a quantifier, makes it possessive when a plus follows, and
// takes a star that repeats nothing for a glob's.
func (r *rewriter) quantifier(c byte) {
	length := 1
	if c == '{' {
		if length = len(counted.FindString(r.rest())); length == 0 {
			r.begin(false)
			r.out, r.at = append(r.out, `\{`...), r.at+1
			return
		}
	}
	if c == '*' && !r.repeatable {
		r.begin(false)
		r.out = append(r.out, '.')
	}
	r.take(length)
	switch {
	case strings.HasPrefix(r.rest(), "?"):
		r.take(1)
	case strings.HasPrefix(r.rest(), "+") && r.atom >= 0:
		r.at++
		r.out = append(slices.Insert(r.out, r.atom, []byte("(?>")...), ')')
	}
	r.repeatable = false
}
