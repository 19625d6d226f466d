package arn

import (
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// Fold maps a catalog name to the lower case under which it is stored, named in
// ARNs and compared. It is the full Unicode mapping without a locale, as Java's
// String.toLowerCase(Locale.ROOT), which the Hive-shaped clients apply before
// they ask: "İ" becomes "i̇" (two runes), and a capital sigma at the end of a word
// becomes "ς". Fold(Fold(s)) == Fold(s). A name of ASCII in lower case is
// returned as it is, without allocation.
//
// Whether a sigma ends a word is decided by the Unicode Final_Sigma rule; Java
// asks its own word breaker, so a sigma after a digit or an underscore may differ.
func Fold(name string) string {
	upper := false
	for i := range len(name) {
		c := name[i]
		if c >= 0x80 {
			// A Caser may hold state, so each call makes its own.
			return cases.Lower(language.Und).String(name)
		}
		upper = upper || 'A' <= c && c <= 'Z'
	}
	if !upper {
		return name
	}
	return foldASCII(name)
}

func foldASCII(name string) string {
	out := []byte(name)
	for i, c := range out {
		if 'A' <= c && c <= 'Z' {
			out[i] = c + 'a' - 'A'
		}
	}
	return string(out)
}
