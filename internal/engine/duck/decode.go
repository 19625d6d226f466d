package duck

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/bindery-project/bindery/internal/engine"
	"github.com/bindery-project/bindery/internal/work/worker"
)

// maxColumns bounds the columns of a result, nested ones included.
const maxColumns = 100_000

// rowReader receives what a worker sends. All of it is hostile until checked: the Arrow
// library trusts lengths and offsets, so each array is checked against its buffers before
// it is handed on, and a panic of the library is an error here.
type rowReader struct {
	sink   engine.RowSink
	schema *arrow.Schema
	rows   int64
	ended  *summary
}

// Reply takes the summary, the only CBOR message of a query.
func (r *rowReader) Reply(b []byte) error {
	if r.ended != nil || r.schema == nil {
		return errors.New("query: summary out of order")
	}
	r.ended = &summary{}
	return worker.Decode(b, r.ended)
}

// Data takes a record.
func (r *rowReader) Data(b []byte) error {
	if r.ended != nil {
		return errors.New("query: rows after the summary")
	}
	record, err := decodeRecord(b)
	if err != nil {
		return err
	}
	defer record.Release()
	if r.schema == nil {
		r.schema = record.Schema()
		if err := r.sink.Columns(resultColumns(r.schema)); err != nil {
			return sinkError{err}
		}
	} else if !r.schema.Equal(record.Schema()) {
		return errors.New("query: columns changed between records")
	}
	if record.NumRows() == 0 {
		return nil
	}
	r.rows += record.NumRows()
	if err := r.sink.Rows(record); err != nil {
		return sinkError{err}
	}
	return nil
}

// sinkError marks an error as the caller's own, to be returned as it is.
type sinkError struct{ err error }

func (e sinkError) Error() string { return e.err.Error() }

func resultColumns(schema *arrow.Schema) []engine.ResultColumn {
	columns := make([]engine.ResultColumn, schema.NumFields())
	for i, f := range schema.Fields() {
		text, _ := f.Metadata.GetValue(typeKey)
		columns[i] = engine.ResultColumn{Name: f.Name, Type: text, Arrow: f.Type}
	}
	return columns
}

// decodeRecord reads a stream of exactly one record and checks every array in it.
func decodeRecord(b []byte) (record arrow.RecordBatch, err error) {
	defer func() {
		if p := recover(); p != nil {
			record, err = nil, fmt.Errorf("query: malformed rows: %v", p)
		}
	}()
	reader, err := ipc.NewReader(bytes.NewReader(b), ipc.WithAllocator(newBoundedAllocator(4*len(b)+1<<20)))
	if err != nil {
		return nil, fmt.Errorf("query: malformed rows: %w", err)
	}
	defer reader.Release()
	if !reader.Next() {
		return nil, fmt.Errorf("query: malformed rows: no record: %w", reader.Err())
	}
	record = reader.RecordBatch()
	budget := maxColumns
	for _, column := range record.Columns() {
		if int64(column.Len()) != record.NumRows() {
			return nil, errors.New("query: malformed rows: columns of different length")
		}
		if err := checkArray(column.Data(), &budget); err != nil {
			return nil, fmt.Errorf("query: malformed rows: %w", err)
		}
	}
	record.Retain()
	return record, nil
}

// checkArray holds an array's lengths and offsets against its buffers.
func checkArray(data arrow.ArrayData, budget *int) error {
	if *budget--; *budget < 0 {
		return errors.New("too many columns")
	}
	if data.Offset() < 0 || data.Len() < 0 {
		return errors.New("negative length")
	}
	end := data.Offset() + data.Len()
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
	if err := checkValues(data, end); err != nil {
		return err
	}
	for _, child := range data.Children() {
		if err := checkArray(child, budget); err != nil {
			return err
		}
	}
	return nil
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

// boundedAllocator panics when more is asked for than a frame can need: lengths in the
// stream decide how much the library allocates.
type boundedAllocator struct{ left int }

func newBoundedAllocator(limit int) *boundedAllocator { return &boundedAllocator{left: limit} }

func (a *boundedAllocator) Allocate(size int) []byte {
	if size < 0 || size > a.left {
		panic(fmt.Sprintf("%d bytes asked for", size))
	}
	a.left -= size
	return make([]byte, size)
}

func (a *boundedAllocator) Reallocate(size int, b []byte) []byte {
	if size <= cap(b) {
		return b[:size]
	}
	grown := a.Allocate(size)
	copy(grown, b)
	return grown
}

func (a *boundedAllocator) Free([]byte) {}
