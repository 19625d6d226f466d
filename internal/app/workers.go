package app

import (
	"context"

	"github.com/bindery-project/bindery/internal/engine/duck"
	"github.com/bindery-project/bindery/internal/format/inspecttask"
	"github.com/bindery-project/bindery/internal/work/worker"
)

// Tasks lists everything that a worker process can do: run a query over exact
// files, and tell what is in a file.
func Tasks() []worker.Task {
	return []worker.Task{duck.Task(), inspecttask.Task()}
}

// openWorkers prepares the pool of worker processes. None is started before
// there is something to do.
func (a *App) openWorkers(context.Context) error {
	pool, err := worker.NewPool(worker.Config{
		Scratch: a.folder.File("tmp", "workers"),
		Read:    []string{a.folder.File("s3")},
		Size:    a.cfg.Workers,
		Memory:  int64(a.cfg.WorkerMemoryMB) << 20,
		Log:     a.log,
	})
	if err != nil {
		return err
	}
	a.workers, a.engine = pool, duck.New(pool, a.clock, 0)
	a.closers = append(a.closers, func() error { pool.Close(); return nil })
	return nil
}
