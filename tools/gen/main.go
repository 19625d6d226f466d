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
	"github.com/bindery-project/bindery/tools/models/overlay"
)

func main() {
	root := flag.String("root", ".", "folder of the repository")
	check := flag.Bool("check", false, "write nothing, fail when the committed output differs")
	flag.Parse()
	if err := run(*root, *check); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// run generates every service of the lock file: the packages first, because
// the index under docs/operations is made by looking at the code that uses
// them.
func run(root string, check bool) error {
	ids, err := services(filepath.Join(root, "models", "models.lock"))
	if err != nil {
		return err
	}
	var pkgs []*Package
	api, docs := outputs{}, outputs{}
	for _, id := range ids {
		pkg, err := load(filepath.Join(root, "models"), id)
		if err != nil {
			return fmt.Errorf("service %s: %w", id, err)
		}
		if err := generate(pkg, api); err != nil {
			return fmt.Errorf("service %s: %w", id, err)
		}
		pkgs = append(pkgs, pkg)
	}
	if err := generateList(pkgs, api); err != nil {
		return err
	}
	if err := api.settle(root, "internal/api", check); err != nil {
		return err
	}
	for _, pkg := range pkgs {
		if err := generateDocs(root, pkg, docs); err != nil {
			return fmt.Errorf("service %s: %w", pkg.Facts.ID, err)
		}
	}
	return docs.settle(root, "docs/operations", check)
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
	added, err := overlay.Read(filepath.Join(models, "overlay", id+".json"))
	if err != nil {
		return nil, err
	}
	return newPackage(service, added)
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

// generateList writes the list of all models.
func generateList(pkgs []*Package, out outputs) error {
	w := newPrinter("api")
	w.doc = "// Package api lists the models of all services, served or not.\n"
	w.imports = []string{importOp}
	for _, p := range pkgs {
		w.imports = append(w.imports, fmt.Sprintf("\t%q", apiPath+p.Name))
	}
	w.line("// Models are the models of all services.\nvar Models = []*op.Model{")
	for _, p := range pkgs {
		w.line("\t&%s.Model,", p.Name)
	}
	w.line("}")
	text, err := w.source()
	out[filepath.Join("internal", "api", "models.go")] = text
	return err
}
