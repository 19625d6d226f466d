package worker

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// Lease is one worker in one caller's hands. It is for one goroutine.
type Lease struct {
	pool *Pool
	proc *process
	bad  bool
	done bool
}

// In is a folder that the worker can read and only the server can write. It is emptied
// when the lease ends. Files put there should be removed from nowhere else.
func (l *Lease) In() string { return filepath.Join(l.proc.scratch, inFolder) }

// Out is the folder in which the worker can write (Conn.Scratch on its side). What lies
// there after a task is untrusted: open files without following links.
func (l *Lease) Out() string { return filepath.Join(l.proc.scratch, outFolder) }

// Release gives the worker back. A worker that failed in any way but a TaskError is ended.
func (l *Lease) Release() {
	if l.done {
		return
	}
	l.done = true
	if l.bad {
		l.proc.end()
	} else {
		l.pool.put(l.proc)
	}
	<-l.pool.slots
}

// Do runs one task; see Pool.Do.
func (l *Lease) Do(ctx context.Context, call Call, to Receiver) error {
	req, err := l.request(call)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("worker: task %q: %w", call.Task, err)
	}
	l.proc.tasks++
	l.bad = true // until the worker has reported the end of the task
	stop := context.AfterFunc(ctx, l.proc.kill)
	failed, err := l.converse(req, to)
	cancelled := !stop()
	switch {
	case err == nil:
		l.bad = cancelled // the kill may still be on its way
		return asTaskError(failed)
	case cancelled || ctx.Err() != nil:
		return fmt.Errorf("worker: task %q: %w", call.Task, context.Cause(ctx))
	}
	return l.explain(call.Task, err)
}

// explain turns the end of a conversation into the error that Do promises.
func (l *Lease) explain(task string, err error) error {
	var ours receiverError
	if errors.As(err, &ours) {
		return ours.err
	}
	var broke protocolError
	if errors.As(err, &broke) || errors.Is(err, errFrameTooLarge) {
		l.proc.condemn(DeathProtocol)
	}
	crash := l.proc.postMortem(task, err)
	l.pool.config.Log.Warn("worker died", "task", task, "pid", l.proc.pid(),
		"death", crash.Death.String(), "status", crash.Status, "stderr", crash.Stderr)
	return crash
}

func asTaskError(failed *TaskError) error {
	if failed == nil {
		return nil
	}
	return failed
}

func (l *Lease) request(call Call) ([]byte, error) {
	body, err := cbor.Marshal(call.Request)
	if err != nil {
		return nil, fmt.Errorf("worker: encode request of task %q: %w", call.Task, err)
	}
	memory := l.pool.config.Memory
	if call.Memory > 0 && call.Memory < memory {
		memory = call.Memory
	}
	cpu := uint64(l.pool.config.CPU / time.Second)
	req, err := cbor.Marshal(request{Task: call.Task, Body: body, CPUSeconds: max(cpu, 1), Memory: memory})
	if err == nil && len(req) > MaxFrame {
		err = errFrameTooLarge
	}
	if err != nil {
		return nil, fmt.Errorf("worker: request of task %q: %w", call.Task, err)
	}
	return req, nil
}

// receiverError marks what the caller's own receiver returned.
type receiverError struct{ err error }

func (e receiverError) Error() string { return e.err.Error() }

// protocolError marks what a worker must not send.
type protocolError struct{ err error }

func (e protocolError) Error() string { return e.err.Error() }
func (e protocolError) Unwrap() error { return e.err }

// converse sends the request and hands on what comes back. It returns the task's own
// failure apart from the errors of the conversation.
func (l *Lease) converse(req []byte, to Receiver) (*TaskError, error) {
	watch := newWatch(l.pool.config.Silence, l.proc)
	defer watch.pause()
	if err := writeFrame(l.proc.stream, frameRequest, req); err != nil {
		return nil, err
	}
	for {
		watch.resume()
		kind, payload, err := readFrame(l.proc.stream)
		watch.pause()
		if err != nil {
			return nil, err
		}
		ended, failed, err := deliver(kind, payload, to)
		if ended || err != nil {
			return failed, err
		}
	}
}

func deliver(kind frameKind, payload []byte, to Receiver) (ended bool, failed *TaskError, err error) {
	switch kind {
	case frameBeat:
		return false, nil, nil
	case frameReply:
		err = to.Reply(payload)
	case frameData:
		err = to.Data(payload)
	case frameDone:
		return true, nil, nil
	case frameFailure:
		var f failure
		if err := Decode(payload, &f); err != nil {
			return false, nil, protocolError{err}
		}
		return true, f.asError(), nil
	case frameHello, frameRequest:
		fallthrough
	default:
		return false, nil, protocolError{fmt.Errorf("unexpected frame %d", kind)}
	}
	if err != nil {
		return false, nil, receiverError{err}
	}
	return false, nil, nil
}

// watch kills a worker that gives no sign of life while the server listens. It stands
// still while the server itself is busy: a worker that waits for us is not silent.
type watch struct {
	patience time.Duration
	timer    *time.Timer
}

func newWatch(patience time.Duration, proc *process) *watch {
	w := &watch{patience: patience}
	w.timer = time.AfterFunc(patience, func() { proc.condemn(DeathSilence) })
	return w
}

func (w *watch) resume() { w.timer.Reset(w.patience) }
func (w *watch) pause()  { w.timer.Stop() }
