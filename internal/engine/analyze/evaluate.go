package analyze

import (
	"cmp"
	"errors"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// errUnknown says that an expression has no value here; the caller then keeps
// what it would have decided about.
var errUnknown = errors.New("not evaluable")

// evaluators are the functions over partition keys that are worked out here.
var evaluators = map[string]func([]any) (any, error){
	"lower":  text1(strings.ToLower),
	"upper":  text1(strings.ToUpper),
	"concat": concatText,
	"year":   datePart(func(t time.Time) int { return t.Year() }),
	"month":  datePart(func(t time.Time) int { return int(t.Month()) }),
	"day":    datePart(func(t time.Time) int { return t.Day() }),
	"+":      whole(func(a, b int64) (int64, bool) { return a + b, (b >= 0) == (a+b >= a) }),
	"-":      whole(func(a, b int64) (int64, bool) { return a - b, (b >= 0) == (a-b <= a) }),
}

// logical operators have their own handling of NULL.
var logicalOperators = map[string]bool{
	"and": true, "or": true, "not": true, "is_null": true, "in": true, "between": true, "like": true,
	"=": true, "<>": true, "<": true, "<=": true, ">": true, ">=": true, "coalesce": true,
	"is distinct from": true, "is not distinct from": true,
}

// evaluable says whether eval knows every node, and column accepts every column.
func evaluable(e Expr, column func(*Column) bool) bool {
	switch e := e.(type) {
	case *Literal:
		return e.Value == nil || storable(e.T)
	case *Column:
		return column(e)
	case *Cast:
		return storable(e.T) && storable(e.X.Type()) && evaluable(e.X, column)
	case *Call:
		if !logicalOperators[e.Name] && (evaluators[e.Name] == nil || e.T.Kind == Decimal || isInterval(e.T)) {
			return false
		}
		for _, arg := range e.Args {
			if !evaluable(arg, column) {
				return false
			}
		}
		return true
	}
	return false
}

// evaluation works expressions out over one row of partition values. NULL is nil.
type evaluation struct {
	row   []any
	first int
}

func (ev *evaluation) eval(e Expr) (any, error) {
	switch e := e.(type) {
	case *Literal:
		if text, ok := e.Value.(string); ok {
			return readValue(e.T, text)
		}
		return e.Value, nil
	case *Column:
		return ev.row[e.Index-ev.first], nil
	case *Cast:
		v, err := ev.eval(e.X)
		if err != nil || v == nil {
			return nil, err
		}
		return convertValue(v, e.X.Type(), e.T)
	case *Call:
		return ev.call(e)
	}
	return nil, errUnknown
}

func (ev *evaluation) call(c *Call) (any, error) {
	if c.Name == "and" || c.Name == "or" {
		return ev.junction(c)
	}
	args := make([]any, len(c.Args))
	for i, arg := range c.Args {
		v, err := ev.eval(arg)
		if err != nil {
			return nil, err
		}
		args[i] = v
	}
	switch c.Name {
	case "is_null":
		return args[0] == nil, nil
	case "coalesce":
		for _, v := range args {
			if v != nil {
				return v, nil
			}
		}
		return nil, nil
	case "in":
		return isIn(args)
	case "is distinct from", "is not distinct from":
		same, err := identical(args[0], args[1])
		return same == (c.Name == "is not distinct from"), err
	}
	for _, v := range args {
		if v == nil {
			return ev.betweenNull(c, args)
		}
	}
	return strict(c.Name, args)
}

// betweenNull handles x BETWEEN a AND NULL, which is false when x < a.
func (ev *evaluation) betweenNull(c *Call, args []any) (any, error) {
	if c.Name != "between" || args[0] == nil {
		return nil, nil
	}
	for i, wrong := range map[int]int{1: -1, 2: 1} {
		if args[i] == nil {
			continue
		}
		if n, err := compareValues(args[0], args[i]); err != nil || n == wrong {
			return false, err
		}
	}
	return nil, nil
}

// junction is AND or OR in three-valued logic: a deciding term decides even
// beside one that cannot be worked out.
func (ev *evaluation) junction(c *Call) (any, error) {
	decides := c.Name == "or"
	var result any = !decides
	var failed error
	for _, arg := range c.Args {
		v, err := ev.eval(arg)
		switch {
		case err != nil:
			failed = err
		case v == decides:
			return decides, nil
		case v == nil:
			result = nil
		}
	}
	return result, failed
}

// strict applies a function to values that are not NULL.
func strict(name string, args []any) (any, error) {
	switch name {
	case "not":
		return args[0] == false, nil
	case "like":
		return like(args)
	case "between":
		low, err1 := compareValues(args[0], args[1])
		high, err2 := compareValues(args[0], args[2])
		return low >= 0 && high <= 0, errors.Join(err1, err2)
	case "=", "<>", "<", "<=", ">", ">=":
		n, err := compareValues(args[0], args[1])
		return holds(name, n), err
	}
	if f := evaluators[name]; f != nil {
		return f(args)
	}
	return nil, errUnknown
}

func holds(op string, n int) bool {
	switch op {
	case "=":
		return n == 0
	case "<>":
		return n != 0
	case "<":
		return n < 0
	case "<=":
		return n <= 0
	case ">":
		return n > 0
	}
	return n >= 0
}

func isIn(args []any) (any, error) {
	if args[0] == nil {
		return nil, nil
	}
	var result any = false
	for _, item := range args[1:] {
		if item == nil {
			result = nil
			continue
		}
		n, err := compareValues(args[0], item)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return true, nil
		}
	}
	return result, nil
}

