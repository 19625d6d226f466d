package sql

// startsQuery says whether the cursor is on a word that can only begin a query.
func (p *parser) startsQuery() bool {
	return p.isWord("SELECT") || p.isWord("WITH") || p.isWord("VALUES") || p.isWord("TABLE") && p.ahead(1).text != "("
}

// query reads [WITH …] body [ORDER BY] [OFFSET] [LIMIT|FETCH].
func (p *parser) query() *Query {
	defer p.nest()()
	q := &Query{Pos: p.pos()}
	if p.isWord("WITH") {
		q.With = p.with()
	}
	q.Body = p.bodyFrom(p.bodyTerm())
	p.queryTail(q)
	return q
}

// continueQuery reads the rest of a query whose first term was already read as
// a query in parentheses.
func (p *parser) continueQuery(first *Subquery) *Query {
	q := &Query{Pos: first.Pos}
	q.Body = p.bodyFrom(p.intersections(first))
	p.queryTail(q)
	return q
}

// continuesQuery says whether the cursor is on a word that can follow a query
// in parentheses only if it is itself part of a query.
func (p *parser) continuesQuery() bool {
	for _, w := range []string{"UNION", "INTERSECT", "EXCEPT", "ORDER", "OFFSET", "LIMIT", "FETCH"} {
		if p.isWord(w) {
			return true
		}
	}
	return false
}

func (p *parser) queryTail(q *Query) {
	if p.acceptWords("ORDER", "BY") {
		q.OrderBy = p.sortItems()
	}
	if p.accept("OFFSET") {
		q.Offset = p.rowCount()
		_ = p.accept("ROW") || p.accept("ROWS")
	}
	switch {
	case p.accept("LIMIT"):
		if !p.accept("ALL") {
			q.Limit = p.rowCount()
		}
		p.lateOffset(q)
	case p.accept("FETCH"):
		p.fetch(q)
	}
}

// lateOffset accepts OFFSET after LIMIT, which the service tolerates although
// its grammar has OFFSET first.
func (p *parser) lateOffset(q *Query) {
	if q.Offset == nil && p.accept("OFFSET") {
		q.Offset = p.rowCount()
		_ = p.accept("ROW") || p.accept("ROWS")
	}
}

func (p *parser) fetch(q *Query) {
	if !p.accept("FIRST") {
		p.expect("NEXT")
	}
	q.Limit = &NumberLiteral{Pos: p.pos(), Kind: IntegerNumber, Text: "1"}
	if p.cur().kind == tokInteger || p.isSymbol("?") {
		q.Limit = p.rowCount()
	}
	if !p.accept("ROW") {
		p.expect("ROWS")
	}
	if p.accept("ONLY") {
		return
	}
	p.expect("WITH", "TIES")
	q.WithTies = true
}

// rowCount reads an integer or a parameter.
func (p *parser) rowCount() Expr {
	if p.cur().kind == tokInteger {
		return p.number()
	}
	p.miss("<integer>")
	pos := p.pos()
	p.expectSymbol("?")
	p.params++
	return &Parameter{Pos: pos, Index: p.params - 1}
}

func (p *parser) with() *With {
	w := &With{Pos: p.pos()}
	p.expect("WITH")
	w.Recursive = p.accept("RECURSIVE")
	for {
		w.Queries = append(w.Queries, p.namedQuery())
		if !p.acceptSymbol(",") {
			return w
		}
	}
}

func (p *parser) namedQuery() *NamedQuery {
	nq := &NamedQuery{Name: p.identifier()}
	nq.Pos = nq.Name.Pos
	if p.isSymbol("(") {
		nq.Columns = p.identifierList()
	}
	p.expect("AS")
	p.expectSymbol("(")
	nq.Query = p.query()
	p.expectSymbol(")")
	return nq
}

// bodyFrom reads UNION and EXCEPT to the right of a term; they bind weaker
// than INTERSECT and group to the left.
func (p *parser) bodyFrom(left Body) Body {
	for n := 1; ; n++ {
		p.chain(n)
		pos := p.pos()
		op := ""
		switch {
		case p.accept("UNION"):
			op = "UNION"
		case p.accept("EXCEPT"):
			op = "EXCEPT"
		default:
			return left
		}
		all := p.setQuantifier()
		left = &SetOperation{Pos: pos, Op: op, All: all, Left: left, Right: p.bodyTerm()}
	}
}

