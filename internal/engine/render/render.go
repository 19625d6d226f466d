package render

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/engine/analyze"
)

// Double writes a double as Java's Double.toString does: 1.0, 0.001, 1.0E7,
// 1.0E-4, Infinity, NaN. bits is 32 for a real.
func Double(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case f == 0:
		if math.Signbit(f) {
			return "-0.0"
		}
		return "0.0"
	}
	if size := math.Abs(f); size >= 1e-3 && size < 1e7 {
		text := strconv.FormatFloat(f, 'f', -1, bits)
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return text
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, bits), "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	n, err := strconv.Atoi(exponent)
	if err != nil {
		return mantissa
	}
	return mantissa + "E" + strconv.Itoa(n)
}

// Bytes writes varbinary: "61 62 63".
func Bytes(b []byte) string {
	const digits = "0123456789abcdef"
	out := make([]byte, 0, len(b)*3)
	for i, c := range b {
		if i > 0 {
			out = append(out, ' ')
		}
		out = append(out, digits[c>>4], digits[c&15])
	}
	return string(out)
}

// Decimal writes unscaled digits with the point where it belongs.
func Decimal(unscaled *big.Int, scale int) string {
	text := new(big.Int).Abs(unscaled).String()
	if scale > 0 {
		if len(text) <= scale {
			text = strings.Repeat("0", scale-len(text)+1) + text
		}
		text = text[:len(text)-scale] + "." + text[len(text)-scale:]
	}
	if unscaled.Sign() < 0 {
		return "-" + text
	}
	return text
}

// Timestamp writes a wall-clock time. Results show milliseconds whatever the
// precision of the type.
func Timestamp(t time.Time) string { return t.Format("2006-01-02 15:04:05.000") }

// Time writes a time of day in milliseconds.
func Time(t time.Time) string { return t.Format("15:04:05.000") }

// Zoned writes an instant in a zone, with the zone's name.
func Zoned(instant time.Time, zone string) (string, error) {
	loc, err := analyze.Zone(zone)
	if err != nil {
		return "", err
	}
	return Timestamp(instant.In(loc)) + " " + zone, nil
}

// DayInterval writes milliseconds as "1 02:03:04.005".
func DayInterval(ms int64) string {
	sign := ""
	if ms < 0 {
		sign, ms = "-", -ms
	}
	return fmt.Sprintf("%s%d %02d:%02d:%02d.%03d", sign, ms/86_400_000, ms/3_600_000%24, ms/60_000%60, ms/1000%60, ms%1000)
}

// YearInterval writes months as "1-2".
func YearInterval(months int64) string {
	sign := ""
	if months < 0 {
		sign, months = "-", -months
	}
	return fmt.Sprintf("%s%d-%d", sign, months/12, months%12)
}

// ColumnInfo is what GetQueryResults tells about a column's type.
type ColumnInfo struct {
	Type      string
	Precision int
	Scale     int
}

var precisions = map[analyze.Kind]int{
	analyze.Tinyint: 3, analyze.Smallint: 5, analyze.Integer: 10, analyze.Bigint: 19, analyze.Real: 17,
	analyze.Double: 17, analyze.Varbinary: 1073741824, analyze.Timestamp: 3, analyze.TimestampTZ: 3, analyze.Time: 3,
}

// Column gives a type's name, precision and scale as clients expect them.
func Column(t *analyze.Type) ColumnInfo {
	info := ColumnInfo{Type: t.String(), Precision: precisions[t.Kind]}
	switch t.Kind { //nolint:exhaustive // the rest is called as in SQL
	case analyze.Real:
		info.Type = "float"
	case analyze.Decimal:
		return ColumnInfo{"decimal", t.Length, t.Scale}
	case analyze.Varchar:
		info.Type, info.Precision = "varchar", t.Length
		if t.Length == analyze.Unbounded {
			info.Precision = math.MaxInt32
		}
	case analyze.Char:
		info.Type, info.Precision = "char", t.Length
	case analyze.Timestamp:
		info.Type = "timestamp"
	case analyze.TimestampTZ:
		info.Type = "timestamp with time zone"
	case analyze.Time:
		info.Type = "time"
	case analyze.Array:
		info.Type = "array"
	case analyze.Map:
		info.Type = "map"
	case analyze.Row:
		info.Type = "row"
	}
	return info
}
