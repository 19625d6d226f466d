package translate

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/bindery-project/bindery/internal/engine/analyze"
	"github.com/bindery-project/bindery/internal/engine/sql"
)

// call writes a function or operator.
func (p *printer) call(c *analyze.Call) string {
	switch c.Name {
	case "and", "or":
		return "(" + strings.Join(p.each(c.Args), " "+strings.ToUpper(c.Name)+" ") + ")"
	case "not":
		return "(NOT " + p.expr(c.Args[0]) + ")"
	case "is_null":
		return "(" + p.expr(c.Args[0]) + " IS NULL)"
	case "=", "<>", "<", "<=", ">", ">=", "is distinct from", "is not distinct from":
		return p.comparison(c)
	case "between":
		return p.betweenTest(c)
	case "in":
		return p.in(c)
	case "like":
		return p.like(c)
	case "+", "-", "*", "/", "%", "negate", "mod":
		return p.arithmetic(c)
	case "time+", "time-", "time_between", "interval*", "interval/":
		return p.timeArithmetic(c)
	case "coalesce":
		return "coalesce(" + p.list(c.Args) + ")"
	case "try":
		return p.tryCall(c)
	case "array":
		return "CAST([" + p.list(c.Args) + "] AS " + TypeName(c.T) + ")"
	case "row":
		return p.row(c)
	case "subscript":
		return p.subscript(c)
	case "array_append":
		return "list_append(" + p.list(c.Args) + ")"
	case "array_prepend":
		return "list_prepend(" + p.list(c.Args) + ")"
	}
	return p.function(c)
}

func (p *printer) each(exprs []analyze.Expr) []string {
	parts := make([]string, len(exprs))
	for i, e := range exprs {
		parts[i] = p.expr(e)
	}
	return parts
}

// comparison writes a comparison. To Trino NaN equals nothing and is neither
// less nor greater; DuckDB orders it above all numbers.
func (p *printer) comparison(c *analyze.Call) string {
	if t := c.Args[0].Type(); hasParts(t) && (c.Name == "=" || c.Name == "<>") {
		equal := p.partsEqual(t, p.expr(c.Args[0]), p.expr(c.Args[1]))
		if c.Name == "=" {
			return "(" + equal + ")"
		}
		return "(NOT (" + equal + "))"
	}
	left, right := p.comparable(c.Args[0]), p.comparable(c.Args[1])
	text := left + " " + strings.ToUpper(c.Name) + " " + right
	if !isFloat(c.Args[0].Type()) || strings.HasPrefix(c.Name, "is ") {
		return "(" + text + ")"
	}
	_, leftConstant := c.Args[0].(*analyze.Literal)
	_, rightConstant := c.Args[1].(*analyze.Literal)
	switch {
	case c.Name == "<>" && !leftConstant && !rightConstant:
		return "(" + text + " OR (isnan(" + left + ") AND isnan(" + right + ")))"
	case (c.Name == "<" || c.Name == "<=") && !rightConstant:
		return "(" + text + " AND NOT isnan(" + right + "))"
	case (c.Name == ">" || c.Name == ">=") && !leftConstant, c.Name == "=" && !leftConstant && !rightConstant:
		return "(" + text + " AND NOT isnan(" + left + "))"
	}
	return "(" + text + ")"
}

func isFloat(t *analyze.Type) bool { return t.Kind == analyze.Double || t.Kind == analyze.Real }

func (p *printer) betweenTest(c *analyze.Call) string {
	x, low, high := p.comparable(c.Args[0]), p.comparable(c.Args[1]), p.comparable(c.Args[2])
	text := fmt.Sprintf("%s BETWEEN %s AND %s", x, low, high)
	if isFloat(c.Args[0].Type()) {
		text += " AND NOT isnan(" + x + ") AND NOT isnan(" + high + ")"
	}
	return "(" + text + ")"
}

func (p *printer) in(c *analyze.Call) string {
	parts := make([]string, len(c.Args))
	for i, e := range c.Args {
		parts[i] = p.comparable(e)
	}
	text := "(" + parts[0] + " IN (" + strings.Join(parts[1:], ", ") + "))"
	if isFloat(c.Args[0].Type()) {
		return "(" + text + " AND NOT isnan(" + parts[0] + "))"
	}
	return text
}

