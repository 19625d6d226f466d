package analyze

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind is the family of a type.
type Kind uint8

// The kinds of type. The order of the numeric ones is their widening order.
const (
	Unknown Kind = iota // the type of NULL
	Boolean
	Tinyint
	Smallint
	Integer
	Bigint
	Decimal
	Real
	Double
	Varchar
	Char
	Varbinary
	Date
	Time
	Timestamp
	TimestampTZ
	IntervalDay
	IntervalYear
	JSON
	UUID
	Array
	Map
	Row
	Function // of a lambda; never of a value
)

// Unbounded is the Length of varchar without a length.
const Unbounded = -1

// Type is a query type. It is immutable; compare with [Type.Equal].
type Type struct {
	Kind Kind
	// Length is the length of varchar and char, the precision of decimal, and
	// the fractional digits of time and timestamps.
	Length int
	Scale  int      // of decimal
	Args   []*Type  // element; key and value; fields; parameters and result
	Names  []string // of row fields; "" where a field has none
}

var kindNames = map[Kind]string{
	Unknown: "unknown", Boolean: "boolean", Tinyint: "tinyint", Smallint: "smallint",
	Integer: "integer", Bigint: "bigint", Decimal: "decimal", Real: "real", Double: "double",
	Varchar: "varchar", Char: "char", Varbinary: "varbinary", Date: "date", Time: "time",
	Timestamp: "timestamp", TimestampTZ: "timestamp", IntervalDay: "interval day to second",
	IntervalYear: "interval year to month", JSON: "json", UUID: "uuid", Array: "array",
	Map: "map", Row: "row", Function: "function",
}

// Types without parameters, shared.
var (
	unknownType   = &Type{Kind: Unknown}
	booleanType   = &Type{Kind: Boolean}
	tinyintType   = &Type{Kind: Tinyint}
	smallintType  = &Type{Kind: Smallint}
	integerType   = &Type{Kind: Integer}
	bigintType    = &Type{Kind: Bigint}
	realType      = &Type{Kind: Real}
	doubleType    = &Type{Kind: Double}
	varcharType   = &Type{Kind: Varchar, Length: Unbounded}
	varbinaryType = &Type{Kind: Varbinary}
	dateType      = &Type{Kind: Date}
	jsonType      = &Type{Kind: JSON}
	uuidType      = &Type{Kind: UUID}
	dayInterval   = &Type{Kind: IntervalDay}
	yearInterval  = &Type{Kind: IntervalYear}
)

// DecimalOf gives decimal(precision, scale).
func DecimalOf(precision, scale int) *Type {
	return &Type{Kind: Decimal, Length: precision, Scale: scale}
}

// VarcharOf gives varchar(length).
func VarcharOf(length int) *Type { return &Type{Kind: Varchar, Length: length} }

// TimestampOf gives timestamp(precision).
func TimestampOf(precision int) *Type { return &Type{Kind: Timestamp, Length: precision} }

// TimestampTZOf gives timestamp(precision) with time zone.
func TimestampTZOf(precision int) *Type { return &Type{Kind: TimestampTZ, Length: precision} }

// TimeOf gives time(precision).
func TimeOf(precision int) *Type { return &Type{Kind: Time, Length: precision} }

// ArrayOf gives array(element).
func ArrayOf(element *Type) *Type { return &Type{Kind: Array, Args: []*Type{element}} }

// MapOf gives map(key, value).
func MapOf(key, value *Type) *Type { return &Type{Kind: Map, Args: []*Type{key, value}} }

// RowOf gives a row; names may hold "" for fields without a name.
func RowOf(names []string, fields []*Type) *Type {
	return &Type{Kind: Row, Args: fields, Names: names}
}

// String gives the type as the engine prints it, such as in typeof.
func (t *Type) String() string {
	name := kindNames[t.Kind]
	switch t.Kind { //nolint:exhaustive // the rest is its name
	case Decimal:
		return fmt.Sprintf("decimal(%d,%d)", t.Length, t.Scale)
	case Varchar:
		if t.Length == Unbounded {
			return name
		}
		return fmt.Sprintf("varchar(%d)", t.Length)
	case Char, Time, Timestamp:
		return fmt.Sprintf("%s(%d)", name, t.Length)
	case TimestampTZ:
		return fmt.Sprintf("timestamp(%d) with time zone", t.Length)
	case Array, Map, Function:
		return name + "(" + joinTypes(t.Args) + ")"
	case Row:
		return "row(" + t.fieldList() + ")"
	}
	return name
}

func joinTypes(types []*Type) string {
	parts := make([]string, len(types))
	for i, a := range types {
		parts[i] = a.String()
	}
	return strings.Join(parts, ", ")
}

func (t *Type) fieldList() string {
	parts := make([]string, len(t.Args))
	for i, a := range t.Args {
		parts[i] = a.String()
		if n := t.Names[i]; n != "" {
			parts[i] = fieldName(n) + " " + parts[i]
		}
	}
	return strings.Join(parts, ", ")
}

// fieldName quotes a field's name where it would not read back.
func fieldName(n string) string {
	for i, r := range n {
		if r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || i > 0 && r >= '0' && r <= '9' {
			continue
		}
		return `"` + strings.ReplaceAll(n, `"`, `""`) + `"`
	}
	return n
}

// Elem is the element type of an array.
func (t *Type) Elem() *Type { return t.Args[0] }

// Key is the key type of a map.
func (t *Type) Key() *Type { return t.Args[0] }

// Value is the value type of a map.
func (t *Type) Value() *Type { return t.Args[1] }

// FieldName gives the name of field i of a row: its own, or "field" and its
// place counted from 0 as the engine shows nameless fields.
func (t *Type) FieldName(i int) string {
	if n := t.Names[i]; n != "" {
		return n
	}
	return "field" + strconv.Itoa(i)
}

// Equal says whether two types are the same, parameters included.
func (t *Type) Equal(u *Type) bool {
	if t == u {
		return true
	}
	if t.Kind != u.Kind || t.Length != u.Length || t.Scale != u.Scale || len(t.Args) != len(u.Args) {
		return false
	}
	for i := range t.Args {
		if !t.Args[i].Equal(u.Args[i]) || t.Kind == Row && !strings.EqualFold(t.Names[i], u.Names[i]) {
			return false
		}
	}
	return true
}

// IsNumeric says whether arithmetic applies.
func (t *Type) IsNumeric() bool { return t.Kind >= Tinyint && t.Kind <= Double }

// IsInteger says whether the type is one of the four whole-number types.
func (t *Type) IsInteger() bool { return t.Kind >= Tinyint && t.Kind <= Bigint }

// isText says whether the type holds characters.
func (t *Type) isText() bool { return t.Kind == Varchar || t.Kind == Char }

// Orderable says whether < applies and ORDER BY may use the type.
func (t *Type) Orderable() bool {
	if t.Kind == Map || t.Kind == JSON || t.Kind == Function {
		return false
	}
	for _, a := range t.Args {
		if !a.Orderable() {
			return false
		}
	}
	return true
}

// Comparable says whether = applies and the type may be grouped by.
func (t *Type) Comparable() bool {
	if t.Kind == Function {
		return false
	}
	for _, a := range t.Args {
		if !a.Comparable() {
			return false
		}
	}
	return true
}
