package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// server is a bindery started for the demo in a folder of its own.
type server struct {
	binary, folder, url, region string
	process                     *os.Process
	root                        aws.Config
}

// startTime bounds how long the server may take to be ready.
const startTime = 30 * time.Second

func startServer(ctx context.Context, binary string) (*server, error) {
	folder, err := os.MkdirTemp("", "bindery-demo-")
	if err != nil {
		return nil, err
	}
	began := time.Now()
	log, err := os.Create(filepath.Join(folder, "server.log"))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(binary, "serve", "--data", folder, "--listen", "127.0.0.1:0")
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{binary: binary, folder: folder, process: cmd.Process}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if err := s.wait(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("the server did not start, see %s: %w", log.Name(), err), cmd.Process.Kill())
	}
	heading("A server on " + s.url)
	say("ready after %s, all of it in %s", time.Since(began).Round(time.Millisecond), folder)
	return s, nil
}

// wait polls until the server has told its address and is ready.
func (s *server) wait(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if s.connect(ctx) == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// connect reads the settings as a user's shell would, through `bindery env`.
func (s *server) connect(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, s.binary, "env", "--data", s.folder).Output()
	if err != nil {
		return err
	}
	env := map[string]string{}
	words := bufio.NewScanner(strings.NewReader(string(out)))
	words.Split(bufio.ScanWords)
	for words.Scan() {
		if name, value, ok := strings.Cut(words.Text(), "="); ok {
			env[name] = value
		}
	}
	s.url, s.region = env["AWS_ENDPOINT_URL"], env["AWS_DEFAULT_REGION"]
	s.root = s.config(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], "")
	res, err := http.Get(s.url + "/readyz")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("readyz: %s", res.Status)
	}
	return nil
}

// config is what every AWS client needs: the endpoint, a key and the region.
func (s *server) config(id, secret, token string) aws.Config {
	return aws.Config{
		Region: s.region, BaseEndpoint: &s.url,
		Credentials: credentials.NewStaticCredentialsProvider(id, secret, token),
	}
}

func (s *server) stop() error {
	if err := s.process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	state, err := s.process.Wait()
	if err != nil {
		return err
	}
	if !state.Success() {
		return fmt.Errorf("the server ended with %s, see %s", state, s.folder)
	}
	return os.RemoveAll(s.folder)
}
