package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/clock"
)

// Tx is one transaction. It belongs to one goroutine and ends with the function it
// was given to.
//
// After a failed statement the whole transaction is failed: each later statement
// returns the same error, and so does Write, whatever the function returns. (Postgres
// demands it; SQLite is held to it, so that tests on one find the bugs of the other.)
// To try something that may fail, use INSERT ... ON CONFLICT or a nested Write. A
// missing row (ErrNotFound) is an answer, not a failure.
type Tx struct {
	db       *DB
	run      runner
	now      time.Time
	readonly bool
	done     bool
	failed   error
	open     *Rows // being read, or nil
	depth    int

	frame frame
	hooks []func()
}

// frame is what one (nested) Write has done so far: undone together, audited together.
type frame struct {
	actor   Actor
	changed bool // a row, on the actor's behalf
}

// runner executes statements on the connection of a transaction.
type runner interface {
	exec(ctx context.Context, query string, args []any) (sql.Result, error)
	query(ctx context.Context, query string, args []any, scan scanKind) (*sql.Rows, error)
}

// scanKind tells a runner whether a query may run long, and so must heed cancellation.
type scanKind bool

const (
	point scanKind = false
	scan  scanKind = true
)

func newTx(d *DB, run runner, readonly bool) *Tx {
	now := clock.FromMillis(clock.Millis(d.clock.Now()))
	return &Tx{db: d, run: run, now: now, readonly: readonly}
}

// Now is the transaction's time: fixed, UTC, in whole milliseconds.
func (tx *Tx) Now() time.Time { return tx.now }

// Exec runs a statement and returns how many rows it changed.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := tx.usable(); err != nil {
		return 0, err
	}
	if tx.readonly {
		return 0, fmt.Errorf("db: change inside a Read: %s", query)
	}
	res, err := tx.run.exec(ctx, query, bind(args))
	if err != nil {
		return 0, tx.fail(err)
	}
	n, err := res.RowsAffected()
	if n > 0 {
		tx.frame.changed = true
	}
	return n, tx.fail(err)
}

// savepoint runs one of the commands around a nested Write.
func (tx *Tx) savepoint(ctx context.Context, command string) error {
	if err := tx.usable(); err != nil {
		return err
	}
	_, err := tx.run.exec(ctx, command, nil)
	return tx.fail(err)
}

// changes reports whether a statement that returns rows may also change some (RETURNING).
func changes(query string) bool {
	word, _, _ := strings.Cut(strings.TrimSpace(query), " ")
	switch strings.ToUpper(word) {
	case "INSERT", "UPDATE", "DELETE", "REPLACE":
		return true
	}
	return false
}

// errRowsOpen shows a bug: Postgres sends one result at a time, so SQLite is held to it.
var errRowsOpen = errors.New("db: read or close the rows of the last Query before the next statement")

// Query runs a statement that returns rows. Until they are read to the end or closed no
// other statement may run.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*Rows, error) {
	return tx.query(ctx, query, args, scan)
}

// QueryRow runs a statement that returns at most one row. Errors wait for Row.Scan.
func (tx *Tx) QueryRow(ctx context.Context, query string, args ...any) *Row {
	rows, err := tx.query(ctx, query, args, point)
	return &Row{rows: rows, err: err}
}

func (tx *Tx) query(ctx context.Context, query string, args []any, kind scanKind) (*Rows, error) {
	if err := tx.usable(); err != nil {
		return nil, err
	}
	if changes(query) {
		if tx.readonly {
			return nil, fmt.Errorf("db: change inside a Read: %s", query)
		}
		tx.frame.changed = true
	}
	rows, err := tx.run.query(ctx, query, bind(args), kind) //nolint:rowserrcheck // Rows.Err does
	if err != nil {
		return nil, tx.fail(err)
	}
	tx.open = &Rows{tx: tx, rows: rows}
	return tx.open, nil
}