func (p *parser) setQuantifier() bool {
	if p.accept("ALL") {
		return true
	}
	p.accept("DISTINCT")
	return false
}

func (p *parser) bodyTerm() Body { return p.intersections(p.bodyPrimary()) }

func (p *parser) intersections(left Body) Body {
	for n := 1; ; n++ {
		p.chain(n)
		pos := p.pos()
		if !p.accept("INTERSECT") {
			return left
		}
		all := p.setQuantifier()
		left = &SetOperation{Pos: pos, Op: "INTERSECT", All: all, Left: left, Right: p.bodyPrimary()}
	}
}

func (p *parser) bodyPrimary() Body {
	pos := p.pos()
	switch {
	case p.isWord("SELECT"):
		return p.selectBody()
	case p.accept("VALUES"):
		return &Values{Pos: pos, Rows: p.expressions()}
	case p.accept("TABLE"):
		return &TableBody{Pos: pos, Name: p.qualifiedName()}
	case p.acceptSymbol("("):
		q := p.query()
		p.expectSymbol(")")
		return &Subquery{Pos: pos, Query: q}
	}
	p.fail()
	return nil
}

func (p *parser) selectBody() *Select {
	s := &Select{Pos: p.pos()}
	p.expect("SELECT")
	if p.accept("DISTINCT") {
		s.Distinct = true
	} else {
		p.accept("ALL")
	}
	s.Items = append(s.Items, p.selectItem())
	for p.acceptSymbol(",") {
		s.Items = append(s.Items, p.selectItem())
	}
	if p.accept("FROM") {
		s.From = append(s.From, p.relation())
		for p.acceptSymbol(",") {
			s.From = append(s.From, p.relation())
		}
	}
	if p.accept("WHERE") {
		s.Where = p.expression()
	}
	if p.acceptWords("GROUP", "BY") {
		s.GroupBy = p.groupBy()
	}
	if p.accept("HAVING") {
		s.Having = p.expression()
	}
	if p.accept("WINDOW") {
		s.Windows = p.namedWindows()
	}
	return s
}

func (p *parser) selectItem() SelectItem {
	item := SelectItem{Pos: p.pos()}
	if p.acceptSymbol("*") {
		item.Star = true
		return item
	}
	item.Expr = p.expression()
	if p.isSymbol(".") && p.ahead(1).text == "*" {
		p.at += 2
		item.Star = true
		if p.accept("AS") {
			item.Aliases = p.identifierList()
		}
		return item
	}
	item.Alias = p.relationAlias()
	return item
}

// alias reads [AS] name, or nothing.
func (p *parser) alias() *Identifier {
	if p.accept("AS") || p.isIdentifier(0) {
		id := p.identifier()
		return &id
	}
	return nil
}

func (p *parser) sortItems() []SortItem {
	var items []SortItem
	for {
		item := SortItem{Pos: p.pos(), Expr: p.expression()}
		if p.accept("DESC") {
			item.Desc = true
		} else {
			p.accept("ASC")
		}
		if p.accept("NULLS") {
			item.Nulls = p.oneOf("FIRST", "LAST")
		}
		items = append(items, item)
		if !p.acceptSymbol(",") {
			return items
		}
	}
}

// oneOf demands one of the keywords and tells which.
func (p *parser) oneOf(words ...string) string {
	for _, w := range words {
		if p.accept(w) {
			return w
		}
	}
	p.fail()
	return ""
}

func (p *parser) groupBy() *GroupBy {
	g := &GroupBy{Pos: p.pos()}
	if p.accept("DISTINCT") {
		g.Distinct = true
	} else {
		p.accept("ALL")
	}
	for {
		g.Elements = append(g.Elements, p.groupingElement())
		if !p.acceptSymbol(",") {
			return g
		}
	}
}

