package format

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// footerTail is the length of the footer and the magic number that end a Parquet file.
const footerTail = 8

// parquet reads the schema and the row count from the footer; the data pages are not touched.
func (in *inspection) parquet() (*Result, error) {
	footer, err := in.footer()
	if err != nil {
		return nil, err
	}
	meta, err := in.decodeFooter(footer)
	if err != nil {
		return nil, err
	}
	fields, err := in.parquetFields(meta.schema)
	if err != nil {
		return nil, err
	}
	columns, err := in.columns(fields)
	if err != nil {
		return nil, err
	}
	result := &Result{Classification: Parquet, Compression: None, Columns: columns, RecordCount: meta.rows, Exact: true, Notes: in.notes}
	if meta.rows > 0 {
		result.AverageRecordSize = max(1, in.size/meta.rows)
	}
	return result, nil
}

// footer reads the bytes of the footer after checking its length against the file's.
func (in *inspection) footer() ([]byte, error) {
	if in.size < int64(len(parMagic)+footerTail) {
		return nil, &Reason{Kind: Truncated, Detail: "parquet without a footer"}
	}
	tail := make([]byte, footerTail)
	if err := in.readAt(tail, in.size-footerTail); err != nil {
		return nil, err
	}
	switch string(tail[4:]) {
	case "PAR1":
	case "PARE":
		return nil, unsupported("parquet (encrypted footer)")
	default:
		return nil, &Reason{Kind: Truncated, Detail: "parquet without its closing PAR1"}
	}
	length := int64(binary.LittleEndian.Uint32(tail))
	if length > in.size-footerTail-int64(len(parMagic)) {
		return nil, corrupt("parquet: a footer of %d bytes in a file of %d", length, in.size)
	}
	if length > in.limits.MaxFooter {
		return nil, &Reason{Kind: TooLong, Detail: fmt.Sprintf("parquet footer of %d bytes, more than %d", length, in.limits.MaxFooter)}
	}
	footer := make([]byte, length)
	return footer, in.readAt(footer, in.size-footerTail-length)
}

// footerMeta is what is kept of Parquet's FileMetaData.
type footerMeta struct {
	schema []schemaElement // the tree, depth first, the root first
	rows   int64
}

// schemaElement is Parquet's SchemaElement; -1 stands for absent.
type schemaElement struct {
	name       string
	physical   int64
	repetition int64
	children   int64
	converted  int64
	scale      int64
	precision  int64
	logical    logicalType
}

// logicalType is the member of the LogicalType union that is set: its field id, 0 if none.
type logicalType struct {
	id        int16
	scale     int64 // DECIMAL
	precision int64
	bits      int64 // INTEGER
	signed    bool
}

func (in *inspection) decodeFooter(footer []byte) (*footerMeta, error) {
	c := &compactReader{buf: footer}
	meta := &footerMeta{rows: -1}
	err := c.fields(func(id int16, kind byte) (bool, error) {
		var err error
		switch {
		case id == 2 && kind == thriftList:
			meta.schema, err = in.decodeSchema(c)
		case id == 3 && kind == thriftI64:
			meta.rows, err = c.int()
		default:
			return false, nil
		}
		return true, err
	})
	switch {
	case err != nil:
		return nil, footerFault(err)
	case len(meta.schema) == 0 || meta.rows < 0:
		return nil, corrupt("parquet: the footer has no schema or no row count")
	}
	return meta, nil
}

// footerFault keeps a reason and names everything else corrupt.
func footerFault(err error) error {
	if reason, ok := err.(*Reason); ok { //nolint:errorlint // visitors return reasons unwrapped
		return reason
	}
	return corrupt("parquet: %v", err)
}

// decodeSchema reads at most MaxColumns elements per column allowed: groups for lists and maps add to the columns they hold.
func (in *inspection) decodeSchema(c *compactReader) ([]schemaElement, error) {
	kind, n, err := c.list()
	if err != nil || kind != thriftStruct {
		return nil, errThrift
	}
	if n > 3*in.limits.MaxColumns {
		return nil, &Reason{Kind: TooWide, Detail: fmt.Sprintf("parquet schema of %d elements", n)}
	}
	schema := make([]schemaElement, 0, min(n, 1024))
	for range n {
		element, err := decodeElement(c)
		if err != nil {
			return nil, err
		}
		schema = append(schema, element)
	}
	return schema, nil
}

func decodeElement(c *compactReader) (schemaElement, error) {
	e := schemaElement{physical: -1, repetition: -1, converted: -1, scale: -1, precision: -1}
	numbers := map[int16]*int64{1: &e.physical, 3: &e.repetition, 5: &e.children, 6: &e.converted, 7: &e.scale, 8: &e.precision}
	err := c.fields(func(id int16, kind byte) (bool, error) {
		var err error
		number := numbers[id]
		switch {
		case number != nil && kind == thriftI32:
			*number, err = c.int()
		case id == 4 && kind == thriftBinary:
			e.name, err = c.string()
		case id == 10 && kind == thriftStruct:
			e.logical, err = decodeLogical(c)
		default:
			return false, nil
		}
		return true, err
	})
	if err == nil && !utf8.ValidString(e.name) {
		err = corrupt("parquet: a column name is not UTF-8")
	}
	return e, err
}

// Members of Parquet's LogicalType union.
const (
	logicalString    = 1
	logicalMap       = 2
	logicalList      = 3
	logicalEnum      = 4
	logicalDecimal   = 5
	logicalDate      = 6
	logicalTime      = 7
	logicalTimestamp = 8
	logicalInteger   = 10
	logicalJSON      = 12
	logicalUUID      = 14
	logicalFloat16   = 15
)

func decodeLogical(c *compactReader) (logicalType, error) {
	var l logicalType
	err := c.fields(func(id int16, kind byte) (bool, error) {
		if kind != thriftStruct || l.id != 0 {
			return false, nil
		}
		l.id = id
		return true, l.decodeMembers(c)
	})
	return l, err
}

// decodeMembers reads the structure of the member that is set; of those with fields two matter.
func (l *logicalType) decodeMembers(c *compactReader) error {
	return c.fields(func(id int16, kind byte) (bool, error) {
		var err error
		switch {
		case l.id == logicalDecimal && id == 1 && kind == thriftI32:
			l.scale, err = c.int()
		case l.id == logicalDecimal && id == 2 && kind == thriftI32:
			l.precision, err = c.int()
		case l.id == logicalInteger && id == 1 && kind == thriftByte:
			var bits byte
			bits, err = c.byte()
			l.bits = int64(bits)
		case l.id == logicalInteger && id == 2:
			l.signed = kind == thriftTrue
			return false, nil
		default:
			return false, nil
		}
		return true, err
	})
}
