package partindex

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/glue/partkey"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Stored lists the tables of this package, for fsck.
func Stored() []db.StoredTable {
	return []db.StoredTable{{Name: "glue_partition_index", KeyColumns: []string{"table_id", "id"}, Documents: []string{"doc"}}}
}

// key is a key of an index as it was when the index was made.
type key struct {
	Name, Type string
	Position   int // in the table
}

// record is a stored index.
type record struct {
	Account, Database, Table, Name string
	Keys                           []key
	Status                         string
	Created                        int64 // ms
	Backfill                       progress
	Errors                         []failure `json:",omitempty"`

	table, id int64
	doc       []byte // as it is stored
}

// progress is how far a backfill has come: behind the stored key After, of
// the layout with the number.
type progress struct {
	Layout int64  `json:",omitempty"`
	After  []byte `json:",omitempty"`
	Seen   int64  `json:",omitempty"` // partitions
}

// failure is what keeps partitions out of an index, and some of these.
type failure struct {
	Code       string
	Partitions [][]string
}

func (r *record) place() db.Place { return db.At("glue_partition_index", r.table, r.id) }

// list reads the indexes of a table, oldest first.
func list(ctx context.Context, tx *db.Tx, table int64) ([]*record, error) {
	rows, err := tx.Query(ctx, `SELECT id, doc FROM glue_partition_index WHERE table_id = ?`, table)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var all []*record
	for rows.Next() {
		r := &record{table: table}
		if err := rows.Scan(&r.id, &r.doc); err != nil {
			return nil, err
		}
		if err := db.Decode(r.place(), r.doc, r); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *record) int {
		if a.Created != b.Created {
			return int(a.Created - b.Created)
		}
		return strings.Compare(a.Name, b.Name)
	})
	return all, rows.Err()
}

// find reads one index; it is nil when there is none.
func find(ctx context.Context, tx *db.Tx, table, id int64) (*record, error) {
	r := &record{table: table, id: id}
	err := tx.QueryRow(ctx, `SELECT doc FROM glue_partition_index WHERE table_id = ? AND id = ?`, table, id).Scan(&r.doc)
	if errors.Is(err, db.ErrNotFound) {
		return nil, nil //nolint:nilnil // documented
	}
	if err != nil {
		return nil, err
	}
	return r, db.Decode(r.place(), r.doc, r)
}

func (r *record) create(ctx context.Context, tx *db.Tx) (err error) {
	r.Created = clock.Millis(tx.Now())
	if r.doc, err = db.Encode(r.place(), r); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO glue_partition_index (table_id, id, doc) VALUES (?, ?, ?)`, r.table, r.id, r.doc); err != nil {
		return err
	}
	return r.journal(ctx, tx, nil, r.doc)
}

// save writes a new state.
func (r *record) save(ctx context.Context, tx *db.Tx) error {
	before := r.doc
	if err := r.keep(ctx, tx); err != nil {
		return err
	}
	return r.journal(ctx, tx, before, r.doc)
}

// keep writes progress, which is no news for the journal.
func (r *record) keep(ctx context.Context, tx *db.Tx) (err error) {
	if r.doc, err = db.Encode(r.place(), r); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE glue_partition_index SET doc = ? WHERE table_id = ? AND id = ?`, r.doc, r.table, r.id)
	return err
}

func (r *record) remove(ctx context.Context, tx *db.Tx) error {
	if _, err := tx.Exec(ctx, `DELETE FROM glue_partition_index WHERE table_id = ? AND id = ?`, r.table, r.id); err != nil {
		return err
	}
	return r.journal(ctx, tx, r.doc, nil)
}

func (r *record) journal(ctx context.Context, tx *db.Tx, before, after []byte) error {
	return tx.Record(ctx, db.Change{
		Account: terms.Owner(r.Account), Kind: "glue:partitionIndex", Key: terms.CatalogKey(r.Account, r.Database, r.Table, r.Name), Before: before, After: after,
	})
}

func (r *record) positions() []int {
	out := make([]int, len(r.Keys))
	for i, k := range r.Keys {
		out[i] = k.Position
	}
	return out
}

// order is the index as partitions see it.
func (r *record) order() partkey.Index {
	x := partkey.Index{ID: r.id, Name: r.Name, Keys: r.positions(), Ready: r.Status == glueapi.PartitionIndexStatusActive}
	for _, k := range r.Keys {
		x.Kinds = append(x.Kinds, partkey.KindOf(k.Type))
	}
	return x
}

// descriptor is the index as it is answered.
func (r *record) descriptor() glueapi.PartitionIndexDescriptor {
	d := glueapi.PartitionIndexDescriptor{IndexName: r.Name, IndexStatus: r.Status, Keys: []glueapi.KeySchemaElement{}}
	for _, k := range r.Keys {
		d.Keys = append(d.Keys, glueapi.KeySchemaElement{Name: k.Name, Type: k.Type})
	}
	for _, f := range r.Errors {
		e := glueapi.BackfillError{Code: new(f.Code)}
		for _, values := range f.Partitions {
			e.Partitions = append(e.Partitions, glueapi.PartitionValueList{Values: values})
		}
		d.BackfillErrors = append(d.BackfillErrors, e)
	}
	return d
}
