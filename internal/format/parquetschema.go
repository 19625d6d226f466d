package format

import "fmt"

// schemaNode is one element of a Parquet schema with its children.
type schemaNode struct {
	schemaElement
	children []*schemaNode
}

// Parquet's repetition types.
const (
	optional = 1
	repeated = 2
)

// Parquet's physical types.
const (
	physicalBoolean    = 0
	physicalInt32      = 1
	physicalInt64      = 2
	physicalInt96      = 3
	physicalFloat      = 4
	physicalDouble     = 5
	physicalByteArray  = 6
	physicalFixedArray = 7
)

// Parquet's converted types, the annotations before LogicalType.
const (
	convertedUTF8            = 0
	convertedMap             = 1
	convertedMapKeyValue     = 2
	convertedList            = 3
	convertedEnum            = 4
	convertedDecimal         = 5
	convertedDate            = 6
	convertedTimeMillis      = 7
	convertedTimeMicros      = 8
	convertedTimestampMillis = 9
	convertedTimestampMicros = 10
	convertedUint8           = 11
	convertedUint16          = 12
	convertedUint32          = 13
	convertedUint64          = 14
	convertedInt8            = 15
	convertedInt16           = 16
	convertedJSON            = 19
)

// parquetFields maps the schema to Hive columns. Columns are found by name without regard to case, so of two names that differ in case only the
// first is kept and the other noted.
func (in *inspection) parquetFields(schema []schemaElement) ([]Field, error) {
	tree := schemaTree{rest: schema, limits: in.limits}
	root, err := tree.next(in.limits.MaxDepth)
	if err != nil {
		return nil, err
	}
	if len(tree.rest) > 0 {
		return nil, corrupt("parquet: %d schema elements outside the tree", len(tree.rest))
	}
	if len(root.children) == 0 {
		return nil, corrupt("parquet: the schema has no column")
	}
	if len(root.children) > in.limits.MaxColumns {
		return nil, &Reason{Kind: TooWide, Detail: fmt.Sprintf("parquet with %d columns", len(root.children))}
	}
	seen := map[string]bool{}
	fields := make([]Field, 0, len(root.children))
	for _, child := range root.children {
		name := columnName(child.name)
		if name == "" || seen[name] {
			in.note("column %.40q is left out: its name is empty or repeats another", child.name)
			continue
		}
		seen[name] = true
		fields = append(fields, Field{Name: name, Type: child.field()})
	}
	if len(fields) == 0 {
		return nil, corrupt("parquet: no column has a name")
	}
	return fields, nil
}

// schemaTree builds nodes from the depth-first list.
type schemaTree struct {
	rest   []schemaElement
	limits Limits
}

func (t *schemaTree) next(depth int) (*schemaNode, error) {
	if depth < 0 {
		return nil, &Reason{Kind: TooDeep, Detail: fmt.Sprintf("parquet schema nested deeper than %d", t.limits.MaxDepth)}
	}
	if len(t.rest) == 0 {
		return nil, corrupt("parquet: the schema ends inside a group")
	}
	node := &schemaNode{schemaElement: t.rest[0]}
	t.rest = t.rest[1:]
	if count := node.schemaElement.children; count < 0 || count > int64(len(t.rest)) {
		return nil, corrupt("parquet: a group claims %d children, %d elements are left", count, len(t.rest))
	}
	for range node.schemaElement.children {
		child, err := t.next(depth - 1)
		if err != nil {
			return nil, err
		}
		node.children = append(node.children, child)
	}
	return node, nil
}

// field is the type of a member: a repeated one that no LIST or MAP wraps is an array of its type.
func (n *schemaNode) field() Type {
	if n.repetition == repeated {
		return arrayOf(n.typ())
	}
	return n.typ()
}

func (n *schemaNode) typ() Type {
	switch {
	case len(n.children) == 0 && n.physical < 0:
		return plain("string") // a group without members: no Hive type fits
	case len(n.children) == 0:
		return n.leaf()
	case n.isList():
		return arrayOf(n.children[0].listElement(n.name))
	case n.isMap():
		pair := n.children[0].children
		return mapOf(pair[0].typ(), pair[1].field())
	}
	return n.group()
}

