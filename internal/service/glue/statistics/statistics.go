// Package statistics keeps what is known about the values of columns, for tables and for
// partitions: nulls, distinct values, extremes, lengths. Query planners ask for them, and
// whoever analyzes a table writes them: engines, and the runs of package statisticstask.
//
// statistics.go has the operations, rules.go what the model cannot say, store.go how the
// figures of a million partitions are stored.
//
// Figures belong to the name of a column and are shown while the table has a column of that
// name: dropping a column hides them, and one that comes back under the name finds them
// again, as real clients' suites saw (reference clients.md 9). They end with their table or
// partition. Being derived from the data, they are not in the journal.
package statistics

import (
	"context"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/partkey"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Tables is what statistics need of tables.
type Tables interface {
	// Columns is the id of a table, how its partitions' keys are built, and its columns with
	// the partition keys behind them; or the EntityNotFoundException of the table or its database.
	Columns(ctx context.Context, tx *db.Tx, account, database, name string) (id int64, layout partkey.Layout, columns []glueapi.Column, err error)
}

// Partitions is what statistics need of partitions.
type Partitions interface {
	// Exists reports whether a table has the partition with a stored key.
	Exists(ctx context.Context, tx *db.Tx, table, layout int64, key []byte) (bool, error)
}

// Statistics answers the operations about column statistics.
type Statistics struct {
	Store      *db.DB
	Tables     Tables
	Partitions Partitions
}

// subject is what statistics are about: a table, or one of its partitions.
type subject struct {
	account, database, table string

	partition bool
	values    []string
}

func subjectOf(ctx context.Context, catalog *string, database, table string) (subject, error) {
	account, err := terms.Catalog(op.CallFrom(ctx), catalog)
	return subject{account: account, database: arn.Fold(database), table: arn.Fold(table)}, err
}

func (s subject) part(values []string) subject {
	s.partition, s.values = true, values
	return s
}

// GetColumnStatisticsForTable reads the statistics of a table's columns.
func (s *Statistics) GetColumnStatisticsForTable(ctx context.Context, in *glueapi.GetColumnStatisticsForTableInput) (*glueapi.GetColumnStatisticsForTableOutput, error) {
	about, err := subjectOf(ctx, in.CatalogId, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	found, missing, err := s.get(ctx, about, in.ColumnNames)
	return &glueapi.GetColumnStatisticsForTableOutput{ColumnStatisticsList: found, Errors: missing}, err
}

// GetColumnStatisticsForPartition reads the statistics of a partition's columns.
func (s *Statistics) GetColumnStatisticsForPartition(ctx context.Context, in *glueapi.GetColumnStatisticsForPartitionInput) (*glueapi.GetColumnStatisticsForPartitionOutput, error) {
	about, err := subjectOf(ctx, in.CatalogId, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	found, missing, err := s.get(ctx, about.part(in.PartitionValues), in.ColumnNames)
	return &glueapi.GetColumnStatisticsForPartitionOutput{ColumnStatisticsList: found, Errors: missing}, err
}

// get reads the statistics of the named columns, in the order asked for; a column without
// any is an error of its own.
func (s *Statistics) get(ctx context.Context, about subject, names []string) (found []glueapi.ColumnStatistics, missing []glueapi.ColumnError, err error) {
	var r row
	err = s.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		r, err = s.load(ctx, tx, about)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	found, missing = []glueapi.ColumnStatistics{}, []glueapi.ColumnError{}
	for _, name := range names {
		if known := r.find(arn.Fold(name)); known != nil && r.has(known.ColumnName) {
			found = append(found, *known)
			continue
		}
		missing = append(missing, glueapi.ColumnError{ColumnName: &name, Error: terms.Detail(noStatistics(name))})
	}
	return found, missing, nil
}

// UpdateColumnStatisticsForTable stores statistics of a table's columns, in place of those they had.
func (s *Statistics) UpdateColumnStatisticsForTable(ctx context.Context, in *glueapi.UpdateColumnStatisticsForTableInput) (*glueapi.UpdateColumnStatisticsForTableOutput, error) {
	about, err := subjectOf(ctx, in.CatalogId, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	failed, err := s.update(ctx, about, in.ColumnStatisticsList)
	return &glueapi.UpdateColumnStatisticsForTableOutput{Errors: failed}, err
}

// UpdateColumnStatisticsForPartition stores statistics of a partition's columns, in place of those they had.
func (s *Statistics) UpdateColumnStatisticsForPartition(ctx context.Context, in *glueapi.UpdateColumnStatisticsForPartitionInput) (*glueapi.UpdateColumnStatisticsForPartitionOutput, error) {
	about, err := subjectOf(ctx, in.CatalogId, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	failed, err := s.update(ctx, about.part(in.PartitionValues), in.ColumnStatisticsList)
	return &glueapi.UpdateColumnStatisticsForPartitionOutput{Errors: failed}, err
}

// update stores statistics. A column that the table does not have is an error of its own.
func (s *Statistics) update(ctx context.Context, about subject, list []glueapi.ColumnStatistics) (failed []glueapi.ColumnStatisticsError, err error) {
	for i := range list {
		if err := check(&list[i]); err != nil {
			return nil, err
		}
	}
	return failed, s.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		failed = []glueapi.ColumnStatisticsError{}
		r, err := s.load(ctx, tx, about)
		if err != nil {
			return err
		}
		for _, item := range list {
			name := arn.Fold(item.ColumnName)
			if !r.has(name) {
				failed = append(failed, glueapi.ColumnStatisticsError{ColumnStatistics: &item, Error: terms.Detail(noColumn(item.ColumnName))})
				continue
			}
			item.ColumnName = name
			r.put(item)
		}
		return r.save(ctx, tx)
	})
}

// DeleteColumnStatisticsForTable drops the statistics of one of a table's columns. There may be none.
func (s *Statistics) DeleteColumnStatisticsForTable(ctx context.Context, in *glueapi.DeleteColumnStatisticsForTableInput) (*glueapi.DeleteColumnStatisticsForTableOutput, error) {
	about, err := subjectOf(ctx, in.CatalogId, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	return &glueapi.DeleteColumnStatisticsForTableOutput{}, s.remove(ctx, about, in.ColumnName)
}

// DeleteColumnStatisticsForPartition drops the statistics of one of a partition's columns. There may be none.
func (s *Statistics) DeleteColumnStatisticsForPartition(ctx context.Context, in *glueapi.DeleteColumnStatisticsForPartitionInput) (*glueapi.DeleteColumnStatisticsForPartitionOutput, error) {
	about, err := subjectOf(ctx, in.CatalogId, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	return &glueapi.DeleteColumnStatisticsForPartitionOutput{}, s.remove(ctx, about.part(in.PartitionValues), in.ColumnName)
}

func (s *Statistics) remove(ctx context.Context, about subject, column string) error {
	return s.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := s.load(ctx, tx, about)
		if err != nil || !r.drop(arn.Fold(column)) {
			return err
		}
		return r.save(ctx, tx)
	})
}
