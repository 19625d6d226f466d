package duck

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
)

// Rows travel in Arrow's memory layout, but not as Arrow IPC: its metadata is a flatbuffer
// whose counts the library allocates before it checks them, so that one wrong bit ends the
// process that reads it (measured; see TestEveryFlippedBit). Instead the columns come first,
// as a CBOR reply (wireSchema), and each record is a data frame:
//
//	length of the header (4 bytes, big endian), header (CBOR, wireRecord),
//	zeros up to a multiple of 8, buffers (each padded to a multiple of 8)

// wireSchema is the first message of a query.
type wireSchema struct {
	Columns []wireColumn `cbor:"1,keyasint"`
}

// wireColumn is a column or a field of a struct.
type wireColumn struct {
	Name string   `cbor:"1,keyasint"`
	Text string   `cbor:"2,keyasint"` // DuckDB's name of the type; columns only
	Type wireType `cbor:"3,keyasint"`
}

// wireType is an Arrow type.
type wireType struct {
	ID        int          `cbor:"1,keyasint"` // arrow.Type
	Precision int32        `cbor:"2,keyasint,omitempty"`
	Scale     int32        `cbor:"3,keyasint,omitempty"`
	Unit      int          `cbor:"4,keyasint,omitempty"` // arrow.TimeUnit
	Zone      string       `cbor:"5,keyasint,omitempty"`
	Children  []wireColumn `cbor:"6,keyasint,omitempty"`
}

// wireRecord describes the arrays of a record: columns in order, each before its children.
type wireRecord struct {
	Rows   int         `cbor:"1,keyasint"`
	Arrays []wireArray `cbor:"2,keyasint"`
}

// wireArray is the length of an array, its NULLs, and the sizes of its buffers in bytes.
type wireArray struct {
	Length  int   `cbor:"1,keyasint"`
	Nulls   int   `cbor:"2,keyasint"`
	Buffers []int `cbor:"3,keyasint"`
}

// plainTypes are the types that have no parameters.
var plainTypes = func() map[arrow.Type]arrow.DataType {
	list := []arrow.DataType{
		arrow.Null, arrow.FixedWidthTypes.Boolean, arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16,
		arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16,
		arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64, arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64,
		arrow.BinaryTypes.String, arrow.BinaryTypes.Binary, arrow.FixedWidthTypes.Date32, arrow.FixedWidthTypes.Time64us,
		arrow.FixedWidthTypes.MonthDayNanoInterval,
	}
	types := make(map[arrow.Type]arrow.DataType, len(list))
	for _, t := range list {
		types[t.ID()] = t
	}
	return types
}()

// toWire describes an Arrow type that newColumn has made.
func toWire(t arrow.DataType) wireType {
	w := wireType{ID: int(t.ID())}
	switch t := t.(type) {
	case *arrow.Decimal128Type:
		w.Precision, w.Scale = t.Precision, t.Scale
	case *arrow.TimestampType:
		w.Unit, w.Zone = int(t.Unit), t.TimeZone
	case *arrow.ListType:
		w.Children = []wireColumn{{Type: toWire(t.Elem())}}
	case *arrow.MapType:
		w.Children = []wireColumn{{Type: toWire(t.KeyType())}, {Type: toWire(t.ItemType())}}
	case *arrow.StructType:
		for _, f := range t.Fields() {
			w.Children = append(w.Children, wireColumn{Name: f.Name, Type: toWire(f.Type)})
		}
	}
	return w
}

// arrow builds the type. What toWire does not write is refused.
func (w wireType) arrow() (arrow.DataType, error) {
	id := arrow.Type(w.ID)
	if plain, ok := plainTypes[id]; ok && len(w.Children) == 0 {
		return plain, nil
	}
	children := make([]arrow.DataType, len(w.Children))
	for i, c := range w.Children {
		var err error
		if children[i], err = c.Type.arrow(); err != nil {
			return nil, err
		}
	}
	switch {
	case id == arrow.DECIMAL128 && w.Precision >= 1 && w.Precision <= 38 && w.Scale >= 0 && w.Scale <= w.Precision:
		return &arrow.Decimal128Type{Precision: w.Precision, Scale: w.Scale}, nil
	case id == arrow.TIMESTAMP && w.Unit >= 0 && w.Unit <= int(arrow.Nanosecond) && (w.Zone == "" || w.Zone == "UTC"):
		return &arrow.TimestampType{Unit: arrow.TimeUnit(w.Unit), TimeZone: w.Zone}, nil
	case id == arrow.LIST && len(children) == 1:
		return arrow.ListOf(children[0]), nil
	case id == arrow.MAP && len(children) == 2:
		return arrow.MapOf(children[0], children[1]), nil
	case id == arrow.STRUCT:
		fields := make([]arrow.Field, len(children))
		for i, c := range w.Children {
			fields[i] = arrow.Field{Name: c.Name, Type: children[i], Nullable: true}
		}
		return arrow.StructOf(fields...), nil
	}
	return nil, fmt.Errorf("unexpected type %d", w.ID)
}
