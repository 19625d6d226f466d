package sql

// operand prints an expression in parentheses unless it is a primary.
func (f *formatter) operand(e Expr) {
	switch e := e.(type) {
	case *Unary, *Binary, *Comparison, *Quantified, *Logical, *Not, *Between, *In, *Like, *IsNull, *AtTimeZone, *Lambda:
		f.write("(")
		f.expr(e)
		f.write(")")
	default:
		f.expr(e)
	}
}

// primary prints what may stand before a dot or a bracket.
func (f *formatter) primary(e Expr) {
	if _, number := e.(*NumberLiteral); number {
		f.write("(")
		f.expr(e)
		f.write(")")
		return
	}
	f.operand(e)
}

func (f *formatter) expr(e Expr) {
	if f.literal(e) || f.predicate(e) {
		return
	}
	switch e := e.(type) {
	case *NameExpr:
		f.identifier(e.Identifier)
	case *Dereference:
		f.primary(e.Base)
		f.write(".")
		f.identifier(e.Field)
	case *Subscript:
		f.primary(e.Base)
		f.write("[")
		f.operand(e.Index)
		f.write("]")
	case *Unary:
		f.write(e.Op)
		f.operand(e.X)
	case *Binary:
		f.binary(e)
	case *Case:
		f.caseExpr(e)
	case *Cast:
		f.cast(e)
	case *Extract:
		f.extract(e)
	case *AtTimeZone:
		f.infix(e.X, "AT TIME ZONE", e.Zone)
	case *Trim:
		f.trim(e)
	case *CurrentValue:
		f.write(e.Name, paramPrecision(e.Precision))
	case *Call:
		f.call(e)
	case *Lambda:
		f.lambda(e)
	case *ArrayExpr:
		f.write("ARRAY[")
		f.exprs(e.Items)
		f.write("]")
	case *RowExpr:
		f.row(e)
	case *Subquery:
		f.write("(")
		f.query(e.Query)
		f.write(")")
	}
}

func (f *formatter) extract(e *Extract) {
	f.write("EXTRACT(")
	f.identifier(Identifier{Value: e.Field, Quoted: !plainWord(e.Field)})
	f.write(" FROM ")
	f.operand(e.X)
	f.write(")")
}

func (f *formatter) row(e *RowExpr) {
	if e.Named {
		f.write("ROW")
	}
	f.write("(")
	f.exprs(e.Items)
	f.write(")")
}

func (f *formatter) literal(e Expr) bool {
	switch e := e.(type) {
	case *NullLiteral:
		f.write("NULL")
	case *BooleanLiteral:
		if e.Value {
			f.write("TRUE")
		} else {
			f.write("FALSE")
		}
	case *NumberLiteral:
		f.write(e.Text)
	case *StringLiteral:
		f.write(quote(e.Value))
	case *BinaryLiteral:
		f.write("X'", hexText(e.Value), "'")
	case *TypedLiteral:
		f.typeName(e.Type)
		f.write(" ", quote(e.Text))
	case *IntervalLiteral:
		f.interval(e)
	case *Parameter:
		f.write("?")
	default:
		return false
	}
	return true
}

func (f *formatter) interval(e *IntervalLiteral) {
	f.write("INTERVAL ")
	if e.Negative {
		f.write("-")
	}
	f.write(quote(e.Text), " ", e.From)
	if e.To != "" {
		f.write(" TO ", e.To)
	}
}

