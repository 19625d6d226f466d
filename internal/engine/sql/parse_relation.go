package sql

// relation reads one item of FROM: a primary with the joins to its right.
func (p *parser) relation() Relation {
	defer p.nest()()
	return p.joins(p.aliasedRelation())
}

func (p *parser) joins(left Relation) Relation {
	for {
		pos := left.Position()
		switch {
		case p.acceptWords("CROSS", "JOIN"):
			left = &Join{Pos: pos, Kind: CrossJoin, Left: left, Right: p.aliasedRelation()}
		case p.accept("NATURAL"):
			kind := p.joinKind()
			p.expect("JOIN")
			left = &Join{Pos: pos, Kind: kind, Left: left, Right: p.aliasedRelation(), Natural: true}
		case p.startsJoin():
			kind := p.joinKind()
			p.expect("JOIN")
			join := &Join{Pos: pos, Kind: kind, Left: left, Right: p.relation()}
			p.joinCriteria(join)
			left = join
		default:
			return left
		}
	}
}

func (p *parser) startsJoin() bool {
	for _, w := range []string{"JOIN", "INNER", "LEFT", "RIGHT", "FULL"} {
		if p.isWord(w) {
			return true
		}
	}
	return false
}

func (p *parser) joinKind() JoinKind {
	switch {
	case p.accept("LEFT"):
		p.accept("OUTER")
		return LeftJoin
	case p.accept("RIGHT"):
		p.accept("OUTER")
		return RightJoin
	case p.accept("FULL"):
		p.accept("OUTER")
		return FullJoin
	}
	p.accept("INNER")
	return InnerJoin
}

func (p *parser) joinCriteria(join *Join) {
	if p.accept("ON") {
		join.On = p.expression()
		return
	}
	p.expect("USING")
	join.Using = p.identifierList()
}

// aliasedRelation reads a primary relation and [AS] alias [(columns)].
func (p *parser) aliasedRelation() Relation {
	pos := p.pos()
	rel := p.relationPrimary()
	if p.isWord("TABLESAMPLE") && p.ahead(1).kind == tokWord {
		p.refuse(p.pos(), "TABLESAMPLE is not supported")
	}
	if p.isWord("MATCH_RECOGNIZE") {
		p.refuse(p.pos(), "MATCH_RECOGNIZE is not supported")
	}
	alias := p.relationAlias()
	if alias == nil {
		return rel
	}
	aliased := &Aliased{Pos: pos, Relation: rel, Alias: *alias}
	if p.isSymbol("(") {
		aliased.Columns = p.identifierList()
	}
	return aliased
}

// relationAlias reads an alias; words that begin the next clause are none
// although they are not reserved.
func (p *parser) relationAlias() *Identifier {
	switch t := p.cur(); {
	case t.kind == tokWord && (t.word == "LIMIT" || t.word == "OFFSET" || t.word == "FETCH"):
		n := p.ahead(1)
		if n.kind == tokInteger || n.text == "?" || n.word == "ALL" || n.word == "FIRST" || n.word == "NEXT" {
			return nil
		}
	case t.kind == tokWord && t.word == "WINDOW" && p.isIdentifier(1) && p.ahead(2).word == "AS":
		return nil
	}
	return p.alias()
}

func (p *parser) relationPrimary() Relation {
	pos := p.pos()
	switch {
	case p.isSymbol("("):
		return p.parenthesizedRelation()
	case p.accept("UNNEST"):
		return p.unnest(pos)
	case p.isWord("LATERAL") && p.ahead(1).text == "(":
		p.at += 2
		q := p.query()
		p.expectSymbol(")")
		return &Lateral{Pos: pos, Query: q}
	case p.isWord("TABLE") && p.ahead(1).text == "(":
		return p.tableFunction()
	}
	if !p.isIdentifier(0) {
		p.miss("<identifier>")
		p.fail()
	}
	return p.table()
}

func (p *parser) table() *Table {
	name := p.qualifiedName()
	t := &Table{Pos: name.Pos, Name: name}
	if p.isWord("FOR") && (p.ahead(1).word == "TIMESTAMP" || p.ahead(1).word == "VERSION" ||
		p.ahead(1).word == "SYSTEM_TIME" || p.ahead(1).word == "SYSTEM_VERSION") {
		t.Version = p.tableVersion()
	}
	return t
}

func (p *parser) tableVersion() *TableVersion {
	v := &TableVersion{Pos: p.pos()}
	p.expect("FOR")
	v.Kind = "TIMESTAMP"
	if word := p.next().word; word == "VERSION" || word == "SYSTEM_VERSION" {
		v.Kind = "VERSION"
	}
	p.expect("AS", "OF")
	v.At = p.valueExpression()
	return v
}

func (p *parser) parenthesizedRelation() Relation {
	defer p.nest()()
	pos := p.pos()
	p.expectSymbol("(")
	if p.startsQuery() {
		q := p.query()
		p.expectSymbol(")")
		return &Subquery{Pos: pos, Query: q}
	}
	rel := p.relation()
	if first, ok := rel.(*Subquery); ok && p.continuesQuery() {
		rel = &Subquery{Pos: pos, Query: p.continueQuery(first)}
	}
	p.expectSymbol(")")
	return rel
}

func (p *parser) unnest(pos Pos) Relation {
	p.expectSymbol("(")
	u := &Unnest{Pos: pos, Exprs: p.expressions()}
	p.expectSymbol(")")
	u.Ordinality = p.acceptWords("WITH", "ORDINALITY")
	return u
}

func (p *parser) tableFunction() Relation {
	f := &TableFunction{Pos: p.pos()}
	p.expect("TABLE")
	p.expectSymbol("(")
	f.Name = p.qualifiedName()
	p.expectSymbol("(")
	if !p.isSymbol(")") {
		f.Args = append(f.Args, p.tableArgument())
		for p.acceptSymbol(",") {
			f.Args = append(f.Args, p.tableArgument())
		}
	}
	p.expectSymbol(")")
	p.expectSymbol(")")
	return f
}

func (p *parser) tableArgument() TableArgument {
	arg := TableArgument{Pos: p.pos()}
	if p.isIdentifier(0) && p.ahead(1).text == "=>" {
		name := p.identifier()
		arg.Name = &name
		p.expectSymbol("=>")
	}
	if p.isWord("TABLE") || p.isWord("DESCRIPTOR") && p.ahead(1).text == "(" {
		p.refuse(p.pos(), "table functions with table or descriptor arguments are not supported")
	}
	arg.Value = p.expression()
	return arg
}
