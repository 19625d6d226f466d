package op

import (
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

// Pattern is a model's string pattern, compiled at its first use. The whole
// string must match, as AWS's services demand.
type Pattern struct {
	Expr string // RE2

	once sync.Once
	re   *regexp.Regexp
}

// Match reports whether the whole of s matches.
func (p *Pattern) Match(s string) bool {
	p.once.Do(func() { p.re = regexp.MustCompile(`\A(?:` + p.Expr + `)\z`) })
	return p.re.MatchString(s)
}

// The functions below stand for patterns that RE2 cannot express, or that are
// checked on nearly every name and so deserve a loop. The overlay of each
// service says which pattern means which function.

// SingleLine matches names and short texts: tab and printable code points.
func SingleLine(s string) bool { return plainText(s, "") }

// MultiLine is [SingleLine] with carriage return and line feed.
func MultiLine(s string) bool { return plainText(s, "\r\n") }

// CarriageReturn is [SingleLine] with carriage return (grok patterns).
func CarriageReturn(s string) bool { return plainText(s, "\r") }

// TextAndSpace is [SingleLine] with every white space of Java's \s.
func TextAndSpace(s string) bool { return plainText(s, "\r\n\v\f") }

// TextAndFeeds is [SingleLine] with vertical tab and form feed.
func TextAndFeeds(s string) bool { return plainText(s, "\v\f") }

// XMLText matches what an XML 1.0 document may hold, the C1 controls but
// U+0085 excepted. At least one code point is needed.
func XMLText(s string) bool {
	for _, r := range s {
		if r >= 0x7F && r <= 0x9F && r != 0x85 {
			return false
		}
	}
	return s != "" && plainText(s, "\r\n")
}

// plainText reports whether s is valid UTF-8 of tab, the code points from
// U+0020 on but U+FFFE and U+FFFF, and the extra control characters.
func plainText(s, extra string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' && c != '\t' && strings.IndexByte(extra, c) < 0 {
			return false
		}
	}
	return utf8.ValidString(s) && !strings.Contains(s, "\uFFFE") && !strings.Contains(s, "\uFFFF")
}

// CatalogName matches names of catalogs: no dot, slash or backslash, and not
// beginning with "aws:".
func CatalogName(s string) bool {
	return !strings.HasPrefix(s, "aws:") && !strings.ContainsAny(s, `./\`+lineBreaks)
}

// NotebookName is a non-empty [SingleLine] without slash, colon or backslash.
func NotebookName(s string) bool {
	return s != "" && !strings.ContainsAny(s, `/:\`) && SingleLine(s)
}

// AccountAlias matches account aliases: 3 to 63 lower-case letters, digits
// and hyphens, with no hyphen at an end or beside another.
func AccountAlias(s string) bool {
	if len(s) < 3 || len(s) > 63 || strings.Contains(s, "--") || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// AssetTypeName matches identifiers: word characters that begin with a
// letter, or with an underscore when a letter or digit follows somewhere.
func AssetTypeName(s string) bool {
	seen := false
	for i := range len(s) {
		c := s[i]
		letterOrDigit := c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		if !letterOrDigit && c != '_' {
			return false
		}
		seen = seen || letterOrDigit
	}
	return seen && (s[0] < '0' || s[0] > '9')
}

// lineBreaks are the characters that a dot of a Java pattern does not match.
const lineBreaks = "\n\r\u0085\u2028\u2029"
