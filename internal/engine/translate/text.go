package translate

import (
	"fmt"
	"strings"

	"github.com/bindery-project/bindery/internal/engine/analyze"
)

var varcharType = &analyze.Type{Kind: analyze.Varchar, Length: analyze.Unbounded}

// shorten cuts text to the length of a varchar type.
func shorten(text string, to *analyze.Type) string {
	if to.Length == analyze.Unbounded {
		return "(" + text + ")"
	}
	return fmt.Sprintf("left(%s, %d)", text, to.Length)
}

// toText writes a value in Trino's text form.
func (p *printer) toText(text string, from, to *analyze.Type) string {
	switch from.Kind { //nolint:exhaustive // the rest is DuckDB's own text
	case analyze.Varchar:
		if to.Length != analyze.Unbounded && (from.Length == analyze.Unbounded || from.Length > to.Length) {
			return shorten(text, to)
		}
		return text
	case analyze.Char:
		return shorten(fmt.Sprintf("rpad(%s, %d, ' ')", text, from.Length), to)
	case analyze.Double, analyze.Real:
		return shorten(p.floatText(text), to)
	case analyze.Timestamp:
		return shorten(stampFormat(text, from.Length), to)
	case analyze.Time:
		return shorten(timeFormat(text, from.Length), to)
	case analyze.JSON:
		return shorten("json_extract_string("+text+", '$')", to)
	case analyze.IntervalDay:
		return shorten(p.dayIntervalText(text), to)
	case analyze.IntervalYear:
		return shorten(p.yearIntervalText(text), to)
	case analyze.Unknown:
		return "CAST(NULL AS VARCHAR)"
	}
	return p.numberText(text, from, to)
}

// numberText writes what DuckDB writes the same way. A number that does not
// fit the length is an error.
func (p *printer) numberText(text string, from, to *analyze.Type) string {
	plain := "CAST(" + text + " AS VARCHAR)"
	if from.Kind == analyze.Decimal && from.Length == from.Scale {
		// DuckDB leaves out the zero before the point of such a decimal.
		plain = "regexp_replace(" + plain + `, '^(-?)\.', '\10.')`
	}
	if to.Length == analyze.Unbounded {
		return plain
	}
	return p.let1(plain, func(x string) string {
		message := fmt.Sprintf("'Value ' || %s || ' cannot be represented as varchar(%d)'", x, to.Length)
		return fmt.Sprintf("CASE WHEN length(%s) > %d THEN %s ELSE %s END", x, to.Length, p.raise(invalidCast, message), x)
	})
}

// stampFormat writes a timestamp with the digits of its precision.
func stampFormat(text string, precision int) string {
	switch precision {
	case 0:
		return "strftime(" + text + ", '%Y-%m-%d %H:%M:%S')"
	case 3:
		return "strftime(" + text + ", '%Y-%m-%d %H:%M:%S.%g')"
	case 6:
		return "strftime(" + text + ", '%Y-%m-%d %H:%M:%S.%f')"
	}
	return fmt.Sprintf("left(strftime(%s, '%%Y-%%m-%%d %%H:%%M:%%S.%%f'), %d)", text, 20+precision)
}

// timeFormat writes a time of day with the digits of its precision.
func timeFormat(text string, precision int) string {
	return "substr(" + stampFormat("(DATE '2000-01-01' + "+text+")", precision) + ", 12)"
}

// floatText writes a double as Trino casts it to text: 1.0E0, -1.25E-7,
// Infinity, NaN. It rearranges the shortest digits that DuckDB prints.
func (p *printer) floatText(text string) string {
	return p.let1(text, func(x string) string {
		shortest := "CAST(abs(" + x + ") AS VARCHAR)"
		digits := p.let1("string_split("+shortest+", 'e')", func(parts string) string {
			return p.let([]string{
				"split_part(" + parts + "[1], '.', 1)",
				"split_part(" + parts + "[1], '.', 2)",
				"coalesce(TRY_CAST(" + parts + "[2] AS BIGINT), 0)",
			}, p.scientific)
		})
		return fmt.Sprintf("CASE WHEN isnan(%[1]s) THEN 'NaN' WHEN isinf(%[1]s) THEN CASE WHEN %[1]s < 0 THEN '-Infinity' ELSE 'Infinity' END "+
			"WHEN %[1]s = 0 THEN CASE WHEN CAST(%[1]s AS VARCHAR) LIKE '-%%' THEN '-0E0' ELSE '0E0' END "+
			"WHEN %[1]s IS NOT NULL THEN CASE WHEN %[1]s < 0 THEN '-' ELSE '' END || %[2]s END", x, digits)
	})
}