func (f *formatter) predicate(e Expr) bool {
	switch e := e.(type) {
	case *Comparison:
		f.infix(e.L, e.Op, e.R)
	case *Quantified:
		f.operand(e.X)
		f.write(" ", e.Op, " ", e.Quantifier, " (")
		f.query(e.Query)
		f.write(")")
	case *Logical:
		for i, t := range e.Terms {
			if i > 0 {
				f.write(" ", e.Op, " ")
			}
			f.operand(t)
		}
	case *Not:
		f.write("NOT ")
		f.operand(e.X)
	case *Between:
		f.tested(e.X, e.Not, "BETWEEN")
		f.infix(e.Low, "AND", e.High)
	case *In:
		f.in(e)
	case *Like:
		f.tested(e.X, e.Not, "LIKE")
		f.operand(e.Pattern)
		if e.Escape != nil {
			f.write(" ESCAPE ")
			f.operand(e.Escape)
		}
	case *IsNull:
		f.operand(e.X)
		if e.Not {
			f.write(" IS NOT NULL")
		} else {
			f.write(" IS NULL")
		}
	case *Exists:
		f.write("EXISTS (")
		f.query(e.Query)
		f.write(")")
	default:
		return false
	}
	return true
}

// binary leaves out the parentheses of a chain, which groups to the left.
func (f *formatter) binary(e *Binary) {
	if left, ok := e.L.(*Binary); ok && left.Op == e.Op {
		f.binary(left)
	} else {
		f.operand(e.L)
	}
	f.write(" ", e.Op, " ")
	f.operand(e.R)
}

func (f *formatter) infix(l Expr, op string, r Expr) {
	f.operand(l)
	f.write(" ", op, " ")
	f.operand(r)
}

func (f *formatter) tested(x Expr, not bool, word string) {
	f.operand(x)
	if not {
		f.write(" NOT")
	}
	f.write(" ", word, " ")
}

func (f *formatter) in(e *In) {
	f.tested(e.X, e.Not, "IN")
	f.write("(")
	if e.Query != nil {
		f.query(e.Query)
	} else {
		f.exprs(e.List)
	}
	f.write(")")
}

func (f *formatter) caseExpr(e *Case) {
	f.write("CASE ")
	if e.Operand != nil {
		f.expr(e.Operand)
		f.write(" ")
	}
	for _, w := range e.Whens {
		f.write("WHEN ")
		f.expr(w.Cond)
		f.write(" THEN ")
		f.expr(w.Result)
		f.write(" ")
	}
	if e.Else != nil {
		f.write("ELSE ")
		f.expr(e.Else)
		f.write(" ")
	}
	f.write("END")
}

func (f *formatter) cast(e *Cast) {
	if e.Try {
		f.write("TRY_")
	}
	f.write("CAST(")
	f.expr(e.X)
	f.write(" AS ")
	f.typeName(e.Type)
	f.write(")")
}

func (f *formatter) trim(e *Trim) {
	f.write("TRIM(", e.Spec, " ")
	if e.Chars != nil {
		f.operand(e.Chars)
		f.write(" ")
	}
	f.write("FROM ")
	f.operand(e.X)
	f.write(")")
}

func (f *formatter) lambda(e *Lambda) {
	f.identifiers(e.Params)
	f.write(" -> ")
	f.expr(e.Body)
}

func (f *formatter) call(e *Call) {
	if reserved := len(e.Name.Parts) == 1 && !e.Name.Parts[0].Quoted; reserved {
		f.write(e.Name.Parts[0].Value)
	} else {
		f.name(e.Name)
	}
	f.write("(")
	if e.Star {
		f.write("*")
	}
	if e.Distinct {
		f.write("DISTINCT ")
	}
	f.exprs(e.Args)
	if e.Overflow != "" {
		f.write(" ON OVERFLOW ", e.Overflow)
	}
	if !e.Within {
		f.orderBy(e.OrderBy)
	}
	f.write(")")
	if e.Within {
		f.write(" WITHIN GROUP (ORDER BY ")
		f.sortItems(e.OrderBy)
		f.write(")")
	}
	if e.Filter != nil {
		f.write(" FILTER (WHERE ")
		f.expr(e.Filter)
		f.write(")")
	}
	if e.Nulls != "" {
		f.write(" ", e.Nulls, " NULLS")
	}
	if e.Over != nil {
		f.write(" OVER ")
		f.window(e.Over)
	}
}
