package partition

import (
	"context"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/partkey"
)

// Explanation tells how a filtered GetPartitions finds what it answers.
type Explanation struct {
	Index     string // that is read, empty for the partitions' own order
	Reason    string
	Ways      []Way // what there was to choose from, the own order first
	Pages     int   // requests that a client would make, up to the end or the limit
	Complete  bool  // whether the list was read to its end
	Rows      int   // keys of partitions that were read in their own order
	Entries   int   // entries of the index that were read
	Documents int   // documents that were read by the index
	Returned  int   // partitions that match
}

// Way is one way to read the list.
type Way struct {
	Index   string // empty for the partitions' own order
	Keys    []KeyBounds
	Ranges  int // that the filter leaves
	Pinned  int // leading keys that are held to values
	Usable  bool
	Why     string
	Counted bool
	Count   int // entries in the ranges, at least when More is set
	More    bool
}

// KeyBounds is what a filter says about a key of a way, in order.
type KeyBounds struct{ Name, Bounds string }

// maxExplained is how many pages an explanation reads.
const maxExplained = 50

// Explain runs a filter and tells how. It reads what GetPartitions would, for a
// limited number of pages.
func Explain(ctx context.Context, p *Partitions, in *glueapi.GetPartitionsInput) (*Explanation, error) {
	s, err := newScan(op.CallFrom(ctx), in, p.Limits)
	if err != nil {
		return nil, err
	}
	out := &Explanation{}
	for out.Pages < maxExplained && !out.Complete {
		err := p.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error { return p.explainPage(ctx, tx, s, out) })
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// explainPage reads a page and adds what it took; s is the next page then.
func (p *Partitions) explainPage(ctx context.Context, tx *db.Tx, s *scan, out *Explanation) error {
	docs, next, err := p.page(ctx, tx, s)
	if err != nil {
		return err
	}
	if out.Pages == 0 {
		out.describe(s)
	}
	out.Pages++
	out.Rows += s.touched.rows
	out.Entries += s.touched.entries
	out.Documents += s.touched.documents
	out.Returned += len(docs)
	out.Complete = next == nil
	*s = scan{target: s.target, expression: s.expression, size: s.size, buckets: s.buckets, bare: s.bare, after: next, limits: s.limits, budget: s.limits.Budget}
	return nil
}

func (x *Explanation) describe(s *scan) {
	x.Reason = s.plan.reason
	if s.plan.index != nil {
		x.Index = s.plan.index.Name
	}
	for _, o := range s.plan.options {
		x.Ways = append(x.Ways, s.way(o))
	}
}

func (s *scan) way(o option) Way {
	w := Way{Ranges: len(o.path.Ranges), Pinned: o.path.Pinned, Usable: o.usable, Why: o.why, Count: o.count, More: o.capped, Counted: o.counted}
	if o.index == nil {
		for i := range s.layout.Keys {
			w.Keys = append(w.Keys, s.bounds(i))
		}
		return w
	}
	w.Index = o.index.Name
	for _, position := range o.index.Keys {
		w.Keys = append(w.Keys, s.bounds(position))
	}
	return w
}

func (s *scan) bounds(position int) KeyBounds {
	key := s.layout.Keys[position]
	return KeyBounds{Name: key.Name, Bounds: s.filter.Bounds(position, partkey.KindOf(key.Type))}
}
