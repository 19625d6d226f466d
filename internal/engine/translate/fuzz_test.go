package translate

import (
	"strings"
	"testing"

	athena "github.com/bindery-project/bindery/internal/engine/sql"
	"github.com/bindery-project/bindery/internal/engine/sql/textcase"
)

// FuzzTranslate checks that no statement makes analysis or translation panic,
// and that the canonical text of a statement means the same as its own text.
func FuzzTranslate(f *testing.F) {
	for _, path := range corpus {
		for _, c := range textcase.Read(f, path) {
			f.Add(c.Input)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		stmt, err := athena.Parse(text)
		if err != nil {
			return
		}
		if _, isQuery := stmt.(*athena.QueryStatement); !isQuery {
			return
		}
		_, once, err := translateText(text)
		canonical := athena.Format(stmt)
		if len(canonical) > athena.MaxQueryBytes || err != nil {
			return
		}
		_, twice, err := translateText(canonical)
		if err != nil && strings.Contains(err.Error(), "too large") {
			return // the canonical text has more parentheses
		}
		if err != nil || once != twice {
			t.Fatalf("canonical text differs: %v\n%s\n%s\n%s", err, canonical, once, twice)
		}
	})
}
