package sql

// expressions reads a, b, ….
func (p *parser) expressions() []Expr {
	list := []Expr{p.expression()}
	for p.acceptSymbol(",") {
		list = append(list, p.expression())
	}
	return list
}

// expression reads OR over AND over NOT over predicates.
func (p *parser) expression() Expr {
	defer p.nest()()
	return p.logical("OR", func() Expr { return p.logical("AND", p.negation) })
}

func (p *parser) logical(op string, term func() Expr) Expr {
	pos := p.pos()
	first := term()
	if !p.isWord(op) {
		return first
	}
	l := &Logical{Pos: pos, Op: op, Terms: []Expr{first}}
	for p.accept(op) {
		l.Terms = append(l.Terms, term())
	}
	return l
}

func (p *parser) negation() Expr {
	pos := p.pos()
	if p.accept("NOT") {
		defer p.nest()()
		return &Not{Pos: pos, X: p.negation()}
	}
	return p.predicate()
}

var comparisonOps = map[string]string{"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}

// predicate reads a value and at most one test of it.
func (p *parser) predicate() Expr {
	x := p.valueExpression()
	pos := p.pos()
	if op, ok := comparisonOps[p.cur().text]; ok && p.cur().kind == tokSymbol {
		p.at++
		return p.comparison(pos, op, x)
	}
	if p.accept("IS") {
		return p.isTest(pos, x)
	}
	not := p.accept("NOT")
	switch {
	case p.accept("BETWEEN"):
		low := p.valueExpression()
		p.expect("AND")
		return &Between{Pos: pos, Not: not, X: x, Low: low, High: p.valueExpression()}
	case p.accept("IN"):
		return p.in(pos, not, x)
	case p.accept("LIKE"):
		like := &Like{Pos: pos, Not: not, X: x, Pattern: p.valueExpression()}
		if p.accept("ESCAPE") {
			like.Escape = p.valueExpression()
		}
		return like
	case not:
		p.fail()
	}
	return x
}

func (p *parser) comparison(pos Pos, op string, x Expr) Expr {
	for _, q := range []string{"ALL", "ANY", "SOME"} {
		if p.isWord(q) && p.ahead(1).text == "(" {
			p.at += 2
			query := p.query()
			p.expectSymbol(")")
			return &Quantified{Pos: pos, Op: op, Quantifier: q, X: x, Query: query}
		}
	}
	return &Comparison{Pos: pos, Op: op, L: x, R: p.valueExpression()}
}

func (p *parser) isTest(pos Pos, x Expr) Expr {
	not := p.accept("NOT")
	if p.accept("NULL") {
		return &IsNull{Pos: pos, Not: not, X: x}
	}
	p.expect("DISTINCT", "FROM")
	op := "IS DISTINCT FROM"
	if not {
		op = "IS NOT DISTINCT FROM"
	}
	return &Comparison{Pos: pos, Op: op, L: x, R: p.valueExpression()}
}

func (p *parser) in(pos Pos, not bool, x Expr) Expr {
	p.expectSymbol("(")
	in := &In{Pos: pos, Not: not, X: x}
	if p.startsQuery() {
		in.Query = p.query()
	} else {
		in.List = p.expressions()
		if first, ok := in.List[0].(*Subquery); ok && len(in.List) == 1 && p.continuesQuery() {
			in.List, in.Query = nil, p.continueQuery(first)
		}
	}
	p.expectSymbol(")")
	return in
}

// valueExpression reads || over + - over * / %.
func (p *parser) valueExpression() Expr {
	return p.binary(p.additive, "||")
}

func (p *parser) additive() Expr { return p.binary(p.multiplicative, "+", "-") }

func (p *parser) multiplicative() Expr { return p.binary(p.unary, "*", "/", "%") }

func (p *parser) binary(operand func() Expr, ops ...string) Expr {
	left := operand()
	for n := 1; ; n++ {
		p.chain(n)
		pos, op := p.pos(), ""
		for _, o := range ops {
			if p.acceptSymbol(o) {
				op = o
				break
			}
		}
		if op == "" {
			return left
		}
		left = &Binary{Pos: pos, Op: op, L: left, R: operand()}
	}
}

func (p *parser) unary() Expr {
	pos := p.pos()
	for _, op := range []string{"-", "+"} {
		if p.acceptSymbol(op) {
			defer p.nest()()
			return &Unary{Pos: pos, Op: op, X: p.unary()}
		}
	}
	return p.zoned()
}

// zoned reads a primary with AT TIME ZONE behind it.
func (p *parser) zoned() Expr {
	x := p.postfix()
	for n := 1; p.isWord("AT") && p.ahead(1).word == "TIME" && p.ahead(2).word == "ZONE"; n++ {
		p.chain(n)
		pos := p.pos()
		p.at += 3
		x = &AtTimeZone{Pos: pos, X: x, Zone: p.postfix()}
	}
	return x
}

// postfix reads a primary with subscripts and fields behind it.
func (p *parser) postfix() Expr {
	x := p.primary()
	for n := 1; ; n++ {
		p.chain(n)
		switch {
		case p.isSymbol(".") && p.ahead(1).text != "*":
			p.at++
			x = &Dereference{Pos: x.Position(), Base: x, Field: p.identifier()}
		case p.acceptSymbol("["):
			x = &Subscript{Pos: x.Position(), Base: x, Index: p.valueExpression()}
			p.expectSymbol("]")
		default:
			return x
		}
	}
}

func (p *parser) primary() Expr {
	t := p.cur()
	switch t.kind {
	case tokInteger, tokDecimal, tokDouble:
		return p.number()
	case tokString, tokUnicodeString:
		return p.stringLiteral()
	case tokBinary:
		return p.binaryLiteral()
	case tokQuoted:
		return p.nameOrCall()
	case tokSymbol:
		return p.primarySymbol()
	case tokWord:
		return p.primaryWord()
	case tokEOF, tokBackquoted, tokDigitWord, tokUnknown:
	}
	p.miss("<expression>")
	p.fail()
	return nil
}

func (p *parser) primarySymbol() Expr {
	t := p.cur()
	switch t.text {
	case "(":
		return p.parenthesized()
	case "?":
		p.at++
		p.params++
		return &Parameter{Pos: t.pos, Index: p.params - 1}
	}
	p.miss("<expression>")
	p.fail()
	return nil
}

// parenthesized reads a subquery, a lambda's parameters, a row, or a value.
func (p *parser) parenthesized() Expr {
	if params, ok := p.lambdaParams(); ok {
		return p.lambda(params)
	}
	defer p.nest()()
	pos := p.pos()
	p.expectSymbol("(")
	if p.startsQuery() {
		q := p.query()
		p.expectSymbol(")")
		return &Subquery{Pos: pos, Query: q}
	}
	x := p.expression()
	if first, ok := x.(*Subquery); ok && p.continuesQuery() {
		x = &Subquery{Pos: pos, Query: p.continueQuery(first)}
	}
	if p.isSymbol(",") {
		row := &RowExpr{Pos: pos, Items: []Expr{x}}
		for p.acceptSymbol(",") {
			row.Items = append(row.Items, p.expression())
		}
		x = row
	}
	p.expectSymbol(")")
	return x
}

// lambdaParams looks ahead for "(a, b) ->" and gives the names without moving.
func (p *parser) lambdaParams() ([]Identifier, bool) {
	names := []Identifier{}
	n := 1
	for p.isIdentifier(n) {
		t := p.ahead(n)
		id := Identifier{Pos: t.pos, Value: t.text}
		if t.kind == tokQuoted {
			id.Value, id.Quoted = t.word, true
		}
		names = append(names, id)
		n++
		if p.ahead(n).text != "," {
			break
		}
		n++
	}
	return names, p.ahead(n).text == ")" && p.ahead(n+1).text == "->"
}

// lambda reads parameters in parentheses, the arrow and the body.
func (p *parser) lambda(params []Identifier) Expr {
	pos := p.pos()
	for p.next().text != "->" {
		continue
	}
	return &Lambda{Pos: pos, Params: params, Body: p.expression()}
}

// nameOrCall reads a name, a call of a function, or a lambda of one parameter.
func (p *parser) nameOrCall() Expr {
	if !p.isIdentifier(0) {
		p.miss("<expression>")
		p.fail()
	}
	if p.ahead(1).text == "->" {
		pos, id := p.pos(), p.identifier()
		p.at++
		return &Lambda{Pos: pos, Params: []Identifier{id}, Body: p.expression()}
	}
	if n := p.callNameLength(); n > 0 {
		name := p.qualifiedName()
		return p.callArgs(name)
	}
	return &NameExpr{p.identifier()}
}

// callNameLength gives the number of parts when the cursor is on "a.b.c(".
func (p *parser) callNameLength() int {
	n := 0
	for p.isIdentifier(n * 2) {
		after := p.ahead(n*2 + 1).text
		n++
		if after == "(" {
			return n
		}
		if after != "." {
			return 0
		}
	}
	return 0
}

// callArgs reads the arguments of a call and the clauses behind them.
func (p *parser) callArgs(name QualifiedName) Expr {
	call := &Call{Pos: name.Pos, Name: name}
	p.expectSymbol("(")
	switch {
	case p.isSymbol("*"):
		p.at++
		call.Star = true
	case !p.isSymbol(")"):
		call.Distinct = p.accept("DISTINCT")
		if !call.Distinct {
			p.accept("ALL")
		}
		call.Args = p.expressions()
		if p.acceptWords("ORDER", "BY") {
			call.OrderBy = p.sortItems()
		}
	}
	p.nullTreatment(call)
	p.expectSymbol(")")
	p.callTail(call)
	return call
}

// callTail reads FILTER, IGNORE|RESPECT NULLS and OVER.
func (p *parser) callTail(call *Call) {
	if p.isWord("FILTER") && p.ahead(1).text == "(" {
		p.at += 2
		p.expect("WHERE")
		call.Filter = p.expression()
		p.expectSymbol(")")
	}
	p.nullTreatment(call)
	if p.isWord("OVER") && (p.ahead(1).text == "(" || p.isIdentifier(1)) {
		p.at++
		call.Over = p.over()
	}
}

func (p *parser) nullTreatment(call *Call) {
	for _, w := range []string{"IGNORE", "RESPECT"} {
		if p.acceptWords(w, "NULLS") {
			call.Nulls = w
		}
	}
}
