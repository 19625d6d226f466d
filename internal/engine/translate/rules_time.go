package translate

import (
	"fmt"
	"strings"

	"github.com/bindery-project/bindery/internal/engine/analyze"
	"github.com/bindery-project/bindery/internal/engine/sql"
)

// timeRule knows the functions of dates and times.
func timeRule(name string) rule {
	switch name {
	case "date":
		return (*printer).date
	case "date_trunc":
		return (*printer).dateTrunc
	case "date_add":
		return (*printer).dateAdd
	case "date_diff":
		return (*printer).dateDiff
	case "date_format":
		return (*printer).dateFormat
	case "date_parse":
		return (*printer).dateParse
	case "format_datetime":
		return (*printer).formatDatetime
	case "parse_datetime":
		return (*printer).parseDatetime
	case "from_unixtime":
		return (*printer).fromUnixtime
	case "to_unixtime":
		return (*printer).toUnixtime
	case "from_iso8601_timestamp":
		return (*printer).fromISO
	case "to_iso8601":
		return (*printer).toISO
	case "with_timezone":
		return (*printer).withTimezone
	case "at_timezone":
		return (*printer).atTimezone
	case "timezone_hour":
		return zoneOffset("// 3600000")
	case "timezone_minute":
		return zoneOffset("// 60000 % 60")
	}
	return nil
}

func (p *printer) date(c *analyze.Call) string {
	x := c.Args[0]
	return p.cast(castTo(x, c.T))
}

func castTo(x analyze.Expr, t *analyze.Type) *analyze.Cast {
	c := &analyze.Cast{X: x}
	c.T, c.Pos = t, x.Position()
	return c
}

var dateUnits = map[string]bool{"day": true, "week": true, "month": true, "quarter": true, "year": true}

// unitOf gives the constant unit of date_trunc and its like.
func unitOf(c *analyze.Call, t *analyze.Type) string {
	unit, ok := constant(c.Args[0])
	unit = strings.ToLower(unit)
	switch {
	case !ok:
		refuse(c, "%s with a unit that is not constant is not supported", c.Name)
	case dateUnits[unit] && t.Kind != analyze.Time:
		return unit
	case t.Kind == analyze.Date:
	case unit == "hour" || unit == "minute" || unit == "second" || unit == "millisecond":
		return unit
	}
	panic(failure{sql.Errorf(sql.Pos{}, analyze.InvalidFunctionArgument, "'%s' is not a valid %s field", unit, unitNoun(t))})
}

func unitNoun(t *analyze.Type) string {
	switch t.Kind { //nolint:exhaustive // the signatures take these and timestamps
	case analyze.Date:
		return "DATE"
	case analyze.Time:
		return "TIME"
	}
	return "TIMESTAMP"
}

func (p *printer) dateTrunc(c *analyze.Call) string {
	x := c.Args[1]
	unit := unitOf(c, x.Type())
	switch x.Type().Kind { //nolint:exhaustive // a timestamp without zone follows
	case analyze.Date:
		return fmt.Sprintf("CAST(date_trunc('%s', %s) AS DATE)", unit, p.expr(x))
	case analyze.Time:
		return fmt.Sprintf("CAST(date_trunc('%s', DATE '1970-01-01' + %s) AS TIME)", unit, p.expr(x))
	case analyze.TimestampTZ:
		instant, zone := p.zonedParts(x)
		return zoned(p.toInstant(fmt.Sprintf("date_trunc('%s', %s)", unit, p.toLocal(instant, zone)), zone), zone)
	}
	return fmt.Sprintf("date_trunc('%s', %s)", unit, p.expr(x))
}

// step writes n units as an interval.
func step(unit, n string) string {
	if unit == "quarter" {
		return "to_months(CAST(3 * (" + n + ") AS INTEGER))"
	}
	if unit == "millisecond" || unit == "second" {
		return "to_" + unit + "s(" + n + ")"
	}
	if unit == "hour" || unit == "minute" {
		return "to_" + unit + "s(" + n + ")"
	}
	return "to_" + unit + "s(CAST(" + n + " AS INTEGER))"
}

func (p *printer) dateAdd(c *analyze.Call) string {
	x := c.Args[2]
	unit := unitOf(c, x.Type())
	by := step(unit, p.expr(c.Args[1]))
	switch x.Type().Kind { //nolint:exhaustive // a timestamp without zone follows
	case analyze.Date:
		return fmt.Sprintf("CAST(%s + %s AS DATE)", p.expr(x), by)
	case analyze.TimestampTZ:
		instant, zone := p.zonedParts(x)
		if !dateUnits[unit] {
			return zoned("("+instant+" + "+by+")", zone)
		}
		return zoned(p.toInstant("("+p.toLocal(instant, zone)+" + "+by+")", zone), zone)
	}
	return "(" + p.expr(x) + " + " + by + ")"
}

