package statisticstask_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/seal"
	"github.com/bindery-project/bindery/internal/service/glue/partkey"
	"github.com/bindery-project/bindery/internal/service/glue/statisticstask"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
	"github.com/bindery-project/bindery/internal/work/queue"
)

const (
	account = "111122223333"
	role    = "arn:aws:iam::111122223333:role/analyst"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// world is the tasks on a store, with a table d.t of one column a, whose analysis the test holds up and answers. It stands for the catalog, the
// roles, the rights and the engine.
type world struct {
	*testing.T
	*statisticstask.Tasks
	db    *db.DB
	clock *clock.Manual
	ctx   context.Context

	mu      sync.Mutex
	table   int64 // id; 0 when the table does not exist
	denied  string
	asked   []string                   // queries
	written []glueapi.ColumnStatistics // by the role
	hold    chan struct{}              // the analysis waits until it is closed
	failure error                      // of the analysis
}

func run(t *testing.T, test func(w *world)) {
	t.Helper()
	c := clock.NewManual(start)
	dbtest.RunConfig(t, db.Config{Clock: c}, func(t *testing.T, d *db.DB) {
		c.Set(start)
		test(newWorld(t, d, c))
	})
}

func newWorld(t *testing.T, d *db.DB, c *clock.Manual) *world {
	t.Helper()
	keys, err := seal.OpenOrCreate(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, db: d, clock: c, table: 7, hold: make(chan struct{})}
	close(w.hold)
	var ids atomic.Int64
	w.Tasks = &statisticstask.Tasks{Config: statisticstask.Config{
		DB: d, Queue: queue.New(d), Authorizer: w, Invoker: w, Roles: w, Tables: w, Analyzer: w, Pages: terms.Pages{Sealer: keys}, Parallel: 2,
		Region: "eu-west-1", Clock: c, NewID: func() string { return fmt.Sprintf("id-%03d", ids.Add(1)) }, Log: slog.New(slog.DiscardHandler),
	}}
	w.ctx = op.WithCall(t.Context(), &op.Call{Service: "glue", Account: account, Now: start, Principal: op.Principal{ARN: "arn:aws:iam::111122223333:user/ana"}})
	return w
}

// Columns implements Tables.
func (w *world) Columns(_ context.Context, _ *db.Tx, _, database, name string) (int64, partkey.Layout, []glueapi.Column, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.table == 0 || database != "d" || name != "t" {
		return 0, partkey.Layout{}, nil, terms.NoTable(name)
	}
	return w.table, partkey.Layout{}, []glueapi.Column{{Name: "a", Type: new("bigint")}, {Name: "n", Type: new("struct<x:int>")}}, nil
}

// Check implements op.Authorizer.
func (w *world) Check(_ context.Context, accesses ...op.Access) error {
	for _, a := range accesses {
		if a.Action == w.denied {
			return &op.Denied{Message: "not authorized to perform: " + a.Action}
		}
	}
	return nil
}

// Allowed implements op.Authorizer.
func (w *world) Allowed(ctx context.Context, a op.Access) bool { return w.Check(ctx, a) == nil }

// ForService implements Roles.
func (w *world) ForService(_ context.Context, roleARN, service, _ string) (*op.Principal, error) {
	if roleARN != role || service != "glue.amazonaws.com" {
		return nil, nil
	}
	return &op.Principal{Type: op.AssumedRole, RoleARN: role, Account: account}, nil
}

// Row implements Analyzer.
func (w *world) Row(ctx context.Context, query string) ([]*string, error) {
	if op.CallFrom(ctx).Principal.RoleARN != role {
		return nil, errors.New("it is not the role who asks")
	}
	w.mu.Lock()
	w.asked = append(w.asked, query)
	hold, failure := w.hold, w.failure
	w.mu.Unlock()
	select {
	case <-hold:
		return []*string{new("10"), new("8"), new("-1"), new("5"), new("4")}, failure
	case <-ctx.Done():
		return nil, fmt.Errorf("query stopped: %w", ctx.Err())
	}
}

// Invoke implements op.Invoker.
func (w *world) Invoke(ctx context.Context, via, _, operation string, in any) (any, error) {
	if op.CallFrom(ctx).Principal.RoleARN != role || via != "glue.amazonaws.com" {
		return nil, errors.New("it is not the role who calls")
	}
	if operation == "GetTable" {
		_, _, columns, err := w.Columns(ctx, nil, account, "d", "t")
		return &glueapi.GetTableOutput{Table: &glueapi.Table{Name: "t", StorageDescriptor: &glueapi.StorageDescriptor{Columns: columns}}}, err
	}
	update, ok := in.(*glueapi.UpdateColumnStatisticsForTableInput)
	if !ok || operation != "UpdateColumnStatisticsForTable" {
		return nil, fmt.Errorf("called %s with %T", operation, in)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.written = append(w.written, update.ColumnStatisticsList...)
	return &glueapi.UpdateColumnStatisticsForTableOutput{}, nil
}

// block holds analyses up until the function it returns is called.
func (w *world) block() (release func()) {
	hold := make(chan struct{})
	w.mu.Lock()
	w.hold = hold
	w.mu.Unlock()
	return func() { close(hold) }
}

// serve performs the work until the function it returns is called, as a server's end does.
func (w *world) serve() (stop func()) {
	r := w.Queue.NewRunner(queue.Config{Owner: fmt.Sprint(time.Now().UnixNano()), Sole: true, Poll: 5 * time.Millisecond, Kinds: statisticstask.Kinds(w.Tasks)})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			w.Error(err)
		}
	})
	w.Cleanup(stop)
	return stop
}

