package duck

import (
	"fmt"
	"strings"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	bind "github.com/duckdb/duckdb-go-bindings"

	"github.com/bindery-project/bindery/internal/engine"
)

// column converts vectors of one DuckDB type into an Arrow builder. Its children mirror the
// type's.
type column struct {
	kind     bind.Type
	text     string // DuckDB's name of the type
	arrow    arrow.DataType
	storage  bind.Type // of decimals and enums: the integer below
	scale    int32
	length   int      // of fixed arrays
	labels   []string // of enums
	children []column
}

// scalarTypes are the types without parameters.
var scalarTypes = map[bind.Type]struct {
	text  string
	arrow arrow.DataType
}{
	bind.TypeBoolean:     {"BOOLEAN", arrow.FixedWidthTypes.Boolean},
	bind.TypeTinyInt:     {"TINYINT", arrow.PrimitiveTypes.Int8},
	bind.TypeSmallInt:    {"SMALLINT", arrow.PrimitiveTypes.Int16},
	bind.TypeInteger:     {"INTEGER", arrow.PrimitiveTypes.Int32},
	bind.TypeBigInt:      {"BIGINT", arrow.PrimitiveTypes.Int64},
	bind.TypeUTinyInt:    {"UTINYINT", arrow.PrimitiveTypes.Uint8},
	bind.TypeUSmallInt:   {"USMALLINT", arrow.PrimitiveTypes.Uint16},
	bind.TypeUInteger:    {"UINTEGER", arrow.PrimitiveTypes.Uint32},
	bind.TypeUBigInt:     {"UBIGINT", arrow.PrimitiveTypes.Uint64},
	bind.TypeFloat:       {"FLOAT", arrow.PrimitiveTypes.Float32},
	bind.TypeDouble:      {"DOUBLE", arrow.PrimitiveTypes.Float64},
	bind.TypeHugeInt:     {"HUGEINT", &arrow.Decimal128Type{Precision: 38, Scale: 0}},
	bind.TypeVarchar:     {"VARCHAR", arrow.BinaryTypes.String},
	bind.TypeBlob:        {"BLOB", arrow.BinaryTypes.Binary},
	bind.TypeDate:        {"DATE", arrow.FixedWidthTypes.Date32},
	bind.TypeTime:        {"TIME", arrow.FixedWidthTypes.Time64us},
	bind.TypeTimestamp:   {"TIMESTAMP", &arrow.TimestampType{Unit: arrow.Microsecond}},
	bind.TypeTimestampS:  {"TIMESTAMP_S", &arrow.TimestampType{Unit: arrow.Second}},
	bind.TypeTimestampMS: {"TIMESTAMP_MS", &arrow.TimestampType{Unit: arrow.Millisecond}},
	bind.TypeTimestampNS: {"TIMESTAMP_NS", &arrow.TimestampType{Unit: arrow.Nanosecond}},
	bind.TypeTimestampTZ: {"TIMESTAMP WITH TIME ZONE", &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}},
	bind.TypeInterval:    {"INTERVAL", arrow.FixedWidthTypes.MonthDayNanoInterval},
	bind.TypeUUID:        {"UUID", arrow.BinaryTypes.String},
	bind.TypeSQLNull:     {"NULL", arrow.Null},
}

// newColumn describes a DuckDB type. A type that has no place in a result is refused by name.
func newColumn(t bind.LogicalType) (column, error) {
	c := column{kind: bind.GetTypeId(t)}
	if scalar, ok := scalarTypes[c.kind]; ok {
		c.text, c.arrow = scalar.text, scalar.arrow
		if alias := bind.LogicalTypeGetAlias(t); alias != "" {
			c.text = alias // JSON is VARCHAR with an alias
		}
		return c, nil
	}
	switch c.kind {
	case bind.TypeDecimal:
		c.storage, c.scale = bind.DecimalInternalType(t), int32(bind.DecimalScale(t))
		c.text = fmt.Sprintf("DECIMAL(%d,%d)", bind.DecimalWidth(t), c.scale)
		c.arrow = &arrow.Decimal128Type{Precision: int32(bind.DecimalWidth(t)), Scale: c.scale}
		return c, nil
	case bind.TypeEnum:
		return c.enum(t), nil
	case bind.TypeList:
		return c.list(bind.ListTypeChildType(t))
	case bind.TypeArray:
		c.length = int(bind.ArrayTypeArraySize(t))
		return c.list(bind.ArrayTypeChildType(t))
	case bind.TypeMap:
		return c.mapping(t)
	case bind.TypeStruct:
		return c.structure(t)
	}
	return c, failureOf(engine.ClassUnsupported, fmt.Sprintf("result type %d is not supported: cast it to varchar", c.kind))
}

