package worker

import (
	"errors"
	"fmt"
)

// ErrClosed is returned when the pool has been closed.
var ErrClosed = errors.New("worker: pool is closed")

// Codes of a TaskError that the package itself sets. Tasks add their own.
const (
	CodeUnknownTask = "unknown-task" // the worker has no task of that name
	CodeInternal    = "internal"     // the task returned an error that is no TaskError
	CodePanic       = "panic"        // the task panicked in its own goroutine
)

// TaskError is a failure that the task itself reported: the worker lives on.
// All three texts come from the worker and are untrusted.
type TaskError struct {
	Code    string // a word that the task's owner understands
	Message string // for people
	Subject string // what it is about, for instance a file's key; may be empty
}

func (e *TaskError) Error() string {
	if e.Subject == "" {
		return fmt.Sprintf("worker task failed (%s): %s", e.Code, e.Message)
	}
	return fmt.Sprintf("worker task failed (%s, %s): %s", e.Code, e.Subject, e.Message)
}

// Death says why a worker process ended before its task did.
type Death int

const (
	// DeathExit is an end by itself: an exit code, or a signal not listed below.
	DeathExit Death = iota
	// DeathMemory is an end for lack of memory: the kernel's, or an allocation that failed.
	DeathMemory
	// DeathCPU is the end of the task's processor time.
	DeathCPU
	// DeathSilence is a worker killed because it sent no heartbeat.
	DeathSilence
	// DeathProtocol is a worker killed because it broke the protocol.
	DeathProtocol
)

func (d Death) String() string {
	switch d {
	case DeathExit:
		return "ended"
	case DeathMemory:
		return "ran out of memory"
	case DeathCPU:
		return "used up its processor time"
	case DeathSilence:
		return "stopped answering"
	case DeathProtocol:
		return "broke the protocol"
	}
	return "ended for an unknown reason"
}

// CrashError is returned when a worker died under a task. Only that task fails; the next
// one gets a new process.
type CrashError struct {
	Task   string
	Death  Death
	Status string // exit status or signal as the system words it; may be empty
	Stderr string // last lines of the worker's standard error: untrusted, for the log only
	Err    error  // what the server saw; may be nil
}

func (e *CrashError) Error() string {
	text := fmt.Sprintf("worker %s during task %q", e.Death, e.Task)
	if e.Status != "" {
		text += " (" + e.Status + ")"
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *CrashError) Unwrap() error { return e.Err }
