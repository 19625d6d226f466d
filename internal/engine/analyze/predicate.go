package analyze

import (
	"strings"

	"github.com/bindery-project/bindery/internal/engine/sql"
)

// predicate analyses the expressions that give booleans.
func (a *analyzer) predicate(e sql.Expr, sc *scope) Expr {
	switch e := e.(type) {
	case *sql.Comparison:
		return a.compare(e, e.Op, a.expr(e.L, sc), a.expr(e.R, sc))
	case *sql.Logical:
		terms := make([]Expr, len(e.Terms))
		for i, t := range e.Terms {
			terms[i] = mustBeBoolean(a.expr(t, sc), t, "Logical expression term")
		}
		return call(e.Pos, booleanType, strings.ToLower(e.Op), terms...)
	case *sql.Not:
		x := mustBeBoolean(a.expr(e.X, sc), e.X, "Value of logical NOT expression")
		return call(e.Pos, booleanType, "not", x)
	case *sql.IsNull:
		return negated(e.Not, call(e.Pos, booleanType, "is_null", a.expr(e.X, sc)))
	case *sql.Between:
		return a.between(e, sc)
	case *sql.Like:
		return a.like(e, sc)
	case *sql.In:
		return a.in(e, sc)
	case *sql.Exists:
		return &Exists{typed: typedAt(booleanType, e.Pos), Query: a.subquery(e.Query, sc)}
	case *sql.Quantified:
		return a.quantified(e, sc)
	}
	fail(e, sql.NotSupported, "this expression is not supported")
	return nil
}

func negated(not bool, e Expr) Expr {
	if not {
		return call(e.Position(), booleanType, "not", e)
	}
	return e
}

// compare builds a comparison of two values coerced to a common type.
func (a *analyzer) compare(at sql.Node, op string, l, r Expr) Expr {
	l, r = a.comparable(at, op, l, r)
	return call(at.Position(), booleanType, strings.ToLower(op), l, r)
}

func (a *analyzer) comparable(at sql.Node, op string, l, r Expr) (Expr, Expr) {
	t := commonType(l.Type(), r.Type())
	ordered := op != "=" && op != "<>" && !strings.HasPrefix(op, "IS ")
	if t == nil || !t.Comparable() || ordered && !t.Orderable() {
		// The engine has no operator but < and <= and names these.
		op = strings.Replace(op, ">", "<", 1)
		if op == "<<" {
			op = "<>"
		}
		fail(at, TypeMismatch, "Cannot apply operator: %s %s %s", l.Type(), op, r.Type())
	}
	return coerce(l, t), coerce(r, t)
}

func (a *analyzer) between(e *sql.Between, sc *scope) Expr {
	x, low, high := a.expr(e.X, sc), a.expr(e.Low, sc), a.expr(e.High, sc)
	t := commonType(x.Type(), low.Type())
	if t != nil {
		t = commonType(t, high.Type())
	}
	if t == nil || !t.Orderable() {
		fail(e, TypeMismatch, "Cannot check if %s is BETWEEN %s and %s", x.Type(), low.Type(), high.Type())
	}
	return negated(e.Not, call(e.Pos, booleanType, "between", coerce(x, t), coerce(low, t), coerce(high, t)))
}

func (a *analyzer) like(e *sql.Like, sc *scope) Expr {
	args := []Expr{a.expr(e.X, sc), a.expr(e.Pattern, sc)}
	what := []string{"Left side of LIKE expression", "Pattern for LIKE expression", "Escape for LIKE expression"}
	if e.Escape != nil {
		args = append(args, a.expr(e.Escape, sc))
	}
	for i, x := range args {
		if !canCoerce(x.Type(), varcharType) && !x.Type().isText() {
			fail(e, TypeMismatch, "%s must evaluate to a varchar (actual: %s)", what[i], x.Type())
		}
		args[i] = coerce(x, varcharType)
	}
	return negated(e.Not, call(e.Pos, booleanType, "like", args...))
}

func (a *analyzer) in(e *sql.In, sc *scope) Expr {
	if e.Query != nil {
		return negated(e.Not, a.inQuery(e, sc))
	}
	args := []Expr{a.expr(e.X, sc)}
	t := args[0].Type()
	for _, item := range e.List {
		x := a.expr(item, sc)
		common := commonType(t, x.Type())
		if common == nil {
			noCommonType(item, "IN value and list items", t, x.Type())
		}
		t, args = common, append(args, x)
	}
	for i := range args {
		args[i] = coerce(args[i], t)
	}
	return negated(e.Not, call(e.Pos, booleanType, "in", args...))
}

func (a *analyzer) inQuery(e *sql.In, sc *scope) Expr {
	x, q := a.expr(e.X, sc), a.subquery(e.Query, sc)
	x, q = a.matchQuery(e, "value and result of subquery", x, q)
	return &InQuery{typed: typedAt(booleanType, e.Pos), X: x, Query: q}
}

// matchQuery coerces a value and a query's only column to a common type.
func (a *analyzer) matchQuery(at sql.Node, what string, x Expr, q *Query) (Expr, *Query) {
	if len(q.Columns) != 1 {
		fail(at, sql.NotSupported, "a subquery of %d columns is not supported here", len(q.Columns))
	}
	t := commonType(x.Type(), q.Columns[0].Type)
	if t == nil || !t.Comparable() {
		fail(at, TypeMismatch, "%s must be of the same type for IN expression: %s vs %s", what, x.Type(), q.Columns[0].Type)
	}
	return coerce(x, t), a.coerceQuery(q, []*Type{t})
}

func (a *analyzer) quantified(e *sql.Quantified, sc *scope) Expr {
	x, q := a.expr(e.X, sc), a.subquery(e.Query, sc)
	x, q = a.matchQuery(e, "Value expression and result of subquery", x, q)
	return &Quantified{typed: typedAt(booleanType, e.Pos), Op: e.Op, All: e.Quantifier == "ALL", X: x, Query: q}
}
