package analyze

import (
	"strings"

	"github.com/bindery-project/bindery/internal/engine/sql"
)

// binding collects what the type variables of a signature stand for.
type binding struct {
	vars map[string]*Type
	cost int
}

// Costs order the overloads that fit: the cheapest wins, then the first.
const (
	costWiden  = 1
	costChange = 10
)

var kindByName = map[string]Kind{
	"unknown": Unknown, "boolean": Boolean, "tinyint": Tinyint, "smallint": Smallint,
	"integer": Integer, "bigint": Bigint, "decimal": Decimal, "real": Real, "double": Double,
	"varchar": Varchar, "char": Char, "varbinary": Varbinary, "date": Date, "time": Time, "timestamp": Timestamp,
	"timestamptz": TimestampTZ, "json": JSON, "uuid": UUID, "interval_day": IntervalDay,
	"interval_year": IntervalYear,
}

// match binds an argument's type to a parameter pattern and says whether it fits.
func (b *binding) match(p *sigType, t *Type) bool {
	switch {
	case p.isVariable():
		return b.bind(p.name, t)
	case t.Kind == Unknown:
		b.cost++
		return p.name != "fn"
	case p.name == "number":
		return t.IsNumeric()
	case p.name == "array" || p.name == "map" || p.name == "row":
		return b.matchInside(p, t)
	}
	return b.matchPlain(kindByName[p.name], t)
}

// bind widens a variable so that it also holds t.
func (b *binding) bind(name string, t *Type) bool {
	if name == "O" && !t.Orderable() || t.Kind == Function {
		return false
	}
	old, bound := b.vars[name]
	if !bound {
		b.vars[name] = t
		return true
	}
	common := commonType(old, t)
	if common == nil {
		return false
	}
	if !common.Equal(old) || !common.Equal(t) {
		b.cost++
	}
	b.vars[name] = common
	return true
}

func (b *binding) matchInside(p *sigType, t *Type) bool {
	kind := map[string]Kind{"array": Array, "map": Map, "row": Row}[p.name]
	if t.Kind != kind || len(t.Args) != len(p.args) {
		return false
	}
	for i, arg := range t.Args {
		if !b.match(p.args[i], arg) {
			return false
		}
	}
	return true
}

func (b *binding) matchPlain(want Kind, t *Type) bool {
	switch {
	case t.Kind == want:
		return true
	case want == Varchar && t.Kind == Char:
		b.cost++
		return true
	case t.IsNumeric() && want >= Tinyint && want <= Double && t.Kind < want:
		b.cost += costWiden * int(want-t.Kind)
		return want != Decimal || t.IsInteger()
	case t.Kind == Date && (want == Timestamp || want == TimestampTZ),
		t.Kind == Timestamp && want == TimestampTZ:
		b.cost += costChange * int(want-t.Kind)
		return true
	}
	return false
}

// concrete gives the type a pattern stands for, given the argument it faces.
func (b *binding) concrete(p *sigType, arg *Type) *Type {
	switch {
	case p.isVariable():
		if t := b.vars[p.name]; t != nil {
			return t
		}
		return unknownType
	case p.name == "number":
		return arg
	case p.name == "array" || p.name == "map" || p.name == "row":
		return b.concreteInside(p, arg)
	}
	kind := kindByName[p.name]
	if len(p.nums) > 0 {
		return &Type{Kind: kind, Length: p.nums[0]}
	}
	return plainConcrete(kind, arg)
}

func (b *binding) concreteInside(p *sigType, arg *Type) *Type {
	t := &Type{Kind: map[string]Kind{"array": Array, "map": Map, "row": Row}[p.name]}
	for i, a := range p.args {
		inner := unknownType
		if arg != nil && arg.Kind == t.Kind && i < len(arg.Args) {
			inner = arg.Args[i]
		}
		t.Args = append(t.Args, b.concrete(a, inner))
		t.Names = append(t.Names, "")
	}
	if t.Kind != Row {
		t.Names = nil
	} else if arg != nil && arg.Kind == Row {
		t.Names = arg.Names
	}
	return t
}

