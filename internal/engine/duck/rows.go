package duck

import (
	"encoding/binary"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	bind "github.com/duckdb/duckdb-go-bindings"
	"github.com/fxamacker/cbor/v2"

	"github.com/bindery-project/bindery/internal/engine"
	"github.com/bindery-project/bindery/internal/work/worker"
)

// flushRows and flushBytes end a record, whichever comes first: values are large or many.
const (
	flushRows  = 16 << 10
	flushBytes = 8 << 20
)

// sendRows sends all rows of a streaming result and returns their number.
func sendRows(c *worker.Conn, result *bind.Result) (int64, error) {
	columns, schema, wire, err := describe(result)
	if err != nil {
		return 0, err
	}
	if err := c.Reply(wire); err != nil {
		return 0, err
	}
	out := &rowWriter{conn: c, columns: columns, builder: array.NewRecordBuilder(memory.DefaultAllocator, schema)}
	defer out.builder.Release()
	for {
		chunk := bind.FetchChunk(*result)
		if chunk.Ptr == nil {
			break
		}
		err := out.add(chunk, 0, int(bind.DataChunkGetSize(chunk)))
		bind.DestroyDataChunk(&chunk)
		if err != nil {
			return 0, err
		}
	}
	if message := bind.ResultError(result); message != "" {
		return 0, duckError(bind.ResultErrorType(result), message)
	}
	return out.total, out.flush()
}

func describe(result *bind.Result) ([]column, *arrow.Schema, wireSchema, error) {
	var columns []column
	var fields []arrow.Field
	var wire wireSchema
	for i := range bind.ColumnCount(result) {
		t := bind.ColumnLogicalType(result, i)
		c, err := newColumn(t)
		bind.DestroyLogicalType(&t)
		name := bind.ColumnName(result, i)
		if err != nil {
			return nil, nil, wire, fmt.Errorf("column %q: %w", name, err)
		}
		columns = append(columns, c)
		fields = append(fields, arrow.Field{Name: name, Type: c.arrow, Nullable: true})
		wire.Columns = append(wire.Columns, wireColumn{Name: name, Text: c.text, Type: toWire(c.arrow)})
	}
	return columns, arrow.NewSchema(fields, nil), wire, nil
}

// rowWriter gathers chunks of DuckDB (2048 rows) into records.
type rowWriter struct {
	conn    *worker.Conn
	columns []column
	builder *array.RecordBuilder
	rows    int // gathered
	bytes   int // of values of variable length among them
	total   int64
}

// add gathers n rows of a chunk. Rows that would make a record too large are halved until
// they do not: a chunk of long texts is larger than any frame.
func (w *rowWriter) add(chunk bind.DataChunk, from, n int) error {
	weight := 0
	for i, c := range w.columns {
		weight += c.weight(newSpan(bind.DataChunkGetVector(chunk, bind.IdxT(i)), from, n))
	}
	if weight > flushBytes && n > 1 {
		if err := w.add(chunk, from, n/2); err != nil {
			return err
		}
		return w.add(chunk, from+n/2, n-n/2)
	}
	for i, c := range w.columns {
		s := newSpan(bind.DataChunkGetVector(chunk, bind.IdxT(i)), from, n)
		if err := c.appendTo(w.builder.Field(i), s); err != nil {
			return err
		}
	}
	w.rows, w.bytes, w.total = w.rows+n, w.bytes+weight, w.total+int64(n)
	if w.rows >= flushRows || w.bytes >= flushBytes {
		return w.flush()
	}
	return nil
}

// flush sends what was gathered.
func (w *rowWriter) flush() error {
	if w.rows == 0 {
		return nil
	}
	record := w.builder.NewRecordBatch()
	defer record.Release()
	w.rows, w.bytes = 0, 0
	frame, err := encodeRecord(record)
	if err != nil {
		return err
	}
	if len(frame) > worker.MaxFrame {
		return failureOf(engine.ClassUnsupported, fmt.Sprintf("a row of %d bytes is too large", len(frame)))
	}
	return w.conn.Data(frame)
}

// encodeRecord writes the frame that wire.go describes. The record must come from a builder:
// its arrays have no offset.
func encodeRecord(record arrow.RecordBatch) ([]byte, error) {
	head := wireRecord{Rows: int(record.NumRows())}
	var buffers []*memory.Buffer
	for _, c := range record.Columns() {
		describeArray(c.Data(), &head, &buffers)
	}
	header, err := cbor.Marshal(head)
	if err != nil {
		return nil, fmt.Errorf("encode rows: %w", err)
	}
	out := binary.BigEndian.AppendUint32(nil, uint32(len(header)))
	out = pad(append(out, header...))
	for _, b := range buffers {
		if b != nil {
			out = pad(append(out, b.Bytes()...))
		}
	}
	return out, nil
}

func describeArray(data arrow.ArrayData, head *wireRecord, buffers *[]*memory.Buffer) {
	a := wireArray{Length: data.Len(), Nulls: data.NullN()}
	for _, b := range data.Buffers() {
		size := 0
		if b != nil {
			size = b.Len()
		}
		a.Buffers = append(a.Buffers, size)
		*buffers = append(*buffers, b)
	}
	head.Arrays = append(head.Arrays, a)
	for _, child := range data.Children() {
		describeArray(child, head, buffers)
	}
}

// pad fills up to a multiple of 8, so that the reader may look at numbers in place.
func pad(b []byte) []byte {
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	return b
}
