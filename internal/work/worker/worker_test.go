package worker_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/bindery-project/bindery/internal/work/worker"
)

// TestMain makes the test program its own worker, and its own server for the orphan test.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == worker.Command {
		os.Exit(worker.Main(os.Args[2:], tasks()...))
	}
	if len(os.Args) > 1 && os.Args[1] == "server" {
		os.Exit(serveForever(os.Args[2]))
	}
	os.Exit(m.Run())
}

// tasks are what the workers of these tests can do; each shows one way to behave.
func tasks() []worker.Task {
	return []worker.Task{
		{Name: "echo", Run: echo},
		{Name: "look", Run: look},
		{Name: "write", Run: func(_ context.Context, c *worker.Conn, _ cbor.RawMessage) error {
			return os.WriteFile(filepath.Join(c.Scratch(), "file"), []byte("x"), 0o600)
		}},
		{Name: "refuse", Run: func(context.Context, *worker.Conn, cbor.RawMessage) error {
			return &worker.TaskError{Code: "bad-data", Message: "no", Subject: "s3://b/k"}
		}},
		{Name: "error", Run: func(context.Context, *worker.Conn, cbor.RawMessage) error { return errors.New("plain") }},
		{Name: "panic", Run: func(context.Context, *worker.Conn, cbor.RawMessage) error { panic("in task") }},
		{Name: "panic-elsewhere", Run: func(context.Context, *worker.Conn, cbor.RawMessage) error {
			go panic("in a library's goroutine")
			select {}
		}},
		{Name: "exit", Run: func(context.Context, *worker.Conn, cbor.RawMessage) error { os.Exit(3); return nil }},
		{Name: "stop", Run: func(context.Context, *worker.Conn, cbor.RawMessage) error {
			if err := syscall.Kill(os.Getpid(), syscall.SIGSTOP); err != nil {
				return err
			}
			select {} // the signal may arrive a moment later
		}},
		{Name: "spin", Run: spin},
		{Name: "eat", Run: eat},
		{Name: "garbage", Run: func(context.Context, *worker.Conn, cbor.RawMessage) error {
			for fd := range 32 { // whichever is the socket
				_, _ = syscall.Write(fd, []byte("\xff\xff\xff\xff\xff rubbish"))
			}
			return nil
		}},
	}
}

func echo(_ context.Context, c *worker.Conn, request cbor.RawMessage) error {
	var text string
	if err := worker.Decode(request, &text); err != nil {
		return err
	}
	if err := c.Reply(text); err != nil {
		return err
	}
	return c.Data([]byte(text))
}

// sight is what a worker can see of the machine.
type sight struct {
	Environment []string
	Files       []string
	Dial        string
	Secret      string
	Open        string
	Write       string
	Parent      string
	PID         int
}

func look(_ context.Context, c *worker.Conn, request cbor.RawMessage) error {
	var paths []string
	if err := worker.Decode(request, &paths); err != nil {
		return err
	}
	s := sight{Environment: os.Environ(), PID: os.Getpid()}
	links, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, l := range links {
		if name, err := os.Readlink("/proc/self/fd/" + l.Name()); err == nil {
			s.Files = append(s.Files, l.Name()+" "+name)
		}
	}
	_, err = net.Dial("tcp", paths[0])
	s.Dial = fmt.Sprint(err)
	_, err = os.ReadFile(paths[1])
	s.Secret = fmt.Sprint(err)
	_, err = os.ReadFile(paths[2])
	s.Open = fmt.Sprint(err)
	s.Write = fmt.Sprint(os.WriteFile(paths[2], []byte("changed"), 0o600))
	_, err = os.ReadFile(fmt.Sprintf("/proc/%d/environ", os.Getppid()))
	s.Parent = fmt.Sprint(err)
	return c.Reply(s)
}

func spin(_ context.Context, c *worker.Conn, _ cbor.RawMessage) error {
	if err := c.Reply(os.Getpid()); err != nil {
		return err
	}
	for n := 0; ; n++ {
		if n < 0 {
			return nil
		}
	}
}

func eat(context.Context, *worker.Conn, cbor.RawMessage) error {
	var eaten [][]byte
	for {
		b := make([]byte, 64<<20)
		for i := range b {
			b[i] = 1
		}
		eaten = append(eaten, b)
		if len(eaten) > 1<<20 {
			return nil
		}
	}
}

// collect keeps what a task sends.
type collect struct {
	replies []cbor.RawMessage
	data    [][]byte
	onReply func()
}

