// Package language reasons about the patterns of policies as sets of strings: which strings a
// pattern of "*" and "?" holds, whether one set lies within others, and what tells them apart.
//
// Start at [Explore]. It walks the strings of one pattern letter by letter and answers every way
// in which other patterns accept or refuse them, with a shortest example of each. What it answers
// is complete: a string of the first pattern that is treated like none of the examples does not
// exist. Patterns compare letters for equality only, so that one letter that no pattern names
// stands for all of these.
//
// A policy variable stands for a text nobody knows. In the strings that Explore walks it is one
// letter of its own; whether a pattern accepts that letter has two answers: for sure, whatever
// the variable's value is ([Surely]), and perhaps, for some value ([Perhaps]).
package language

import (
	"strings"
	"unicode"

	"github.com/bindery-project/bindery/internal/arn"
)

// Certainty says how a pattern treats the unknown text of variables.
type Certainty uint8

// The two readings of a pattern.
const (
	Surely  Certainty = iota // accepts only what it accepts for every value of the variables
	Perhaps                  // accepts what it may accept for some value
)

type symbolKind uint8

const (
	literal symbolKind = iota
	one
	star
	variable
)

// symbol is one step of a pattern.
type symbol struct {
	kind    symbolKind
	letter  rune
	noColon bool // within a colon segment of an ARN
}

// Pattern is a compiled string of a policy.
type Pattern struct {
	symbols []symbol
	fold    bool
}

// Variables numbers the policy variables of the patterns that are compared: the same variable
// with the same default is the same letter. The zero value is ready.
type Variables struct {
	names []string // as between "${" and "}"
}

// firstVariable is where the letters of variables begin, in a plane of Unicode for private use
// that policies have no reason to hold.
const firstVariable = 0xF0000

func (v *Variables) letter(name string) rune {
	for i, have := range v.names {
		if strings.EqualFold(have, name) {
			return firstVariable + rune(i)
		}
	}
	v.names = append(v.names, name)
	return firstVariable + rune(len(v.names)-1)
}

// Name is what stands between the braces of the variable that a letter stands for.
func (v *Variables) Name(letter rune) (string, bool) {
	i := int(letter) - firstVariable
	if i < 0 || i >= len(v.names) {
		return "", false
	}
	return v.names[i], true
}

// Reading is how the text of a pattern is read.
type Reading struct {
	Wildcards bool       // "*" and "?" are special
	Variables *Variables // nil: "$" is an ordinary letter
	Fold      bool       // letter case does not count
}

// Compile reads a text.
func Compile(text string, how Reading) Pattern {
	p := Pattern{fold: how.Fold}
	p.add(text, how, false)
	return p
}

// CompileARN reads an entry of Resource as package policy does where matching grants: "*" stays
// within its colon segment up to the resource part, and a pattern that stops before that part
// runs on.
func CompileARN(text string, how Reading) Pattern {
	parts := arn.Cut(text, how.Variables != nil)
	var p Pattern
	for i := range 6 {
		if i > 0 {
			p.symbols = append(p.symbols, symbol{kind: literal, letter: ':'})
		}
		part := "*"
		if i < len(parts) {
			part = parts[i]
		}
		p.add(part, how, i < 5)
	}
	return p
}

func (p *Pattern) add(text string, how Reading, noColon bool) {
	for text != "" {
		if how.Variables != nil && strings.HasPrefix(text, "${") {
			if name, rest, ok := strings.Cut(text[2:], "}"); ok {
				p.symbols = append(p.symbols, variableSymbol(name, how.Variables))
				text = rest
				continue
			}
		}
		letter := []rune(text)[0]
		text = text[len(string(letter)):]
		kind := literal
		switch {
		case how.Wildcards && letter == '*':
			kind = star
		case how.Wildcards && letter == '?':
			kind = one
		}
		p.symbols = append(p.symbols, symbol{kind: kind, letter: letter, noColon: noColon})
	}
}

func variableSymbol(name string, v *Variables) symbol {
	if name == "*" || name == "?" || name == "$" {
		return symbol{kind: literal, letter: rune(name[0])}
	}
	return symbol{kind: variable, letter: v.letter(name)}
}

// letters are those that the pattern tells from others.
func (p *Pattern) letters(into map[rune]bool) {
	for _, s := range p.symbols {
		if s.kind == literal || s.kind == variable {
			into[s.letter] = true
			if p.fold && s.kind == literal {
				for r := unicode.SimpleFold(s.letter); r != s.letter; r = unicode.SimpleFold(r) {
					into[r] = true
				}
			}
		}
		if s.noColon {
			into[':'] = true
		}
	}
}

// HasVariable reports whether a policy variable stands in the pattern.
func (p *Pattern) HasVariable() bool {
	for _, s := range p.symbols {
		if s.kind == variable {
			return true
		}
	}
	return false
}
