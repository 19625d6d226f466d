package sql

import (
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/engine/sql/textcase"
)

// TestDepthIsBounded feeds nesting of every kind and expects an error, not a crash.
func TestDepthIsBounded(t *testing.T) {
	const n = 100_000
	for name, text := range map[string]string{
		"parentheses": "SELECT " + strings.Repeat("(", n) + "1" + strings.Repeat(")", n),
		"queries":     strings.Repeat("(", n) + "SELECT 1" + strings.Repeat(")", n),
		"relations":   "SELECT * FROM " + strings.Repeat("(", n) + "t" + strings.Repeat(")", n),
		"not":         "SELECT " + strings.Repeat("NOT ", n/2) + "true",
		"minus":       "SELECT " + strings.Repeat("- ", n) + "1",
		"arrays":      "SELECT " + strings.Repeat("ARRAY[", n/4),
		"case":        "SELECT " + strings.Repeat("CASE ", n/2),
		"lambdas":     "SELECT " + strings.Repeat("x->", n/2),
		"types":       "SELECT CAST(1 AS " + strings.Repeat("array(", n/4),
		"explain":     strings.Repeat("EXPLAIN ", n/4) + "SELECT 1",
	} {
		_, err := Parse(text)
		if err == nil || !strings.Contains(err.Error(), "too large") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestLengthIsBounded(t *testing.T) {
	if _, err := Parse("SELECT '" + strings.Repeat("a", MaxQueryBytes) + "'"); err == nil {
		t.Error("a query beyond the limit was parsed")
	}
}

// FuzzParse checks that no text makes the parser panic, and that printing what
// was parsed is a fixed point.
func FuzzParse(f *testing.F) {
	for _, c := range textcase.Read(f, "testdata/parse.txt") {
		f.Add(c.Input)
	}
	f.Fuzz(func(t *testing.T, text string) {
		Classify(text)
		stmt, err := Parse(text)
		if err != nil {
			return
		}
		checkFixpoint(t, Format(stmt))
	})
}

func checkFixpoint(t *testing.T, once string) {
	t.Helper()
	if len(once) > MaxQueryBytes {
		return
	}
	again, err := Parse(once)
	if err != nil {
		if strings.Contains(err.Error(), "too large") {
			return
		}
		t.Fatalf("printed text does not parse: %v\n%s", err, once)
	}
	if twice := Format(again); twice != once {
		t.Fatalf("not a fixed point:\n%s\n%s", once, twice)
	}
}

// TestParse compares the canonical text, or the error, of each statement.
func TestParse(t *testing.T) {
	textcase.Run(t, "testdata/parse.txt", func(t *testing.T, input string) string {
		stmt, err := Parse(input)
		if err != nil {
			return err.Error()
		}
		once := Format(stmt)
		checkFixpoint(t, once)
		return once
	})
}

// TestClassify compares type, subtype and name of each statement.
func TestClassify(t *testing.T) {
	textcase.Run(t, "testdata/classify.txt", func(_ *testing.T, input string) string {
		k, ok := Classify(input)
		if !ok {
			return "unknown"
		}
		return string(k.Type) + " " + k.Substatement + " (" + k.Name + ")"
	})
}
