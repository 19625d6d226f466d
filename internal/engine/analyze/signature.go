package analyze

import (
	"fmt"
	"strings"
	"sync"
)

// FunctionClass tells how a function may be called.
type FunctionClass uint8

// The classes of function.
const (
	Scalar FunctionClass = iota
	Aggregating
	Windowing
)

// signature is one overload. Parameters are patterns: types, "number" for any
// number, one capital letter for a type variable (O only binds types that have
// an order), fn(A, B, R) for a lambda.
type signature struct {
	name     string
	class    FunctionClass
	params   []*sigType
	variadic bool // the last parameter repeats, zero times at least
	result   *sigType
}

// sigType is a parsed pattern. A result "=2" is the type of the second argument.
type sigType struct {
	name string
	args []*sigType
	nums []int
	same int // n for "=n"
}

func (s *sigType) String() string {
	switch {
	case s.same > 0:
		return fmt.Sprintf("=%d", s.same)
	case len(s.args) > 0:
		parts := make([]string, len(s.args))
		for i, a := range s.args {
			parts[i] = a.String()
		}
		if s.name == "fn" {
			last := len(parts) - 1
			return "function(" + strings.Join(parts[:last], ",") + "," + parts[last] + ")"
		}
		return s.name + "(" + strings.Join(parts, ",") + ")"
	}
	return s.name
}

func (s *signature) String() string {
	parts := make([]string, len(s.params))
	for i, p := range s.params {
		parts[i] = p.String()
	}
	return s.name + "(" + strings.Join(parts, ", ") + ")"
}

// isVariable says whether a pattern is a type variable.
func (s *sigType) isVariable() bool {
	return len(s.name) == 1 && s.name[0] >= 'A' && s.name[0] <= 'Z'
}

// functions is the catalogue by name, parsed once.
var functions = sync.OnceValue(func() map[string][]*signature {
	all := map[string][]*signature{}
	for class, text := range map[FunctionClass]string{
		Scalar: scalarFunctions, Aggregating: aggregateFunctions, Windowing: windowFunctions,
	} {
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			sig := parseSignature(line)
			sig.class = class
			all[sig.name] = append(all[sig.name], sig)
		}
	}
	return all
})

// Functions lists the names of the catalogue with their class.
func Functions() map[string]FunctionClass {
	names := map[string]FunctionClass{}
	for name, sigs := range functions() {
		names[name] = sigs[0].class
	}
	return names
}

// parseSignature reads "name(a, b...) result". The catalogue is a constant, so
// a fault in it is a fault of the program.
func parseSignature(line string) *signature {
	p := &sigParser{text: line}
	sig := &signature{name: p.word()}
	p.expect('(')
	for !p.accept(')') {
		sig.params = append(sig.params, p.sigType())
		if p.accept('.') {
			sig.variadic = true
			p.at += 2
		}
		p.accept(',')
	}
	sig.result = p.sigType()
	return sig
}

type sigParser struct {
	text string
	at   int
}

func (p *sigParser) word() string {
	for p.at < len(p.text) && p.text[p.at] == ' ' {
		p.at++
	}
	start := p.at
	for p.at < len(p.text) && strings.IndexByte("(), .", p.text[p.at]) < 0 {
		p.at++
	}
	return p.text[start:p.at]
}

func (p *sigParser) accept(c byte) bool {
	for p.at < len(p.text) && p.text[p.at] == ' ' {
		p.at++
	}
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *sigParser) expect(c byte) {
	if !p.accept(c) {
		panic("function catalogue: expected " + string(c) + " in " + p.text)
	}
}

func (p *sigParser) sigType() *sigType {
	t := &sigType{name: p.word()}
	if n, found := strings.CutPrefix(t.name, "="); found {
		t.same = int(n[0] - '0')
		return t
	}
	if p.accept('(') {
		for !p.accept(')') {
			t.args = append(t.args, p.sigType())
			p.accept(',')
		}
		t.literalNumbers()
	}
	return t
}

// literalNumbers turns the arguments of "timestamp(3)" into numbers.
func (s *sigType) literalNumbers() {
	for _, a := range s.args {
		var n int
		if _, err := fmt.Sscanf(a.name, "%d", &n); err != nil {
			return
		}
		s.nums = append(s.nums, n)
	}
	s.args = nil
}
