package analyze

import (
	"strings"

	"github.com/bindery-project/bindery/internal/engine/sql"
)

// call analyses a function call: special forms, then aggregates and window
// functions, then the scalar catalogue.
func (a *analyzer) call(e *sql.Call, sc *scope) Expr {
	name := functionName(e)
	if form := a.specialForm(e, name, sc); form != nil {
		return form
	}
	sigs := functions()[name]
	if sigs == nil {
		fail(e, FunctionNotFound, "Function '%s' not registered", name)
	}
	switch {
	case e.Over != nil:
		return a.windowCall(e, name, sc)
	case sigs[0].class == Aggregating:
		return a.aggregate(e, name, sc)
	case sigs[0].class == Windowing:
		fail(e, MissingOver, "Window function %s requires an OVER clause", name)
	}
	a.plainOnly(e, name)
	return a.invoke(e, name, a.arguments(e.Args, sc), sc)
}

func functionName(e *sql.Call) string {
	parts := make([]string, len(e.Name.Parts))
	for i, p := range e.Name.Parts {
		parts[i] = strings.ToLower(p.Value)
	}
	return strings.Join(parts, ".")
}

// plainOnly refuses the clauses that belong to aggregates.
func (a *analyzer) plainOnly(e *sql.Call, name string) {
	switch {
	case e.Star:
		fail(e, FunctionNotFound, "Unexpected parameters (*) for function %s", name)
	case e.Distinct:
		fail(e, FunctionNotAggregate, "DISTINCT is not supported for non-aggregation functions")
	case e.Filter != nil:
		fail(e, FunctionNotAggregate, "Filter is only valid for aggregation functions")
	case e.OrderBy != nil:
		fail(e, FunctionNotAggregate, "ORDER BY is only valid for aggregation functions")
	case e.Nulls != "":
		fail(e, FunctionNotWindow, "Cannot specify null treatment clause for %s function", name)
	}
}

// arguments analyses all but lambdas, which wait for their types.
func (a *analyzer) arguments(args []sql.Expr, sc *scope) []argument {
	out := make([]argument, len(args))
	for i, e := range args {
		if l, ok := e.(*sql.Lambda); ok {
			out[i].lambda = l
			continue
		}
		out[i].expr = a.expr(e, sc)
	}
	return out
}

// invoke calls a function of the scalar catalogue.
func (a *analyzer) invoke(at sql.Node, name string, args []argument, sc *scope) Expr {
	r := a.resolve(at, name, args, sc)
	if name == "typeof" {
		return &Literal{typed: typedAt(varcharType, at.Position()), Value: args[0].expr.Type().String()}
	}
	if name == "now" {
		now := a.session.Now.UTC().Truncate(fraction(3)).Format(timestampLayout)
		return &Literal{typed: typedAt(r.result, at.Position()), Value: now, Zone: "UTC"}
	}
	return call(at.Position(), r.result, name, r.args...)
}

// specialForm analyses calls whose arguments follow rules of their own.
func (a *analyzer) specialForm(e *sql.Call, name string, sc *scope) Expr {
	switch name {
	case "coalesce", "if", "nullif", "try", "grouping":
		if e.Over != nil || e.Filter != nil || e.Distinct || e.Star {
			a.plainOnly(e, name)
		}
	default:
		return nil
	}
	switch name {
	case "coalesce":
		return a.coalesce(e, sc)
	case "if":
		return a.ifForm(e, sc)
	case "nullif":
		return a.nullif(e, sc)
	case "try":
		a.arity(e, name, 1, 1)
		x := a.expr(e.Args[0], sc)
		return call(e.Pos, x.Type(), "try", x)
	}
	mark := &groupingMark{typed: typedAt(bigintType, e.Pos)}
	if len(e.Args) <= 30 {
		mark.T = integerType
	}
	for _, arg := range e.Args {
		mark.Args = append(mark.Args, a.expr(arg, sc))
	}
	return mark
}

func (a *analyzer) arity(e *sql.Call, name string, least, most int) {
	if n := len(e.Args); n < least || n > most {
		fail(e, InvalidArguments, "Invalid number of arguments for '%s' function", name)
	}
}

func (a *analyzer) coalesce(e *sql.Call, sc *scope) Expr {
	if len(e.Args) < 2 {
		fail(e, sql.SyntaxError, "The 'coalesce' function must have at least two arguments")
	}
	args, t := a.alike(e.Args, "COALESCE operands", sc)
	return call(e.Pos, t, "coalesce", args...)
}

// ifForm analyses IF(condition, then[, else]) as a CASE.
func (a *analyzer) ifForm(e *sql.Call, sc *scope) Expr {
	a.arity(e, "if", 2, 3)
	cond := mustBeBoolean(a.expr(e.Args[0], sc), e.Args[0], "IF condition")
	c := &Case{typed: typedAt(unknownType, e.Pos), Whens: []When{{cond, a.expr(e.Args[1], sc)}}}
	if len(e.Args) == 3 {
		c.Else = a.expr(e.Args[2], sc)
	}
	return unifyCase(c)
}

// nullif gives the type of the first argument, which is compared in a common one.
func (a *analyzer) nullif(e *sql.Call, sc *scope) Expr {
	a.arity(e, "nullif", 2, 2)
	x := a.expr(e.Args[0], sc)
	equal := a.compare(e, "=", x, a.expr(e.Args[1], sc))
	none := &Literal{typed: typedAt(x.Type(), e.Pos)}
	return &Case{typed: typedAt(x.Type(), e.Pos), Whens: []When{{equal, none}}, Else: x}
}

