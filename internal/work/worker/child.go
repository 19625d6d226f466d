package worker

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// Command is the hidden subcommand that makes the program a worker.
const Command = "worker"

// socketFD is where the server puts the worker's end of the socket pair.
const socketFD = 3

// beatEvery is the time between two heartbeats. The server's patience is a multiple of it.
const beatEvery = 500 * time.Millisecond

// Task is one kind of work that a worker can do.
type Task struct {
	// Name is what the server asks for.
	Name string
	// Run does one task. It answers through c and returns nil when it has sent everything.
	// A *TaskError reaches the server as it is, any other error with CodeInternal. There is
	// no way to be cancelled but to be killed; ctx ends when the server goes away.
	Run func(ctx context.Context, c *Conn, request cbor.RawMessage) error
}

// settings are what the server tells a worker on its command line; the environment is empty.
type settings struct {
	Stage   string   // "confine", then "serve": see confine
	Scratch string   // the only folder that may be written
	Read    []string // folders and files that may be read
	Data    uint64   // limit of private memory in bytes; 0 = none
	File    uint64   // limit of one written file in bytes; 0 = none
}

// Main is the worker's main function. args are the words after Command; the result is the
// exit status. It returns when the server closes the socket.
func Main(args []string, tasks ...Task) int {
	s, err := parseSettings(args)
	if err == nil && s.Stage == stageConfine {
		err = confine(s) // ends by executing the program again
	}
	if err == nil {
		err = serve(s, tasks)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bindery worker:", err)
		return 1
	}
	return 0
}

const (
	stageConfine = "confine"
	stageServe   = "serve"
)

func parseSettings(args []string) (settings, error) {
	var s settings
	set := flag.NewFlagSet(Command, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.StringVar(&s.Stage, "stage", "", "")
	set.StringVar(&s.Scratch, "scratch", "", "")
	set.Uint64Var(&s.Data, "data", 0, "")
	set.Uint64Var(&s.File, "file", 0, "")
	set.Func("read", "", func(path string) error { s.Read = append(s.Read, path); return nil })
	if err := set.Parse(args); err != nil {
		return s, fmt.Errorf("parse arguments: %w", err)
	}
	if s.Stage != stageConfine && s.Stage != stageServe {
		return s, errors.New("this command is started by bindery itself")
	}
	return s, nil
}

func (s settings) args() []string {
	args := []string{
		"-stage=" + s.Stage, "-scratch=" + s.Scratch,
		fmt.Sprintf("-data=%d", s.Data), fmt.Sprintf("-file=%d", s.File),
	}
	for _, path := range s.Read {
		args = append(args, "-read="+path)
	}
	return args
}

// Conn is a task's way to the server. Its methods may be used from several goroutines.
type Conn struct {
	scratch string
	memory  int64

	mu     sync.Mutex // one frame at a time
	stream net.Conn
}

// Scratch is the folder in which the task may write. The server empties it afterwards.
func (c *Conn) Scratch() string { return c.scratch }

// Memory is the number of bytes that the task should stay below.
func (c *Conn) Memory() int64 { return c.memory }

// Reply sends v as CBOR. It waits while the server is busy with earlier messages.
func (c *Conn) Reply(v any) error { return c.sendCBOR(frameReply, v) }

// Data sends raw bytes, at most MaxFrame of them. It waits as Reply does.
func (c *Conn) Data(b []byte) error { return c.send(frameData, b) }

func (c *Conn) sendCBOR(kind frameKind, v any) error {
	b, err := cbor.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode %T: %w", v, err)
	}
	return c.send(kind, b)
}

func (c *Conn) send(kind frameKind, b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return writeFrame(c.stream, kind, b)
}

// serve answers requests until the server closes the socket.
func serve(s settings, tasks []Task) error {
	stream, err := openSocket()
	if err != nil {
		return err
	}
	exitOnCPULimit()
	debug.SetGCPercent(50) // the memory belongs to the task's library, not to Go's heap
	conn := &Conn{stream: stream, scratch: s.Scratch}
	if err := conn.sendCBOR(frameHello, greeting(tasks)); err != nil {
		return fmt.Errorf("send hello: %w", err)
	}
	go conn.beat()
	requests := make(chan request)
	go readRequests(stream, requests)
	for req := range requests {
		if err := conn.run(tasks, req); err != nil {
			return err
		}
	}
	return nil
}

func greeting(tasks []Task) hello {
	h := hello{Version: protocolVersion, Denied: denied()}
	for _, t := range tasks {
		h.Tasks = append(h.Tasks, t.Name)
	}
	return h
}

func openSocket() (net.Conn, error) {
	file := os.NewFile(socketFD, "server")
	stream, err := net.FileConn(file) // duplicates the descriptor
	if err != nil {
		return nil, fmt.Errorf("open the server's socket: %w", err)
	}
	return stream, file.Close()
}

// readRequests runs beside the tasks so that the end of the server is noticed at once: a
// worker without a server ends itself in the middle of whatever it is doing.
func readRequests(r io.Reader, out chan<- request) {
	for {
		kind, payload, err := readFrame(r)
		if err != nil {
			os.Exit(0)
		}
		var req request
		if kind != frameRequest || Decode(payload, &req) != nil {
			os.Exit(2)
		}
		out <- req
	}
}

// beat sends heartbeats for ever. It stops with the process.
func (c *Conn) beat() {
	for range time.Tick(beatEvery) {
		if c.send(frameBeat, nil) != nil {
			return // readRequests ends the process
		}
	}
}

// run does one task and reports its end. The error is that of the socket.
func (c *Conn) run(tasks []Task, req request) error {
	c.memory = req.Memory
	if err := limitCPU(req.CPUSeconds); err != nil {
		return err
	}
	if err := c.attempt(tasks, req); err != nil {
		return c.sendCBOR(frameFailure, asFailure(err))
	}
	return c.send(frameDone, nil)
}

// attempt calls the task. A panic in the task's goroutine becomes its failure; one in a
// goroutine of a library ends the process, and the server sees that.
func (c *Conn) attempt(tasks []Task, req request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(os.Stderr, "panic: %v\n%s", p, debug.Stack())
			err = &TaskError{Code: CodePanic, Message: fmt.Sprint(p)}
		}
	}()
	for _, t := range tasks {
		if t.Name == req.Task {
			return t.Run(context.Background(), c, req.Body)
		}
	}
	return &TaskError{Code: CodeUnknownTask, Message: "no such task", Subject: req.Task}
}

func asFailure(err error) failure {
	var known *TaskError
	if errors.As(err, &known) {
		return failure{Code: known.Code, Message: clip(known.Message), Subject: clip(known.Subject)}
	}
	return failure{Code: CodeInternal, Message: clip(err.Error())}
}
