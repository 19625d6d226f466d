package statisticstask

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
	"github.com/bindery-project/bindery/internal/work/queue"
)

// A run is STARTING while it waits in the queue, RUNNING, and then SUCCEEDED, FAILED or STOPPED.

// StartColumnStatisticsTaskRun queues a run. It needs iam:PassRole on the role.
func (t *Tasks) StartColumnStatisticsTaskRun(ctx context.Context, in *glueapi.StartColumnStatisticsTaskRunInput) (*glueapi.StartColumnStatisticsTaskRunOutput, error) {
	s, err := ownTable(op.CallFrom(ctx), "StartColumnStatisticsTaskRun", in.CatalogID, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	if op.Value(in.SecurityConfiguration) != "" {
		return nil, terms.Unsupported("StartColumnStatisticsTaskRun", "SecurityConfiguration")
	}
	if err := checkSample(in.SampleSize); err != nil {
		return nil, err
	}
	role, err := t.passRole(ctx, in.Role)
	if err != nil {
		return nil, err
	}
	order := order{subject: s, role: in.Role, roleARN: role, columns: in.ColumnNameList, sample: in.SampleSize}
	out := &glueapi.StartColumnStatisticsTaskRunOutput{}
	return out, t.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		id, err := t.start(ctx, tx, order)
		out.ColumnStatisticsTaskRunId = &id
		return err
	})
}

// order is what a run is to do.
type order struct {
	subject

	role    string // as the caller named it
	roleARN string
	columns []string
	sample  *float64 // percent of the rows; nil means all
}

// start queues a run, unless the table has one.
func (t *Tasks) start(ctx context.Context, tx *db.Tx, o order) (id string, err error) {
	table, err := t.find(ctx, tx, o.subject, o.columns)
	if err != nil {
		return "", err
	}
	last, err := newest(ctx, tx, o.subject)
	if err != nil {
		return "", err
	}
	if last.active() {
		return "", &glueapi.ColumnStatisticsTaskRunningException{Message: "Column statistics task is already running for table " + o.database + "." + o.table}
	}
	if err := forget(ctx, tx, o.account); err != nil {
		return "", err
	}
	r := newRun(t.NewID(), o, table, op.Millis(clock.Millis(tx.Now())))
	if err := r.put(ctx, tx); err != nil {
		return "", err
	}
	return r.ID(), t.Queue.Enqueue(ctx, tx, queue.Item{ID: itemID(r.ID()), Kind: runKind, Account: o.account, Payload: []byte(r.ID())})
}

func itemID(run string) string { return runKind + ":" + run }

// workerType and workers are what a run is said to have: one engine of ours does the work of one of Glue's smallest workers.
const (
	workerType = "G.1X"
	workers    = 1
)

func newRun(id string, o order, table int64, now op.Millis) *run {
	return &run{Table: table, RoleARN: o.roleARN, ColumnStatisticsTaskRun: glueapi.ColumnStatisticsTaskRun{
		CustomerId: &o.account, CatalogID: &o.account, ColumnStatisticsTaskRunId: &id, DatabaseName: &o.database, TableName: &o.table,
		ColumnNameList: o.columns, Role: &o.role, SampleSize: o.sample, WorkerType: new(workerType), NumberOfWorkers: new(int32(workers)),
		ComputationType: new(glueapi.ComputationTypeFull), Status: new(glueapi.ColumnStatisticsStateStarting),
		CreationTime: &now, LastUpdated: &now, DPUSeconds: new(0.0),
	}}
}

// StopColumnStatisticsTaskRun cancels the run that the table has.
func (t *Tasks) StopColumnStatisticsTaskRun(ctx context.Context, in *glueapi.StopColumnStatisticsTaskRunInput) (*glueapi.StopColumnStatisticsTaskRunOutput, error) {
	s, err := ownTable(op.CallFrom(ctx), "StopColumnStatisticsTaskRun", in.CatalogID, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	return &glueapi.StopColumnStatisticsTaskRunOutput{}, t.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := t.find(ctx, tx, s, nil); err != nil {
			return err
		}
		r, err := newest(ctx, tx, s)
		switch {
		case err != nil:
			return err
		case !r.active():
			return &glueapi.ColumnStatisticsTaskNotRunningException{Message: "Column statistics task is not running for table " + s.database + "." + s.table}
		case r.Stopping:
			return &glueapi.ColumnStatisticsTaskStoppingException{Message: "Column statistics task is already stopping for table " + s.database + "." + s.table}
		}
		return t.stop(ctx, tx, r)
	})
}

