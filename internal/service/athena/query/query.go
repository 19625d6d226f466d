// Package query runs one SELECT for one caller: from text to a result file.
//
// Start at [Runner.Run]; its steps are the order of work: parse, find the tables in the
// catalog (catalog.go), analyze, translate, find the partitions and files to read
// (files.go), say how they are read (relation.go), run, and write rows as they come
// (output.go). Whatever is touched on the way is touched with the rights of the call in
// the context, checked anew each time (access.go). A fault ends as a [Failure] in the
// service's words (failure.go).
//
// The package keeps no state: who may start a query, and what became of it, is package
// execution's.
package query

import (
	"context"
	"fmt"
	"time"

	"github.com/bindery-project/bindery/internal/api/athenaapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/engine"
	"github.com/bindery-project/bindery/internal/engine/analyze"
	"github.com/bindery-project/bindery/internal/engine/sql"
	"github.com/bindery-project/bindery/internal/engine/translate"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/athena/objects"
)

// Runner runs queries. It is safe for concurrent use.
type Runner struct {
	Invoker op.Invoker
	Objects objects.Store
	Engine  engine.Engine
	Clock   clock.Clock
	Via     string // the service that asks on the caller's behalf, as the others see it
}

// Query is what to run.
type Query struct {
	ID         string // of the execution
	SQL        string
	Parameters []string // SQL literals for the question marks
	Database   string   // where names without a database are looked up
	Output     objects.Location
	Cutoff     int64 // bytes that may be scanned; 0 means no limit
}

// Outcome describes a finished query.
type Outcome struct {
	Columns  []athenaapi.ColumnInfo
	Rows     int64
	Bytes    int64 // of the result file
	Scanned  int64 // bytes of the files that were read
	Files    int64
	Planning time.Duration
	Engine   time.Duration // planning included
	Storing  time.Duration // after the last row
}

// Statement reads a statement and refuses by name what is no query. The error is an
// *sql.Error.
func Statement(text string) (*sql.QueryStatement, sql.Kind, error) {
	kind, known := sql.Classify(text)
	stmt, err := sql.Parse(text)
	if err != nil {
		return nil, kind, err
	}
	if q, ok := stmt.(*sql.QueryStatement); ok && known {
		return q, kind, nil
	}
	return nil, kind, sql.Errorf(stmt.Position(), sql.NotSupported, "%s statements are not supported yet", kind.Name)
}

// Parameters reads the values for the question marks: each is an SQL expression.
func Parameters(texts []string) ([]sql.Expr, error) {
	out := make([]sql.Expr, len(texts))
	for i, text := range texts {
		e, err := sql.ParseExpression(text)
		if err != nil {
			return nil, fmt.Errorf("execution parameter %d: %w", i+1, err)
		}
		out[i] = e
	}
	return out, nil
}

// Run runs q with the rights of the call in ctx and stores its result. When ctx ends the
// error wraps ctx.Err(); all others are *Failure.
func (r *Runner) Run(ctx context.Context, q Query) (*Outcome, error) {
	out, err := r.run(ctx, q)
	if err != nil {
		return nil, explain(ctx, err)
	}
	return out, nil
}

func (r *Runner) run(ctx context.Context, q Query) (*Outcome, error) {
	began := r.Clock.Now()
	plan, err := r.plan(ctx, q)
	if err != nil {
		return nil, err
	}
	text, err := translate.Query(plan, func(t *analyze.TableRef) (string, error) { return quoted(relationName(t)), nil })
	if err != nil {
		return nil, err
	}
	relations, err := r.relations(ctx, plan, q.Cutoff)
	if err != nil {
		return nil, err
	}
	planned := r.Clock.Now()
	out := &Outcome{Columns: columnInfo(plan.Output), Planning: planned.Sub(began)}
	if err := r.store(ctx, q, plan, engine.Query{SQL: text, Relations: relations}, out); err != nil {
		return nil, err
	}
	out.Engine += out.Planning
	return out, nil
}

// plan gives the statement its meaning.
func (r *Runner) plan(ctx context.Context, q Query) (*analyze.Plan, error) {
	stmt, _, err := Statement(q.SQL)
	if err != nil {
		return nil, err
	}
	parameters, err := Parameters(q.Parameters)
	if err != nil {
		return nil, err
	}
	call := op.CallFrom(ctx)
	found := &catalog{runner: r, databases: map[string]bool{}, tables: map[string]*analyze.Table{}}
	plan, err := analyze.Analyze(ctx, stmt, found, analyze.Session{
		Database: q.Database, User: call.Principal.ARN, Now: r.Clock.Now(), Parameters: parameters,
	})
	return plan, found.reword(err)
}
