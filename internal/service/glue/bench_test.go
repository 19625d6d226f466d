package glue_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/wire"
)

func benchCatalog(b *testing.B, partitions int) (*catalog, *db.DB) {
	b.Helper()
	now := clock.NewManual(begin)
	d := dbtest.Open(b, dbtest.SQLite(b, db.Config{Clock: now}))
	c := newCatalog(b, d, now)
	c.newTable(b, `{"Name":"n","Type":"int"}`)
	c.addPartitions(b, numbers(0, partitions))
	return c, d
}

// answer runs a decoded request and encodes what comes back into buf.
func (c *catalog) encode(b *testing.B, operation string, in any, buf []byte) (any, []byte) {
	bound := c.bound[operation]
	out, err := bound.Call(c.ctx(operation), in)
	if err != nil {
		b.Fatal(err)
	}
	if buf, err = wire.AppendJSON(buf, &glueapi.Model, bound.Output, out); err != nil {
		b.Fatal(err)
	}
	return out, buf
}

// BenchmarkGetTable is the handler and the codec, for a table of 30 columns.
func BenchmarkGetTable(b *testing.B) {
	c, _ := benchCatalog(b, 0)
	var columns []string
	for i := range 30 {
		columns = append(columns, fmt.Sprintf(`{"Name":"column%d","Type":"decimal(10,2)","Comment":"what it means"}`, i))
	}
	c.mustCall(b, "CreateTable", `{"DatabaseName":"db","TableInput":{"Name":"wide","StorageDescriptor":{"Columns":[`+strings.Join(columns, ",")+`]}}}`)
	in := &glueapi.GetTableInput{DatabaseName: "db", Name: "wide"}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		_, buf = c.encode(b, "GetTable", in, buf[:0])
	}
	b.SetBytes(int64(len(buf)))
}

// BenchmarkPage is a page of 1000 of 100,000 partitions, decoded request to
// encoded answer; "loop" is what it is held against: the same rows, copied.
func BenchmarkPage(b *testing.B) {
	c, d := benchCatalog(b, 100_000)
	in := &glueapi.GetPartitionsInput{DatabaseName: "db", TableName: "t", Expression: new("n >= 50000"), MaxResults: new(int32(1000))}
	for name, expression := range map[string]string{"all": "", "range": "n >= 50000", "residual": "n > 100 and not n = 7"} {
		b.Run(name, func(b *testing.B) {
			in.Expression = &expression
			c.benchPage(b, in, 1000)
		})
	}
	b.Run("bare", func(b *testing.B) {
		bare := *in
		bare.Expression, bare.ExcludeColumnSchema = nil, new(true)
		c.benchPage(b, &bare, 1000)
	})
	b.Run("point", func(b *testing.B) {
		in.Expression = new("n in (5, 50000, 99999)")
		c.benchPage(b, in, 3)
	})
	b.Run("indexed", func(b *testing.B) {
		c.mustCall(b, "CreatePartitionIndex", `{"DatabaseName":"db","TableName":"t","PartitionIndex":{"IndexName":"n","Keys":["n"]}}`)
		c.work(b)
		in.Expression = new("n >= 50000")
		c.benchPage(b, in, 1000)
	})
	b.Run("segment", func(b *testing.B) {
		part := *in
		part.Expression, part.Segment = nil, &glueapi.Segment{SegmentNumber: 2, TotalSegments: 5}
		c.benchPage(b, &part, 1000)
	})
	b.Run("loop", func(b *testing.B) { benchLoop(b, d) })
}

func (c *catalog) benchPage(b *testing.B, in *glueapi.GetPartitionsInput, want int) {
	b.Helper()
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		var out any
		out, buf = c.encode(b, "GetPartitions", in, buf[:0])
		if n := len(out.(*glueapi.GetPartitionsOutput).RawPartitions); n != want {
			b.Fatalf("%d partitions", n)
		}
	}
	b.SetBytes(int64(len(buf)))
	b.ReportMetric(float64(want*b.N)/b.Elapsed().Seconds(), "partitions/s")
}

// benchLoop reads as many rows and writes as many bytes without understanding them.
func benchLoop(b *testing.B, d *db.DB) {
	filler := []byte(partitionInput("2026"))[:420] // about what a page adds to the stored rows
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = buf[:0]
		err := d.Read(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			rows, err := tx.Query(ctx, `SELECT okey, doc FROM glue_partition WHERE table_id = ? AND layout = ? AND okey >= ? AND okey < ? ORDER BY okey LIMIT ?`,
				2, 0, []byte{}, []byte{0xFF}, 1000)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var key, doc []byte
				if err := rows.Scan(&key, &doc); err != nil {
					return err
				}
				buf = append(append(buf, doc...), filler...)
			}
			return rows.Err()
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if len(buf) < 400_000 {
		b.Fatalf("%d bytes", len(buf))
	}
	b.SetBytes(int64(len(buf)))
	b.ReportMetric(float64(1000*b.N)/b.Elapsed().Seconds(), "partitions/s")
}

// actor makes the transactions of a benchmark journaled and audited as real ones.
type actor struct{}

func (actor) RequestID() string    { return "00000000-0000-0000-0000-000000000000" }
func (actor) PrincipalARN() string { return "arn:aws:iam::111111111111:user/ada" }
func (actor) AuditRecord() []byte  { return []byte(`{"eventName":"BatchCreatePartition"}`) }

// BenchmarkBatchCreate makes 100 partitions for each request, decoded from JSON,
// durably, by several clients at once.
func BenchmarkBatchCreate(b *testing.B) {
	c, _ := benchCatalog(b, 0)
	bound := c.bound["BatchCreatePartition"]
	var next atomic.Int64
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			items := make([]string, 100)
			for i := range items {
				items[i] = partitionInput(strconv.FormatInt(next.Add(1), 10))
			}
			in := bound.NewInput()
			body := `{"DatabaseName":"db","TableName":"t","PartitionInputList":[` + strings.Join(items, ",") + `]}`
			if err := wire.UnmarshalJSON(&glueapi.Model, bound.Input, []byte(body), in); err != nil {
				b.Error(err)
			}
			ctx := db.WithActor(op.WithCall(context.Background(), op.CallFrom(c.ctx("BatchCreatePartition"))), actor{})
			if _, err := bound.Call(ctx, in); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(100*b.N)/b.Elapsed().Seconds(), "partitions/s")
}
