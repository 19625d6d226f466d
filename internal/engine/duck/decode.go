package duck

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/bindery-project/bindery/internal/engine"
	"github.com/bindery-project/bindery/internal/work/worker"
)

// rowReader receives what a worker sends: the columns, records, the summary. All of it is
// hostile until checked. The Arrow library trusts lengths and offsets, so each array is
// checked against its buffers before it is handed on, and a panic of the library is an
// error here.
type rowReader struct {
	sink   engine.RowSink
	schema *arrow.Schema
	rows   int64
	ended  *summary
}

// Reply takes the columns first and the summary last.
func (r *rowReader) Reply(b []byte) error {
	if r.schema == nil {
		return r.columns(b)
	}
	if r.ended != nil {
		return errors.New("query: a second summary")
	}
	r.ended = &summary{}
	return worker.Decode(b, r.ended)
}

func (r *rowReader) columns(b []byte) error {
	var wire wireSchema
	if err := worker.Decode(b, &wire); err != nil {
		return err
	}
	fields := make([]arrow.Field, len(wire.Columns))
	columns := make([]engine.ResultColumn, len(wire.Columns))
	for i, c := range wire.Columns {
		t, err := c.Type.arrow()
		if err != nil {
			return malformed(err)
		}
		fields[i] = arrow.Field{Name: c.Name, Type: t, Nullable: true}
		columns[i] = engine.ResultColumn{Name: c.Name, Type: c.Text, Arrow: t}
	}
	r.schema = arrow.NewSchema(fields, nil)
	if err := r.sink.Columns(columns); err != nil {
		return sinkError{err}
	}
	return nil
}

// Data takes a record.
func (r *rowReader) Data(b []byte) error {
	if r.schema == nil || r.ended != nil {
		return errors.New("query: rows out of order")
	}
	record, err := decodeRecord(r.schema, b)
	if err != nil {
		return err
	}
	defer record.Release()
	r.rows += record.NumRows()
	if err := r.sink.Rows(record); err != nil {
		return sinkError{err}
	}
	return nil
}

func malformed(err error) error { return fmt.Errorf("query: malformed rows: %w", err) }

// sinkError marks an error as the caller's own, to be returned as it is.
type sinkError struct{ err error }

func (e sinkError) Error() string { return e.err.Error() }

// decodeRecord reads the frame that wire.go describes. The arrays look into b.
func decodeRecord(schema *arrow.Schema, b []byte) (record arrow.RecordBatch, err error) {
	defer func() {
		if p := recover(); p != nil {
			record, err = nil, malformed(fmt.Errorf("%v", p))
		}
	}()
	if len(b) < 4 || int64(binary.BigEndian.Uint32(b)) > int64(len(b)-4) {
		return nil, malformed(errors.New("short header"))
	}
	size := int(binary.BigEndian.Uint32(b))
	var head wireRecord
	if err := worker.Decode(b[4:4+size], &head); err != nil {
		return nil, err
	}
	d := recordDecoder{arrays: head.Arrays, buffers: b, at: (4 + size + 7) / 8 * 8}
	columns := make([]arrow.Array, schema.NumFields())
	for i, f := range schema.Fields() {
		data, err := d.data(f.Type)
		if err != nil {
			return nil, malformed(err)
		}
		if data.Len() != head.Rows {
			return nil, malformed(errors.New("columns of different length"))
		}
		columns[i] = array.MakeFromData(data)
	}
	if len(d.arrays) > 0 || head.Rows < 1 {
		return nil, malformed(errors.New("arrays without a column, or no rows"))
	}
	return array.NewRecordBatch(schema, columns, int64(head.Rows)), nil
}

// recordDecoder takes arrays and buffers in their order.
type recordDecoder struct {
	arrays  []wireArray
	buffers []byte
	at      int
}

