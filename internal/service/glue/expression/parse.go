package expression

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/service/glue/partkey"
)

// Error is a mistake in an expression, worded as the service does. It is an
// InvalidInputException there.
type Error struct{ Message string }

func (e *Error) Error() string { return e.Message }

// Filter is a parsed expression.
type Filter struct {
	root  node
	keys  int
	typed []int
}

// Match reports whether a partition is listed, by the components of its stored
// key. A nil filter lists all.
func (f *Filter) Match(components [][]byte) bool { return f == nil || f.root.eval(components) == yes }

// Typed are the positions of the keys that are compared as numbers, dates or
// timestamps. A stored value that does not parse makes the service fail.
func (f *Filter) Typed() []int {
	if f == nil {
		return nil
	}
	return f.typed
}

// Compares reports whether a key is among the typed ones.
func (f *Filter) Compares(key int) bool { return slices.Contains(f.Typed(), key) }

// Parse reads an expression about a table's partition keys. A blank one is nil.
func Parse(expression string, keys []partkey.Key) (*Filter, error) {
	if strings.TrimSpace(expression) == "" {
		return nil, nil //nolint:nilnil // a nil filter is documented to match all
	}
	p := &parser{source: expression, keys: keys, filter: &Filter{keys: len(keys)}}
	var ok bool
	if p.tokens, ok = lex(expression); !ok {
		return nil, p.unsupported(expression)
	}
	var err error
	if p.filter.root, err = p.disjunction(); err != nil {
		return nil, err
	}
	if p.peek().kind != end {
		return nil, p.unsupported(expression)
	}
	return p.filter, nil
}

// parser is a recursive descent over the tokens; the expression's length bounds
// its depth.
type parser struct {
	source string
	tokens []token
	at     int
	keys   []partkey.Key
	filter *Filter
}

func (p *parser) unsupported(text string) error {
	return &Error{fmt.Sprintf("Unsupported expression '%s'", strings.TrimSpace(text))}
}

func (p *parser) peek() token { return p.tokens[p.at] }

// after is the token n behind the present one; the last one is end.
func (p *parser) after(n int) token { return p.tokens[min(p.at+n, len(p.tokens)-1)] }

func (p *parser) take() token {
	t := p.tokens[p.at]
	if t.kind != end {
		p.at++
	}
	return t
}

func (p *parser) accept(keyword string) bool {
	if p.peek().is(keyword) {
		p.at++
		return true
	}
	return false
}

func (p *parser) expect(k kind) error {
	if p.take().kind != k {
		return p.unsupported(p.source)
	}
	return nil
}

func (p *parser) disjunction() (node, error) {
	left, err := p.conjunction()
	for err == nil && p.accept("OR") {
		var right node
		right, err = p.conjunction()
		left = or{left, right}
	}
	return left, err
}

func (p *parser) conjunction() (node, error) {
	left, err := p.factor()
	for err == nil && p.accept("AND") {
		var right node
		right, err = p.factor()
		left = and{left, right}
	}
	return left, err
}

// factor is a predicate, or an expression in parentheses, either of which may be
// negated.
func (p *parser) factor() (node, error) {
	if p.accept("NOT") {
		of, err := p.factor()
		return not{of}, err
	}
	if p.peek().kind != open || p.columnInParentheses() {
		return p.predicate()
	}
	p.at++
	inner, err := p.disjunction()
	if err != nil {
		return nil, err
	}
	return inner, p.expect(closing)
}

// columnInParentheses reports whether "(year)" or "((year))" comes next, which
// begins a predicate.
func (p *parser) columnInParentheses() bool {
	depth := 0
	for p.after(depth).kind == open {
		depth++
	}
	if k := p.after(depth).kind; k != word && k != name {
		return false
	}
	for i := range depth {
		if p.after(depth+1+i).kind != closing {
			return false
		}
	}
	return depth > 0
}

func (p *parser) predicate() (node, error) {
	key, err := p.column()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind == operator {
		p.at++
		literal, err := p.literal(key)
		return compare{key, spelling(t.text), literal}, err
	}
	if p.accept("IS") {
		negated := p.accept("NOT")
		if !p.accept("NULL") {
			return nil, p.unsupported(p.source)
		}
		return isNull{negated}, nil
	}
	negated := p.accept("NOT")
	switch {
	case p.accept("LIKE"):
		return p.like(key, negated)
	case p.accept("IN"):
		return p.in(key, negated)
	case p.accept("BETWEEN"):
		return p.between(key, negated)
	}
	return nil, p.unsupported(p.source)
}

func spelling(op string) string {
	switch op {
	case "==":
		return "="
	case "!=":
		return "<>"
	}
	return op
}

