package wire

import (
	"encoding/base64"
	"math"
	"reflect"
	"strconv"

	"github.com/bindery-project/bindery/internal/op"
)

// text reads a string.
func (r *jsonReader) text(k op.Kind) (string, error) {
	raw, err := r.scalarToken(k)
	if err != nil {
		return "", err
	}
	if raw[0] != '"' {
		return "", cannot(jsonToken(raw), k)
	}
	text, err := r.unquote(raw)
	return string(text), err
}

// scalarToken reads a value that must be neither object nor list.
func (r *jsonReader) scalarToken(k op.Kind) ([]byte, error) {
	switch r.dec.PeekKind() {
	case '{':
		return nil, serialization(foundObject)
	case '[':
		return nil, serialization(foundList)
	}
	raw, err := r.dec.ReadValue()
	if err != nil {
		return nil, jsonFault(err)
	}
	if raw[0] == 'n' {
		return nil, cannot("NULL_VALUE", k)
	}
	return raw, nil
}

func (r *jsonReader) scalar(k op.Kind, format op.TimeFormat, v reflect.Value) error {
	switch k {
	case op.String, op.Enum:
		text, err := r.text(k)
		v.SetString(text)
		return err
	case op.Blob:
		return r.blob(v)
	}
	raw, err := r.scalarToken(k)
	if err != nil {
		return err
	}
	switch k {
	case op.Boolean:
		if raw[0] != 't' && raw[0] != 'f' {
			return cannot(jsonToken(raw), k)
		}
		v.SetBool(raw[0] == 't')
		return nil
	case op.Integer:
		return jsonInt(raw, k, 32, v)
	case op.Long:
		return jsonInt(raw, k, 64, v)
	case op.Float:
		return r.float(raw, k, 32, v)
	case op.Double:
		return r.float(raw, k, 64, v)
	case op.Timestamp:
		return r.timestamp(raw, format, v)
	}
	return cannot(jsonToken(raw), k)
}

func (r *jsonReader) blob(v reflect.Value) error {
	text, err := r.text(op.Blob)
	if err != nil {
		return err
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return serialization(badBlob)
	}
	v.SetBytes(data)
	return nil
}

func isNumber(raw []byte) bool {
	return raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9'
}

func jsonInt(raw []byte, k op.Kind, bits int, v reflect.Value) error {
	if !isNumber(raw) {
		return cannot(jsonToken(raw), k)
	}
	n, err := strconv.ParseInt(string(raw), 10, bits)
	if err != nil {
		return cannot(jsonToken(raw), k)
	}
	v.SetInt(n)
	return nil
}

// float reads a number or one of the three names for what JSON cannot write.
func (r *jsonReader) float(raw []byte, k op.Kind, bits int, v reflect.Value) error {
	if raw[0] == '"' {
		text, err := r.unquote(raw)
		if err != nil {
			return err
		}
		f, ok := specialFloat(string(text))
		if !ok {
			return cannot("STRING_VALUE", k)
		}
		v.SetFloat(f)
		return nil
	}
	if !isNumber(raw) {
		return cannot(jsonToken(raw), k)
	}
	f, err := strconv.ParseFloat(string(raw), bits)
	if err != nil {
		return cannot(jsonToken(raw), k)
	}
	v.SetFloat(f)
	return nil
}

func specialFloat(text string) (float64, bool) {
	switch text {
	case "NaN":
		return math.NaN(), true
	case "Infinity":
		return math.Inf(1), true
	case "-Infinity":
		return math.Inf(-1), true
	}
	return 0, false
}

// timestamp reads epoch seconds, or the text form that the member asks for.
func (r *jsonReader) timestamp(raw []byte, format op.TimeFormat, v reflect.Value) error {
	if format == op.TimeDefault {
		format = op.TimeEpochSeconds
	}
	text := string(raw)
	if quoted := raw[0] == '"'; quoted {
		body, err := r.unquote(raw)
		if err != nil {
			return err
		}
		text = string(body)
	}
	isText := format != op.TimeEpochSeconds
	if isText != (raw[0] == '"') || !isText && !isNumber(raw) {
		return cannot(jsonToken(raw), op.Timestamp)
	}
	at, err := parseTime(text, format)
	if err != nil {
		return cannot(jsonToken(raw), op.Timestamp)
	}
	v.SetInt(int64(at))
	return nil
}