func (c column) enum(t bind.LogicalType) column {
	c.storage, c.text, c.arrow = bind.EnumInternalType(t), "VARCHAR", arrow.BinaryTypes.String
	for i := range bind.EnumDictionarySize(t) {
		c.labels = append(c.labels, bind.EnumDictionaryValue(t, bind.IdxT(i)))
	}
	return c
}

// child describes a child type and destroys DuckDB's copy of it.
func (c *column) child(t bind.LogicalType) error {
	defer bind.DestroyLogicalType(&t)
	child, err := newColumn(t)
	c.children = append(c.children, child)
	return err
}

func (c column) list(item bind.LogicalType) (column, error) {
	err := c.child(item)
	c.text = c.children[0].text + "[]"
	if c.length > 0 {
		c.text = fmt.Sprintf("%s[%d]", c.children[0].text, c.length)
	}
	if err == nil {
		c.arrow = arrow.ListOf(c.children[0].arrow)
	}
	return c, err
}

func (c column) mapping(t bind.LogicalType) (column, error) {
	if err := c.child(bind.MapTypeKeyType(t)); err != nil {
		return c, err
	}
	if err := c.child(bind.MapTypeValueType(t)); err != nil {
		return c, err
	}
	c.text = "MAP(" + c.children[0].text + ", " + c.children[1].text + ")"
	c.arrow = arrow.MapOf(c.children[0].arrow, c.children[1].arrow)
	return c, nil
}

func (c column) structure(t bind.LogicalType) (column, error) {
	var fields []arrow.Field
	var parts []string
	for i := range bind.StructTypeChildCount(t) {
		if err := c.child(bind.StructTypeChildType(t, i)); err != nil {
			return c, err
		}
		child := c.children[len(c.children)-1]
		name := bind.StructTypeChildName(t, i)
		fields = append(fields, arrow.Field{Name: name, Type: child.arrow, Nullable: true})
		parts = append(parts, quoteName(name)+" "+child.text)
	}
	c.text = "STRUCT(" + strings.Join(parts, ", ") + ")"
	c.arrow = arrow.StructOf(fields...)
	return c, nil
}

// span is a run of rows of a vector.
type span struct {
	vector   bind.Vector
	from     int
	n        int
	validity unsafe.Pointer // one bit per row, nil = all valid
}

func newSpan(v bind.Vector, from, n int) span {
	return span{vector: v, from: from, n: n, validity: bind.VectorGetValidity(v)}
}

// valid reads the bit of row i (counted from the span's beginning).
func (s span) valid(i int) bool {
	if s.validity == nil {
		return true
	}
	at := s.from + i
	word := *(*uint64)(unsafe.Add(s.validity, at/64*8))
	return word&(1<<(at%64)) != 0
}

// values views the span's rows as a slice of Go values of the vector's storage type.
func values[T any](s span) []T {
	data := bind.VectorGetData(s.vector)
	if data == nil || s.n == 0 {
		return make([]T, s.n)
	}
	return unsafe.Slice((*T)(data), s.from+s.n)[s.from:] //nolint:gosec // DuckDB's vector holds that many
}

// each calls put for valid rows and null for the others.
func each[T any](s span, null func(), put func(T)) {
	for i, v := range values[T](s) {
		if s.valid(i) {
			put(v)
		} else {
			null()
		}
	}
}