// column reads a key's name, in parentheses or not, and finds its position.
func (p *parser) column() (int, error) {
	depth := 0
	for p.peek().kind == open {
		p.at++
		depth++
	}
	t := p.take()
	if t.kind != word && t.kind != name {
		return 0, p.unsupported(p.source)
	}
	for range depth {
		if err := p.expect(closing); err != nil {
			return 0, err
		}
	}
	key := slices.IndexFunc(p.keys, func(k partkey.Key) bool { return arn.Fold(k.Name) == arn.Fold(t.text) })
	if key < 0 {
		return 0, &Error{"Invalid partition expression!"}
	}
	return key, nil
}

func (p *parser) like(key int, negated bool) (node, error) {
	if message := noLike[p.kind(key)]; message != "" {
		return nil, &Error{message}
	}
	if _, err := p.typed(key, ""); err != nil {
		return nil, err
	}
	t := p.take()
	if t.kind != text {
		return nil, p.unsupported(p.source)
	}
	return like{key, t.text, negated}, nil
}

var noLike = map[partkey.Kind]string{
	partkey.Integer:   "Integral data type doesn't support operation 'LIKE'",
	partkey.Decimal:   "Decimal data type doesn't support operation 'LIKE'",
	partkey.Date:      "Date data type doesn't support operation 'LIKE'",
	partkey.Timestamp: "Timestamp data type doesn't support operation 'LIKE'",
}

func (p *parser) in(key int, negated bool) (node, error) {
	if err := p.expect(open); err != nil {
		return nil, err
	}
	n := in{key: key, negated: negated}
	for {
		literal, err := p.literal(key)
		if err != nil {
			return nil, err
		}
		n.literals = append(n.literals, literal)
		if p.peek().kind != comma {
			break
		}
		p.at++
	}
	slices.SortFunc(n.literals, bytes.Compare)
	n.literals = slices.CompactFunc(n.literals, bytes.Equal)
	return n, p.expect(closing)
}

func (p *parser) between(key int, negated bool) (node, error) {
	from, err := p.literal(key)
	if err != nil {
		return nil, err
	}
	if !p.accept("AND") {
		return nil, p.unsupported(p.source)
	}
	to, err := p.literal(key)
	return between{key, from, to, negated}, err
}

func (p *parser) kind(key int) partkey.Kind { return partkey.KindOf(p.keys[key].Type) }

// literal reads a text or a number, in parentheses or not, and returns its
// component as the key's type.
func (p *parser) literal(key int) ([]byte, error) {
	if p.peek().kind != open {
		return p.plainLiteral(key)
	}
	p.at++
	component, err := p.literal(key)
	if err != nil {
		return nil, err
	}
	return component, p.expect(closing)
}

// plainLiteral is a literal without parentheses. Arithmetic, such as a date
// without quotes, is named as the service does.
func (p *parser) plainLiteral(key int) ([]byte, error) {
	begin := p.at
	value, ok := p.operand()
	if !ok {
		return nil, p.unsupported(p.source)
	}
	if p.peek().kind != sign {
		return p.typed(key, value)
	}
	for p.peek().kind == sign {
		p.at++
		if _, ok := p.operand(); !ok {
			return nil, p.unsupported(p.source)
		}
	}
	parts := make([]string, 0, p.at-begin)
	for _, t := range p.tokens[begin:p.at] {
		parts = append(parts, t.text)
	}
	return nil, p.unsupported(strings.Join(parts, " "))
}

// operand reads a literal with its signs.
func (p *parser) operand() (value string, ok bool) {
	signs := ""
	for t := p.peek(); t.text == "-" || t.text == "+"; t = p.peek() {
		if t.kind != sign {
			break
		}
		signs += t.text
		p.at++
	}
	t := p.take()
	if t.kind == number && len(signs) <= 1 {
		return strings.TrimPrefix(signs, "+") + t.text, true
	}
	return t.text, t.kind == text && signs == ""
}

// typed is the component of a literal, or the service's words for why it has none.
func (p *parser) typed(key int, value string) ([]byte, error) {
	k := p.kind(key)
	if k == partkey.Opaque {
		return nil, &Error{fmt.Sprintf("Unknown type : '%s'", p.keys[key].Type)}
	}
	if k != partkey.Text && !slices.Contains(p.filter.typed, key) {
		p.filter.typed = append(p.filter.typed, key)
	}
	c, ok := partkey.Component(k, value)
	if !ok || !partkey.IsValue(c) {
		return nil, &Error{NotOfKind(k, value)}
	}
	return c, nil
}

// NotOfKind says that a text is no value of a kind.
func NotOfKind(k partkey.Kind, value string) string {
	switch k {
	case partkey.Integer:
		if value == partkey.NullText {
			value = "__HIVE_D" // the service cuts it off
		}
		return `For input string: "` + value + `" is not an integer.`
	case partkey.Decimal:
		return value + " is not a decimal."
	case partkey.Date:
		return value + " is not a date."
	case partkey.Timestamp:
		return value + " is not a timestamp."
	case partkey.Text, partkey.Opaque:
	}
	return value + " is not a value." // every text is one
}