func (w *world) eventually(what string, holds func() bool) {
	w.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	late := time.After(30 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-late:
			w.Fatalf("waited in vain until %s", what)
		}
	}
}

func (w *world) start() string {
	w.Helper()
	out, err := w.StartColumnStatisticsTaskRun(w.ctx, &glueapi.StartColumnStatisticsTaskRunInput{DatabaseName: "d", TableName: "t", Role: "analyst"})
	if err != nil {
		w.Fatal(err)
	}
	return *out.ColumnStatisticsTaskRunId
}

func (w *world) run(id string) *glueapi.ColumnStatisticsTaskRun {
	w.Helper()
	out, err := w.GetColumnStatisticsTaskRun(w.ctx, &glueapi.GetColumnStatisticsTaskRunInput{ColumnStatisticsTaskRunId: id})
	if err != nil {
		w.Fatal(err)
	}
	return out.ColumnStatisticsTaskRun
}

// ends waits for a run's end, which must be the given one.
func (w *world) ends(id, state string) *glueapi.ColumnStatisticsTaskRun {
	w.Helper()
	var got *glueapi.ColumnStatisticsTaskRun
	w.eventually("the run ends", func() bool {
		got = w.run(id)
		return got.EndTime != nil
	})
	if *got.Status != state {
		w.Fatalf("%s %v, want %s", *got.Status, got.ErrorMessage, state)
	}
	return got
}

func (w *world) running(id string) {
	w.Helper()
	w.eventually("the run runs", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.asked) > 0
	})
	if got := *w.run(id).Status; got != glueapi.ColumnStatisticsStateRunning {
		w.Fatalf("it is %s", got)
	}
}

func (w *world) stopRun() error {
	_, err := w.StopColumnStatisticsTaskRun(w.ctx, &glueapi.StopColumnStatisticsTaskRunInput{DatabaseName: "d", TableName: "t"})
	return err
}

func expect[E error](w *world, err error, text string) {
	w.Helper()
	var e E
	if !errors.As(err, &e) || !strings.Contains(err.Error(), text) {
		w.Errorf("got %v, want %T with %q", err, e, text)
	}
}

func TestRun(t *testing.T) {
	run(t, func(w *world) {
		id := w.start()
		if got := *w.run(id).Status; got != glueapi.ColumnStatisticsStateStarting {
			w.Errorf("it is %s", got)
		}
		release := w.block()
		w.serve()
		w.running(id)
		_, err := w.StartColumnStatisticsTaskRun(w.ctx, &glueapi.StartColumnStatisticsTaskRunInput{DatabaseName: "d", TableName: "t", Role: role})
		expect[*glueapi.ColumnStatisticsTaskRunningException](w, err, "d.t")
		w.clock.Advance(90 * time.Second)
		release()
		if got := w.ends(id, glueapi.ColumnStatisticsStateSucceeded); *got.DPUSeconds != 90 {
			w.Errorf("%v DPU seconds", *got.DPUSeconds)
		}
		if len(w.written) != 1 || w.written[0].ColumnName != "a" || w.written[0].StatisticsData.LongColumnStatisticsData.NumberOfNulls != 2 {
			w.Errorf("written %+v", w.written)
		}
		w.ends(w.start(), glueapi.ColumnStatisticsStateSucceeded)
	})
}

// A server that ends with a run in its middle loses nothing: the next one performs it.
func TestRunSurvivesTheServer(t *testing.T) {
	run(t, func(w *world) {
		id := w.start()
		release := w.block()
		stop := w.serve()
		w.running(id)
		stop()
		release()
		w.serve()
		w.ends(id, glueapi.ColumnStatisticsStateSucceeded)
		if len(w.asked) != 2 {
			w.Errorf("asked %d times", len(w.asked))
		}
	})
}

