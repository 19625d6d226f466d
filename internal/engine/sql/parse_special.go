package sql

import "strings"

// primaryWord reads the expressions that begin with a word: literals, special
// forms, typed literals, calls and names.
func (p *parser) primaryWord() Expr {
	t := p.cur()
	if read := p.specialForm(t.word); read != nil {
		return read(t.pos)
	}
	next := p.ahead(1)
	if read := p.callForm(t.word); read != nil && next.text == "(" {
		return read(t.pos)
	}
	if t.word == "INTERVAL" && (next.kind == tokString || next.text == "-" || next.text == "+") {
		return p.interval()
	}
	if t.word == "ARRAY" && next.text == "[" {
		return p.array()
	}
	if lit := p.typedLiteral(); lit != nil {
		return lit
	}
	return p.nameOrCall()
}

// specialForm gives the reader of an expression that a reserved word begins,
// or nil.
func (p *parser) specialForm(word string) func(Pos) Expr {
	switch word {
	case "NULL", "TRUE", "FALSE":
		return p.constant
	case "CASE":
		return p.caseExpr
	case "CAST":
		return p.cast
	case "EXTRACT":
		return p.extract
	case "EXISTS":
		return p.exists
	case "TRIM":
		return p.trim
	case "LISTAGG":
		return p.listagg
	case "NORMALIZE":
		return p.normalize
	case "GROUPING":
		return p.reservedCall
	case "CURRENT_DATE", "CURRENT_USER", "CURRENT_CATALOG", "CURRENT_SCHEMA",
		"CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP":
		return p.currentValue
	case "JSON_ARRAY", "JSON_EXISTS", "JSON_OBJECT", "JSON_QUERY", "JSON_VALUE",
		"JSON_TABLE", "CURRENT_PATH", "CURRENT_ROLE":
		p.refuse(p.pos(), word+" is not supported")
	}
	return nil
}

// callForm gives the reader of what looks like a call but has its own grammar;
// these words are not all reserved.
func (p *parser) callForm(word string) func(Pos) Expr {
	switch word {
	case "TRY_CAST":
		return p.cast
	case "ROW":
		return p.row
	case "POSITION":
		return p.position
	case "SUBSTRING":
		return p.substring
	}
	return nil
}

func (p *parser) constant(pos Pos) Expr {
	switch p.next().word {
	case "TRUE":
		return &BooleanLiteral{pos, true}
	case "FALSE":
		return &BooleanLiteral{pos, false}
	}
	return &NullLiteral{pos}
}

func (p *parser) currentValue(pos Pos) Expr {
	v := &CurrentValue{Pos: pos, Name: p.next().word, Precision: -1}
	if strings.Contains(v.Name, "TIME") {
		v.Precision = p.precision()
	}
	return v
}

func (p *parser) precision() int {
	if !p.acceptSymbol("(") {
		return -1
	}
	n := p.integer()
	p.expectSymbol(")")
	return n
}

func (p *parser) caseExpr(pos Pos) Expr {
	defer p.nest()()
	p.expect("CASE")
	c := &Case{Pos: pos}
	if !p.isWord("WHEN") {
		c.Operand = p.expression()
	}
	for p.isWord("WHEN") {
		w := When{Pos: p.pos()}
		p.at++
		w.Cond = p.expression()
		p.expect("THEN")
		w.Result = p.expression()
		c.Whens = append(c.Whens, w)
	}
	if len(c.Whens) == 0 {
		p.fail()
	}
	if p.accept("ELSE") {
		c.Else = p.expression()
	}
	p.expect("END")
	return c
}

func (p *parser) cast(pos Pos) Expr {
	c := &Cast{Pos: pos, Try: p.next().word == "TRY_CAST"}
	p.expectSymbol("(")
	c.X = p.expression()
	p.expect("AS")
	c.Type = p.typeName()
	p.expectSymbol(")")
	return c
}

func (p *parser) extract(pos Pos) Expr {
	p.expect("EXTRACT")
	p.expectSymbol("(")
	if !p.isIdentifier(0) {
		p.miss("<identifier>")
		p.fail()
	}
	e := &Extract{Pos: pos, Field: strings.ToUpper(p.identifier().Value)}
	p.expect("FROM")
	e.X = p.valueExpression()
	p.expectSymbol(")")
	return e
}

func (p *parser) exists(pos Pos) Expr {
	p.expect("EXISTS")
	p.expectSymbol("(")
	e := &Exists{Pos: pos, Query: p.query()}
	p.expectSymbol(")")
	return e
}

