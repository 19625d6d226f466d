package sql

import (
	"sort"
	"strings"
)

const (
	// MaxQueryBytes is the service's limit for the text of one query.
	MaxQueryBytes = 262144
	// MaxDepth bounds the nesting of expressions, queries and types. The
	// query engine's own limit is 1000 levels of its finer-grained tree.
	MaxDepth = 800
	// MaxChain bounds operators of one strength in a row (a + b + c …), which
	// nest to the left; also subscripts, fields and set operations.
	MaxChain = 1000
)

// Parse reads one statement; a trailing semicolon is allowed. Syntax errors and
// statements that are not built come back as [*Error].
func Parse(text string) (stmt Statement, err error) {
	p, err := newParser(text)
	if err != nil {
		return nil, err
	}
	defer p.recoverError(&err)
	stmt = p.statementOnly()
	return stmt, nil
}

// ParseExpression reads one value expression that fills the whole text, such
// as an execution parameter.
func ParseExpression(text string) (e Expr, err error) {
	p, err := newParser(text)
	if err != nil {
		return nil, err
	}
	defer p.recoverError(&err)
	e = p.expression()
	p.end()
	return e, nil
}

// ParseType reads a type name in query syntax, such as "array(varchar(3))".
func ParseType(text string) (t *TypeName, err error) {
	p, err := newParser(text)
	if err != nil {
		return nil, err
	}
	defer p.recoverError(&err)
	t = p.typeName()
	p.end()
	return t, nil
}

// parser is a recursive-descent parser over the token list. Faults travel as
// panics of *Error and are caught by recoverError at the three entry points, so
// that the grammar methods read like the grammar.
type parser struct {
	tokens   []token
	at       int
	depth    int
	params   int
	expected []string // what was tried and missed at token expectedAt
	missedAt int
}

func newParser(text string) (*parser, error) {
	if len(text) > MaxQueryBytes {
		return nil, &Error{
			Code: SyntaxError, Line: 1, Column: 1,
			Message: "Query text length exceeds the maximum of 262144 bytes",
		}
	}
	return &parser{tokens: tokenize(text)}, nil
}

func (p *parser) recoverError(err *error) {
	switch fault := recover().(type) {
	case nil:
	case *Error:
		*err = fault
	default:
		panic(fault)
	}
}

// cur is the token under the cursor.
func (p *parser) cur() *token { return &p.tokens[p.at] }

// ahead is the token n places on, or the end token.
func (p *parser) ahead(n int) *token {
	return &p.tokens[min(p.at+n, len(p.tokens)-1)]
}

func (p *parser) pos() Pos { return p.cur().pos }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != tokEOF {
		p.at++
	}
	return t
}

// miss notes what could have stood here, for the error message.
func (p *parser) miss(what string) {
	if p.missedAt != p.at {
		p.missedAt, p.expected = p.at, p.expected[:0]
	}
	p.expected = append(p.expected, what)
}

// isWord says whether the cursor is on the given keyword.
func (p *parser) isWord(word string) bool {
	if t := p.cur(); t.kind == tokWord && t.word == word {
		return true
	}
	p.miss("'" + word + "'")
	return false
}

// accept passes a keyword if it is there.
func (p *parser) accept(word string) bool {
	if p.isWord(word) {
		p.at++
		return true
	}
	return false
}

// acceptWords passes a sequence of keywords if all are there.
func (p *parser) acceptWords(words ...string) bool {
	for i, w := range words {
		if t := p.ahead(i); t.kind != tokWord || t.word != w {
			p.miss("'" + words[0] + "'")
			return false
		}
	}
	p.at += len(words)
	return true
}

// expect demands a keyword.
func (p *parser) expect(words ...string) {
	for _, w := range words {
		if !p.accept(w) {
			p.fail()
		}
	}
}

func (p *parser) isSymbol(s string) bool {
	if t := p.cur(); t.kind == tokSymbol && t.text == s {
		return true
	}
	p.miss("'" + s + "'")
	return false
}

func (p *parser) acceptSymbol(s string) bool {
	if p.isSymbol(s) {
		p.at++
		return true
	}
	return false
}

func (p *parser) expectSymbol(s string) {
	if !p.acceptSymbol(s) {
		p.fail()
	}
}

// end demands the end of the text, after semicolons.
func (p *parser) end() {
	for p.acceptSymbol(";") {
		continue
	}
	if p.cur().kind != tokEOF {
		p.miss("<EOF>")
		p.fail()
	}
}