// dateDiff counts complete units, which DuckDB calls date_sub.
func (p *printer) dateDiff(c *analyze.Call) string {
	unit := unitOf(c, c.Args[1].Type())
	if c.Args[1].Type().Kind == analyze.TimestampTZ && dateUnits[unit] {
		return p.calendarDiff(c, unit)
	}
	return fmt.Sprintf("date_sub('%s', %s, %s)", unit, p.comparable(c.Args[1]), p.comparable(c.Args[2]))
}

// calendarDiff counts days and longer units by the wall clock of the first
// moment's zone, where a day may have 23 hours.
func (p *printer) calendarDiff(c *analyze.Call, unit string) string {
	from, zone := p.zonedParts(c.Args[1])
	return p.let([]string{from, zone, p.comparable(c.Args[2])}, func(a []string) string {
		return fmt.Sprintf("date_sub('%s', %s, %s)", unit, p.toLocal(a[0], a[1]), p.toLocal(a[2], a[1]))
	})
}

// mysqlFormats are the directives of date_format and date_parse in DuckDB's form.
var mysqlFormats = map[byte]string{
	'a': "%a", 'b': "%b", 'c': "%-m", 'd': "%d", 'e': "%-d", 'f': "%f", 'H': "%H", 'h': "%I", 'I': "%I",
	'i': "%M", 'j': "%j", 'k': "%-H", 'l': "%-I", 'M': "%B", 'm': "%m", 'p': "%p", 'r': "%I:%M:%S %p",
	'S': "%S", 's': "%S", 'T': "%H:%M:%S", 'v': "%V", 'W': "%A", 'x': "%G", 'Y': "%Y", 'y': "%y", '%': "%%",
}

// mysqlPattern turns a MySQL pattern into DuckDB's.
func mysqlPattern(c *analyze.Call, e analyze.Expr) string {
	pattern, ok := constant(e)
	if !ok {
		notConstant(c)
	}
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '%' || i+1 == len(pattern) {
			b.WriteByte(pattern[i])
			continue
		}
		i++
		directive, known := mysqlFormats[pattern[i]]
		switch {
		case known:
			b.WriteString(directive)
		case strings.IndexByte("DUuVwX", pattern[i]) >= 0:
			panic(failure{sql.Errorf(c.Position(), analyze.InvalidFunctionArgument, "%%%c not supported in date format string", pattern[i])})
		default:
			b.WriteByte(pattern[i])
		}
	}
	return quoteText(b.String())
}

func (p *printer) dateFormat(c *analyze.Call) string {
	return "strftime(" + p.arguments(c)[0] + ", " + mysqlPattern(c, c.Args[1]) + ")"
}

func (p *printer) dateParse(c *analyze.Call) string {
	text, pattern := p.expr(c.Args[0]), mysqlPattern(c, c.Args[1])
	if !strings.Contains(pattern, "%Y") && !strings.Contains(pattern, "%y") && !strings.Contains(pattern, "%G") {
		// The year is then 1970; DuckDB's is 1900.
		text, pattern = "('1970 ' || "+text+")", "'%Y "+pattern[1:]
	}
	return p.parse(text, pattern)
}

// parse reads a timestamp by a pattern of DuckDB's.
func (p *printer) parse(text, pattern string) string {
	return p.let1(text, func(x string) string {
		bad := p.raise("INVALID_FUNCTION_ARGUMENT", "'Invalid format: \"' || "+x+" || '\"'")
		return fmt.Sprintf("CASE WHEN %[1]s IS NOT NULL AND try_strptime(%[1]s, %[2]s) IS NULL THEN %[3]s ELSE try_strptime(%[1]s, %[2]s) END", x, pattern, bad)
	})
}

// jodaFormats are runs of Joda's pattern letters in DuckDB's form.
var jodaFormats = map[string]string{
	"yyyy": "%Y", "yy": "%y", "y": "%Y", "YYYY": "%Y", "xxxx": "%G", "MM": "%m", "M": "%-m", "MMM": "%b", "MMMM": "%B",
	"dd": "%d", "d": "%-d", "HH": "%H", "H": "%-H", "hh": "%I", "h": "%-I", "mm": "%M", "m": "%-M",
	"ss": "%S", "s": "%-S", "SSS": "%g", "a": "%p", "EEE": "%a", "E": "%a", "EEEE": "%A", "DDD": "%j", "D": "%-j",
	"ww": "%V", "e": "%u",
}

