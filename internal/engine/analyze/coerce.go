package analyze

// maxDecimal is the widest decimal.
const maxDecimal = 38

// integerDigits are the decimal digits that hold every value of the
// whole-number types.
var integerDigits = map[Kind]int{Tinyint: 3, Smallint: 5, Integer: 10, Bigint: 19}

// decimalFor gives the decimal that holds every value of an exact numeric type.
func decimalFor(t *Type) *Type {
	if t.Kind == Decimal {
		return t
	}
	return DecimalOf(integerDigits[t.Kind], 0)
}

// canCoerce says whether a value of one type becomes another without a cast.
func canCoerce(from, to *Type) bool {
	super := commonType(from, to)
	return super != nil && super.Equal(to)
}

// commonType gives the smallest type both can be coerced to, or nil. These are
// the engine's rules: widening numbers, longer text, finer timestamps, dates to
// timestamps, and the same inside arrays, maps and rows.
func commonType(a, b *Type) *Type {
	switch {
	case a.Equal(b) || b.Kind == Unknown:
		return a
	case a.Kind == Unknown:
		return b
	case a.IsNumeric() && b.IsNumeric():
		return commonNumber(a, b)
	case a.Kind == b.Kind:
		return commonSameKind(a, b)
	}
	if a.Kind > b.Kind {
		a, b = b, a
	}
	return commonMixed(a, b)
}

// commonMixed handles two kinds, the lower one first.
func commonMixed(a, b *Type) *Type {
	switch {
	case a.Kind == Varchar && b.Kind == Char:
		if a.Length == Unbounded {
			return a
		}
		return &Type{Kind: Char, Length: max(a.Length, b.Length)}
	case a.Kind == Date && (b.Kind == Timestamp || b.Kind == TimestampTZ):
		return b
	case a.Kind == Timestamp && b.Kind == TimestampTZ:
		return TimestampTZOf(max(a.Length, b.Length))
	case a.Kind == Varchar && b.Kind == JSON:
		return nil
	}
	return nil
}

func commonNumber(a, b *Type) *Type {
	if a.Kind == Double || b.Kind == Double {
		return doubleType
	}
	if a.Kind == Real || b.Kind == Real {
		return realType
	}
	if a.Kind == Decimal || b.Kind == Decimal {
		return commonDecimal(decimalFor(a), decimalFor(b))
	}
	if a.Kind > b.Kind {
		return a
	}
	return b
}

func commonDecimal(a, b *Type) *Type {
	scale := max(a.Scale, b.Scale)
	whole := max(a.Length-a.Scale, b.Length-b.Scale)
	return DecimalOf(min(maxDecimal, whole+scale), scale)
}

func commonSameKind(a, b *Type) *Type {
	switch a.Kind { //nolint:exhaustive // the rest has no parameters, or no common type
	case Varchar:
		if a.Length == Unbounded || b.Length == Unbounded {
			return varcharType
		}
		return VarcharOf(max(a.Length, b.Length))
	case Char, Time, Timestamp, TimestampTZ:
		return &Type{Kind: a.Kind, Length: max(a.Length, b.Length)}
	case Array, Map:
		args, ok := commonAll(a.Args, b.Args)
		if !ok {
			return nil
		}
		return &Type{Kind: a.Kind, Args: args}
	case Row:
		return commonRow(a, b)
	}
	return nil
}

func commonAll(a, b []*Type) ([]*Type, bool) {
	if len(a) != len(b) {
		return nil, false
	}
	out := make([]*Type, len(a))
	for i := range a {
		if out[i] = commonType(a[i], b[i]); out[i] == nil {
			return nil, false
		}
	}
	return out, true
}

// commonRow keeps a field's name where both sides agree on it.
func commonRow(a, b *Type) *Type {
	args, ok := commonAll(a.Args, b.Args)
	if !ok {
		return nil
	}
	names := make([]string, len(args))
	for i := range names {
		if a.Names[i] == b.Names[i] {
			names[i] = a.Names[i]
		}
	}
	return RowOf(names, args)
}

// canCast says whether CAST between two types exists.
func canCast(from, to *Type) bool {
	if from.Kind == Unknown || canCoerce(from, to) {
		return true
	}
	if from.Kind == to.Kind {
		return castInside(from, to)
	}
	switch to.Kind { //nolint:exhaustive // numbers follow the switch; to the rest nothing casts
	case JSON:
		return castToJSON(from)
	case Varchar:
		return from.Kind <= Char || from.Kind >= Date && from.Kind <= UUID
	case Char:
		return from.Kind == Varchar
	case Boolean:
		return from.IsNumeric() || from.isText() || from.Kind == JSON
	case Date, Time:
		return from.isText() || from.Kind == Timestamp || from.Kind == TimestampTZ || from.Kind == JSON && to.Kind == Date
	case Timestamp, TimestampTZ:
		return from.isText() || from.Kind >= Date && from.Kind <= TimestampTZ || from.Kind == JSON && to.Kind == Timestamp
	case Varbinary:
		return from.Kind == UUID
	case UUID:
		return from.isText() || from.Kind == Varbinary
	case Array, Map, Row:
		return from.Kind == JSON && castFromJSON(to)
	}
	return to.IsNumeric() && (from.IsNumeric() || from.isText() || from.Kind == Boolean || from.Kind == JSON)
}

func castInside(from, to *Type) bool {
	if from.Kind == Function || len(from.Args) != len(to.Args) {
		return false
	}
	for i := range from.Args {
		if !canCast(from.Args[i], to.Args[i]) {
			return false
		}
	}
	return true
}

func castToJSON(from *Type) bool {
	switch from.Kind {
	case Array, Row:
		for _, a := range from.Args {
			if !castToJSON(a) {
				return false
			}
		}
		return true
	case Map:
		return (from.Key().isText() || from.Key().IsNumeric() || from.Key().Kind == Boolean) && castToJSON(from.Value())
	case Unknown, Boolean, Tinyint, Smallint, Integer, Bigint, Decimal, Real, Double, Varchar, Date, Timestamp, JSON:
		return true
	case Varbinary, Time, TimestampTZ, IntervalDay, IntervalYear, UUID, Function, Char:
	}
	return false
}

func castFromJSON(to *Type) bool {
	switch to.Kind {
	case Array, Row:
		for _, a := range to.Args {
			if !castFromJSON(a) {
				return false
			}
		}
		return true
	case Map:
		return (to.Key().isText() || to.Key().IsNumeric() || to.Key().Kind == Boolean) && castFromJSON(to.Value())
	case Boolean, Tinyint, Smallint, Integer, Bigint, Decimal, Real, Double, JSON, Varchar, Date, Timestamp:
		return true
	case Unknown, Char, Varbinary, Time, TimestampTZ, IntervalDay, IntervalYear, UUID, Function:
	}
	return false
}
