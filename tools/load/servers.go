package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/app"
	"github.com/bindery-project/bindery/internal/client"
	"github.com/bindery-project/bindery/internal/clock"
)

// startServers starts bindery, and what the settings put beside it.
func startServers(ctx context.Context, s settings) (servers []*process, err error) {
	add := func(p *process, startErr error) {
		if p != nil {
			servers = append(servers, p)
		}
		err = errors.Join(err, startErr)
	}
	var flags []string
	if s.profiles != "" {
		flags = []string{"--admin-listen", adminAddr}
	}
	add(startBindery(ctx, "bindery", s.binary, flags...))
	if s.benchmarks {
		return servers, err // benchstat compares it with itself
	}
	if s.only == "" || slices.ContainsFunc(cases(s), func(c loadCase) bool { return c.once && c.chosen(s.only) }) {
		add(startSlow(ctx, s.binary))
	}
	if s.postgres != "" {
		add(startBindery(ctx, "bindery, PostgreSQL", s.binary, "--postgres", s.postgres))
	}
	if s.moto != "" {
		add(startMoto(ctx, s.moto))
	}
	return servers, err
}

// adminAddr is where the bindery that is profiled serves its profiles.
const adminAddr = "127.0.0.1:4579"

func stopAll(servers []*process) {
	for _, p := range slices.Backward(servers) {
		p.stop()
	}
}

func startBindery(ctx context.Context, name, binary string, flags ...string) (*process, error) {
	return startBinderyWith(ctx, name, nil, binary, flags...)
}

func startBinderyWith(ctx context.Context, name string, env []string, binary string, flags ...string) (*process, error) {
	folder, err := os.MkdirTemp("", "bindery-load-")
	if err != nil {
		return nil, err
	}
	args := append([]string{"serve", "--data", folder, "--listen", "127.0.0.1:0", "--log-level", "error"}, flags...)
	p, err := start(name, folder, env, binary, args...)
	if err != nil {
		return nil, err
	}
	return p, poll(ctx, func() error {
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
}

// slowSync is what startSlow puts before the C library's fsync, by LD_PRELOAD:
// SQLite calls it there.
const slowSync = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
int fsync(int fd) { usleep(5000); return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd); }
int fdatasync(int fd) { usleep(5000); return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd); }
`

// startSlow starts bindery on a disk whose fsync takes 5 ms longer.
func startSlow(ctx context.Context, binary string) (*process, error) {
	folder, err := os.MkdirTemp("", "bindery-slow-")
	if err != nil {
		return nil, err
	}
	source, library := filepath.Join(folder, "slow.c"), filepath.Join(folder, "slow.so")
	if err := os.WriteFile(source, []byte(slowSync), 0o600); err != nil {
		return nil, err
	}
	if out, err := exec.Command("cc", "-shared", "-fPIC", "-o", library, source, "-ldl").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cc: %w: %s", err, out)
	}
	p, err := startBinderyWith(ctx, "bindery, fsync +5ms", []string{"LD_PRELOAD=" + library}, binary)
	if p != nil {
		p.folders, p.writesOnly = append(p.folders, folder), true
	}
	return p, err
}

// startMoto starts an emulator that keeps everything in memory.
func startMoto(ctx context.Context, program string) (*process, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	_, port, err := net.SplitHostPort(addr)
	if err := errors.Join(err, l.Close()); err != nil {
		return nil, err
	}
	p, err := start("moto_server", "", nil, program, "-H", "127.0.0.1", "-p", port)
	if err != nil {
		return nil, err
	}
	p.addr = addr
	p.client = client.Client{URL: "http://" + addr, Region: "us-east-1", AccessKeyID: "AKIAIOSFODNN7EXAMPLE", Secret: "any", Clock: clock.System()}
	return p, poll(ctx, func() error { return ready("http://" + addr + "/moto-api/") })
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
	p, err := start("bare net/http", folder, nil, self, "-bare", file)
	if err != nil {
		return nil, err
	}
	return p, poll(ctx, func() error {
		addr, err := os.ReadFile(file + ".addr")
		p.addr = string(addr)
		if err != nil {
			return err
		}
		return ready("http://" + p.addr)
	})
}

// serveBare answers a file's bytes to every request, after reading its body:
// what net/http costs when nothing is decided.
func serveBare(file string) error {
	body, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if err := os.WriteFile(file+".addr", []byte(l.Addr().String()), 0o600); err != nil {
		return err
	}
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_, _ = w.Write(body)
	}))
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

// poll tries until it works, at most twenty seconds: moto_server takes its time.
func poll(ctx context.Context, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
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
