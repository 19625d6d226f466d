package translate

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/engine/analyze"
)

// function writes a call of a scalar function: by a Go rule when it has one,
// else by its template.
func (p *printer) function(c *analyze.Call) string {
	if rule := functionRule(c.Name); rule != nil {
		return rule(p, c)
	}
	if t, found := templateOf(c); found {
		return p.template(t, p.arguments(c), c)
	}
	refuse(c, "function %s is not supported", c.Name)
	return ""
}

// templateOf finds the template for the first argument's kind, else the general one.
func templateOf(c *analyze.Call) (string, bool) {
	if len(c.Args) > 0 {
		kind := c.Args[0].Type().Kind
		if t, found := templates[c.Name+"/"+kindTags[kind]]; found {
			return t, true
		}
	}
	if t, found := templates[fmt.Sprintf("%s#%d", c.Name, len(c.Args))]; found {
		return t, true
	}
	t, found := templates[c.Name]
	return t, found
}

var kindTags = map[analyze.Kind]string{
	analyze.Array: "array", analyze.Map: "map", analyze.Varbinary: "bytes", analyze.IntervalDay: "days",
	analyze.IntervalYear: "months", analyze.Decimal: "decimal", analyze.Time: "time", analyze.Date: "date",
	analyze.Real: "real",
}

// arguments writes the arguments; zoned timestamps become the wall-clock time
// that functions of dates look at.
func (p *printer) arguments(c *analyze.Call) []string {
	parts := make([]string, len(c.Args))
	for i, e := range c.Args {
		if e.Type().Kind == analyze.TimestampTZ {
			parts[i] = p.local(e)
		} else {
			parts[i] = p.expr(e)
		}
	}
	return parts
}

// template fills in "$1" … "$9" (arguments), "$*" (all of them), "$T" (the
// result's type) and "$E" (a failure's beginning). An argument used more than
// once is evaluated once. A lambda is never bound to a name.
func (p *printer) template(t string, args []string, c *analyze.Call) string {
	bound := make([]string, len(args))
	copy(bound, args)
	var again []int
	for i := range args {
		_, isLambda := c.Args[i].(*analyze.Lambda)
		if strings.Count(t, "$"+strconv.Itoa(i+1)) > 1 && !isLambda {
			again = append(again, i)
		}
	}
	texts := make([]string, len(again))
	for j, i := range again {
		texts[j] = args[i]
	}
	return p.let(texts, func(names []string) string {
		for j, i := range again {
			bound[i] = names[j]
		}
		return "(" + p.fill(t, bound, c.T) + ")"
	})
}

func (p *printer) fill(t string, args []string, result *analyze.Type) string {
	var b strings.Builder
	for i := 0; i < len(t); i++ {
		if t[i] != '$' || i+1 == len(t) {
			b.WriteByte(t[i])
			continue
		}
		i++
		switch d := t[i]; {
		case d == '*':
			b.WriteString(strings.Join(args, ", "))
		case d == 'T':
			b.WriteString(TypeName(result))
		case d == '!':
			end := strings.IndexByte(t[i:], ';')
			b.WriteString(p.raise("INVALID_FUNCTION_ARGUMENT", quoteText(t[i+1:i+end])))
			i += end
		case d >= '1' && d <= '9' && int(d-'1') < len(args):
			b.WriteString(args[d-'1'])
		default:
			b.WriteByte('$')
			b.WriteByte(d)
		}
	}
	return b.String()
}

// constant gives the text of a literal argument.
func constant(e analyze.Expr) (string, bool) {
	if c, ok := e.(*analyze.Cast); ok && c.Implicit {
		return constant(c.X)
	}
	lit, ok := e.(*analyze.Literal)
	if !ok {
		return "", false
	}
	text, ok := lit.Value.(string)
	return text, ok
}

// constantInt gives the value of a literal whole number.
func constantInt(e analyze.Expr) (int64, bool) {
	if c, ok := e.(*analyze.Cast); ok && c.Implicit {
		return constantInt(c.X)
	}
	lit, ok := e.(*analyze.Literal)
	if !ok {
		return 0, false
	}
	n, ok := lit.Value.(int64)
	return n, ok
}
