package partkey

import (
	"bytes"
	"encoding/binary"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// A component is the part of a stored key that stands for one value:
//
//	tagValue        payload by kind, see below
//	tagNull         the value is NullText and the kind is not text
//	tagUnparsable   the text, escaped: it is no value of its kind
//
// Components end by themselves, and their bytes compare as the values do.
const (
	tagValue      = 0x10
	tagNull       = 0x20
	tagUnparsable = 0x30
)

// NullText is how Hive and its heirs write the null partition.
const NullText = "__HIVE_DEFAULT_PARTITION__"

// Component encodes a value of a kind. ok is false when the text is no value of
// the kind; the component then orders after all values.
func Component(k Kind, value string) (c []byte, ok bool) {
	return AppendComponent(make([]byte, 0, len(value)+8), k, value)
}

// AppendComponent is Component into a buffer.
func AppendComponent(b []byte, k Kind, value string) ([]byte, bool) {
	if k.asText() {
		return appendText(append(b, tagValue), value), true
	}
	if value == NullText {
		return append(b, tagNull), true
	}
	start := len(b)
	if out, ok := appendTyped(append(b, tagValue), k, value); ok {
		return out, true
	}
	return appendText(append(b[:start], tagUnparsable), value), false
}

func appendTyped(b []byte, k Kind, value string) ([]byte, bool) {
	switch k {
	case Integer:
		return appendInteger(b, value)
	case Decimal:
		return appendDecimal(b, value)
	case Date:
		return appendDate(b, value)
	case Timestamp:
		return appendTimestamp(b, value)
	case Text, Opaque:
	}
	return b, false
}

// Text orders by UTF-16 code units, as Java's strings do, where surrogates come
// before U+E000: the lead bytes EE and EF are moved behind those of the
// supplementary planes. A zero byte becomes 00 FF, and 00 00 ends the text.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; c {
		case 0:
			b = append(b, 0, 0xFF)
		case 0xEE, 0xEF:
			b = append(b, c+0x0A)
		default:
			b = append(b, c)
		}
	}
	return append(b, 0, 0)
}

// text reads what appendText wrote and returns what follows.
func text(b []byte) (s string, rest []byte, ok bool) {
	var out []byte
	for {
		i := bytes.IndexByte(b, 0)
		if i < 0 || i+1 >= len(b) {
			return "", nil, false
		}
		out = append(out, b[:i]...)
		end := b[i+1] == 0
		b = b[i+2:]
		if end {
			break
		}
		out = append(out, 0)
	}
	for i, c := range out {
		if c == 0xF8 || c == 0xF9 {
			out[i] = c - 0x0A
		}
	}
	return string(out), b, true
}

// Integers are a length byte, 0x80 plus or minus the number of bytes, and the
// magnitude, inverted when negative.
func appendInteger(b []byte, value string) ([]byte, bool) {
	if n, err := strconv.ParseInt(value, 10, 64); err == nil {
		var mag [8]byte
		u := uint64(n)
		if n < 0 {
			u = -u
		}
		binary.BigEndian.PutUint64(mag[:], u)
		return appendMagnitude(b, bytes.TrimLeft(mag[:], "\x00"), n < 0), true
	}
	if !digits(strings.TrimLeft(value, "+-")) || len(value) > maxDigits {
		return b, false
	}
	n, ok := new(big.Int).SetString(value, 10)
	if !ok {
		return b, false
	}
	return appendMagnitude(b, n.Bytes(), n.Sign() < 0), true
}

// maxDigits bounds numbers: longer texts are no numbers of any Hive type.
const maxDigits = 200

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func appendMagnitude(b, mag []byte, negative bool) []byte {
	if !negative {
		return append(append(b, 0x80+byte(len(mag))), mag...)
	}
	b = append(b, 0x80-byte(len(mag)))
	return appendInverted(b, mag)
}

func appendInverted(b, from []byte) []byte {
	for _, c := range from {
		b = append(b, ^c)
	}
	return b
}

// Decimals are a sign byte, the exponent of 0.ddd × 10^e with a bias, and the
// digits without trailing zeros, ended by a zero byte; for negative numbers all
// behind the sign is inverted.
func appendDecimal(b []byte, value string) ([]byte, bool) {
	d, ok := parseDecimal(value)
	if !ok {
		return b, false
	}
	if d.digits == "" {
		return append(b, decimalZero), true
	}
	body := binary.BigEndian.AppendUint32(nil, uint32(int64(d.exponent)+exponentBias))
	body = append(append(body, d.digits...), 0)
	if d.negative {
		return appendInverted(append(b, decimalNegative), body), true
	}
	return append(append(b, decimalPositive), body...), true
}

const (
	decimalNegative = 0x40
	decimalZero     = 0x80
	decimalPositive = 0xC0

	exponentBias = 1 << 31
	maxExponent  = 1 << 20
)

