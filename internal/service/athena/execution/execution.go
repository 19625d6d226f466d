// Package execution holds query executions: to start, watch and stop a query, and to read
// its result.
//
// A query's life:
//
//	            StopQueryExecution
//	          +-----------------------------> CANCELLED
//	          |              |
//	-----> QUEUED ------> RUNNING ----------> SUCCEEDED
//	        start   claim    |        perform
//	                         +--------------> FAILED
//
// StartQueryExecution (start.go) checks what can be checked without running, stores the
// row and its work item in one transaction, and returns. The queue's runner claims the item
// (RUNNING, in the claiming transaction) and performs it as the one who started it (run.go);
// the outcome and the end of the item are one transaction again. A query whose server died
// while it ran is FAILED by the next one, never left behind. Results are read from the
// stored file, page by page (results.go). The rows are in store.go.
package execution

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/bindery-project/bindery/internal/api/athenaapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/athena/objects"
	"github.com/bindery-project/bindery/internal/service/athena/query"
	"github.com/bindery-project/bindery/internal/service/athena/terms"
	"github.com/bindery-project/bindery/internal/work/queue"
)

// The states of a query.
const (
	queued    = "QUEUED"
	running   = "RUNNING"
	succeeded = "SUCCEEDED"
	failed    = "FAILED"
	cancelled = "CANCELLED"
)

// Groups finds workgroups.
type Groups interface {
	// Find returns a workgroup of the caller's account. An unknown one is an
	// InvalidRequestException.
	Find(ctx context.Context, name string) (*athenaapi.WorkGroup, error)
}

// Config is what executions need. All fields are required, but for Timeout and Limit.
type Config struct {
	DB      *db.DB
	Sealer  db.Sealer // hides the callers of stored queries
	Pages   terms.Pages
	Queue   *queue.Queue
	Groups  Groups
	Objects objects.Store
	Queries *query.Runner
	NewID   func() string // a new UUID
	Log     *slog.Logger
	Clock   clock.Clock
	Timeout time.Duration // how long a query may run; 0 = 30 minutes
	Limit   int           // how many run at once on this node; 0 = 2
}

const (
	defaultTimeout = 30 * time.Minute // the service's quota for DML
	defaultLimit   = 2
)

// Executions answers the operations about query executions.
type Executions struct{ Config }

// New returns the executions of a configuration.
func New(c Config) *Executions {
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.Limit == 0 {
		c.Limit = defaultLimit
	}
	return &Executions{c}
}

// GetQueryExecution describes a query.
func (x *Executions) GetQueryExecution(ctx context.Context, in *athenaapi.GetQueryExecutionInput) (*athenaapi.GetQueryExecutionOutput, error) {
	e, err := x.find(ctx, in.QueryExecutionId)
	if err != nil {
		return nil, err
	}
	return &athenaapi.GetQueryExecutionOutput{QueryExecution: &e.Doc}, nil
}

// BatchGetQueryExecution describes up to 50 queries. Those that do not exist are named apart.
func (x *Executions) BatchGetQueryExecution(ctx context.Context, in *athenaapi.BatchGetQueryExecutionInput) (*athenaapi.BatchGetQueryExecutionOutput, error) {
	out := &athenaapi.BatchGetQueryExecutionOutput{
		QueryExecutions: []athenaapi.QueryExecution{}, UnprocessedQueryExecutionIds: []athenaapi.UnprocessedQueryExecutionId{},
	}
	for _, id := range in.QueryExecutionIds {
		e, err := x.find(ctx, id)
		var refused *athenaapi.InvalidRequestException
		switch {
		case err == nil:
			out.QueryExecutions = append(out.QueryExecutions, e.Doc)
		case errors.As(err, &refused):
			out.UnprocessedQueryExecutionIds = append(out.UnprocessedQueryExecutionIds, athenaapi.UnprocessedQueryExecutionId{
				QueryExecutionId: &id, ErrorCode: refused.AthenaErrorCode, ErrorMessage: &refused.Message,
			})
		default:
			return nil, err
		}
	}
	return out, nil
}

// listSize is the largest page of ListQueryExecutions, and its default.
const listSize = 50

// ListQueryExecutions lists the ids of a workgroup's queries, the newest first.
func (x *Executions) ListQueryExecutions(ctx context.Context, in *athenaapi.ListQueryExecutionsInput) (*athenaapi.ListQueryExecutionsOutput, error) {
	call := op.CallFrom(ctx)
	group := terms.Primary
	if in.WorkGroup != nil {
		group = *in.WorkGroup
	}
	if _, err := x.Groups.Find(ctx, group); err != nil {
		return nil, err
	}
	after, err := x.Pages.After(call, group, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &athenaapi.ListQueryExecutionsOutput{}
	ids, next, err := x.list(ctx, call.Account, group, after, terms.Size(in.MaxResults, listSize))
	if err != nil {
		return nil, err
	}
	if out.QueryExecutionIds = ids; next != nil {
		out.NextToken, err = x.Pages.Next(call, group, next)
	}
	return out, err
}

// StopQueryExecution stops a query. One that has ended already stays as it is.
func (x *Executions) StopQueryExecution(ctx context.Context, in *athenaapi.StopQueryExecutionInput) (*athenaapi.StopQueryExecutionOutput, error) {
	account := op.CallFrom(ctx).Account
	err := x.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := get(ctx, tx, account, in.QueryExecutionId)
		if err != nil {
			return err
		}
		removed, err := x.Queue.Cancel(ctx, tx, itemID(account, in.QueryExecutionId))
		if errors.Is(err, queue.ErrLost) {
			return nil // it has ended
		}
		if err != nil || !removed {
			return err // a running query is stored as cancelled by its performer
		}
		e.end(tx.Now(), cancelled, stopReason)
		return put(ctx, tx, e)
	})
	return &athenaapi.StopQueryExecutionOutput{}, asMissing(err, in.QueryExecutionId)
}

const stopReason = "Query cancelled by user"

// find reads an execution of the caller's account.
func (x *Executions) find(ctx context.Context, id string) (e *record, err error) {
	account := op.CallFrom(ctx).Account
	err = x.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err = get(ctx, tx, account, id)
		return err
	})
	return e, asMissing(err, id)
}

// asMissing words a missing row.
func asMissing(err error, id string) error {
	if errors.Is(err, db.ErrNotFound) {
		return terms.Invalid("QueryExecution %s was not found", id)
	}
	return err
}

// WorkGroup is the workgroup of an execution, for authorization; "" when there is none.
func (x *Executions) WorkGroup(ctx context.Context, account, id string) (group string, err error) {
	err = x.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.QueryRow(ctx, `SELECT workgroup FROM athena_execution WHERE account = ? AND id = ?`, account, id).Scan(&group)
	})
	if errors.Is(err, db.ErrNotFound) {
		return "", nil
	}
	return group, err
}
