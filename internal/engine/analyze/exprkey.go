package analyze

import (
	"crypto/sha256"
	"fmt"
)

// exprKey gives equal keys for equal expressions, so that a SELECT item can be
// recognised as a GROUP BY key. Subqueries equal only themselves.
func exprKey(e Expr) string { return (keyring{}).key(e) }

// keyring remembers keys by node, so that asking for every node of a tree costs
// no more than asking for its root. A key is a hash of the node and of its
// children's keys.
type keyring map[Expr]string

func (k keyring) key(e Expr) string { return k.within(e, nil) }

// within is key inside lambdas, whose parameters are told apart by their place,
// so that x -> x + 1 written twice is the same.
func (k keyring) within(e Expr, places map[int]int) string {
	if e == nil {
		return "-"
	}
	if found, known := k[e]; known {
		return found
	}
	label, children := k.describe(e, places)
	h := sha256.New()
	fmt.Fprintf(h, "%d:%s", len(label), label)
	for _, c := range children {
		h.Write([]byte(k.within(c, places)))
		h.Write([]byte{0})
	}
	key := string(h.Sum(nil)[:16])
	k[e] = key
	return key
}

// describe gives what a node is besides its children.
func (k keyring) describe(e Expr, places map[int]int) (string, []Expr) {
	switch e := e.(type) {
	case *Literal:
		return fmt.Sprintf("literal %T %q %s %s", e.Value, fmt.Sprint(e.Value), e.Zone, e.T), nil
	case *Column:
		return fmt.Sprintf("column %d %d", e.Rel, e.Index), nil
	case *Variable:
		if place, known := places[e.ID]; known {
			return fmt.Sprintf("parameter %d", place), nil
		}
		return fmt.Sprintf("variable %d", e.ID), nil
	case *Lambda:
		return fmt.Sprintf("lambda %d %x", len(e.Params), k.within(e.Body, withPlaces(places, e.Params))), nil
	case *Call:
		if nondeterministic[e.Name] {
			return fmt.Sprintf("call %s %p", e.Name, e), e.Args
		}
		return "call " + e.Name, e.Args
	case *Cast:
		return fmt.Sprintf("cast %t %s", e.Try, e.T), []Expr{e.X}
	case *Case:
		var parts []Expr
		for _, w := range e.Whens {
			parts = append(parts, w.Cond, w.Result)
		}
		return "case", append(parts, e.Else)
	case *Field:
		return fmt.Sprintf("field %d", e.Index), []Expr{e.X}
	case *Aggregate:
		return describeAggregate(e)
	}
	return fmt.Sprintf("%T %p", e, e), nil
}

func withPlaces(outer map[int]int, params []*Variable) map[int]int {
	places := make(map[int]int, len(outer)+len(params))
	for id, place := range outer {
		places[id] = place
	}
	for _, v := range params {
		places[v.ID] = len(places)
	}
	return places
}

func describeAggregate(e *Aggregate) (string, []Expr) {
	label := fmt.Sprintf("aggregate %s %t %s", e.Name, e.Distinct, e.T)
	children := append(append([]Expr(nil), e.Args...), e.Filter)
	for _, o := range e.OrderBy {
		label += fmt.Sprintf(" %t %t", o.Desc, o.NullsFirst)
		children = append(children, o.Expr)
	}
	return label, children
}

// nondeterministic functions differ from call to call.
var nondeterministic = map[string]bool{"random": true, "rand": true, "uuid": true}
