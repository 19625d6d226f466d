package expression

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bindery-project/bindery/internal/service/glue/partkey"
)

// truth is SQL's.
type truth int8

const (
	no      truth = -1
	unknown truth = 0
	yes     truth = 1
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// node is a part of a parsed expression.
type node interface {
	// eval decides on the components of a stored key.
	eval(row [][]byte) truth
	// spans are the components of the key at a position with which the node
	// may be true; all of them when it says nothing about that key.
	spans(key int) spans
}

type (
	and struct{ left, right node }
	or  struct{ left, right node }
	not struct{ of node }

	// compare holds a key against a literal.
	compare struct {
		key     int
		op      string // = <> < <= > >=
		literal []byte // component
	}
	// between is inclusive at both ends.
	between struct {
		key     int
		from    []byte
		to      []byte
		negated bool
	}
	// in has its literals in order.
	in struct {
		key      int
		literals [][]byte
		negated  bool
	}
	like struct {
		key     int
		pattern string
		negated bool
	}
	// isNull is never true, as in the service; its negation always is.
	isNull struct{ negated bool }
)

func (n and) eval(row [][]byte) truth { return min(n.left.eval(row), n.right.eval(row)) }
func (n or) eval(row [][]byte) truth  { return max(n.left.eval(row), n.right.eval(row)) }
func (n not) eval(row [][]byte) truth { return -n.of.eval(row) }

func (n isNull) eval([][]byte) truth { return truthOf(n.negated) }

func (n compare) eval(row [][]byte) truth {
	c := value(row, n.key)
	if c == nil {
		return unknown
	}
	return truthOf(holds(n.op, bytes.Compare(c, n.literal)))
}

func holds(op string, order int) bool {
	switch op {
	case "=":
		return order == 0
	case "<>":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	default:
		return order >= 0
	}
}

func (n between) eval(row [][]byte) truth {
	c := value(row, n.key)
	if c == nil {
		return unknown
	}
	return truthOf((bytes.Compare(n.from, c) <= 0 && bytes.Compare(c, n.to) <= 0) != n.negated)
}

func (n in) eval(row [][]byte) truth {
	c := value(row, n.key)
	if c == nil {
		return unknown
	}
	_, found := slices.BinarySearchFunc(n.literals, c, bytes.Compare)
	return truthOf(found != n.negated)
}

func (n like) eval(row [][]byte) truth {
	c := value(row, n.key)
	if c == nil {
		return unknown
	}
	return truthOf(matches(n.pattern, partkey.TextOf(c)) != n.negated)
}

// value is the component of a key when it holds a value, else nil.
func value(row [][]byte, key int) []byte {
	if key < len(row) && partkey.IsValue(row[key]) {
		return row[key]
	}
	return nil
}

// matches reports whether the whole of s is of a LIKE pattern: percent stands
// for anything, underscore for one character. It goes back to the last percent
// only, so that no pattern takes more than len(pattern)*len(s) steps.
func matches(pattern, s string) bool {
	star, mark := -1, 0
	p, i := 0, 0
	for i < len(s) {
		_, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case p < len(pattern) && pattern[p] == '%':
			star, mark = p, i
			p++
		case p < len(pattern) && pattern[p] == '_':
			p, i = p+1, i+size
		case strings.HasPrefix(pattern[min(p, len(pattern)):], s[i:i+size]):
			p, i = p+size, i+size
		case star >= 0:
			_, size = utf8.DecodeRuneInString(s[mark:])
			mark += size
			p, i = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "%") == ""
}
