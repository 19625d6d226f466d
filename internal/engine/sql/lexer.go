package sql

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is the class of a token.
type kind uint8

const (
	tokEOF kind = iota
	tokWord
	tokQuoted
	tokBackquoted
	tokDigitWord
	tokString
	tokUnicodeString
	tokBinary
	tokInteger
	tokDecimal
	tokDouble
	tokSymbol
	tokUnknown
)

// token is one lexical unit. text is as written; word is its upper-case form
// for words (keywords are not reserved here, the parser decides), and the
// unquoted value for quoted tokens.
type token struct {
	kind kind
	text string
	word string
	pos  Pos
	end  int
}

// lexer walks the text once. It never fails: what is no token becomes
// tokUnknown, and the parser reports it as mismatched input, as the engine does.
type lexer struct {
	src    string
	off    int
	line   int
	column int
}

// tokenize gives all tokens of the text; the last one is tokEOF.
func tokenize(src string) []token {
	lx := &lexer{src: src, line: 1, column: 1}
	tokens := make([]token, 0, len(src)/4+2)
	for {
		t := lx.next()
		tokens = append(tokens, t)
		if t.kind == tokEOF {
			return tokens
		}
	}
}

func (lx *lexer) pos() Pos { return Pos{Line: lx.line, Column: lx.column, Offset: lx.off} }

// advance moves over n bytes and keeps line and column right.
func (lx *lexer) advance(n int) {
	end := lx.off + n
	for lx.off < end {
		r, size := utf8.DecodeRuneInString(lx.src[lx.off:])
		lx.off += size
		lx.column++
		if r == '\n' {
			lx.line++
			lx.column = 1
		}
	}
}

// peek gives the byte n places ahead, or 0 at the end.
func (lx *lexer) peek(n int) byte {
	if lx.off+n >= len(lx.src) {
		return 0
	}
	return lx.src[lx.off+n]
}

func (lx *lexer) next() token {
	lx.skipBlanks()
	start := lx.pos()
	if lx.off >= len(lx.src) {
		return token{kind: tokEOF, text: "<EOF>", pos: start, end: lx.off}
	}
	k, word, size := lx.scan()
	text := lx.src[lx.off : lx.off+size]
	lx.advance(size)
	if k == tokWord {
		word = strings.ToUpper(text)
	}
	return token{kind: k, text: text, word: word, pos: start, end: lx.off}
}

// skipBlanks passes white space, "-- line" and "/* block */" comments.
func (lx *lexer) skipBlanks() {
	for lx.off < len(lx.src) {
		rest := lx.src[lx.off:]
		switch {
		case strings.HasPrefix(rest, "--"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			lx.advance(n)
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				return
			}
			lx.advance(n + 4)
		default:
			r, size := utf8.DecodeRuneInString(rest)
			if !unicode.IsSpace(r) {
				return
			}
			lx.advance(size)
		}
	}
}

// scan classifies the token at the cursor and gives its value and byte size.
func (lx *lexer) scan() (kind, string, int) {
	c, next := lx.peek(0), lx.peek(1)
	switch {
	case c == '\'':
		return lx.quoted(0, '\'', tokString)
	case c == '"':
		return lx.quoted(0, '"', tokQuoted)
	case c == '`':
		return lx.quoted(0, '`', tokBackquoted)
	case (c == 'x' || c == 'X') && next == '\'':
		return lx.quoted(1, '\'', tokBinary)
	case (c == 'u' || c == 'U') && next == '&' && lx.peek(2) == '\'':
		return lx.quoted(2, '\'', tokUnicodeString)
	case isDigit(c) || c == '.' && isDigit(next):
		return lx.number()
	}
	if n := lx.wordSize(); n > 0 {
		return tokWord, "", n
	}
	return lx.symbol()
}

// quoted reads from an opening quote at offset skip to its closing one; a
// doubled quote stands for itself.
func (lx *lexer) quoted(skip int, quote byte, k kind) (kind, string, int) {
	rest := lx.src[lx.off+skip+1:]
	var value strings.Builder
	for i := 0; i < len(rest); i++ {
		if rest[i] != quote {
			value.WriteByte(rest[i])
			continue
		}
		if i+1 < len(rest) && rest[i+1] == quote {
			value.WriteByte(quote)
			i++
			continue
		}
		return k, value.String(), skip + i + 2
	}
	return tokUnknown, "", len(lx.src) - lx.off
}

func (lx *lexer) number() (kind, string, int) {
	rest := lx.src[lx.off:]
	i := digits(rest, 0)
	k := tokInteger
	if i < len(rest) && rest[i] == '.' {
		k = tokDecimal
		i = digits(rest, i+1)
	}
	if j := exponent(rest, i); j > i {
		return tokDouble, rest[:j], j
	}
	if k == tokInteger && i < len(rest) && isWordByte(rest[i]) {
		j := i
		for j < len(rest) && isWordByte(rest[j]) {
			j++
		}
		return tokDigitWord, rest[:j], j
	}
	return k, rest[:i], i
}

// digits gives the index after the digits (and underscores between them) at i.
func digits(s string, i int) int {
	for i < len(s) && (isDigit(s[i]) || s[i] == '_' && i > 0 && isDigit(s[i-1]) && i+1 < len(s) && isDigit(s[i+1])) {
		i++
	}
	return i
}

// exponent gives the index after an exponent at i, or i when there is none.
func exponent(s string, i int) int {
	if i >= len(s) || s[i] != 'e' && s[i] != 'E' {
		return i
	}
	j := i + 1
	if j < len(s) && (s[j] == '+' || s[j] == '-') {
		j++
	}
	if end := digits(s, j); end > j {
		return end
	}
	return i
}

// wordSize measures an unquoted identifier; letters beyond ASCII are allowed
// because clients use multi-byte names.
func (lx *lexer) wordSize() int {
	n := 0
	for _, r := range lx.src[lx.off:] {
		first := r == '_' || unicode.IsLetter(r)
		if !first && (n == 0 || r != '@' && r != '$' && !unicode.IsDigit(r) && !unicode.IsMark(r)) {
			break
		}
		if r == utf8.RuneError {
			break
		}
		n += utf8.RuneLen(r)
	}
	return n
}

var longSymbols = []string{"<>", "!=", "<=", ">=", "||", "->", "=>"}

func (lx *lexer) symbol() (kind, string, int) {
	rest := lx.src[lx.off:]
	for _, s := range longSymbols {
		if strings.HasPrefix(rest, s) {
			return tokSymbol, s, len(s)
		}
	}
	if strings.IndexByte("()[],.+-*/%=<>?:;{}", rest[0]) >= 0 {
		return tokSymbol, rest[:1], 1
	}
	_, size := utf8.DecodeRuneInString(rest)
	return tokUnknown, rest[:size], size
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordByte(c byte) bool {
	return c == '_' || isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
