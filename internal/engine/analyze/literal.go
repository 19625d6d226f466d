package analyze

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bindery-project/bindery/internal/engine/sql"
)

// timestampLayout is the text form of timestamps inside literals.
const timestampLayout = "2006-01-02 15:04:05.000000"

// fraction is the smallest step of a timestamp of some precision.
func fraction(precision int) time.Duration {
	return time.Duration(math.Pow10(9 - precision))
}

func (a *analyzer) literal(e sql.Expr) Expr {
	at := e.Position()
	lit := func(t *Type, v any) Expr { return &Literal{typed: typedAt(t, at), Value: v} }
	switch e := e.(type) {
	case *sql.NullLiteral:
		return lit(unknownType, nil)
	case *sql.BooleanLiteral:
		return lit(booleanType, e.Value)
	case *sql.NumberLiteral:
		return a.number(e)
	case *sql.StringLiteral:
		return lit(VarcharOf(utf8.RuneCountInString(e.Value)), e.Value)
	case *sql.BinaryLiteral:
		return lit(varbinaryType, e.Value)
	case *sql.IntervalLiteral:
		return interval(e)
	}
	return a.typedLiteral(e.(*sql.TypedLiteral))
}

// number reads whole numbers as integer where they fit, else bigint; numbers
// with a point as the session says.
func (a *analyzer) number(e *sql.NumberLiteral) Expr {
	switch {
	case e.Kind == sql.IntegerNumber:
		n, err := strconv.ParseInt(e.Text, 10, 64)
		if err != nil {
			fail(e, sql.SyntaxError, "Invalid numeric literal: %s", e.Text)
		}
		t := bigintType
		if n <= math.MaxInt32 {
			t = integerType
		}
		return &Literal{typed: typedAt(t, e.Pos), Value: n}
	case e.Kind == sql.DecimalNumber && a.session.DecimalLiterals:
		return decimalLiteral(e, e.Text)
	}
	f, err := strconv.ParseFloat(e.Text, 64)
	if err != nil {
		fail(e, sql.SyntaxError, "Invalid numeric literal: %s", e.Text)
	}
	return &Literal{typed: typedAt(doubleType, e.Pos), Value: f}
}

var decimalPattern = regexp.MustCompile(`^([+-]?)(\d*)(?:\.(\d*))?$`)

// decimalLiteral gives a decimal as wide as its digits.
func decimalLiteral(at sql.Node, text string) Expr {
	m := decimalPattern.FindStringSubmatch(text)
	if m == nil || m[2]+m[3] == "" {
		fail(at, InvalidLiteral, "'%s' is not a valid DECIMAL literal", text)
	}
	whole := strings.TrimLeft(m[2], "0")
	precision := max(1, len(whole)+len(m[3]))
	if precision > maxDecimal {
		fail(at, InvalidLiteral, "'%s' is not a valid DECIMAL literal", text)
	}
	value := strings.TrimPrefix(m[1], "+") + max(whole, "0")
	if m[3] != "" {
		value += "." + m[3]
	}
	return &Literal{typed: typedAt(DecimalOf(precision, len(m[3])), at.Position()), Value: value}
}

// typedLiteral reads TYPE '…'. What is no date or time is a cast of the text.
func (a *analyzer) typedLiteral(e *sql.TypedLiteral) Expr {
	switch e.Type.Base {
	case "decimal":
		return decimalLiteral(e, e.Text)
	case "date":
		return dateLiteral(e)
	case "timestamp":
		return timestampLiteral(e)
	case "time":
		return timeLiteral(e)
	case "char":
		t := &Type{Kind: Char, Length: max(1, utf8.RuneCountInString(e.Text))}
		return &Literal{typed: typedAt(t, e.Pos), Value: strings.TrimRight(e.Text, " ")}
	case "json":
		text := &Literal{typed: typedAt(varcharType, e.Pos), Value: e.Text}
		return call(e.Pos, jsonType, "json_parse", text)
	}
	t, err := resolveType(e.Type)
	if err != nil {
		panic(failure{err})
	}
	text := &Literal{typed: typedAt(varcharType, e.Pos), Value: e.Text}
	if !canCast(varcharType, t) {
		fail(e, InvalidLiteral, "No literal form for type %s", t)
	}
	return &Cast{typed: typedAt(t, e.Pos), X: text}
}

func dateLiteral(e *sql.TypedLiteral) Expr {
	d, err := time.Parse("2006-1-2", strings.TrimSpace(e.Text))
	if err != nil {
		fail(e, InvalidLiteral, "'%s' is not a valid DATE literal", e.Text)
	}
	return &Literal{typed: typedAt(dateType, e.Pos), Value: d.Format("2006-01-02")}
}

var timestampPattern = regexp.MustCompile(
	`^\s*(\d{4,6}-\d{1,2}-\d{1,2})(?:[ T](\d{1,2}:\d{1,2}(?::\d{1,2})?)(?:\.(\d{1,12}))?)?\s*(\S.*)?$`)