// jodaPattern turns a Joda pattern into DuckDB's. The zone letters are left to
// the caller as a NUL-framed mark.
func jodaPattern(c *analyze.Call, e analyze.Expr) string {
	pattern, ok := constant(e)
	if !ok {
		notConstant(c)
	}
	var b strings.Builder
	for i := 0; i < len(pattern); {
		switch ch := pattern[i]; {
		case ch == '\'':
			i = jodaQuoted(&b, pattern, i+1)
		case ch >= 'a' && ch <= 'z' || ch >= 'A' && ch <= 'Z':
			j := i
			for j < len(pattern) && pattern[j] == ch {
				j++
			}
			b.WriteString(jodaRun(c, pattern[i:j]))
			i = j
		case ch == '%':
			b.WriteString("%%")
			i++
		default:
			b.WriteByte(ch)
			i++
		}
	}
	return b.String()
}

func jodaRun(c *analyze.Call, run string) string {
	switch run {
	case "Z", "ZZ", "ZZZ", "z":
		return zoneMark + run + zoneMark
	}
	directive, known := jodaFormats[run]
	if !known {
		refuse(c, "date pattern '%s' is not supported", run)
	}
	return directive
}

// zoneMark frames the zone letters of a pattern; it cannot be in one.
const zoneMark = "\x01"

// jodaQuoted copies text in single quotes; two of them stand for one.
func jodaQuoted(b *strings.Builder, pattern string, i int) int {
	if i < len(pattern) && pattern[i] == '\'' {
		b.WriteByte('\'')
		return i + 1
	}
	for i < len(pattern) && pattern[i] != '\'' {
		if pattern[i] == '%' {
			b.WriteByte('%')
		}
		b.WriteByte(pattern[i])
		i++
	}
	return i + 1
}

func (p *printer) formatDatetime(c *analyze.Call) string {
	pattern := jodaPattern(c, c.Args[1])
	x := c.Args[0]
	zone, offset := "'UTC'", "'+0000'"
	local := p.arguments(c)[0]
	if x.Type().Kind == analyze.TimestampTZ {
		_, zone = p.zonedParts(x)
		offset = p.offsetText(x)
	}
	var parts []string
	for i, piece := range strings.Split(pattern, zoneMark) {
		switch {
		case piece == "":
		case i%2 == 0:
			parts = append(parts, "strftime("+local+", "+quoteText(piece)+")")
		case piece == "Z":
			parts = append(parts, offset)
		case piece == "ZZ":
			parts = append(parts, "("+offset+")[1:3] || ':' || ("+offset+")[4:5]")
		default:
			parts = append(parts, zone)
		}
	}
	return "(" + strings.Join(append(parts, "''"), " || ") + ")"
}

// offsetText writes a zoned timestamp's distance from UTC as +hhmm.
func (p *printer) offsetText(x analyze.Expr) string {
	instant, zone := p.zonedParts(x)
	return p.let([]string{instant, p.toLocal(instant, zone)}, func(a []string) string {
		minutes := fmt.Sprintf("((epoch_ms(%s) - epoch_ms(%s)) // 60000)", a[1], a[0])
		return fmt.Sprintf("CASE WHEN %[1]s < 0 THEN '-' ELSE '+' END || printf('%%02d%%02d', abs(%[1]s) // 60, abs(%[1]s) %% 60)", minutes)
	})
}

// parseDatetime reads a text by a Joda pattern; without a zone in the pattern
// the text is UTC.
func (p *printer) parseDatetime(c *analyze.Call) string {
	pattern := jodaPattern(c, c.Args[1])
	pieces := strings.Split(pattern, zoneMark)
	text := p.expr(c.Args[0])
	switch {
	case len(pieces) == 1:
		return nullSafeZoned(p, p.parse(text, quoteText(pattern)))
	case len(pieces) == 3 && pieces[2] == "" && strings.HasPrefix(pieces[1], "Z"):
		return p.let1(text, func(x string) string {
			zone := "replace(regexp_extract(" + x + ", '(Z|[+-][0-9]{2}:?[0-9]{2}|[A-Za-z_]+/[A-Za-z_/]+|UTC)$'), 'Z', 'UTC')"
			return p.let1(zone, func(z string) string {
				norm := fmt.Sprintf("regexp_replace(%s, '^([+-][0-9]{2})([0-9]{2})$', '\\1:\\2')", z)
				local := p.parse(fmt.Sprintf("left(%s, length(%s) - CASE WHEN right(%s, 1) = 'Z' THEN 1 ELSE length(%s) END)", x, x, x, z), quoteText(pieces[0]))
				return p.let([]string{local, norm}, func(a []string) string {
					return "CASE WHEN " + a[0] + " IS NOT NULL THEN " + zoned(p.toInstant(a[0], a[1]), a[1]) + " END"
				})
			})
		})
	}
	refuse(c, "parse_datetime with a zone in the middle of its pattern is not supported")
	return ""
}

