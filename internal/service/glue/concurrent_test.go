package glue_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
)

// mustCall fails the test when the request fails.
func (c *catalog) mustCall(t testing.TB, operation, input string) string {
	t.Helper()
	out, err := c.call(operation, input)
	if err != nil {
		t.Fatalf("%s %.200s: %v", operation, input, err)
	}
	return out
}

// answer is what the tests read of answers.
type answer struct {
	Table struct {
		VersionId  string
		Parameters map[string]string
	}
	Partitions, UnprocessedKeys []struct{ Values []string }
	NextToken                   string
}

// ask is mustCall, decoded.
func (c *catalog) ask(t testing.TB, operation, input string) (a answer) {
	t.Helper()
	if err := json.Unmarshal([]byte(c.mustCall(t, operation, input)), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// newTable makes db.t with the given partition keys.
func (c *catalog) newTable(t testing.TB, keys string) {
	t.Helper()
	c.mustCall(t, "CreateDatabase", `{"DatabaseInput":{"Name":"db"}}`)
	c.mustCall(t, "CreateTable", `{"DatabaseName":"db","TableInput":{"Name":"t","PartitionKeys":[`+keys+`]}}`)
}

// addPartitions makes partitions with one value each.
func (c *catalog) addPartitions(t testing.TB, values []string) {
	t.Helper()
	for len(values) > 0 {
		n := min(100, len(values))
		items := make([]string, n)
		for i, v := range values[:n] {
			items[i] = partitionInput(v)
		}
		out := c.mustCall(t, "BatchCreatePartition", `{"DatabaseName":"db","TableName":"t","PartitionInputList":[`+strings.Join(items, ",")+`]}`)
		if out != `{"Errors":[]}` {
			t.Fatal(out)
		}
		values = values[n:]
	}
}

// partitionInput is a partition as engines write them: a descriptor of some
// columns, and a location of its own.
func partitionInput(value string) string {
	return fmt.Sprintf(`{"Values":[%q],"StorageDescriptor":{"Columns":[{"Name":"id","Type":"bigint"},{"Name":"amount","Type":"decimal(10,2)"},`+
		`{"Name":"customer","Type":"string"},{"Name":"created","Type":"timestamp"}],"Location":"s3://bucket/warehouse/t/day=%s/",`+
		`"InputFormat":"org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat","OutputFormat":"org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",`+
		`"SerdeInfo":{"SerializationLibrary":"org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe","Parameters":{"serialization.format":"1"}}},`+
		`"Parameters":{"numRows":"1000","totalSize":"123456"}}`, value, value)
}

func numbers(from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, strconv.Itoa(i))
	}
	return out
}

// list pages through GetPartitions and returns the first values in order, and
// how many pages there were.
func (c *catalog) list(t testing.TB, more string) (values []string, pages int) {
	t.Helper()
	token := ""
	for {
		pages++
		page := c.ask(t, "GetPartitions", `{"DatabaseName":"db","TableName":"t"`+more+token+`}`)
		for _, p := range page.Partitions {
			values = append(values, p.Values[0])
		}
		if page.NextToken == "" {
			return values, pages
		}
		token = `,"NextToken":"` + page.NextToken + `"`
	}
}

func run(t *testing.T, test func(t *testing.T, c *catalog, d *db.DB)) {
	t.Helper()
	now := clock.NewManual(begin)
	dbtest.RunConfig(t, db.Config{Clock: now}, func(t *testing.T, d *db.DB) { test(t, newCatalog(t, d, now), d) })
}

// Partitions that are there all the time are listed once each, whatever comes
// and goes beside them.
func TestPagesWhileWriting(t *testing.T) {
	run(t, func(t *testing.T, c *catalog, _ *db.DB) {
		c.newTable(t, `{"Name":"n","Type":"int"}`)
		var even []string
		for i := range 300 {
			even = append(even, strconv.Itoa(2*i))
		}
		c.addPartitions(t, even)
		stop := make(chan struct{})
		var writer sync.WaitGroup
		writer.Go(func() {
			for i := 0; ; i = (i + 1) % 300 {
				select {
				case <-stop:
					return
				default:
				}
				v := strconv.Itoa(2*i + 1)
				c.mustCall(t, "CreatePartition", `{"DatabaseName":"db","TableName":"t","PartitionInput":{"Values":["`+v+`"]}}`)
				c.mustCall(t, "DeletePartition", `{"DatabaseName":"db","TableName":"t","PartitionValues":["`+v+`"]}`)
			}
		})
		for range 5 {
			values, pages := c.list(t, `,"MaxResults":7`)
			if pages < 300/7 {
				t.Errorf("%d pages", pages)
			}
			last, seen := -1, 0
			for _, v := range values {
				n, err := strconv.Atoi(v)
				if err != nil || n <= last {
					t.Fatalf("%s after %d: %v", v, last, err)
				}
				last = n
				if n%2 == 0 {
					seen++
				}
			}
			if seen != len(even) {
				t.Errorf("%d of %d partitions were listed", seen, len(even))
			}
		}
		close(stop)
		writer.Wait()
	})
}

