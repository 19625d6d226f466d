package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
)

// writer owns SQLite's only writing connection and commits in groups.
//
// Writes queue up. The writer's goroutine begins one transaction, lets each waiting
// function run inside a savepoint of its own, and commits once: one fsync makes the
// whole group durable. While it waits for the disk the next group gathers. A function
// that fails loses its savepoint and nothing else; it has seen what ran before it in the
// group, so its caller hears of it when that is durable, too. Functions run on their callers'
// goroutines, one at a time: the writer hands them the connection and takes it back,
// so that a panic or t.Fatal stays where it belongs.
type writer struct {
	db    *DB
	on    *session
	log   *slog.Logger
	queue chan *job
	wal   *checkpointer
	held  []*job // of the group at hand: failed behind one that is kept

	stopped atomic.Pointer[stop] // set after an I/O error: no more writes
	closing chan struct{}
	closed  sync.Once
	ended   chan struct{}
}

type stop struct{ cause error }

// maxGroup bounds how long the first function of a group waits for its commit.
const maxGroup = 128

func newWriter(d *DB, on *session, cfg Config) *writer {
	w := &writer{
		db: d, on: on, log: cfg.Logger,
		queue:   make(chan *job, cfg.Queue),
		closing: make(chan struct{}),
		ended:   make(chan struct{}),
	}
	w.wal = newCheckpointer(w, cfg.Path)
	go w.loop()
	return w
}

// job is one Write on its way through the writer.
type job struct {
	state atomic.Int32 // queued, running or withdrawn
	turn  chan error   // the writer -> the caller: run now, or an error instead
	ran   chan struct{}
	done  chan error // the writer -> the caller: the outcome

	tx  *Tx
	err error // of the function; set before ran is closed
}

const (
	queued int32 = iota
	running
	withdrawn
)

// errAborted is the outcome of a function that panicked or called Goexit.
var errAborted = errors.New("db: the function did not return")

func (w *writer) write(ctx context.Context, fn Func) error {
	if err := w.refusal(); err != nil {
		return err
	}
	j := &job{turn: make(chan error, 1), ran: make(chan struct{}), done: make(chan error, 1)}
	select {
	case <-w.closing:
		return ErrClosed
	case w.queue <- j:
	default:
		return ErrBusy
	}
	if err := j.wait(ctx, w.ended); err != nil {
		return err
	}
	j.call(ctx, fn)
	return <-j.done
}

// wait returns nil when it is the job's turn.
func (j *job) wait(ctx context.Context, ended <-chan struct{}) error {
	select {
	case err := <-j.turn:
		return err
	case <-ctx.Done():
		if j.state.CompareAndSwap(queued, withdrawn) {
			return ctx.Err()
		}
		return <-j.turn
	case <-ended:
		select {
		case err := <-j.turn:
			return err
		default:
			return ErrClosed
		}
	}
}

// call runs fn and gives the connection back, whatever fn does.
func (j *job) call(ctx context.Context, fn Func) {
	j.err = errAborted
	defer close(j.ran)
	j.err = j.tx.call(ctx, fn)
}

// refusal returns ErrReadOnly after an I/O error has stopped the writes.
func (w *writer) refusal() error {
	if s := w.stopped.Load(); s != nil {
		return fmt.Errorf("%w: %w", ErrReadOnly, s.cause)
	}
	return nil
}

// stopWrites ends all writing of this process. After a failed fsync the kernel may have
// dropped the dirty pages and report success the next time; only a restart, which reads
// back what the disk really has, makes the state known again.
func (w *writer) stopWrites(cause error) {
	if w.stopped.CompareAndSwap(nil, &stop{cause}) {
		w.log.Error("storage error: writes are stopped until the server is restarted", "error", cause)
	}
}

func (w *writer) loop() {
	defer close(w.ended)
	for {
		select {
		case j := <-w.queue:
			w.group(j)
		case <-w.closing:
			w.drain()
			return
		}
	}
}

// drain refuses what still waits.
func (w *writer) drain() {
	for {
		select {
		case j := <-w.queue:
			j.refuse(ErrClosed)
		default:
			return
		}
	}
}

func (j *job) refuse(err error) {
	if j.state.CompareAndSwap(queued, running) {
		j.turn <- err
	}
}

// group runs first and what waits behind it in one transaction.
func (w *writer) group(first *job) {
	if err := w.begin(); err != nil {
		first.refuse(err)
		return
	}
	var kept []*job
	for j := first; j != nil; j = w.next(len(kept) + len(w.held)) {
		ok, err := w.run(j, len(kept) > 0)
		if err != nil {
			w.abort(kept, err)
			return
		}
		if ok {
			kept = append(kept, j)
		}
	}
	w.commit(kept)
}

