package wire

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/bindery-project/bindery/internal/op"
)

// maxProblems bounds an error's length: a list of many bad elements names the
// first ones.
const maxProblems = 100

// check returns the text of every constraint that v breaks, in model order.
// missing holds the paths of required scalars that the input left out, which
// the Go value cannot show.
func check(p *plan, v reflect.Value, missing []string) []string {
	if !p.checked && len(missing) == 0 {
		return nil
	}
	c := checker{missing: missing}
	c.value(p, v)
	return c.problems
}

// checker walks a value and remembers where it is.
type checker struct {
	path     []string
	missing  []string
	problems []string
}

func (c *checker) value(p *plan, v reflect.Value) {
	if c.full() {
		return
	}
	switch p.shape.Kind {
	case op.Structure, op.Union:
		c.fields(p, v)
	case op.List:
		c.own(p, v)
		c.list(p, v)
	case op.Map:
		c.own(p, v)
		c.mapping(p, v)
	default:
		c.own(p, v)
	}
}

func (c *checker) fields(p *plan, v reflect.Value) {
	for i := range p.fields {
		f := &p.fields[i]
		if !f.Required && !f.plan.checked && len(c.missing) == 0 {
			continue
		}
		c.path = append(c.path, f.label)
		c.field(f, v)
		c.path = c.path[:len(c.path)-1]
	}
}

func (c *checker) field(f *field, v reflect.Value) {
	fv := v.Field(f.Field)
	switch {
	case f.plain && f.Required && c.isMissing():
		c.null()
	case f.plain && !f.Required && fv.IsZero() && zeroDefault(f.Default):
		// Not sent, as far as the Go value can tell.
	case f.present(fv):
		c.slot(f.slot, fv)
	case f.Required && !rawOf(f, v).IsValid():
		c.null()
	}
}

// zeroDefault reports whether a member's default is its Go type's zero value.
func zeroDefault(text string) bool {
	switch text {
	case "", "null", "0", "0.0", "false", `""`:
		return true
	}
	return false
}