func (p *parser) trim(pos Pos) Expr {
	p.expect("TRIM")
	p.expectSymbol("(")
	t := &Trim{Pos: pos, Spec: "BOTH"}
	spec := false
	for _, w := range []string{"BOTH", "LEADING", "TRAILING"} {
		if p.isWord(w) && p.ahead(1).text != ")" && p.ahead(1).text != "." {
			p.at++
			t.Spec, spec = w, true
			break
		}
	}
	if spec && p.accept("FROM") {
		t.X = p.valueExpression()
	} else {
		t.X = p.valueExpression()
		if p.accept("FROM") || !spec && p.acceptSymbol(",") {
			p.trimSecond(t)
		}
	}
	p.expectSymbol(")")
	return t
}

// trimSecond reads the operand after FROM, or after the comma of
// TRIM(x, chars) where the order is the other way round.
func (p *parser) trimSecond(t *Trim) {
	comma := p.tokens[p.at-1].text == ","
	second := p.valueExpression()
	if comma {
		t.Chars = second
		return
	}
	t.Chars, t.X = t.X, second
}

// listagg reads LISTAGG([DISTINCT] x [, sep] [ON OVERFLOW …]) WITHIN GROUP (ORDER BY …).
func (p *parser) listagg(pos Pos) Expr {
	word := p.next()
	call := &Call{Pos: pos, Within: true, Name: nameOf(pos, word.text)}
	p.expectSymbol("(")
	call.Distinct = p.accept("DISTINCT")
	call.Args = p.expressions()
	if p.acceptWords("ON", "OVERFLOW") {
		call.Overflow = p.oneOf("ERROR", "TRUNCATE")
		if call.Overflow == "TRUNCATE" {
			p.refuse(pos, "LISTAGG with ON OVERFLOW TRUNCATE is not supported")
		}
	}
	p.expectSymbol(")")
	p.expect("WITHIN", "GROUP")
	p.expectSymbol("(")
	p.expect("ORDER", "BY")
	call.OrderBy = p.sortItems()
	p.expectSymbol(")")
	p.callTail(call)
	return call
}

func nameOf(pos Pos, text string) QualifiedName {
	return QualifiedName{Pos: pos, Parts: []Identifier{{Pos: pos, Value: text}}}
}

// normalize reads NORMALIZE(x [, form]) and makes it a call with the form as text.
func (p *parser) normalize(pos Pos) Expr {
	word := p.next()
	call := &Call{Pos: pos, Name: nameOf(pos, word.text)}
	p.expectSymbol("(")
	call.Args = []Expr{p.valueExpression()}
	if p.acceptSymbol(",") {
		form := p.oneOf("NFD", "NFC", "NFKD", "NFKC")
		if form != "NFC" {
			p.refuse(pos, "NORMALIZE to "+form+" is not supported")
		}
	}
	p.expectSymbol(")")
	return call
}

// reservedCall reads a call whose name is a reserved word.
func (p *parser) reservedCall(pos Pos) Expr {
	word := p.next()
	return p.callArgs(nameOf(pos, word.text))
}

func (p *parser) row(pos Pos) Expr {
	p.at++
	p.expectSymbol("(")
	r := &RowExpr{Pos: pos, Named: true, Items: p.expressions()}
	p.expectSymbol(")")
	return r
}

// position reads POSITION(a IN b), which is strpos(b, a).
func (p *parser) position(pos Pos) Expr {
	p.at++
	p.expectSymbol("(")
	needle := p.valueExpression()
	p.expect("IN")
	hay := p.valueExpression()
	p.expectSymbol(")")
	return &Call{Pos: pos, Name: nameOf(pos, "strpos"), Args: []Expr{hay, needle}}
}

// substring reads both SUBSTRING(x, a, b) and SUBSTRING(x FROM a FOR b).
func (p *parser) substring(pos Pos) Expr {
	word := p.next()
	call := &Call{Pos: pos, Name: nameOf(pos, word.text)}
	p.expectSymbol("(")
	call.Args = []Expr{p.valueExpression()}
	if p.accept("FROM") {
		call.Args = append(call.Args, p.valueExpression())
		if p.accept("FOR") {
			call.Args = append(call.Args, p.valueExpression())
		}
	} else {
		for p.acceptSymbol(",") {
			call.Args = append(call.Args, p.expression())
		}
	}
	p.expectSymbol(")")
	return call
}

func (p *parser) array() Expr {
	defer p.nest()()
	a := &ArrayExpr{Pos: p.pos(), Items: []Expr{}}
	p.expect("ARRAY")
	p.expectSymbol("[")
	if !p.isSymbol("]") {
		a.Items = p.expressions()
	}
	p.expectSymbol("]")
	return a
}