func TestStop(t *testing.T) {
	run(t, func(w *world) {
		expect[*glueapi.ColumnStatisticsTaskNotRunningException](w, w.stopRun(), "d.t")
		waiting := w.start()
		if err := w.stopRun(); err != nil {
			w.Fatal(err)
		}
		w.ends(waiting, glueapi.ColumnStatisticsStateStopped)
		id := w.start()
		defer w.block()()
		stop := w.serve()
		w.running(id)
		if err := w.stopRun(); err != nil {
			w.Fatal(err)
		}
		w.ends(id, glueapi.ColumnStatisticsStateStopped)
		expect[*glueapi.ColumnStatisticsTaskNotRunningException](w, w.stopRun(), "d.t")
		stop()
		if len(w.written) > 0 {
			w.Errorf("written %+v", w.written)
		}
	})
}

// A run that was asked to stop and has not is STOPPING for the next who asks.
func TestStopTwice(t *testing.T) {
	run(t, func(w *world) {
		w.start()
		err := w.db.Write(w.ctx, func(ctx context.Context, tx *db.Tx) error { // claimed by a server that says no more
			_, err := tx.Exec(ctx, `UPDATE work_item SET owner = ?`, "gone")
			return err
		})
		if err != nil {
			w.Fatal(err)
		}
		if err := w.stopRun(); err != nil {
			w.Fatal(err)
		}
		expect[*glueapi.ColumnStatisticsTaskStoppingException](w, w.stopRun(), "d.t")
	})
}

func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		failure error
		message string
	}{
		"denied":   {&op.Denied{Message: "no s3:GetObject"}, "no s3:GetObject"},
		"bad data": {terms.Invalid("HIVE_BAD_DATA: x"), "HIVE_BAD_DATA: x"},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(w *world) {
				w.failure = c.failure
				id := w.start()
				w.serve()
				if got := w.ends(id, glueapi.ColumnStatisticsStateFailed); *got.ErrorMessage != c.message {
					w.Errorf("message %q", *got.ErrorMessage)
				}
			})
		})
	}
}

// The figures of a table are not written to the one that has its name now.
func TestTableReplacedMeanwhile(t *testing.T) {
	run(t, func(w *world) {
		id := w.start()
		release := w.block()
		w.serve()
		w.running(id)
		w.mu.Lock()
		w.table = 8
		w.mu.Unlock()
		release()
		if got := w.ends(id, glueapi.ColumnStatisticsStateFailed); !strings.Contains(*got.ErrorMessage, "replaced") || len(w.written) > 0 {
			w.Errorf("message %q, written %v", *got.ErrorMessage, w.written)
		}
	})
}

func TestRefusals(t *testing.T) {
	run(t, func(w *world) {
		start := func(edit func(*glueapi.StartColumnStatisticsTaskRunInput)) error {
			in := &glueapi.StartColumnStatisticsTaskRunInput{DatabaseName: "d", TableName: "t", Role: "analyst"}
			edit(in)
			_, err := w.StartColumnStatisticsTaskRun(w.ctx, in)
			return err
		}
		expect[*glueapi.EntityNotFoundException](w, start(func(in *glueapi.StartColumnStatisticsTaskRunInput) { in.TableName = "x" }), "x")
		expect[*glueapi.InvalidInputException](w, start(func(in *glueapi.StartColumnStatisticsTaskRunInput) { in.ColumnNameList = []string{"x"} }), "x")
		expect[*glueapi.InvalidInputException](w, start(func(in *glueapi.StartColumnStatisticsTaskRunInput) { in.ColumnNameList = []string{"n"} }), "struct")
		expect[*glueapi.InvalidInputException](w, start(func(in *glueapi.StartColumnStatisticsTaskRunInput) { in.Role = "stranger" }), "TrustPolicy")
		expect[*glueapi.InvalidInputException](w, start(func(in *glueapi.StartColumnStatisticsTaskRunInput) { in.Role = "arn:aws:s3:::b" }), "no role")
		expect[*op.Denied](w, start(func(in *glueapi.StartColumnStatisticsTaskRunInput) { in.Role = "arn:aws:iam::444455556666:role/x" }), "Cross-account")
		expect[*op.Fault](w, start(func(in *glueapi.StartColumnStatisticsTaskRunInput) { in.CatalogID = new("444455556666") }), "CatalogID")
		expect[*op.Fault](w, start(func(in *glueapi.StartColumnStatisticsTaskRunInput) { in.SecurityConfiguration = new("s") }), "SecurityConfiguration")
		w.denied = "iam:PassRole"
		expect[*op.Denied](w, start(func(*glueapi.StartColumnStatisticsTaskRunInput) {}), "iam:PassRole")
	})
}
