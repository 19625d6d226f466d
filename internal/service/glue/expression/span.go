package expression

import (
	"bytes"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/service/glue/partkey"
)

// span is the components from lo on and before hi; a nil hi is no end. A point
// holds exactly one component, lo.
type span struct {
	lo, hi []byte
	point  bool
}

// spans are in order and apart from each other.
type spans []span

var everything = spans{{}}

func (s spans) isEverything() bool { return len(s) == 1 && s[0].lo == nil && s[0].hi == nil }

func point(c []byte) span { return span{lo: c, hi: partkey.After(c), point: true} }

// valuesOnly is where components of values are: behind them are nulls and what
// does not parse, which no comparison is true of.
var valuesOnly = span{lo: partkey.FirstValue, hi: partkey.After(partkey.FirstValue)}

func (n and) spans(key int) spans { return intersect(n.left.spans(key), n.right.spans(key)) }
func (n or) spans(key int) spans  { return union(n.left.spans(key), n.right.spans(key)) }
func (n not) spans(int) spans     { return everything }

func (n isNull) spans(int) spans {
	if n.negated {
		return everything
	}
	return nil
}

func (n compare) spans(key int) spans {
	if key != n.key {
		return everything
	}
	s := valuesOnly
	switch n.op {
	case "=":
		return spans{point(n.literal)}
	case "<":
		s.hi = n.literal
	case "<=":
		s.hi = partkey.After(n.literal)
	case ">":
		s.lo = partkey.After(n.literal)
	case ">=":
		s.lo = n.literal
	}
	return spans{s}
}

func (n between) spans(key int) spans {
	switch {
	case key != n.key || n.negated:
		return everything
	case bytes.Compare(n.from, n.to) > 0:
		return nil
	}
	return spans{{lo: n.from, hi: partkey.After(n.to), point: bytes.Equal(n.from, n.to)}}
}

func (n in) spans(key int) spans {
	if key != n.key || n.negated {
		return everything
	}
	out := make(spans, len(n.literals))
	for i, c := range n.literals {
		out[i] = point(c)
	}
	return out
}

// A pattern's beginning without percent and underscore bounds what it matches.
func (n like) spans(key int) spans {
	if key != n.key || n.negated {
		return everything
	}
	prefix := n.pattern
	if i := strings.IndexAny(prefix, "%_"); i >= 0 {
		prefix = prefix[:i]
	}
	lo := partkey.TextPrefix(prefix)
	return spans{{lo: lo, hi: partkey.After(lo)}}
}

