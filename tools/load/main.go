// Command load measures a server as its clients see it: requests per second
// and server CPU per request, with the server on one core and pre-signed
// requests from this process on another.
//
//	go run ./tools/load -bindery bin/bindery -moto .cache/load/bin/moto_server
//
// Beside bindery it measures, with the same requests in the same run, a bare
// net/http server that answers the same bytes, moto_server, and bindery on
// PostgreSQL; so each figure is a ratio. cases.go says what is asked,
// servers.go how each server is started, drive.go how requests are sent.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
)

func main() {
	s := parseSettings()
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
	servers, err := startServers(ctx, s)
	defer stopAll(servers)
	if err != nil {
		return err
	}
	if err := printFsync(); err != nil {
		return err
	}
	for _, server := range servers {
		if err := fill(ctx, server, s); err != nil {
			return fmt.Errorf("%s: %w", server.name, err)
		}
	}
	printHead()
	chosen := slices.DeleteFunc(cases(s), func(c loadCase) bool { return !c.chosen(s.only) })
	if len(chosen) == 0 {
		return fmt.Errorf("no case has %q in its name", s.only)
	}
	for range s.count {
		for _, c := range chosen {
			if err := measureCase(ctx, servers, s, c); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	return nil
}

// measureCase runs one case beside the other servers, or alone for benchstat.
func measureCase(ctx context.Context, servers []*process, s settings, c loadCase) error {
	if !s.benchmarks {
		return measure(ctx, servers, s, c)
	}
	got, err := c.run(servers[0], s)
	if err != nil {
		return err
	}
	name := strings.NewReplacer(" ", "_", ",", "").Replace(c.name)
	fmt.Printf("Benchmark%s %d %d ns/op\n", name, int(got.rate*s.seconds.Seconds()), got.cpu.Nanoseconds())
	return nil
}

// measure runs one case on every server, and on a bare one with bindery's
// last answer.
func measure(ctx context.Context, servers []*process, s settings, c loadCase) error {
	var first figures
	for i, server := range servers {
		if server.writesOnly && !c.once {
			continue
		}
		got, err := c.run(server, s)
		if err != nil {
			return fmt.Errorf("%s: %w", server.name, err)
		}
		printRow(c, server.name, got, first)
		if i > 0 {
			continue
		}
		first = got
		bare, err := c.runBare(ctx, server, s, got.body)
		if err != nil {
			return fmt.Errorf("bare server: %w", err)
		}
		printRow(c, "bare net/http", bare, first)
		if err := profiled(c, server, s); err != nil {
			return fmt.Errorf("profile: %w", err)
		}
	}
	return nil
}

func printHead() {
	fmt.Printf("%-30s %-18s %11s %12s %12s %10s %14s\n", "case", "server", "requests/s", "items/s", "CPU/request", "p50", "bindery's CPU")
}

// printRow prints what a server did, and bindery's CPU as a multiple of its.
func printRow(c loadCase, server string, got, bindery figures) {
	ratio := ""
	if bindery.cpu > 0 {
		ratio = fmt.Sprintf("%.3gx", float64(bindery.cpu)/float64(got.cpu))
	}
	items := ""
	if n := c.items(got.body); n > 1 {
		items = fmt.Sprintf("%.0f", got.rate*float64(n))
	}
	fmt.Printf("%-30s %-18s %11.0f %12s %12s %10s %14s\n", c.name, server, got.rate, items, round(got.cpu), round(got.p50), ratio)
}
