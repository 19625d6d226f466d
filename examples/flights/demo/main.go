// Command demo shows bindery's main job on real data, with AWS's own SDK for
// Go: upload files, let a crawler find tables in them, ask questions in SQL,
// and give a role exactly the rights that dbt-athena documents.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	binary := flag.String("bindery", "bin/bindery", "the bindery `program`")
	examples := flag.String("examples", "examples", "the `folder` with the example data and policies")
	keep := flag.Bool("keep", false, "leave the server running")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *binary, *examples, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run is the story, chapter by chapter.
func run(ctx context.Context, binary, examples string, keep bool) (err error) {
	began := time.Now()
	s, err := startServer(ctx, binary)
	if err != nil {
		return err
	}
	defer func() {
		if keep && err == nil {
			return
		}
		err = errors.Join(err, s.stop())
	}()
	d := &demo{server: s, examples: examples}
	for _, chapter := range []struct {
		title string
		tell  func(context.Context) error
	}{
		{"A lake: three folders of public data in a bucket", d.upload},
		{"A crawler reads the files and fills the catalog", d.crawl},
		{"Three questions in SQL", d.ask},
		{"A role with exactly the permissions that dbt-athena documents", d.narrow},
	} {
		heading(chapter.title)
		if err := chapter.tell(ctx); err != nil {
			return fmt.Errorf("%s: %w", chapter.title, err)
		}
	}
	heading("Done in " + time.Since(began).Round(100*time.Millisecond).String())
	return goOn(s, keep)
}

// goOn tells what one can do next.
func goOn(s *server, keep bool) error {
	binary, err := filepath.Abs(s.binary)
	if err != nil {
		return err
	}
	if keep {
		say("The server is still running (process %d). To use it from this shell:", s.process.Pid)
		say("  eval \"$(%s env --data %s)\"", binary, s.folder)
		say("  aws glue get-tables --database-name flights")
		say("To end it: kill %d && rm -r %s", s.process.Pid, s.folder)
		return nil
	}
	say("Nothing is left running. To keep the server next time: make demo KEEP=1")
	say("To start your own:")
	say("  %s serve --data ./lake &", s.binary)
	say("  eval \"$(%s env --data ./lake)\"", s.binary)
	say("  %s setup admin --data ./lake", s.binary)
	say("Any AWS client works from there; README.md and docs/ tell more.")
	return nil
}
