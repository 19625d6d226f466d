package wire

import (
	"errors"
	"math"
	"reflect"

	"github.com/fxamacker/cbor/v2"

	"github.com/bindery-project/bindery/internal/op"
)

// cborMode reads one level at a time into raw parts; what the model does not
// know stays raw and is dropped.
var cborMode = mustCBORMode(cbor.DecOptions{
	DupMapKey:        cbor.DupMapKeyEnforcedAPF,
	MaxNestedLevels:  MaxDepth,
	MaxArrayElements: MaxMembers,
	MaxMapPairs:      MaxMembers,
	UTF8:             cbor.UTF8RejectInvalid,
	TimeTag:          cbor.DecTagOptional,
})

// mustCBORMode panics on options that contradict each other: a fault of this
// file.
func mustCBORMode(o cbor.DecOptions) cbor.DecMode {
	m, err := o.DecMode()
	if err != nil {
		panic(err)
	}
	return m
}

// cborReader reads CBOR into values along their plans.
type cborReader struct{ limits }

const malformedCBOR = "Malformed CBOR"

func cborFault(err error) error {
	var dup *cbor.DupMapKeyError
	var deep *cbor.MaxNestedLevelError
	var pairs *cbor.MaxMapPairsError
	var elements *cbor.MaxArrayElementsError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &dup):
		return serialization("Duplicate field in a CBOR map")
	case errors.As(err, &deep):
		return errDepth
	case errors.As(err, &pairs), errors.As(err, &elements):
		return errMemory
	}
	return serialization(malformedCBOR)
}

func isCBORNull(raw []byte) bool {
	return len(raw) == 1 && (raw[0] == cborNull || raw[0] == cborUndefined)
}

// cborToken names a value's first byte in the words of the JSON refusals.
func cborToken(raw []byte) string {
	switch raw[0] & 0xe0 {
	case cborUint, cborNegint:
		return "NUMBER_VALUE"
	case cborBytes:
		return "BLOB_VALUE"
	case cborText:
		return "STRING_VALUE"
	case cborTag:
		return "TIMESTAMP_VALUE"
	}
	switch raw[0] {
	case cborTrue:
		return "TRUE_VALUE"
	case cborFalse:
		return "FALSE_VALUE"
	}
	return "DECIMAL_VALUE"
}

// open checks that a value is of the wanted container type.
func (r *cborReader) open(raw []byte, want byte) error {
	switch raw[0] & 0xe0 {
	case want:
		return r.enter()
	case cborMap:
		return serialization(foundObject)
	case cborArray:
		return serialization(foundList)
	}
	if want == cborArray {
		return serialization(wantList)
	}
	return serialization(wantNull)
}

func (r *cborReader) value(p *plan, raw cbor.RawMessage, v reflect.Value) error {
	switch p.shape.Kind {
	case op.Structure, op.Union:
		return r.structure(p, raw, v)
	case op.List:
		return r.list(p, raw, v)
	case op.Map:
		return r.mapping(p, raw, v)
	default:
		return r.scalar(p.shape.Kind, raw, v)
	}
}

func (r *cborReader) slot(s slot, raw cbor.RawMessage, v reflect.Value) error {
	if s.ptr {
		if err := r.charge(s.plan.typ); err != nil {
			return err
		}
	}
	return r.value(s.plan, raw, s.newValue(v))
}

// parts splits a map into its names and raw values.
func (r *cborReader) parts(raw cbor.RawMessage) (map[string]cbor.RawMessage, error) {
	if err := r.open(raw, cborMap); err != nil {
		return nil, err
	}
	var parts map[string]cbor.RawMessage
	err := cborMode.Unmarshal(raw, &parts)
	return parts, cborFault(err)
}

func (r *cborReader) structure(p *plan, raw cbor.RawMessage, v reflect.Value) error {
	parts, err := r.parts(raw)
	if err != nil {
		return err
	}
	defer r.leave()
	var seen fieldSet
	for i := range p.fields {
		f := &p.fields[i]
		part, ok := parts[f.Name]
		if !ok || isCBORNull(part) {
			continue
		}
		seen.add(i)
		if err := r.field(f, part, v); err != nil {
			return err
		}
	}
	if p.shape.Kind == op.Union && seen.len() != 1 {
		return serialization(oneOfUnion)
	}
	return r.finish(p, v, &seen)
}

func (r *cborReader) field(f *field, raw cbor.RawMessage, v reflect.Value) error {
	fv := v.Field(f.Field)
	mark := len(r.missing)
	err := r.slot(f.slot, raw, fv)
	r.prefix(mark, f.label)
	if err == nil && f.Fold {
		foldField(f, fv)
	}
	return err
}

