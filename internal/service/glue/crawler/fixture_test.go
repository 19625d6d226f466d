package crawler_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/format/inspecttask"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/seal"
	"github.com/bindery-project/bindery/internal/service/glue"
	"github.com/bindery-project/bindery/internal/service/glue/crawler"
	"github.com/bindery-project/bindery/internal/wire"
	"github.com/bindery-project/bindery/internal/work/queue"
	"github.com/bindery-project/bindery/internal/work/worker"
)

// TestMain makes the test program its own worker.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == worker.Command {
		os.Exit(worker.Main(os.Args[2:], inspecttask.Task()))
	}
	os.Exit(m.Run())
}

const (
	account = "111122223333"
	region  = "eu-west-1"
	role    = "arn:aws:iam::111122223333:role/service-role/AWSGlueServiceRole-x"
)

// world is the real Glue service on a store, with rights, roles and objects that the test decides about.
type world struct {
	t       *testing.T
	store   *db.DB
	glue    *glue.Service
	queue   *queue.Queue
	ctx     context.Context
	pool    *worker.Pool
	objects *objects
	rights  *rights
	stop    func() // ends the runner as a shutdown does
}

// newWorld starts everything but the runner.
func newWorld(t *testing.T, store *db.DB) *world {
	t.Helper()
	w := &world{t: t, store: store, queue: queue.New(store), rights: &rights{}, stop: func() {}}
	w.objects = &objects{dir: t.TempDir(), rights: w.rights, files: map[string]string{}}
	pool, err := worker.NewPool(worker.Config{Scratch: filepath.Join(t.TempDir(), "scratch"), Read: []string{w.objects.dir}, Size: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	w.pool = pool
	keys, err := seal.OpenOrCreate(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	var ids atomic.Int64
	newID := func() string { return fmt.Sprintf("id-%d", ids.Add(1)) }
	invoker := &invoker{rights: w.rights}
	w.glue = glue.New(glue.Config{
		Store: store, Sealer: keys, Authorizer: w.rights, Log: slog.New(slog.DiscardHandler), Alone: true,
		NewID: func() int64 { return ids.Add(1) },
		Crawlers: crawler.Config{
			Queue: w.queue, Invoker: invoker, Roles: w.rights, Objects: w.objects, Workers: pool, Parallel: 2,
			Region: region, Clock: clock.System(), NewID: newID,
		},
	})
	w.glue.Start()
	t.Cleanup(func() { _ = w.glue.Close() })
	invoker.operations = w.glue.Bind().Operations
	w.ctx = callerContext(account)
	return w
}

func callerContext(account string) context.Context {
	return op.WithCall(context.Background(), &op.Call{
		RequestID: "r", Service: "glue", Region: region, Account: account, Now: time.Now(),
		Principal: op.Principal{Type: op.User, ARN: "arn:aws:iam::" + account + ":user/ana", Account: account},
	})
}

// run starts the background work, until the test or w.stop ends it.
func (w *world) run() {
	runner := w.queue.NewRunner(queue.Config{
		Kinds: []queue.Kind{crawler.Kind(w.glue.Crawlers)}, Owner: fmt.Sprint(time.Now().UnixNano()), Sole: true, Poll: 20 * time.Millisecond,
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
	})
	w.t.Cleanup(w.stop)
}

// create makes a crawler c on s3://b/ that writes to database d, changed by edit.
func (w *world) create(edit func(*glueapi.CreateCrawlerInput)) {
	w.t.Helper()
	if err := w.tryCreate(edit); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) tryCreate(edit func(*glueapi.CreateCrawlerInput)) error {
	in := &glueapi.CreateCrawlerInput{
		Name: "c", Role: role, DatabaseName: new("d"),
		Targets: &glueapi.CrawlerTargets{S3Targets: []glueapi.S3Target{{Path: new("s3://b/")}}},
	}
	if edit != nil {
		edit(in)
	}
	_, err := w.glue.CreateCrawler(w.ctx, in)
	return err
}

func (w *world) start() {
	w.t.Helper()
	if _, err := w.glue.StartCrawler(w.ctx, &glueapi.StartCrawlerInput{Name: "c"}); err != nil {
		w.t.Fatal(err)
	}
}

// crawl runs the crawler to its end and returns it.
func (w *world) crawl() *glueapi.Crawler {
	w.t.Helper()
	w.start()
	return w.ready()
}

// ready waits until the crawler is READY.
func (w *world) ready() *glueapi.Crawler {
	w.t.Helper()
	var got *glueapi.Crawler
	w.eventually("the crawler is ready", func() bool {
		got = w.crawler()
		return *got.State == glueapi.CrawlerStateReady
	})
	return got
}

func (w *world) crawler() *glueapi.Crawler {
	w.t.Helper()
	out, err := w.glue.GetCrawler(w.ctx, &glueapi.GetCrawlerInput{Name: "c"})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.Crawler
}

func (w *world) eventually(what string, holds func() bool) {
	w.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(60 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-late:
			w.t.Fatalf("waited in vain until %s", what)
		}
	}
}

// succeeded fails the test when the last crawl did not succeed.
func (w *world) succeeded(c *glueapi.Crawler) {
	w.t.Helper()
	if c.LastCrawl == nil || *c.LastCrawl.Status != glueapi.LastCrawlStatusSucceeded {
		w.t.Fatalf("last crawl: %s", lastCrawl(c))
	}
}

func lastCrawl(c *glueapi.Crawler) string {
	if c.LastCrawl == nil {
		return "none"
	}
	text := *c.LastCrawl.Status
	if c.LastCrawl.ErrorMessage != nil {
		text += ": " + *c.LastCrawl.ErrorMessage
	}
	return text
}

// tables returns the tables of database d by name, as other services see them.
func (w *world) tables() map[string]glueapi.Table {
	w.t.Helper()
	out, err := w.glue.GetTables(viaAWS(w.ctx), &glueapi.GetTablesInput{DatabaseName: "d"})
	if err != nil {
		w.t.Fatal(err)
	}
	all := map[string]glueapi.Table{}
	for _, t := range out.TableList {
		all[t.Name] = t
	}
	return all
}

// partitions renders the partitions of a table: values and location.
func (w *world) partitions(table string) []string {
	w.t.Helper()
	out, err := w.glue.GetPartitions(viaAWS(w.ctx), &glueapi.GetPartitionsInput{DatabaseName: "d", TableName: table})
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for _, p := range out.Partitions {
		all = append(all, strings.Join(p.Values, "/")+" "+*p.StorageDescriptor.Location)
	}
	return all
}

func viaAWS(ctx context.Context) context.Context {
	call := *op.CallFrom(ctx)
	call.ViaAWS = true
	return op.WithCall(ctx, &call)
}

// columns renders columns as `name type, …`.
func columns(cs []glueapi.Column) string {
	var parts []string
	for _, c := range cs {
		parts = append(parts, c.Name+" "+*c.Type)
	}
	return strings.Join(parts, ", ")
}

// rights decide for callers and roles alike: everything is allowed but what is in denied ("glue:CreateTable"), and distrust lists roles that do
// not trust Glue.
type rights struct {
	mu       sync.Mutex
	denied   []string
	distrust bool
	asked    []op.Access
}

func (r *rights) deny(actions ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.denied = actions
}

func (r *rights) Check(ctx context.Context, accesses ...op.Access) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range accesses {
		r.asked = append(r.asked, a)
		if slices.Contains(r.denied, a.Action) {
			return &op.Denied{Message: "User: " + op.CallFrom(ctx).Principal.ARN + " is not authorized to perform: " + a.Action + " on resource: " + a.Resource.ARN}
		}
	}
	return nil
}

func (r *rights) Allowed(ctx context.Context, a op.Access) bool { return r.Check(ctx, a) == nil }

func (r *rights) ForService(_ context.Context, roleARN, service, session string) (*op.Principal, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if roleARN != role || service != "glue.amazonaws.com" || r.distrust {
		return nil, nil
	}
	return &op.Principal{
		Type: op.AssumedRole, ARN: "arn:aws:sts::" + account + ":assumed-role/AWSGlueServiceRole-x/" + session, RoleARN: role, Account: account,
	}, nil
}

// invoker runs the service's own operations as the gateway does: constraints, names folded, rights.
type invoker struct {
	rights     *rights
	operations []op.Bound
}

func (i *invoker) Invoke(ctx context.Context, via, service, operation string, in any) (any, error) {
	at := slices.IndexFunc(i.operations, func(b op.Bound) bool { return b.Name == operation })
	if service != "glue" || at < 0 {
		return nil, fmt.Errorf("no operation %s:%s", service, operation)
	}
	b := i.operations[at]
	call := *op.CallFrom(ctx)
	if call.Principal.RoleARN != role {
		return nil, fmt.Errorf("%s is called by %s, not by the role", operation, call.Principal.ARN)
	}
	call.Operation, call.Via, call.ViaAWS = operation, append(call.Via, via), true
	ctx = op.WithCall(ctx, &call)
	if problems := wire.Validate(b.Model, b.Input, in); len(problems) > 0 {
		return nil, op.Validation(problems)
	}
	if err := i.rights.Check(ctx, op.Access{Action: "glue:" + operation}); err != nil {
		return nil, err
	}
	return b.Call(ctx, in)
}

// objects is a store with the buckets b and other.
type objects struct {
	dir    string
	rights *rights

	mu    sync.Mutex
	files map[string]string // bucket/key -> file
	hold  chan struct{}     // when set, File waits until it is closed
	held  atomic.Int64      // how often File was called
}

// put writes an object of bucket b; empty content deletes it.
func (o *objects) put(t *testing.T, key string, content []byte) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if content == nil {
		delete(o.files, "b/"+key)
		return
	}
	path := filepath.Join(o.dir, fmt.Sprintf("object-%d", len(o.files)+int(o.held.Add(1))*100_000))
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	o.files["b/"+key] = path
}