func (p *printer) like(c *analyze.Call) string {
	text := p.expr(c.Args[0]) + " LIKE " + p.expr(c.Args[1])
	if len(c.Args) == 3 {
		if escape, ok := constant(c.Args[2]); ok && utf8.RuneCountInString(escape) != 1 {
			panic(failure{sql.Errorf(sql.Pos{}, analyze.InvalidFunctionArgument, "Escape string must be a single character")})
		}
		text += " ESCAPE " + p.expr(c.Args[2])
	}
	return "(" + text + ")"
}

func (p *printer) row(c *analyze.Call) string {
	parts := make([]string, len(c.Args))
	for i, e := range c.Args {
		parts[i] = quoteName(c.T.FieldName(i)) + " := " + p.expr(e)
	}
	return "struct_pack(" + strings.Join(parts, ", ") + ")"
}

// tryCall writes TRY: failures that this package raises become NULL by
// themselves, DuckDB's own by its TRY, which allows neither subqueries nor
// random values inside.
func (p *printer) tryCall(c *analyze.Call) string {
	p.try++
	defer func() { p.try-- }()
	inner := p.expr(c.Args[0])
	if strings.Contains(inner, "(SELECT ") {
		refuse(c, "TRY over a subquery is not supported")
	}
	if strings.Contains(inner, "random()") || strings.Contains(inner, "uuid()") {
		return inner
	}
	return "TRY(" + inner + ")"
}

func (p *printer) subscript(c *analyze.Call) string {
	base := c.Args[0].Type()
	return p.let(p.each(c.Args), func(a []string) string {
		if base.Kind == analyze.Map {
			missing := p.raise("INVALID_FUNCTION_ARGUMENT", "'Key not present in map: ' || CAST("+a[1]+" AS VARCHAR)")
			return fmt.Sprintf("CASE WHEN %s IS NULL OR map_contains(%s, %s) THEN map_extract_value(%s, %s) ELSE %s END",
				a[0], a[0], a[1], a[0], a[1], missing)
		}
		return fmt.Sprintf("CASE WHEN %[2]s > len(%[1]s) THEN %[3]s WHEN %[2]s = 0 THEN %[4]s WHEN %[2]s < 0 THEN %[5]s ELSE list_extract(%[1]s, %[2]s) END",
			a[0], a[1],
			p.raise("INVALID_FUNCTION_ARGUMENT", "'Array subscript must be less than or equal to array length: ' || "+a[1]+" || ' > ' || len("+a[0]+")"),
			p.raise("INVALID_FUNCTION_ARGUMENT", "'SQL array indices start at 1'"),
			p.raise("INVALID_FUNCTION_ARGUMENT", "'Array subscript is negative: ' || "+a[1]))
	})
}

func (p *printer) arithmetic(c *analyze.Call) string {
	op := c.Name
	if op == "mod" {
		op = "%"
	}
	if op == "negate" {
		return "(-" + p.expr(c.Args[0]) + ")"
	}
	t := c.T
	switch {
	case t.Kind == analyze.Decimal:
		return p.decimal(c, op)
	case (op == "/" || op == "%") && t.IsInteger():
		return p.integerDivision(c, op)
	case t.Kind == analyze.Real:
		return fmt.Sprintf("CAST(%s %s %s AS FLOAT)", p.expr(c.Args[0]), op, p.expr(c.Args[1]))
	}
	return "(" + p.expr(c.Args[0]) + " " + op + " " + p.expr(c.Args[1]) + ")"
}

const divisionByZero = "DIVISION_BY_ZERO"

// integerDivision truncates and fails on a zero divisor; DuckDB gives NULL there.
func (p *printer) integerDivision(c *analyze.Call, op string) string {
	if op == "/" {
		op = "//"
	}
	left, right := p.expr(c.Args[0]), p.expr(c.Args[1])
	if nonZero(c.Args[1]) {
		return "(" + left + " " + op + " " + right + ")"
	}
	return p.let1(right, func(d string) string {
		return fmt.Sprintf("CASE WHEN %s = 0 THEN %s ELSE %s %s %s END", d, p.raise(divisionByZero, "'Division by zero'"), left, op, d)
	})
}

