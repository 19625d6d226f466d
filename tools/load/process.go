package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/bindery-project/bindery/internal/client"
	"github.com/bindery-project/bindery/internal/sigv4"
)

// process is a server under test, held to one core.
type process struct {
	name       string
	cmd        *exec.Cmd
	folders    []string // removed in the end
	addr       string
	client     client.Client
	written    int  // how many distinct writes it was sent
	writesOnly bool // it is there to be written to
}

func start(name, folder string, env []string, program string, args ...string) (*process, error) {
	cmd := exec.Command(program, args...)
	cmd.Env = append(append(os.Environ(), "GOMAXPROCS=1"), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if name != "moto_server" { // which logs each request
		cmd.Stderr = os.Stderr
	}
	p := &process{name: name, cmd: cmd}
	if folder != "" {
		p.folders = []string{folder}
	}
	return p, cmd.Start()
}

func (p *process) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	for _, folder := range p.folders {
		_ = os.RemoveAll(folder)
	}
}

// ticksPerSecond is the kernel's USER_HZ on every Linux that Go runs on.
const ticksPerSecond = 100

// cpu is the processor time that the process has used.
func (p *process) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / ticksPerSecond, err
}

// signed is one request as bytes, ready to be written to a connection.
func (p *process) signed(operation, body string) ([]byte, error) {
	r, err := http.NewRequest(http.MethodPost, p.client.URL+"/", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSGlue."+operation)
	now := p.client.Clock.Now().UTC()
	signer := sigv4.NewSigner(p.client.AccessKeyID, p.client.Secret, "", p.client.Region, "glue", now)
	if _, err := sigv4.Sign(r, signer, now, sigv4.HashPayload([]byte(body))); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = r.Write(&out)
	return out.Bytes(), err
}
