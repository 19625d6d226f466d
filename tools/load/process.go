package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/bindery-project/bindery/internal/app"
	"github.com/bindery-project/bindery/internal/client"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/sigv4"
)

// process is a server under test, held to one core.
type process struct {
	cmd    *exec.Cmd
	folder string
	addr   string
	client client.Client
}

func start(name string, args ...string) (*exec.Cmd, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd, cmd.Start()
}

func startBindery(ctx context.Context, binary string) (*process, error) {
	folder, err := os.MkdirTemp("", "bindery-load-")
	if err != nil {
		return nil, err
	}
	cmd, err := start(binary, "serve", "--data", folder, "--listen", "127.0.0.1:0", "--log-level", "error")
	if err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, folder: folder}
	err = poll(ctx, func() error {
		running, err := app.ReadRunning(folder)
		if err != nil {
			return err
		}
		key, err := app.ReadCredentials(folder)
		if err != nil {
			return err
		}
		p.addr = strings.TrimPrefix(running.URL, "http://")
		p.client = client.Client{URL: running.URL, Region: running.Region, AccessKeyID: key.AccessKeyID, Secret: key.SecretAccessKey, Clock: clock.System()}
		return ready(running.URL + "/readyz")
	})
	if err != nil {
		p.stop()
	}
	return p, err
}

// startBare starts this program again as a server that answers the same bytes.
func startBare(ctx context.Context, body []byte) (*process, error) {
	folder, err := os.MkdirTemp("", "bindery-bare-")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(folder, "body")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd, err := start(self, "-bare", file)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, folder: folder}
	err = poll(ctx, func() error {
		addr, err := os.ReadFile(file + ".addr")
		p.addr = string(addr)
		if err != nil {
			return err
		}
		return ready("http://" + p.addr)
	})
	return p, err
}

func ready(url string) error {
	res, err := http.Get(url)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // only the status counts
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	return nil
}

// poll tries until it works, at most ten seconds.
func poll(ctx context.Context, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

func (p *process) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	_ = os.RemoveAll(p.folder)
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

// makeTables fills the catalog with tables of twenty columns.
func (p *process) makeTables(ctx context.Context, n int) error {
	if err := p.client.JSON(ctx, "glue", "AWSGlue.CreateDatabase", map[string]any{"DatabaseInput": map[string]any{"Name": "load"}}, &struct{}{}); err != nil {
		return err
	}
	const writers = 16
	errs := make(chan error, writers)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := w; i < n; i += writers {
				if err := p.client.JSON(ctx, "glue", "AWSGlue.CreateTable", tableInput(i), &struct{}{}); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(errs)
	return <-errs
}

func tableInput(n int) map[string]any {
	columns := make([]map[string]string, 20)
	for i := range columns {
		columns[i] = map[string]string{"Name": fmt.Sprintf("column_%02d", i), "Type": "string", "Comment": "a column"}
	}
	return map[string]any{"DatabaseName": "load", "TableInput": map[string]any{
		"Name": fmt.Sprintf("t%05d", n), "TableType": "EXTERNAL_TABLE",
		"Parameters":    map[string]string{"classification": "parquet"},
		"PartitionKeys": []map[string]string{{"Name": "day", "Type": "date"}},
		"StorageDescriptor": map[string]any{
			"Columns": columns, "Location": fmt.Sprintf("s3://load/t%05d/", n),
			"SerdeInfo": map[string]any{"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
		},
	}}
}

// signed is one request as bytes, ready to be written to a connection.
func (p *process) signed(operation, body string) ([]byte, error) {
	r, err := http.NewRequest(http.MethodPost, p.client.URL+"/", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSGlue."+operation)
	now := time.Now().UTC()
	signer := sigv4.NewSigner(p.client.AccessKeyID, p.client.Secret, "", p.client.Region, "glue", now)
	if _, err := sigv4.Sign(r, signer, now, sigv4.HashPayload([]byte(body))); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = r.Write(&out)
	return out.Bytes(), err
}
