package duck

import (
	"bytes"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	bind "github.com/duckdb/duckdb-go-bindings"

	"github.com/bindery-project/bindery/internal/work/worker"
)

// Rows travel as data frames, each a complete Arrow IPC stream of one record. The first
// frame has no rows and tells the columns, so that an empty result has them too.

// typeKey is the key of a field's metadata that holds DuckDB's name of the type.
const typeKey = "duckdb"

// flushRows and flushBytes end a record: whichever comes first. Values are large or many.
const (
	flushRows  = 16 << 10
	flushBytes = 4 << 20
)

// sendRows sends all rows of a streaming result and returns their number.
func sendRows(c *worker.Conn, result *bind.Result) (int64, error) {
	columns, schema, err := describe(result)
	if err != nil {
		return 0, err
	}
	out := &rowWriter{conn: c, columns: columns, builder: array.NewRecordBuilder(memory.DefaultAllocator, schema)}
	defer out.builder.Release()
	if err := out.flush(); err != nil {
		return 0, err
	}
	for {
		chunk := bind.FetchChunk(*result)
		if chunk.Ptr == nil {
			break
		}
		err := out.add(chunk)
		bind.DestroyDataChunk(&chunk)
		if err != nil {
			return 0, err
		}
	}
	if message := bind.ResultError(result); message != "" {
		return 0, duckError(bind.ResultErrorType(result), message)
	}
	if out.pending > 0 {
		err = out.flush()
	}
	return out.total, err
}

func describe(result *bind.Result) ([]column, *arrow.Schema, error) {
	var columns []column
	var fields []arrow.Field
	for i := range bind.ColumnCount(result) {
		t := bind.ColumnLogicalType(result, i)
		c, err := newColumn(t)
		bind.DestroyLogicalType(&t)
		name := bind.ColumnName(result, i)
		if err != nil {
			return nil, nil, fmt.Errorf("column %q: %w", name, err)
		}
		columns = append(columns, c)
		fields = append(fields, arrow.Field{
			Name: name, Type: c.arrow, Nullable: true,
			Metadata: arrow.NewMetadata([]string{typeKey}, []string{c.text}),
		})
	}
	return columns, arrow.NewSchema(fields, nil), nil
}

// rowWriter gathers chunks of DuckDB (2048 rows) into records.
type rowWriter struct {
	conn    *worker.Conn
	columns []column
	builder *array.RecordBuilder
	pending int
	total   int64
}

func (w *rowWriter) add(chunk bind.DataChunk) error {
	n := int(bind.DataChunkGetSize(chunk)) //nolint:gosec // at most 2048
	for i, c := range w.columns {
		vector := bind.DataChunkGetVector(chunk, bind.IdxT(i)) //nolint:gosec // an index
		if err := c.appendTo(w.builder.Field(i), newSpan(vector, 0, n)); err != nil {
			return err
		}
	}
	w.pending += n
	w.total += int64(n)
	if w.pending >= flushRows || w.size() >= flushBytes {
		return w.flush()
	}
	return nil
}

// size estimates the bytes gathered in columns of variable length.
func (w *rowWriter) size() int {
	total := 0
	for i := range w.columns {
		total += dataSize(w.builder.Field(i))
	}
	return total
}

func dataSize(b array.Builder) int {
	switch b := b.(type) {
	case *array.StringBuilder:
		return b.DataLen()
	case *array.BinaryBuilder:
		return b.DataLen()
	case *array.ListBuilder:
		return dataSize(b.ValueBuilder())
	case *array.MapBuilder:
		return dataSize(b.KeyBuilder()) + dataSize(b.ItemBuilder())
	case *array.StructBuilder:
		total := 0
		for i := range b.NumField() {
			total += dataSize(b.FieldBuilder(i))
		}
		return total
	}
	return 8 * b.Len()
}

// flush sends what was gathered. One chunk of very long values may need several frames.
func (w *rowWriter) flush() error {
	record := w.builder.NewRecordBatch()
	defer record.Release()
	w.pending = 0
	return w.send(record)
}

func (w *rowWriter) send(record arrow.RecordBatch) error {
	var buf bytes.Buffer
	out := ipc.NewWriter(&buf, ipc.WithSchema(record.Schema()))
	if err := out.Write(record); err != nil {
		return fmt.Errorf("encode rows: %w", err)
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("encode rows: %w", err)
	}
	if buf.Len() <= worker.MaxFrame || record.NumRows() < 2 {
		return w.conn.Data(buf.Bytes())
	}
	half := record.NumRows() / 2
	for _, part := range []arrow.RecordBatch{record.NewSlice(0, half), record.NewSlice(half, record.NumRows())} {
		err := w.send(part)
		part.Release()
		if err != nil {
			return err
		}
	}
	return nil
}
