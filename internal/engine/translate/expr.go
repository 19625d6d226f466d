package translate

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/engine/analyze"
)

// expr writes a value expression; the text is self-contained and can stand as
// an operand or an argument.
func (p *printer) expr(e analyze.Expr) string {
	switch e := e.(type) {
	case *analyze.Literal:
		return p.literal(e)
	case *analyze.Column:
		return p.column(e)
	case *analyze.Variable:
		if text, inlined := p.variables[e.ID]; inlined {
			return text
		}
		return fmt.Sprintf("v%d", e.ID)
	case *analyze.Lambda:
		return p.lambda(e)
	case *analyze.Call:
		return p.call(e)
	case *analyze.Cast:
		return p.cast(e)
	case *analyze.Case:
		return p.caseExpr(e)
	case *analyze.Field:
		return "(" + p.expr(e.X) + ")." + quoteName(e.X.Type().FieldName(e.Index))
	case *analyze.Subquery:
		return "(" + p.query(e.Query) + ")"
	case *analyze.Exists:
		return "EXISTS (" + p.query(e.Query) + ")"
	case *analyze.InQuery:
		return fmt.Sprintf("(%s IN (%s))", p.expr(e.X), p.query(e.Query))
	case *analyze.Quantified:
		return p.quantified(e)
	case *analyze.Window:
		return p.window(e)
	}
	refuse(e, "this expression is not supported")
	return ""
}

func (p *printer) list(exprs []analyze.Expr) string {
	parts := make([]string, len(exprs))
	for i, e := range exprs {
		parts[i] = p.expr(e)
	}
	return strings.Join(parts, ", ")
}

func (p *printer) column(c *analyze.Column) string {
	names, table := p.columns[c.Rel]
	if !table {
		return fmt.Sprintf("r%d.%s", c.Rel, p.columnName(c))
	}
	text := fmt.Sprintf("r%d.%s", c.Rel, names[c.Index])
	if c.T.Kind == analyze.TimestampTZ {
		return zoned("timezone('UTC', "+text+")", "'UTC'")
	}
	if contains(c.T, analyze.TimestampTZ) {
		refuse(c, "a column of type %s is not supported", c.T)
	}
	return text
}

func (p *printer) columnName(c *analyze.Column) string {
	if keys, grouped := p.keys[c.Rel]; grouped && c.Index < keys {
		return fmt.Sprintf(`"$k%d"`, c.Index)
	}
	return fmt.Sprintf("c%d", c.Index)
}

func (p *printer) literal(l *analyze.Literal) string {
	name := TypeName(l.T)
	switch v := l.Value.(type) {
	case nil:
		return "CAST(NULL AS " + name + ")"
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return integerLiteral(l.T, v)
	case float64:
		return floatLiteral(l.T, v)
	case []byte:
		return "unhex('" + hex.EncodeToString(v) + "')"
	case string:
		return p.textLiteral(l, v)
	}
	refuse(l, "a literal of type %s is not supported", l.T)
	return ""
}

func integerLiteral(t *analyze.Type, v int64) string {
	if t.Kind != analyze.Integer || v == math.MinInt32 {
		// DuckDB reads the digits first, and these need a wider type.
		return fmt.Sprintf("CAST(%d AS %s)", v, TypeName(t))
	}
	if v < 0 {
		return fmt.Sprintf("(%d)", v)
	}
	return strconv.FormatInt(v, 10)
}

func floatLiteral(t *analyze.Type, v float64) string {
	text := strconv.FormatFloat(v, 'e', -1, 64)
	if math.IsInf(v, 0) || math.IsNaN(v) {
		text = "CAST('" + text + "' AS DOUBLE)"
	}
	if t.Kind == analyze.Real {
		return "CAST(" + text + " AS FLOAT)"
	}
	if v < 0 {
		return "(" + text + ")"
	}
	return text
}

func (p *printer) textLiteral(l *analyze.Literal, v string) string {
	switch l.T.Kind { //nolint:exhaustive // the rest casts from text
	case analyze.Varchar, analyze.Char:
		return quoteText(v)
	case analyze.Date:
		return "DATE '" + v + "'"
	case analyze.Timestamp:
		return "TIMESTAMP '" + v + "'"
	case analyze.Time:
		return "TIME '" + v + "'"
	case analyze.TimestampTZ:
		return zoned("TIMESTAMP '"+v+"'", quoteText(l.Zone))
	}
	return "CAST(" + quoteText(v) + " AS " + TypeName(l.T) + ")"
}

func (p *printer) lambda(l *analyze.Lambda) string {
	params := make([]string, len(l.Params))
	for i, v := range l.Params {
		params[i] = fmt.Sprintf("v%d", v.ID)
	}
	return "lambda " + strings.Join(params, ", ") + ": " + p.expr(l.Body)
}

func (p *printer) caseExpr(c *analyze.Case) string {
	var b strings.Builder
	b.WriteString("CASE")
	for _, w := range c.Whens {
		b.WriteString(" WHEN " + p.expr(w.Cond) + " THEN " + p.expr(w.Result))
	}
	if c.Else != nil {
		b.WriteString(" ELSE " + p.expr(c.Else))
	}
	return b.String() + " END"
}

func (p *printer) quantified(q *analyze.Quantified) string {
	word := "ANY"
	if q.All {
		word = "ALL"
	}
	return fmt.Sprintf("(%s %s %s (%s))", p.expr(q.X), q.Op, word, p.query(q.Query))
}

// comparable writes a value for comparing and ordering: of a zoned timestamp
// only the instant counts.
func (p *printer) comparable(e analyze.Expr) string {
	if e.Type().Kind == analyze.TimestampTZ {
		instant, _ := p.zonedParts(e)
		return instant
	}
	if e.Type().Kind == analyze.JSON {
		return "CAST(" + p.expr(e) + " AS VARCHAR)"
	}
	return p.expr(e)
}

// variable makes the name of a lambda parameter that no other has.
func (p *printer) variable() string {
	p.lets++
	return fmt.Sprintf("x%d", p.lets)
}

// let evaluates texts once and writes body over their names. Simple texts are
// used as they are.
func (p *printer) let(texts []string, body func([]string) string) string {
	names := make([]string, len(texts))
	var fields []string
	v := p.variable()
	for i, t := range texts {
		if simple(t) {
			names[i] = t
			continue
		}
		names[i] = fmt.Sprintf("%s.a%d", v, i)
		fields = append(fields, fmt.Sprintf("a%d := %s", i, t))
	}
	if len(fields) == 0 {
		return body(names)
	}
	return fmt.Sprintf("list_transform([struct_pack(%s)], lambda %s: %s)[1]", strings.Join(fields, ", "), v, body(names))
}

// let1 is let of one text.
func (p *printer) let1(text string, body func(string) string) string {
	return p.let([]string{text}, func(n []string) string { return body(n[0]) })
}

// simple says whether evaluating a text twice costs nothing: a name or a literal.
func simple(text string) bool { return !strings.ContainsAny(text, "( ") }

// raise writes the failure of a query with a code and a text expression; inside
// TRY the value is NULL instead.
func (p *printer) raise(code, message string) string {
	if p.try > 0 {
		return "NULL"
	}
	return "error(" + quoteText(code+": ") + " || " + message + ")"
}
