// Command gen turns the facts under models/ and the overlay beside them into
// the packages under internal/api: `make gen` runs it, `make gen-check` runs
// it with -check and fails when the committed output differs.
//
// What it writes is data: Go types, tables of shapes and operations, error
// types and conversions. The engines that work on them are written by hand,
// elsewhere. It refuses to write a service whose overlay lacks an
// authorization row for an operation, names a path that the input does not
// have, or leaves a pattern that Go cannot match.
//
// Start reading at [generate].
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bindery-project/bindery/tools/models/facts"
)

func main() {
	root := flag.String("root", ".", "folder of the repository")
	check := flag.Bool("check", false, "write nothing, fail when the committed output differs")
	docs := flag.Bool("docs", true, "also generate docs/operations")
	flag.Parse()
	if err := run(*root, *check, *docs); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// run generates every service of the lock file.
func run(root string, check, docs bool) error {
	ids, err := services(filepath.Join(root, "models", "models.lock"))
	if err != nil {
		return err
	}
	out := outputs{}
	for _, id := range ids {
		pkg, err := load(filepath.Join(root, "models"), id)
		if err != nil {
			return fmt.Errorf("service %s: %w", id, err)
		}
		if err := generate(pkg, out); err != nil {
			return fmt.Errorf("service %s: %w", id, err)
		}
		if docs {
			if err := generateDocs(root, pkg, out); err != nil {
				return fmt.Errorf("service %s: %w", id, err)
			}
		}
	}
	if check {
		return out.compare(root)
	}
	return out.write(root)
}

// services lists the services of the lock file.
func services(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var lock struct {
		Services []struct {
			ID string `json:"id"`
		} `json:"services"`
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	var ids []string
	for _, s := range lock.Services {
		ids = append(ids, s.ID)
	}
	return ids, nil
}

// load joins a service's facts with its overlay.
func load(models, id string) (*Package, error) {
	service, err := facts.Read(filepath.Join(models, id+".json"))
	if err != nil {
		return nil, err
	}
	overlay, err := readOverlay(filepath.Join(models, "overlay", id+".json"))
	if err != nil {
		return nil, err
	}
	return newPackage(service, overlay)
}

// generate writes the files of one service's package.
func generate(p *Package, out outputs) error {
	for _, f := range []struct {
		name   string
		render func(*Package, *printer) error
	}{
		{"types.go", renderTypes},
		{"enums.go", renderEnums},
		{"shapes.go", renderShapes},
		{"operations.go", renderOperations},
		{"refused.go", renderRefused},
		{"errors.go", renderErrors},
		{"convert.go", renderConversions},
	} {
		w := newPrinter(p.Name)
		if err := f.render(p, w); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		text, err := w.source()
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if text != nil {
			out[filepath.Join("internal", "api", p.Name, f.name)] = text
		}
	}
	return nil
}