// fail reports the token under the cursor in the engine's words: what stood
// there, and what could have.
func (p *parser) fail() {
	t := p.cur()
	if t.kind == tokBackquoted {
		p.failAt(t.pos, "backquoted identifiers are not supported; use double quotes to quote identifiers")
	}
	if t.kind == tokDigitWord {
		p.failAt(t.pos, "identifiers must not start with a digit; surround the identifier with double quotes")
	}
	p.failAt(t.pos, "mismatched input '"+t.text+"'."+p.expectation())
}

func (p *parser) failAt(pos Pos, message string) {
	panic(&Error{Code: SyntaxError, Line: pos.Line, Column: pos.Column, Message: message})
}

func (p *parser) refuse(pos Pos, message string) {
	panic(&Error{Code: NotSupported, Line: pos.Line, Column: pos.Column, Message: message})
}

// expectation lists, sorted and once each, what was missed at the cursor.
func (p *parser) expectation() string {
	if p.missedAt != p.at || len(p.expected) == 0 {
		return ""
	}
	seen := map[string]bool{}
	var list []string
	for _, e := range p.expected {
		if !seen[e] {
			seen[e] = true
			list = append(list, e)
		}
	}
	sort.Strings(list)
	return " Expecting: " + strings.Join(list, ", ")
}

// nest counts one level of nesting until the returned function is called.
func (p *parser) nest() func() {
	p.depth++
	if p.depth > MaxDepth {
		p.failAt(p.pos(), "statement is too large (stack overflow while parsing)")
	}
	return func() { p.depth-- }
}

// chain checks that the n-th link of a chain is still allowed.
func (p *parser) chain(n int) {
	if n > MaxChain {
		p.failAt(p.pos(), "statement is too large (stack overflow while parsing)")
	}
}

// identifier reads a name: quoted, or a word that is not reserved.
func (p *parser) identifier() Identifier {
	t := p.cur()
	if !p.isIdentifier(0) {
		p.miss("<identifier>")
		p.fail()
	}
	p.at++
	if t.kind == tokQuoted {
		return Identifier{Pos: t.pos, Value: t.word, Quoted: true}
	}
	return Identifier{Pos: t.pos, Value: t.text}
}

// isIdentifier says whether the token n places on can be a name.
func (p *parser) isIdentifier(n int) bool {
	t := p.ahead(n)
	return t.kind == tokQuoted && t.word != "" || t.kind == tokWord && !reservedWords[t.word]
}

func (p *parser) qualifiedName() QualifiedName {
	first := p.identifier()
	name := QualifiedName{Pos: first.Pos, Parts: []Identifier{first}}
	for p.acceptSymbol(".") {
		name.Parts = append(name.Parts, p.identifier())
	}
	return name
}

// identifierList reads (a, b, …).
func (p *parser) identifierList() []Identifier {
	p.expectSymbol("(")
	list := []Identifier{p.identifier()}
	for p.acceptSymbol(",") {
		list = append(list, p.identifier())
	}
	p.expectSymbol(")")
	return list
}

// statementOnly reads one statement and the end of the text.
func (p *parser) statementOnly() Statement {
	if p.cur().kind == tokEOF {
		p.miss("<statement>")
		p.fail()
	}
	stmt := p.statement()
	p.end()
	return stmt
}

func (p *parser) statement() Statement {
	pos := p.pos()
	if p.startsQuery() || p.isSymbol("(") {
		q := p.query()
		return &QueryStatement{Pos: pos, Query: q, Parameters: p.params}
	}
	if p.isWord("EXPLAIN") {
		return p.explain()
	}
	if kind, ok := classifyTokens(p.tokens[p.at:]); ok {
		p.refuse(pos, kind.Name+" is not supported")
	}
	p.miss("<query>")
	p.fail()
	return nil
}

func (p *parser) explain() Statement {
	ex := &Explain{Pos: p.pos()}
	p.expect("EXPLAIN")
	ex.Analyze = p.accept("ANALYZE")
	if ex.Analyze {
		ex.Verbose = p.accept("VERBOSE")
	}
	if t := p.ahead(1); p.isSymbol("(") && t.kind == tokWord && (t.word == "TYPE" || t.word == "FORMAT") {
		ex.Options = p.explainOptions()
	}
	defer p.nest()()
	ex.Statement = p.statement()
	return ex
}

func (p *parser) explainOptions() []ExplainOption {
	var options []ExplainOption
	p.expectSymbol("(")
	for {
		name, value := p.next(), p.next()
		if name.word != "TYPE" && name.word != "FORMAT" || value.kind != tokWord {
			p.failAt(name.pos, "mismatched input '"+name.text+"'. Expecting: 'FORMAT', 'TYPE'")
		}
		options = append(options, ExplainOption{Name: name.word, Value: value.word})
		if !p.acceptSymbol(",") {
			break
		}
	}
	p.expectSymbol(")")
	return options
}
