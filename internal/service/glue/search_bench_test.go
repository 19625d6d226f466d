package glue_test

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
)

// searched is how many tables BenchmarkSearchTables searches; the figures in the docs are for 100,000.
var searched = flag.Int("searched", 2_000, "tables that BenchmarkSearchTables searches")

var searchWords = []string{"orders", "customer", "invoice", "shipment", "session", "click", "price", "stock", "refund", "visit"}

// searchTable describes a table of ten columns; number i is in its name.
func searchTable(i int) string {
	word := func(n int) string { return searchWords[(i/n)%len(searchWords)] }
	columns := ""
	for c := range 10 {
		columns += fmt.Sprintf(`{"Name":"%s_%d","Type":"string","Comment":"the %s"},`, searchWords[c], i%97, searchWords[(c+1)%10])
	}
	return fmt.Sprintf(`{"DatabaseName":"db%d","TableInput":{"Name":"%s_%s_%d","Owner":"team%d","Description":"each %s of the day","TableType":"EXTERNAL_TABLE",
		"Parameters":{"classification":"parquet","source":"s%d"},"StorageDescriptor":{"Location":"s3://lake/%s/%d/","Columns":[%s]}}}`,
		i%100, word(1), word(10), i, i%31, word(100), i%1000, word(1), i, columns[:len(columns)-1])
}

func searchable(b *testing.B, d *db.DB, tables int) *catalog {
	c := newCatalog(b, d, clock.NewManual(begin))
	for i := range 100 {
		c.mustCall(b, "CreateDatabase", fmt.Sprintf(`{"DatabaseInput":{"Name":"db%d"}}`, i))
	}
	var writers sync.WaitGroup
	const lanes = 32
	for lane := range lanes {
		writers.Go(func() {
			for i := lane; i < tables; i += lanes {
				if _, err := c.call("CreateTable", searchTable(i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	writers.Wait()
	began := time.Now()
	if err := c.service.Index.CatchUp(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.Logf("%d tables: the index was behind by %s", tables, time.Since(began))
	return c
}

// BenchmarkSearchTables answers pages of at most ten tables, and reports the median beside the mean.
func BenchmarkSearchTables(b *testing.B) {
	c := searchable(b, dbtest.Open(b, dbtest.SQLite(b, db.Config{})), *searched)
	for name, in := range map[string]string{
		"one table":       `{"SearchText":"%d","MaxResults":10}`,
		"common word":     `{"SearchText":"orders","MaxResults":10}`,
		"two words":       `{"SearchText":"customer s%[1]d","MaxResults":10}`,
		"filters":         `{"Filters":[{"Key":"DatabaseName","Value":"db7"},{"Key":"Owner","Value":"team3"}],"MaxResults":10}`,
		"sorted by name":  `{"SearchText":"s%d","SortCriteria":[{"FieldName":"Name","Sort":"DESC"}],"MaxResults":10}`,
		"all sorted":      `{"SortCriteria":[{"FieldName":"UpdateTime","Sort":"DESC"}],"MaxResults":10}`,
		"quoted":          `{"SearchText":"\"s%d\"","MaxResults":10}`,
		"page of hundred": `{"SearchText":"orders","MaxResults":100}`,
		"not there":       `{"SearchText":"nowhere","MaxResults":10}`,
	} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				input := in
				if slices.Contains([]string{"one table", "two words", "sorted by name", "quoted"}, name) {
					input = fmt.Sprintf(in, (i*7919)%min(1000, *searched))
				}
				began := time.Now()
				c.mustCall(b, "SearchTables", input)
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-us")
		})
	}
}

// BenchmarkIndexing is one table made known to the index.
func BenchmarkIndexing(b *testing.B) {
	d := dbtest.Open(b, dbtest.SQLite(b, db.Config{}))
	c := searchable(b, d, 0)
	if err := c.service.Index.Close(); err != nil {
		b.Fatal(err)
	}
	made := 0
	for b.Loop() {
		b.StopTimer()
		for range 20 {
			c.mustCall(b, "CreateTable", searchTable(made))
			made++
		}
		b.StartTimer()
		if err := c.service.Index.CatchUp(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(made), "us/table")
}
