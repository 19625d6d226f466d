package op_test

import (
	"testing"

	"github.com/bindery-project/bindery/internal/op"
)

// TestPatternFunctions holds what the Java patterns they stand for accept.
func TestPatternFunctions(t *testing.T) {
	for _, c := range []struct {
		name    string
		match   op.PatternFunc
		accepts []string
		refuses []string
	}{
		{
			"SingleLine", op.SingleLine,
			[]string{"", "a b\tc", "日本", "😀", "\u0085", "\uFFFD", "~\u007f"},
			[]string{"a\nb", "a\rb", "\x00", "\x1f", "\uFFFE", "\uFFFF", "\xff", "\xed\xa0\x80"},
		},
		{"MultiLine", op.MultiLine, []string{"", "a\r\nb\t"}, []string{"\v", "\x00", "\xff"}},
		{"CarriageReturn", op.CarriageReturn, []string{"a\rb"}, []string{"a\nb", "\f"}},
		{"TextAndSpace", op.TextAndSpace, []string{"a\n\r\v\f\t b"}, []string{"\x1c", "\xff"}},
		{"TextAndFeeds", op.TextAndFeeds, []string{"\v\f\t"}, []string{"\n", "\r"}},
		{"XMLText", op.XMLText, []string{"a", "\t\r\n", "\u0085", "\u00a0", "😀"}, []string{"", "\u007f", "\u0080", "\u009f", "\x01"}},
		{"CatalogName", op.CatalogName, []string{"", "a", "my:aws"}, []string{"aws:x", "a.b", "a/b", `a\b`, "a\nb"}},
		{"NotebookName", op.NotebookName, []string{"a b", "日"}, []string{"", "a/b", "a:b", `a\b`, "a\n"}},
		{
			"AccountAlias", op.AccountAlias,
			[]string{"abc", "a-b", "a1-2-b"},
			[]string{"", "ab", "-ab", "ab-", "a--b", "Abc", "a_b", string(make([]byte, 64))},
		},
		{"AssetTypeName", op.AssetTypeName, []string{"a", "_a", "__9", "a_1"}, []string{"", "_", "__", "1a", "a-b"}},
	} {
		for _, s := range c.accepts {
			if !c.match(s) {
				t.Errorf("%s refuses %q", c.name, s)
			}
		}
		for _, s := range c.refuses {
			if c.match(s) {
				t.Errorf("%s accepts %q", c.name, s)
			}
		}
	}
}

// TestPattern matches the whole string, as AWS's services do.
func TestPattern(t *testing.T) {
	p := op.Pattern{Expr: `^$|arn:aws:kms:.*`}
	for s, want := range map[string]bool{"": true, "arn:aws:kms:x": true, "xarn:aws:kms:x": false, "arn:aws:kms:x\n": false} {
		if p.Match(s) != want {
			t.Errorf("match %q = %t", s, !want)
		}
	}
}

func BenchmarkSingleLine(b *testing.B) {
	for b.Loop() {
		if !op.SingleLine("sales_orders_2024_partitioned") {
			b.Fatal("refused")
		}
	}
}
