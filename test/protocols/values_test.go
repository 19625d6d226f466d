package protocols_test

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"

	"github.com/bindery-project/bindery/internal/op"
)

// fill sets v, of the shape's Go type, from a vector's value: timestamps are
// epoch seconds there, blobs are text, and special floats are names.
func fill(m *op.Model, id op.ShapeID, v reflect.Value, value any) error {
	if v.Kind() == reflect.Pointer {
		if value == nil {
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	shape := m.Shape(id)
	switch shape.Kind {
	case op.Structure, op.Union:
		return fillStructure(m, shape, v, value)
	case op.List:
		return fillList(m, shape, v, value)
	case op.Map:
		return fillMap(m, shape, v, value)
	case op.Document:
		data, err := json.Marshal(value)
		v.SetBytes(data)
		return err
	default:
		return fillScalar(shape.Kind, v, value)
	}
}

func fillStructure(m *op.Model, shape *op.Shape, v reflect.Value, value any) error {
	object, ok := value.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: %T is no structure", shape.Name, value)
	}
	for name, part := range object {
		if part == nil {
			continue
		}
		member := memberOf(shape, name)
		if member == nil {
			return fmt.Errorf("%s has no member %s", shape.Name, name)
		}
		if err := fill(m, member.Shape, v.Field(member.Field), part); err != nil {
			return fmt.Errorf("%s.%w", name, err)
		}
	}
	return nil
}

func memberOf(shape *op.Shape, name string) *op.Member {
	for i := range shape.Members {
		if shape.Members[i].Name == name {
			return &shape.Members[i]
		}
	}
	return nil
}

func fillList(m *op.Model, shape *op.Shape, v reflect.Value, value any) error {
	items, ok := value.([]any)
	if !ok {
		return fmt.Errorf("%s: %T is no list", shape.Name, value)
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		if err := fill(m, shape.Elem, v.Index(i), item); err != nil {
			return err
		}
	}
	return nil
}

func fillMap(m *op.Model, shape *op.Shape, v reflect.Value, value any) error {
	entries, ok := value.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: %T is no map", shape.Name, value)
	}
	v.Set(reflect.MakeMap(v.Type()))
	for key, part := range entries {
		elem := reflect.New(v.Type().Elem()).Elem()
		if err := fill(m, shape.Elem, elem, part); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(key), elem)
	}
	return nil
}

func fillScalar(k op.Kind, v reflect.Value, value any) error {
	switch value := value.(type) {
	case bool:
		v.SetBool(value)
	case json.Number:
		return fillNumber(k, v, value)
	case string:
		return fillText(k, v, value)
	default:
		return fmt.Errorf("%T is no scalar", value)
	}
	return nil
}

func fillNumber(k op.Kind, v reflect.Value, value json.Number) error {
	if k == op.Integer || k == op.Long {
		n, err := value.Int64()
		v.SetInt(n)
		return err
	}
	f, err := value.Float64()
	if k == op.Timestamp {
		v.SetInt(int64(math.Round(f * 1000)))
		return err
	}
	v.SetFloat(f)
	return err
}

func fillText(k op.Kind, v reflect.Value, value string) error {
	switch k {
	case op.Blob:
		v.SetBytes([]byte(value))
	case op.Float, op.Double:
		f := map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)}[value]
		if f == 0 {
			return fmt.Errorf("%q is no float", value)
		}
		v.SetFloat(f)
	case op.String, op.Enum:
		v.SetString(value)
	default:
		return fmt.Errorf("%q is no value of kind %d", value, k)
	}
	return nil
}
