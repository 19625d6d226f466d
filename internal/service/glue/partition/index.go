package partition

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/glue/partkey"
)

// byIndex reads a page by the plan's index: the stored keys of its entries in
// order, the filter on these keys, and the documents of those that match. more
// says that the page ended before the list.
func (p *Partitions) byIndex(ctx context.Context, tx *db.Tx, s *scan, w *writer) (more bool, err error) {
	for {
		limit := s.limit(len(w.ends))
		keys, err := p.entries(ctx, tx, s, limit)
		if err != nil {
			return false, err
		}
		s.touched.entries += len(keys)
		if ended, err := s.take(ctx, tx, w, keys); err != nil || ended {
			return ended, err
		}
		switch {
		case len(keys) < limit:
			return false, nil
		case s.over(w):
			return true, nil
		}
	}
}

// entries are the smallest stored keys behind the last one that the plan leaves.
func (p *Partitions) entries(ctx context.Context, tx *db.Tx, s *scan, limit int) ([][]byte, error) {
	after := append([]byte{}, s.last...)
	if s.plan.path.Exact != nil {
		return p.Indexes.At(ctx, tx, s.plan.index, s.plan.path.Exact, after, s.buckets, limit)
	}
	var all [][]byte
	for _, r := range s.plan.path.Ranges {
		some, err := p.Indexes.Within(ctx, tx, s.plan.index, r.From, r.To, after, s.buckets, limit)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	if len(s.plan.path.Ranges) > 1 {
		slices.SortFunc(all, bytes.Compare)
	}
	return all[:min(limit, len(all))], nil
}

// fetched is how many documents one query reads.
const fetched = 64

// take adds the partitions with these keys that match. ended says that the page
// became full before the last of them.
func (s *scan) take(ctx context.Context, tx *db.Tx, w *writer, keys [][]byte) (ended bool, err error) {
	var found [][]byte
	for i, key := range keys {
		if len(w.ends)+len(found) >= s.size {
			if ended, err := s.fetch(ctx, tx, w, found); err != nil || ended || w.full(s.size) {
				return true, err
			}
			found = found[:0]
		}
		s.budget--
		// Of a clipped key the document decides, when it is there.
		matches := len(key) > partkey.MaxKey
		if !matches {
			if matches, err = s.matches(row{key: key}); err != nil {
				return false, err
			}
		}
		if matches {
			found = append(found, key)
		}
		if len(found) == fetched || i == len(keys)-1 {
			if ended, err := s.fetch(ctx, tx, w, found); err != nil || ended {
				return ended, err
			}
			found = found[:0]
			s.last = append(s.last[:0], key...)
		}
	}
	return false, nil
}

// fetch adds the documents with these keys. ended says that the page became
// full before the last of them.
func (s *scan) fetch(ctx context.Context, tx *db.Tx, w *writer, keys [][]byte) (ended bool, err error) {
	rows, err := s.rows(ctx, tx, keys)
	if err != nil {
		return false, err
	}
	for _, r := range rows {
		if w.full(s.size) {
			return true, nil
		}
		matches := true
		if len(r.key) > partkey.MaxKey {
			matches, err = s.matches(r)
		}
		if err == nil && matches {
			s.touched.documents++
			err = w.load(ctx, tx, r)
		}
		if err != nil {
			return false, err
		}
		s.last = append(s.last[:0], r.key...)
	}
	return false, nil
}

// rows reads the partitions with the given keys, in order.
func (s *scan) rows(ctx context.Context, tx *db.Tx, keys [][]byte) ([]row, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	args := []any{s.id, s.layout.Number}
	for _, key := range keys {
		args = append(args, key)
	}
	n := 1
	for n < len(keys) {
		n *= 4 // few lengths of statement, so that they stay prepared
	}
	for len(args) < n+2 {
		args = append(args, keys[0])
	}
	rows, err := tx.Query(ctx, `SELECT okey, doc FROM glue_partition WHERE table_id = ? AND layout = ? AND okey IN (?`+strings.Repeat(", ?", n-1)+`) ORDER BY okey`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	out := make([]row, 0, len(keys))
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.key, &r.doc); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}
