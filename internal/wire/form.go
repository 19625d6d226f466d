package wire

import (
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/bindery-project/bindery/internal/op"
)

// pair is one parameter of a form: "Tags.member.1.Key" and its value.
type pair struct{ key, value string }

// malformedForm is AWS's refusal of a form that cannot be read.
func malformedForm(text string) error {
	return &op.Fault{Code: "MalformedQueryString", Message: text}
}

// malformedInput is the query protocols' refusal of a value of a wrong kind.
func malformedInput(text string) error {
	return &op.Fault{Code: "MalformedInput", Message: text}
}

// parseForm splits a form into pairs ordered so that the parameters below one
// name are neighbours. A parameter given twice is refused.
func parseForm(form string) ([]pair, error) {
	if strings.Count(form, "&") > MaxMembers {
		return nil, malformedForm("Too many parameters")
	}
	var pairs []pair
	for part := range strings.SplitSeq(form, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		key, err := formText(name)
		if err != nil {
			return nil, err
		}
		if value, err = formText(value); err != nil {
			return nil, err
		}
		pairs = append(pairs, pair{key, value})
	}
	return sortPairs(pairs)
}

func formText(escaped string) (string, error) {
	text, err := url.QueryUnescape(escaped)
	if err != nil || !utf8.ValidString(text) {
		return "", malformedForm("The parameters are not well-formed")
	}
	return text, nil
}

func sortPairs(pairs []pair) ([]pair, error) {
	slices.SortFunc(pairs, func(a, b pair) int { return comparePaths(a.key, b.key) })
	for i := 1; i < len(pairs); i++ {
		if pairs[i].key == pairs[i-1].key {
			return nil, malformedForm("A parameter is given more than once")
		}
	}
	return pairs, nil
}

// comparePaths orders dotted names with the dot before every other character,
// so that "a" and "a.b" are not parted by "a-c".
func comparePaths(a, b string) int {
	for i := range min(len(a), len(b)) {
		if x, y := pathByte(a[i]), pathByte(b[i]); x != y {
			return x - y
		}
	}
	return len(a) - len(b)
}

func pathByte(c byte) int {
	if c == '.' {
		return -1
	}
	return int(c)
}

// branch is what a form holds at and below one dotted name: its own value, if
// any, and the pairs below, whose names are read from offset at.
type branch struct {
	pairs []pair
	at    int
}

// own returns the value at the name itself.
func (b branch) own() (string, bool) {
	if len(b.pairs) > 0 && len(b.pairs[0].key) < b.at {
		return b.pairs[0].value, true
	}
	return "", false
}

// below cuts off the value at the name itself.
func (b branch) below() []pair {
	if _, ok := b.own(); ok {
		return b.pairs[1:]
	}
	return b.pairs
}

