package wire

import (
	"encoding/binary"
	"math"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/bindery-project/bindery/internal/op"
)

// CBOR major types (RFC 8949, section 3.1), as the first byte's high bits.
const (
	cborUint   = 0 << 5
	cborNegint = 1 << 5
	cborBytes  = 2 << 5
	cborText   = 3 << 5
	cborArray  = 4 << 5
	cborMap    = 5 << 5
	cborTag    = 6 << 5
	cborSimple = 7 << 5
)

// Single bytes of CBOR.
const (
	cborFalse     = 0xf4
	cborTrue      = 0xf5
	cborNull      = 0xf6
	cborUndefined = 0xf7
	cborFloat32   = 0xfa
	cborFloat64   = 0xfb
	cborEpochTag  = cborTag | 1
)

// appendCBORHead appends a major type with its length or value, in the
// shortest form.
func appendCBORHead(b []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n <= math.MaxUint8:
		return append(b, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), n)
}

// appendCBORText replaces broken UTF-8: readers refuse a text that has any.
func appendCBORText(b []byte, s string) []byte {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return append(appendCBORHead(b, cborText, uint64(len(s))), s...)
}

func appendCBORInt(b []byte, n int64) []byte {
	if n < 0 {
		return appendCBORHead(b, cborNegint, uint64(-(n + 1)))
	}
	return appendCBORHead(b, cborUint, uint64(n))
}

func appendCBORDouble(b []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(append(b, cborFloat64), math.Float64bits(f))
}

// appendCBOR appends v, whose type is the plan's.
func appendCBOR(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	switch p.shape.Kind {
	case op.Structure, op.Union:
		return appendCBORStructure(b, p, v)
	case op.List:
		return appendCBORList(b, p, v)
	case op.Map:
		return appendCBORMap(b, p, v)
	default:
		return appendCBORScalar(b, p.shape.Kind, v), nil
	}
}

func appendCBORSlot(b []byte, s slot, v reflect.Value) ([]byte, error) {
	if s.ptr {
		if v.IsNil() {
			return append(b, cborNull), nil
		}
		v = v.Elem()
	}
	return appendCBOR(b, s.plan, v)
}

// appendCBORStructure counts the members that are present first: maps of
// known length suit every reader.
func appendCBORStructure(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	b = appendCBORHead(b, cborMap, uint64(countPresent(p, v)))
	return appendCBORMembers(b, p, v)
}

func countPresent(p *plan, v reflect.Value) int {
	n := 0
	for i := range p.fields {
		f := &p.fields[i]
		if rawOf(f, v).IsValid() || f.present(v.Field(f.Field)) {
			n++
		}
	}
	return n
}

func appendCBORMembers(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	for i := range p.fields {
		f := &p.fields[i]
		fv, err := fieldValue(f, v)
		if err != nil {
			return b, err
		}
		if !f.present(fv) {
			continue
		}
		b = appendCBORText(b, f.Name)
		if b, err = appendCBORSlot(b, f.slot, fv); err != nil {
			return b, err
		}
	}
	return b, nil
}

func appendCBORList(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	b = appendCBORHead(b, cborArray, uint64(v.Len()))
	var err error
	for i := range v.Len() {
		if b, err = appendCBORSlot(b, p.elem, v.Index(i)); err != nil {
			return b, err
		}
	}
	return b, nil
}

func appendCBORMap(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	b = appendCBORHead(b, cborMap, uint64(v.Len()))
	var err error
	for _, key := range sortedKeys(v) {
		b = appendCBORText(b, key.String())
		if b, err = appendCBORSlot(b, p.elem, v.MapIndex(key)); err != nil {
			return b, err
		}
	}
	return b, nil
}

func appendCBORScalar(b []byte, k op.Kind, v reflect.Value) []byte {
	switch k {
	case op.String, op.Enum:
		return appendCBORText(b, v.String())
	case op.Blob, op.Document:
		return append(appendCBORHead(b, cborBytes, uint64(v.Len())), v.Bytes()...)
	case op.Boolean:
		if v.Bool() {
			return append(b, cborTrue)
		}
		return append(b, cborFalse)
	case op.Integer, op.Long:
		return appendCBORInt(b, v.Int())
	case op.Float:
		return binary.BigEndian.AppendUint32(append(b, cborFloat32), math.Float32bits(float32(v.Float())))
	case op.Double:
		return appendCBORDouble(b, v.Float())
	case op.Timestamp:
		return appendCBORTime(b, v.Int())
	}
	return append(b, cborNull)
}

// appendCBORTime writes tag 1 with seconds: whole ones as an integer.
func appendCBORTime(b []byte, millis int64) []byte {
	b = append(b, cborEpochTag)
	if millis%1000 == 0 {
		return appendCBORInt(b, millis/1000)
	}
	return appendCBORDouble(b, float64(millis)/1000)
}
