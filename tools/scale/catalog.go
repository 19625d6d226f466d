package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/seal"
	"github.com/bindery-project/bindery/internal/service/glue"
	"github.com/bindery-project/bindery/internal/service/glue/partindex"
	"github.com/bindery-project/bindery/internal/wire"
	"github.com/bindery-project/bindery/internal/work/queue"
)

// catalog is the service in this process, on the folder's store, called as the
// gateway calls it: from JSON to JSON.
type catalog struct {
	store   *db.DB
	service *glue.Service
	bound   map[string]op.Bound
	stop    func() error
}

type everything struct{}

func (everything) Check(context.Context, ...op.Access) error { return nil }
func (everything) Allowed(context.Context, op.Access) bool   { return true }

// actor makes changes journaled and audited as a caller's.
type actor struct{}

func (actor) RequestID() string    { return "00000000-0000-0000-0000-000000000000" }
func (actor) PrincipalARN() string { return principal }
func (actor) AuditRecord() []byte {
	return []byte(`{"eventName":"BatchCreatePartition","userIdentity":{"arn":"` + principal + `"}}`)
}

const (
	account   = "111122223333"
	principal = "arn:aws:iam::" + account + ":user/scale"
)

func openCatalog(ctx context.Context, folder string) (*catalog, error) {
	if err := os.MkdirAll(filepath.Join(folder, "keys"), 0o700); err != nil {
		return nil, err
	}
	keys, err := seal.OpenOrCreate(filepath.Join(folder, "keys"))
	if err != nil {
		return nil, err
	}
	store, err := db.Open(ctx, db.Config{Path: filepath.Join(folder, "bindery.db"), Clock: clock.System()})
	if err != nil {
		return nil, err
	}
	c := &catalog{store: store, bound: map[string]op.Bound{}}
	work := queue.New(store)
	c.service = glue.New(glue.Config{
		Store: store, Queue: work, Sealer: keys, Authorizer: everything{}, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Alone: true,
		NewID: func() int64 { return rand.Int64N(1<<62) + 1 },
	})
	c.service.Start() //nolint:contextcheck // its work lasts until Close
	for _, b := range c.service.Bind().Operations {
		c.bound[b.Name] = b
	}
	c.stop = startWork(ctx, c, work)
	return c, nil
}

// startWork performs what is queued: the index.
func startWork(ctx context.Context, c *catalog, work *queue.Queue) func() error {
	runner := work.NewRunner(queue.Config{Kinds: []queue.Kind{partindex.Kind(c.service.Indexes)}, Owner: "scale", Sole: true})
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx) }()
	return func() error {
		cancel()
		return <-ended
	}
}

func (c *catalog) close() error {
	if err := c.stop(); err != nil {
		return err
	}
	if err := c.service.Close(); err != nil {
		return err
	}
	return c.store.Close()
}

// call decodes a request, runs it and encodes the answer.
func (c *catalog) call(ctx context.Context, operation, body string) ([]byte, error) {
	b := c.bound[operation]
	in := b.NewInput()
	if err := wire.UnmarshalJSON(&glueapi.Model, b.Input, []byte(body), in); err != nil {
		return nil, err
	}
	ctx = op.WithCall(ctx, &op.Call{
		RequestID: "scale", Service: "glue", Operation: operation, Region: "us-east-1", Account: account, Now: clock.System().Now(),
		Principal: op.Principal{Type: op.User, ARN: principal, Account: account},
	})
	out, err := b.Call(db.WithActor(ctx, actor{}), in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	return wire.MarshalJSON(&glueapi.Model, b.Output, out)
}

// Every table has the keys g, m and h. Of n partitions 100 have the same g, next
// to each other; 100 have the same m, and the same h, far from each other.
const keys = `[{"Name":"g","Type":"int"},{"Name":"m","Type":"string"},{"Name":"h","Type":"int"}]`

const alike = 100

func partitionInput(i, n int) string {
	far := i % (n / alike)
	return fmt.Sprintf(`{"Values":["%d","m%d","%d"],"StorageDescriptor":{"Columns":[{"Name":"id","Type":"bigint"},{"Name":"amount","Type":"decimal(10,2)"},`+
		`{"Name":"customer","Type":"string"},{"Name":"created","Type":"timestamp"}],"Location":"s3://bucket/warehouse/t/g=%d/m=m%d/h=%d/",`+
		`"InputFormat":"org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat","OutputFormat":"org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",`+
		`"SerdeInfo":{"SerializationLibrary":"org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe","Parameters":{"serialization.format":"1"}}},`+
		`"Parameters":{"numRows":"1000","totalSize":"123456"}}`, i/alike, far, far, i/alike, far, far)
}

// create makes a table with n partitions, with an index on h from the beginning.
func (c *catalog) create(ctx context.Context, table string, n, writers int) error {
	_, err := c.call(ctx, "CreateTable", `{"DatabaseName":"scale","TableInput":{"Name":"`+table+`","PartitionKeys":`+keys+`},"PartitionIndexes":[{"IndexName":"by_h","Keys":["h"]}]}`)
	if err != nil {
		return err
	}
	began := time.Now()
	var next atomic.Int64
	var all sync.WaitGroup
	errs := make(chan error, writers)
	for range writers {
		all.Go(func() {
			for first := int(next.Add(100)) - 100; first < n; first = int(next.Add(100)) - 100 {
				if err := c.createBatch(ctx, table, first, n); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(errs)
	took := time.Since(began)
	fmt.Printf("%s: %d partitions created in %s, %.0f/s\n", table, n, took.Round(time.Millisecond), float64(n)/took.Seconds())
	return <-errs
}

func (c *catalog) createBatch(ctx context.Context, table string, first, n int) error {
	items := make([]string, 0, 100)
	for i := first; i < min(first+100, n); i++ {
		items = append(items, partitionInput(i, n))
	}
	_, err := c.call(ctx, "BatchCreatePartition", `{"DatabaseName":"scale","TableName":"`+table+`","PartitionInputList":[`+strings.Join(items, ",")+`]}`)
	return err
}
