package translate

import (
	"fmt"
	"strings"

	"github.com/bindery-project/bindery/internal/engine/analyze"
	"github.com/bindery-project/bindery/internal/engine/sql"
)

// rule writes a call whose text depends on types or on the value of constant arguments.
type rule func(*printer, *analyze.Call) string

// functionRule gives the rule of a function, or nil. The rooms are switches and no
// tables: a rule writes calls itself, and a variable may not refer to itself.
func functionRule(name string) rule {
	for _, room := range []func(string) rule{numberRule, textRule, timeRule, jsonRule, nestedRule} {
		if found := room(name); found != nil {
			return found
		}
	}
	return nil
}

// numberRule knows the functions of numbers and comparison.
func numberRule(name string) rule {
	switch name {
	case "round":
		return (*printer).round
	case "truncate":
		return (*printer).truncate
	case "greatest":
		return extreme("greatest")
	case "least":
		return extreme("least")
	}
	return nil
}

// textRule knows the functions of text and bytes.
func textRule(name string) rule {
	switch name {
	case "concat":
		return (*printer).concat
	case "concat_ws":
		return (*printer).concatWS
	case "format":
		return (*printer).format
	case "substr":
		return (*printer).substr
	}
	return nil
}

// substr of bytes works on their hexadecimal form.
func (p *printer) substr(c *analyze.Call) string {
	t, _ := templateOf(c)
	if c.Args[0].Type().Kind != analyze.Varbinary {
		return p.template(t, p.arguments(c), c)
	}
	t = "unhex(CASE WHEN $2 = 0 OR abs($2) > octet_length($1) THEN '' WHEN $2 > 0 THEN substr(hex($1), $2 * 2 - 1) ELSE substr(hex($1), $2 * 2) END)"
	if len(c.Args) == 3 {
		t = "unhex(CASE WHEN $2 = 0 OR $3 <= 0 OR abs($2) > octet_length($1) THEN '' WHEN $2 > 0 THEN substr(hex($1), $2 * 2 - 1, $3 * 2) ELSE substr(hex($1), $2 * 2, $3 * 2) END)"
	}
	return p.template(t, p.arguments(c), c)
}

func (p *printer) round(c *analyze.Call) string {
	x := c.Args[0].Type()
	if x.IsInteger() && len(c.Args) == 1 {
		return p.expr(c.Args[0])
	}
	if len(c.Args) == 1 {
		return p.template("CAST(round($1) AS $T)", p.arguments(c), c)
	}
	if x.Kind == analyze.Decimal {
		n, ok := constantInt(c.Args[1])
		if !ok {
			refuse(c, "round of a decimal to a number of digits that is not constant is not supported")
		}
		return fmt.Sprintf("CAST(round(%s, %d) AS %s)", p.expr(c.Args[0]), n, TypeName(c.T))
	}
	return p.template("CASE WHEN isfinite(CAST($1 AS DOUBLE)) THEN CAST(round($1, CAST($2 AS INTEGER)) AS $T) ELSE $1 END", p.arguments(c), c)
}

func (p *printer) truncate(c *analyze.Call) string {
	x := c.Args[0].Type()
	if len(c.Args) == 1 {
		return p.template("CAST(trunc($1) AS $T)", p.arguments(c), c)
	}
	if x.Kind == analyze.Decimal {
		n, ok := constantInt(c.Args[1])
		if !ok || n < 0 || n > 38 {
			refuse(c, "truncate of a decimal to a number of digits that is not constant is not supported")
		}
		scale := min(int(n), x.Scale)
		return p.let1(p.expr(c.Args[0]), func(v string) string {
			return fmt.Sprintf("CAST(%[1]s - (%[1]s %% CAST('%[2]s' AS DECIMAL(%[3]d,%[4]d))) AS %[5]s)",
				v, unit(scale), scale+1, scale, TypeName(c.T))
		})
	}
	return p.template("CAST(trunc($1 * pow(10e0, $2)) / pow(10e0, $2) AS $T)", p.arguments(c), c)
}

// unit writes 10 to the power -scale.
func unit(scale int) string {
	if scale == 0 {
		return "1"
	}
	return "0." + strings.Repeat("0", scale-1) + "1"
}

// extreme is NULL when any argument is; DuckDB skips NULLs.
func extreme(name string) func(*printer, *analyze.Call) string {
	return func(p *printer, c *analyze.Call) string {
		if c.T.Kind == analyze.TimestampTZ {
			refuse(c, "%s of timestamp with time zone is not supported", name)
		}
		return p.let(p.each(c.Args), func(args []string) string {
			return "CASE WHEN " + strings.Join(args, " IS NOT NULL AND ") + " IS NOT NULL THEN " + name + "(" + strings.Join(args, ", ") + ") END"
		})
	}
}

