package partition

import (
	"context"
	"slices"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/glue/expression"
	"github.com/bindery-project/bindery/internal/service/glue/partkey"
)

// A filtered list is read in the partitions' own order, or by one of the
// table's indexes. Both list in the partitions' own order, so the choice shows
// in the time it takes only, and may differ from page to page.
//
// By an index there is one way without sorting: when every key of the index is
// held to a single value, its entries lie in the partitions' order. Otherwise the
// entries that the filter leaves are sorted for each page, which pays as long as
// they are few. So the entries are counted first, up to a limit, which takes well
// below a millisecond.

// plan is how a page is read.
type plan struct {
	index   *partkey.Index // nil: in the partitions' own order
	path    expression.Path
	reason  string
	options []option // what there was to choose from, the own order first
}

// option is one way to read.
type option struct {
	index   *partkey.Index // nil: in the partitions' own order
	path    expression.Path
	usable  bool
	counted bool
	count   int  // of what the path leaves, if it was counted
	capped  bool // there are more than count
	why     string
}

// touched counts what a page has read.
type touched struct {
	rows      int // keys of partitions, in their own order
	entries   int // of an index
	documents int // that were read for entries that match
}

// choose makes the plan for a page.
func (p *Partitions) choose(ctx context.Context, tx *db.Tx, s *scan) (plan, error) {
	own := s.ownOrder()
	out := plan{path: own.path, reason: own.why}
	if s.filter == nil || len(own.path.Ranges) == 0 {
		out.options = []option{own}
		return out, nil
	}
	var err error
	if s.indexes, err = p.Indexes.Live(ctx, tx, s.id); err != nil {
		return out, err
	}
	options, err := p.byIndexes(ctx, tx, s, own.path.Used())
	if err != nil {
		return out, err
	}
	if best := narrowest(options); best != nil {
		if own.count, own.capped, err = countOwn(ctx, tx, s, own.path.Ranges, best.count); err != nil {
			return out, err
		}
		own.counted = true
		out.compare(&own, best)
	}
	out.options = append([]option{own}, options...)
	return out, nil
}

// ownOrder is the way that is always there.
func (s *scan) ownOrder() option {
	o := option{usable: true, path: expression.Path{Ranges: []expression.Range{expression.All()}}}
	switch {
	case s.filter == nil:
		o.why = "there is no filter"
	case !s.layout.Fits():
		o.why = "the types of the partition keys have changed since the partitions were stored, so their order is of no use"
	default:
		o.path = s.filter.Path()
		if o.why = "the filter bounds the leading keys"; !o.path.Narrows() {
			o.why = "the filter says nothing about the first key"
		}
	}
	if len(o.path.Ranges) == 0 {
		o.why = "no value meets all conditions of the filter"
	}
	return o
}

// byIndexes looks what the filter leaves of each index. own is how many of the
// table's keys their own order makes use of: an index that uses no other ones
// cannot leave less, and its entries need not be counted.
func (p *Partitions) byIndexes(ctx context.Context, tx *db.Tx, s *scan, own int) ([]option, error) {
	out := make([]option, 0, len(s.indexes))
	for i := range s.indexes {
		o := option{index: &s.indexes[i]}
		o.path = s.filter.Along(o.index.Keys, partkey.MaxEntry)
		switch {
		case !o.index.Ready:
			o.why = "it is being created"
		case !o.path.Narrows():
			o.why = "the filter says nothing about its first key"
		case !slices.ContainsFunc(o.index.Keys[:o.path.Used()], func(position int) bool { return position >= own }):
			o.why = "the partitions' own order makes use of the same keys"
		case !s.layout.Fits() && !coversAll(o.index, s.filter.Typed()):
			o.why = "the types of other compared keys have changed, and all values must be checked"
		default:
			if err := p.count(ctx, tx, &o, s.limits.Sorted); err != nil {
				return nil, err
			}
		}
		out = append(out, o)
	}
	return out, nil
}

// count counts the entries that the path leaves.
func (p *Partitions) count(ctx context.Context, tx *db.Tx, o *option, most int) error {
	o.counted = true
	for _, r := range o.path.Ranges {
		n, err := p.Indexes.Count(ctx, tx, o.index, r.From, r.To, most+1-o.count)
		if err != nil {
			return err
		}
		if o.count += n; o.count > most {
			o.count, o.capped = most, true
			break
		}
	}
	o.usable = !o.capped || o.path.Exact != nil
	if o.why = "it leaves few entries"; o.capped {
		o.why = "it leaves many entries, which lie in order"
	}
	if !o.usable {
		o.why = "it leaves too many entries to sort"
	}
	return nil
}

// coversAll reports whether all of the keys are part of the index.
func coversAll(x *partkey.Index, positions []int) bool {
	for _, position := range positions {
		if !x.Covers(position) {
			return false
		}
	}
	return true
}

// narrowest is the best of the indexes: the fewest entries, and among equals the
// most keys that are held to values.
func narrowest(options []option) *option {
	var best *option
	for i := range options {
		o := &options[i]
		if !o.usable {
			continue
		}
		if best == nil || o.count < best.count || (o.count == best.count && o.path.Pinned > best.path.Pinned) {
			best = o
		}
	}
	return best
}

// compare decides between the own order and the best index. An index costs a
// second look-up for each entry, so it must leave less to read.
func (p *plan) compare(own, best *option) {
	switch {
	case own.capped && !best.capped:
		p.reason = "index " + best.index.Name + " leaves the least to read"
	case own.capped && best.capped && best.path.Pinned > own.path.Pinned:
		p.reason = "index " + best.index.Name + " holds more keys to values than the partitions' own order"
	default:
		p.reason = "the partitions' own order leaves no more to read than the best index"
		return
	}
	p.index, p.path = best.index, best.path
}

// countOwn counts the partitions in some ranges of their own order. more says
// that there are more than limit.
func countOwn(ctx context.Context, tx *db.Tx, s *scan, ranges []expression.Range, limit int) (n int, more bool, err error) {
	for _, r := range ranges {
		var some int
		err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM glue_partition WHERE table_id = ? AND layout = ? AND okey >= ? AND okey < ? LIMIT ?) AS counted`,
			s.id, s.layout.Number, r.From, r.To, limit+1-n).Scan(&some)
		if err != nil {
			return 0, false, err
		}
		if n += some; n > limit {
			return limit, true, nil
		}
	}
	return n, false, nil
}
