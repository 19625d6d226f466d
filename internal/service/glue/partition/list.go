package partition

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/expression"
	"github.com/bindery-project/bindery/internal/service/glue/partkey"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

const (
	maxPage      = 1000 // AWS's ceiling for a page
	fewDocuments = 50   // that room is made for, when a filter may find few
)

// Limits bound the work for one page of a filtered list.
type Limits struct {
	Budget int // keys that are looked at; then the page ends, even empty
	Chunk  int // keys that are read at once
	Sorted int // entries of an index that are sorted; beyond it another way is taken
}

// DefaultLimits keep a page below some tens of milliseconds.
func DefaultLimits() Limits { return Limits{Budget: 20_000, Chunk: 2000, Sorted: 20_000} }

// GetPartitions lists a table's partitions in the order of their typed values.
func (p *Partitions) GetPartitions(ctx context.Context, in *glueapi.GetPartitionsInput) (*glueapi.GetPartitionsOutput, error) {
	call := op.CallFrom(ctx)
	if err := terms.RefuseTravel("GetPartitions", in.TransactionId, in.QueryAsOfTime); err != nil {
		return nil, err
	}
	s, err := newScan(call, in, p.Limits)
	if err != nil {
		return nil, err
	}
	parameters := *in
	parameters.NextToken, parameters.MaxResults = nil, nil
	if s.after, err = p.Pages.After(call, s.account, &parameters, in.NextToken); err != nil {
		return nil, err
	}
	out := &glueapi.GetPartitionsOutput{}
	var next []byte
	err = p.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		out.RawPartitions, next, err = p.page(ctx, tx, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	if next != nil {
		if out.NextToken, err = p.Pages.Next(call, s.account, &parameters, next); err != nil {
			return nil, err
		}
	}
	if terms.WantsStructs(ctx) {
		out.Partitions, err = terms.ParseAll[glueapi.Partition](glueapi.ShapePartition, out.RawPartitions)
		out.RawPartitions = nil
	}
	return out, err
}

// scan is a GetPartitions request, checked, and its way through the keys.
type scan struct {
	target
	expression string
	size       int
	buckets    [2]int // from, and before
	bare       bool
	after      []byte // the token's position

	filter     *expression.Filter
	plan       plan
	behind     []byte // the key behind which the page begins, nil for the first one
	limits     Limits
	budget     int
	grown      int      // rows asked for by the last query
	last       []byte   // the key that was looked at last
	components [][]byte // of the row at hand
	touched    touched
}

func newScan(call *op.Call, in *glueapi.GetPartitionsInput, limits Limits) (*scan, error) {
	t, err := newTarget(call, in.CatalogId, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	s := &scan{target: *t, size: terms.Size(in.MaxResults, maxPage), buckets: [2]int{0, partkey.Buckets}, limits: limits, budget: limits.Budget}
	if in.Expression != nil {
		s.expression = *in.Expression
	}
	s.bare = in.ExcludeColumnSchema != nil && *in.ExcludeColumnSchema
	if in.Segment != nil {
		number, total := int(in.Segment.SegmentNumber), int(in.Segment.TotalSegments)
		if total < 1 || number < 0 || number >= total {
			return nil, terms.Invalid("SegmentNumber must be less than TotalSegments.")
		}
		s.buckets = [2]int{number * partkey.Buckets / total, (number + 1) * partkey.Buckets / total}
	}
	return s, nil
}

// page reads one page and the position behind it, nil at the end of the list.
func (p *Partitions) page(ctx context.Context, tx *db.Tx, s *scan) (docs []op.Raw, next []byte, err error) {
	if err := p.find(ctx, tx, &s.target); err != nil {
		return nil, nil, err
	}
	if err := s.prepare(ctx, tx); err != nil {
		return nil, nil, err
	}
	w, err := p.newWriter(&s.target, s.bare)
	if err != nil {
		return nil, nil, err
	}
	w.few, w.most = s.size, s.size
	if s.filter != nil {
		w.few = fewDocuments
	}
	if s.plan, err = p.choose(ctx, tx, s); err != nil {
		return nil, nil, err
	}
	more := false
	if s.plan.index != nil {
		more, err = p.byIndex(ctx, tx, s, w)
	} else {
		more, err = s.inOrder(ctx, tx, w)
	}
	if err != nil {
		return nil, nil, err
	}
	if more {
		next = s.position()
	}
	return w.documents(), next, nil
}

// inOrder reads the ranges of the plan in the partitions' own order. more says
// that the page ended before them.
func (s *scan) inOrder(ctx context.Context, tx *db.Tx, w *writer) (more bool, err error) {
	ranges := expression.Behind(s.plan.path.Ranges, s.behind)
	if s.behind == nil {
		ranges = s.plan.path.Ranges
	}
	for len(ranges) > 0 {
		done, err := s.chunk(ctx, tx, w, &ranges[0])
		if err != nil {
			return false, err
		}
		if done {
			ranges = ranges[1:]
			continue
		}
		if s.over(w) {
			return true, nil
		}
	}
	return false, nil
}

// over reports whether the page is full, or has looked at enough.
func (s *scan) over(w *writer) bool { return w.full(s.size) || (s.filter != nil && s.budget <= 0) }

// prepare parses the filter and refuses it when stored values of a key that it
// compares are none of the key's type.
func (s *scan) prepare(ctx context.Context, tx *db.Tx) (err error) {
	var mistake *expression.Error
	if s.filter, err = expression.Parse(s.expression, s.layout.Keys); errors.As(err, &mistake) {
		return &glueapi.InvalidInputException{Message: mistake.Message}
	}
	if err != nil {
		return err
	}
	if err := s.resume(); err != nil || !s.layout.Fits() {
		return err
	}
	for _, position := range s.filter.Typed() {
		value, found, err := unparsable(ctx, tx, &s.target, position)
		if err != nil {
			return err
		}
		if found {
			return inconsistent(s.layout.Kinds[position], value)
		}
	}
	return nil
}

func inconsistent(k partkey.Kind, value string) error {
	return &glueapi.InvalidStateException{Message: expression.NotOfKind(k, value)}
}

// A position is the layout's number and the last key that was looked at.
func (s *scan) position() []byte {
	return append(binary.AppendVarint(nil, s.layout.Number), s.last...)
}

// resume finds the key behind which the page begins. Each plan lists in the
// same order, so that any of them can go on where another one ended.
func (s *scan) resume() error {
	if s.after == nil {
		return nil
	}
	number, n := binary.Varint(s.after)
	if n <= 0 || number != s.layout.Number {
		return terms.Invalid("Invalid NextToken.") // the keys' types have changed, and with them the order
	}
	s.behind = s.after[n:]
	s.last = append(s.last, s.behind...)
	return nil
}

// chunk reads some rows of a range and adds those that match. It moves the
// range's beginning; done says that nothing is left of it.
func (s *scan) chunk(ctx context.Context, tx *db.Tx, w *writer, r *expression.Range) (done bool, err error) {
	limit := s.limit(len(w.ends))
	if s.sparse(w) {
		done, err = s.readKeys(ctx, tx, w, *r, limit)
	} else {
		done, err = s.read(ctx, tx, w, *r, limit)
	}
	if len(s.last) > 0 && bytes.Compare(s.last, r.From) >= 0 {
		r.From = slices.Concat(s.last, []byte{0})
	}
	var unknown *unknownDescriptor
	if errors.As(err, &unknown) {
		return false, w.descriptors.load(ctx, tx, s.account, unknown.hash)
	}
	return done, err
}

// limit is how many rows the next query asks for. Without a filter that is what
// the page has room for, and one to see whether the list goes on. With one it
// begins there and grows, since many rows may be needed for one.
func (s *scan) limit(have int) int {
	room := s.size - have + 1
	if s.filter == nil {
		return room
	}
	s.grown = min(s.limits.Chunk, max(2*s.grown, room))
	return min(s.grown, s.budget)
}

// read adds what matches of up to limit rows. done says that there are no more;
// it is false, too, when reading ends early because the page is full.
func (s *scan) read(ctx context.Context, tx *db.Tx, w *writer, r expression.Range, limit int) (done bool, err error) {
	rows, err := s.query(ctx, tx, r, limit)
	if err != nil {
		return false, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	seen := 0
	var key, doc sql.RawBytes // copied only when they are needed
	for ; rows.Next(); seen++ {
		if w.full(s.size) {
			return false, nil
		}
		if err := rows.Scan(&key, &doc); err != nil {
			return false, err
		}
		row := row{key, doc}
		matches, err := s.matches(row)
		if err == nil && matches {
			err = w.add(row)
		}
		if err != nil {
			return false, err
		}
		s.last = append(s.last[:0], key...)
		s.budget--
		s.touched.rows++
	}
	return seen < limit, rows.Err()
}

// sparse reports whether so few rows match that their documents are better read
// one by one than with all the keys.
func (s *scan) sparse(w *writer) bool {
	const dense = 8 // rows for one that matches
	return s.filter != nil && s.touched.rows >= s.limits.Chunk/10 && len(w.ends)*dense < s.touched.rows
}

// readKeys is read without the documents of rows that do not match.
func (s *scan) readKeys(ctx context.Context, tx *db.Tx, w *writer, r expression.Range, limit int) (done bool, err error) {
	keys, err := keysIn(ctx, tx, &s.target, r, s.buckets, limit)
	if err != nil {
		return false, err
	}
	s.touched.rows += len(keys)
	ended, err := s.take(ctx, tx, w, keys)
	return !ended && len(keys) < limit, err
}

func (s *scan) query(ctx context.Context, tx *db.Tx, r expression.Range, limit int) (*db.Rows, error) {
	if s.buckets == [2]int{0, partkey.Buckets} {
		return tx.Query(ctx, `SELECT okey, doc FROM glue_partition WHERE table_id = ? AND layout = ? AND okey >= ? AND okey < ? ORDER BY okey LIMIT ?`,
			s.id, s.layout.Number, r.From, r.To, limit)
	}
	return tx.Query(ctx, `SELECT okey, doc FROM glue_partition WHERE table_id = ? AND layout = ? AND okey >= ? AND okey < ?
		AND bucket >= ? AND bucket < ? ORDER BY okey LIMIT ?`, s.id, s.layout.Number, r.From, r.To, s.buckets[0], s.buckets[1], limit)
}

// matches decides on a row by its key. A key that was built for other types, or
// that was clipped, is built again from the values.
func (s *scan) matches(r row) (bool, error) {
	if s.filter == nil {
		return true, nil
	}
	var whole bool
	if s.layout.Fits() {
		if s.components, whole = s.layout.Split(s.components[:0], r.key, len(s.layout.Keys)); whole {
			return s.filter.Match(s.components), nil
		}
	}
	values, ok := s.layout.Values(r.key)
	if !ok {
		var err error
		if values, err = r.values(&s.target); err != nil {
			return false, err
		}
	}
	if err := s.rebuild(values); err != nil {
		return false, err
	}
	return s.filter.Match(s.components), nil
}

// rebuild makes the components of values by the keys' present types.
func (s *scan) rebuild(values []string) error {
	s.components = s.components[:0]
	for i, key := range s.layout.Keys[:min(len(values), len(s.layout.Keys))] {
		kind := partkey.KindOf(key.Type)
		c, ok := partkey.Component(kind, values[i])
		if !ok && s.filter.Compares(i) {
			return inconsistent(kind, values[i])
		}
		s.components = append(s.components, c)
	}
	return nil
}
