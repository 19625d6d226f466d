package athena_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/bindery-project/bindery/internal/api/athenaapi"
	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/engine"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/seal"
	"github.com/bindery-project/bindery/internal/service/athena"
	"github.com/bindery-project/bindery/internal/service/athena/execution"
	"github.com/bindery-project/bindery/internal/service/athena/objects"
	"github.com/bindery-project/bindery/internal/service/athena/query"
	"github.com/bindery-project/bindery/internal/work/queue"
)

const account = "111122223333"

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// bench is Athena over a store, a catalog and objects that the test controls.
type bench struct {
	*testing.T
	*athena.Service
	ctx    context.Context
	db     *db.DB
	clock  *clock.Manual
	world  *world
	engine *scripted
	config execution.Config
	runner *queue.Runner
	ids    int
}

// run runs test on each database.
func run(t *testing.T, test func(b *bench)) {
	t.Helper()
	c := clock.NewManual(start)
	dbtest.RunConfig(t, db.Config{Clock: c}, func(t *testing.T, d *db.DB) {
		c.Set(start)
		test(newBench(t, d, c))
	})
}

func newBench(t *testing.T, d *db.DB, c *clock.Manual) *bench {
	keys, err := seal.OpenOrCreate(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, db: d, clock: c, world: newWorld(t), engine: &scripted{started: make(chan engine.Query, 10)}}
	b.config = execution.Config{
		DB: d, Queue: queue.New(d), Objects: b.world, Log: slog.New(slog.DiscardHandler), Clock: c,
		NewID: func() string { b.ids++; return fmt.Sprintf("00000000-0000-0000-0000-%012d", b.ids) },
	}
	b.Service = athena.New(b.config, keys, query.Runner{Invoker: b.world, Engine: b.engine, Clock: c})
	b.ctx = as(t.Context(), c, op.Principal{Type: op.User, ARN: "arn:aws:iam::" + account + ":user/ana", Account: account, UserName: "ana"})
	b.runner = b.newRunner("one")
	return b
}

// as is a context with a call of the principal.
func as(ctx context.Context, c clock.Clock, p op.Principal) context.Context {
	return op.WithCall(ctx, &op.Call{Service: "athena", Operation: "Test", Region: "eu-west-1", Account: p.Account, Principal: p, Now: c.Now()})
}

func (b *bench) newRunner(owner string) *queue.Runner {
	r := b.config.Queue.NewRunner(queue.Config{Owner: owner, Kinds: []queue.Kind{b.Work()}})
	if err := r.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	return r
}

// start starts a query whose result goes to the bucket "results".
func (b *bench) start(sql string) string {
	b.Helper()
	out, err := b.StartQueryExecution(b.ctx, input(sql))
	if err != nil {
		b.Fatal(err)
	}
	return *out.QueryExecutionId
}

func input(sql string) *athenaapi.StartQueryExecutionInput {
	return &athenaapi.StartQueryExecutionInput{
		QueryString: sql, QueryExecutionContext: &athenaapi.QueryExecutionContext{Database: new("d")},
		ResultConfiguration: &athenaapi.ResultConfiguration{OutputLocation: new("s3://results/q")},
	}
}

func (b *bench) get(id string) *athenaapi.QueryExecution {
	b.Helper()
	out, err := b.GetQueryExecution(b.ctx, &athenaapi.GetQueryExecutionInput{QueryExecutionId: id})
	if err != nil {
		b.Fatal(err)
	}
	return out.QueryExecution
}

func (b *bench) state(id string) string { b.Helper(); return *b.get(id).Status.State }

// end waits for a query's end.
func (b *bench) end(id string) *athenaapi.QueryExecution {
	b.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		e := b.get(id)
		if s := *e.Status.State; s != "QUEUED" && s != "RUNNING" {
			return e
		}
		if time.Now().After(deadline) {
			b.Fatalf("query %s is still %s", id, *e.Status.State)
		}
	}
}

// perform runs one query to its end.
func (b *bench) perform(sql string) *athenaapi.QueryExecution {
	b.Helper()
	id := b.start(sql)
	b.runner.Pass(b.Context())
	return b.end(id)
}

func reason(e *athenaapi.QueryExecution) string {
	if e.Status.StateChangeReason == nil {
		return ""
	}
	return *e.Status.StateChangeReason
}

// scripted is an engine that answers what the test says.
type scripted struct {
	started chan engine.Query
	block   bool // wait for the end of the context
	rows    [][]*string
	err     error
}

