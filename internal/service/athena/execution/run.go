package execution

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/api/athenaapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/athena/objects"
	"github.com/bindery-project/bindery/internal/service/athena/query"
	"github.com/bindery-project/bindery/internal/work/queue"
)

// Kind names the work items of queries.
const Kind = "athena:query"

// itemID is the work item of a query.
func itemID(account, id string) string { return Kind + ":" + account + ":" + id }

// Work tells the queue's runner how queries are performed.
func (x *Executions) Work() queue.Kind {
	return queue.Kind{Name: Kind, Limit: x.Limit, Claimed: x.claimed, Run: x.perform}
}

// claimed stores that a query runs.
func (x *Executions) claimed(ctx context.Context, tx *db.Tx, item queue.Item) error {
	e, err := get(ctx, tx, item.Account, string(item.Payload))
	if errors.Is(err, db.ErrNotFound) {
		return nil // perform finds nothing either, and the item ends
	}
	if err != nil || e.ended() {
		return err
	}
	e.begin(tx.Now())
	return put(ctx, tx, e)
}

// errTimeout is the cause of a context that ended because the query ran too long.
var errTimeout = errors.New("athena: the query ran too long")

// perform runs a query and stores its outcome. It returns an error only when the query is
// to be performed again.
func (x *Executions) perform(ctx context.Context, item queue.Item) error {
	var e *record
	var who *caller
	err := x.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if e, err = get(ctx, tx, item.Account, string(item.Payload)); err != nil {
			return err
		}
		who, err = x.callerOf(ctx, tx, e.Account, e.ID)
		return err
	})
	switch {
	case errors.Is(err, db.ErrNotFound):
		return nil
	case err != nil && context.Cause(ctx) == nil:
		return err
	case e == nil:
		return context.Cause(ctx)
	case e.ended():
		return nil
	}
	if item.Attempt > 1 {
		return x.finish(ctx, item, nil, query.Interrupted())
	}
	limited, cancel := context.WithTimeoutCause(op.WithCall(ctx, who.call()), x.Timeout, errTimeout)
	defer cancel()
	out, err := x.run(limited, e)
	switch cause := context.Cause(limited); {
	case err == nil:
	case errors.Is(cause, errTimeout):
		err = query.TimedOut()
	case errors.Is(cause, queue.ErrCancelled):
		err = &query.Failure{Reason: stopReason, Cancelled: true}
	case cause != nil:
		return cause // the server stops, or another one has taken over
	}
	return x.finish(ctx, item, out, err)
}

// defaultDatabase is where names are looked up when the client names no database.
const defaultDatabase = "default"

// run hands a stored execution to the query runner.
func (x *Executions) run(ctx context.Context, e *record) (*query.Outcome, error) {
	output, err := objects.Parse(*e.Doc.ResultConfiguration.OutputLocation)
	if err != nil {
		return nil, err
	}
	group, err := x.Groups.Find(ctx, *e.Doc.WorkGroup)
	if err != nil {
		return nil, err
	}
	q := query.Query{ID: e.ID, SQL: *e.Doc.Query, Parameters: e.Doc.ExecutionParameters, Output: output}
	if c := group.Configuration; c != nil && c.BytesScannedCutoffPerQuery != nil {
		q.Cutoff = *c.BytesScannedCutoffPerQuery
	}
	if q.Database = defaultDatabase; e.Doc.QueryExecutionContext.Database != nil {
		q.Database = strings.Trim(*e.Doc.QueryExecutionContext.Database, "`\"") // some clients quote it
	}
	return x.Queries.Run(ctx, q)
}

// finish stores the outcome and ends the item, in one transaction.
func (x *Executions) finish(ctx context.Context, item queue.Item, out *query.Outcome, failure error) error {
	ctx = context.WithoutCancel(ctx)
	var reason *query.Failure
	if failure != nil && !errors.As(failure, &reason) {
		reason = query.Internal(failure)
	}
	if reason != nil && reason.Ours() && reason.Cause != nil {
		x.Log.WarnContext(ctx, "query failed", "account", item.Account, "query", string(item.Payload), "reason", reason.Reason, "error", reason.Cause)
	}
	err := x.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := x.Queue.Settle(ctx, tx, item); err != nil {
			return err
		}
		e, err := get(ctx, tx, item.Account, string(item.Payload))
		if err != nil {
			return err
		}
		e.conclude(tx.Now(), out, reason)
		return put(ctx, tx, e)
	})
	if err != nil {
		return fmt.Errorf("store the end of query %s: %w", item.Payload, err)
	}
	return nil
}

// conclude gives an execution its final state.
func (e *record) conclude(now time.Time, out *query.Outcome, reason *query.Failure) {
	switch {
	case reason == nil:
		e.end(now, succeeded, "")
		e.succeed(out)
		return
	case reason.Cancelled:
		e.end(now, cancelled, reason.Reason)
	default:
		e.end(now, failed, reason.Reason)
		e.Doc.Status.AthenaError = &athenaapi.AthenaError{
			ErrorCategory: &reason.Category, ErrorType: &reason.Type, Retryable: &reason.Retryable, ErrorMessage: &reason.Reason,
		}
	}
	e.statistics().DataScannedInBytes = new(int64(0))
}

func (e *record) succeed(out *query.Outcome) {
	s := e.statistics()
	s.EngineExecutionTimeInMillis = new(out.Engine.Milliseconds())
	s.QueryPlanningTimeInMillis = new(out.Planning.Milliseconds())
	s.ServiceProcessingTimeInMillis = new(out.Storing.Milliseconds())
	s.ServicePreProcessingTimeInMillis = new(int64(0))
	s.DataScannedInBytes = &out.Scanned
	e.Result = &summary{Columns: out.Columns, Rows: out.Rows, Bytes: out.Bytes, Files: out.Files, Scanned: out.Scanned}
}