func (p *parser) groupingElement() GroupingElement {
	el := GroupingElement{Pos: p.pos()}
	switch {
	case p.accept("ROLLUP"):
		el.Kind, el.Sets = RollupGroup, p.expressionSets()
	case p.accept("CUBE"):
		el.Kind, el.Sets = CubeGroup, p.expressionSets()
	case p.acceptWords("GROUPING", "SETS"):
		el.Kind, el.Sets = GroupingSets, p.groupingSets()
	default:
		el.Sets = [][]Expr{p.groupingSet()}
	}
	return el
}

// expressionSets reads (a, (b, c), …).
func (p *parser) expressionSets() [][]Expr {
	p.expectSymbol("(")
	var sets [][]Expr
	if !p.isSymbol(")") {
		sets = append(sets, p.groupingSet())
		for p.acceptSymbol(",") {
			sets = append(sets, p.groupingSet())
		}
	}
	p.expectSymbol(")")
	return sets
}

func (p *parser) groupingSets() [][]Expr {
	p.expectSymbol("(")
	sets := [][]Expr{p.groupingSet()}
	for p.acceptSymbol(",") {
		sets = append(sets, p.groupingSet())
	}
	p.expectSymbol(")")
	return sets
}

// groupingSet reads an expression, or several in parentheses, or none: "()".
func (p *parser) groupingSet() []Expr {
	if p.isSymbol("(") && p.ahead(1).text == ")" {
		p.at += 2
		return []Expr{}
	}
	e := p.expression()
	if row, ok := e.(*RowExpr); ok && !row.Named {
		return row.Items
	}
	return []Expr{e}
}

func (p *parser) namedWindows() []NamedWindow {
	var list []NamedWindow
	for {
		name := p.identifier()
		p.expect("AS")
		p.expectSymbol("(")
		w := p.window()
		p.expectSymbol(")")
		list = append(list, NamedWindow{Pos: name.Pos, Name: name, Window: w})
		if !p.acceptSymbol(",") {
			return list
		}
	}
}

// over reads what follows OVER.
func (p *parser) over() *Window {
	pos := p.pos()
	if !p.acceptSymbol("(") {
		name := p.identifier()
		return &Window{Pos: pos, Base: &name, Bare: true}
	}
	w := p.window()
	p.expectSymbol(")")
	w.Pos = pos
	return w
}

// window reads [base] [PARTITION BY …] [ORDER BY …] [frame].
func (p *parser) window() *Window {
	w := &Window{Pos: p.pos()}
	if p.isIdentifier(0) && !p.windowWord() {
		name := p.identifier()
		w.Base = &name
	}
	if p.acceptWords("PARTITION", "BY") {
		w.Partition = p.expressions()
	}
	if p.acceptWords("ORDER", "BY") {
		w.OrderBy = p.sortItems()
	}
	for _, unit := range []string{"ROWS", "RANGE", "GROUPS"} {
		if p.accept(unit) {
			w.Frame = p.frame(unit)
			break
		}
	}
	return w
}

// windowWord says whether the word under the cursor begins a clause of a
// window rather than naming another window.
func (p *parser) windowWord() bool {
	next := p.ahead(1)
	switch p.cur().word {
	case "PARTITION":
		return next.word == "BY"
	case "ROWS", "RANGE", "GROUPS":
		return next.text != ")" // a bound may begin with anything
	}
	return false
}

func (p *parser) frame(unit string) *Frame {
	f := &Frame{Pos: p.pos(), Unit: unit}
	if !p.accept("BETWEEN") {
		f.Start = p.frameBound()
		return f
	}
	f.Start = p.frameBound()
	p.expect("AND")
	f.End = p.frameBound()
	return f
}

func (p *parser) frameBound() FrameBound {
	b := FrameBound{Pos: p.pos()}
	switch {
	case p.accept("UNBOUNDED"):
		b.Kind = "UNBOUNDED " + p.oneOf("PRECEDING", "FOLLOWING")
	case p.acceptWords("CURRENT", "ROW"):
		b.Kind = "CURRENT ROW"
	default:
		b.Offset = p.expression()
		b.Kind = p.oneOf("PRECEDING", "FOLLOWING")
	}
	return b
}