// OnCommit has fn called once the transaction is durable, before Write returns; never
// when it is undone. Calls come one at a time, on SQLite in commit order. On Postgres
// commits of different goroutines may be called in either order: drop cached entries,
// do not store new ones.
func (tx *Tx) OnCommit(fn func()) { tx.hooks = append(tx.hooks, fn) }

func (tx *Tx) usable() error {
	if tx.done {
		return errTxDone
	}
	if tx.failed == nil && tx.open != nil {
		tx.failed = errRowsOpen
	}
	return tx.failed
}

// fail translates err and, when it is one, fails the transaction with it.
func (tx *Tx) fail(err error) error {
	if err == nil {
		return nil
	}
	err = translate(err)
	if tx.failed == nil {
		tx.failed = err
	}
	return err
}

// call runs fn as the transaction's outermost function, up to the point of commit.
func (tx *Tx) call(ctx context.Context, fn Func) error {
	ctx = context.WithValue(ctx, txKey{}, tx)
	tx.frame = frame{actor: actorFrom(ctx)}
	err := fn(ctx, tx)
	if err == nil {
		err = tx.failed
	}
	if err == nil {
		err = tx.auditFrame(ctx, tx.frame)
	}
	tx.end()
	return err
}

// end makes the transaction unusable and closes the rows left open.
func (tx *Tx) end() {
	tx.closeRows()
	tx.done = true
}

func (tx *Tx) closeRows() {
	if tx.open == nil {
		return
	}
	if err := tx.open.Close(); err != nil {
		tx.db.log.Warn("closing rows left open by a transaction", "error", err)
	}
}

// nested runs fn inside a savepoint of a transaction that runs already.
func (tx *Tx) nested(ctx context.Context, fn Func) error {
	if tx.readonly {
		return errors.New("db: Write inside a Read")
	}
	if err := tx.usable(); err != nil {
		return err
	}
	tx.depth++
	name := fmt.Sprintf("nested%d", tx.depth)
	defer func() { tx.depth-- }()
	if err := tx.savepoint(ctx, "SAVEPOINT "+name); err != nil {
		return err
	}
	outer, hooks := tx.frame, len(tx.hooks)
	err := errAborted
	defer func() {
		if errors.Is(err, errAborted) {
			tx.failed = err // fn panicked: should someone recover, nothing may be kept
		}
	}()
	err = tx.callNested(ctx, fn)
	if err != nil {
		tx.frame, tx.hooks = outer, tx.hooks[:hooks]
		return tx.undo(ctx, name, err)
	}
	inner := tx.frame
	tx.frame = outer
	if sameActor(inner.actor, outer.actor) {
		tx.frame.changed = tx.frame.changed || inner.changed
	}
	return tx.savepoint(ctx, "RELEASE SAVEPOINT "+name)
}

func (tx *Tx) callNested(ctx context.Context, fn Func) error {
	outer := tx.frame
	tx.frame = frame{actor: actorFrom(ctx)}
	if err := fn(ctx, tx); err != nil {
		return err
	}
	if tx.failed != nil {
		return tx.failed
	}
	if sameActor(tx.frame.actor, outer.actor) {
		return nil // audited with the outer frame, once
	}
	return tx.auditFrame(ctx, tx.frame)
}

// undo rolls back to a savepoint, which also heals a failed transaction, and returns
// cause. A transaction that the database has given up as a whole stays failed.
func (tx *Tx) undo(ctx context.Context, savepoint string, cause error) error {
	if fatal(tx.failed) {
		return cause
	}
	tx.closeRows()
	tx.failed = nil
	for _, q := range []string{"ROLLBACK TO SAVEPOINT " + savepoint, "RELEASE SAVEPOINT " + savepoint} {
		if err := tx.savepoint(ctx, q); err != nil {
			return errors.Join(cause, err)
		}
	}
	return cause
}

// fatal reports whether err dooms the whole transaction and not only a statement.
func fatal(err error) bool {
	for _, kind := range []error{ErrConflict, ErrFull, ErrBusy, ErrReadOnly, errIO} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
