package policy

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxVariables bounds the variables in one string of a policy, so that their
// values fit an array on the stack while the string is matched.
const maxVariables = 8

type pieceKind uint8

const (
	pieceText pieceKind = iota // exactly this text
	pieceOne                   // "?": exactly one character
	pieceStar                  // "*": any run of characters
	pieceVar                   // the value of a variable, taken literally
)

type piece struct {
	kind     pieceKind
	text     string
	variable int // index into pattern.variables
}

type variable struct {
	written    string // the key as written
	key        string // lower-cased
	fallback   string
	hasDefault bool
}

// pattern is a compiled string of a policy: literal runs, wildcards and
// variables. The zero pattern matches only the empty string.
type pattern struct {
	pieces    []piece
	variables []variable
	fold      bool // compare without regard to letter case
}

// match reports whether the whole text matches. resolved is false when a
// variable has neither a single value in the context nor a default; such a
// pattern matches nothing.
func (p *pattern) match(text string, context Values) (matched, resolved bool) {
	if len(p.pieces) == 1 && p.pieces[0].kind == pieceText && !p.fold {
		return text == p.pieces[0].text, true
	}
	if len(p.variables) == 0 {
		return p.run(text, nil), true
	}
	return p.matchVariables(text, context)
}

func (p *pattern) matchVariables(text string, context Values) (matched, resolved bool) {
	var values [maxVariables]string
	for i := range p.variables {
		v, ok := p.variables[i].resolve(context)
		if !ok {
			return false, false
		}
		values[i] = v
	}
	return p.run(text, &values), true
}

func (v *variable) resolve(context Values) (string, bool) {
	seen, ok := lookup(context, v.key)
	if ok && len(seen) == 1 {
		return seen[0], true
	}
	return v.fallback, !ok && v.hasDefault
}

// run is the two-pointer matcher. It remembers only the last star: between two
// stars the leftmost place where the pieces fit is as good as any other, so no
// recursion is needed and the cost is at most pattern times text.
func (p *pattern) run(text string, values *[maxVariables]string) bool {
	next, at := 0, 0
	afterStar, starAt := -1, 0
	for {
		switch {
		case next == len(p.pieces) && at == len(text):
			return true
		case next < len(p.pieces) && p.pieces[next].kind == pieceStar:
			next++
			if next == len(p.pieces) {
				return true
			}
			afterStar, starAt = next, at
			continue
		case next < len(p.pieces):
			if n, ok := p.take(next, text[at:], values); ok {
				next, at = next+1, at+n
				continue
			}
		}
		if afterStar < 0 || starAt == len(text) {
			return false
		}
		starAt = p.advance(afterStar, text, starAt)
		next, at = afterStar, starAt
	}
}

// advance moves the end of the last star by one character, or straight to the
// next place where the literal behind the star can begin. Whole characters are
// skipped, so that "?" never sees half of one.
func (p *pattern) advance(afterStar int, text string, from int) int {
	_, size := utf8.DecodeRuneInString(text[from:])
	from += size
	if q := &p.pieces[afterStar]; q.kind == pieceText && !p.fold {
		skip := strings.Index(text[from:], q.text)
		if skip < 0 {
			return len(text)
		}
		return from + skip
	}
	return from
}

// take matches one piece that is not a star against the start of text and
// answers how many bytes it used.
func (p *pattern) take(i int, text string, values *[maxVariables]string) (int, bool) {
	literal := p.pieces[i].text
	switch p.pieces[i].kind {
	case pieceOne, pieceStar:
		_, size := utf8.DecodeRuneInString(text)
		return size, size > 0
	case pieceVar:
		literal = values[p.pieces[i].variable]
	case pieceText:
	}
	if p.fold {
		return foldedPrefix(text, literal)
	}
	return len(literal), strings.HasPrefix(text, literal)
}

// foldedPrefix is strings.HasPrefix under Unicode simple case folding; the
// prefix of text may be longer or shorter in bytes than literal.
func foldedPrefix(text, literal string) (int, bool) {
	at := 0
	for _, want := range literal {
		got, size := utf8.DecodeRuneInString(text[at:])
		if size == 0 || !sameLetter(got, want) {
			return 0, false
		}
		at += size
	}
	return at, true
}

