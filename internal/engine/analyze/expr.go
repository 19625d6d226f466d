package analyze

import (
	"math"
	"strings"

	"github.com/bindery-project/bindery/internal/engine/sql"
)

// expr analyses a value expression.
func (a *analyzer) expr(e sql.Expr, sc *scope) Expr {
	switch e := e.(type) {
	case *sql.NullLiteral, *sql.BooleanLiteral, *sql.NumberLiteral, *sql.StringLiteral,
		*sql.BinaryLiteral, *sql.TypedLiteral, *sql.IntervalLiteral:
		return a.literal(e)
	case *sql.Parameter:
		return a.expr(a.session.Parameters[e.Index], &scope{})
	case *sql.NameExpr:
		return a.name(e, sc)
	case *sql.Dereference:
		if _, plain := nameParts(e); plain {
			return a.name(e, sc)
		}
		return rowField(e, a.expr(e.Base, sc), e.Field.Value)
	case *sql.Subscript:
		return a.subscript(e, sc)
	case *sql.Unary:
		return a.unary(e, sc)
	case *sql.Binary:
		return a.binary(e, e.Op, a.expr(e.L, sc), a.expr(e.R, sc))
	case *sql.Case:
		return a.caseExpr(e, sc)
	case *sql.Cast:
		return a.cast(e, sc)
	case *sql.Extract:
		return a.extract(e, sc)
	case *sql.AtTimeZone:
		return a.atTimeZone(e, sc)
	case *sql.Trim:
		return a.trim(e, sc)
	case *sql.CurrentValue:
		return a.currentValue(e)
	case *sql.Call:
		return a.call(e, sc)
	case *sql.ArrayExpr:
		return a.array(e, sc)
	case *sql.RowExpr:
		return a.row(e, sc)
	case *sql.Subquery:
		return a.scalarSubquery(e, sc)
	case *sql.Lambda:
		fail(e, sql.SyntaxError, "Lambda expression should always be used inside a function")
	}
	return a.predicate(e, sc)
}

func (a *analyzer) subscript(e *sql.Subscript, sc *scope) Expr {
	base, index := a.expr(e.Base, sc), a.expr(e.Index, sc)
	switch t := base.Type(); t.Kind { //nolint:exhaustive // only containers have parts
	case Row:
		lit, ok := index.(*Literal)
		n, isInt := literalInt(lit, ok)
		if !isInt {
			fail(e.Index, TypeMismatch, "Subscript expression on ROW requires a constant index")
		}
		if n < 1 || n > int64(len(t.Args)) {
			fail(e.Index, InvalidFunctionArgument, "Subscript index out of bounds: %d, max value is %d", n, len(t.Args))
		}
		return &Field{typed: typedAt(t.Args[n-1], e.Pos), X: base, Index: int(n - 1)}
	case Array:
		if !canCoerce(index.Type(), bigintType) {
			break
		}
		return call(e.Pos, t.Elem(), "subscript", base, coerce(index, bigintType))
	case Map:
		if !canCoerce(index.Type(), t.Key()) {
			break
		}
		return call(e.Pos, t.Value(), "subscript", base, coerce(index, t.Key()))
	}
	fail(e, TypeMismatch, "Cannot use %s for subscript of %s", index.Type(), base.Type())
	return nil
}

func literalInt(lit *Literal, ok bool) (int64, bool) {
	if !ok {
		return 0, false
	}
	n, isInt := lit.Value.(int64)
	return n, isInt
}

func (a *analyzer) unary(e *sql.Unary, sc *scope) Expr {
	if n, ok := e.X.(*sql.NumberLiteral); ok && e.Op == "-" && n.Text == leastBigint[1:] {
		return &Literal{typed: typedAt(bigintType, e.Pos), Value: int64(math.MinInt64)}
	}
	x := a.expr(e.X, sc)
	t := x.Type()
	if !t.IsNumeric() && t.Kind != IntervalDay && t.Kind != IntervalYear && t.Kind != Unknown {
		fail(e, TypeMismatch, "Cannot apply operator: %s%s", e.Op, t)
	}
	if e.Op == "+" {
		return x
	}
	if lit, ok := x.(*Literal); ok {
		if folded := negate(lit, e.Pos); folded != nil {
			return folded
		}
	}
	return call(e.Pos, t, "negate", x)
}