// nonZero says whether a divisor is a constant other than zero.
func nonZero(e analyze.Expr) bool {
	if c, ok := e.(*analyze.Cast); ok && c.Implicit {
		return nonZero(c.X)
	}
	lit, ok := e.(*analyze.Literal)
	if !ok {
		return false
	}
	switch v := lit.Value.(type) {
	case int64:
		return v != 0
	case string:
		return strings.Trim(v, "-0.") != ""
	}
	return false
}

// decimal writes arithmetic of exact decimals. DuckDB agrees with the rules
// for + - and *, up to the width of the result; division it does in floating
// point, so that is done here on whole numbers.
func (p *printer) decimal(c *analyze.Call, op string) string {
	left, right := p.expr(c.Args[0]), p.expr(c.Args[1])
	result := TypeName(c.T)
	switch op {
	case "/":
		x, y := c.Args[0].Type(), c.Args[1].Type()
		shift := c.T.Scale + y.Scale - x.Scale
		return p.let([]string{left, right}, func(a []string) string {
			return p.divide(unscaled(a[0], x), unscaled(a[1], y), shift, c.T)
		})
	case "%":
		return p.let1(right, func(d string) string {
			return fmt.Sprintf("CASE WHEN %s = 0 THEN %s ELSE CAST(%s %% %s AS %s) END",
				d, p.raise(divisionByZero, "'Division by zero'"), left, d, result)
		})
	}
	return fmt.Sprintf("CAST((%s %s %s) AS %s)", left, op, right, result)
}

// unscaled gives a decimal's digits as a whole number.
func unscaled(text string, t *analyze.Type) string {
	if t.Scale == 0 {
		return "CAST(" + text + " AS HUGEINT)"
	}
	if t.Length+t.Scale < 38 {
		return fmt.Sprintf("CAST(%s * CAST(1%s AS DECIMAL(%d,0)) AS HUGEINT)", text, strings.Repeat("0", t.Scale), t.Scale+1)
	}
	return "CAST(replace(CAST(" + text + " AS VARCHAR), '.', '') AS HUGEINT)"
}

// divide writes n * 10^shift / d rounded half away from zero, as a decimal of
// type t; n and d are HUGEINT texts.
func (p *printer) divide(n, d string, shift int, t *analyze.Type) string {
	if shift > 0 {
		n = fmt.Sprintf("%s * CAST('1%s' AS HUGEINT)", n, strings.Repeat("0", shift))
	}
	if shift < 0 {
		d = fmt.Sprintf("%s * CAST('1%s' AS HUGEINT)", d, strings.Repeat("0", -shift))
	}
	return p.let([]string{n, d}, func(a []string) string {
		quotient := fmt.Sprintf("((abs(%[1]s) * 2 + abs(%[2]s)) // (abs(%[2]s) * 2)) * sign(%[1]s) * sign(%[2]s)", a[0], a[1])
		return fmt.Sprintf("CASE WHEN %s = 0 THEN %s ELSE %s END",
			a[1], p.raise(divisionByZero, "'Division by zero'"), scaled(quotient, t))
	})
}

// scaled makes a whole number the digits of a decimal.
func scaled(text string, t *analyze.Type) string {
	if t.Scale == 0 {
		return fmt.Sprintf("CAST(%s AS %s)", text, TypeName(t))
	}
	if t.Scale == 38 {
		return fmt.Sprintf("CAST('0.' || lpad(CAST(%s AS VARCHAR), 38, '0') AS %s)", text, TypeName(t))
	}
	unit := "0." + strings.Repeat("0", t.Scale-1) + "1"
	return fmt.Sprintf("CAST(CAST(%s AS DECIMAL(38,0)) * CAST('%s' AS DECIMAL(%d,%d)) AS %s)", text, unit, t.Scale+1, t.Scale, TypeName(t))
}