func (r *cborReader) list(p *plan, raw cbor.RawMessage, v reflect.Value) error {
	if err := r.open(raw, cborArray); err != nil {
		return err
	}
	defer r.leave()
	var parts []cbor.RawMessage
	if err := cborMode.Unmarshal(raw, &parts); err != nil {
		return cborFault(err)
	}
	v.Set(reflect.MakeSlice(p.typ, 0, 0))
	for n, part := range parts {
		if err := r.grow(v); err != nil {
			return err
		}
		if err := r.element(p, part, v.Index(n), n); err != nil {
			return err
		}
	}
	return nil
}

func (r *cborReader) element(p *plan, raw cbor.RawMessage, v reflect.Value, n int) error {
	if isCBORNull(raw) {
		if !p.shape.Sparse || !p.elem.ptr {
			r.miss(elementLabel(n))
		}
		return nil
	}
	mark := len(r.missing)
	err := r.slot(p.elem, raw, v)
	if len(r.missing) > mark {
		r.prefix(mark, elementLabel(n))
	}
	return err
}

func (r *cborReader) mapping(p *plan, raw cbor.RawMessage, v reflect.Value) error {
	parts, err := r.parts(raw)
	if err != nil {
		return err
	}
	defer r.leave()
	v.Set(reflect.MakeMapWithSize(p.typ, len(parts)))
	for key, part := range parts {
		if err := r.chargeEntry(p.typ); err != nil {
			return err
		}
		value := reflect.New(p.typ.Elem()).Elem()
		if isCBORNull(part) {
			if !p.shape.Sparse || !p.elem.ptr {
				continue
			}
		} else {
			mark := len(r.missing)
			if err := r.slot(p.elem, part, value); err != nil {
				return err
			}
			r.prefix(mark, key+".member")
		}
		v.SetMapIndex(reflect.ValueOf(key).Convert(p.typ.Key()), value)
	}
	return nil
}

func (r *cborReader) scalar(k op.Kind, raw cbor.RawMessage, v reflect.Value) error {
	major := raw[0] & 0xe0
	switch {
	case major == cborMap:
		return serialization(foundObject)
	case major == cborArray:
		return serialization(foundList)
	case !cborSuits(k, major, raw[0]):
		return cannot(cborToken(raw), k)
	}
	return cborScalar(k, raw, v)
}

// cborSuits reports whether a value of the major type may be of the kind.
func cborSuits(k op.Kind, major, first byte) bool {
	isFloat := first == 0xf9 || first == cborFloat32 || first == cborFloat64
	isInt := major == cborUint || major == cborNegint
	switch k {
	case op.String, op.Enum:
		return major == cborText
	case op.Blob:
		return major == cborBytes
	case op.Boolean:
		return first == cborTrue || first == cborFalse
	case op.Integer, op.Long:
		return isInt
	case op.Float, op.Double:
		return isInt || isFloat
	case op.Timestamp:
		return first == cborEpochTag
	}
	return false
}

func cborScalar(k op.Kind, raw cbor.RawMessage, v reflect.Value) error {
	switch k {
	case op.String, op.Enum:
		return cborInto(raw, v.SetString)
	case op.Blob:
		return cborInto(raw, v.SetBytes)
	case op.Boolean:
		v.SetBool(raw[0] == cborTrue)
		return nil
	case op.Integer, op.Long:
		var n int64
		if err := cborMode.Unmarshal(raw, &n); err != nil || v.OverflowInt(n) {
			return cannot("NUMBER_VALUE", k)
		}
		v.SetInt(n)
		return nil
	case op.Float, op.Double:
		f, err := cborFloat(raw)
		if err != nil || v.OverflowFloat(f) && !math.IsInf(f, 0) {
			return cannot(cborToken(raw), k)
		}
		v.SetFloat(f)
		return nil
	case op.Timestamp:
		return cborTime(raw, v)
	}
	return cannot(cborToken(raw), k)
}

func cborInto[T any](raw cbor.RawMessage, set func(T)) error {
	var value T
	if err := cborMode.Unmarshal(raw, &value); err != nil {
		return cborFault(err)
	}
	set(value)
	return nil
}

func cborFloat(raw cbor.RawMessage) (float64, error) {
	var f float64
	err := cborMode.Unmarshal(raw, &f)
	return f, err
}

func cborTime(raw cbor.RawMessage, v reflect.Value) error {
	var tag cbor.RawTag
	if err := cborMode.Unmarshal(raw, &tag); err != nil || len(tag.Content) == 0 {
		return cannot(cborToken(raw), op.Timestamp)
	}
	if major := tag.Content[0] & 0xe0; !cborSuits(op.Double, major, tag.Content[0]) {
		return cannot(cborToken(tag.Content), op.Timestamp)
	}
	seconds, err := cborFloat(tag.Content)
	if err != nil {
		return cannot(cborToken(tag.Content), op.Timestamp)
	}
	at, err := inRange(seconds*1000, int64(math.Round(seconds*1000)))
	if err != nil {
		return cannot(cborToken(tag.Content), op.Timestamp)
	}
	v.SetInt(int64(at))
	return nil
}
