package partition

import (
	"context"
	"errors"

	"github.com/go-json-experiment/json"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/glue/expression"
	"github.com/bindery-project/bindery/internal/service/glue/partkey"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Stored lists the tables of this package, for fsck.
func Stored() []db.StoredTable {
	return []db.StoredTable{
		{Name: "glue_partition", KeyColumns: []string{"table_id", "layout", "okey"}, Documents: []string{"doc"}},
		{Name: "glue_descriptor", KeyColumns: []string{"account", "hash"}, Documents: []string{"doc"}},
	}
}

// row is a stored partition.
type row struct {
	key []byte
	doc []byte // stored form
}

func (r row) place(t *target) db.Place { return db.At("glue_partition", t.id, t.layout.Number, r.key) }

func (r row) payload(t *target) ([]byte, error) { return db.DecodeBytes(r.place(t), r.doc) }

// load reads the partition with the given values.
func load(ctx context.Context, tx *db.Tx, t *target, values []string) (row, error) {
	key, _ := t.layout.Encode(values)
	r := row{key: key}
	err := tx.QueryRow(ctx, `SELECT doc FROM glue_partition WHERE table_id = ? AND layout = ? AND okey = ?`, t.id, t.layout.Number, key).Scan(&r.doc)
	if errors.Is(err, db.ErrNotFound) {
		return r, missing()
	}
	return r, err
}

// insert stores a partition and returns its key, which is nil when there is one
// with its values already.
func (p *Partitions) insert(ctx context.Context, tx *db.Tx, t *target, d *document) ([]byte, error) {
	key, unparsable := t.layout.Encode(d.values)
	r := row{key: key}
	r.doc = db.EncodeBytes(r.place(t), d.payload)
	n, err := tx.Exec(ctx, `INSERT INTO glue_partition (table_id, layout, okey, bucket, doc) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		t.id, t.layout.Number, key, partkey.Bucket(d.values), r.doc)
	if err != nil || n == 0 {
		return nil, err
	}
	if err := p.descriptors.store(ctx, tx, t.account, d); err != nil {
		return nil, err
	}
	for _, i := range unparsable {
		_, err := tx.Exec(ctx, `INSERT INTO glue_partition_unparsable (table_id, layout, position, okey, value) VALUES (?, ?, ?, ?, ?)`,
			t.id, t.layout.Number, i, key, d.values[i])
		if err != nil {
			return nil, err
		}
	}
	return key, record(ctx, tx, t, d.values, nil, r.doc)
}

// update replaces a partition's document; the time of its creation stays.
func (p *Partitions) update(ctx context.Context, tx *db.Tx, t *target, values []string, in *glueapi.PartitionInput) error {
	old, err := load(ctx, tx, t, values)
	if err != nil {
		return err
	}
	payload, err := old.payload(t)
	if err != nil {
		return err
	}
	before, err := own(payload)
	if err != nil {
		return err
	}
	input := *in
	input.Values = values
	d, err := newDocument(t.account, &input, *before.CreationTime)
	if err != nil {
		return err
	}
	if err := p.descriptors.store(ctx, tx, t.account, d); err != nil {
		return err
	}
	doc := db.EncodeBytes(old.place(t), d.payload)
	_, err = tx.Exec(ctx, `UPDATE glue_partition SET doc = ? WHERE table_id = ? AND layout = ? AND okey = ?`, doc, t.id, t.layout.Number, old.key)
	if err != nil {
		return err
	}
	return record(ctx, tx, t, values, old.doc, doc)
}

func (p *Partitions) remove(ctx context.Context, tx *db.Tx, t *target, values []string) error {
	key, unparsable := t.layout.Encode(values)
	var doc []byte
	err := tx.QueryRow(ctx, `DELETE FROM glue_partition WHERE table_id = ? AND layout = ? AND okey = ? RETURNING doc`, t.id, t.layout.Number, key).Scan(&doc)
	if errors.Is(err, db.ErrNotFound) {
		return missing()
	}
	if err != nil {
		return err
	}
	for _, i := range unparsable {
		_, err := tx.Exec(ctx, `DELETE FROM glue_partition_unparsable WHERE table_id = ? AND layout = ? AND position = ? AND okey = ?`,
			t.id, t.layout.Number, i, key)
		if err != nil {
			return err
		}
	}
	if err := p.Bury(ctx, tx, t.id, t.layout.Number, key); err != nil {
		return err
	}
	for i := range t.indexes {
		if err := p.Indexes.Leave(ctx, tx, &t.indexes[i], partkey.Stored{Key: key, Values: values}); err != nil {
			return err
		}
	}
	return record(ctx, tx, t, values, doc, nil)
}

// record writes the journal. The key ends in the values as a JSON list; the
// documents name their descriptor by its hash.
func record(ctx context.Context, tx *db.Tx, t *target, values []string, before, after []byte) error {
	list, err := json.Marshal(values)
	if err != nil {
		return err
	}
	return tx.Record(ctx, db.Change{
		Account: terms.Owner(t.account), Kind: "glue:partition", Key: terms.CatalogKey(t.account, t.database, t.name, string(list)), Before: before, After: after,
	})
}

// unparsable is a stored value of a key that is none of its type, if any.
func unparsable(ctx context.Context, tx *db.Tx, t *target, position int) (value string, found bool, err error) {
	err = tx.QueryRow(ctx, `SELECT value FROM glue_partition_unparsable WHERE table_id = ? AND layout = ? AND position = ? ORDER BY okey LIMIT 1`,
		t.id, t.layout.Number, position).Scan(&value)
	if errors.Is(err, db.ErrNotFound) {
		return "", false, nil
	}
	return value, err == nil, err
}

// Rows is what other resources see of the stored partitions.
type Rows struct{}

// Any reports whether the table with the given id has a partition.
func (Rows) Any(ctx context.Context, tx *db.Tx, id int64) (bool, error) {
	var layout int64
	err := tx.QueryRow(ctx, `SELECT layout FROM glue_partition WHERE table_id = ? LIMIT 1`, id).Scan(&layout)
	if errors.Is(err, db.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Exists reports whether a table has the partition with a stored key.
func (Rows) Exists(ctx context.Context, tx *db.Tx, table, layout int64, key []byte) (bool, error) {
	var bucket int64
	err := tx.QueryRow(ctx, `SELECT bucket FROM glue_partition WHERE table_id = ? AND layout = ? AND okey = ?`, table, layout, key).Scan(&bucket)
	if errors.Is(err, db.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// After lists up to limit partitions of a table behind a stored key, in order.
func (Rows) After(ctx context.Context, tx *db.Tx, table int64, layout *partkey.Layout, key []byte, limit int) ([]partkey.Stored, error) {
	t := &target{id: table, layout: *layout}
	rest := expression.Behind([]expression.Range{expression.All()}, key)
	keys, err := keysIn(ctx, tx, t, rest[0], [2]int{0, partkey.Buckets}, limit)
	if err != nil {
		return nil, err
	}
	out := make([]partkey.Stored, len(keys))
	for i, key := range keys {
		values, err := valuesOf(ctx, tx, t, key)
		if err != nil {
			return nil, err
		}
		out[i] = partkey.Stored{Key: key, Values: values}
	}
	return out, nil
}

// keysIn lists up to limit stored keys of a range, in order.
func keysIn(ctx context.Context, tx *db.Tx, t *target, r expression.Range, buckets [2]int, limit int) ([][]byte, error) {
	rows, err := tx.Query(ctx, `SELECT okey FROM glue_partition WHERE table_id = ? AND layout = ? AND okey >= ? AND okey < ?
		AND bucket >= ? AND bucket < ? ORDER BY okey LIMIT ?`, t.id, t.layout.Number, r.From, r.To, buckets[0], buckets[1], limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	out := make([][]byte, 0, limit)
	for rows.Next() {
		var key []byte
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		out = append(out, key)
	}
	return out, rows.Err()
}

// valuesOf is a partition's values: those of its key, or of its document when
// the key was clipped.
func valuesOf(ctx context.Context, tx *db.Tx, t *target, key []byte) ([]string, error) {
	if values, ok := t.layout.Values(key); ok {
		return values, nil
	}
	r := row{key: key}
	err := tx.QueryRow(ctx, `SELECT doc FROM glue_partition WHERE table_id = ? AND layout = ? AND okey = ?`, t.id, t.layout.Number, key).Scan(&r.doc)
	if err != nil {
		return nil, err
	}
	return r.values(t)
}

// values are those of a partition's document.
func (r row) values(t *target) ([]string, error) {
	payload, err := r.payload(t)
	if err != nil {
		return nil, err
	}
	p, err := own(payload)
	if err != nil {
		return nil, err
	}
	return p.Values, nil
}

// purgePiece is how many rows one transaction of a purge removes: a few
// milliseconds of other writers' time.
const purgePiece = 500

// PurgeTable removes some partitions of a deleted table.
func (Rows) PurgeTable(ctx context.Context, tx *db.Tx, id int64) (done bool, err error) {
	for _, from := range []string{"glue_partition_unparsable", "glue_partition"} {
		var layout int64
		var last []byte
		err := tx.QueryRow(ctx, `SELECT layout, okey FROM `+from+` WHERE table_id = ? ORDER BY layout, okey LIMIT 1 OFFSET ?`, id, purgePiece).
			Scan(&layout, &last)
		if errors.Is(err, db.ErrNotFound) { // the rest fits into one piece
			if _, err := tx.Exec(ctx, `DELETE FROM `+from+` WHERE table_id = ?`, id); err != nil {
				return false, err
			}
			continue
		}
		if err != nil {
			return false, err
		}
		_, err = tx.Exec(ctx, `DELETE FROM `+from+` WHERE table_id = ? AND (layout < ? OR (layout = ? AND okey < ?))`, id, layout, layout, last)
		return false, err
	}
	return true, nil
}
