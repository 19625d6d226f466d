package render

import (
	"fmt"
	"math/big"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/engine/analyze"
)

// Value writes a value that database/sql gave for a column of type t. The
// boolean is false for NULL, whose text is empty.
func Value(t *analyze.Type, v any) (string, bool, error) {
	if v == nil {
		return "", false, nil
	}
	text, err := value(t, v)
	return text, true, err
}

// inside writes a value within another, where NULL shows as "null".
func inside(t *analyze.Type, v any) (string, error) {
	if v == nil {
		return "null", nil
	}
	return value(t, v)
}

func mismatch(t *analyze.Type, v any) error {
	return fmt.Errorf("a value of Go type %T is no %s", v, t)
}

func value(t *analyze.Type, v any) (string, error) {
	switch t.Kind { //nolint:exhaustive // the rest is plain: a text, a boolean or an integer
	case analyze.Unknown:
		return fmt.Sprint(v), nil
	case analyze.Real, analyze.Double:
		return float(t, v)
	case analyze.Decimal:
		return decimal(t, v)
	case analyze.Char:
		if s, ok := v.(string); ok {
			return padded(s, t.Length), nil
		}
	case analyze.Varbinary:
		if b, ok := v.([]byte); ok {
			return Bytes(b), nil
		}
	case analyze.Date, analyze.Time, analyze.Timestamp:
		if at, ok := v.(time.Time); ok {
			return moment(t, at), nil
		}
	case analyze.TimestampTZ:
		return zonedValue(t, v)
	case analyze.IntervalDay, analyze.IntervalYear:
		return interval(t, v)
	case analyze.UUID:
		return uuidText(v), nil
	case analyze.Array:
		return list(t, v)
	case analyze.Map:
		return mapping(t, v)
	case analyze.Row:
		return row(t, v)
	default:
		return scalar(t, v)
	}
	return "", mismatch(t, v)
}

func scalar(t *analyze.Type, v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case []byte:
		return string(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	case *big.Int:
		return v.String(), nil
	}
	if r := reflect.ValueOf(v); r.CanInt() {
		return strconv.FormatInt(r.Int(), 10), nil
	}
	return "", mismatch(t, v)
}

func moment(t *analyze.Type, at time.Time) string {
	if t.Kind == analyze.Date {
		return at.UTC().Format("2006-01-02")
	}
	if t.Kind == analyze.Time {
		return Time(at.UTC())
	}
	return Timestamp(at.UTC())
}

func float(t *analyze.Type, v any) (string, error) {
	switch v := v.(type) {
	case float32:
		return Double(float64(v), 32), nil
	case float64:
		return Double(v, 64), nil
	}
	return "", mismatch(t, v)
}

// decimal reads DuckDB's decimal, which has the fields Value and Scale.
func decimal(t *analyze.Type, v any) (string, error) {
	r := reflect.ValueOf(v)
	if r.Kind() == reflect.Struct {
		if f := r.FieldByName("Value"); f.IsValid() {
			if digits, ok := f.Interface().(*big.Int); ok {
				return Decimal(digits, t.Scale), nil
			}
		}
	}
	return "", mismatch(t, v)
}

func zonedValue(t *analyze.Type, v any) (string, error) {
	parts, ok := v.(map[string]any)
	if !ok {
		return "", mismatch(t, v)
	}
	instant, isTime := parts["t"].(time.Time)
	zone, isText := parts["z"].(string)
	if !isTime || !isText {
		return "", mismatch(t, v)
	}
	return Zoned(instant, zone)
}

func interval(t *analyze.Type, v any) (string, error) {
	r := reflect.ValueOf(v)
	if !r.CanInt() {
		return "", mismatch(t, v)
	}
	if t.Kind == analyze.IntervalDay {
		return DayInterval(r.Int()), nil
	}
	return YearInterval(r.Int()), nil
}

func uuidText(v any) string {
	if b, ok := v.([]byte); ok && len(b) == 16 {
		return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	}
	return fmt.Sprint(v)
}

func list(t *analyze.Type, v any) (string, error) {
	items, ok := v.([]any)
	if !ok {
		return "", mismatch(t, v)
	}
	parts := make([]string, len(items))
	for i, item := range items {
		text, err := inside(t.Elem(), item)
		if err != nil {
			return "", err
		}
		parts[i] = text
	}
	return "[" + strings.Join(parts, ", ") + "]", nil
}

// ordered is what DuckDB's driver gives for a map: keys and values in order.
type ordered interface {
	Keys() []any
	Values() []any
}

func mapping(t *analyze.Type, v any) (string, error) {
	keys, values, ok := entries(v)
	if !ok {
		return "", mismatch(t, v)
	}
	parts := make([]string, len(keys))
	for i := range keys {
		k, err := inside(t.Key(), keys[i])
		if err != nil {
			return "", err
		}
		val, err := inside(t.Value(), values[i])
		if err != nil {
			return "", err
		}
		parts[i] = k + "=" + val
	}
	if _, isOrdered := asOrdered(v); !isOrdered {
		sort.Strings(parts)
	}
	return "{" + strings.Join(parts, ", ") + "}", nil
}

// asOrdered finds the ordered map in a value or behind a pointer to it, where
// the driver has its methods.
func asOrdered(v any) (ordered, bool) {
	if m, ok := v.(ordered); ok {
		return m, true
	}
	p := reflect.New(reflect.TypeOf(v))
	p.Elem().Set(reflect.ValueOf(v))
	m, ok := p.Interface().(ordered)
	return m, ok
}

func entries(v any) (keys, values []any, ok bool) {
	if m, isOrdered := asOrdered(v); isOrdered {
		return m.Keys(), m.Values(), true
	}
	r := reflect.ValueOf(v)
	if r.Kind() != reflect.Map {
		return nil, nil, false
	}
	for it := r.MapRange(); it.Next(); {
		keys, values = append(keys, it.Key().Interface()), append(values, it.Value().Interface())
	}
	return keys, values, true
}

func row(t *analyze.Type, v any) (string, error) {
	fields, ok := v.(map[string]any)
	if !ok {
		return "", mismatch(t, v)
	}
	parts := make([]string, len(t.Args))
	for i, f := range t.Args {
		text, err := inside(f, fields[t.FieldName(i)])
		if err != nil {
			return "", err
		}
		parts[i] = t.FieldName(i) + "=" + text
	}
	return "{" + strings.Join(parts, ", ") + "}", nil
}