func (c *collect) Reply(b []byte) error {
	c.replies = append(c.replies, b)
	if c.onReply != nil {
		c.onReply()
	}
	return nil
}

func (c *collect) Data(b []byte) error {
	c.data = append(c.data, b)
	return nil
}

func newPool(t *testing.T, change func(*worker.Config)) *worker.Pool {
	t.Helper()
	config := worker.Config{Scratch: filepath.Join(t.TempDir(), "scratch"), Size: 1}
	if change != nil {
		change(&config)
	}
	pool, err := worker.NewPool(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// mustEcho proves that the pool still serves.
func mustEcho(t *testing.T, pool *worker.Pool, text string) {
	t.Helper()
	var got collect
	if err := pool.Do(t.Context(), worker.Call{Task: "echo", Request: text}, &got); err != nil {
		t.Fatal(err)
	}
	var reply string
	if err := worker.Decode(got.replies[0], &reply); err != nil || reply != text || string(got.data[0]) != text {
		t.Fatalf("echo of %q: reply %q, data %q, error %v", text, reply, got.data, err)
	}
}

func TestWarmProcessIsReused(t *testing.T) {
	pool := newPool(t, nil)
	if pids := pool.Processes(); len(pids) != 0 {
		t.Fatalf("processes before the first task: %v", pids)
	}
	mustEcho(t, pool, "one")
	first := pool.Processes()
	mustEcho(t, pool, "two")
	if second := pool.Processes(); len(first) != 1 || !slices.Equal(first, second) {
		t.Fatalf("processes %v, then %v; want the same one", first, second)
	}
}

func TestProcessIsReplacedAfterMaxTasks(t *testing.T) {
	pool := newPool(t, func(c *worker.Config) { c.MaxTasks = 2 })
	mustEcho(t, pool, "one")
	first := pool.Processes()
	mustEcho(t, pool, "two")
	mustEcho(t, pool, "three")
	if third := pool.Processes(); slices.Equal(first, third) {
		t.Fatalf("process %v lived for three tasks, want two", first)
	}
}

func TestIdleProcessEnds(t *testing.T) {
	pool := newPool(t, func(c *worker.Config) { c.Idle = 30 * time.Millisecond })
	mustEcho(t, pool, "one")
	eventually(t, "the idle worker to end", func() bool { return len(pool.Processes()) == 0 })
	mustEcho(t, pool, "two")
}

func TestFailuresOfTasksKeepTheWorker(t *testing.T) {
	pool := newPool(t, nil)
	mustEcho(t, pool, "start")
	before := pool.Processes()
	for task, code := range map[string]string{
		"refuse": "bad-data", "error": worker.CodeInternal, "panic": worker.CodePanic, "nothing": worker.CodeUnknownTask,
	} {
		err := pool.Do(t.Context(), worker.Call{Task: task}, &collect{})
		var failed *worker.TaskError
		if !errors.As(err, &failed) || failed.Code != code {
			t.Errorf("%s: error %v, want a TaskError with code %s", task, err, code)
		}
	}
	if after := pool.Processes(); !slices.Equal(before, after) {
		t.Errorf("process %v was replaced by %v", before, after)
	}
}

func TestDeathsAreNamedAndReplaced(t *testing.T) {
	pool := newPool(t, func(c *worker.Config) {
		c.Silence = 4 * time.Second
		c.CPU = 3 * time.Second
		c.Memory = 64 << 20
	})
	for task, death := range map[string]worker.Death{
		"exit": worker.DeathExit, "panic-elsewhere": worker.DeathExit, "stop": worker.DeathSilence,
		"spin": worker.DeathCPU, "eat": worker.DeathMemory, "garbage": worker.DeathProtocol,
	} {
		err := pool.Do(t.Context(), worker.Call{Task: task}, &collect{})
		var crash *worker.CrashError
		if !errors.As(err, &crash) || crash.Death != death || crash.Task != task {
			t.Errorf("%s: error %v, want a crash of kind %q; standard error:\n%s", task, err, death, stderrOf(crash))
		}
		mustEcho(t, pool, "after "+task)
	}
}

func TestCancelKillsAtOnce(t *testing.T) {
	pool := newPool(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	got := collect{onReply: cancel}
	start := time.Now()
	err := pool.Do(ctx, worker.Call{Task: "spin"}, &got)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want context.Canceled", err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("cancelling took %v", took)
	}
	var pid int
	if err := worker.Decode(got.replies[0], &pid); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the worker to be gone", func() bool { return syscall.Kill(pid, 0) != nil })
	mustEcho(t, pool, "after")
}

func TestWaitingForAWorkerCanBeCancelled(t *testing.T) {
	pool := newPool(t, nil)
	lease, err := pool.Lease(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer lease.Release()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := pool.Lease(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error %v, want the deadline", err)
	}
}

func TestReceiverErrorEndsTheTask(t *testing.T) {
	pool := newPool(t, nil)
	want := errors.New("disk full")
	err := pool.Do(t.Context(), worker.Call{Task: "echo", Request: "x"}, failing{want})
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want the receiver's", err)
	}
	mustEcho(t, pool, "after")
}

type failing struct{ err error }

func (f failing) Reply([]byte) error { return f.err }
func (f failing) Data([]byte) error  { return f.err }

func TestScratchIsEmptiedBetweenTasks(t *testing.T) {
	pool := newPool(t, nil)
	lease, err := pool.Lease(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{lease.In(), lease.Out()} {
		if err := os.WriteFile(filepath.Join(folder, "left"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in, out := lease.In(), lease.Out()
	lease.Release()
	for range 2 { // the right to write must survive the cleaning
		if err := pool.Do(t.Context(), worker.Call{Task: "write"}, &collect{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range []string{in, out} {
		if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
			t.Errorf("%s after the task: %v, error %v", folder, left, err)
		}
	}
}

func TestWorkerSeesNothing(t *testing.T) {
	t.Setenv("BINDERY_SECRET", "canary")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	open, secret := t.TempDir(), t.TempDir()
	for _, folder := range []string{open, secret} {
		if err := os.WriteFile(filepath.Join(folder, "file"), []byte("text"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := newPool(t, func(c *worker.Config) { c.Read = []string{open} })
	var got collect
	paths := []string{listener.Addr().String(), filepath.Join(secret, "file"), filepath.Join(open, "file")}
	if err := pool.Do(t.Context(), worker.Call{Task: "look", Request: paths}, &got); err != nil {
		t.Fatal(err)
	}
	var s sight
	if err := cbor.Unmarshal(got.replies[0], &s); err != nil {
		t.Fatal(err)
	}
	checkSight(t, s)
}

func checkSight(t *testing.T, s sight) {
	t.Helper()
	for _, v := range s.Environment {
		if name, _, _ := strings.Cut(v, "="); !slices.Contains([]string{"HOME", "TMPDIR", "TZ", "LANG"}, name) {
			t.Errorf("environment holds %q", v)
		}
	}
	for _, f := range s.Files {
		number, name, _ := strings.Cut(f, " ")
		n, err := strconv.Atoi(number)
		if err != nil || (n > 3 && !strings.HasPrefix(name, "anon_inode:") && !strings.HasPrefix(name, "socket:") &&
			!strings.HasPrefix(name, "/proc/") && !strings.HasPrefix(name, "/sys/fs/cgroup")) {
			t.Errorf("open file %q", f)
		}
	}
	if s.Dial == "<nil>" {
		t.Error("the worker reached the network")
	}
	if s.Secret == "<nil>" || s.Parent == "<nil>" {
		t.Errorf("reading a foreign file: %s; the server's environment: %s; want refusals", s.Secret, s.Parent)
	}
	if s.Open != "<nil>" || s.Write == "<nil>" {
		t.Errorf("an allowed file: read %s (want none), write %s (want a refusal)", s.Open, s.Write)
	}
}

// serveForever is a server that gets killed: it starts a spinning worker and prints its id.
func serveForever(scratch string) int {
	pool, err := worker.NewPool(worker.Config{Scratch: scratch})
	if err != nil {
		return 1
	}
	_ = pool.Do(context.Background(), worker.Call{Task: "spin"}, announce{})
	return 0
}

type announce struct{}

func (announce) Data([]byte) error { return nil }
func (announce) Reply(b []byte) error {
	var pid int
	err := worker.Decode(b, &pid)
	fmt.Println(pid)
	return err
}

func TestNoOrphanAfterKillOfTheServer(t *testing.T) {
	server := exec.Command(os.Args[0], "server", filepath.Join(t.TempDir(), "scratch"))
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = server.Wait()
	eventually(t, "the orphan to be gone", func() bool { return gone(pid) })
}

// gone is true for a process that has ended, even if nobody has waited for it yet.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(rest, "Z") || strings.HasPrefix(rest, "X")
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(10 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("waited ten seconds for %s", what)
		}
	}
}

// stderrOf tells what the worker said at its end.
func stderrOf(crash *worker.CrashError) string {
	if crash == nil {
		return ""
	}
	return crash.Stderr
}
