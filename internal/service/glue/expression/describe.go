package expression

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/bindery-project/bindery/internal/service/glue/partkey"
)

// manyPoints is how many values are named before the rest is counted.
const manyPoints = 5

// Bounds says in words to which values the filter holds a key: "= 2026",
// "in (1, 2, 3)", ">= 3 and < 5"; it is empty when every value may match. What it
// says is necessary for a match, and not always sufficient.
func (f *Filter) Bounds(key int, kind partkey.Kind) string {
	if f == nil {
		return ""
	}
	s := f.root.spans(key)
	switch {
	case s.isEverything():
		return ""
	case len(s) == 0:
		return "none"
	case s.points():
		return wordPoints(s, kind)
	}
	parts := make([]string, 0, len(s))
	for _, x := range s {
		parts = append(parts, x.words(kind))
	}
	return strings.Join(parts, ", or ")
}

func wordPoints(s spans, kind partkey.Kind) string {
	if len(s) == 1 {
		return "= " + literalOf(kind, s[0].lo)
	}
	var values []string
	for _, x := range s[:min(len(s), manyPoints)] {
		values = append(values, literalOf(kind, x.lo))
	}
	if more := len(s) - len(values); more > 0 {
		values = append(values, fmt.Sprintf("and %d more", more))
	}
	return "in (" + strings.Join(values, ", ") + ")"
}

// words names the ends of a span. An inclusive upper end and an exclusive lower
// one are stored as what follows the literal (partkey.After).
func (s span) words(kind partkey.Kind) string {
	if s.point {
		return "= " + literalOf(kind, s.lo)
	}
	var parts []string
	if len(s.lo) > 0 && !bytes.Equal(s.lo, valuesOnly.lo) {
		parts = append(parts, endOf(kind, s.lo, ">= ", "> "))
	}
	if len(s.hi) > 0 && !bytes.Equal(s.hi, valuesOnly.hi) {
		parts = append(parts, endOf(kind, s.hi, "< ", "<= "))
	}
	if len(parts) == 0 {
		return "any value"
	}
	return strings.Join(parts, " and ")
}

func endOf(kind partkey.Kind, c []byte, at, behind string) string {
	if text, ok := partkey.Tell(kind, c); ok {
		return at + quote(kind, text)
	}
	before := append([]byte(nil), c...)
	before[len(before)-1]--
	if text, ok := partkey.Tell(kind, before); ok {
		return behind + quote(kind, text)
	}
	if text, ok := partkey.TellPrefix(kind, c); ok {
		return at + quote(kind, text)
	}
	return at + "0x" + hex.EncodeToString(c)
}

func literalOf(kind partkey.Kind, c []byte) string {
	text, _ := partkey.Tell(kind, c)
	return quote(kind, text)
}

func quote(kind partkey.Kind, text string) string {
	if kind == partkey.Integer || kind == partkey.Decimal {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}
