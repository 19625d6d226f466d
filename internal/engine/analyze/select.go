package analyze

import (
	"strings"

	"github.com/bindery-project/bindery/internal/engine/sql"
)

// selection is a Select under analysis: the tree, and for each output column
// where it came from, for messages and for ORDER BY.
type selection struct {
	tree   *Select
	source *scope
	fields []field // of FROM
	items  []item
}

// item is one output column before grouping rewrites it.
type item struct {
	name string
	expr Expr
	text sql.Node
}

// selectBody analyses a query specification with the ORDER BY that follows it.
func (a *analyzer) selectBody(out *Query, s *sql.Select, order []sql.SortItem, outer *scope) {
	saved := a.windows
	defer func() { a.windows = saved }()
	sel := &selection{tree: &Select{Distinct: s.Distinct}}
	sel.tree.From, sel.fields = a.from(s.From, outer)
	sel.source = &scope{fields: sel.fields, parent: outer}
	a.windows = namedWindows(s.Windows)
	if s.Where != nil {
		sel.tree.Where = a.condition(s.Where, sel.source, "WHERE clause")
	}
	a.items(sel, s)
	out.OrderBy = a.orderBy(sel, order)
	a.group(sel, s, out)
	for _, it := range sel.items {
		sel.tree.Items = append(sel.tree.Items, it.expr)
		out.Columns = append(out.Columns, OutputColumn{Name: it.name, Type: it.expr.Type()})
	}
	out.Body = sel.tree
	a.checkDistinct(sel, out, order)
}

func namedWindows(list []sql.NamedWindow) map[string]*sql.Window {
	windows := map[string]*sql.Window{}
	for _, w := range list {
		name := strings.ToLower(w.Name.Value)
		if windows[name] != nil {
			fail(w, "DUPLICATE_WINDOW_NAME", "WINDOW name '%s' specified more than once", w.Name.Value)
		}
		windows[name] = w.Window
	}
	return windows
}

// condition analyses an expression that must be boolean and plain.
func (a *analyzer) condition(e sql.Expr, sc *scope, clause string) Expr {
	x := a.expr(e, sc)
	a.onlyScalar(x, e, clause)
	return mustBeBoolean(x, e, clause)
}

func mustBeBoolean(x Expr, e sql.Expr, clause string) Expr {
	if !canCoerce(x.Type(), booleanType) {
		form := "%s must evaluate to a boolean (actual: %s)"
		if strings.HasPrefix(clause, "WHERE") || strings.HasPrefix(clause, "JOIN") {
			form = "%s must evaluate to a boolean: actual type %s"
		}
		fail(e, TypeMismatch, form, clause, x.Type())
	}
	return coerce(x, booleanType)
}

// onlyScalar refuses aggregates and windows where rows are not grouped yet.
func (a *analyzer) onlyScalar(x Expr, at sql.Node, clause string) {
	visitShallow(x, func(e Expr) {
		switch e.(type) {
		case *Aggregate, *Window, *groupingMark:
			fail(at, NotScalar, "%s cannot contain aggregations, window functions or grouping operations: [%s]", clause, sql.Format(at))
		}
	})
}

// visitShallow visits an expression without its subqueries.
func visitShallow(x Expr, f func(Expr)) {
	r := &rewriter{
		enter: func(e Expr) Expr {
			switch e.(type) {
			case *Subquery, *Exists, *groupingMark:
				f(e)
				return e
			}
			return nil
		},
		leave: func(e Expr) Expr { f(e); return e },
	}
	switch x := x.(type) {
	case *InQuery:
		f(x)
		r.expr(x.X)
	case *Quantified:
		f(x)
		r.expr(x.X)
	default:
		r.expr(x)
	}
}

// items analyses the SELECT list, opening stars.
func (a *analyzer) items(sel *selection, s *sql.Select) {
	for _, it := range s.Items {
		if it.Star {
			sel.items = append(sel.items, a.star(sel, it)...)
			a.checkWidth(it, len(sel.items))
			continue
		}
		sel.items = append(sel.items, item{name: itemName(it), expr: a.expr(it.Expr, sel.source), text: it.Expr})
	}
}

func itemName(it sql.SelectItem) string {
	if it.Alias != nil {
		return it.Alias.Value
	}
	switch e := it.Expr.(type) {
	case *sql.NameExpr:
		return e.Value
	case *sql.Dereference:
		return e.Field.Value
	}
	return ""
}