func sameLetter(a, b rune) bool {
	if a == b {
		return true
	}
	for r := unicode.SimpleFold(a); r != a; r = unicode.SimpleFold(r) {
		if r == b {
			return true
		}
	}
	return false
}

// wildcards says which characters of a policy string are special.
type wildcards bool

const (
	literally wildcards = false
	globbing  wildcards = true
)

// compilePattern reads a string of a policy. With variables on (version
// 2012-10-17) "${key}", "${key, 'default'}", "${*}", "${?}" and "${$}" are
// read; otherwise "$" is an ordinary character.
func compilePattern(text string, w wildcards, variables bool) (pattern, string) {
	var p pattern
	for text != "" {
		switch {
		case variables && strings.HasPrefix(text, "${"):
			rest, reason := p.addVariable(text[2:])
			if reason != "" {
				return p, reason
			}
			text = rest
		case w == globbing && text[0] == '*':
			p.addStar()
			text = text[1:]
		case w == globbing && text[0] == '?':
			p.pieces = append(p.pieces, piece{kind: pieceOne})
			text = text[1:]
		default:
			n := literalLength(text, w, variables)
			p.addText(text[:n])
			text = text[n:]
		}
	}
	return p, ""
}

// literalLength is the length of the run of ordinary characters at the start
// of text, which is at least one.
func literalLength(text string, w wildcards, variables bool) int {
	for i := 1; i < len(text); i++ {
		if w == globbing && (text[i] == '*' || text[i] == '?') {
			return i
		}
		if variables && strings.HasPrefix(text[i:], "${") {
			return i
		}
	}
	return len(text)
}

func (p *pattern) addStar() {
	if n := len(p.pieces); n == 0 || p.pieces[n-1].kind != pieceStar {
		p.pieces = append(p.pieces, piece{kind: pieceStar})
	}
}

// addText joins neighbouring literals: "a${*}b" is the one text "a*b".
func (p *pattern) addText(text string) {
	if n := len(p.pieces); n > 0 && p.pieces[n-1].kind == pieceText {
		p.pieces[n-1].text += text
		return
	}
	p.pieces = append(p.pieces, piece{kind: pieceText, text: text})
}

// addVariable reads what follows "${" and answers the text behind the "}".
func (p *pattern) addVariable(text string) (rest, reason string) {
	if len(text) >= 2 && text[1] == '}' && strings.IndexByte("*?$", text[0]) >= 0 {
		p.addText(text[:1])
		return text[2:], ""
	}
	v, rest, ok := readVariable(text)
	if !ok {
		return "", "policy variable is malformed: ${" + clip(text)
	}
	if len(p.variables) == maxVariables {
		return "", "too many policy variables in one string"
	}
	p.pieces = append(p.pieces, piece{kind: pieceVar, variable: len(p.variables)})
	p.variables = append(p.variables, v)
	return rest, ""
}

// readVariable reads `key}` or `key, 'default'}`.
func readVariable(text string) (v variable, rest string, ok bool) {
	end := strings.IndexAny(text, ",}")
	if end < 0 {
		return v, "", false
	}
	v.written = strings.TrimSpace(text[:end])
	v.key = KeyName(v.written)
	if !validKey(v.key) {
		return v, "", false
	}
	if text[end] == '}' {
		return v, text[end+1:], true
	}
	quoted := strings.TrimLeft(text[end+1:], " ")
	if !strings.HasPrefix(quoted, "'") {
		return v, "", false
	}
	fallback, after, closed := strings.Cut(quoted[1:], "'")
	after = strings.TrimLeft(after, " ")
	if !closed || !strings.HasPrefix(after, "}") {
		return v, "", false
	}
	v.fallback, v.hasDefault = fallback, true
	return v, after[1:], true
}

// validKey reports whether name can be a condition key: a vendor, a colon and
// something behind it, without the characters that delimit variables.
func validKey(name string) bool {
	vendor, rest, ok := strings.Cut(name, ":")
	return ok && vendor != "" && rest != "" && !strings.ContainsAny(name, "${}'*?")
}

func clip(text string) string {
	if len(text) <= 40 {
		return text
	}
	return strings.ToValidUTF8(text[:40], "") + "..."
}

// Quote answers text as it must be written in a policy of version 2012-10-17
// to mean exactly itself: a table named "f*" must not become a wildcard in a
// policy that a service writes for its caller.
func Quote(text string) string {
	return quoter.Replace(text)
}

var quoter = strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}")