func (c *checker) slot(s slot, v reflect.Value) {
	if s.ptr {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	c.value(s.plan, v)
}

// list checks elements: structures and nested lists each at their own path,
// scalars together, as AWS words it.
func (c *checker) list(p *plan, v reflect.Value) {
	elem := p.elem.plan
	if !elem.checked && len(c.missing) == 0 {
		return
	}
	flat := isFlat(elem)
	broken := false
	for i := 0; i < v.Len() && !c.full(); i++ {
		c.path = append(c.path, elementLabel(i))
		switch {
		case c.isMissing():
			c.null()
		case flat:
			broken = broken || breaks(p.elem, v.Index(i))
		default:
			c.slot(p.elem, v.Index(i))
		}
		c.path = c.path[:len(c.path)-1]
	}
	if broken {
		c.report(p, v, "Member must satisfy constraint: "+combined(elem.shape))
	}
}

func (c *checker) mapping(p *plan, v reflect.Value) {
	elem := p.elem.plan
	keys, values := p.key.checked, elem.checked
	if !keys && !values && len(c.missing) == 0 {
		return
	}
	badKey, badValue := false, false
	for _, key := range sortedKeys(v) {
		badKey = badKey || keys && len(violations(p.key, key)) > 0
		value := v.MapIndex(key)
		if isFlat(elem) {
			badValue = badValue || breaks(p.elem, value)
			continue
		}
		c.path = append(c.path, key.String(), "member")
		c.slot(p.elem, value)
		c.path = c.path[:len(c.path)-2]
	}
	if badKey {
		c.report(p, v, "Map keys must satisfy constraint: "+combined(p.key.shape))
	}
	if badValue {
		c.report(p, v, "Map value must satisfy constraint: "+combined(elem.shape))
	}
}

// isFlat reports whether a plan's constraints are told at the container.
func isFlat(p *plan) bool { return isScalar(p.shape.Kind) || p.shape.Kind == op.Blob }

func breaks(s slot, v reflect.Value) bool {
	if s.ptr {
		if v.IsNil() {
			return false
		}
		v = v.Elem()
	}
	return len(violations(s.plan, v)) > 0
}

// own reports the constraints on the value itself.
func (c *checker) own(p *plan, v reflect.Value) {
	for _, rule := range violations(p, v) {
		c.report(p, v, rule)
	}
}

func (c *checker) report(p *plan, v reflect.Value, rule string) {
	if c.full() {
		return
	}
	value := "Value at"
	if !sensitive(p) {
		value = "Value '" + echo(p, v) + "' at"
	}
	c.problems = append(c.problems, fmt.Sprintf("%s '%s' failed to satisfy constraint: %s", value, c.where(), rule))
}

func (c *checker) null() {
	if c.full() {
		return
	}
	c.problems = append(c.problems, fmt.Sprintf(
		"Value null at '%s' failed to satisfy constraint: Member must not be null", c.where()))
}

func (c *checker) full() bool { return len(c.problems) >= maxProblems }

func (c *checker) where() string { return strings.Join(c.path, ".") }

// isMissing reports whether the reader found nothing at the current path.
func (c *checker) isMissing() bool {
	return len(c.missing) > 0 && slices.Contains(c.missing, c.where())
}

// sensitive reports whether a value may not be echoed: its own shape or that
// of its elements is marked.
func sensitive(p *plan) bool {
	if p.shape.Sensitive || p.key != nil && p.key.shape.Sensitive {
		return true
	}
	return p.elem.plan != nil && sensitive(p.elem.plan)
}

// violations returns the rules of the shape that a present value breaks.
func violations(p *plan, v reflect.Value) []string {
	s := p.shape
	if !s.HasMin && !s.HasMax && s.Match == nil && len(s.Enum) == 0 {
		return nil
	}
	var rules []string
	if s.Match != nil && !s.Match(v.String()) {
		rules = append(rules, patternRule(s))
	}
	if s.HasMin || s.HasMax {
		rules = append(rules, sizeRules(s, v)...)
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, v.String()) {
		rules = append(rules, enumRule(s))
	}
	return rules
}

// sizeRules checks length, element count or value, whatever the kind bounds.
func sizeRules(s *op.Shape, v reflect.Value) []string {
	low, high := false, false
	switch s.Kind {
	case op.Integer, op.Long:
		low, high = v.Int() < s.Min, v.Int() > s.Max
	case op.Float, op.Double:
		low, high = v.Float() < float64(s.Min), v.Float() > float64(s.Max)
	case op.String, op.Enum:
		low, high = stringBounds(s, v.String())
	case op.Blob, op.List, op.Map:
		low, high = int64(v.Len()) < s.Min, int64(v.Len()) > s.Max
	}
	var rules []string
	if low && s.HasMin {
		rules = append(rules, minRule(s))
	}
	if high && s.HasMax {
		rules = append(rules, maxRule(s))
	}
	return rules
}

// stringBounds compares in code points, which are counted only when the bytes
// do not already decide.
func stringBounds(s *op.Shape, text string) (low, high bool) {
	n := int64(len(text))
	if (!s.HasMin || n >= 4*s.Min) && (!s.HasMax || n <= s.Max) {
		return false, false
	}
	n = int64(utf8.RuneCountInString(text))
	return n < s.Min, n > s.Max
}

// The rules in AWS's words. Lengths are of strings, blobs, lists and maps;
// values are of numbers.

func minRule(s *op.Shape) string {
	return "Member must have " + measure(s) + " greater than or equal to " + strconv.FormatInt(s.Min, 10)
}

func maxRule(s *op.Shape) string {
	return "Member must have " + measure(s) + " less than or equal to " + strconv.FormatInt(s.Max, 10)
}

func measure(s *op.Shape) string {
	switch s.Kind {
	case op.Integer, op.Long, op.Float, op.Double:
		return "value"
	}
	return "length"
}

func patternRule(s *op.Shape) string {
	return "Member must satisfy regular expression pattern: " + s.Pattern
}

func enumRule(s *op.Shape) string {
	return "Member must satisfy enum value set: [" + strings.Join(s.Enum, ", ") + "]"
}

// combined lists all rules of an element's shape, broken or not: what AWS
// answers for elements of lists and for keys and values of maps.
func combined(s *op.Shape) string {
	var rules []string
	if s.HasMax {
		rules = append(rules, maxRule(s))
	}
	if s.HasMin {
		rules = append(rules, minRule(s))
	}
	if s.Match != nil {
		rules = append(rules, patternRule(s))
	}
	if len(s.Enum) > 0 {
		rules = append(rules, enumRule(s))
	}
	return "[" + strings.Join(rules, ", ") + "]"
}
