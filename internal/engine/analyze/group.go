package analyze

import (
	"github.com/bindery-project/bindery/internal/engine/sql"
)

// groupingMark is GROUPING(a, b) before grouping resolves it.
type groupingMark struct {
	typed
	Args []Expr
}

// maxGroupingSets is the engine's bound on grouping sets.
const maxGroupingSets = 2048

// group decides whether a selection aggregates, and if so makes everything
// after the grouping read the grouping's columns.
func (a *analyzer) group(sel *selection, s *sql.Select, out *Query) {
	having := a.having(sel, s)
	if s.GroupBy == nil && having == nil && !aggregates(sel, out.OrderBy) {
		return
	}
	g := &grouping{a: a, agg: &Aggregation{ID: a.nextRelation()}, local: map[int]bool{}, index: map[string]int{}, ring: keyring{}, aggs: map[string]int{}}
	collectRelations(sel.tree.From, g.local)
	if s.GroupBy != nil {
		g.keys(sel, s.GroupBy)
	}
	sel.tree.Group = g.agg
	for i := range sel.items {
		g.at = sel.items[i].text
		sel.items[i].expr = g.rewrite(sel.items[i].expr)
	}
	if having != nil {
		g.at = s.Having
		sel.tree.Having = g.rewrite(having)
	}
	for i := range out.OrderBy {
		out.OrderBy[i].Expr = g.rewrite(out.OrderBy[i].Expr)
	}
	g.placeMarks(sel, out)
}

func (a *analyzer) having(sel *selection, s *sql.Select) Expr {
	if s.Having == nil {
		return nil
	}
	x := a.expr(s.Having, sel.source)
	visitShallow(x, func(e Expr) {
		if _, ok := e.(*Window); ok {
			fail(s.Having, NestedWindow, "HAVING clause cannot contain window functions or row pattern measures")
		}
	})
	return mustBeBoolean(x, s.Having, "HAVING clause")
}

// aggregates says whether any output or sort key aggregates. Inside a window's
// own function it does not count, but in its arguments it does.
func aggregates(sel *selection, order []SortKey) bool {
	found := false
	check := func(e Expr) {
		switch e.(type) {
		case *Aggregate, *groupingMark:
			found = true
		}
	}
	for _, it := range sel.items {
		visitShallow(it.expr, check)
	}
	for _, k := range order {
		visitShallow(k.Expr, check)
	}
	return found
}

// collectRelations notes the numbers of the relations that a FROM makes.
func collectRelations(r Relation, into map[int]bool) {
	switch r := r.(type) {
	case *Scan:
		into[r.ID] = true
	case *Derived:
		into[r.ID] = true
	case *NamedScan:
		into[r.ID] = true
	case *Unnest:
		into[r.ID] = true
	case *Sequence:
		into[r.ID] = true
	case *Join:
		collectRelations(r.Left, into)
		collectRelations(r.Right, into)
	}
}

// grouping builds an Aggregation and rewrites expressions onto it.
type grouping struct {
	a     *analyzer
	agg   *Aggregation
	local map[int]bool
	index map[string]int // key text -> column
	marks []*groupingMark
	ring  keyring
	aggs  map[string]int // aggregate key -> place among the aggregates
	at    sql.Node       // what to name in messages
}

// keys analyses GROUP BY. Ordinals name output columns.
func (g *grouping) keys(sel *selection, by *sql.GroupBy) {
	sets := [][]int{{}}
	plain := true
	for _, el := range by.Elements {
		elementSets := g.elementSets(sel, el)
		plain = plain && el.Kind == sql.SimpleGroup
		var product [][]int
		for _, left := range sets {
			for _, right := range elementSets {
				product = append(product, append(left[:len(left):len(left)], right...))
			}
		}
		if sets = product; len(sets) > maxGroupingSets {
			fail(by, "TOO_MANY_GROUPING_SETS", "GROUP BY has more than %d grouping sets", maxGroupingSets)
		}
	}
	if by.Distinct {
		sets = distinctSets(sets)
	}
	if !plain || len(g.agg.Keys) == 0 {
		g.agg.Sets = sets
	}
}

func (g *grouping) elementSets(sel *selection, el sql.GroupingElement) [][]int {
	parts := make([][]int, len(el.Sets))
	for i, set := range el.Sets {
		parts[i] = []int{}
		for _, e := range set {
			parts[i] = append(parts[i], g.key(sel, e))
		}
	}
	switch el.Kind {
	case sql.RollupGroup:
		return rollup(parts)
	case sql.CubeGroup:
		return cube(el, parts)
	case sql.SimpleGroup, sql.GroupingSets:
	}
	return parts
}

func rollup(parts [][]int) [][]int {
	var sets [][]int
	for n := len(parts); n >= 0; n-- {
		set := []int{}
		for _, p := range parts[:n] {
			set = append(set, p...)
		}
		sets = append(sets, set)
	}
	return sets
}

