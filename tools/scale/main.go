// Command scale shows how one table behaves with very many partitions: it makes
// them through the service, with journal, audit and a partition index, lists
// them in segments, filters them, deletes the table beside another writer, and
// starts the server on that folder. It prints a figure a line.
//
//	go run ./tools/scale -partitions 1000000 -folder /tmp/scale -bindery bin/bindery
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

type settings struct {
	partitions int
	small      int // of the table to compare with
	folder     string
	bindery    string
	writers    int
	keep       bool
}

func main() {
	var s settings
	flag.IntVar(&s.partitions, "partitions", 1_000_000, "`number` of partitions of the large table")
	flag.IntVar(&s.small, "small", 10_000, "`number` of partitions of the small table")
	flag.StringVar(&s.folder, "folder", "", "data `folder`, which must not exist")
	flag.StringVar(&s.bindery, "bindery", "", "bindery `program`, to start on the folder")
	flag.IntVar(&s.writers, "writers", 8, "`number` of writers at once")
	flag.BoolVar(&s.keep, "keep", false, "keep the folder")
	flag.Parse()
	if err := run(context.Background(), s); err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	if s.folder == "" {
		return fmt.Errorf("-folder is required")
	}
	if err := os.Mkdir(s.folder, 0o700); err != nil {
		return err
	}
	if !s.keep {
		defer os.RemoveAll(s.folder) //nolint:errcheck // a measurement's leavings
	}
	if s.bindery != "" { // lays out the folder
		if err := startServer(ctx, s, "first start"); err != nil {
			return err
		}
	}
	if err := measure(ctx, s); err != nil {
		return err
	}
	fmt.Printf("peak memory of this process, service and load together: %d MB\n", peakMemory("self")>>20)
	return nil
}

// startServer starts the server on the folder, waits until it is ready, and stops it.
func startServer(ctx context.Context, s settings, what string) error {
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	announcement := filepath.Join(s.folder, "server.json")
	if err := os.Remove(announcement); err != nil && !os.IsNotExist(err) {
		return err
	}
	began := time.Now()
	cmd := exec.CommandContext(ctx, s.bindery, "serve", "--data", s.folder, "--listen", "127.0.0.1:0", "--log-level", "error")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	took, err := waitReady(ctx, announcement, began)
	memory := peakMemory(fmt.Sprint(cmd.Process.Pid))
	if err == nil {
		fmt.Printf("%s: ready after %s, peak memory %d MB\n", what, took.Round(time.Millisecond), memory>>20)
	}
	_ = cmd.Process.Signal(os.Interrupt)
	_ = cmd.Wait() // its exit says nothing about the measurement
	return err
}