// data builds the next array, of type t, with its children.
func (d *recordDecoder) data(t arrow.DataType) (arrow.ArrayData, error) {
	if len(d.arrays) == 0 {
		return nil, errors.New("missing array")
	}
	a := d.arrays[0]
	d.arrays = d.arrays[1:]
	if a.Length < 0 || a.Length > worker.MaxFrame || a.Nulls < 0 || a.Nulls > a.Length {
		return nil, errors.New("length out of range")
	}
	if want := len(t.Layout().Buffers); len(a.Buffers) != want && (want != 1 || len(a.Buffers) != 0) {
		return nil, fmt.Errorf("%d buffers for %s", len(a.Buffers), t)
	}
	var buffers []*memory.Buffer
	for _, size := range a.Buffers {
		buffer, err := d.buffer(size)
		if err != nil {
			return nil, err
		}
		buffers = append(buffers, buffer)
	}
	var children []arrow.ArrayData
	if nested, ok := t.(arrow.NestedType); ok {
		for _, f := range nested.Fields() {
			child, err := d.data(f.Type)
			if err != nil {
				return nil, err
			}
			children = append(children, child)
		}
	}
	data := array.NewData(t, a.Length, buffers, children, a.Nulls, 0)
	return data, checkArray(data)
}

// buffer cuts the next size bytes off; none are no buffer.
func (d *recordDecoder) buffer(size int) (*memory.Buffer, error) {
	if size < 0 || size > len(d.buffers)-d.at {
		return nil, errors.New("buffer out of range")
	}
	if size == 0 {
		return nil, nil
	}
	b := d.buffers[d.at : d.at+size : d.at+size]
	d.at = min((d.at+size+7)/8*8, len(d.buffers))
	return memory.NewBufferBytes(b), nil
}

// checkArray holds an array's lengths and offsets against its buffers. Its children have been
// checked before.
func checkArray(data arrow.ArrayData) error {
	end := data.Len()
	buffers := data.Buffers()
	if len(buffers) > 0 && buffers[0] != nil && buffers[0].Len() > 0 && buffers[0].Len() < (end+7)/8 {
		return errors.New("short bitmap")
	}
	if data.DataType().ID() == arrow.NULL {
		return nil
	}
	if data.NullN() > 0 && (len(buffers) == 0 || buffers[0] == nil || buffers[0].Len() == 0) {
		return errors.New("nulls without a bitmap")
	}
	return checkValues(data, end)
}

func checkValues(data arrow.ArrayData, end int) error {
	buffers, children := data.Buffers(), data.Children()
	switch t := data.DataType().(type) {
	case *arrow.StringType, *arrow.BinaryType:
		limit := 0
		if len(buffers) > 2 && buffers[2] != nil {
			limit = buffers[2].Len()
		}
		return checkOffsets(data, end, limit)
	case *arrow.ListType, *arrow.MapType:
		if len(children) != 1 {
			return errors.New("list without items")
		}
		return checkOffsets(data, end, children[0].Len())
	case *arrow.StructType:
		for _, child := range children {
			if child.Len() < end {
				return errors.New("short field of a struct")
			}
		}
		return nil
	case arrow.FixedWidthDataType:
		have := 0
		if len(buffers) > 1 && buffers[1] != nil {
			have = buffers[1].Len()
		}
		if have < (end*t.BitWidth()+7)/8 {
			return errors.New("short values")
		}
		return nil
	}
	return fmt.Errorf("unexpected type %s", data.DataType())
}

// checkOffsets: offsets must rise, and end within limit.
func checkOffsets(data arrow.ArrayData, end, limit int) error {
	if data.Len() == 0 {
		return nil
	}
	buffers := data.Buffers()
	if len(buffers) < 2 || buffers[1] == nil || buffers[1].Len() < (end+1)*arrow.Int32SizeBytes {
		return errors.New("short offsets")
	}
	previous := int32(0)
	for _, o := range arrow.Int32Traits.CastFromBytes(buffers[1].Bytes())[data.Offset() : end+1] {
		if o < previous || int(o) > limit {
			return errors.New("offsets out of order")
		}
		previous = o
	}
	return nil
}