// orderSensitive aggregates may have ORDER BY inside their parentheses.
var orderSensitive = map[string]bool{"array_agg": true, "listagg": true, "arbitrary": true, "any_value": true}

func (a *analyzer) aggregate(e *sql.Call, name string, sc *scope) *Aggregate {
	agg := &Aggregate{Name: name, Distinct: e.Distinct}
	if e.Star && name != "count" {
		fail(e, FunctionNotFound, "Unexpected parameters (*) for function %s", name)
	}
	if e.Nulls != "" {
		fail(e, FunctionNotWindow, "Cannot specify null treatment clause for %s function", name)
	}
	if name == "count" && !e.Star && len(e.Args) == 0 && e.Distinct {
		fail(e, FunctionNotFound, "Unexpected parameters () for function count")
	}
	r := a.resolve(e, name, a.arguments(e.Args, sc), sc)
	agg.Args, agg.typed = r.args, typedAt(r.result, e.Pos)
	for i, arg := range agg.Args {
		a.noAggregate(arg, e, e.Args[i], name)
	}
	if e.Filter != nil {
		agg.Filter = mustBeBoolean(a.expr(e.Filter, sc), e.Filter, "Filter expression")
		a.onlyScalar(agg.Filter, e.Filter, "FILTER")
	}
	if len(e.OrderBy) > 0 && !orderSensitive[name] && name != "min_by" && name != "max_by" {
		// The order of the input cannot change these results.
		return agg
	}
	agg.OrderBy = a.plainSortKeys(e.OrderBy, sc)
	a.checkDistinctAggregate(e, agg)
	return agg
}

func (a *analyzer) checkDistinctAggregate(e *sql.Call, agg *Aggregate) {
	if !agg.Distinct {
		return
	}
	for _, arg := range agg.Args {
		if !arg.Type().Comparable() {
			fail(e, TypeMismatch, "DISTINCT can only be applied to comparable types (actual: %s)", arg.Type())
		}
	}
	for i, k := range agg.OrderBy {
		if len(agg.Args) == 0 || exprKey(k.Expr) != exprKey(agg.Args[0]) {
			fail(e.OrderBy[i], NotInDistinct, "For aggregate function with DISTINCT, ORDER BY expressions must appear in arguments")
		}
	}
}

func (a *analyzer) noAggregate(x Expr, at sql.Node, text sql.Node, name string) {
	visitShallow(x, func(inner Expr) {
		switch inner.(type) {
		case *Aggregate:
			fail(at, NestedAggregation, "Cannot nest aggregations inside aggregation '%s': [%s]", name, sql.Format(text))
		case *Window:
			fail(at, NestedWindow, "Cannot nest window functions or row pattern measures inside aggregation '%s': [%s]", name, sql.Format(text))
		}
	})
}

// plainSortKeys analyses an ordering that cannot name output columns.
func (a *analyzer) plainSortKeys(order []sql.SortItem, sc *scope) []SortKey {
	var keys []SortKey
	for _, o := range order {
		k := SortKey{Output: -1, Expr: a.expr(o.Expr, sc), Desc: o.Desc, NullsFirst: o.Nulls == "FIRST"}
		if !k.Expr.Type().Orderable() {
			fail(o, TypeMismatch, "ORDER BY can only be applied to orderable types (actual: %s)", k.Expr.Type())
		}
		keys = append(keys, k)
	}
	return keys
}

// nullTreatment lists the functions that take IGNORE NULLS.
var nullTreatment = map[string]bool{"lag": true, "lead": true, "first_value": true, "last_value": true, "nth_value": true}

func (a *analyzer) windowCall(e *sql.Call, name string, sc *scope) Expr {
	out := &Window{}
	switch functions()[name][0].class { //nolint:exhaustive // a scalar function is no window function
	case Aggregating:
		if e.Distinct {
			fail(e, sql.NotSupported, "DISTINCT in window function parameters not yet supported: %s", sql.Format(e))
		}
		plain := *e
		plain.Over, plain.Nulls = nil, ""
		out.Agg = a.windowAggregate(&plain, name, sc)
		out.typed = out.Agg.typed
	case Windowing:
		if e.Filter != nil {
			fail(e, FunctionNotAggregate, "Filter is only valid for aggregation functions")
		}
		r := a.resolve(e, name, a.arguments(e.Args, sc), sc)
		out.Name, out.Args, out.typed = name, r.args, typedAt(r.result, e.Pos)
		out.IgnoreNulls = e.Nulls == "IGNORE"
	default:
		fail(e, FunctionNotWindow, "Not a window function: %s", name)
	}
	if e.Nulls != "" && !nullTreatment[name] {
		fail(e, FunctionNotWindow, "Cannot specify null treatment clause for %s function", name)
	}
	a.windowSpec(out, e, sc)
	return out
}

// windowAggregate allows aggregates in the arguments, which are evaluated
// before the window: sum(sum(x)) OVER ().
func (a *analyzer) windowAggregate(e *sql.Call, name string, sc *scope) *Aggregate {
	r := a.resolve(e, name, a.arguments(e.Args, sc), sc)
	agg := &Aggregate{typed: typedAt(r.result, e.Pos), Name: name, Args: r.args}
	if e.Filter != nil {
		agg.Filter = mustBeBoolean(a.expr(e.Filter, sc), e.Filter, "Filter expression")
	}
	agg.OrderBy = a.plainSortKeys(e.OrderBy, sc)
	return agg
}