// Run implements engine.Engine: every column is text.
func (s *scripted) Run(ctx context.Context, q engine.Query, sink engine.RowSink) (engine.Stats, error) {
	answer := *s // the test may change s once it knows that the query runs
	s.started <- q
	return answer.answer(ctx, q, sink)
}

func (s *scripted) answer(ctx context.Context, q engine.Query, sink engine.RowSink) (engine.Stats, error) {
	if s.block {
		<-ctx.Done()
		return engine.Stats{}, fmt.Errorf("stopped: %w", ctx.Err())
	}
	if s.err != nil {
		return engine.Stats{}, s.err
	}
	stats := engine.Stats{Rows: int64(len(s.rows))}
	for _, r := range q.Relations {
		for _, f := range r.Files {
			stats.BytesScanned += f.Size
		}
	}
	return stats, s.send(sink)
}

func (s *scripted) send(sink engine.RowSink) error {
	fields := make([]arrow.Field, len(s.rows[0]))
	for i := range fields {
		fields[i] = arrow.Field{Name: fmt.Sprint(i), Type: arrow.BinaryTypes.String, Nullable: true}
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer b.Release()
	for _, row := range s.rows {
		for i, v := range row {
			column := b.Field(i).(*array.StringBuilder)
			if v == nil {
				column.AppendNull()
			} else {
				column.Append(*v)
			}
		}
	}
	if err := sink.Columns(make([]engine.ResultColumn, len(fields))); err != nil {
		return err
	}
	batch := b.NewRecordBatch()
	defer batch.Release()
	return sink.Rows(batch)
}

// world is a catalog and an object store. It notes each access, in order, and refuses those
// that the test denies.
type world struct {
	dir string

	mu         sync.Mutex
	log        []string
	denied     string // prefix of accesses
	databases  map[string]bool
	tables     map[string]*glueapi.Table
	partitions map[string][]glueapi.Partition
	buckets    map[string]string // owner
	objects    map[string][]byte
}

func newWorld(t *testing.T) *world {
	return &world{
		dir: t.TempDir(), databases: map[string]bool{"d": true}, tables: map[string]*glueapi.Table{},
		partitions: map[string][]glueapi.Partition{}, buckets: map[string]string{"results": account, "data": account},
		objects: map[string][]byte{},
	}
}

// access notes what is asked for, and by whom when it is not the bench's user.
func (w *world) access(ctx context.Context, what string) error {
	call := op.CallFrom(ctx)
	if name := call.Principal.UserName; name != "ana" {
		what += " as " + call.Principal.ARN
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, what)
	if w.denied != "" && strings.HasPrefix(what, w.denied) {
		return &op.Denied{Message: "not authorized to perform: " + what}
	}
	return nil
}

// accesses returns the notes and starts anew.
func (w *world) accesses() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	log := w.log
	w.log = nil
	return log
}

// Invoke implements op.Invoker for the operations of Glue that queries need.
func (w *world) Invoke(ctx context.Context, via, service, operation string, in any) (any, error) {
	if via != "athena.amazonaws.com" || service != "glue" {
		return nil, fmt.Errorf("invoked %s:%s via %s", service, operation, via)
	}
	switch in := in.(type) {
	case *glueapi.GetDatabaseInput:
		if err := w.access(ctx, "glue:GetDatabase "+in.Name); err != nil {
			return nil, err
		}
		if !w.databases[in.Name] {
			return nil, &glueapi.EntityNotFoundException{Message: "Database " + in.Name + " not found."}
		}
		return &glueapi.GetDatabaseOutput{Database: &glueapi.Database{Name: in.Name}}, nil
	case *glueapi.GetTableInput:
		if err := w.access(ctx, "glue:GetTable "+in.Name); err != nil {
			return nil, err
		}
		if t := w.tables[in.Name]; t != nil {
			return &glueapi.GetTableOutput{Table: t}, nil
		}
		return nil, &glueapi.EntityNotFoundException{Message: "Table " + in.Name + " not found."}
	case *glueapi.GetPartitionsInput:
		if err := w.access(ctx, "glue:GetPartitions "+in.TableName); err != nil {
			return nil, err
		}
		return w.page(in), nil
	}
	return nil, fmt.Errorf("invoked %s", operation)
}

