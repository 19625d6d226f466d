package glue_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/op"
)

// batches are the operations on many partitions, the member that lists them, one
// item with the value %d, and AWS's limit.
var batches = []struct {
	operation, member, item string
	limit                   int
}{
	{"BatchCreatePartition", "PartitionInputList", `{"Values":["%d"]}`, 100},
	{"BatchUpdatePartition", "Entries", `{"PartitionValueList":["%d"],"PartitionInput":{}}`, 100},
	{"BatchGetPartition", "PartitionsToGet", `{"Values":["%d"]}`, 1000},
	{"BatchDeletePartition", "PartitionsToDelete", `{"Values":["%d"]}`, 25},
}

func batch(member, table, item string, n int) string {
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf(item, i)
	}
	return `{"DatabaseName":"db","TableName":"` + table + `","` + member + `":[` + strings.Join(items, ",") + `]}`
}

// Each batch takes as many items as AWS allows and not one more; without its
// table, and with an item of the wrong number of values, all of it fails.
func TestBatchLimits(t *testing.T) {
	now := clock.NewManual(begin)
	dbtest.RunConfig(t, db.Config{Clock: now}, func(t *testing.T, d *db.DB) {
		c := newCatalog(t, d, now)
		c.newTable(t, `{"Name":"n","Type":"int"}`)
		for _, b := range batches {
			c.mustCall(t, b.operation, batch(b.member, "t", b.item, b.limit))
			c.refused(t, "ValidationException", b.operation, batch(b.member, "t", b.item, b.limit+1))
			c.refused(t, "EntityNotFoundException", b.operation, batch(b.member, "none", b.item, 1))
			wrong := strings.Replace(batch(b.member, "t", b.item, 3), `["1"]`, `["1","2"]`, 1)
			c.refused(t, "InvalidInputException", b.operation, wrong)
		}
		c.refused(t, "ValidationException", "BatchUpdatePartition", batch("Entries", "t", "", 0))
		c.mustCall(t, "BatchCreatePartition", batch("PartitionInputList", "t", "", 0))
	})
}

// A token is good for the request that it answered, whatever the size of pages.
func TestTokensAreBound(t *testing.T) {
	now := clock.NewManual(begin)
	dbtest.RunConfig(t, db.Config{Clock: now}, func(t *testing.T, d *db.DB) {
		c := newCatalog(t, d, now)
		c.newTable(t, `{"Name":"n","Type":"int"}`)
		c.addPartitions(t, numbers(0, 50))
		same := `{"DatabaseName":"db","TableName":"t","Expression":"n > 3","Segment":{"SegmentNumber":0,"TotalSegments":1},"MaxResults":10`
		token := `,"NextToken":"` + c.ask(t, "GetPartitions", same+"}").NextToken + `"}`
		if n := len(c.ask(t, "GetPartitions", same+token).Partitions); n != 10 {
			t.Errorf("%d on the second page", n)
		}
		if n := len(c.ask(t, "GetPartitions", strings.Replace(same, `":10`, `":20`, 1)+token).Partitions); n != 20 {
			t.Errorf("%d on a second page of another size", n)
		}
		for _, change := range [][2]string{{"n > 3", "n > 4"}, {`"TotalSegments":1`, `"TotalSegments":2`}, {`"TableName":"t"`, `"TableName":"t","ExcludeColumnSchema":true`}} {
			c.refused(t, "InvalidInputException", "GetPartitions", strings.Replace(same, change[0], change[1], 1)+token)
		}
		for _, segment := range []string{`{"SegmentNumber":0,"TotalSegments":0}`, `{"SegmentNumber":0,"TotalSegments":11}`, `{"SegmentNumber":-1,"TotalSegments":2}`} {
			c.refused(t, "ValidationException", "GetPartitions", `{"DatabaseName":"db","TableName":"t","Segment":`+segment+`}`)
		}
		c.refused(t, "ValidationException", "GetPartitions", `{"DatabaseName":"db","TableName":"t","MaxResults":1001}`)
		c.refused(t, "ValidationException", "GetPartitions", `{"DatabaseName":"db","TableName":"t","Expression":"`+strings.Repeat(" ", 2049)+`"}`)
	})
}

// refused fails the test unless the request ends in the error.
func (c *catalog) refused(t *testing.T, code, operation, input string) {
	t.Helper()
	_, err := c.call(operation, input)
	var known op.Error
	if !errors.As(err, &known) || known.ErrorCode() != code {
		t.Errorf("%s %.150s: %v, not %s", operation, input, err, code)
	}
}