func cube(at sql.Node, parts [][]int) [][]int {
	if len(parts) > 11 {
		fail(at, "TOO_MANY_GROUPING_SETS", "GROUP BY has more than %d grouping sets", maxGroupingSets)
	}
	var sets [][]int
	for mask := 1<<len(parts) - 1; mask >= 0; mask-- {
		set := []int{}
		for i, p := range parts {
			if mask&(1<<(len(parts)-1-i)) != 0 {
				set = append(set, p...)
			}
		}
		sets = append(sets, set)
	}
	return sets
}

func distinctSets(sets [][]int) [][]int {
	seen := map[string]bool{}
	var out [][]int
	for _, set := range sets {
		mask := make([]byte, 0, len(set))
		present := map[int]bool{}
		for _, k := range set {
			present[k] = true
		}
		for k := range 256 {
			if present[k] {
				mask = append(mask, byte(k))
			}
		}
		if !seen[string(mask)] {
			seen[string(mask)] = true
			out = append(out, set)
		}
	}
	return out
}

// key adds a grouping key, once, and gives its index.
func (g *grouping) key(sel *selection, e sql.Expr) int {
	var x Expr
	if n, ok := ordinal(e); ok {
		if n < 1 || n > int64(len(sel.items)) {
			fail(e, InvalidColumnReference, "GROUP BY position %d is not in select list", n)
		}
		x = sel.items[n-1].expr
	} else {
		x = g.a.expr(e, sel.source)
	}
	g.a.onlyScalar(x, e, "GROUP BY clause")
	if !x.Type().Comparable() {
		fail(e, TypeMismatch, "%s is not comparable, and therefore cannot be used in GROUP BY", x.Type())
	}
	text := exprKey(x)
	if i, found := g.index[text]; found {
		return i
	}
	i := len(g.agg.Keys)
	g.agg.Keys = append(g.agg.Keys, x)
	g.index[text] = i
	return i
}

// rewrite makes an expression read the grouping's columns: keys, aggregates
// and grouping marks. Another column of FROM is an error.
func (g *grouping) rewrite(e Expr) Expr {
	r := &rewriter{enter: func(x Expr) Expr {
		if lit, ok := x.(*Literal); ok {
			return lit
		}
		if i, found := g.index[g.ring.key(x)]; found {
			return &Column{typed: typedAt(x.Type(), x.Position()), Rel: g.agg.ID, Index: i}
		}
		switch x := x.(type) {
		case *Aggregate:
			return g.aggregate(x)
		case *groupingMark:
			g.marks = append(g.marks, x)
			return x
		case *Column:
			if g.local[x.Rel] {
				fail(g.at, NotAggregate, "'%s' must be an aggregate expression or appear in GROUP BY clause", describe(g.at))
			}
		}
		return nil
	}}
	return r.expr(e)
}

// describe prints an expression as the engine does in this message.
func describe(n sql.Node) string {
	switch e := n.(type) {
	case *sql.Binary, *sql.Comparison, *sql.Logical:
		return "(" + sql.Format(e) + ")"
	case sql.SelectItem:
		if e.Expr == nil {
			return "*"
		}
		return sql.Format(e.Expr) + ".*"
	}
	return sql.Format(n)
}

// aggregate adds an aggregate, once. Its column's place is known only when all
// keys are, so it counts from the end of the keys, which are complete here.
func (g *grouping) aggregate(x *Aggregate) Expr {
	want := g.ring.key(x)
	if i, found := g.aggs[want]; found {
		return g.column(x, len(g.agg.Keys)+i)
	}
	g.aggs[want] = len(g.agg.Aggs)
	g.agg.Aggs = append(g.agg.Aggs, x)
	return g.column(x, len(g.agg.Keys)+len(g.agg.Aggs)-1)
}

func (g *grouping) column(x Expr, index int) Expr {
	return &Column{typed: typedAt(x.Type(), x.Position()), Rel: g.agg.ID, Index: index}
}

// placeMarks gives each GROUPING(…) its column, behind the aggregates.
func (g *grouping) placeMarks(sel *selection, out *Query) {
	if len(g.marks) == 0 {
		return
	}
	place := func(e Expr) Expr {
		r := &rewriter{enter: func(x Expr) Expr {
			mark, ok := x.(*groupingMark)
			if !ok {
				return nil
			}
			g.agg.Marks = append(g.agg.Marks, g.markKeys(mark))
			return g.column(mark, len(g.agg.Keys)+len(g.agg.Aggs)+len(g.agg.Marks)-1)
		}}
		return r.expr(e)
	}
	for i := range sel.items {
		sel.items[i].expr = place(sel.items[i].expr)
	}
	sel.tree.Having = place(sel.tree.Having)
	for i := range out.OrderBy {
		out.OrderBy[i].Expr = place(out.OrderBy[i].Expr)
	}
}

func (g *grouping) markKeys(mark *groupingMark) []int {
	var keys []int
	for _, arg := range mark.Args {
		i, found := g.index[exprKey(arg)]
		if !found {
			fail(mark, InvalidArguments, "The arguments to GROUPING() must be expressions referenced by the GROUP BY at %d:%d",
				mark.Line, mark.Column)
		}
		keys = append(keys, i)
	}
	return keys
}