func identical(a, b any) (bool, error) {
	if a == nil || b == nil {
		return a == nil && b == nil, nil
	}
	n, err := compareValues(a, b)
	return n == 0, err
}

// compareValues orders two values of one type. Texts compare by code point,
// which is their order as UTF-8.
func compareValues(a, b any) (int, error) {
	switch a := a.(type) {
	case int64:
		if b, ok := b.(int64); ok {
			return cmp.Compare(a, b), nil
		}
	case float64:
		if b, ok := b.(float64); ok {
			return cmp.Compare(a, b), nil
		}
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b), nil
		}
	case time.Time:
		if b, ok := b.(time.Time); ok {
			return a.Compare(b), nil
		}
	case *big.Rat:
		if b, ok := b.(*big.Rat); ok {
			return a.Cmp(b), nil
		}
	case bool:
		if b, ok := b.(bool); ok {
			return cmp.Compare(truth(a), truth(b)), nil
		}
	}
	return 0, errUnknown
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// like matches text with % and _.
func like(args []any) (any, error) {
	text, ok1 := args[0].(string)
	pattern, ok2 := args[1].(string)
	if !ok1 || !ok2 || len(args) > 2 {
		return nil, errUnknown
	}
	var b strings.Builder
	b.WriteString("(?s)^")
	for _, r := range pattern {
		switch r {
		case '%':
			b.WriteString(".*")
		case '_':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	re, err := regexp.Compile(b.String() + "$")
	if err != nil {
		return nil, err
	}
	return re.MatchString(text), nil
}

// convertValue casts between the types that partition keys have.
func convertValue(v any, from, to *Type) (any, error) {
	switch v := v.(type) {
	case string:
		if to.Kind == Varchar {
			if n := to.Length; n != Unbounded && len([]rune(v)) > n {
				return string([]rune(v)[:n]), nil
			}
			return v, nil
		}
		return readValue(to, strings.TrimSpace(v))
	case int64:
		return convertInteger(v, to)
	case time.Time:
		return convertTime(v, from, to)
	case float64:
		if to.Kind == Double {
			return v, nil
		}
	case *big.Rat:
		if to.Kind == Decimal && to.Scale >= from.Scale {
			return v, nil
		}
	case bool:
		if to.Kind == Varchar {
			return strconv.FormatBool(v), nil
		}
	}
	return nil, errUnknown
}

func convertInteger(v int64, to *Type) (any, error) {
	switch to.Kind { //nolint:exhaustive // the rest is not folded
	case Tinyint, Smallint, Integer, Bigint:
		return readValue(to, strconv.FormatInt(v, 10))
	case Decimal:
		return new(big.Rat).SetInt64(v), nil
	case Double:
		return float64(v), nil
	case Varchar:
		if to.Length == Unbounded {
			return strconv.FormatInt(v, 10), nil
		}
	}
	return nil, errUnknown
}

func convertTime(v time.Time, from, to *Type) (any, error) {
	switch {
	case to.Kind == Date:
		return v.Truncate(24 * time.Hour), nil
	case to.Kind == Timestamp && to.Length >= from.Length:
		return v, nil
	case to.Kind == Varchar && from.Kind == Date && to.Length == Unbounded:
		return v.Format("2006-01-02"), nil
	}
	return nil, errUnknown
}

func text1(f func(string) string) func([]any) (any, error) {
	return func(args []any) (any, error) {
		s, ok := args[0].(string)
		if !ok {
			return nil, errUnknown
		}
		return f(s), nil
	}
}

func concatText(args []any) (any, error) {
	var b strings.Builder
	for _, a := range args {
		s, ok := a.(string)
		if !ok {
			return nil, errUnknown
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

func datePart(f func(time.Time) int) func([]any) (any, error) {
	return func(args []any) (any, error) {
		t, ok := args[0].(time.Time)
		if !ok {
			return nil, errUnknown
		}
		return int64(f(t)), nil
	}
}

func whole(f func(a, b int64) (int64, bool)) func([]any) (any, error) {
	return func(args []any) (any, error) {
		a, ok1 := args[0].(int64)
		b, ok2 := args[1].(int64)
		if !ok1 || !ok2 {
			return nil, errUnknown
		}
		n, fits := f(a, b)
		if !fits {
			return nil, errUnknown
		}
		return n, nil
	}
}
