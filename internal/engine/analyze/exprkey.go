package analyze

import (
	"fmt"
	"strings"
)

// exprKey gives equal text for equal expressions, so that a SELECT item can be
// recognised as a GROUP BY key. Subqueries equal only themselves.
func exprKey(e Expr) string {
	var b strings.Builder
	writeKey(&b, e)
	return b.String()
}

func writeKey(b *strings.Builder, e Expr) {
	switch e := e.(type) {
	case nil:
		b.WriteString("-")
	case *Literal:
		fmt.Fprintf(b, "%T:%q:%s:%s", e.Value, fmt.Sprint(e.Value), e.Zone, e.T)
	case *Column:
		fmt.Fprintf(b, "r%d.%d", e.Rel, e.Index)
	case *Variable:
		fmt.Fprintf(b, "v%d", e.ID)
	case *Lambda:
		writeLambdaKey(b, e)
	case *Call:
		writeNode(b, e.Name, e.Args)
		if nondeterministic[e.Name] {
			fmt.Fprintf(b, "@%p", e)
		}
	case *Cast:
		writeNode(b, fmt.Sprintf("cast %t %s", e.Try, e.T), []Expr{e.X})
	case *Case:
		var parts []Expr
		for _, w := range e.Whens {
			parts = append(parts, w.Cond, w.Result)
		}
		writeNode(b, "case", append(parts, e.Else))
	case *Field:
		writeNode(b, fmt.Sprintf("field%d", e.Index), []Expr{e.X})
	case *Aggregate:
		writeAggregateKey(b, e)
	default:
		fmt.Fprintf(b, "%T@%p", e, e)
	}
}

func writeNode(b *strings.Builder, name string, args []Expr) {
	b.WriteString(name + "(")
	for _, a := range args {
		writeKey(b, a)
		b.WriteString(",")
	}
	b.WriteString(")")
}

// writeLambdaKey numbers parameters by their place, so that x -> x + 1 written
// twice is the same.
func writeLambdaKey(b *strings.Builder, e *Lambda) {
	body := exprKey(e.Body)
	for i, p := range e.Params {
		body = strings.ReplaceAll(body, fmt.Sprintf("v%d", p.ID), fmt.Sprintf("p%d", i))
	}
	fmt.Fprintf(b, "lambda%d(%s)", len(e.Params), body)
}

func writeAggregateKey(b *strings.Builder, e *Aggregate) {
	writeNode(b, fmt.Sprintf("agg %s %t %s", e.Name, e.Distinct, e.T), e.Args)
	writeKey(b, e.Filter)
	for _, k := range e.OrderBy {
		fmt.Fprintf(b, "|%t%t", k.Desc, k.NullsFirst)
		writeKey(b, k.Expr)
	}
}

// nondeterministic functions differ from call to call.
var nondeterministic = map[string]bool{"random": true, "rand": true, "uuid": true}
