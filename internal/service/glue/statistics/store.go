package statistics

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/klauspost/compress/s2"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// The figures of all columns of one table or partition are one row: they are written and
// read together, and alike enough that together they take a quarter of their room. A row
// is found by the partition's stored key; the table's own has an empty one and belongs to
// no layout.
const tableLayout = -1

// Stored lists the tables of this package, for fsck.
func Stored() []db.StoredTable {
	return []db.StoredTable{{Name: "glue_statistics", KeyColumns: []string{"table_id", "layout", "okey"}, Documents: []string{"doc"}}}
}

// row is the statistics of one table or partition.
type row struct {
	table, layout int64
	key           []byte
	names         map[string]bool            // of the columns that the table has now
	all           []glueapi.ColumnStatistics // by name, those of columns that are gone included
	stored        bool
}

func (r *row) place() db.Place { return db.At("glue_statistics", r.table, r.layout, r.key) }

// load finds the subject and reads its statistics; there may be none.
func (s *Statistics) load(ctx context.Context, tx *db.Tx, about subject) (row, error) {
	r := row{layout: tableLayout, key: []byte{}, names: map[string]bool{}}
	id, layout, columns, err := s.Tables.Columns(ctx, tx, about.account, about.database, about.table)
	if err != nil {
		return r, err
	}
	r.table = id
	for _, c := range columns {
		r.names[c.Name] = true
	}
	if about.partition {
		if len(about.values) != len(layout.Keys) || len(about.values) == 0 {
			return r, terms.Invalid("The number of partition keys do not match the number of partition values")
		}
		r.layout = layout.Number
		r.key, _ = layout.Encode(about.values)
		exists, err := s.Partitions.Exists(ctx, tx, r.table, r.layout, r.key)
		if err != nil {
			return r, err
		}
		if !exists {
			return r, terms.NotFound("Cannot find partition.")
		}
	}
	return r, r.read(ctx, tx)
}

func (r *row) read(ctx context.Context, tx *db.Tx) error {
	var doc []byte
	err := tx.QueryRow(ctx, `SELECT doc FROM glue_statistics WHERE table_id = ? AND layout = ? AND okey = ?`, r.table, r.layout, r.key).Scan(&doc)
	if errors.Is(err, db.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	packed, err := db.DecodeBytes(r.place(), doc)
	if err != nil {
		return err
	}
	raw, err := s2.Decode(nil, packed)
	if err != nil {
		return err
	}
	list, err := terms.Parse[glueapi.GetColumnStatisticsForTableOutput](glueapi.ShapeGetColumnStatisticsForTableResponse, raw)
	if err != nil {
		return err
	}
	r.all, r.stored = list.ColumnStatisticsList, true
	return nil
}

// save writes what has become of the statistics; a row without any is removed.
func (r *row) save(ctx context.Context, tx *db.Tx) error {
	if len(r.all) == 0 {
		if !r.stored {
			return nil
		}
		_, err := tx.Exec(ctx, `DELETE FROM glue_statistics WHERE table_id = ? AND layout = ? AND okey = ?`, r.table, r.layout, r.key)
		return err
	}
	raw, err := terms.Write(glueapi.ShapeGetColumnStatisticsForTableResponse, &glueapi.GetColumnStatisticsForTableOutput{ColumnStatisticsList: r.all})
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO glue_statistics (table_id, layout, okey, doc) VALUES (?, ?, ?, ?)
		ON CONFLICT (table_id, layout, okey) DO UPDATE SET doc = excluded.doc`,
		r.table, r.layout, r.key, db.EncodeBytes(r.place(), s2.Encode(nil, raw)))
	return err
}

func byName(s glueapi.ColumnStatistics, name string) int { return strings.Compare(s.ColumnName, name) }

// has reports whether the table has a column of that name, in lower case.
func (r *row) has(name string) bool { return r.names[name] }

func (r *row) find(name string) *glueapi.ColumnStatistics {
	at, found := slices.BinarySearchFunc(r.all, name, byName)
	if !found {
		return nil
	}
	return &r.all[at]
}

func (r *row) put(item glueapi.ColumnStatistics) {
	at, found := slices.BinarySearchFunc(r.all, item.ColumnName, byName)
	if found {
		r.all[at] = item
		return
	}
	r.all = slices.Insert(r.all, at, item)
}

func (r *row) drop(name string) (dropped bool) {
	at, found := slices.BinarySearchFunc(r.all, name, byName)
	if found {
		r.all = slices.Delete(r.all, at, at+1)
	}
	return found
}

// Rows is what other resources see of the stored statistics.
type Rows struct{}

// DropPartition removes the statistics of a partition, in the transaction that deletes it.
func (Rows) DropPartition(ctx context.Context, tx *db.Tx, table, layout int64, key []byte) error {
	_, err := tx.Exec(ctx, `DELETE FROM glue_statistics WHERE table_id = ? AND layout = ? AND okey = ?`, table, layout, key)
	return err
}

// purgePiece is how many rows one transaction of a purge removes.
const purgePiece = 500

// PurgeTable removes some of the statistics of a deleted table and its partitions.
func (Rows) PurgeTable(ctx context.Context, tx *db.Tx, id int64) (done bool, err error) {
	var layout int64
	var last []byte
	err = tx.QueryRow(ctx, `SELECT layout, okey FROM glue_statistics WHERE table_id = ? ORDER BY layout, okey LIMIT 1 OFFSET ?`, id, purgePiece).
		Scan(&layout, &last)
	if errors.Is(err, db.ErrNotFound) { // the rest fits into one piece
		_, err := tx.Exec(ctx, `DELETE FROM glue_statistics WHERE table_id = ?`, id)
		return err == nil, err
	}
	if err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, `DELETE FROM glue_statistics WHERE table_id = ? AND (layout < ? OR (layout = ? AND okey < ?))`, id, layout, layout, last)
	return false, err
}
