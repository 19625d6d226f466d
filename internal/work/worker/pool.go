package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Config describes the workers of one server. Zero values mean what the comments say.
type Config struct {
	// Command is the program and the words before the worker's own arguments.
	// Default: this program with the subcommand Command.
	Command []string
	// Scratch is a folder of this pool alone, below the data folder's tmp. It is created,
	// and emptied at the start: what lies there belonged to workers of a dead server.
	Scratch string
	// Read lists the folders (and files) that workers may read besides their scratch.
	Read []string
	// Size is the largest number of processes. Default 2.
	Size int
	// Idle is how long an unused process is kept warm. Default one minute.
	Idle time.Duration
	// Silence is how long a worker may go without a sign of life. Default ten seconds.
	Silence time.Duration
	// Memory is what one task may use, in bytes. Default 1 GiB. The kernel's limit lies
	// memoryMargin above it, so that the library can refuse before the kernel does.
	Memory int64
	// CPU is the processor time of one task. Default one hour.
	CPU time.Duration
	// FileBytes bounds one file that a worker writes. Default 16 GiB.
	FileBytes int64
	// MaxTasks is after how many tasks a process is replaced: it bounds what leaks and
	// fragmentation can add up to. Default 500.
	MaxTasks int
	// Log gets starts, ends and crashes. Default: nowhere.
	Log *slog.Logger
}

// memoryMargin is what a worker needs beside a task's memory: the program, Go's heap,
// thread stacks, buffers of the allocator.
const memoryMargin = 1 << 30

func (c Config) withDefaults() (Config, error) {
	if c.Scratch == "" {
		return c, errors.New("worker: no scratch folder configured")
	}
	if len(c.Command) == 0 {
		program, err := os.Executable()
		if err != nil {
			return c, fmt.Errorf("worker: find own program: %w", err)
		}
		c.Command = []string{program, Command}
	}
	c.Size = orDefault(c.Size, 2)
	c.Idle = orDefault(c.Idle, time.Minute)
	c.Silence = orDefault(c.Silence, 10*time.Second)
	c.Memory = orDefault(c.Memory, 1<<30)
	c.CPU = orDefault(c.CPU, time.Hour)
	c.FileBytes = orDefault(c.FileBytes, 16<<30)
	c.MaxTasks = orDefault(c.MaxTasks, 500)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

func orDefault[T int | int64 | time.Duration](v, fallback T) T {
	if v > 0 {
		return v
	}
	return fallback
}

// Pool keeps worker processes. No process is started before the first task. It is safe for
// concurrent use.
type Pool struct {
	config Config
	slots  chan struct{} // one token per process in use
	spawn  chan func()   // runs on one thread: see spawner
	done   chan struct{} // closed with the pool

	mu     sync.Mutex
	idle   []*process // most recently used last
	closed bool
	serial int // names scratch folders
}

// NewPool prepares the scratch folder. It starts nothing.
func NewPool(config Config) (*Pool, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	scratch, err := filepath.Abs(config.Scratch)
	if err != nil {
		return nil, fmt.Errorf("worker: scratch folder: %w", err)
	}
	if config.Scratch, err = emptyFolder(scratch); err != nil {
		return nil, err
	}
	p := &Pool{config: config, slots: make(chan struct{}, config.Size), spawn: make(chan func()), done: make(chan struct{})}
	go p.spawner()
	return p, nil
}

// emptyFolder makes path an empty folder of mode 0700 and returns its name without
// symbolic links, since the kernel and DuckDB compare real names.
func emptyFolder(path string) (string, error) {
	if err := os.RemoveAll(path); err != nil {
		return "", fmt.Errorf("worker: empty scratch folder: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return "", fmt.Errorf("worker: create scratch folder: %w", err)
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", fmt.Errorf("worker: resolve scratch folder: %w", err)
	}
	return real, nil
}

// Memory is the largest number of bytes that one task may use.
func (p *Pool) Memory() int64 { return p.config.Memory }

// Call is one task.
type Call struct {
	Task    string
	Request any   // encoded as CBOR
	Memory  int64 // bytes; 0 or more than the pool's means the pool's
}

// Receiver takes what a task sends, in order, on the goroutine that called Do. The bytes are
// untrusted. An error from it ends the task (and the worker) and is returned by Do.
type Receiver interface {
	Reply(cbor []byte) error
	Data(b []byte) error
}

// Do runs one task on a free worker. It waits for one when all are busy.
//
// Errors: a *TaskError when the task failed, a *CrashError when the worker died, the
// context's error when it ended first (the worker is then killed), the receiver's own.
func (p *Pool) Do(ctx context.Context, call Call, to Receiver) error {
	lease, err := p.Lease(ctx)
	if err != nil {
		return err
	}
	defer lease.Release()
	return lease.Do(ctx, call, to)
}

// Lease takes a worker for a while: for callers that put files into its In folder first.
func (p *Pool) Lease(ctx context.Context) (*Lease, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("worker: wait for a free worker: %w", ctx.Err())
	}
	proc, err := p.take(ctx)
	if err != nil {
		<-p.slots
		return nil, err
	}
	return &Lease{pool: p, proc: proc}, nil
}

// take returns a warm process, or a new one.
func (p *Pool) take(ctx context.Context) (*process, error) {
	for {
		proc, serial, err := p.pop()
		if err != nil {
			return nil, err
		}
		if proc == nil {
			return p.start(ctx, serial)
		}
		if proc.wake() {
			return proc, nil
		}
	}
}

func (p *Pool) pop() (*process, int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, 0, ErrClosed
	}
	if n := len(p.idle); n > 0 {
		proc := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return proc, 0, nil
	}
	p.serial++
	return nil, p.serial, nil
}

// put keeps a process for the next task, or ends it.
func (p *Pool) put(proc *process) {
	p.mu.Lock()
	keep := !p.closed && proc.tasks < p.config.MaxTasks && proc.clean()
	if keep {
		p.idle = append(p.idle, proc)
		proc.sleep(p.config.Idle, func() { p.drop(proc) })
	}
	p.mu.Unlock()
	if !keep {
		proc.end()
	}
}

// drop ends a process that was idle for too long, unless it has been taken meanwhile.
func (p *Pool) drop(proc *process) {
	p.mu.Lock()
	found := false
	for i, candidate := range p.idle {
		if candidate == proc {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			found = true
			break
		}
	}
	p.mu.Unlock()
	if found {
		p.config.Log.Debug("worker stopped: idle", "pid", proc.pid())
		proc.end()
	}
}

// Processes returns the process ids of the idle workers, for `doctor` and for tests.
func (p *Pool) Processes() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	pids := make([]int, len(p.idle))
	for i, proc := range p.idle {
		pids[i] = proc.pid()
	}
	return pids
}

// Close ends the idle workers and refuses new tasks. End the contexts of running tasks first:
// the thread that started their processes ends here, and on Linux they end with it.
func (p *Pool) Close() {
	p.mu.Lock()
	idle := p.idle
	already := p.closed
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, proc := range idle {
		proc.end()
	}
	if !already {
		close(p.done)
	}
}
