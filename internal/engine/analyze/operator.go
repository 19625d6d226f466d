package analyze

import "github.com/bindery-project/bindery/internal/engine/sql"

// binary analyses + - * / % and ||.
func (a *analyzer) binary(at sql.Node, op string, l, r Expr) Expr {
	if op == "||" {
		return a.concat(at, l, r)
	}
	if e := timeArithmetic(at, op, l, r); e != nil {
		return e
	}
	lt, rt := l.Type(), r.Type()
	if lt.Kind == Unknown {
		lt = rt
	}
	if rt.Kind == Unknown {
		rt = lt
	}
	if !lt.IsNumeric() || !rt.IsNumeric() {
		fail(at, TypeMismatch, "Cannot apply operator: %s %s %s", l.Type(), op, r.Type())
	}
	t := commonType(lt, rt)
	if t.Kind != Decimal {
		return call(at.Position(), t, op, coerce(l, t), coerce(r, t))
	}
	x, y := decimalFor(lt), decimalFor(rt)
	result := arithmeticDecimal(op, x, y)
	if result.Scale > maxDecimal {
		fail(at, TypeMismatch, "DECIMAL scale must be in range [0, precision (38)]: %d", result.Scale)
	}
	return call(at.Position(), result, op, coerce(l, x), coerce(r, y))
}

// arithmeticDecimal gives the result type of an operator over decimals, by the
// engine's rules.
func arithmeticDecimal(op string, x, y *Type) *Type {
	scale := max(x.Scale, y.Scale)
	switch op {
	case "*":
		return DecimalOf(min(maxDecimal, x.Length+y.Length), x.Scale+y.Scale)
	case "/":
		return DecimalOf(min(maxDecimal, x.Length+y.Scale+max(0, y.Scale-x.Scale)), scale)
	case "%":
		return DecimalOf(min(x.Length-x.Scale, y.Length-y.Scale)+scale, scale)
	}
	whole := max(x.Length-x.Scale, y.Length-y.Scale)
	return DecimalOf(min(maxDecimal, 1+whole+scale), scale)
}

func (a *analyzer) concat(at sql.Node, l, r Expr) Expr {
	lt, rt := l.Type(), r.Type()
	switch {
	case lt.Kind == Array && rt.Kind == Array:
		if t := commonType(lt, rt); t != nil {
			return call(at.Position(), t, "concat", coerce(l, t), coerce(r, t))
		}
	case lt.Kind == Array:
		if t := commonType(lt.Elem(), rt); t != nil {
			return call(at.Position(), ArrayOf(t), "array_append", coerce(l, ArrayOf(t)), coerce(r, t))
		}
	case rt.Kind == Array:
		if t := commonType(lt, rt.Elem()); t != nil {
			return call(at.Position(), ArrayOf(t), "array_prepend", coerce(l, t), coerce(r, ArrayOf(t)))
		}
	case lt.Kind == Varbinary && rt.Kind == Varbinary:
		return call(at.Position(), varbinaryType, "concat", l, r)
	case (lt.isText() || lt.Kind == Unknown) && (rt.isText() || rt.Kind == Unknown):
		return call(at.Position(), varcharType, "concat", coerce(l, varcharType), coerce(r, varcharType))
	}
	fail(at, FunctionNotFound, "Unexpected parameters (%s, %s) for function concat. Expected: %s", lt, rt,
		describeOverloads(functions()["concat"]))
	return nil
}

// timeArithmetic analyses + and - with dates, times and intervals, and
// intervals times numbers; nil when neither side is one.
func timeArithmetic(at sql.Node, op string, l, r Expr) Expr {
	lt, rt := l.Type(), r.Type()
	pos := at.Position()
	switch {
	case isInterval(rt) && isMoment(lt) && (op == "+" || op == "-"):
		return call(pos, momentResult(at, op, lt, rt), "time"+op, l, r)
	case isInterval(lt) && isMoment(rt) && op == "+":
		return call(pos, momentResult(at, op, rt, lt), "time+", r, l)
	case isMoment(lt) && isMoment(rt) && op == "-":
		if t := commonType(lt, rt); t != nil && t.Kind != Time {
			return call(pos, dayInterval, "time_between", coerce(l, t), coerce(r, t))
		}
	case isInterval(lt) && lt.Equal(rt) && (op == "+" || op == "-"):
		return call(pos, lt, op, l, r)
	case isInterval(lt) && rt.IsNumeric() && (op == "*" || op == "/"):
		return call(pos, lt, "interval"+op, l, coerce(r, doubleType))
	case isInterval(rt) && lt.IsNumeric() && op == "*":
		return call(pos, rt, "interval*", r, coerce(l, doubleType))
	}
	return nil
}

func isInterval(t *Type) bool { return t.Kind == IntervalDay || t.Kind == IntervalYear }

func isMoment(t *Type) bool { return t.Kind >= Date && t.Kind <= TimestampTZ }

// momentResult checks that the interval fits: a time of day has no months.
func momentResult(at sql.Node, op string, moment, interval *Type) *Type {
	if moment.Kind == Time && interval.Kind == IntervalYear {
		fail(at, TypeMismatch, "Cannot apply operator: %s %s %s", moment, op, interval)
	}
	if interval.Kind == IntervalYear {
		return moment
	}
	if moment.Kind == Timestamp || moment.Kind == TimestampTZ || moment.Kind == Time {
		return &Type{Kind: moment.Kind, Length: max(moment.Length, 3)}
	}
	return moment
}
