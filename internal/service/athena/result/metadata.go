package result

import (
	"encoding/binary"

	"github.com/bindery-project/bindery/internal/api/athenaapi"
	"github.com/bindery-project/bindery/internal/op"
)

// Metadata is the content of <id>.csv.metadata, a protocol buffer: field 1 is the query's
// id, each field 4 a column with the fields below. The numbers are those that an
// independent JDBC driver reads from the service's files (burtcorp/athena-jdbc); what else
// the service writes there is not known, and left out.
func Metadata(id string, columns []athenaapi.ColumnInfo) []byte {
	out := appendText(nil, 1, id)
	for i := range columns {
		out = appendText(out, 4, string(column(&columns[i])))
	}
	return out
}

// nullability in the numbers of the file.
var nullability = map[string]uint64{"NOT_NULL": 1, "NULLABLE": 2, "UNKNOWN": 3}

func column(c *athenaapi.ColumnInfo) []byte {
	out := appendText(nil, 1, op.Value(c.CatalogName))
	out = appendText(out, 4, c.Name)
	out = appendText(out, 5, op.Value(c.Label))
	out = appendText(out, 6, c.Type)
	out = appendNumber(out, 7, uint64(op.Value(c.Precision)))
	out = appendNumber(out, 8, uint64(op.Value(c.Scale)))
	out = appendNumber(out, 9, nullability[op.Value(c.Nullable)])
	sensitive := uint64(0)
	if op.Value(c.CaseSensitive) {
		sensitive = 1
	}
	return appendNumber(out, 10, sensitive)
}

// appendText writes a length-delimited field.
func appendText(out []byte, field int, text string) []byte {
	out = binary.AppendUvarint(out, uint64(field)<<3|2)
	out = binary.AppendUvarint(out, uint64(len(text)))
	return append(out, text...)
}

// appendNumber writes a varint field.
func appendNumber(out []byte, field int, n uint64) []byte {
	out = binary.AppendUvarint(out, uint64(field)<<3)
	return binary.AppendUvarint(out, n)
}
