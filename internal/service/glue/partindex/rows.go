package partindex

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/glue/partkey"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Rows is what partitions and tables see of the stored indexes.
type Rows struct {
	NewID func() int64 // for Found
}

// Live lists the indexes of a table that its partitions are entered in.
func (Rows) Live(ctx context.Context, tx *db.Tx, table int64) ([]partkey.Index, error) {
	all, err := list(ctx, tx, table)
	var out []partkey.Index
	for _, r := range all {
		if r.Status == glueapi.PartitionIndexStatusCreating || r.Status == glueapi.PartitionIndexStatusActive {
			out = append(out, r.order())
		}
	}
	return out, err
}

// Fit refuses values that an index cannot hold: what does not parse as the
// key's declared type, and what has one of the reserved characters.
func (Rows) Fit(keys []partkey.Key, x *partkey.Index, values []string) error {
	for i, position := range x.Keys {
		value := values[position]
		if partkey.HasReserved(value) {
			return terms.Invalid("The value of partition key %s has a character (U+0000, U+0001 or U+0002) that partition index %s does not support.",
				keys[position].Name, x.Name)
		}
		if _, ok := partkey.Component(x.Kinds[i], value); !ok {
			return terms.Invalid("The value %q of partition key %s is not of type %s, which partition index %s requires.",
				value, keys[position].Name, keys[position].Type, x.Name)
		}
	}
	return nil
}

// entry is a row of an index.
type entry struct {
	at     []byte
	key    []byte
	bucket int
}

// Rows are written several at a time; the statements of these sizes stay prepared.
var sizes = []int{64, 8, 1}

var inserts = func() map[int]string {
	out := map[int]string{}
	for _, n := range sizes {
		out[n] = `INSERT INTO glue_partition_index_row (index_id, ikey, okey, bucket) VALUES (?, ?, ?, ?)` +
			strings.Repeat(`, (?, ?, ?, ?)`, n-1) + ` ON CONFLICT DO NOTHING`
	}
	return out
}()

// Enter adds partitions to an index. Those that are in it already stay.
func (Rows) Enter(ctx context.Context, tx *db.Tx, x *partkey.Index, list []partkey.Stored) error {
	entries := make([]entry, len(list))
	for i, p := range list {
		entries[i] = entry{x.Entry(p.Values), p.Key, partkey.Bucket(p.Values)}
	}
	slices.SortFunc(entries, func(a, b entry) int { return bytes.Compare(a.at, b.at) }) // neighbours in one page
	args := make([]any, 0, 4*sizes[0])
	for len(entries) > 0 {
		n := sizes[slices.IndexFunc(sizes, func(n int) bool { return n <= len(entries) })]
		args = args[:0]
		for _, e := range entries[:n] {
			args = append(args, x.ID, e.at, e.key, e.bucket)
		}
		if _, err := tx.Exec(ctx, inserts[n], args...); err != nil {
			return fmt.Errorf("enter partitions in index %s: %w", x.Name, err)
		}
		entries = entries[n:]
	}
	return nil
}

// Leave removes a partition from an index.
func (Rows) Leave(ctx context.Context, tx *db.Tx, x *partkey.Index, p partkey.Stored) error {
	_, err := tx.Exec(ctx, `DELETE FROM glue_partition_index_row WHERE index_id = ? AND ikey = ? AND okey = ?`, x.ID, x.Entry(p.Values), p.Key)
	return err
}

// Count tells how many entries from one on and before another there are, at
// most limit.
func (Rows) Count(ctx context.Context, tx *db.Tx, x *partkey.Index, from, to []byte, limit int) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM glue_partition_index_row WHERE index_id = ? AND ikey >= ? AND ikey < ? LIMIT ?) AS counted`,
		x.ID, from, to, limit).Scan(&n)
	return n, err
}

// At lists the stored keys behind after of an entry, and before those of the
// buckets given, in order.
func (Rows) At(ctx context.Context, tx *db.Tx, x *partkey.Index, entry, after []byte, buckets [2]int, limit int) ([][]byte, error) {
	return keys(ctx, tx, `SELECT okey FROM glue_partition_index_row WHERE index_id = ? AND ikey = ? AND okey > ? AND bucket >= ? AND bucket < ?
		ORDER BY okey LIMIT ?`, x.ID, entry, after, buckets[0], buckets[1], limit)
}

// Within is At for the entries from one on and before another: the smallest
// stored keys among all of them.
func (Rows) Within(ctx context.Context, tx *db.Tx, x *partkey.Index, from, to, after []byte, buckets [2]int, limit int) ([][]byte, error) {
	return keys(ctx, tx, `SELECT okey FROM glue_partition_index_row WHERE index_id = ? AND ikey >= ? AND ikey < ? AND okey > ?
		AND bucket >= ? AND bucket < ? ORDER BY okey LIMIT ?`, x.ID, from, to, after, buckets[0], buckets[1], limit)
}

func keys(ctx context.Context, tx *db.Tx, query string, args ...any) ([][]byte, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var out [][]byte
	for rows.Next() {
		var key []byte
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		out = append(out, key)
	}
	return out, rows.Err()
}

// purgePiece is how many rows one transaction removes: a few milliseconds of
// other writers' time.
const purgePiece = 1000

// purge removes some entries of an index.
func purge(ctx context.Context, tx *db.Tx, index int64) (done bool, err error) {
	var ikey, okey []byte
	err = tx.QueryRow(ctx, `SELECT ikey, okey FROM glue_partition_index_row WHERE index_id = ? ORDER BY ikey, okey LIMIT 1 OFFSET ?`, index, purgePiece).
		Scan(&ikey, &okey)
	if errors.Is(err, db.ErrNotFound) { // the rest fits into one piece
		_, err = tx.Exec(ctx, `DELETE FROM glue_partition_index_row WHERE index_id = ?`, index)
		return err == nil, err
	}
	if err == nil {
		_, err = tx.Exec(ctx, `DELETE FROM glue_partition_index_row WHERE index_id = ? AND (ikey, okey) < (?, ?)`, index, ikey, okey)
	}
	return false, err
}

// PurgeTable removes some of the indexes of a deleted table.
func (Rows) PurgeTable(ctx context.Context, tx *db.Tx, table int64) (done bool, err error) {
	rows, err := list(ctx, tx, table)
	if err != nil || len(rows) == 0 {
		return err == nil, err
	}
	id := rows[0].id
	done, err = purge(ctx, tx, id)
	if err != nil || !done {
		return false, err
	}
	_, err = tx.Exec(ctx, `DELETE FROM glue_partition_index WHERE table_id = ? AND id = ?`, table, id)
	return len(rows) == 1, err
}
