package expression

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind uint8

const (
	end      kind = iota
	word          // a key name or a keyword
	name          // a quoted key name, never a keyword
	text          // a literal in single quotes, unquoted
	number        // digits with an optional point and exponent
	operator      // comparison
	sign          // arithmetic: + - * / % ||
	open
	closing
	comma
)

type token struct {
	kind kind
	text string
}

// is reports whether the token is the keyword, in any letter case.
func (t token) is(keyword string) bool { return t.kind == word && strings.EqualFold(t.text, keyword) }

// lex cuts an expression into tokens. ok is false when a part of it is none.
func lex(s string) (tokens []token, ok bool) {
	for {
		s = strings.TrimLeft(s, " \t\r\n\f")
		if s == "" {
			return append(tokens, token{kind: end}), true
		}
		t, size := next(s)
		if size == 0 {
			return nil, false
		}
		tokens, s = append(tokens, t), s[size:]
	}
}

// symbols are tried in order, the longer ones first.
var symbols = []token{
	{operator, "<>"},
	{operator, "<="},
	{operator, ">="},
	{operator, "!="},
	{operator, "=="},
	{operator, "="},
	{operator, "<"},
	{operator, ">"},
	{open, "("},
	{closing, ")"},
	{comma, ","},
	{sign, "||"},
	{sign, "+"},
	{sign, "-"},
	{sign, "*"},
	{sign, "/"},
	{sign, "%"},
}

// next reads the token at the start of s and how many bytes it takes, 0 when there is none.
func next(s string) (token, int) {
	for _, t := range symbols {
		if strings.HasPrefix(s, t.text) {
			return t, len(t.text)
		}
	}
	switch c := s[0]; {
	case c == '\'':
		return quoted(s)
	case c == '"' || c == '`':
		if i := strings.IndexByte(s[1:], c); i > 0 {
			return token{name, s[1 : 1+i]}, i + 2
		}
		return token{}, 0
	case isDigit(c) || (c == '.' && len(s) > 1 && isDigit(s[1])):
		return numeral(s)
	}
	size := wordLength(s)
	return token{word, s[:size]}, size
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func wordLength(s string) int {
	for i, r := range s {
		if r != '_' && r != '$' && r != '#' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return i
		}
	}
	return len(s)
}

// numeral reads a number. Hive's suffixes (10L) make it none.
func numeral(s string) (token, int) {
	i := 0
	digits := func() {
		for i < len(s) && isDigit(s[i]) {
			i++
		}
	}
	digits()
	if i < len(s) && s[i] == '.' {
		i++
		digits()
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		at := i
		if i++; i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		begin := i
		if digits(); i == begin {
			i = at
		}
	}
	if r, _ := utf8.DecodeRuneInString(s[i:]); i < len(s) && wordLength(string(r)) > 0 {
		return token{}, 0
	}
	return token{number, s[:i]}, i
}

// quoted reads a text literal. Two quotes stand for one; so does a quote behind a
// backslash, which Hive's clients write, unless the literal would not end then.
func quoted(s string) (token, int) {
	if t, size := quotedBy(s, true); size > 0 {
		return t, size
	}
	return quotedBy(s, false)
}

func quotedBy(s string, backslash bool) (token, int) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && backslash && i+1 < len(s) && s[i+1] == '\'':
			b.WriteByte('\'')
			i++
		case c != '\'':
			b.WriteByte(c)
		case i+1 < len(s) && s[i+1] == '\'':
			b.WriteByte('\'')
			i++
		default:
			return token{text, b.String()}, i + 1
		}
	}
	return token{}, 0
}