func (o *objects) List(ctx context.Context, bucket, prefix string, each func(crawler.Object) error) error {
	if err := o.rights.Check(ctx, op.Access{Action: "s3:ListBucket", Resource: op.Resource{ARN: "arn:aws:s3:::" + bucket}}); err != nil {
		return err
	}
	if bucket != "b" {
		return &op.Fault{Code: "NoSuchBucket", Message: "The specified bucket does not exist", Status: 404}
	}
	o.mu.Lock()
	var found []crawler.Object
	for name, path := range o.files {
		if key, ok := strings.CutPrefix(name, bucket+"/"); ok && strings.HasPrefix(key, prefix) {
			info, err := os.Stat(path)
			if err != nil {
				o.mu.Unlock()
				return err
			}
			found = append(found, crawler.Object{Key: key, Size: info.Size(), ModTime: info.ModTime()})
		}
	}
	o.mu.Unlock()
	slices.SortFunc(found, func(a, b crawler.Object) int { return strings.Compare(a.Key, b.Key) })
	for _, f := range found {
		if err := each(f); err != nil {
			return err
		}
	}
	return nil
}

func (o *objects) File(ctx context.Context, bucket, key string) (string, error) {
	o.held.Add(1)
	o.mu.Lock()
	hold, path := o.hold, o.files[bucket+"/"+key]
	o.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
	if err := o.rights.Check(ctx, op.Access{Action: "s3:GetObject", Resource: op.Resource{ARN: "arn:aws:s3:::" + bucket + "/" + key}}); err != nil {
		return "", err
	}
	if path == "" {
		return "", crawler.ErrGone
	}
	return path, nil
}