// appendTo copies the rows of a span into the builder of c.arrow.
func (c column) appendTo(b array.Builder, s span) error {
	switch b := b.(type) {
	case *array.NullBuilder:
		b.AppendNulls(s.n)
	case *array.BooleanBuilder:
		each(s, b.AppendNull, b.Append)
	case *array.Int8Builder:
		each(s, b.AppendNull, b.Append)
	case *array.Int16Builder:
		each(s, b.AppendNull, b.Append)
	case *array.Int32Builder:
		each(s, b.AppendNull, b.Append)
	case *array.Int64Builder:
		each(s, b.AppendNull, b.Append)
	case *array.Uint8Builder:
		each(s, b.AppendNull, b.Append)
	case *array.Uint16Builder:
		each(s, b.AppendNull, b.Append)
	case *array.Uint32Builder:
		each(s, b.AppendNull, b.Append)
	case *array.Uint64Builder:
		each(s, b.AppendNull, b.Append)
	case *array.Float32Builder:
		each(s, b.AppendNull, b.Append)
	case *array.Float64Builder:
		each(s, b.AppendNull, b.Append)
	case *array.Date32Builder:
		each(s, b.AppendNull, b.Append)
	case *array.Time64Builder:
		each(s, b.AppendNull, b.Append)
	case *array.TimestampBuilder:
		each(s, b.AppendNull, b.Append)
	case *array.MonthDayNanoIntervalBuilder:
		each(s, b.AppendNull, func(v duckInterval) { b.Append(v.arrow()) })
	case *array.Decimal128Builder:
		return c.appendDecimal(b, s)
	case *array.BinaryBuilder:
		each(s, b.AppendNull, func(v duckString) { b.Append(v.bytes()) })
	case *array.StringBuilder:
		return c.appendString(b, s)
	default:
		return c.appendNested(b, s)
	}
	return nil
}

// weight is the number of bytes in values of variable length.
func (c column) weight(s span) int {
	total := 0
	switch c.kind {
	case bind.TypeVarchar, bind.TypeBlob:
		each(s, func() {}, func(v duckString) { total += int(v.length) })
	case bind.TypeList, bind.TypeArray, bind.TypeMap:
		items := c.items(s.vector)
		for i, e := range c.entries(s) {
			if s.valid(i) {
				total += 8 * int(e.length)
				total += c.itemWeight(newSpan(items, int(e.offset), int(e.length)))
			}
		}
	case bind.TypeStruct:
		for i, child := range c.children {
			total += child.weight(newSpan(bind.StructVectorGetChild(s.vector, bind.IdxT(i)), s.from, s.n))
		}
	}
	return total
}

// itemWeight is the weight of a list's or map's items, of which a map's are pairs.
func (c column) itemWeight(s span) int {
	if c.kind != bind.TypeMap {
		return c.children[0].weight(s)
	}
	return column{kind: bind.TypeStruct, children: c.children}.weight(s)
}

// items is the vector of a list's, array's or map's items.
func (c column) items(v bind.Vector) bind.Vector {
	if c.kind == bind.TypeArray {
		return bind.ArrayVectorGetChild(v)
	}
	return bind.ListVectorGetChild(v)
}