func (t *Tasks) stop(ctx context.Context, tx *db.Tx, r *run) error {
	removed, err := t.Queue.Cancel(ctx, tx, itemID(r.ID()))
	switch {
	case errors.Is(err, queue.ErrLost) || err == nil && removed:
		r.end(op.Millis(clock.Millis(tx.Now())), glueapi.ColumnStatisticsStateStopped, "")
	case err != nil:
		return err
	default:
		r.Stopping = true
	}
	return r.put(ctx, tx)
}

// GetColumnStatisticsTaskRun reads a run.
func (t *Tasks) GetColumnStatisticsTaskRun(ctx context.Context, in *glueapi.GetColumnStatisticsTaskRunInput) (*glueapi.GetColumnStatisticsTaskRunOutput, error) {
	out := &glueapi.GetColumnStatisticsTaskRunOutput{}
	return out, t.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := get(ctx, tx, op.CallFrom(ctx).Account, in.ColumnStatisticsTaskRunId)
		if errors.Is(err, db.ErrNotFound) {
			return terms.NotFound("Column statistics task run %s not found.", in.ColumnStatisticsTaskRunId)
		}
		if err == nil {
			out.ColumnStatisticsTaskRun = &r.ColumnStatisticsTaskRun
		}
		return err
	})
}

// mostRuns is the longest page of runs: the answer's list holds no more.
const mostRuns = 100

// GetColumnStatisticsTaskRuns lists the runs of a table, newest first.
func (t *Tasks) GetColumnStatisticsTaskRuns(ctx context.Context, in *glueapi.GetColumnStatisticsTaskRunsInput) (*glueapi.GetColumnStatisticsTaskRunsOutput, error) {
	s, err := ownTable(op.CallFrom(ctx), "GetColumnStatisticsTaskRuns", in.CatalogID, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	out := &glueapi.GetColumnStatisticsTaskRunsOutput{ColumnStatisticsTaskRuns: []glueapi.ColumnStatisticsTaskRun{}}
	found, next, err := t.page(ctx, &s, in.NextToken, in.MaxResults)
	for _, r := range found {
		out.ColumnStatisticsTaskRuns = append(out.ColumnStatisticsTaskRuns, r.ColumnStatisticsTaskRun)
	}
	out.NextToken = next
	return out, err
}

// ListColumnStatisticsTaskRuns lists the ids of all runs of the account, newest first.
func (t *Tasks) ListColumnStatisticsTaskRuns(ctx context.Context, in *glueapi.ListColumnStatisticsTaskRunsInput) (*glueapi.ListColumnStatisticsTaskRunsOutput, error) {
	out := &glueapi.ListColumnStatisticsTaskRunsOutput{ColumnStatisticsTaskRunIds: []string{}}
	found, next, err := t.page(ctx, nil, in.NextToken, in.MaxResults)
	for _, r := range found {
		out.ColumnStatisticsTaskRunIds = append(out.ColumnStatisticsTaskRunIds, r.ID())
	}
	out.NextToken = next
	return out, err
}

// page reads one page of a table's runs, or of all the caller's.
func (t *Tasks) page(ctx context.Context, s *subject, token *string, size *int32) (found []*run, next *string, err error) {
	call := op.CallFrom(ctx)
	var scope []string
	if s != nil {
		scope = []string{s.database, s.table}
	}
	after, err := t.Pages.After(call, call.Account, scope, token)
	if err != nil {
		return nil, nil, err
	}
	before, err := parsePosition(after)
	if err != nil {
		return nil, nil, err
	}
	limit := terms.Size(size, mostRuns)
	err = t.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		found, err = list(ctx, tx, call.Account, s, before, limit+1)
		return err
	})
	if err != nil || len(found) <= limit {
		return found, nil, err
	}
	found = found[:limit]
	next, err = t.Pages.Next(call, call.Account, scope, found[limit-1].position().bytes())
	return found, next, err
}

// position is a place in a list of runs.
type position struct {
	created int64
	id      string
}

func (p position) bytes() []byte { return []byte(strconv.FormatInt(p.created, 10) + " " + p.id) }

// parsePosition reads the position of a page token. Without one the list begins at its newest run.
func parsePosition(token []byte) (position, error) {
	if token == nil {
		return newestOfAll, nil
	}
	created, id, _ := strings.Cut(string(token), " ")
	ms, err := strconv.ParseInt(created, 10, 64)
	return position{created: ms, id: id}, err
}
