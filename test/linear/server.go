package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/bindery-project/bindery/internal/app"
	"github.com/bindery-project/bindery/internal/client"
	"github.com/bindery-project/bindery/internal/clock"
)

// server is bindery on one data folder and one address, through all its lives.
type server struct {
	binary, folder, addr string
	client               client.Client

	mu      sync.Mutex
	process *exec.Cmd
	dead    bool // killed, and not started again
	kills   int
}

func newServer(binary string) (*server, error) {
	folder, err := os.MkdirTemp("", "bindery-linear-")
	if err != nil {
		return nil, err
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer free.Close() //nolint:errcheck // it has done its part
	return &server{binary: binary, folder: folder, addr: free.Addr().String()}, nil
}

// start starts the server and waits until it answers.
func (s *server) start(ctx context.Context) error {
	cmd := exec.Command(s.binary, "serve", "--data", filepath.Join(s.folder, "data"), "--listen", s.addr, "--log-level", "error")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	s.process = cmd
	if err := s.ready(ctx); err != nil {
		return err
	}
	if s.client.URL != "" {
		return nil // its address and key outlive it, and others use them
	}
	data := filepath.Join(s.folder, "data")
	running, err := app.ReadRunning(data)
	if err != nil {
		return err
	}
	key, err := app.ReadCredentials(data)
	if err != nil {
		return err
	}
	s.client = client.Client{URL: running.URL, Region: running.Region, AccessKeyID: key.AccessKeyID, Secret: key.SecretAccessKey, Clock: clock.System()}
	return nil
}

// ready waits until the server answers, at most half a minute.
func (s *server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if res, err := http.Get("http://" + s.addr + "/readyz"); err == nil {
			if err := res.Body.Close(); err == nil && res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%s does not become ready: %w", s.binary, ctx.Err())
		}
	}
}

// kill ends the server without a warning.
func (s *server) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return
	}
	_ = s.process.Process.Kill()
	_ = s.process.Wait() // "signal: killed"
	s.dead = true
	s.kills++
}

// back starts the server again when it was killed. Clients whose call found no
// answer come here.
func (s *server) back(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.dead {
		return nil
	}
	if err := s.start(ctx); err != nil {
		return err
	}
	s.dead = false
	return nil
}

// call makes one signed call. out may be nil.
func (s *server) call(ctx context.Context, operation string, in, out any) error {
	if out == nil {
		out = &struct{}{}
	}
	return s.client.JSON(ctx, "glue", "AWSGlue."+operation, in, out)
}

// remove ends the server and deletes its folder.
func (s *server) remove() error {
	s.kill()
	if err := os.RemoveAll(s.folder); err != nil {
		return errors.Join(errors.New("the data folder stays"), err)
	}
	return nil
}
