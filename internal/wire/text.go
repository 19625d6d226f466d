package wire

import (
	"encoding/base64"
	"errors"
	"math"
	"reflect"
	"strconv"
	"time"

	"github.com/bindery-project/bindery/internal/op"
)

// errText says that a text is no value of its kind; the caller words it.
var errText = errors.New("not a value of this kind")

// parseText reads a scalar from the text that forms, headers, labels and XML
// carry. v has the kind's Go type.
func parseText(k op.Kind, format op.TimeFormat, text string, v reflect.Value) error {
	switch k {
	case op.String, op.Enum:
		v.SetString(text)
		return nil
	case op.Blob:
		return parseBlob(text, v)
	case op.Boolean:
		return parseBool(text, v)
	case op.Integer:
		return parseInt(text, 32, v)
	case op.Long:
		return parseInt(text, 64, v)
	case op.Float:
		return parseFloat(text, 32, v)
	case op.Double:
		return parseFloat(text, 64, v)
	case op.Timestamp:
		at, err := parseTime(text, format)
		v.SetInt(int64(at))
		return err
	}
	return errText
}

func parseBlob(text string, v reflect.Value) error {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return errText
	}
	v.SetBytes(data)
	return nil
}

func parseBool(text string, v reflect.Value) error {
	if text != "true" && text != "false" {
		return errText
	}
	v.SetBool(text == "true")
	return nil
}

func parseInt(text string, bits int, v reflect.Value) error {
	n, err := strconv.ParseInt(text, 10, bits)
	if err != nil {
		return errText
	}
	v.SetInt(n)
	return nil
}

// parseFloat takes decimal numbers and the three names; Go's hexadecimal and
// underscored forms are no wire forms.
func parseFloat(text string, bits int, v reflect.Value) error {
	if f, ok := specialFloat(text); ok {
		v.SetFloat(f)
		return nil
	}
	for _, c := range text {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return errText
		}
	}
	f, err := strconv.ParseFloat(text, bits)
	if err != nil {
		return errText
	}
	v.SetFloat(f)
	return nil
}

// appendText appends a scalar as text.
func appendText(b []byte, k op.Kind, format op.TimeFormat, v reflect.Value) []byte {
	switch k {
	case op.String, op.Enum:
		return append(b, v.String()...)
	case op.Blob:
		return base64.StdEncoding.AppendEncode(b, v.Bytes())
	case op.Boolean:
		return strconv.AppendBool(b, v.Bool())
	case op.Integer, op.Long:
		return strconv.AppendInt(b, v.Int(), 10)
	case op.Float:
		return appendFloat(b, v.Float(), 32)
	case op.Double:
		return appendFloat(b, v.Float(), 64)
	case op.Timestamp:
		return appendTime(b, op.Millis(v.Int()), format)
	}
	return b
}

// appendFloat writes the shortest decimal that reads back the same, with an
// exponent only where plain digits would be many.
func appendFloat(b []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, "NaN"...)
	case math.IsInf(f, 1):
		return append(b, "Infinity"...)
	case math.IsInf(f, -1):
		return append(b, "-Infinity"...)
	}
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		return strconv.AppendFloat(b, f, 'e', -1, bits)
	}
	return strconv.AppendFloat(b, f, 'f', -1, bits)
}

// Time limits: the years 0001 to 9999 of the text forms, in milliseconds.
const (
	minMillis = -62135596800 * 1000
	maxMillis = 253402300799*1000 + 999
)

// httpDate is the preferred form of HTTP dates; a fraction is read, not
// written.
const (
	httpDate     = "Mon, 02 Jan 2006 15:04:05 GMT"
	httpDateRead = "Mon, 2 Jan 2006 15:04:05 GMT"
)

// parseTime reads a timestamp in one of the model's forms. Finer fractions
// than milliseconds are cut.
func parseTime(text string, format op.TimeFormat) (op.Millis, error) {
	switch format {
	case op.TimeDateTime:
		return parseLayout(time.RFC3339, text)
	case op.TimeHTTPDate:
		return parseLayout(httpDateRead, text)
	case op.TimeEpochSeconds, op.TimeDefault:
		return parseEpoch(text)
	}
	return 0, errText
}

func parseLayout(layout, text string) (op.Millis, error) {
	t, err := time.Parse(layout, text)
	if err != nil {
		return 0, errText
	}
	return inRange(float64(t.UnixMilli()), t.UnixMilli())
}

// parseEpoch reads seconds with an optional fraction or exponent.
func parseEpoch(text string) (op.Millis, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return inRange(float64(n)*1000, n*1000)
	}
	var f float64
	if err := parseFloat(text, 64, reflect.ValueOf(&f).Elem()); err != nil {
		return 0, err
	}
	return inRange(f*1000, int64(math.Round(f*1000)))
}

// inRange guards against times that no text form can show; approx is looked
// at first, since exact may have overflowed.
func inRange(approx float64, exact int64) (op.Millis, error) {
	if math.IsNaN(approx) || approx < minMillis || approx > maxMillis {
		return 0, errText
	}
	return op.Millis(exact), nil
}

// appendTime appends a timestamp in one of the model's forms.
func appendTime(b []byte, t op.Millis, format op.TimeFormat) []byte {
	at := time.UnixMilli(int64(t)).UTC()
	switch format {
	case op.TimeDateTime:
		return at.AppendFormat(b, "2006-01-02T15:04:05.999Z")
	case op.TimeHTTPDate:
		return at.AppendFormat(b, httpDate)
	case op.TimeEpochSeconds, op.TimeDefault:
		return appendEpoch(b, t)
	}
	return b
}

// appendEpoch writes seconds, with exactly three decimals when there are any.
func appendEpoch(b []byte, t op.Millis) []byte {
	n := int64(t)
	if n < 0 {
		b = append(b, '-')
		n = -n
	}
	b = strconv.AppendInt(b, n/1000, 10)
	if ms := n % 1000; ms != 0 {
		b = append(b, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
	}
	return b
}
