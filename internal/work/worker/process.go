package worker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Folders inside a worker's scratch folder.
const (
	inFolder  = "in"  // written by the server, read by the worker
	outFolder = "out" // written by the worker
)

// process is a running worker as the server sees it.
type process struct {
	cmd     *exec.Cmd
	stream  net.Conn
	scratch string
	stderr  *excerpt
	exited  chan struct{} // closed when the process has been waited for
	tasks   int
	nap     *time.Timer // ends an idle process

	mu    sync.Mutex
	death Death // why the server killed it, when it did
	slain bool  // killed by the server
}

// spawner runs the starts of all processes on one thread that lives as long as the pool:
// a parent-death signal is sent when the thread that forked ends, not the process.
func (p *Pool) spawner() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		select {
		case start := <-p.spawn:
			start()
		case <-p.done:
			return
		}
	}
}

// onSpawner runs fn on the spawner's thread and waits for it.
func (p *Pool) onSpawner(fn func() error) error {
	result := make(chan error, 1)
	select {
	case p.spawn <- func() { result <- fn() }:
		return <-result
	case <-p.done:
		return ErrClosed
	}
}

// start makes a new process and waits for its hello.
func (p *Pool) start(ctx context.Context, serial int) (*process, error) {
	proc := &process{
		scratch: filepath.Join(p.config.Scratch, fmt.Sprintf("w%d", serial)),
		stderr:  newExcerpt(4 << 10),
		exited:  make(chan struct{}),
	}
	if err := proc.makeFolders(); err != nil {
		return nil, err
	}
	if err := p.launch(proc); err != nil {
		return nil, errors.Join(err, os.RemoveAll(proc.scratch))
	}
	stop := context.AfterFunc(ctx, proc.kill)
	err := proc.greet(p.config.Silence)
	if stopped := stop(); !stopped {
		err = errors.Join(ctx.Err(), err)
	}
	if err != nil {
		crash := proc.postMortem("start", err)
		proc.end()
		return nil, fmt.Errorf("worker: start: %w%s", crash, proc.stderr.suffix())
	}
	p.config.Log.Debug("worker started", "pid", proc.pid())
	return proc, nil
}

func (proc *process) makeFolders() error {
	for _, name := range []string{inFolder, outFolder} {
		if err := os.MkdirAll(filepath.Join(proc.scratch, name), 0o700); err != nil {
			return fmt.Errorf("worker: create scratch folder: %w", err)
		}
	}
	return nil
}

// launch forks the process with one end of a socket pair, trying the strongest isolation
// first: what the kernel refuses here (user namespaces may be switched off) it refuses
// before the program has started.
func (p *Pool) launch(proc *process) error {
	ours, theirs, err := socketPair()
	if err != nil {
		return err
	}
	defer theirs.Close() //nolint:errcheck // our copy of the worker's end
	var refusals error
	for _, attr := range isolations() {
		cmd := p.command(proc, theirs, attr)
		err := p.onSpawner(cmd.Start)
		if err == nil {
			proc.cmd, proc.stream = cmd, ours
			go proc.wait()
			return nil
		}
		refusals = errors.Join(refusals, err)
	}
	return errors.Join(fmt.Errorf("worker: start process: %w", refusals), ours.Close())
}

func (p *Pool) command(proc *process, socket *os.File, attr *syscall.SysProcAttr) *exec.Cmd {
	s := settings{
		Stage:   stageConfine,
		Scratch: filepath.Join(proc.scratch, outFolder),
		Read:    append([]string{filepath.Join(proc.scratch, inFolder)}, p.config.Read...),
		Data:    uint64(p.config.Memory) + memoryMargin,
		File:    uint64(p.config.FileBytes),
	}
	words := append(append([]string{}, p.config.Command[1:]...), s.args()...)
	cmd := exec.Command(p.config.Command[0], words...)
	cmd.Env = []string{}
	cmd.Dir = s.Scratch
	cmd.Stderr = proc.stderr
	cmd.ExtraFiles = []*os.File{socket}
	cmd.SysProcAttr = attr
	cmd.WaitDelay = time.Second // a grandchild holding stderr must not keep Wait waiting
	return cmd
}

// greet reads the hello and checks it.
func (proc *process) greet(patience time.Duration) error {
	timer := time.AfterFunc(patience, func() { proc.condemn(DeathSilence) })
	defer timer.Stop()
	kind, payload, err := readFrame(proc.stream)
	if err != nil {
		return fmt.Errorf("read hello: %w", err)
	}
	var h hello
	if err := Decode(payload, &h); err != nil {
		return err
	}
	if kind != frameHello || h.Version != protocolVersion {
		return fmt.Errorf("worker speaks protocol %d, this server %d: was the program replaced while running?",
			h.Version, protocolVersion)
	}
	return nil
}

func (proc *process) pid() int { return proc.cmd.Process.Pid }

func (proc *process) wait() {
	_ = proc.cmd.Wait() // the state is read from ProcessState
	close(proc.exited)
}

// kill ends the process and everything it may have started, at once.
func (proc *process) kill() {
	proc.mu.Lock()
	proc.slain = true
	proc.mu.Unlock()
	proc.signal()
}

// signal sends SIGKILL unless the process has been waited for: its number may by then be
// another's.
func (proc *process) signal() {
	select {
	case <-proc.exited:
	default:
		killGroup(proc.cmd.Process)
	}
}

// condemn kills for a reason that postMortem will tell.
func (proc *process) condemn(why Death) {
	proc.mu.Lock()
	if !proc.slain {
		proc.death, proc.slain = why, true
	}
	proc.mu.Unlock()
	proc.signal()
}

// end kills, waits and removes the scratch folder.
func (proc *process) end() {
	proc.kill()
	<-proc.exited
	_ = proc.stream.Close()        // nothing is lost: the process is gone
	_ = os.RemoveAll(proc.scratch) // NewPool removes what is left
}

// postMortem tells why the process died during a task. It kills it if it has not.
func (proc *process) postMortem(task string, seen error) *CrashError {
	proc.mu.Lock()
	death, slain := proc.death, proc.slain
	proc.mu.Unlock()
	if !slain {
		// The socket closed by itself. Its end and the exit are two events: give the
		// second a moment, so that the status is the worker's own and not our kill.
		select {
		case <-proc.exited:
		case <-time.After(2 * time.Second):
			proc.kill()
		}
	}
	<-proc.exited
	crash := &CrashError{
		Task: task, Death: death, Status: proc.cmd.ProcessState.String(),
		Stderr: proc.stderr.String(), Err: seen,
	}
	if !slain {
		crash.Death = deathOf(proc.cmd.ProcessState, crash.Stderr)
	}
	return crash
}

// clean empties the folders for the next task. The folders themselves stay: the worker's
// permissions belong to them, not to their names. False means that the process must go.
func (proc *process) clean() bool {
	for _, name := range []string{inFolder, outFolder} {
		folder := filepath.Join(proc.scratch, name)
		entries, err := os.ReadDir(folder)
		if err != nil {
			return false
		}
		for _, e := range entries {
			if os.RemoveAll(filepath.Join(folder, e.Name())) != nil {
				return false
			}
		}
	}
	return true
}

// sleep arranges for then to be called unless wake comes first.
func (proc *process) sleep(d time.Duration, then func()) { proc.nap = time.AfterFunc(d, then) }

// wake reports whether the process is still there.
func (proc *process) wake() bool {
	if proc.nap != nil {
		proc.nap.Stop()
	}
	select {
	case <-proc.exited:
		proc.end()
		return false
	default:
		return true
	}
}