func intersect(a, b spans) spans {
	var out spans
	for len(a) > 0 && len(b) > 0 {
		x, y := a[0], b[0]
		s := span{lo: later(x.lo, y.lo), hi: earlier(x.hi, y.hi), point: x.point || y.point}
		if s.hi == nil || bytes.Compare(s.lo, s.hi) < 0 {
			out = append(out, s)
		}
		if s.hi == nil || bytes.Equal(s.hi, x.hi) {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return out
}

func union(a, b spans) spans {
	all := slices.SortedFunc(slices.Values(append(slices.Clone(a), b...)), func(x, y span) int { return bytes.Compare(x.lo, y.lo) })
	var out spans
	for _, s := range all {
		last := len(out) - 1
		switch {
		case last < 0 || (out[last].hi != nil && bytes.Compare(out[last].hi, s.lo) <= 0):
			out = append(out, s)
		case !bytes.Equal(out[last].lo, s.lo) || !out[last].point || !s.point:
			out[last] = span{lo: out[last].lo, hi: latest(out[last].hi, s.hi)}
		}
	}
	return out
}

// A nil lower bound is the smallest, a nil upper bound the greatest.
func later(a, b []byte) []byte {
	if bytes.Compare(a, b) >= 0 {
		return a
	}
	return b
}

func earlier(a, b []byte) []byte {
	if a == nil || (b != nil && bytes.Compare(b, a) < 0) {
		return b
	}
	return a
}

func latest(a, b []byte) []byte {
	if a == nil || b == nil {
		return nil
	}
	return later(a, b)
}

// Range is the stored keys from From on and before To.
type Range struct{ From, To []byte }

// All is the range of every stored key: none begins with the byte FF.
func All() Range { return Range{From: []byte{}, To: []byte{0xFF}} }

// maxRanges bounds the ranges of one expression: beyond it a longer prefix costs
// more than it saves.
const maxRanges = 500

// Path is how far a filter narrows an order of keys: the leading keys that it
// holds to single values, then at most one that it bounds.
type Path struct {
	Ranges  []Range // in order and apart from each other
	Pinned  int     // leading keys that are held to one or several values
	Bounded bool    // whether the key behind them is bounded
	// Exact is the one beginning that a match has when every key of the order
	// is held to a single value, else nil.
	Exact []byte
}

// Used is how many of the order's keys the ranges are made of.
func (p Path) Used() int {
	if p.Bounded {
		return p.Pinned + 1
	}
	return p.Pinned
}

// Narrows reports whether the path leaves anything out.
func (p Path) Narrows() bool { return p.Pinned > 0 || p.Bounded }

// Path is what the filter leaves of the order of stored keys.
func (f *Filter) Path() Path {
	if f == nil {
		return Path{Ranges: []Range{All()}}
	}
	order := make([]int, f.keys)
	for i := range order {
		order[i] = i
	}
	return f.Along(order, partkey.MaxKey)
}

// Ranges are where partitions that match can be, in the order of stored keys. A
// nil filter matches everything.
func (f *Filter) Ranges() []Range { return f.Path().Ranges }

// Along is what the filter leaves of an order that is made of the components of
// the keys at the given positions. Longer keys than limit are stored clipped.
func (f *Filter) Along(order []int, limit int) Path {
	if f == nil {
		return Path{Ranges: []Range{All()}}
	}
	p := planner{spans: make([]spans, len(order)), limit: limit}
	for i, key := range order {
		p.spans[i] = f.root.spans(key)
	}
	if f.contradicts() {
		p.measure()
		return p.path
	}
	p.extend(nil, 0)
	p.path.Ranges = p.out
	p.measure()
	return p.path
}

// contradicts reports whether no value of some key makes the filter true.
func (f *Filter) contradicts() bool {
	for key := range f.keys {
		if len(f.root.spans(key)) == 0 {
			return true
		}
	}
	return false
}

type planner struct {
	spans []spans // by place in the order
	limit int
	out   []Range
	path  Path
}

// measure tells how far the order is narrowed.
func (p *planner) measure() {
	var exact []byte
	for _, s := range p.spans {
		if s.isEverything() {
			return
		}
		if !s.points() {
			p.path.Bounded = true
			return
		}
		p.path.Pinned++
		if len(s) == 1 {
			exact = append(exact, s[0].lo...)
		}
	}
	if len(p.out) == 1 && len(exact) <= p.limit && !slices.ContainsFunc(p.spans, func(s spans) bool { return len(s) != 1 }) {
		p.path.Exact = exact
	}
}

func (s spans) points() bool {
	return !slices.ContainsFunc(s, func(x span) bool { return !x.point })
}

// extend adds the ranges of stored keys that begin with prefix, which stands for
// the keys before the one at the given place.
func (p *planner) extend(prefix []byte, place int) {
	if place == len(p.spans) || p.spans[place].isEverything() || len(p.out)+len(p.spans[place]) > maxRanges {
		p.add(prefix, span{})
		return
	}
	for _, s := range p.spans[place] {
		if s.point {
			p.extend(slices.Concat(prefix, s.lo), place+1)
			continue
		}
		p.add(prefix, s)
	}
}

// add adds a range. Keys that are too long are stored clipped, so bounds are
// clipped too, to the outside.
func (p *planner) add(prefix []byte, s span) {
	r := All()
	if from := slices.Concat(prefix, s.lo); len(from) > 0 {
		r.From = from[:min(len(from), p.limit)]
	}
	to := slices.Concat(prefix, s.hi)
	if s.hi == nil && len(prefix) > 0 {
		to = partkey.After(prefix)
	}
	if len(to) > p.limit {
		to = partkey.After(to[:p.limit])
	}
	if len(to) > 0 {
		r.To = to
	}
	if last := len(p.out) - 1; last >= 0 && bytes.Compare(r.From, p.out[last].To) <= 0 {
		p.out[last].To = later(p.out[last].To, r.To)
		return
	}
	p.out = append(p.out, r)
}

// Behind is what is left of ranges behind a key.
func Behind(ranges []Range, key []byte) []Range {
	out := make([]Range, 0, len(ranges))
	from := append(append([]byte(nil), key...), 0)
	for _, r := range ranges {
		if bytes.Compare(from, r.To) >= 0 {
			continue
		}
		out = append(out, Range{From: later(r.From, from), To: r.To})
	}
	return out
}
