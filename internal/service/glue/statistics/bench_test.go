package statistics_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
)

// BenchmarkPartitionStatistics writes and reads the statistics of 20 columns of one partition after the other, and shows how many bytes one takes in the store.
func BenchmarkPartitionStatistics(b *testing.B) {
	var columns []string
	var list []glueapi.ColumnStatistics
	for n := range 20 {
		columns = append(columns, fmt.Sprintf("column_%d", n))
		list = append(list, long(columns[n], int64(n*n*1000+n)))
	}
	d := dbtest.Open(b, db.Config{Path: filepath.Join(b.TempDir(), "bindery.db")})
	w := newWorld(b, d)
	w.must(w.UpdateTable(w.ctx, &glueapi.UpdateTableInput{DatabaseName: "d", TableInput: definition(columns...)}))
	var days []string
	next := func() string {
		days = append(days, fmt.Sprintf("2024-%05d", len(days)))
		w.partition(days[len(days)-1])
		return days[len(days)-1]
	}
	size := func() (bytes int64) {
		w.must(nil, d.Read(w.ctx, func(ctx context.Context, tx *db.Tx) error {
			return tx.QueryRow(ctx, `SELECT SUM(LENGTH(doc) + LENGTH(okey)) FROM glue_statistics`).Scan(&bytes)
		}))
		return bytes
	}
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			day := next()
			b.StartTimer()
			if err := w.putPart(day, list...); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(size())/float64(len(days)), "stored-B/partition")
	})
	b.Run("read", func(b *testing.B) {
		n := 0
		for b.Loop() {
			n++
			_, err := w.GetColumnStatisticsForPartition(w.ctx, &glueapi.GetColumnStatisticsForPartitionInput{
				DatabaseName: "d", TableName: "t", PartitionValues: []string{days[n%len(days)]}, ColumnNames: columns,
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
