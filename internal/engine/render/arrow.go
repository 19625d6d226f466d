package render

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/bindery-project/bindery/internal/engine/analyze"
)

// Arrow writes row i of a column of type t. The boolean is false for NULL,
// whose text is empty.
func Arrow(t *analyze.Type, column arrow.Array, i int) (string, bool, error) {
	if column.IsNull(i) {
		return "", false, nil
	}
	text, err := arrowValue(t, column, i)
	return text, true, err
}

// arrowInside writes a value within another, where NULL shows as "null".
func arrowInside(t *analyze.Type, column arrow.Array, i int) (string, error) {
	if column.IsNull(i) {
		return "null", nil
	}
	return arrowValue(t, column, i)
}

func arrowMismatch(t *analyze.Type, column arrow.Array) error {
	return fmt.Errorf("an Arrow array of %s is no %s", column.DataType(), t)
}

func arrowValue(t *analyze.Type, column arrow.Array, i int) (string, error) {
	switch t.Kind { //nolint:exhaustive // of the rest the Arrow type says how it is written
	case analyze.Array:
		return arrowList(t, column, i)
	case analyze.Map:
		return arrowMap(t, column, i)
	case analyze.Row:
		return arrowRow(t, column, i)
	case analyze.TimestampTZ:
		return arrowZoned(t, column, i)
	case analyze.IntervalDay, analyze.IntervalYear:
		return arrowInterval(t, column, i)
	}
	switch c := column.(type) {
	case *array.Boolean:
		return strconv.FormatBool(c.Value(i)), nil
	case *array.Int8:
		return strconv.FormatInt(int64(c.Value(i)), 10), nil
	case *array.Int16:
		return strconv.FormatInt(int64(c.Value(i)), 10), nil
	case *array.Int32:
		return strconv.FormatInt(int64(c.Value(i)), 10), nil
	case *array.Int64:
		return strconv.FormatInt(c.Value(i), 10), nil
	case *array.Float32:
		return Double(float64(c.Value(i)), 32), nil
	case *array.Float64:
		return Double(c.Value(i), 64), nil
	case *array.Decimal128:
		return Decimal(c.Value(i).BigInt(), t.Scale), nil
	}
	return arrowOther(t, column, i)
}

// arrowOther writes text, bytes and moments.
func arrowOther(t *analyze.Type, column arrow.Array, i int) (string, error) {
	switch c := column.(type) {
	case array.StringLike:
		if t.Kind == analyze.Char {
			return padded(c.Value(i), t.Length), nil
		}
		return c.Value(i), nil
	case *array.FixedSizeBinary:
		return uuidText(c.Value(i)), nil
	case bytesColumn:
		return arrowBytes(t, c, i), nil
	case array.ExtensionArray:
		return arrowValue(t, c.Storage(), i)
	case *array.Date32:
		return c.Value(i).ToTime().Format("2006-01-02"), nil
	case *array.Time64:
		return Time(c.Value(i).ToTime(c.DataType().(*arrow.Time64Type).Unit)), nil
	case *array.Timestamp:
		return Timestamp(c.Value(i).ToTime(c.DataType().(*arrow.TimestampType).Unit)), nil
	}
	return "", arrowMismatch(t, column)
}

// bytesColumn is a binary array, short or large.
type bytesColumn interface{ Value(i int) []byte }

func arrowBytes(t *analyze.Type, c bytesColumn, i int) string {
	if t.Kind == analyze.Varbinary {
		return Bytes(c.Value(i))
	}
	return string(c.Value(i))
}

func padded(s string, length int) string {
	return s + strings.Repeat(" ", max(0, length-len([]rune(s))))
}

func arrowList(t *analyze.Type, column arrow.Array, i int) (string, error) {
	c, ok := column.(array.ListLike)
	if !ok {
		return "", arrowMismatch(t, column)
	}
	start, end := c.ValueOffsets(i)
	parts := make([]string, 0, end-start)
	for j := start; j < end; j++ {
		text, err := arrowInside(t.Elem(), c.ListValues(), int(j))
		if err != nil {
			return "", err
		}
		parts = append(parts, text)
	}
	return "[" + strings.Join(parts, ", ") + "]", nil
}

func arrowMap(t *analyze.Type, column arrow.Array, i int) (string, error) {
	c, ok := column.(*array.Map)
	if !ok {
		return "", arrowMismatch(t, column)
	}
	start, end := c.ValueOffsets(i)
	parts := make([]string, 0, end-start)
	for j := start; j < end; j++ {
		key, err := arrowInside(t.Key(), c.Keys(), int(j))
		if err != nil {
			return "", err
		}
		value, err := arrowInside(t.Value(), c.Items(), int(j))
		if err != nil {
			return "", err
		}
		parts = append(parts, key+"="+value)
	}
	return "{" + strings.Join(parts, ", ") + "}", nil
}

func arrowRow(t *analyze.Type, column arrow.Array, i int) (string, error) {
	c, ok := column.(*array.Struct)
	if !ok || c.NumField() != len(t.Args) {
		return "", arrowMismatch(t, column)
	}
	parts := make([]string, len(t.Args))
	for j, f := range t.Args {
		text, err := arrowInside(f, c.Field(j), i)
		if err != nil {
			return "", err
		}
		parts[j] = t.FieldName(j) + "=" + text
	}
	return "{" + strings.Join(parts, ", ") + "}", nil
}

// arrowZoned reads the struct of instant and zone.
func arrowZoned(t *analyze.Type, column arrow.Array, i int) (string, error) {
	c, ok := column.(*array.Struct)
	if !ok || c.NumField() != 2 {
		return "", arrowMismatch(t, column)
	}
	instants, isTime := c.Field(0).(*array.Timestamp)
	zones, isText := c.Field(1).(array.StringLike)
	if !isTime || !isText {
		return "", arrowMismatch(t, column)
	}
	return Zoned(instants.Value(i).ToTime(arrow.Microsecond).In(time.UTC), zones.Value(i))
}

func arrowInterval(t *analyze.Type, column arrow.Array, i int) (string, error) {
	c, ok := column.(*array.Int64)
	if !ok {
		return "", arrowMismatch(t, column)
	}
	if t.Kind == analyze.IntervalDay {
		return DayInterval(c.Value(i)), nil
	}
	return YearInterval(c.Value(i)), nil
}
