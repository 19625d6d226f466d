package translate

import (
	"fmt"
	"strings"

	"github.com/bindery-project/bindery/internal/engine/analyze"
)

// hasParts says whether values of a type hold others, which may be NULL.
func hasParts(t *analyze.Type) bool {
	return t.Kind == analyze.Array || t.Kind == analyze.Map || t.Kind == analyze.Row
}

// partsEqual compares two arrays, maps or rows as Trino does: unknown when the
// parts that are known agree and one is NULL. DuckDB takes such NULLs for equal,
// and the entries of a map for a list.
func (p *printer) partsEqual(t *analyze.Type, left, right string) string {
	return p.let([]string{left, right}, func(a []string) string {
		known := a[0] + " IS NOT NULL AND " + a[1] + " IS NOT NULL"
		switch t.Kind { //nolint:exhaustive // the third, a row, follows
		case analyze.Array:
			return fmt.Sprintf("CASE WHEN len(%[1]s) <> len(%[2]s) THEN false WHEN %[3]s THEN %[4]s END",
				a[0], a[1], known, p.everyEqual(t.Elem(), "range(1, len("+a[0]+") + 1)", a[0]+"[%[1]s]", a[1]+"[%[1]s]"))
		case analyze.Map:
			keys := "map_keys(" + a[0] + ")"
			missing := fmt.Sprintf("len(list_filter(%s, lambda k: NOT map_contains(%s, k))) > 0", keys, a[1])
			return fmt.Sprintf("CASE WHEN cardinality(%[1]s) <> cardinality(%[2]s) OR %[5]s THEN false WHEN %[3]s THEN %[4]s END", a[0], a[1], known,
				p.everyEqual(t.Value(), keys, "map_extract_value("+a[0]+", %[1]s)", "map_extract_value("+a[1]+", %[1]s)"), missing)
		}
		fields := make([]string, len(t.Args))
		for i, f := range t.Args {
			name := "." + quoteName(t.FieldName(i))
			fields[i] = p.valuesEqual(f, a[0]+name, a[1]+name)
		}
		return "CASE WHEN " + known + " THEN " + strings.Join(fields, " AND ") + " END"
	})
}

// everyEqual joins by AND the comparisons that a list's elements stand for;
// left and right are formats with the place of the element.
func (p *printer) everyEqual(t *analyze.Type, list, left, right string) string {
	v := p.variable()
	equal := p.valuesEqual(t, fmt.Sprintf(left, v), fmt.Sprintf(right, v))
	return fmt.Sprintf("list_reduce(list_transform(%s, lambda %s: %s), lambda p, q: p AND q, true)", list, v, equal)
}

func (p *printer) valuesEqual(t *analyze.Type, left, right string) string {
	switch {
	case hasParts(t):
		return "(" + p.partsEqual(t, left, right) + ")"
	case t.Kind == analyze.TimestampTZ:
		return "(" + left + ".t = " + right + ".t)"
	case isFloat(t):
		return "(" + left + " = " + right + " AND NOT isnan(" + left + "))"
	}
	return "(" + left + " = " + right + ")"
}
