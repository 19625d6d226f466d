// Package inspecttask lets workers inspect files: Task is the child's side, Inspect the server's. The files' bytes and the libraries that decode
// them stay in the child; the server gets a result or a reason whatever happens to it.
package inspecttask

import (
	"context"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"github.com/bindery-project/bindery/internal/format"
	"github.com/bindery-project/bindery/internal/work/worker"
)

// Task is the inspection as a worker offers it.
func Task() worker.Task {
	return worker.Task{Name: format.TaskName, Run: run}
}

func run(ctx context.Context, c *worker.Conn, request cbor.RawMessage) error {
	var r format.InspectRequest
	if err := worker.Decode(request, &r); err != nil {
		return fmt.Errorf("inspect: %w", err)
	}
	response, err := format.RunInspect(ctx, r)
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	if err := c.Reply(response); err != nil {
		return fmt.Errorf("reply: %w", err)
	}
	return nil
}

// Doer runs a task: a *worker.Pool, or a *worker.Lease whose In folder the file was staged to.
type Doer interface {
	Do(ctx context.Context, call worker.Call, to worker.Receiver) error
}

// Inspect asks a worker about one file. A *format.Reason is the file's fault: a worker that died of it, or ran out of the time of ctx, is one too.
// Any other error is ours and says nothing about the file. The caller's own cancellation comes back as context.Canceled.
func Inspect(ctx context.Context, workers Doer, request format.InspectRequest) (*format.Result, error) {
	var answer answer
	err := workers.Do(ctx, worker.Call{Task: format.TaskName, Request: request}, &answer)
	var crash *worker.CrashError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, &format.Reason{Kind: format.TimedOut, Detail: "the deadline passed while a worker read the file"}
	case errors.As(err, &crash):
		return nil, &format.Reason{Kind: format.Corrupt, Detail: "the worker that read it " + crash.Death.String()}
	case err != nil:
		return nil, fmt.Errorf("inspect %s: %w", request.Name, err)
	case answer.response.Reason != nil:
		return nil, answer.response.Reason
	case answer.response.Result == nil:
		return nil, fmt.Errorf("inspect %s: a worker answered nothing", request.Name)
	}
	return answer.response.Result, nil
}

// answer takes the one reply of the task.
type answer struct{ response format.InspectResponse }

func (a *answer) Reply(reply []byte) error {
	return worker.Decode(reply, &a.response) //nolint:wrapcheck // says what it decoded
}

func (a *answer) Data([]byte) error {
	return errors.New("an inspection sends no data")
}
