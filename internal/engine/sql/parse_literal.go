package sql

import (
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"
)

var numberKinds = map[kind]NumberKind{tokInteger: IntegerNumber, tokDecimal: DecimalNumber, tokDouble: DoubleNumber}

func (p *parser) number() Expr {
	t := p.next()
	return &NumberLiteral{Pos: t.pos, Kind: numberKinds[t.kind], Text: strings.ReplaceAll(t.text, "_", "")}
}

// integer reads a small whole number, as in decimal(10, 2).
func (p *parser) integer() int {
	t := p.cur()
	n, err := strconv.Atoi(t.text)
	if t.kind != tokInteger || err != nil {
		p.miss("<integer>")
		p.fail()
	}
	p.at++
	return n
}

func (p *parser) stringLiteral() Expr {
	t := p.next()
	if t.kind == tokString {
		return &StringLiteral{Pos: t.pos, Value: t.word}
	}
	escape := '\\'
	if p.accept("UESCAPE") {
		e := p.next()
		r, size := utf8.DecodeRuneInString(e.word)
		if e.kind != tokString || size != len(e.word) || size == 0 {
			p.failAt(e.pos, "Invalid Unicode escape character")
		}
		escape = r
	}
	value, ok := decodeUnicode(t.word, escape)
	if !ok {
		p.failAt(t.pos, "Invalid Unicode escape sequence")
	}
	return &StringLiteral{Pos: t.pos, Value: value}
}

// decodeUnicode resolves \XXXX, \+XXXXXX and the doubled escape.
func decodeUnicode(s string, escape rune) (string, bool) {
	var out strings.Builder
	runes := []rune(s)
	for i := 0; i < len(runes); i++ {
		if runes[i] != escape {
			out.WriteRune(runes[i])
			continue
		}
		if i+1 < len(runes) && runes[i+1] == escape {
			out.WriteRune(escape)
			i++
			continue
		}
		size := 4
		if i+1 < len(runes) && runes[i+1] == '+' {
			size, i = 6, i+1
		}
		if i+size >= len(runes) {
			return "", false
		}
		code, err := strconv.ParseUint(string(runes[i+1:i+1+size]), 16, 32)
		if err != nil || !utf8.ValidRune(rune(code)) {
			return "", false
		}
		out.WriteRune(rune(code))
		i += size
	}
	return out.String(), true
}

func (p *parser) binaryLiteral() Expr {
	t := p.next()
	value, err := hex.DecodeString(strings.Join(strings.Fields(t.word), ""))
	if err != nil {
		p.failAt(t.pos, "Binary literal must contain an even number of digits and only hexadecimal characters")
	}
	return &BinaryLiteral{Pos: t.pos, Value: value}
}

var intervalUnits = []string{"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "WEEK"}

func (p *parser) interval() Expr {
	lit := &IntervalLiteral{Pos: p.pos()}
	p.expect("INTERVAL")
	if p.acceptSymbol("-") {
		lit.Negative = true
	} else {
		p.acceptSymbol("+")
	}
	t := p.next()
	if t.kind != tokString {
		p.failAt(t.pos, "mismatched input '"+t.text+"'. Expecting: <string>")
	}
	lit.Text = t.word
	lit.From = p.oneOf(intervalUnits...)
	if p.accept("TO") {
		lit.To = p.oneOf(intervalUnits...)
	}
	return lit
}

// typedLiteral reads TYPE '…', or gives nil without moving.
func (p *parser) typedLiteral() Expr {
	if !p.isIdentifier(0) || p.cur().kind != tokWord {
		return nil
	}
	t := p.cur()
	if t.word == "DOUBLE" && p.ahead(1).word == "PRECISION" && p.ahead(2).kind == tokString {
		p.at++
	}
	if p.ahead(1).kind == tokString {
		p.at++
		name := strings.ToLower(t.text)
		return &TypedLiteral{Pos: t.pos, Type: &TypeName{Pos: t.pos, Base: name}, Text: p.next().word}
	}
	return nil
}

// typeName reads a type in query syntax.
func (p *parser) typeName() *TypeName {
	defer p.nest()()
	if !p.isIdentifier(0) {
		p.miss("<type>")
		p.fail()
	}
	id := p.identifier()
	t := &TypeName{Pos: id.Pos, Base: strings.ToLower(id.Value)}
	switch t.Base {
	case "row":
		p.rowFields(t)
	case "array", "map":
		p.typeArgs(t)
	case "timestamp", "time":
		p.timeType(t)
	case "double":
		p.accept("PRECISION")
	case "interval":
		from := p.oneOf(intervalUnits...)
		p.expect("TO")
		t.Base = "interval " + strings.ToLower(from) + " to " + strings.ToLower(p.oneOf(intervalUnits...))
	default:
		p.numbers(t)
	}
	for p.cur().word == "ARRAY" && p.cur().kind == tokWord {
		p.at++
		t = &TypeName{Pos: t.Pos, Base: "array", Args: []*TypeName{t}}
	}
	return t
}

func (p *parser) numbers(t *TypeName) {
	if !p.acceptSymbol("(") {
		return
	}
	t.Numbers = []int{p.integer()}
	for p.acceptSymbol(",") {
		t.Numbers = append(t.Numbers, p.integer())
	}
	p.expectSymbol(")")
}

func (p *parser) timeType(t *TypeName) {
	p.numbers(t)
	switch {
	case p.acceptWords("WITH", "TIME", "ZONE"):
		t.Base += " with time zone"
	case p.acceptWords("WITHOUT", "TIME", "ZONE"):
	}
}

// typeArgs reads (type, …), or the older <type, …>.
func (p *parser) typeArgs(t *TypeName) {
	closing := ")"
	if p.acceptSymbol("<") {
		closing = ">"
	} else {
		p.expectSymbol("(")
	}
	t.Args = []*TypeName{p.typeName()}
	for p.acceptSymbol(",") {
		t.Args = append(t.Args, p.typeName())
	}
	p.expectSymbol(closing)
}

// rowFields reads (name type, …); names may be left out.
func (p *parser) rowFields(t *TypeName) {
	p.expectSymbol("(")
	for {
		var name *Identifier
		if p.namedField() {
			id := p.identifier()
			name = &id
		}
		t.Fields = append(t.Fields, name)
		t.Args = append(t.Args, p.typeName())
		if !p.acceptSymbol(",") {
			break
		}
	}
	p.expectSymbol(")")
}

// namedField says whether the cursor is on "name type" rather than on a type
// alone.
func (p *parser) namedField() bool {
	if !p.isIdentifier(0) || !p.isIdentifier(1) {
		return false
	}
	two := p.cur().word + " " + p.ahead(1).word
	return p.cur().kind == tokQuoted || two != "DOUBLE PRECISION"
}
