package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	fillWriters = 16
	columns     = 20 // of each table
)

// fill makes the tables and partitions that the cases ask for.
func fill(ctx context.Context, p *process, s settings) error {
	began := time.Now()
	if err := p.call(ctx, "CreateDatabase", map[string]any{"DatabaseInput": map[string]any{"Name": "load"}}); err != nil {
		return err
	}
	for _, table := range []string{"parted", "written"} {
		if err := p.call(ctx, "CreateTable", tableInput(table)); err != nil {
			return err
		}
	}
	if p.writesOnly {
		return nil
	}
	err := inParallel(s.tables, func(n int) error { return p.call(ctx, "CreateTable", tableInput(fmt.Sprintf("t%05d", n))) })
	if err != nil {
		return err
	}
	err = inParallel(s.partitions/batch, func(n int) error {
		return p.call(ctx, "BatchCreatePartition", json.RawMessage(createBatch("parted", n)))
	})
	fmt.Printf("%s: %d tables and %d partitions made in %s\n", p.name, s.tables, s.partitions, time.Since(began).Round(time.Millisecond))
	return err
}

func (p *process) call(ctx context.Context, operation string, in any) error {
	return p.client.JSON(ctx, "glue", "AWSGlue."+operation, in, &struct{}{})
}

func inParallel(n int, do func(i int) error) error {
	errs := make(chan error, fillWriters)
	var all sync.WaitGroup
	for w := range fillWriters {
		all.Go(func() {
			for i := w; i < n; i += fillWriters {
				if err := do(i); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(errs)
	return <-errs
}

func tableInput(name string) map[string]any {
	return map[string]any{"DatabaseName": "load", "TableInput": map[string]any{
		"Name": name, "TableType": "EXTERNAL_TABLE",
		"Parameters":        map[string]string{"classification": "parquet"},
		"PartitionKeys":     []map[string]string{{"Name": "day", "Type": "int"}, {"Name": "part", "Type": "string"}},
		"StorageDescriptor": descriptor("s3://load/" + name + "/"),
	}}
}

func descriptor(location string) map[string]any {
	list := make([]map[string]string, columns)
	for i := range list {
		list[i] = map[string]string{"Name": fmt.Sprintf("column_%02d", i), "Type": "string", "Comment": "a column"}
	}
	return map[string]any{
		"Columns": list, "Location": location,
		"InputFormat":  "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
		"OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
		"SerdeInfo":    map[string]any{"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
	}
}

// partitionInput is the n-th partition of a table, with the columns that
// crawlers and engines repeat in every partition.
func partitionInput(table string, n int) string {
	day, part := n/perDay, fmt.Sprintf("p%02d", n%perDay)
	text, err := json.Marshal(map[string]any{
		"Values":            []string{fmt.Sprint(day), part},
		"StorageDescriptor": descriptor(fmt.Sprintf("s3://load/%s/day=%d/part=%s/", table, day, part)),
	})
	if err != nil {
		panic(err) // strings only
	}
	return string(text)
}

// printFsync prints what the disk takes to keep 4 KiB: durable writes cost that.
func printFsync() error {
	const rounds = 101
	folder, err := os.MkdirTemp("", "bindery-fsync-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // scratch
	f, err := os.Create(filepath.Join(folder, "f"))
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // scratch
	took := make([]time.Duration, rounds)
	for i := range took {
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return err
		}
		began := time.Now()
		if err := f.Sync(); err != nil {
			return err
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	fmt.Printf("fsync of 4 KiB: p50 %s\n", round(took[rounds/2]))
	return nil
}

// round keeps three digits.
func round(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}