func (a *analyzer) star(sel *selection, it sql.SelectItem) []item {
	if it.Expr == nil {
		if sel.tree.From == nil {
			fail(it, MissingFrom, "SELECT * not allowed in queries without FROM clause")
		}
		return starItems(it, sel.fields)
	}
	if parts, ok := nameParts(it.Expr); ok {
		var found []field
		for _, f := range sel.fields {
			if hasSuffixFold(f.qualifier, parts) {
				found = append(found, f)
			}
		}
		if len(found) > 0 {
			return renameStar(it, starItems(it, found))
		}
	}
	return renameStar(it, a.rowStar(sel, it))
}

func starItems(it sql.SelectItem, fields []field) []item {
	items := make([]item, len(fields))
	for i, f := range fields {
		if f.unsupported != "" {
			fail(it, sql.NotSupported, "Unsupported column type: %s", f.unsupported)
		}
		items[i] = item{name: f.name, expr: f.expr, text: it}
	}
	return items
}

// rowStar opens the fields of a row: expr.*.
func (a *analyzer) rowStar(sel *selection, it sql.SelectItem) []item {
	x := a.expr(it.Expr, sel.source)
	if x.Type().Kind != Row {
		fail(it, TypeMismatch, "Expected expression of type row, but got %s", x.Type())
	}
	items := make([]item, len(x.Type().Args))
	for i, t := range x.Type().Args {
		items[i] = item{name: x.Type().Names[i], expr: &Field{typed: typedAt(t, it.Pos), X: x, Index: i}, text: it.Expr}
	}
	return items
}

func renameStar(it sql.SelectItem, items []item) []item {
	if it.Aliases == nil {
		return items
	}
	if len(it.Aliases) != len(items) {
		fail(it, MismatchedAliases, "Column alias list has %d entries but relation has %d columns", len(it.Aliases), len(items))
	}
	for i := range items {
		items[i].name = it.Aliases[i].Value
	}
	return items
}

// orderBy analyses ORDER BY, whose names mean output columns first and the
// columns of FROM second.
func (a *analyzer) orderBy(sel *selection, order []sql.SortItem) []SortKey {
	outputs := make([]field, 0, len(sel.items))
	for _, it := range sel.items {
		if it.name != "" {
			outputs = append(outputs, field{name: it.name, expr: it.expr})
		}
	}
	sc := &scope{fields: outputs, fallback: &scope{fields: sel.fields}, parent: sel.source.parent}
	all := make([]field, len(sel.items))
	for i, it := range sel.items {
		all[i] = field{name: it.name, expr: it.expr}
	}
	return a.sortKeysOver(order, sc, all)
}

// sortKeys analyses ORDER BY over the columns of a finished query.
func (a *analyzer) sortKeys(order []sql.SortItem, sc *scope, _ *Select, outputs []field) []SortKey {
	return a.sortKeysOver(order, sc, outputs)
}

func (a *analyzer) sortKeysOver(order []sql.SortItem, sc *scope, outputs []field) []SortKey {
	var keys []SortKey
	ring := keyring{}
	for _, o := range order {
		key := SortKey{Output: -1, Desc: o.Desc, NullsFirst: o.Nulls == "FIRST"}
		if n, ok := ordinal(o.Expr); ok {
			if n < 1 || n > int64(len(outputs)) {
				fail(o, InvalidColumnReference, "ORDER BY position %d is not in select list", n)
			}
			key.Output, key.Expr = int(n-1), outputs[n-1].expr
		} else {
			key.Expr = a.expr(o.Expr, sc)
			key.Output = outputIndex(ring, outputs, key.Expr)
		}
		if !key.Expr.Type().Orderable() {
			fail(o, TypeMismatch, "Type %s is not orderable, and therefore cannot be used in ORDER BY: %s", key.Expr.Type(), sql.Format(o.Expr))
		}
		keys = append(keys, key)
	}
	return keys
}

// outputIndex finds the output column equal to an expression, or -1.
func outputIndex(ring keyring, outputs []field, e Expr) int {
	want := ring.key(e)
	for i, f := range outputs {
		if ring.key(f.expr) == want {
			return i
		}
	}
	return -1
}

func ordinal(e sql.Expr) (int64, bool) {
	lit, ok := e.(*sql.NumberLiteral)
	if !ok || lit.Kind != sql.IntegerNumber {
		return 0, false
	}
	var n int64
	for _, c := range lit.Text {
		if n > 1<<40 {
			break
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

func (a *analyzer) checkDistinct(sel *selection, out *Query, order []sql.SortItem) {
	if !sel.tree.Distinct {
		return
	}
	for i, k := range out.OrderBy {
		if k.Output < 0 {
			fail(order[i], NotInDistinct, "For SELECT DISTINCT, ORDER BY expressions must appear in select list")
		}
	}
	for _, it := range sel.items {
		if !it.expr.Type().Comparable() {
			fail(it.text, TypeMismatch, "DISTINCT can only be applied to comparable types (actual: %s)", it.expr.Type())
		}
	}
}
