// Command linear holds a real server to what its clients rely on: that UpdateTable
// with VersionId is one atomic compare-and-set, whatever happens to the process.
// Each round makes a table, lets clients read and update it over HTTP, kills the
// server with SIGKILL in between, starts it again, and decides whether the history
// of all calls is linearizable. Calls without an answer may have taken effect.
//
// It ends with status 1 at a violation, and when too little happened to prove
// anything.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/bindery-project/bindery/test/linear/history"
)

// settings are the flags.
type settings struct {
	binary                        string
	rounds, clients, calls, kills int
	seed                          uint64
	broken                        bool
}

func main() {
	var s settings
	flag.StringVar(&s.binary, "bindery", "bin/bindery", "the program to test")
	flag.IntVar(&s.rounds, "rounds", 5, "histories")
	flag.IntVar(&s.clients, "clients", 8, "clients of a history")
	flag.IntVar(&s.calls, "calls", 5000, "calls of a history")
	flag.IntVar(&s.kills, "kills", 3, "kills during a history")
	flag.Uint64Var(&s.seed, "seed", 1, "of what the clients do and when the server is killed")
	flag.BoolVar(&s.broken, "broken", false, "leave VersionId out of the requests, to see that violations are found")
	flag.Parse()
	if err := run(context.Background(), s); err != nil {
		fmt.Fprintln(os.Stderr, "linear:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) (err error) {
	server, err := newServer(s.binary)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.remove()) }()
	if err := server.start(ctx); err != nil {
		return err
	}
	if err := server.call(ctx, "CreateDatabase", map[string]any{"DatabaseInput": map[string]any{"Name": database}}, nil); err != nil {
		return err
	}
	var total history.Counts
	for round := range s.rounds {
		counts, err := oneRound(ctx, server, s, round)
		total = total.Plus(counts)
		if err != nil {
			return fmt.Errorf("round %d of %d (seed %d): %w", round+1, s.rounds, s.seed, err)
		}
	}
	fmt.Printf("%d histories, %d kills, 0 violations: %d reads, %d updates, %d conflicts, %d updates without an answer\n",
		s.rounds, server.kills, total.Reads, total.Writes, total.Conflicts, total.Unknown)
	if total.Writes == 0 || total.Conflicts == 0 || (s.kills > 0 && total.Unknown == 0) {
		return errors.New("too little happened to prove anything")
	}
	return nil
}

// checkTime bounds how long one history may take to decide.
const checkTime = 2 * time.Minute

func oneRound(ctx context.Context, server *server, s settings, round int) (history.Counts, error) {
	t, err := newTable(ctx, server, s, round)
	if err != nil {
		return history.Counts{}, err
	}
	h, err := history.Run(ctx, t, s.clients, s.calls, s.seed+uint64(round), server.back)
	if err != nil {
		return history.Counts{}, err
	}
	if err := h.Check(checkTime); err != nil {
		return h.Counts(), errors.Join(err, draw(h))
	}
	return h.Counts(), nil
}

// draw leaves a picture of a history that cannot be explained.
func draw(h *history.History) error {
	file, err := os.CreateTemp("", "bindery-linear-*.html")
	if err != nil {
		return err
	}
	if err := h.Draw(file, checkTime); err != nil {
		return err
	}
	fmt.Println("the history is drawn in", file.Name())
	return file.Close()
}