func (p *printer) fromUnixtime(c *analyze.Call) string {
	zone := "'UTC'"
	switch len(c.Args) {
	case 2:
		knownZone(c, c.Args[1])
		zone = p.expr(c.Args[1])
	case 3:
		zone = p.let(p.each(c.Args[1:]), func(a []string) string {
			minutes := fmt.Sprintf("(%s * 60 + %s)", a[0], a[1])
			return fmt.Sprintf("CASE WHEN %[1]s < 0 THEN '-' ELSE '+' END || printf('%%02d:%%02d', abs(%[1]s) // 60, abs(%[1]s) %% 60)", minutes)
		})
	}
	return p.let1(p.expr(c.Args[0]), func(x string) string {
		return fmt.Sprintf("CASE WHEN %s IS NOT NULL THEN %s END", x,
			zoned(fmt.Sprintf("make_timestamp(CAST(round(%s * 1000) AS BIGINT) * 1000)", x), zone))
	})
}

func (p *printer) toUnixtime(c *analyze.Call) string {
	return "(epoch_us(" + p.comparable(c.Args[0]) + ") / 1e6)"
}

// fromISO reads ISO 8601 with an optional zone; DuckDB does not read all its forms.
func (p *printer) fromISO(c *analyze.Call) string {
	return p.textToMoment(p.expr(c.Args[0]), c.T)
}

func (p *printer) toISO(c *analyze.Call) string {
	x := c.Args[0]
	digits := map[int]string{0: "%Y-%m-%dT%H:%M:%S", 3: "%Y-%m-%dT%H:%M:%S.%g", 6: "%Y-%m-%dT%H:%M:%S.%f"}
	switch x.Type().Kind { //nolint:exhaustive // the signatures of to_iso8601 take these
	case analyze.Date:
		return "strftime(" + p.expr(x) + ", '%Y-%m-%d')"
	case analyze.Timestamp, analyze.TimestampTZ:
		format, ok := digits[x.Type().Length]
		if !ok {
			refuse(c, "to_iso8601 of %s is not supported", x.Type())
		}
		text := "strftime(" + p.arguments(c)[0] + ", '" + format + "')"
		if x.Type().Kind == analyze.Timestamp {
			return text
		}
		return p.let1(p.offsetText(x), func(o string) string {
			return fmt.Sprintf("(%s || CASE WHEN %s = '+0000' THEN 'Z' ELSE left(%s, 3) || ':' || right(%s, 2) END)", text, o, o, o)
		})
	}
	return ""
}

// knownZone refuses a constant that names no zone.
func knownZone(c *analyze.Call, e analyze.Expr) {
	if name, ok := constant(e); ok {
		if _, err := analyze.Zone(name); err != nil {
			panic(failure{sql.Errorf(c.Position(), analyze.InvalidFunctionArgument, "'%s' is not a valid time zone", name)})
		}
	}
}

func (p *printer) withTimezone(c *analyze.Call) string {
	knownZone(c, c.Args[1])
	return p.let(p.each(c.Args), func(a []string) string {
		return "CASE WHEN " + a[0] + " IS NOT NULL THEN " + zoned(p.toInstant(a[0], a[1]), a[1]) + " END"
	})
}

func (p *printer) atTimezone(c *analyze.Call) string {
	knownZone(c, c.Args[1])
	instant, _ := p.zonedParts(c.Args[0])
	return p.let1(instant, func(i string) string {
		return "CASE WHEN " + i + " IS NOT NULL THEN " + zoned(i, p.expr(c.Args[1])) + " END"
	})
}

func zoneOffset(unit string) func(*printer, *analyze.Call) string {
	return func(p *printer, c *analyze.Call) string {
		instant, zone := p.zonedParts(c.Args[0])
		return p.let1(instant, func(i string) string {
			return fmt.Sprintf("((epoch_ms(%s) - epoch_ms(%s)) %s)", p.toLocal(i, zone), i, unit)
		})
	}
}
