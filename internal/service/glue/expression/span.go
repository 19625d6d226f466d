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

// Ranges are where partitions that match can be, in order and apart from each
// other. A nil filter matches everything. keys is how many keys the table has.
func (f *Filter) Ranges() []Range {
	if f == nil {
		return []Range{All()}
	}
	p := planner{spans: make([]spans, f.keys)}
	for i := range p.spans {
		p.spans[i] = f.root.spans(i)
	}
	p.extend(nil, 0)
	return p.out
}

type planner struct {
	spans []spans // by key
	out   []Range
}

// extend adds the ranges of stored keys that begin with prefix, which stands for
// the keys before the one at the given position.
func (p *planner) extend(prefix []byte, key int) {
	if key == len(p.spans) || p.spans[key].isEverything() || len(p.out)+len(p.spans[key]) > maxRanges {
		p.add(prefix, span{})
		return
	}
	for _, s := range p.spans[key] {
		if s.point {
			p.extend(slices.Concat(prefix, s.lo), key+1)
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
		r.From = from[:min(len(from), partkey.MaxKey)]
	}
	to := slices.Concat(prefix, s.hi)
	if s.hi == nil && len(prefix) > 0 {
		to = partkey.After(prefix)
	}
	if len(to) > partkey.MaxKey {
		to = partkey.After(to[:partkey.MaxKey])
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