func timestampLiteral(e *sql.TypedLiteral) Expr {
	m := timestampPattern.FindStringSubmatch(e.Text)
	if m == nil {
		fail(e, InvalidLiteral, "'%s' is not a valid TIMESTAMP literal", e.Text)
	}
	clock, precision := m[2], len(m[3])
	if clock == "" {
		clock = "0:0:0"
	} else if strings.Count(clock, ":") == 1 {
		clock += ":0"
	}
	if precision > maxTimePrecision {
		fail(e, sql.NotSupported, "timestamp(%d) is not supported; the finest is timestamp(6)", precision)
	}
	zone := strings.TrimSpace(m[4])
	loc, err := Zone(zone)
	var at time.Time
	if err == nil {
		at, err = time.ParseInLocation("2006-1-2 15:4:5.999999", m[1]+" "+clock+"."+m[3]+"0", loc)
	}
	if err != nil {
		fail(e, InvalidLiteral, "'%s' is not a valid TIMESTAMP literal", e.Text)
	}
	lit := &Literal{typed: typedAt(TimestampOf(precision), e.Pos), Value: at.UTC().Format(timestampLayout)}
	if zone != "" {
		lit.T, lit.Zone = TimestampTZOf(precision), zone
	}
	return lit
}

var offsetPattern = regexp.MustCompile(`^(?:UTC|GMT|UT)?([+-])(\d{1,2}):?(\d{2})?$`)

// Zone gives the location of a zone's name, such as "UTC", "Europe/Berlin" or
// "+05:30". The empty name is UTC.
func Zone(name string) (*time.Location, error) {
	if name == "" || name == "Z" {
		return time.UTC, nil
	}
	if m := offsetPattern.FindStringSubmatch(name); m != nil {
		hours, _ := strconv.Atoi(m[2])
		minutes, _ := strconv.Atoi(m[3] + "")
		seconds := hours*3600 + minutes*60
		if m[1] == "-" {
			seconds = -seconds
		}
		return time.FixedZone(name, seconds), nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil || strings.EqualFold(name, "local") {
		return nil, fmt.Errorf("'%s' is not a valid time zone", name)
	}
	return loc, nil
}

func timeLiteral(e *sql.TypedLiteral) Expr {
	text := strings.TrimSpace(e.Text)
	for _, layout := range []string{"15:4:5.999999", "15:4:5", "15:4"} {
		at, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		_, digits, _ := strings.Cut(text, ".")
		return &Literal{typed: typedAt(TimeOf(len(digits)), e.Pos), Value: at.Format("15:04:05.000000")}
	}
	fail(e, InvalidLiteral, "'%s' is not a valid TIME literal", e.Text)
	return nil
}

// unitSizes are the sizes of interval units: milliseconds, or months.
var unitSizes = map[string]int64{
	"SECOND": 1000, "MINUTE": 60_000, "HOUR": 3_600_000, "DAY": 86_400_000, "WEEK": 604_800_000,
	"MONTH": 1, "YEAR": 12,
}

var intervalOrder = []string{"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"}

// interval reads INTERVAL '1' DAY and INTERVAL '1 2:03:04.5' DAY TO SECOND.
func interval(e *sql.IntervalLiteral) Expr {
	t := dayInterval
	if e.From == "YEAR" || e.From == "MONTH" {
		t = yearInterval
	}
	n, ok := intervalValue(e)
	if !ok {
		fail(e, InvalidLiteral, "'%s' is not a valid INTERVAL literal", e.Text)
	}
	if e.Negative {
		n = -n
	}
	return &Literal{typed: typedAt(t, e.Pos), Value: n}
}

func intervalValue(e *sql.IntervalLiteral) (int64, bool) {
	text := strings.TrimSpace(e.Text)
	sign := int64(1)
	if rest, negative := strings.CutPrefix(text, "-"); negative {
		text, sign = rest, -1
	}
	units := intervalUnits(e.From, e.To)
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ':' || r == '-' })
	if units == nil || len(parts) == 0 || len(parts) > len(units) || e.To == "" && len(parts) > 1 {
		return 0, false
	}
	var total int64
	for i, p := range parts {
		f, err := strconv.ParseFloat(p, 64)
		whole := units[i] != "SECOND" && strings.Contains(p, ".")
		if err != nil || whole || f < 0 || f > 1e12 {
			return 0, false
		}
		total += int64(math.Round(f * float64(unitSizes[units[i]])))
	}
	return sign * total, true
}

// intervalUnits lists the units from one to the other, or nil when they do not
// belong together.
func intervalUnits(from, to string) []string {
	if to == "" {
		return []string{from}
	}
	var units []string
	for _, u := range intervalOrder {
		if u == from || units != nil {
			units = append(units, u)
		}
		if u == to && units != nil {
			break
		}
	}
	crosses := (from == "YEAR") != (to == "MONTH")
	if len(units) < 2 || units[len(units)-1] != to || crosses {
		return nil
	}
	return units
}

// negate folds a minus into a literal; nil when there is nothing to fold.
func negate(lit *Literal, at sql.Pos) Expr {
	out := *lit
	out.Pos = at
	switch v := lit.Value.(type) {
	case int64:
		out.Value = -v
		if v == -math.MinInt32 && lit.T.Kind == Bigint {
			out.T = integerType
		}
	case float64:
		out.Value = -v
	case string:
		if lit.T.Kind != Decimal {
			return nil
		}
		if rest, negative := strings.CutPrefix(v, "-"); negative {
			out.Value = rest
		} else {
			out.Value = "-" + v
		}
	default:
		return nil
	}
	return &out
}
