//go:build unix

package worker

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// socketPair returns the server's end as a connection and the worker's end as a file.
func socketPair() (net.Conn, *os.File, error) {
	syscall.ForkLock.RLock() // no fork between creation and close-on-exec
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(pair[0])
		syscall.CloseOnExec(pair[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, fmt.Errorf("worker: socket pair: %w", err)
	}
	theirs := os.NewFile(uintptr(pair[1]), "worker")
	file := os.NewFile(uintptr(pair[0]), "worker-server")
	ours, err := net.FileConn(file) // duplicates the descriptor
	_ = file.Close()
	if err != nil {
		_ = theirs.Close()
		return nil, nil, fmt.Errorf("worker: socket pair: %w", err)
	}
	return ours, theirs, nil
}

// killGroup kills the worker's process group, which the worker leads.
func killGroup(p *os.Process) {
	_ = syscall.Kill(-p.Pid, syscall.SIGKILL) // ESRCH: already gone
	_ = p.Kill()
}

// exitCPU is the exit status of a worker whose processor time is used up.
const exitCPU = 124

// exitOnCPULimit ends the process on SIGXCPU, which Go's runtime ignores by itself.
func exitOnCPULimit() {
	limit := make(chan os.Signal, 1)
	signal.Notify(limit, syscall.SIGXCPU)
	go func() {
		<-limit
		os.Exit(exitCPU)
	}()
}

// deathOf reads an exit status. Nobody but the kernel sends a worker SIGKILL that we did
// not send, and it does so for memory. A library that cannot allocate says so before it
// aborts, in one of these words of the Go and C++ runtimes: a thread needs memory for
// its stack, and "failed to allocate" is the race detector's.
func deathOf(state *os.ProcessState, stderr string) Death {
	status, ok := state.Sys().(syscall.WaitStatus)
	switch {
	case ok && status.Signaled() && status.Signal() == syscall.SIGKILL:
		return DeathMemory
	case ok && status.Exited() && status.ExitStatus() == exitCPU:
		return DeathCPU
	}
	for _, word := range []string{"out of memory", "cannot allocate memory", "failed to allocate", "std::bad_alloc", "pthread_create failed"} {
		if strings.Contains(stderr, word) {
			return DeathMemory
		}
	}
	return DeathExit
}
