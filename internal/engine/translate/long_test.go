package translate

import (
	"strings"
	"testing"
	"time"
)

// TestLongStatements feeds statements as long as allowed that grow by repeating
// rather than by nesting. Each must end, translated or refused by name, in time.
func TestLongStatements(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"sum":     {"SELECT 1" + strings.Repeat("+1", 130_000), "too large"},
		"concat":  {"SELECT 'a'" + strings.Repeat("||'a'", 50_000), "too large"},
		"short":   {"SELECT 1" + strings.Repeat("+1", 900), ""},
		"or":      {"SELECT id FROM orders WHERE id=1" + strings.Repeat(" OR id=1", 30_000), ""},
		"union":   {"SELECT 1" + strings.Repeat(" UNION SELECT 1", 17_000), "too large"},
		"list":    {"SELECT 1 IN (1" + strings.Repeat(",1", 120_000) + ")", ""},
		"joins":   {"SELECT 1 FROM orders" + strings.Repeat(",orders", 30_000), "20000 columns"},
		"array":   {"SELECT ARRAY[1]" + strings.Repeat("[1]", 80_000), "too large"},
		"fields":  {"SELECT addr" + strings.Repeat(".x", 100_000) + " FROM orders", "too large"},
		"columns": {"WITH a0 AS (SELECT 1 AS x)" + doublings(30) + " SELECT * FROM a30", "20000 columns"},
		"keys":    {"SELECT " + strings.Repeat("id,", 20_000) + "id FROM orders GROUP BY id", ""},
		"items":   {"SELECT id" + strings.Repeat(",id", 10_000) + " FROM orders ORDER BY id", ""},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, _, err := translateText(c.text)
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %s", took)
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %.200v, want %q", err, c.want)
			}
		})
	}
}

// doublings writes WITH queries that each have twice the columns of the one before.
func doublings(n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		prev := "a" + string(rune('0'+(i-1)/10)) + string(rune('0'+(i-1)%10))
		if i == 1 {
			prev = "a0"
		}
		name := "a" + string(rune('0'+i/10)) + string(rune('0'+i%10))
		b.WriteString(", " + name + " AS (SELECT p.*, q.* FROM " + prev + " p, " + prev + " q)")
	}
	return b.String()
}