// plainConcrete keeps the parameters of the argument's type where the kinds agree.
func plainConcrete(kind Kind, arg *Type) *Type {
	switch kind { //nolint:exhaustive // the rest has no parameters
	case Varchar:
		return varcharType
	case Char:
		return arg
	case Decimal:
		if arg != nil && arg.IsNumeric() && arg.Kind <= Decimal {
			return decimalFor(arg)
		}
		return DecimalOf(maxDecimal, 0)
	case Time, Timestamp, TimestampTZ:
		if arg != nil && arg.Kind >= Time && arg.Kind <= TimestampTZ {
			return &Type{Kind: kind, Length: arg.Length}
		}
		return &Type{Kind: kind, Length: 3}
	}
	return &Type{Kind: kind}
}

// argument is what a call offers: an analysed expression, or a lambda that
// waits for the types of its parameters.
type argument struct {
	expr   Expr
	lambda *sql.Lambda
}

// resolved is a chosen overload with coerced arguments.
type resolved struct {
	sig    *signature
	args   []Expr
	result *Type
}

// resolve chooses the overload of a call.
func (a *analyzer) resolve(at sql.Node, name string, args []argument, sc *scope) *resolved {
	sigs := functions()[name]
	if sigs == nil {
		fail(at, FunctionNotFound, "Function '%s' not registered", name)
	}
	var best *signature
	var bestBinding *binding
	for _, sig := range sigs {
		if b := fits(sig, args); b != nil && (bestBinding == nil || b.cost < bestBinding.cost) {
			best, bestBinding = sig, b
		}
	}
	if best == nil {
		fail(at, FunctionNotFound, "Unexpected parameters (%s) for function %s. Expected: %s",
			describeArguments(args), name, describeOverloads(sigs))
	}
	return a.finish(best, bestBinding, args, sc)
}

func describeArguments(args []argument) string {
	parts := make([]string, len(args))
	for i, arg := range args {
		if arg.lambda != nil {
			parts[i] = "<function>"
		} else {
			parts[i] = arg.expr.Type().String()
		}
	}
	return strings.Join(parts, ", ")
}

func describeOverloads(sigs []*signature) string {
	parts := make([]string, len(sigs))
	for i, s := range sigs {
		parts[i] = s.String()
	}
	return strings.Join(parts, ", ")
}

// param gives the pattern of parameter i.
func (s *signature) param(i int) *sigType {
	return s.params[min(i, len(s.params)-1)]
}

// fits binds the arguments that are not lambdas, or gives nil.
func fits(sig *signature, args []argument) *binding {
	n := len(sig.params)
	if len(args) != n && (!sig.variadic || len(args) < max(n-1, 1)) {
		return nil
	}
	b := &binding{vars: map[string]*Type{}}
	for i, arg := range args {
		p := sig.param(i)
		isLambda := arg.lambda != nil
		if isLambda != (p.name == "fn") {
			return nil
		}
		if isLambda {
			if len(arg.lambda.Params) != len(p.args)-1 {
				return nil
			}
			continue
		}
		if !b.match(p, arg.expr.Type()) {
			return nil
		}
	}
	return b
}

// finish analyses the lambdas, coerces the arguments and gives the result type.
func (a *analyzer) finish(sig *signature, b *binding, args []argument, sc *scope) *resolved {
	out := &resolved{sig: sig, args: make([]Expr, len(args))}
	for a.bindLambdas(sig, b, args, out, sc) {
		continue
	}
	for i, arg := range args {
		if arg.lambda == nil {
			out.args[i] = coerce(arg.expr, b.concrete(sig.param(i), arg.expr.Type()))
		}
	}
	if same := sig.result.same; same > 0 {
		out.result = out.args[same-1].Type()
	} else {
		var facing *Type
		if len(out.args) > 0 {
			facing = out.args[0].Type()
		}
		out.result = b.result(sig, facing)
	}
	if rule, found := resultRules[sig.name]; found {
		out.result = rule(out)
	} else if rule, found := lengthRules[sig.name]; found {
		out.result = rule(out)
	}
	return out
}

// result gives the result type. A row made by zip or map_entries has no names;
// a timestamp without digits takes those of the first argument.
func (b *binding) result(sig *signature, first *Type) *Type {
	if sig.result.name == "array" && sig.result.args[0].name == "timestamp" {
		return ArrayOf(TimestampOf(first.Length))
	}
	return b.concrete(sig.result, nil)
}

// maxLambdas bounds how often bodies of lambdas are analysed, since each
// widening of a type variable analyses them again.
const maxLambdas = 10_000

