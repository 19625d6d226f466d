package translate

import (
	"fmt"
	"strings"

	"github.com/bindery-project/bindery/internal/engine/analyze"
)

const invalidCast = "INVALID_CAST_ARGUMENT"

// cast writes a conversion. TRY_CAST and TRY turn failures to NULL.
func (p *printer) cast(c *analyze.Cast) string {
	if c.Try {
		p.try++
		defer func() { p.try-- }()
	}
	if c.X.Type().Kind == analyze.TimestampTZ && c.T.Kind != analyze.TimestampTZ {
		return p.castZoned(c)
	}
	return p.convert(c, p.expr(c.X), c.X.Type(), c.T)
}

// word is CAST, or TRY_CAST inside TRY.
func (p *printer) word() string {
	if p.try > 0 {
		return "TRY_CAST"
	}
	return "CAST"
}

func (p *printer) plain(text string, to *analyze.Type) string {
	return fmt.Sprintf("%s(%s AS %s)", p.word(), text, TypeName(to))
}

// convert writes the conversion of a text from one type to another.
func (p *printer) convert(c *analyze.Cast, text string, from, to *analyze.Type) string {
	if from.Equal(to) {
		return text
	}
	switch to.Kind { //nolint:exhaustive // the rest casts as in DuckDB
	case analyze.Varchar:
		return p.toText(text, from, to)
	case analyze.Char:
		return fmt.Sprintf("rtrim(left(%s, %d))", text, to.Length)
	case analyze.Boolean:
		return p.toBoolean(text, from)
	case analyze.Tinyint, analyze.Smallint, analyze.Integer, analyze.Bigint:
		return p.toInteger(text, from, to)
	case analyze.Decimal, analyze.Real, analyze.Double:
		return p.toFraction(text, from, to)
	case analyze.Date, analyze.Time, analyze.Timestamp, analyze.TimestampTZ:
		return p.toMoment(c, text, from, to)
	case analyze.JSON:
		return p.toJSON(c, text, from)
	case analyze.Array, analyze.Map, analyze.Row:
		return p.toContainer(c, text, from, to)
	}
	return p.plain(text, to)
}

func (p *printer) badCast(text string, to *analyze.Type) string {
	return p.raise(invalidCast, "'Cannot cast ''' || "+text+" || ''' to "+athenaName(to)+"'")
}

// athenaName is a type's name in messages about casts.
func athenaName(t *analyze.Type) string {
	if t.Kind == analyze.Decimal {
		return fmt.Sprintf("DECIMAL(%d, %d)", t.Length, t.Scale)
	}
	if name, ok := athenaNames[t.Kind]; ok {
		return name
	}
	return t.String()
}

var athenaNames = map[analyze.Kind]string{
	analyze.Boolean: "BOOLEAN", analyze.Tinyint: "TINYINT", analyze.Smallint: "SMALLINT", analyze.Integer: "INT",
	analyze.Bigint: "BIGINT", analyze.Real: "REAL", analyze.Double: "DOUBLE",
}

// guarded converts text that matches a pattern and fails otherwise; DuckDB
// accepts more forms than Trino.
func (p *printer) guarded(text, pattern string, to *analyze.Type, convert func(string) string) string {
	return p.let1(text, func(x string) string {
		return fmt.Sprintf("CASE WHEN %s IS NULL THEN NULL WHEN regexp_full_match(%s, %s) THEN %s ELSE %s END",
			x, x, quoteText(pattern), convert(x), p.badCast(x, to))
	})
}

func (p *printer) toBoolean(text string, from *analyze.Type) string {
	if !isText(from) {
		return p.plain(text, booleanType)
	}
	return p.let1(text, func(x string) string {
		return fmt.Sprintf("CASE WHEN lower(%[1]s) IN ('t', 'true', '1') THEN true WHEN lower(%[1]s) IN ('f', 'false', '0') THEN false WHEN %[1]s IS NULL THEN NULL ELSE %[2]s END",
			x, p.badCast(x, booleanType))
	})
}

var booleanType = &analyze.Type{Kind: analyze.Boolean}

func isText(t *analyze.Type) bool { return t.Kind == analyze.Varchar || t.Kind == analyze.Char }

func (p *printer) toInteger(text string, from, to *analyze.Type) string {
	switch {
	case isText(from):
		return p.guarded(text, `[+-]?[0-9]+`, to, func(x string) string { return p.plain(x, to) })
	case from.Kind == analyze.Real || from.Kind == analyze.Double:
		return p.plain("round("+text+")", to)
	case from.Kind == analyze.JSON:
		return p.fromJSONNumber(text, to)
	}
	return p.plain(text, to)
}

func (p *printer) toFraction(text string, from, to *analyze.Type) string {
	switch {
	case isText(from) && to.Kind == analyze.Decimal:
		return p.guarded(text, `[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?`, to,
			func(x string) string { return p.plain(x, to) })
	case isText(from):
		return p.guarded(text, `\s*[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[fFdD]?|Infinity|NaN)\s*`, to,
			func(x string) string { return p.plain("regexp_replace("+x+", '[fFdD]\\s*$', '')", to) })
	case from.Kind == analyze.JSON:
		return p.fromJSONNumber(text, to)
	case from.Kind == analyze.Double && to.Kind == analyze.Decimal:
		// The shortest digits are rounded, not the binary value below them.
		return p.plain("CAST("+text+" AS VARCHAR)", to)
	}
	return p.plain(text, to)
}

// fractionStep names the unit a timestamp of some precision is rounded to,
// with half of it in microseconds.
func roundTo(text string, from, to int) string {
	if to >= 6 || from <= to {
		return text
	}
	unit := 1
	for range 6 - to {
		unit *= 10
	}
	return fmt.Sprintf("make_timestamp((epoch_us(%s) + %d) // %d * %d)", text, unit/2, unit, unit)
}