type decimal struct {
	negative bool
	exponent int
	digits   string // no zeros at either end; empty is zero
}

// parseDecimal reads what Java's BigDecimal does: digits with at most one point
// and an optional exponent.
func parseDecimal(value string) (d decimal, ok bool) {
	rest := value
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		d.negative, rest = rest[0] == '-', rest[1:]
	}
	mantissa, exponent := rest, 0
	if i := strings.IndexAny(rest, "eE"); i >= 0 {
		var err error
		if exponent, err = strconv.Atoi(rest[i+1:]); err != nil {
			return d, false
		}
		mantissa = rest[:i]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	all := whole + fraction
	if !digits(all) || len(all) > maxDigits || exponent > maxExponent || exponent < -maxExponent {
		return d, false
	}
	trimmed := strings.TrimLeft(all, "0")
	d.exponent = len(whole) - (len(all) - len(trimmed)) + exponent
	d.digits = strings.TrimRight(trimmed, "0")
	return d, true
}

// Dates are days, timestamps seconds and nanoseconds, each with a bias.
func appendDate(b []byte, value string) ([]byte, bool) {
	t, err := time.Parse("2006-01-02", value)
	if err != nil {
		return b, false
	}
	return appendBiased(b, t.Unix()), true
}

func appendTimestamp(b []byte, value string) ([]byte, bool) {
	t, err := time.Parse("2006-01-02 15:04:05", value) // accepts a fraction, too
	if err != nil || strings.ContainsRune(value, ',') {
		return b, false
	}
	if dot := strings.IndexByte(value, '.'); dot >= 0 && (len(value)-dot > 10 || len(value)-dot < 2) {
		return b, false
	}
	b = appendBiased(b, t.Unix())
	return binary.BigEndian.AppendUint32(b, uint32(t.Nanosecond())), true
}

func appendBiased(b []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(n)^(1<<63))
}

// length is how many bytes of b the component at its start takes, 0 when b is
// no stored key.
func length(k Kind, b []byte) int {
	if len(b) == 0 {
		return 0
	}
	switch {
	case b[0] == tagNull:
		return 1
	case b[0] == tagUnparsable || k.asText():
		return textLength(b)
	case b[0] != tagValue:
		return 0
	}
	switch k {
	case Integer:
		return integerLength(b)
	case Decimal:
		return decimalLength(b)
	case Date:
		return fixed(b, 9)
	case Timestamp:
		return fixed(b, 13)
	case Text, Opaque:
	}
	return 0
}

func fixed(b []byte, n int) int {
	if len(b) < n {
		return 0
	}
	return n
}

func textLength(b []byte) int {
	for i := 1; i+1 < len(b); i++ {
		if b[i] == 0 {
			if b[i+1] == 0 {
				return i + 2
			}
			i++
		}
	}
	return 0
}

func integerLength(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	n := int(b[1]) - 0x80
	return fixed(b, 2+max(n, -n))
}

func decimalLength(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	end := byte(0)
	switch b[1] {
	case decimalZero:
		return 2
	case decimalNegative:
		end = 0xFF
	}
	if len(b) < 7 {
		return 0
	}
	i := bytes.IndexByte(b[6:], end)
	if i < 0 {
		return 0
	}
	return 6 + i + 1
}

// FirstValue is the smallest beginning of the components of values: nulls and
// what does not parse are behind them.
var FirstValue = []byte{tagValue}

// IsValue reports whether a component stands for a value of its kind.
func IsValue(c []byte) bool { return len(c) > 0 && c[0] == tagValue }

// TextPrefix is how the components of the texts with the given prefix begin.
func TextPrefix(prefix string) []byte {
	b := appendText([]byte{tagValue}, prefix)
	return b[:len(b)-2] // without the end
}

// Tell is the usual text of a whole component; ok is false when c is none.
func Tell(k Kind, c []byte) (text string, ok bool) {
	if length(k, c) != len(c) || len(c) == 0 {
		return "", false
	}
	if k == Decimal && c[0] == tagValue {
		return tellDecimal(c), true
	}
	return tell(k, c), true
}

// TellPrefix is the text of the beginning of a text component (see TextPrefix).
func TellPrefix(k Kind, c []byte) (string, bool) {
	if !k.asText() || !IsValue(c) {
		return "", false
	}
	s, _, ok := text(append(append([]byte(nil), c[1:]...), 0, 0))
	return s, ok
}

// tellDecimal writes a decimal with its exponent: 0.25e3.
func tellDecimal(c []byte) string {
	if c[1] == decimalZero {
		return "0"
	}
	body, sign := c[2:], ""
	if c[1] == decimalNegative {
		body, sign = appendInverted(nil, body), "-"
	}
	exponent := int64(binary.BigEndian.Uint32(body)) - exponentBias
	return sign + "0." + string(body[4:len(body)-1]) + "e" + strconv.FormatInt(exponent, 10)
}