func (a *analyzer) caseExpr(e *sql.Case, sc *scope) Expr {
	out := &Case{typed: typedAt(unknownType, e.Pos)}
	var operand Expr
	if e.Operand != nil {
		operand = a.expr(e.Operand, sc)
	}
	for _, w := range e.Whens {
		var cond Expr
		if operand != nil {
			cond = a.compare(w.Cond, "=", operand, a.expr(w.Cond, sc))
		} else {
			cond = a.expr(w.Cond, sc)
			if !canCoerce(cond.Type(), booleanType) {
				fail(w.Cond, TypeMismatch, "CASE WHEN clause must evaluate to a boolean (actual: %s)", cond.Type())
			}
		}
		out.Whens = append(out.Whens, When{coerce(cond, booleanType), a.expr(w.Result, sc)})
	}
	if e.Else != nil {
		out.Else = a.expr(e.Else, sc)
	}
	return unifyCase(out)
}

// unifyCase gives all results one type.
func unifyCase(c *Case) Expr {
	t := unknownType
	for _, r := range caseResults(c) {
		common := commonType(t, (*r).Type())
		if common == nil {
			noCommonType(*r, "All CASE results", t, (*r).Type())
		}
		t = common
	}
	for _, r := range caseResults(c) {
		*r = coerce(*r, t)
	}
	c.T = t
	return c
}

func caseResults(c *Case) []*Expr {
	var out []*Expr
	for i := range c.Whens {
		out = append(out, &c.Whens[i].Result)
	}
	if c.Else != nil {
		out = append(out, &c.Else)
	}
	return out
}

func (a *analyzer) cast(e *sql.Cast, sc *scope) Expr {
	x := a.expr(e.X, sc)
	t, err := resolveType(e.Type)
	if err != nil {
		panic(failure{err})
	}
	if !canCast(x.Type(), t) {
		fail(e, TypeMismatch, "Cannot cast %s to %s", x.Type(), t)
	}
	if lit, ok := x.(*Literal); ok && lit.Value == nil {
		return &Literal{typed: typedAt(t, e.Pos)}
	}
	return &Cast{typed: typedAt(t, e.Pos), X: x, Try: e.Try}
}

// extractFunctions are the functions that EXTRACT's fields stand for.
var extractFunctions = map[string]string{
	"YEAR": "year", "QUARTER": "quarter", "MONTH": "month", "WEEK": "week", "DAY": "day",
	"DAY_OF_MONTH": "day_of_month", "DAY_OF_WEEK": "day_of_week", "DOW": "dow", "DAY_OF_YEAR": "day_of_year",
	"DOY": "doy", "YEAR_OF_WEEK": "year_of_week", "YOW": "yow", "HOUR": "hour", "MINUTE": "minute",
	"SECOND": "second", "TIMEZONE_HOUR": "timezone_hour", "TIMEZONE_MINUTE": "timezone_minute",
}

// leastBigint is the one whole number whose digits alone are too large.
const leastBigint = "-9223372036854775808"

// ofClock are the fields that a date has not.
var ofClock = map[string]bool{"HOUR": true, "MINUTE": true, "SECOND": true, "TIMEZONE_HOUR": true, "TIMEZONE_MINUTE": true}

func (a *analyzer) extract(e *sql.Extract, sc *scope) Expr {
	name, ok := extractFunctions[e.Field]
	if !ok {
		fail(e, sql.SyntaxError, "Invalid EXTRACT field: %s", e.Field)
	}
	x := a.expr(e.X, sc)
	if x.Type().Kind == Date && ofClock[e.Field] {
		fail(e.X, TypeMismatch, "Cannot extract %s from date", e.Field)
	}
	return a.invoke(e, name, []argument{{expr: x}}, sc)
}

func (a *analyzer) atTimeZone(e *sql.AtTimeZone, sc *scope) Expr {
	x, zone := a.expr(e.X, sc), a.expr(e.Zone, sc)
	if k := x.Type().Kind; k != Timestamp && k != TimestampTZ {
		fail(e, TypeMismatch, "Type of value must be a time or timestamp with or without time zone (actual %s)", x.Type())
	}
	if !zone.Type().isText() {
		fail(e, TypeMismatch, "Cannot use %s as time zone", zone.Type())
	}
	t := TimestampTZOf(x.Type().Length)
	return call(e.Pos, t, "at_timezone", coerce(x, t), zone)
}