// scientific writes whole part, fraction and exponent as d.dddEn.
func (p *printer) scientific(a []string) string {
	whole, frac, exp := a[0], a[1], a[2]
	all := fmt.Sprintf("rtrim(ltrim(%s || %s, '0'), '0')", whole, frac)
	return p.let1(all, func(d string) string {
		place := fmt.Sprintf("CASE WHEN %[1]s <> '0' THEN length(%[1]s) - 1 ELSE -1 - (length(%[2]s) - length(ltrim(%[2]s, '0'))) END", whole, frac)
		return fmt.Sprintf("left(%[1]s, 1) || '.' || coalesce(nullif(substr(%[1]s, 2), ''), '0') || 'E' || CAST(%[2]s + %[3]s AS VARCHAR)", d, place, exp)
	})
}

// dayIntervalText writes milliseconds as "1 02:03:04.005".
func (p *printer) dayIntervalText(text string) string {
	return p.let1(text, func(x string) string {
		return fmt.Sprintf("CASE WHEN %[1]s < 0 THEN '-' ELSE '' END || printf('%%d %%02d:%%02d:%%02d.%%03d', abs(%[1]s) // 86400000, abs(%[1]s) // 3600000 %% 24, abs(%[1]s) // 60000 %% 60, abs(%[1]s) // 1000 %% 60, abs(%[1]s) %% 1000)", x)
	})
}

// yearIntervalText writes months as "1-2".
func (p *printer) yearIntervalText(text string) string {
	return p.let1(text, func(x string) string {
		return fmt.Sprintf("CASE WHEN %[1]s < 0 THEN '-' ELSE '' END || printf('%%d-%%d', abs(%[1]s) // 12, abs(%[1]s) %% 12)", x)
	})
}

// toJSON writes a value as JSON.
func (p *printer) toJSON(c *analyze.Cast, text string, from *analyze.Type) string {
	switch from.Kind { //nolint:exhaustive // containers and JSON follow
	case analyze.Varchar, analyze.Boolean, analyze.Tinyint, analyze.Smallint, analyze.Integer, analyze.Bigint, analyze.Date:
		return p.nullJSON(text, "to_json(%s)")
	case analyze.Double, analyze.Real, analyze.Decimal:
		return p.nullJSON(text, "CAST(CAST(%s AS VARCHAR) AS JSON)")
	case analyze.Timestamp:
		return p.nullJSON(stampFormat(text, from.Length), "to_json(%s)")
	case analyze.Unknown:
		return "CAST(NULL AS JSON)"
	}
	return p.nullJSON(p.jsonParts(c, text, from), "to_json(%s)")
}

// nullJSON keeps SQL's NULL apart from JSON's null.
func (p *printer) nullJSON(text, format string) string {
	return p.let1(text, func(x string) string {
		return "CASE WHEN " + x + " IS NOT NULL THEN " + fmt.Sprintf(format, x) + " END"
	})
}

// jsonParts makes the leaves of a container JSON where DuckDB would write them
// differently.
func (p *printer) jsonParts(c *analyze.Cast, text string, from *analyze.Type) string {
	if !contains(from, analyze.Timestamp) && !contains(from, analyze.Double) && !contains(from, analyze.Real) {
		return text
	}
	v := p.variable()
	switch from.Kind { //nolint:exhaustive // the third container, a row, follows
	case analyze.Array:
		return fmt.Sprintf("list_transform(%s, lambda %s: %s)", text, v, p.toJSON(c, v, from.Elem()))
	case analyze.Map:
		return p.let1(text, func(x string) string {
			return fmt.Sprintf("map(map_keys(%s), list_transform(map_values(%s), lambda %s: %s))", x, x, v, p.toJSON(c, v, from.Value()))
		})
	}
	return p.let1(text, func(x string) string {
		var fields []string
		for i, t := range from.Args {
			name := quoteName(from.FieldName(i))
			fields = append(fields, name+" := "+p.toJSON(c, x+"."+name, t))
		}
		return "CASE WHEN " + x + " IS NOT NULL THEN struct_pack(" + strings.Join(fields, ", ") + ") END"
	})
}

// fromJSONNumber reads a JSON number, text or boolean as a number.
func (p *printer) fromJSONNumber(text string, to *analyze.Type) string {
	return p.let1(text, func(x string) string {
		return fmt.Sprintf("CASE json_type(%[1]s) WHEN 'NULL' THEN NULL WHEN 'BOOLEAN' THEN %[2]s WHEN 'OBJECT' THEN %[3]s WHEN 'ARRAY' THEN %[3]s ELSE %[4]s END",
			x, p.plain("CAST("+x+" AS BOOLEAN)", to), p.badCast("CAST("+x+" AS VARCHAR)", to),
			p.plain("json_extract_string("+x+", '$')", to))
	})
}
