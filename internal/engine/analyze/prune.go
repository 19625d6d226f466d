package analyze

import "github.com/bindery-project/bindery/internal/engine/sql"

// prunePartitions finds, for every table, the conditions that any row it gives
// must meet, as far as they speak of its partition keys alone. A condition
// travels down through inner joins, the kept side of outer joins, subqueries,
// views, set operations and WITH queries read once; it stops at LIMIT and at
// window functions, below which it would change the result.
func prunePartitions(plan *Plan) {
	p := &pruner{seen: map[*Named]bool{}}
	p.query(plan.Query, 0, nil)
}

type pruner struct{ seen map[*Named]bool }

// query passes conditions over a query's output columns, which they name as
// columns of relation rel, down into it.
func (p *pruner) query(q *Query, rel int, conds []Expr) {
	for _, n := range q.With {
		if n.Uses != 1 {
			p.named(n, 0, nil)
		}
	}
	if q.Limit != nil || q.Offset != nil {
		conds = nil
	}
	for _, k := range q.OrderBy {
		p.subqueries(k.Expr)
	}
	switch b := q.Body.(type) {
	case *Select:
		p.selection(b, rel, conds)
	case *SetOperation:
		p.query(b.Left, rel, conds)
		p.query(b.Right, rel, conds)
	case *Values:
		for _, row := range b.Rows {
			p.subqueries(row...)
		}
	}
}

func (p *pruner) named(n *Named, rel int, conds []Expr) {
	if p.seen[n] {
		return
	}
	p.seen[n] = true
	p.query(n.Query, rel, conds)
}

func (p *pruner) selection(s *Select, rel int, conds []Expr) {
	p.subqueries(s.Items...)
	p.subqueries(s.Where, s.Having)
	if hasWindow(s.Items) {
		conds = nil
	}
	conds = substitute(conds, rel, s.Items)
	if s.Group != nil {
		p.subqueries(s.Group.Keys...)
		conds = append(conds, conjuncts(s.Having)...)
		conds = overKeys(conds, s.Group)
	}
	if s.From != nil {
		p.relation(s.From, append(conds, conjuncts(s.Where)...))
	}
}

func hasWindow(items []Expr) bool {
	found := false
	for _, e := range items {
		visitShallow(e, func(e Expr) {
			if _, ok := e.(*Window); ok {
				found = true
			}
		})
	}
	return found
}

// overKeys keeps the conditions on grouping keys, written over what the keys
// are. With several grouping sets a key may be NULL where its column is not.
func overKeys(conds []Expr, g *Aggregation) []Expr {
	if g.Sets != nil || len(g.Keys) == 0 {
		return nil
	}
	var out []Expr
	for _, c := range conds {
		onlyKeys := true
		visit(c, func(e Expr) {
			if col, ok := e.(*Column); ok && col.Rel == g.ID && col.Index >= len(g.Keys) {
				onlyKeys = false
			}
		})
		if onlyKeys {
			out = append(out, c)
		}
	}
	return substitute(out, g.ID, g.Keys)
}

// substitute replaces columns of a relation by the expressions they are.
func substitute(conds []Expr, rel int, items []Expr) []Expr {
	r := &rewriter{enter: func(e Expr) Expr {
		if c, ok := e.(*Column); ok && c.Rel == rel && c.Index < len(items) {
			return items[c.Index]
		}
		return nil
	}}
	return append([]Expr(nil), r.list(conds)...)
}

// conjuncts splits a condition at its ANDs.
func conjuncts(e Expr) []Expr {
	if e == nil {
		return nil
	}
	c, ok := e.(*Call)
	if !ok || c.Name != "and" {
		return []Expr{e}
	}
	var out []Expr
	for _, arg := range c.Args {
		out = append(out, conjuncts(arg)...)
	}
	return out
}

func (p *pruner) relation(r Relation, conds []Expr) {
	switch r := r.(type) {
	case *Scan:
		for _, c := range conds {
			r.Table.Partitions.add(r.Table, c)
		}
	case *Derived:
		p.query(r.Query, r.ID, conds)
	case *NamedScan:
		if r.Named.Uses == 1 {
			p.named(r.Named, r.ID, conds)
		}
	case *Join:
		p.join(r, conds)
	case *Unnest:
		p.subqueries(r.Exprs...)
	}
}

// join passes conditions to the sides that the join does not fill with NULLs,
// and its own condition to the sides it filters.
func (p *pruner) join(j *Join, conds []Expr) {
	p.subqueries(j.On)
	on := conjuncts(j.On)
	left, right := conds, conds
	switch j.Kind {
	case sql.InnerJoin, sql.CrossJoin:
		left = append(conds[:len(conds):len(conds)], on...)
		right = left
	case sql.LeftJoin:
		right = on
	case sql.RightJoin:
		left = on
	case sql.FullJoin:
		left, right = nil, nil
	}
	p.relation(j.Left, left)
	p.relation(j.Right, right)
}

// subqueries visits the queries inside expressions; they get no conditions.
func (p *pruner) subqueries(exprs ...Expr) {
	r := &rewriter{enter: func(e Expr) Expr {
		switch e := e.(type) {
		case *Subquery:
			p.query(e.Query, 0, nil)
			return e
		case *Exists:
			p.query(e.Query, 0, nil)
			return e
		case *InQuery:
			p.query(e.Query, 0, nil)
			return e
		case *Quantified:
			p.query(e.Query, 0, nil)
			return e
		}
		return nil
	}}
	for _, e := range exprs {
		r.expr(e)
	}
}