func (p *printer) concat(c *analyze.Call) string {
	args := p.each(c.Args)
	if c.T.Kind != analyze.Array {
		return "(" + strings.Join(args, " || ") + ")"
	}
	return p.let(args, func(n []string) string {
		text := n[0]
		for _, a := range n[1:] {
			text = "list_concat(" + text + ", " + a + ")"
		}
		return "CASE WHEN " + strings.Join(n, " IS NOT NULL AND ") + " IS NOT NULL THEN " + text + " END"
	})
}

func (p *printer) concatWS(c *analyze.Call) string {
	if len(c.Args) == 2 && c.Args[1].Type().Kind == analyze.Array {
		return p.template("CASE WHEN $1 IS NOT NULL THEN array_to_string($2, $1) END", p.arguments(c), c)
	}
	args := p.each(c.Args)
	if separator, ok := c.Args[0].(*analyze.Literal); ok && separator.Value == nil {
		return "CAST(NULL AS VARCHAR)"
	}
	return p.let1(args[0], func(separator string) string {
		return fmt.Sprintf("CASE WHEN %[2]s IS NOT NULL THEN array_to_string(CAST([%[1]s] AS VARCHAR[]), %[2]s) END", strings.Join(args[1:], ", "), separator)
	})
}

// format knows %s %d %x %X %o %b %f %e %, and %% of Java's formats, constant only.
func (p *printer) format(c *analyze.Call) string {
	pattern, ok := constant(c.Args[0])
	if !ok {
		refuse(c, "format with a pattern that is not constant is not supported")
	}
	args := c.Args[1:]
	var pieces []string
	for pattern != "" {
		lit, spec, rest := nextSpec(pattern)
		pattern = rest
		if lit != "" {
			pieces = append(pieces, quoteText(lit))
		}
		switch {
		case spec == "":
		case spec == "%%":
			pieces = append(pieces, "'%'")
		case len(args) == 0:
			refuse(c, "Format specifier '%s' has no argument", spec)
		default:
			pieces = append(pieces, p.formatOne(c, spec, args[0]))
			args = args[1:]
		}
	}
	return "(" + strings.Join(append(pieces, "''"), " || ") + ")"
}

// nextSpec splits a pattern at its first "%" directive.
func nextSpec(pattern string) (lit, spec, rest string) {
	i := strings.IndexByte(pattern, '%')
	if i < 0 {
		return pattern, "", ""
	}
	j := i + 1
	for j < len(pattern) && strings.IndexByte("-+ 0,(#123456789.", pattern[j]) >= 0 {
		j++
	}
	if j >= len(pattern) {
		return pattern[:i], pattern[i:], ""
	}
	return pattern[:i], pattern[i : j+1], pattern[j+1:]
}

func (p *printer) formatOne(c *analyze.Call, spec string, arg analyze.Expr) string {
	text, t := p.expr(arg), arg.Type()
	verb := spec[len(spec)-1]
	switch {
	case strings.ContainsAny(spec, "(#") || strings.Contains(spec, ",") && strings.Contains(spec, "0"):
	case verb == 's':
		return fmt.Sprintf("printf('%s', coalesce(%s, 'null'))", spec, p.javaText(text, t))
	case strings.Contains(spec, ",") && verb == 'd' && t.IsInteger():
		return fmt.Sprintf("printf('%s', %s)", spec, text)
	case strings.Contains(spec, ","):
	case (verb == 'd' || verb == 'x' || verb == 'X' || verb == 'o') && t.IsInteger():
		return fmt.Sprintf("printf('%s', %s)", spec, text)
	case (verb == 'f' || verb == 'e') && (t.IsNumeric() && !t.IsInteger()):
		return fmt.Sprintf("printf('%s', CAST(%s AS DOUBLE))", spec, text)
	}
	refuse(c, "format directive '%s' for %s is not supported", spec, t)
	return ""
}

// javaText is what Java's %s prints: doubles in their plain form.
func (p *printer) javaText(text string, t *analyze.Type) string {
	if t.Kind == analyze.Double || t.Kind == analyze.Real {
		return "CAST(" + text + " AS VARCHAR)"
	}
	return p.toText(text, t, varcharType)
}

// notConstant refuses a call whose pattern must be known while translating.
func notConstant(c *analyze.Call) {
	panic(failure{sql.Errorf(c.Position(), sql.NotSupported, "%s with a pattern that is not constant is not supported", c.Name)})
}