func (a *analyzer) trim(e *sql.Trim, sc *scope) Expr {
	name := map[string]string{"BOTH": "trim", "LEADING": "ltrim", "TRAILING": "rtrim"}[e.Spec]
	args := []argument{{expr: a.expr(e.X, sc)}}
	if e.Chars != nil {
		args = append(args, argument{expr: a.expr(e.Chars, sc)})
	}
	return a.invoke(e, name, args, sc)
}

func (a *analyzer) array(e *sql.ArrayExpr, sc *scope) Expr {
	items, t := a.alike(e.Items, "ARRAY elements", sc)
	return call(e.Pos, ArrayOf(t), "array", items...)
}

// noCommonType fails for a list of values; two types stand for all of them.
func noCommonType(at interface{ Position() sql.Pos }, values string, t, u *Type) {
	panic(failure{sql.Errorf(at.Position(), TypeMismatch, "%s must be the same type or coercible to a common type. "+
		"Cannot find common type between %[2]s and %[3]s, all types (without duplicates): [%[2]s, %[3]s]", values, t, u)})
}

// alike analyses expressions and coerces them to their common type, the unknown
// one when there are none. The error calls them by their plural.
func (a *analyzer) alike(exprs []sql.Expr, plural string, sc *scope) ([]Expr, *Type) {
	t := unknownType
	out := make([]Expr, len(exprs))
	for i, e := range exprs {
		out[i] = a.expr(e, sc)
		common := commonType(t, out[i].Type())
		if common == nil {
			noCommonType(out[i], "All "+plural, t, out[i].Type())
		}
		t = common
	}
	for i := range out {
		out[i] = coerce(out[i], t)
	}
	return out, t
}

func (a *analyzer) row(e *sql.RowExpr, sc *scope) Expr {
	items := make([]Expr, len(e.Items))
	types := make([]*Type, len(e.Items))
	for i, item := range e.Items {
		items[i] = a.expr(item, sc)
		types[i] = items[i].Type()
	}
	return call(e.Pos, RowOf(make([]string, len(items)), types), "row", items...)
}

// subquery analyses a query inside an expression.
func (a *analyzer) subquery(q *sql.Query, sc *scope) *Query {
	for s := sc; s != nil; s = s.parent {
		if s.lambda {
			fail(q, sql.NotSupported, "Lambda expression cannot contain subqueries")
		}
	}
	saved := a.windows
	defer func() { a.windows = saved }()
	return a.query(q, sc)
}

func (a *analyzer) scalarSubquery(e *sql.Subquery, sc *scope) Expr {
	q := a.subquery(e.Query, sc)
	if len(q.Columns) != 1 {
		fail(e, sql.NotSupported, "a scalar subquery of %d columns is not supported", len(q.Columns))
	}
	return &Subquery{typed: typedAt(q.Columns[0].Type, e.Pos), Query: q}
}

func (a *analyzer) currentValue(e *sql.CurrentValue) Expr {
	now := a.session.Now.UTC()
	precision := e.Precision
	if precision < 0 {
		precision = 3
	}
	if precision > maxTimePrecision {
		fail(e, sql.NotSupported, "%s(%d) is not supported", e.Name, precision)
	}
	lit := func(t *Type, v string) Expr { return &Literal{typed: typedAt(t, e.Pos), Value: v} }
	stamp := now.Truncate(fraction(precision)).Format(timestampLayout)
	switch e.Name {
	case "CURRENT_DATE":
		return lit(dateType, now.Format("2006-01-02"))
	case "CURRENT_TIMESTAMP":
		return &Literal{typed: typedAt(TimestampTZOf(precision), e.Pos), Value: stamp, Zone: "UTC"}
	case "LOCALTIMESTAMP":
		return lit(TimestampOf(precision), stamp)
	case "LOCALTIME":
		return lit(TimeOf(precision), stamp[11:])
	case "CURRENT_USER":
		return lit(varcharType, a.session.User)
	case "CURRENT_CATALOG":
		return lit(varcharType, a.session.Catalog)
	case "CURRENT_SCHEMA":
		return lit(varcharType, strings.ToLower(a.session.Database))
	}
	fail(e, sql.NotSupported, "%s is not supported", e.Name)
	return nil
}
