// Package clients_test judges bindery with the AWS SDK for Go. Each test file
// speaks to a server of its own, which the tests know only by its address and keys.
package clients_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"
)

// server is one `bindery serve` on a temporary folder.
type server struct {
	t       *testing.T
	data    string
	URL     string `json:"url"`
	Account string `json:"account"`
	PID     int    `json:"pid"`
}

// start runs the program named by BINDERY_BIN until the test ends.
func start(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, data: t.TempDir()}
	var log bytes.Buffer
	cmd := exec.Command(binary(t), "serve", "--data", s.data, "--listen", "127.0.0.1:0")
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server ended with %v:\n%s", err, log.String())
		}
	})
	s.waitReady(cmd.Process.Pid)
	return s
}

func binary(t *testing.T) string {
	t.Helper()
	path := os.Getenv("BINDERY_BIN")
	if path == "" {
		t.Fatal("BINDERY_BIN must name the program to test; test/clients/run.sh sets it")
	}
	return path
}

// waitReady polls server.json until it is this process's, then /readyz.
func (s *server) waitReady(pid int) {
	s.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		text, err := os.ReadFile(filepath.Join(s.data, "server.json"))
		if err == nil && json.Unmarshal(text, s) == nil && s.PID == pid && s.answers() {
			return
		}
		<-time.After(5 * time.Millisecond)
	}
	s.t.Fatal("the server was not ready within 20 s")
}

func (s *server) answers() bool {
	res, err := http.Get(s.URL + "/readyz")
	if err != nil {
		return false
	}
	return errors.Join(res.Body.Close()) == nil && res.StatusCode == http.StatusOK
}

// command runs `bindery ARGS --data …` and returns the keys it prints.
func (s *server) command(args ...string) aws.Config {
	s.t.Helper()
	out, err := exec.Command(binary(s.t), append(args, "--data", s.data)...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("bindery %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	found := regexp.MustCompile(`AWS_ACCESS_KEY_ID=(\S+) AWS_SECRET_ACCESS_KEY=(\S+)`).FindSubmatch(out)
	if found == nil {
		s.t.Fatalf("no keys in %s", out)
	}
	return s.as(string(found[1]), string(found[2]), "")
}

// admin is the first administrator.
func (s *server) admin() aws.Config { return s.command("setup", "admin") }

// as loads the SDK's default configuration from what an environment would hold.
func (s *server) as(id, secret, token string) aws.Config {
	s.t.Helper()
	s.t.Setenv("AWS_ENDPOINT_URL", s.URL)
	cfg, err := config.LoadDefaultConfig(context.Background(), config.WithRegion("us-east-1"),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(id, secret, token)))
	if err != nil {
		s.t.Fatal(err)
	}
	return cfg
}

// refused fails unless the error is AWS's error with this code and text.
func refused(t *testing.T, err error, code, text string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Fatalf("want %s, got %v", code, err)
	}
	if e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), text) {
		t.Fatalf("want %s with %q, got %s: %s", code, text, e.ErrorCode(), e.ErrorMessage())
	}
}

// must fails the test on an error; it takes a call's two results.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// allow is a policy of one statement.
func allow(resource string, actions ...string) string {
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{
		map[string]any{"Effect": "Allow", "Action": actions, "Resource": resource},
	}})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// trusting is a role's trust policy for one account.
func trusting(account string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"sts:AssumeRole"}]}`, account)
}
