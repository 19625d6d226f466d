package analyze

// rewriter replaces expressions bottom-up: leave sees each node after its
// children were replaced, and gives what stands in its place; enter may answer
// for a node before its children are visited. Subqueries are visited too.
type rewriter struct {
	enter func(Expr) Expr // non-nil answer replaces the node
	leave func(Expr) Expr
	named func(*Named) // sees the queries of each WITH passed
}

func (r *rewriter) expr(e Expr) Expr {
	if e == nil {
		return nil
	}
	if r.enter != nil {
		if found := r.enter(e); found != nil {
			return found
		}
	}
	out := r.children(e)
	if r.leave != nil {
		return r.leave(out)
	}
	return out
}

func (r *rewriter) list(exprs []Expr) []Expr {
	if exprs == nil {
		return nil
	}
	out := make([]Expr, len(exprs))
	for i, e := range exprs {
		out[i] = r.expr(e)
	}
	return out
}

// children copies a node with its children replaced.
func (r *rewriter) children(e Expr) Expr {
	switch e := e.(type) {
	case *Lambda:
		c := *e
		c.Body = r.expr(e.Body)
		return &c
	case *Call:
		c := *e
		c.Args = r.list(e.Args)
		return &c
	case *Cast:
		c := *e
		c.X = r.expr(e.X)
		return &c
	case *Case:
		c := *e
		c.Whens = make([]When, len(e.Whens))
		for i, w := range e.Whens {
			c.Whens[i] = When{r.expr(w.Cond), r.expr(w.Result)}
		}
		c.Else = r.expr(e.Else)
		return &c
	case *Field:
		c := *e
		c.X = r.expr(e.X)
		return &c
	case *Aggregate:
		return r.aggregate(e)
	case *Window:
		return r.window(e)
	}
	return r.subquery(e)
}

func (r *rewriter) subquery(e Expr) Expr {
	switch e := e.(type) {
	case *Subquery:
		c := *e
		c.Query = r.query(e.Query)
		return &c
	case *Exists:
		c := *e
		c.Query = r.query(e.Query)
		return &c
	case *InQuery:
		c := *e
		c.X, c.Query = r.expr(e.X), r.query(e.Query)
		return &c
	case *Quantified:
		c := *e
		c.X, c.Query = r.expr(e.X), r.query(e.Query)
		return &c
	}
	return e // literals, columns, variables
}

func (r *rewriter) aggregate(e *Aggregate) *Aggregate {
	c := *e
	c.Args, c.OrderBy, c.Filter = r.list(e.Args), r.keys(e.OrderBy), r.expr(e.Filter)
	return &c
}

func (r *rewriter) window(e *Window) *Window {
	c := *e
	if e.Agg != nil {
		c.Agg = r.aggregate(e.Agg)
	}
	c.Args, c.Partition, c.OrderBy = r.list(e.Args), r.list(e.Partition), r.keys(e.OrderBy)
	if e.Frame != nil {
		f := *e.Frame
		f.Start.Offset, f.End.Offset = r.expr(f.Start.Offset), r.expr(f.End.Offset)
		c.Frame = &f
	}
	return &c
}

func (r *rewriter) keys(keys []SortKey) []SortKey {
	out := make([]SortKey, len(keys))
	for i, k := range keys {
		out[i] = k
		out[i].Expr = r.expr(k.Expr)
	}
	return out
}

// query replaces the expressions of a query. The queries of WITH are shared
// and not visited: they cannot see the outside.
func (r *rewriter) query(q *Query) *Query {
	c := *q
	if r.named != nil {
		for _, n := range q.With {
			r.named(n)
		}
	}
	c.OrderBy = r.keys(q.OrderBy)
	switch b := q.Body.(type) {
	case *Select:
		s := *b
		s.Items, s.Where, s.Having = r.list(b.Items), r.expr(b.Where), r.expr(b.Having)
		s.From = r.relation(b.From)
		if b.Group != nil {
			s.Group = r.group(b.Group)
		}
		c.Body = &s
	case *SetOperation:
		s := *b
		s.Left, s.Right = r.query(b.Left), r.query(b.Right)
		c.Body = &s
	case *Values:
		rows := make([][]Expr, len(b.Rows))
		for i, row := range b.Rows {
			rows[i] = r.list(row)
		}
		c.Body = &Values{Rows: rows}
	}
	return &c
}

func (r *rewriter) group(g *Aggregation) *Aggregation {
	c := *g
	c.Keys = r.list(g.Keys)
	c.Aggs = make([]*Aggregate, len(g.Aggs))
	for i, a := range g.Aggs {
		c.Aggs[i] = r.aggregate(a)
	}
	return &c
}

func (r *rewriter) relation(rel Relation) Relation {
	switch rel := rel.(type) {
	case *Derived:
		c := *rel
		c.Query = r.query(rel.Query)
		return &c
	case *Join:
		c := *rel
		c.Left, c.Right, c.On = r.relation(rel.Left), r.relation(rel.Right), r.expr(rel.On)
		return &c
	case *Unnest:
		c := *rel
		c.Exprs = r.list(rel.Exprs)
		return &c
	}
	return rel
}

// visit calls f for every node of an expression, subqueries included.
func visit(e Expr, f func(Expr)) {
	r := &rewriter{leave: func(e Expr) Expr { f(e); return e }}
	r.expr(e)
}
