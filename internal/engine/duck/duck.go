package duck

import (
	"context"
	"errors"
	"fmt"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/engine"
	"github.com/bindery-project/bindery/internal/work/worker"
)

// Engine runs queries in the processes of a pool. Use New.
type Engine struct {
	pool  *worker.Pool
	clock clock.Clock
	temp  int64
}

var _ engine.Engine = (*Engine)(nil)

// defaultTemp bounds DuckDB's temporary files of one query, in bytes.
const defaultTemp = 16 << 30

// New returns an engine over pool. temp is how many bytes of temporary files a query may
// write; 0 means 16 GiB.
func New(pool *worker.Pool, c clock.Clock, temp int64) *Engine {
	if temp <= 0 {
		temp = defaultTemp
	}
	return &Engine{pool: pool, clock: c, temp: temp}
}

// Run implements engine.Engine.
func (e *Engine) Run(ctx context.Context, q engine.Query, sink engine.RowSink) (engine.Stats, error) {
	start := e.clock.Now()
	lease, err := e.pool.Lease(ctx)
	if err != nil {
		return engine.Stats{}, e.failure(ctx, q, err)
	}
	defer lease.Release()
	staged, err := stageRelations(q.Relations, lease.In())
	if err != nil {
		return engine.Stats{}, err
	}
	stats := scanned(q.Relations)
	request := q
	request.Relations = staged
	rows := &rowReader{sink: sink}
	call := worker.Call{Task: TaskName, Request: order{Query: request, TempSize: e.temp}, Memory: q.MaxMemory}
	if err := lease.Do(ctx, call, rows); err != nil {
		return engine.Stats{}, e.failure(ctx, q, err)
	}
	if rows.ended == nil || rows.ended.Rows != rows.rows {
		return engine.Stats{}, &engine.Error{Class: engine.ClassInternal, Message: "the worker lost rows"}
	}
	stats.Rows, stats.Elapsed = rows.rows, e.clock.Now().Sub(start)
	return stats, nil
}

func scanned(relations []engine.Relation) engine.Stats {
	var s engine.Stats
	for _, r := range relations {
		for _, f := range r.Files {
			s.BytesScanned += f.Size
			s.FilesScanned++
		}
	}
	return s
}

// failure turns what the worker package returns into what the interface promises.
func (e *Engine) failure(ctx context.Context, q engine.Query, err error) error {
	var sink sinkError
	var failed *worker.TaskError
	var crash *worker.CrashError
	switch {
	case errors.As(err, &sink):
		return sink.err
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return fmt.Errorf("query stopped: %w", err)
	case errors.As(err, &failed):
		return &engine.Error{Class: knownClass(failed.Code), Message: failed.Message, File: knownKey(q, failed.Subject), Err: err}
	case errors.As(err, &crash):
		return &engine.Error{Class: classOfDeath(crash.Death), Message: "the process that ran the query " + crash.Death.String(), Err: err}
	}
	return &engine.Error{Class: engine.ClassInternal, Message: "the query could not be run", Err: err}
}

func classOfDeath(d worker.Death) engine.Class {
	switch d {
	case worker.DeathMemory:
		return engine.ClassOutOfMemory
	case worker.DeathCPU:
		return engine.ClassOutOfTime
	case worker.DeathExit, worker.DeathSilence, worker.DeathProtocol:
	}
	return engine.ClassInternal
}

// knownClass accepts only our own words from a worker.
func knownClass(code string) engine.Class {
	for _, c := range engine.Classes() {
		if string(c) == code {
			return c
		}
	}
	return engine.ClassInternal
}

// knownKey accepts only keys of this query from a worker.
func knownKey(q engine.Query, key string) string {
	for _, r := range q.Relations {
		for _, f := range r.Files {
			if f.Key == key {
				return key
			}
		}
	}
	return ""
}
