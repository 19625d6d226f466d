package db_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
)

func BenchmarkPointRead(b *testing.B) {
	d := dbtest.Open(b, dbtest.SQLite(b, db.Config{}))
	write(b, d, func(ctx context.Context, tx *db.Tx) error {
		for i := range 10_000 {
			if err := put(ctx, tx, fmt.Sprint(i), int64(i)); err != nil {
				return err
			}
		}
		return nil
	})
	ctx, cancel := context.WithCancel(background) // as a request's
	defer cancel()
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n = (n + 7919) % 10_000
		err := d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
			var v int64
			return tx.QueryRow(ctx, `SELECT value FROM epoch WHERE name = ?`, fmt.Sprint(n)).Scan(&v)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// Durable writes, each with its journal and audit rows, from 2, 8 and 64 goroutines. The
// disk's own fsync stands beside the figure, since one write alone cannot be faster.
func BenchmarkDurableWrites(b *testing.B) {
	for _, writers := range []int{2, 8, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			d := dbtest.Open(b, store(b))
			var next atomic.Int64
			b.SetParallelism(max(1, writers/runtime.GOMAXPROCS(0))) // it is multiplied by GOMAXPROCS
			before := d.Stats()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					id := fmt.Sprint(next.Add(1))
					err := d.Write(as(id), func(ctx context.Context, tx *db.Tx) error {
						if err := put(ctx, tx, id, 1); err != nil {
							return err
						}
						return tx.Record(ctx, change(id))
					})
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.StopTimer()
			after := d.Stats()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
			b.ReportMetric(float64(after.Writes-before.Writes)/float64(after.Commits-before.Commits), "writes/commit")
			b.ReportMetric(syncP50(b), "µs/fsync-p50")
		})
	}
}

// store is a new SQLite file, or a schema on Postgres when BINDERY_BENCH_POSTGRES is set.
func store(b *testing.B) db.Config {
	if os.Getenv("BINDERY_BENCH_POSTGRES") != "" {
		return dbtest.Postgres(b, db.Config{})
	}
	return dbtest.SQLite(b, db.Config{})
}

// BenchmarkBatch creates 100 rows per write, as BatchCreatePartition does.
func BenchmarkBatch(b *testing.B) {
	d := dbtest.Open(b, dbtest.SQLite(b, db.Config{}))
	var next atomic.Int64
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			id := next.Add(1)
			err := d.Write(as(fmt.Sprint(id)), func(ctx context.Context, tx *db.Tx) error {
				for i := range 100 {
					key := fmt.Sprintf("%d/%d", id, i)
					if err := put(ctx, tx, key, 1); err != nil {
						return err
					}
					if err := tx.Record(ctx, change(key)); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(100*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// syncP50 measures the disk: the median of appending 4 KiB and syncing, in microseconds.
func syncP50(b *testing.B) float64 {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "sync"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 4096)
	var took []time.Duration
	for range 101 {
		started := time.Now()
		if _, err := f.Write(block); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(started))
	}
	slices.Sort(took)
	return float64(took[50].Microseconds())
}

func BenchmarkDocument(b *testing.B) {
	name := "orders"
	doc := sample{Name: &name, Columns: slices.Repeat([]string{"column"}, 20)}
	for b.Loop() {
		stored, err := db.Encode(here, doc)
		if err != nil {
			b.Fatal(err)
		}
		if err := db.Verify(here, stored); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen opens a store that exists: part of every start.
func BenchmarkOpen(b *testing.B) {
	cfg := dbtest.SQLite(b, db.Config{})
	for b.Loop() {
		d, err := db.Open(background, cfg)
		if err != nil {
			b.Fatal(err)
		}
		if err := d.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