func (p *printer) toMoment(c *analyze.Cast, text string, from, to *analyze.Type) string {
	switch {
	case isText(from):
		return p.textToMoment(text, to)
	case from.Kind == analyze.JSON:
		return p.convert(c, "json_extract_string("+text+", '$')", varcharType, to)
	case to.Kind == analyze.Date:
		return p.plain(text, to)
	case to.Kind == analyze.Time && from.Kind == analyze.Time:
		return text
	case to.Kind == analyze.Time:
		return "CAST(" + text + " AS TIME)"
	case to.Kind == analyze.TimestampTZ && from.Kind == analyze.TimestampTZ:
		if from.Length <= to.Length {
			return text
		}
		return p.let1(text, func(x string) string { return zoned(roundTo(x+".t", from.Length, to.Length), x+".z") })
	case to.Kind == analyze.TimestampTZ:
		return nullSafeZoned(p, "CAST("+text+" AS TIMESTAMP)")
	case from.Kind == analyze.Time:
		refuse(c, "a cast from %s to %s is not supported", from, to)
	}
	return roundTo("CAST("+text+" AS TIMESTAMP)", from.Length, to.Length)
}

// nullSafeZoned makes a timestamp zoned in UTC, and NULL of NULL.
func nullSafeZoned(p *printer, text string) string {
	return p.let1(text, func(x string) string {
		return "CASE WHEN " + x + " IS NOT NULL THEN " + zoned(x, "'UTC'") + " END"
	})
}

const (
	datePattern = `\s*[0-9]{4,6}-[0-9]{1,2}-[0-9]{1,2}\s*`
	timePattern = `\s*[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]+)?)?\s*`
	stampText   = `\s*[0-9]{4,6}-[0-9]{1,2}-[0-9]{1,2}([ T][0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]+)?)?)?`
)

func (p *printer) textToMoment(text string, to *analyze.Type) string {
	switch to.Kind { //nolint:exhaustive // the fourth moment, with a zone, follows
	case analyze.Date:
		return p.guarded(text, datePattern, to, func(x string) string { return p.plain(x, to) })
	case analyze.Time:
		return p.guarded(text, timePattern, to, func(x string) string { return p.plain(x, to) })
	case analyze.Timestamp:
		return p.guarded(text, strings.Replace(stampText, "[ T]", " ", 1)+`\s*`, to, func(x string) string { return roundTo(p.plain(stampSeconds(x), to), 6, to.Length) })
	}
	return p.guarded(text, stampText+`(\s*(Z|[+-][0-9]{2}:?[0-9]{2})|\s+[A-Za-z][A-Za-z_/+0-9-]*)?\s*`, to, func(x string) string {
		stamp := fmt.Sprintf("regexp_extract(%s, '^%s')", x, stampText)
		zone := fmt.Sprintf("replace(coalesce(nullif(trim(substr(%s, length(%s) + 1)), ''), 'UTC'), 'Z', 'UTC')", x, stamp)
		return p.let([]string{roundTo(p.word()+"("+stampSeconds(stamp)+" AS TIMESTAMP)", 6, to.Length), zone}, func(a []string) string {
			return zoned(p.toInstant(a[0], a[1]), a[1])
		})
	})
}

// stampSeconds adds the seconds that Trino lets one leave out.
func stampSeconds(x string) string {
	return fmt.Sprintf("regexp_replace(%s, '([ T][0-9]{1,2}:[0-9]{1,2})\\s*$', '\\1:00')", x)
}

// castZoned converts a timestamp with time zone to something without.
func (p *printer) castZoned(c *analyze.Cast) string {
	switch c.T.Kind { //nolint:exhaustive // the rest is refused
	case analyze.Date:
		return "CAST(" + p.local(c.X) + " AS DATE)"
	case analyze.Time:
		return "CAST(" + p.local(c.X) + " AS TIME)"
	case analyze.Timestamp:
		return roundTo(p.local(c.X), c.X.Type().Length, c.T.Length)
	case analyze.Varchar:
		_, zone := p.zonedParts(c.X)
		return shorten(stampFormat(p.local(c.X), c.X.Type().Length)+" || ' ' || "+zone, c.T)
	}
	refuse(c, "a cast from %s to %s is not supported", c.X.Type(), c.T)
	return ""
}

func (p *printer) toContainer(c *analyze.Cast, text string, from, to *analyze.Type) string {
	if from.Kind == analyze.JSON {
		return p.plain(text, to)
	}
	if TypeName(from) == TypeName(to) {
		return text
	}
	v := p.variable()
	switch to.Kind { //nolint:exhaustive // the third container, a row, follows
	case analyze.Array:
		return fmt.Sprintf("list_transform(%s, lambda %s: %s)", text, v, p.convert(c, v, from.Elem(), to.Elem()))
	case analyze.Map:
		return p.let1(text, func(x string) string {
			w := p.variable()
			return fmt.Sprintf("CASE WHEN %s IS NOT NULL THEN map(list_transform(map_keys(%s), lambda %s: %s), list_transform(map_values(%s), lambda %s: %s)) END",
				x, x, v, p.convert(c, v, from.Key(), to.Key()), x, w, p.convert(c, w, from.Value(), to.Value()))
		})
	}
	return p.let1(text, func(x string) string {
		fields := ""
		for i := range to.Args {
			if i > 0 {
				fields += ", "
			}
			field := x + "." + quoteName(from.FieldName(i))
			fields += quoteName(to.FieldName(i)) + " := " + p.convert(c, field, from.Args[i], to.Args[i])
		}
		return fmt.Sprintf("CASE WHEN %s IS NOT NULL THEN struct_pack(%s) END", x, fields)
	})
}
