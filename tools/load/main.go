// Command load measures a server as its clients see it: requests per second
// and server CPU per request, with the server on one core and pre-signed
// requests from this process on another.
//
//	go run ./tools/load -bindery bin/bindery
//
// Beside bindery it measures a bare net/http server that answers the same
// bytes to the same requests, so that the figure is a ratio of one run. Each
// case is run hot (one table) and uniform (over all tables).
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"
)

// settings are what a run can be told.
type settings struct {
	binary      string
	tables      int
	requests    int
	connections int
	bare        string // answer this file's bytes: the bare server
}

func main() {
	var s settings
	flag.StringVar(&s.binary, "bindery", "bin/bindery", "the bindery `program`")
	flag.IntVar(&s.tables, "tables", 10_000, "`number` of tables")
	flag.IntVar(&s.requests, "requests", 60_000, "`number` of requests of each case")
	flag.IntVar(&s.connections, "connections", 8, "`number` of connections")
	flag.StringVar(&s.bare, "bare", "", "serve this `file`'s bytes to every request (used by the program itself)")
	flag.Parse()
	if s.bare != "" {
		fail(serveBare(s.bare))
		return
	}
	fail(run(context.Background(), s))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	b, err := startBindery(ctx, s.binary)
	if err != nil {
		return err
	}
	defer b.stop()
	began := time.Now()
	if err := b.makeTables(ctx, s.tables); err != nil {
		return err
	}
	fmt.Printf("%d tables made in %s\n", s.tables, time.Since(began).Round(time.Millisecond))
	cases := []struct {
		name  string
		table func(i int) int
	}{
		{"GetTable hot", func(int) int { return 0 }},
		{"GetTable uniform", func(i int) int { return i * 7919 % s.tables }},
	}
	fmt.Printf("%-18s %12s %14s %14s %8s\n", "case", "requests/s", "CPU/request", "bare CPU", "ratio")
	for _, c := range cases {
		if err := measure(ctx, b, s, c.name, c.table); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

// measure runs one case against bindery and against the bare server.
func measure(ctx context.Context, b *process, s settings, name string, table func(int) int) error {
	requests := make([][]byte, s.tables)
	send := make([][]byte, s.requests)
	for i := range send {
		n := table(i)
		if requests[n] == nil {
			r, err := b.signed("GetTable", fmt.Sprintf(`{"DatabaseName":"load","Name":"t%05d"}`, n))
			if err != nil {
				return err
			}
			requests[n] = r
		}
		send[i] = requests[n]
	}
	if _, err := drive(b, send[:min(len(send), 5000)], s.connections); err != nil { // warm
		return err
	}
	got, err := drive(b, send, s.connections)
	if err != nil {
		return err
	}
	bare, err := startBare(ctx, got.body)
	if err != nil {
		return err
	}
	defer bare.stop()
	if _, err := drive(bare, send[:min(len(send), 5000)], s.connections); err != nil {
		return err
	}
	floor, err := drive(bare, send, s.connections)
	if err != nil {
		return err
	}
	fmt.Printf("%-18s %12.0f %14s %14s %8.2f\n", name, got.rate, got.cpu.Round(10*time.Nanosecond), floor.cpu.Round(10*time.Nanosecond),
		float64(got.cpu)/float64(floor.cpu))
	return nil
}
