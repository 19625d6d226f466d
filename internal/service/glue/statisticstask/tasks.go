// Package statisticstask computes column statistics: runs over a table's data, and settings
// that say how and when a table is analyzed.
//
// run.go has the operations about runs, settings.go those about settings and schedules,
// perform.go what a run does, figures.go the questions it asks about columns and how it
// reads the answers, store.go the SQL.
//
// A run is an item of the work queue. It works with a session of the role that it was given:
// the table is read from the catalog, its files from the object store and the statistics
// written to the catalog, each with that role's rights. One table has one run at a time.
//
// Statistics are the table's own: those of a partitioned table describe the rows of all its
// partitions, partition keys included. Partitions get none from a run.
package statisticstask

import (
	"context"
	"log/slog"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/partkey"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
	"github.com/bindery-project/bindery/internal/work/queue"
	"github.com/bindery-project/bindery/internal/work/timer"
)

// Tasks answers the operations about column statistics task runs and settings.
type Tasks struct{ Config }

// Config is what the tasks need of others. All of it must be set.
type Config struct {
	DB         *db.DB
	Queue      *queue.Queue
	Authorizer op.Authorizer
	Invoker    op.Invoker
	Roles      Roles
	Tables     Tables
	Analyzer   Analyzer
	Pages      terms.Pages
	Parallel   int // runs at once on this node
	Region     string
	Clock      clock.Clock
	NewID      func() string
	Log        *slog.Logger
}

// Roles makes sessions of the roles that runs have.
type Roles interface {
	// ForService makes a session of a role for a service. It is nil when the role does not exist or does not trust the service.
	ForService(ctx context.Context, roleARN, service, session string) (*op.Principal, error)
}

// Tables is what tasks need of tables.
type Tables interface {
	// Columns is the id of a table, how its partitions' keys are built, and its columns with
	// the partition keys behind them; or the EntityNotFoundException of the table or its database.
	Columns(ctx context.Context, tx *db.Tx, account, database, name string) (id int64, layout partkey.Layout, columns []glueapi.Column, err error)
}

// Analyzer answers questions about the rows of tables.
type Analyzer interface {
	// Row runs a query, in Athena's SQL, that has one row, with the rights of the call in the context, and returns its
	// values as Athena writes them; nil is NULL. A failure that is not the server's own is an op.Error or an *op.Denied.
	Row(ctx context.Context, query string) ([]*string, error)
}

const (
	runKind      = "glue:statistics"
	scheduleKind = "glue:statistics-schedule"
)

// Kinds are the work of the queue: the runs, and the schedules that start some.
func Kinds(t *Tasks) []queue.Kind {
	return []queue.Kind{
		{Name: runKind, Limit: t.Parallel, Claimed: t.claimed, Run: t.perform},
		t.timers().Work(),
	}
}

func (t *Tasks) timers() *timer.Timers {
	return &timer.Timers{DB: t.DB, Queue: t.Queue, Kind: scheduleKind, NewID: t.NewID, Fire: t.fire}
}
