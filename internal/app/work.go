package app

import (
	"context"

	"github.com/bindery-project/bindery/internal/work/queue"
)

// startWork performs what is queued, for all services that gave their kinds of
// work. It ends before they do: closers run in reverse.
func (a *App) startWork(ctx context.Context) error {
	runner := a.queue.NewRunner(queue.Config{Kinds: a.kinds, Owner: newID(), Sole: a.cfg.Postgres == "", Log: a.log})
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx) }()
	a.closers = append(a.closers, func() error {
		stop()
		return <-ended
	})
	return nil
}