func TestSegmentsSplitTheTable(t *testing.T) {
	run(t, func(t *testing.T, c *catalog, _ *db.DB) {
		c.newTable(t, `{"Name":"n","Type":"int"}`)
		c.addPartitions(t, numbers(0, 500))
		for total := 1; total <= 10; total++ {
			seen := map[string]int{}
			for number := range total {
				values, _ := c.list(t, fmt.Sprintf(`,"MaxResults":30,"Expression":"n >= 100","Segment":{"SegmentNumber":%d,"TotalSegments":%d}`, number, total))
				if len(values) < 400/total/2 {
					t.Errorf("segment %d of %d has %d partitions", number, total, len(values))
				}
				for _, v := range values {
					seen[v]++
				}
			}
			if len(seen) != 400 {
				t.Errorf("%d segments have %d partitions together", total, len(seen))
			}
			for v, n := range seen {
				if n != 1 {
					t.Errorf("%s is in %d of %d segments", v, n, total)
				}
			}
		}
	})
}

// A filter looks at so many keys for a page and no more: pages may be empty.
func TestScanBudget(t *testing.T) {
	now := clock.NewManual(begin)
	c := newCatalog(t, dbtest.Open(t, dbtest.SQLite(t, db.Config{Clock: now})), now)
	c.newTable(t, `{"Name":"s","Type":"string"}`)
	c.addPartitions(t, numbers(10_000, 60_000))
	values, pages := c.list(t, `,"Expression":"s like '%59999'"`)
	if len(values) != 1 || pages != 3 {
		t.Errorf("%d values in %d pages", len(values), pages)
	}
	if values, pages = c.list(t, `,"Expression":"s like '5999%'"`); len(values) != 10 || pages != 1 {
		t.Errorf("a range: %d values in %d pages", len(values), pages)
	}
}

// Of writers with the same VersionId one wins; with retries none is lost.
func TestVersionLock(t *testing.T) {
	run(t, func(t *testing.T, c *catalog, _ *db.DB) {
		c.newTable(t, "")
		const writers, times = 6, 5
		var all sync.WaitGroup
		for range writers {
			all.Go(func() {
				for range times {
					c.increment(t)
				}
			})
		}
		all.Wait()
		out := c.mustCall(t, "GetTable", `{"DatabaseName":"db","Name":"t"}`)
		want := fmt.Sprintf(`"Parameters":{"n":"%d"}`, writers*times)
		if !strings.Contains(out, want) || !strings.Contains(out, fmt.Sprintf(`"VersionId":"%d"`, writers*times)) {
			t.Errorf("want %s in %s", want, out)
		}
	})
}

// increment adds one to the table's parameter n, as optimistic clients do.
func (c *catalog) increment(t *testing.T) {
	t.Helper()
	for {
		read := c.ask(t, "GetTable", `{"DatabaseName":"db","Name":"t"}`)
		n, _ := strconv.Atoi(read.Table.Parameters["n"])
		_, err := c.call("UpdateTable", fmt.Sprintf(`{"DatabaseName":"db","VersionId":%q,"TableInput":{"Name":"t","Parameters":{"n":"%d"}}}`,
			read.Table.VersionId, n+1))
		var lost *glueapi.ConcurrentModificationException
		if !errors.As(err, &lost) {
			if err != nil {
				t.Error(err)
			}
			return
		}
	}
}

// A batch is cut where the answer would be too large; asking again for the rest ends.
func TestUnprocessedKeys(t *testing.T) {
	run(t, func(t *testing.T, c *catalog, _ *db.DB) {
		c.newTable(t, `{"Name":"n","Type":"int"}`)
		large := strings.Repeat("x", 400_000)
		var keys []string
		for i := range 40 {
			c.mustCall(t, "CreatePartition", fmt.Sprintf(`{"DatabaseName":"db","TableName":"t","PartitionInput":{"Values":["%d"],"Parameters":{"p":%q}}}`, i, large))
			keys = append(keys, fmt.Sprintf(`{"Values":["%d"]}`, i))
		}
		keys = append(keys, `{"Values":["77"]}`, keys[0])
		seen := 0
		for calls := 0; len(keys) > 0; calls++ {
			answer := c.ask(t, "BatchGetPartition", `{"DatabaseName":"db","TableName":"t","PartitionsToGet":[`+strings.Join(keys, ",")+`]}`)
			if len(answer.Partitions) == 0 || calls > 10 {
				t.Fatalf("call %d: %d partitions", calls, len(answer.Partitions))
			}
			seen += len(answer.Partitions)
			keys = keys[:0]
			for _, k := range answer.UnprocessedKeys {
				keys = append(keys, `{"Values":["`+k.Values[0]+`"]}`)
			}
		}
		if seen != 40 {
			t.Errorf("%d partitions", seen)
		}
		if values, pages := c.list(t, ""); len(values) != 40 || pages < 2 {
			t.Errorf("%d partitions in %d pages", len(values), pages)
		}
	})
}