// bindLambdas analyses the lambdas of a call and says whether one of them
// widened a type variable, after which all have to be analysed again.
func (a *analyzer) bindLambdas(sig *signature, b *binding, args []argument, out *resolved, sc *scope) bool {
	for i, arg := range args {
		if arg.lambda == nil {
			out.args[i] = arg.expr
			continue
		}
		if a.lambdas++; a.lambdas > maxLambdas {
			fail(arg.lambda, sql.NotSupported, "a query with so many nested lambda expressions is not supported")
		}
		lambda, widened := a.bindLambda(arg.lambda, sig.param(i), b, sc)
		if widened {
			return true
		}
		out.args[i] = lambda
	}
	return false
}

// bindLambda analyses a lambda's body with its parameters' types known, and
// binds what it gives back.
func (a *analyzer) bindLambda(l *sql.Lambda, p *sigType, b *binding, sc *scope) (Expr, bool) {
	last := len(p.args) - 1
	out := &Lambda{}
	inner := &scope{parent: sc, lambda: true}
	for i, id := range l.Params {
		a.variables++
		v := &Variable{typed: typedAt(b.concrete(p.args[i], nil), id.Pos), ID: a.variables}
		out.Params = append(out.Params, v)
		inner.fields = append(inner.fields, field{name: id.Value, expr: v})
	}
	body := a.expr(l.Body, inner)
	a.onlyScalar(body, l.Body, "Lambda expression")
	body, widened := fitResult(l, body, p.args[last], b)
	out.Body = body
	out.typed = typedAt(&Type{Kind: Function, Args: []*Type{body.Type()}}, l.Pos)
	return out, widened
}

// fitResult coerces a lambda's body to the type wanted, or binds or widens the
// type variable that stands for it.
func fitResult(l *sql.Lambda, body Expr, want *sigType, b *binding) (Expr, bool) {
	old := b.vars[want.name]
	if want.isVariable() && old == nil {
		b.vars[want.name] = body.Type()
		return body, false
	}
	t := b.concrete(want, body.Type())
	if canCoerce(body.Type(), t) {
		return coerce(body, t), false
	}
	if common := commonType(t, body.Type()); common != nil && want.isVariable() {
		b.vars[want.name] = common
		return body, true
	}
	fail(l.Body, TypeMismatch, "Lambda expression must evaluate to a %s but found %s", t, body.Type())
	return nil, false
}

// coerce adds an implicit cast where the type differs.
func coerce(e Expr, to *Type) Expr {
	from := e.Type()
	if from.Equal(to) || from.Kind == Varchar && to.Kind == Varchar {
		return e
	}
	if lit, ok := e.(*Literal); ok && lit.Value == nil {
		return &Literal{typed: typedAt(to, lit.Pos)}
	}
	return &Cast{typed: typedAt(to, e.Position()), X: e, Implicit: true}
}

// resultRules compute results that a signature cannot say.
var resultRules = map[string]func(*resolved) *Type{
	"sum": func(r *resolved) *Type {
		if t := r.result; t.Kind == Decimal {
			return DecimalOf(maxDecimal, t.Scale)
		}
		return r.result
	},
	"ceil": wholeDecimal, "ceiling": wholeDecimal, "floor": wholeDecimal,
	"sign": func(r *resolved) *Type {
		if r.result.Kind == Decimal {
			return DecimalOf(1, 0)
		}
		return r.result
	},
	"round": func(r *resolved) *Type {
		t := r.result
		if t.Kind == Decimal && len(r.args) == 2 {
			return DecimalOf(min(maxDecimal, t.Length+1), t.Scale)
		}
		return wholeDecimal(r)
	},
	"truncate": func(r *resolved) *Type {
		if t := r.result; t.Kind == Decimal && len(r.args) == 1 {
			return DecimalOf(max(1, t.Length-t.Scale), 0)
		}
		return r.result
	},
	"with_timezone": func(r *resolved) *Type { return TimestampTZOf(r.args[0].Type().Length) },
	"at_timezone":   func(r *resolved) *Type { return r.args[0].Type() },
	"mod": func(r *resolved) *Type {
		x, y := r.args[0].Type(), r.args[1].Type()
		t := commonType(x, y)
		if t.Kind == Decimal {
			t = arithmeticDecimal("%", decimalFor(x), decimalFor(y))
		} else {
			r.args[0], r.args[1] = coerce(r.args[0], t), coerce(r.args[1], t)
		}
		return t
	},
}

func wholeDecimal(r *resolved) *Type {
	if t := r.result; t.Kind == Decimal {
		return DecimalOf(t.Length-t.Scale+min(1, t.Scale), 0)
	}
	return r.result
}
