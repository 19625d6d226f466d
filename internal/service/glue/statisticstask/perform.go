package statisticstask

import (
	"context"
	"errors"
	"slices"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
	"github.com/bindery-project/bindery/internal/work/queue"
)

const (
	attempts    = 3 // after so many tries that ended with the server or with its faults, a run has failed
	sessionName = "AWS-ColumnStatistics"
	perWrite    = 25 // columns in one UpdateColumnStatisticsForTable
	maxMessage  = 2048
)

// claimed stores that a run runs.
func (t *Tasks) claimed(ctx context.Context, tx *db.Tx, item queue.Item) error {
	r, err := get(ctx, tx, item.Account, string(item.Payload))
	if errors.Is(err, db.ErrNotFound) || err == nil && !r.active() {
		return nil // perform finds nothing to do either, and the item ends
	}
	if err != nil {
		return err
	}
	r.begin(op.Millis(clock.Millis(tx.Now())))
	return r.put(ctx, tx)
}

// perform carries out a run. Done a second time, after a crash or a lost lease, it computes and writes the same again.
func (t *Tasks) perform(ctx context.Context, item queue.Item) error {
	var r *run
	err := t.DB.Read(context.WithoutCancel(ctx), func(ctx context.Context, tx *db.Tx) (err error) {
		r, err = get(ctx, tx, item.Account, string(item.Payload))
		return err
	})
	if errors.Is(err, db.ErrNotFound) || err == nil && !r.active() {
		return nil
	}
	if err != nil {
		return err
	}
	err = t.analyze(ctx, r, item.Attempt)
	state, message := glueapi.ColumnStatisticsStateSucceeded, ""
	switch cause := context.Cause(ctx); {
	case err == nil:
	case errors.Is(cause, queue.ErrCancelled):
		state = glueapi.ColumnStatisticsStateStopped
	case cause != nil:
		return err // the server stops, or another one has taken over
	default:
		var final bool
		if message, final = explain(err); !final && item.Attempt < attempts {
			return err
		}
		if !final {
			t.Log.Error("column statistics could not be computed", "run", r.ID(), "error", err)
		}
		state = glueapi.ColumnStatisticsStateFailed
	}
	return t.close(context.WithoutCancel(ctx), item, state, message)
}

// explain words an error for the run's owner. final says that trying again would not help.
func explain(err error) (message string, final bool) {
	var denied *op.Denied
	if errors.As(err, &denied) {
		return denied.Message, true
	}
	var known op.Error
	if errors.As(err, &known) && !known.ServerFault() {
		return known.ErrorMessage(), true
	}
	return "Internal service exception.", false
}

// close stores the outcome and takes the item from the queue, both or neither.
func (t *Tasks) close(ctx context.Context, item queue.Item, state, message string) error {
	if text := []rune(message); len(text) > maxMessage {
		message = string(text[:maxMessage])
	}
	return t.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := t.Queue.Settle(ctx, tx, item); err != nil {
			return err
		}
		r, err := get(ctx, tx, item.Account, string(item.Payload))
		if err != nil {
			return err
		}
		r.end(op.Millis(clock.Millis(tx.Now())), state, message)
		return r.put(ctx, tx)
	})
}

// analyze is a run from its beginning to its end.
func (t *Tasks) analyze(ctx context.Context, r *run, attempt int) error {
	if attempt > attempts {
		return terms.Invalid("The run was interrupted %d times, each time together with the server that ran it.", attempts)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	role, err := t.Roles.ForService(ctx, r.RoleARN, principalService, sessionName)
	if err != nil {
		return err
	}
	if role == nil {
		return terms.Invalid(notAssumable)
	}
	w := &worker{Tasks: t, run: r, role: role}
	columns, err := w.columns(ctx)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(columns, perQuestion) {
		if err := w.measure(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

// worker is one attempt at a run.
type worker struct {
	*Tasks
	run  *run
	role *op.Principal
}

// as is a context whose calls are the role's, made now.
func (w *worker) as(ctx context.Context) context.Context {
	return op.WithCall(ctx, &op.Call{
		RequestID: w.NewID(), Service: "glue", Operation: "StartColumnStatisticsTaskRun", Region: w.Region, Account: w.role.Account,
		Principal: *w.role, Now: w.Clock.Now(), UserAgent: principalService,
	})
}

// columns reads the table as the role and picks the columns to analyze.
func (w *worker) columns(ctx context.Context) ([]column, error) {
	out, err := w.Invoker.Invoke(w.as(ctx), principalService, "glue", "GetTable", &glueapi.GetTableInput{DatabaseName: *w.run.DatabaseName, Name: *w.run.TableName})
	if err != nil {
		return nil, err
	}
	found, ok := out.(*glueapi.GetTableOutput)
	if !ok || found.Table == nil || found.Table.StorageDescriptor == nil {
		return nil, terms.Invalid("Table %s has no storage descriptor.", *w.run.TableName)
	}
	all := slices.Concat(found.Table.StorageDescriptor.Columns, found.Table.PartitionKeys)
	return choose(all, w.run.ColumnNameList)
}

// measure computes the statistics of some columns and writes them.
func (w *worker) measure(ctx context.Context, columns []column) error {
	share := 1.0
	if w.run.SampleSize != nil {
		share = *w.run.SampleSize / 100
	}
	values, err := w.Analyzer.Row(w.as(ctx), question(*w.run.DatabaseName, *w.run.TableName, columns, share))
	if err != nil {
		return err
	}
	figures, err := answer(columns, values, share)
	if err != nil {
		return err
	}
	if err := w.sameTable(ctx); err != nil {
		return err
	}
	analyzed := op.Millis(clock.Millis(w.Clock.Now()))
	for i := range figures {
		figures[i].AnalyzedTime = analyzed
	}
	for some := range slices.Chunk(figures, perWrite) {
		if err := w.write(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

// sameTable fails when the table was deleted and another one made under its name, which these figures are not about.
func (w *worker) sameTable(ctx context.Context) error {
	return w.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		id, _, _, err := w.Tables.Columns(ctx, tx, *w.run.CustomerId, *w.run.DatabaseName, *w.run.TableName)
		if err == nil && id != w.run.Table {
			err = terms.Invalid("Table %s was replaced while it was analyzed.", *w.run.TableName)
		}
		return err
	})
}

func (w *worker) write(ctx context.Context, list []glueapi.ColumnStatistics) error {
	out, err := w.Invoker.Invoke(w.as(ctx), principalService, "glue", "UpdateColumnStatisticsForTable", &glueapi.UpdateColumnStatisticsForTableInput{
		DatabaseName: *w.run.DatabaseName, TableName: *w.run.TableName, ColumnStatisticsList: list,
	})
	if err != nil {
		return err
	}
	if written, ok := out.(*glueapi.UpdateColumnStatisticsForTableOutput); !ok || len(written.Errors) > 0 {
		return terms.Invalid("The columns of table %s were changed while it was analyzed.", *w.run.TableName)
	}
	return nil
}