func (n *schemaNode) group() Type {
	fields := make([]Field, 0, len(n.children))
	seen := map[string]bool{}
	for _, child := range n.children {
		if name := fieldName(child.name); !seen[name] {
			seen[name] = true
			fields = append(fields, Field{Name: name, Type: child.field()})
		}
	}
	return structOf(fields)
}

func (n *schemaNode) isList() bool {
	return (n.logical.id == logicalList || n.converted == convertedList) && len(n.children) == 1 && n.children[0].repetition == repeated
}

func (n *schemaNode) isMap() bool {
	annotated := n.logical.id == logicalMap || n.converted == convertedMap || n.converted == convertedMapKeyValue
	return annotated && len(n.children) == 1 && n.children[0].repetition == repeated && len(n.children[0].children) == 2
}

// listElement applies the backward-compatibility rules of Parquet's LogicalTypes document to the repeated child of a list: it is the element
// itself (2 levels) if it is no group, has several members, or is called `array` or `<list>_tuple`; else it wraps the element (3 levels).
func (n *schemaNode) listElement(list string) Type {
	if len(n.children) != 1 || n.name == "array" || n.name == list+"_tuple" {
		return n.typ()
	}
	if n.isList() || n.isMap() || n.children[0].repetition == repeated {
		return n.typ()
	}
	return n.children[0].typ()
}

// leaf maps a primitive type, its annotations first. Unsigned integers take the next larger signed type; TIME has no Hive type and is text, since
// as an integer it would lose its unit; INT96 is Impala's timestamp.
func (n *schemaNode) leaf() Type {
	if t, ok := n.annotated(); ok {
		return t
	}
	switch n.physical {
	case physicalBoolean:
		return plain("boolean")
	case physicalInt32:
		return plain("int")
	case physicalInt64:
		return plain("bigint")
	case physicalInt96:
		return plain("timestamp")
	case physicalFloat:
		return plain("float")
	case physicalDouble:
		return plain("double")
	}
	return plain("binary")
}

func (n *schemaNode) annotated() (Type, bool) {
	switch n.logical.id {
	case logicalString, logicalEnum, logicalJSON, logicalUUID, logicalTime:
		return plain("string"), true
	case logicalDecimal:
		return n.decimal(n.logical.precision, n.logical.scale)
	case logicalDate:
		return plain("date"), true
	case logicalTimestamp:
		return plain("timestamp"), true
	case logicalFloat16:
		return plain("float"), true
	case logicalInteger:
		return integerType(n.logical.bits, n.logical.signed), true
	}
	return n.convertedType()
}

func (n *schemaNode) convertedType() (Type, bool) {
	switch n.converted {
	case convertedUTF8, convertedEnum, convertedJSON, convertedTimeMillis, convertedTimeMicros:
		return plain("string"), true
	case convertedDecimal:
		return n.decimal(n.precision, max(n.scale, 0))
	case convertedDate:
		return plain("date"), true
	case convertedTimestampMillis, convertedTimestampMicros:
		return plain("timestamp"), true
	case convertedInt8, convertedUint8, convertedInt16, convertedUint16, convertedUint32, convertedUint64:
		bits := map[int64]int64{convertedInt8: 8, convertedUint8: 8, convertedInt16: 16, convertedUint16: 16, convertedUint32: 32, convertedUint64: 64}
		return integerType(bits[n.converted], n.converted >= convertedInt8), true
	}
	return Type{}, false
}

// decimal is Hive's decimal if Hive has that precision; a wider one falls back to the physical type.
func (n *schemaNode) decimal(precision, scale int64) (Type, bool) {
	if precision < 1 || precision > 38 || scale < 0 || scale > precision {
		return Type{}, false
	}
	return decimal(int(precision), int(scale)), true
}

func integerType(bits int64, signed bool) Type {
	switch {
	case bits == 8 && signed:
		return plain("tinyint")
	case bits == 8, bits == 16 && signed:
		return plain("smallint")
	case bits == 16, bits == 32 && signed:
		return plain("int")
	case bits == 32, signed:
		return plain("bigint")
	}
	return decimal(20, 0) // 64 bits unsigned
}