func (w *writer) next(size int) *job {
	if size >= maxGroup {
		return nil
	}
	select {
	case j := <-w.queue:
		return j
	default:
		return nil
	}
}

func (w *writer) begin() error {
	if err := w.refusal(); err != nil {
		return err
	}
	return w.check(w.on.command("BEGIN IMMEDIATE"))
}

// run gives j its turn. kept says whether its changes wait for the commit; err is set
// when the whole group is lost. In all other cases j has its outcome, or is held when
// others are kept already.
func (w *writer) run(j *job, others bool) (kept bool, err error) {
	if !j.state.CompareAndSwap(queued, running) {
		return false, nil // its caller has gone
	}
	if err := w.check(w.on.command("SAVEPOINT job")); err != nil {
		j.turn <- err
		return false, err
	}
	j.tx = newTx(w.db, w.on, false)
	j.turn <- nil
	<-j.ran
	if j.err == nil {
		if err := w.check(w.on.command("RELEASE job")); err != nil {
			j.done <- err
			return false, err
		}
		return true, nil
	}
	j.tx.end() // after a panic rows may be open
	err = w.undo(j)
	if others && err == nil {
		w.held = append(w.held, j)
	} else {
		j.done <- j.err
	}
	return false, err
}

// undo rolls j's savepoint back, unless SQLite has given up the transaction.
func (w *writer) undo(j *job) error {
	if failed := w.check(j.tx.failed); fatal(failed) {
		j.err = failed
		return failed
	}
	for _, command := range []string{"ROLLBACK TO job", "RELEASE job"} {
		if err := w.check(w.on.command(command)); err != nil {
			j.err = errors.Join(j.err, err)
			return err
		}
	}
	return nil
}

// abort undoes a whole group for the error of one of its members, or of the commit.
func (w *writer) abort(group []*job, cause error) {
	if w.on.inTransaction() {
		if err := w.check(w.on.command("ROLLBACK")); err != nil {
			w.stopWrites(fmt.Errorf("roll back: %w", err))
		}
	}
	if errors.Is(cause, ErrReadOnly) {
		w.bury()
	}
	for _, j := range group {
		j.done <- cause
	}
	w.answerHeld(func(*job) error { return cause }) // what they failed of never was
}

// answerHeld tells the callers that were kept waiting.
func (w *writer) answerHeld(outcome func(*job) error) {
	for _, j := range w.held {
		j.done <- outcome(j)
	}
	w.held = w.held[:0]
}

// bury keeps a group whose fsync failed from coming back. Its pages are in the log and
// would count as committed when the log is read at the next start, though their callers
// were told that they failed. A small commit in their place breaks the log's chain of
// checksums there. Whether this commit itself reaches the disk does not matter, so its
// errors are not looked at; should the machine fail now, the group's fate stays open.
func (w *writer) bury() {
	const mark = `INSERT INTO epoch (name, value) VALUES (CAST('db: writes stopped' AS BLOB), 1)
		ON CONFLICT (name) DO UPDATE SET value = value + 1`
	for _, command := range []string{"BEGIN IMMEDIATE", mark, "COMMIT"} {
		if err := w.on.command(command); err != nil {
			w.log.Warn("bury a commit that failed", "error", err)
		}
	}
	if w.on.inTransaction() {
		if err := w.on.command("ROLLBACK"); err != nil {
			w.log.Warn("bury a commit that failed", "error", err)
		}
	}
}

// commit makes a group durable, runs the hooks in order and tells the callers.
func (w *writer) commit(group []*job) {
	if len(group) == 0 {
		w.abort(nil, nil)
		return
	}
	if err := w.check(w.on.command("COMMIT")); err != nil {
		w.abort(group, err)
		return
	}
	w.db.counts.committed(len(group))
	for _, j := range group {
		for _, hook := range j.tx.hooks {
			hook()
		}
	}
	for _, j := range group {
		j.done <- nil
	}
	w.answerHeld(func(j *job) error { return j.err })
	w.wal.committed()
}

// check translates an error of the writing connection. One of the storage stops all writes.
func (w *writer) check(err error) error {
	err = translate(err)
	if !errors.Is(err, errIO) {
		return err
	}
	w.stopWrites(err)
	return fmt.Errorf("%w: %w", ErrReadOnly, err)
}

func (w *writer) close() error {
	w.closed.Do(func() { close(w.closing) })
	<-w.ended
	w.wal.close()
	return w.on.close()
}