// each calls f for every name directly below, in form order.
func (b branch) each(f func(name string, sub branch) error) error {
	rest := b.below()
	for len(rest) > 0 {
		name := nextName(rest[0].key[b.at:])
		n := 1
		for n < len(rest) && nextName(rest[n].key[b.at:]) == name {
			n++
		}
		if err := f(name, branch{rest[:n], b.at + len(name) + 1}); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

func nextName(path string) string {
	name, _, _ := strings.Cut(path, ".")
	return name
}

// child returns the branch below a name; empty when there is none.
func (b branch) child(name string) branch {
	var found branch
	_ = b.each(func(n string, sub branch) error {
		if n == name {
			found = sub
		}
		return nil
	})
	return found
}

// numbered returns the branches below "1", "2"… in numeric order.
func (b branch) numbered() ([]branch, error) {
	type item struct {
		n   int
		sub branch
	}
	var items []item
	err := b.each(func(name string, sub branch) error {
		n, err := strconv.ParseUint(name, 10, 31)
		if err != nil {
			return malformedInput("Unexpected complex element termination")
		}
		items = append(items, item{int(n), sub})
		return nil
	})
	slices.SortStableFunc(items, func(a, b item) int { return a.n - b.n })
	subs := make([]branch, len(items))
	for i := range items {
		subs[i] = items[i].sub
	}
	return subs, err
}

// formReader reads values of a query form along their plans.
type formReader struct{ limits }

func (r *formReader) structure(p *plan, b branch, v reflect.Value) error {
	if err := r.enter(); err != nil {
		return err
	}
	var seen fieldSet
	err := b.each(func(name string, sub branch) error {
		i, ok := p.byWire[name]
		if !ok {
			return nil
		}
		seen.add(i)
		return r.field(&p.fields[i], sub, v)
	})
	if err != nil {
		return err
	}
	r.leave()
	if p.shape.Kind == op.Union && seen.len() != 1 {
		return malformedInput(oneOfUnion)
	}
	return r.finish(p, v, &seen)
}

func (r *formReader) field(f *field, b branch, v reflect.Value) error {
	fv := v.Field(f.Field)
	mark := len(r.missing)
	err := r.slot(f.slot, b, fv, f.flat, f.Time)
	r.prefix(mark, f.label)
	if err == nil && f.Fold {
		foldField(f, fv)
	}
	return err
}

func (r *formReader) slot(s slot, b branch, v reflect.Value, flat bool, format op.TimeFormat) error {
	if s.ptr {
		if err := r.charge(s.plan.typ); err != nil {
			return err
		}
	}
	v = s.newValue(v)
	switch s.plan.shape.Kind {
	case op.Structure, op.Union:
		return r.structure(s.plan, b, v)
	case op.List:
		return r.list(s.plan, b, v, flat)
	case op.Map:
		return r.mapping(s.plan, b, v, flat)
	default:
		return r.scalar(s.plan, b, v, format)
	}
}

func (r *formReader) scalar(p *plan, b branch, v reflect.Value, format op.TimeFormat) error {
	text, ok := b.own()
	if !ok || len(b.below()) > 0 {
		return malformedInput(foundObject)
	}
	if format == op.TimeDefault {
		format = op.TimeDateTime
	}
	if err := parseText(p.shape.Kind, format, text, v); err != nil {
		return malformedInput("STRING_VALUE can not be converted to " + kindNoun(p.shape.Kind))
	}
	return nil
}

// list reads "Name.member.1" or, flattened, "Name.1". A name with an empty
// value and nothing below is an empty list.
func (r *formReader) list(p *plan, b branch, v reflect.Value, flat bool) error {
	if err := r.enter(); err != nil {
		return err
	}
	defer r.leave()
	if !flat {
		b = b.child(elemTag(p.shape))
	}
	items, err := b.numbered()
	if err != nil {
		return err
	}
	v.Set(reflect.MakeSlice(p.typ, 0, 0))
	for n, item := range items {
		if err := r.grow(v); err != nil {
			return err
		}
		mark := len(r.missing)
		if err := r.slot(p.elem, item, v.Index(n), p.elem.plan.shape.Flattened, op.TimeDefault); err != nil {
			return err
		}
		if len(r.missing) > mark {
			r.prefix(mark, elementLabel(n))
		}
	}
	return nil
}

// mapping reads "Name.entry.1.key" and ".value" or, flattened, "Name.1.key".
func (r *formReader) mapping(p *plan, b branch, v reflect.Value, flat bool) error {
	if err := r.enter(); err != nil {
		return err
	}
	defer r.leave()
	if !flat {
		b = b.child("entry")
	}
	items, err := b.numbered()
	if err != nil {
		return err
	}
	v.Set(reflect.MakeMap(p.typ))
	for _, item := range items {
		if err := r.entry(p, item, v); err != nil {
			return err
		}
	}
	return nil
}

func (r *formReader) entry(p *plan, b branch, v reflect.Value) error {
	key, ok := b.child(keyTag(p.shape)).own()
	if !ok {
		return malformedInput("A map entry has no key")
	}
	if err := r.chargeEntry(p.typ); err != nil {
		return err
	}
	name := reflect.ValueOf(key).Convert(p.typ.Key())
	if v.MapIndex(name).IsValid() {
		return malformedInput("A map key is given more than once")
	}
	value := reflect.New(p.typ.Elem()).Elem()
	if sub := b.child(valTag(p.shape)); len(sub.pairs) > 0 {
		mark := len(r.missing)
		if err := r.slot(p.elem, sub, value, false, op.TimeDefault); err != nil {
			return err
		}
		r.prefix(mark, key+".member")
	}
	v.SetMapIndex(name, value)
	return nil
}

// The XML and query names inside lists and maps.

func elemTag(s *op.Shape) string { return orDefault(s.ElemTag, "member") }
func keyTag(s *op.Shape) string  { return orDefault(s.KeyTag, "key") }
func valTag(s *op.Shape) string  { return orDefault(s.ValTag, "value") }

func orDefault(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
