package wire

import (
	"encoding/base64"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/bindery-project/bindery/internal/op"
)

// jsonWriter writes values as JSON along their plans, by appending.
type jsonWriter struct {
	byWire bool // write wire names (REST-JSON) instead of model names
}

// value appends v, whose type is the plan's.
func (w jsonWriter) value(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	switch p.shape.Kind {
	case op.Structure, op.Union:
		return w.structure(b, p, v)
	case op.List:
		return w.list(b, p, v)
	case op.Map:
		return w.mapping(b, p, v)
	case op.Document:
		return appendRaw(b, v.Bytes()), nil
	default:
		return appendJSONScalar(b, p.shape.Kind, op.TimeDefault, v)
	}
}

// appendRaw appends JSON that is already written; nothing at all is null.
func appendRaw(b, raw []byte) []byte {
	if len(raw) == 0 {
		return append(b, "null"...)
	}
	return append(b, raw...)
}

func (w jsonWriter) slot(b []byte, s slot, v reflect.Value) ([]byte, error) {
	if s.ptr {
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		v = v.Elem()
	}
	return w.value(b, s.plan, v)
}

func (w jsonWriter) structure(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	b = append(b, '{')
	b, err := w.members(b, p, v, false)
	if err != nil {
		return b, err
	}
	return append(b, '}'), nil
}

// members appends the members that are present, separated by commas. With
// bodyOnly, members that travel elsewhere in the HTTP message are left out.
func (w jsonWriter) members(b []byte, p *plan, v reflect.Value, bodyOnly bool) ([]byte, error) {
	for i := range p.fields {
		f := &p.fields[i]
		if bodyOnly && !f.inOutputBody() {
			continue
		}
		var err error
		if b, err = w.member(b, f, v); err != nil {
			return b, err
		}
	}
	return b, nil
}

func (w jsonWriter) member(b []byte, f *field, v reflect.Value) ([]byte, error) {
	raw := rawOf(f, v)
	fv := v.Field(f.Field)
	if !raw.IsValid() && !f.present(fv) {
		return b, nil
	}
	if last := b[len(b)-1]; last != '{' {
		b = append(b, ',')
	}
	if w.byWire {
		b = append(b, f.wire...)
	} else {
		b = append(b, f.name...)
	}
	switch {
	case raw.IsValid():
		return appendRawValue(b, raw), nil
	case f.plan.shape.Kind == op.Timestamp:
		return appendJSONScalar(b, op.Timestamp, f.Time, reflect.Indirect(fv))
	}
	return w.slot(b, f.slot, fv)
}

// rawOf returns the ready bytes of a member, op.Raw or []op.Raw, when it has
// such a field and the field is set.
func rawOf(f *field, v reflect.Value) reflect.Value {
	if f.raw < 0 {
		return reflect.Value{}
	}
	if raw := v.Field(f.raw); !raw.IsNil() {
		return raw
	}
	return reflect.Value{}
}

func appendRawValue(b []byte, raw reflect.Value) []byte {
	if raw.Type().Elem().Kind() == reflect.Uint8 {
		return appendRaw(b, raw.Bytes())
	}
	all := len("[]")
	for i := range raw.Len() {
		all += raw.Index(i).Len() + len("null")
	}
	b = append(slices.Grow(b, all), '[') // a page can be megabytes: growing little by little copies it often
	for i := range raw.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendRaw(b, raw.Index(i).Bytes())
	}
	return append(b, ']')
}

func (w jsonWriter) list(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	b = append(b, '[')
	var err error
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = w.slot(b, p.elem, v.Index(i)); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

// mapping writes entries in key order: equal values have equal bytes.
func (w jsonWriter) mapping(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	if plain, ok := v.Interface().(map[string]string); ok {
		return appendJSONTexts(b, plain)
	}
	b = append(b, '{')
	for i, key := range sortedKeys(v) {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = jsontext.AppendQuote(b, key.String()); err != nil {
			return b, fmt.Errorf("write %s: %w", p.shape.Name, err)
		}
		b = append(b, ':')
		if b, err = w.slot(b, p.elem, v.MapIndex(key)); err != nil {
			return b, err
		}
	}
	return append(b, '}'), nil
}

// appendJSONTexts writes the map that nearly every document has, without
// allocation up to a usual size.
func appendJSONTexts(b []byte, texts map[string]string) ([]byte, error) {
	var room [16]string
	keys := room[:0]
	for key := range texts {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	b = append(b, '{')
	for i, key := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = jsontext.AppendQuote(b, key); err != nil {
			return b, fmt.Errorf("write map key: %w", err)
		}
		b = append(b, ':')
		if b, err = jsontext.AppendQuote(b, texts[key]); err != nil {
			return b, fmt.Errorf("write map value: %w", err)
		}
	}
	return append(b, '}'), nil
}

func sortedKeys(v reflect.Value) []reflect.Value {
	if plain, ok := v.Interface().(map[string]string); ok {
		return keyValues(slices.Sorted(maps.Keys(plain)))
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		switch {
		case a.String() < b.String():
			return -1
		case a.String() > b.String():
			return 1
		}
		return 0
	})
	return keys
}

func keyValues(keys []string) []reflect.Value {
	values := make([]reflect.Value, len(keys))
	for i := range keys {
		values[i] = reflect.ValueOf(&keys[i]).Elem()
	}
	return values
}

func appendJSONScalar(b []byte, k op.Kind, format op.TimeFormat, v reflect.Value) ([]byte, error) {
	switch k {
	case op.String, op.Enum:
		return jsontext.AppendQuote(b, v.String())
	case op.Blob:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v.Bytes())
		return append(b, '"'), nil
	case op.Boolean:
		return strconv.AppendBool(b, v.Bool()), nil
	case op.Integer, op.Long:
		return strconv.AppendInt(b, v.Int(), 10), nil
	case op.Float:
		return appendJSONFloat(b, v.Float(), 32), nil
	case op.Double:
		return appendJSONFloat(b, v.Float(), 64), nil
	case op.Timestamp:
		return appendJSONTime(b, op.Millis(v.Int()), format), nil
	}
	return b, fmt.Errorf("wire: kind %d is no scalar", k)
}

func appendJSONTime(b []byte, t op.Millis, format op.TimeFormat) []byte {
	if format == op.TimeDefault || format == op.TimeEpochSeconds {
		return appendEpoch(b, t)
	}
	b = append(b, '"')
	b = appendTime(b, t, format)
	return append(b, '"')
}

func appendJSONFloat(b []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		b = append(b, '"')
		b = appendFloat(b, f, bits)
		return append(b, '"')
	}
	return appendFloat(b, f, bits)
}