// page answers one partition at a time, so that paging is always used.
func (w *world) page(in *glueapi.GetPartitionsInput) *glueapi.GetPartitionsOutput {
	all, at := w.partitions[in.TableName], 0
	if in.NextToken != nil {
		_, _ = fmt.Sscan(*in.NextToken, &at)
	}
	out := &glueapi.GetPartitionsOutput{Partitions: []glueapi.Partition{}}
	if at < len(all) {
		out.Partitions, out.NextToken = all[at:at+1], new(fmt.Sprint(at+1))
	}
	return out
}

// Locate implements objects.Store.
func (w *world) Locate(ctx context.Context, bucket string) (string, error) {
	if err := w.access(ctx, "s3:GetBucketLocation "+bucket); err != nil {
		return "", err
	}
	if owner, exists := w.buckets[bucket]; exists {
		return owner, nil
	}
	return "", objects.ErrNoBucket
}

// List implements objects.Store.
func (w *world) List(ctx context.Context, bucket, prefix string, each func(objects.Object) error) error {
	if err := w.access(ctx, "s3:ListBucket "+bucket+"/"+prefix); err != nil {
		return err
	}
	if _, exists := w.buckets[bucket]; !exists {
		return objects.ErrNoBucket
	}
	for _, o := range w.find(bucket + "/" + prefix) {
		if err := each(o); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) find(prefix string) []objects.Object {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []objects.Object
	for name, content := range w.objects {
		if strings.HasPrefix(name, prefix) {
			_, key, _ := strings.Cut(name, "/")
			out = append(out, objects.Object{Key: key, Size: int64(len(content)), Path: filepath.Join(w.dir, name)})
		}
	}
	slices.SortFunc(out, func(a, b objects.Object) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// put stores an object, as a file too.
func (w *world) put(t testing.TB, bucket, key, content string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.objects[bucket+"/"+key] = []byte(content)
	path := filepath.Join(w.dir, bucket, filepath.FromSlash(key))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// MayRead implements objects.Store.
func (w *world) MayRead(ctx context.Context, bucket, key string) error {
	return w.access(ctx, "s3:GetObject "+bucket+"/"+key)
}

type file struct{ *bytes.Reader }

func (file) Close() error { return nil }

// Open implements objects.Store.
func (w *world) Open(ctx context.Context, bucket, key string) (objects.File, error) {
	if err := w.access(ctx, "s3:GetObject "+bucket+"/"+key); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	content, exists := w.objects[bucket+"/"+key]
	if !exists {
		return nil, objects.ErrNoObject
	}
	return file{bytes.NewReader(content)}, nil
}

// Write implements objects.Store.
func (w *world) Write(ctx context.Context, bucket, key, _ string, body io.Reader) error {
	if err := w.access(ctx, "s3:PutObject "+bucket+"/"+key); err != nil {
		return err
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.objects[bucket+"/"+key] = content
	return nil
}

// text is a table of delimited text with one column, and a partition key when keyed.
func text(name string, keyed bool) *glueapi.Table {
	t := &glueapi.Table{Name: name, TableType: new("EXTERNAL_TABLE"), StorageDescriptor: storage("s3://data/" + name)}
	if keyed {
		t.PartitionKeys = []glueapi.Column{{Name: "day", Type: new("string")}}
	}
	return t
}

func storage(location string) *glueapi.StorageDescriptor {
	return &glueapi.StorageDescriptor{
		Location: &location, Columns: []glueapi.Column{{Name: "s", Type: new("string")}},
		SerdeInfo: &glueapi.SerDeInfo{SerializationLibrary: new("org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe")},
	}
}

// catalog makes the tables "flat" and "parted" (days 1 and 2) with a file each.
func (b *bench) catalog() {
	b.world.tables["flat"], b.world.tables["parted"] = text("flat", false), text("parted", true)
	b.world.put(b, "data", "flat/a.txt", "x\ny\n")
	b.world.put(b, "data", "flat/_b.txt", "hidden")
	b.world.put(b, "data", "flat/.c/d.txt", "hidden")
	b.world.put(b, "data", "flat/empty", "")
	b.world.put(b, "data", "flatter/e.txt", "another table's")
	for _, day := range []string{"1", "2"} {
		b.world.put(b, "data", "parted/day="+day+"/f.txt", "p\n")
		b.world.partitions["parted"] = append(b.world.partitions["parted"], glueapi.Partition{
			Values: []string{day}, StorageDescriptor: storage("s3://data/parted/day=" + day + "/"),
		})
	}
}