func (c column) appendNested(b array.Builder, s span) error {
	switch b := b.(type) {
	case *array.ListBuilder:
		return c.appendList(b, s)
	case *array.MapBuilder:
		return c.appendMap(b, s)
	case *array.StructBuilder:
		valid := make([]bool, s.n)
		for i := range valid {
			valid[i] = s.valid(i)
		}
		b.AppendValues(valid) // Append(false) would add a NULL to the children, which follow
		for i, child := range c.children {
			inner := newSpan(bind.StructVectorGetChild(s.vector, bind.IdxT(i)), s.from, s.n)
			if err := child.appendTo(b.FieldBuilder(i), inner); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("no conversion of %s into %T", c.text, b)
}

func (c column) appendDecimal(b *array.Decimal128Builder, s span) error {
	switch {
	case c.kind == bind.TypeHugeInt || c.storage == bind.TypeHugeInt:
		each(s, b.AppendNull, func(v duckHuge) { b.Append(decimal128.New(v.upper, v.lower)) })
	case c.storage == bind.TypeBigInt:
		each(s, b.AppendNull, func(v int64) { b.Append(decimal128.FromI64(v)) })
	case c.storage == bind.TypeInteger:
		each(s, b.AppendNull, func(v int32) { b.Append(decimal128.FromI64(int64(v))) })
	case c.storage == bind.TypeSmallInt:
		each(s, b.AppendNull, func(v int16) { b.Append(decimal128.FromI64(int64(v))) })
	default:
		return fmt.Errorf("decimal stored as type %d", c.storage)
	}
	return nil
}

func (c column) appendString(b *array.StringBuilder, s span) error {
	label := func(i int) { b.Append(c.labels[i]) }
	switch {
	case c.kind == bind.TypeUUID:
		each(s, b.AppendNull, func(v duckHuge) { b.Append(v.uuid()) })
	case c.kind != bind.TypeEnum:
		each(s, b.AppendNull, func(v duckString) { b.Append(string(v.bytes())) })
	case c.storage == bind.TypeUTinyInt:
		each(s, b.AppendNull, func(v uint8) { label(int(v)) })
	case c.storage == bind.TypeUSmallInt:
		each(s, b.AppendNull, func(v uint16) { label(int(v)) })
	case c.storage == bind.TypeUInteger:
		each(s, b.AppendNull, func(v uint32) { label(int(v)) })
	default:
		return fmt.Errorf("enum stored as type %d", c.storage)
	}
	return nil
}

// entry is where a row's items lie in the child vector.
type entry struct{ offset, length uint64 }

// entries returns the rows' entries; those of a fixed array follow from its length.
func (c column) entries(s span) []entry {
	if c.length == 0 {
		return values[entry](s)
	}
	list := make([]entry, s.n)
	for i := range list {
		list[i] = entry{uint64(s.from+i) * uint64(c.length), uint64(c.length)}
	}
	return list
}

func (c column) appendList(b *array.ListBuilder, s span) error {
	items := c.items(s.vector)
	for i, e := range c.entries(s) {
		b.Append(s.valid(i))
		if !s.valid(i) || e.length == 0 {
			continue
		}
		inner := newSpan(items, int(e.offset), int(e.length))
		if err := c.children[0].appendTo(b.ValueBuilder(), inner); err != nil {
			return err
		}
	}
	return nil
}

// appendMap: a map is a list of structs with key and value.
func (c column) appendMap(b *array.MapBuilder, s span) error {
	pairs := bind.ListVectorGetChild(s.vector)
	keys, items := bind.StructVectorGetChild(pairs, 0), bind.StructVectorGetChild(pairs, 1)
	for i, e := range values[entry](s) {
		if !s.valid(i) {
			b.AppendNull()
			continue
		}
		b.Append(true)
		from, n := int(e.offset), int(e.length)
		if err := c.children[0].appendTo(b.KeyBuilder(), newSpan(keys, from, n)); err != nil {
			return err
		}
		if err := c.children[1].appendTo(b.ItemBuilder(), newSpan(items, from, n)); err != nil {
			return err
		}
	}
	return nil
}

// duckHuge is DuckDB's 128-bit integer.
type duckHuge struct {
	lower uint64
	upper int64
}

// uuid prints a UUID, whose first bit DuckDB flips so that it orders as an integer.
func (h duckHuge) uuid() string {
	upper := uint64(h.upper) ^ 1<<63
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", upper>>32, upper>>16&0xffff, upper&0xffff, h.lower>>48, h.lower&(1<<48-1))
}

// duckInterval is DuckDB's interval.
type duckInterval struct {
	months, days int32
	micros       int64
}

func (v duckInterval) arrow() arrow.MonthDayNanoInterval {
	return arrow.MonthDayNanoInterval{Months: v.months, Days: v.days, Nanoseconds: v.micros * 1000}
}

// duckString is DuckDB's text: up to 12 bytes inside, longer ones behind a pointer that
// follows a prefix of 4 bytes.
type duckString struct {
	length uint32
	inline [12]byte
}

const inlineLength = 12

func (s *duckString) bytes() []byte {
	if s.length <= inlineLength {
		return s.inline[:s.length]
	}
	p := *(*unsafe.Pointer)(unsafe.Pointer(&s.inline[4])) //nolint:gosec // a long text's address stands there
	return unsafe.Slice((*byte)(p), s.length)             //nolint:gosec // and has that length
}
