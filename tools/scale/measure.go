package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/bindery-project/bindery/internal/db"
)

func measure(ctx context.Context, s settings) error {
	c, err := openCatalog(ctx, s.folder)
	if err != nil {
		return err
	}
	if _, err := c.call(ctx, "CreateDatabase", `{"DatabaseInput":{"Name":"scale"}}`); err != nil {
		return err
	}
	if err := c.create(ctx, "small", s.small, s.writers); err != nil {
		return err
	}
	before := size(s.folder)
	if err := c.create(ctx, "large", s.partitions, s.writers); err != nil {
		return err
	}
	fmt.Printf("bytes on disk per partition, with journal and index: %d\n", (size(s.folder)-before)/int64(s.partitions))
	for _, step := range []func(context.Context, settings) error{c.listInSegments, c.filter} {
		if err := step(ctx, s); err != nil {
			return err
		}
	}
	if s.bindery != "" {
		if err := c.close(); err != nil {
			return err
		}
		if err := startServer(ctx, s, "start with all partitions"); err != nil {
			return err
		}
		if c, err = openCatalog(ctx, s.folder); err != nil {
			return err
		}
	}
	if err := c.deleteBeside(ctx, s); err != nil {
		return err
	}
	return c.close()
}

// answer is what is read of answers.
type answer struct {
	Partitions []json.RawMessage
	NextToken  string
}

// list reads a list to its end and returns how many partitions it has.
func (c *catalog) list(ctx context.Context, table, more string) (partitions int, err error) {
	token := ""
	for {
		text, err := c.call(ctx, "GetPartitions", fmt.Sprintf(`{"DatabaseName":"scale","TableName":%q%s%s}`, table, more, token))
		if err != nil {
			return partitions, err
		}
		var a answer
		if err := json.Unmarshal(text, &a); err != nil {
			return partitions, err
		}
		partitions += len(a.Partitions)
		if a.NextToken == "" {
			return partitions, nil
		}
		token = `,"NextToken":"` + a.NextToken + `"`
	}
}

// segments is what AWS's clients ask for by default.
const segments = 5

func (c *catalog) listInSegments(ctx context.Context, s settings) error {
	began := time.Now()
	var all sync.WaitGroup
	var mu sync.Mutex
	var total int
	var failed error
	for i := range segments {
		all.Go(func() {
			n, err := c.list(ctx, "large", fmt.Sprintf(`,"Segment":{"SegmentNumber":%d,"TotalSegments":%d}`, i, segments))
			mu.Lock()
			defer mu.Unlock()
			total += n
			if err != nil {
				failed = err
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	fmt.Printf("listed %d in %d segments in %s, %.0f/s\n", total, segments, took.Round(time.Millisecond), float64(total)/took.Seconds())
	if failed == nil && total != s.partitions {
		failed = fmt.Errorf("%d partitions were listed, not %d", total, s.partitions)
	}
	return failed
}

// filters find 100 partitions each.
var filters = []struct {
	name, expression string
	times            int
}{
	{"leading key", `g = %d`, 300},
	{"index", `h = %d`, 300},
	{"middle key", `m = 'm%d'`, 5},
}

func (c *catalog) filter(ctx context.Context, s settings) error {
	for _, f := range filters {
		small, err := c.timeFilter(ctx, "small", s.small, f.expression, f.times)
		if err != nil {
			return err
		}
		large, err := c.timeFilter(ctx, "large", s.partitions, f.expression, f.times)
		if err != nil {
			return err
		}
		fmt.Printf("filter on the %s, 100 of %d: %s; of %d: %s; ratio of p50 %.2f\n", f.name, s.small, small, s.partitions, large,
			float64(large.at(50))/float64(small.at(50)))
	}
	return nil
}

func (c *catalog) timeFilter(ctx context.Context, table string, n int, expression string, times int) (out latencies, err error) {
	random := rand.New(rand.NewPCG(1, 2))
	for range times {
		e := fmt.Sprintf(expression, random.IntN(n/alike))
		began := time.Now()
		found, err := c.list(ctx, table, fmt.Sprintf(`,"Expression":%q`, e))
		if err != nil {
			return nil, err
		}
		out = append(out, time.Since(began))
		if found != alike {
			return nil, fmt.Errorf("%s finds %d of table %s", e, found, table)
		}
	}
	return out, nil
}

// deleteBeside deletes the large table while another writer works.
func (c *catalog) deleteBeside(ctx context.Context, s settings) error {
	_, err := c.call(ctx, "CreateTable", `{"DatabaseName":"scale","TableInput":{"Name":"other","PartitionKeys":`+keys+`}}`)
	if err != nil {
		return err
	}
	made := 0
	write := func() (time.Duration, error) {
		began := time.Now()
		_, err := c.call(ctx, "CreatePartition", `{"DatabaseName":"scale","TableName":"other","PartitionInput":`+partitionInput(made, s.partitions)+`}`)
		made++
		return time.Since(began), err
	}
	var alone, beside latencies
	for range 1000 {
		took, err := write()
		if err != nil {
			return err
		}
		alone = append(alone, took)
	}
	began := time.Now()
	if _, err := c.call(ctx, "DeleteTable", `{"DatabaseName":"scale","Name":"large"}`); err != nil {
		return err
	}
	fmt.Printf("the table was deleted in %s\n", time.Since(began).Round(time.Microsecond))
	for left := 1; left > 0; {
		took, err := write()
		if err != nil {
			return err
		}
		beside = append(beside, took)
		if len(beside)%20 == 0 {
			if left, err = c.buried(ctx); err != nil {
				return err
			}
		}
	}
	fmt.Printf("its rows were removed in %s; another writer before: %s; meanwhile: %s\n", time.Since(began).Round(time.Millisecond), alone, beside)
	return nil
}

func (c *catalog) buried(ctx context.Context) (n int, err error) {
	err = c.store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.QueryRow(ctx, `SELECT COUNT(*) FROM glue_tombstone`).Scan(&n)
	})
	return n, err
}
