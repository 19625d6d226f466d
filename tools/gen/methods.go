package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"
)

// findMethods maps the exported methods of a service's facade, the type
// Service of internal/service/<folder>, to the files that declare them. Methods
// promoted from the generated refusals are left out. A service that does not
// exist yet has none.
//
// Only the service's own folders and its generated package are type-checked,
// without function bodies: imports of anything else are empty packages, and
// the errors that follow from that are ignored. Method sets need no more, and
// the index can be made while other code does not compile.
func findMethods(root, id, folder string) (map[string]string, error) {
	l := &loader{root: root, fset: token.NewFileSet(), known: map[string]*types.Package{}, own: []string{
		module + "/internal/service/" + cmp.Or(folder, id), module + "/internal/api/" + id + "api",
	}}
	facade, err := l.Import(l.own[0])
	if err != nil || facade.Scope().Lookup("Service") == nil {
		return nil, err
	}
	found := map[string]string{}
	methods := types.NewMethodSet(types.NewPointer(facade.Scope().Lookup("Service").Type()))
	for i := range methods.Len() {
		m := methods.At(i).Obj()
		if !m.Exported() || m.Pkg().Path() == l.own[1] {
			continue
		}
		file, err := filepath.Rel(root, l.fset.Position(m.Pos()).Filename)
		if err != nil {
			return nil, err
		}
		found[m.Name()] = filepath.ToSlash(file)
	}
	return found, nil
}

// loader type-checks packages from source, as far as they are the service's.
type loader struct {
	root  string
	fset  *token.FileSet
	known map[string]*types.Package
	own   []string // import path prefixes
}

// Import implements types.Importer.
func (l *loader) Import(path string) (*types.Package, error) {
	if p := l.known[path]; p != nil {
		return p, nil
	}
	if !l.ours(path) {
		p := types.NewPackage(path, filepath.Base(path))
		p.MarkComplete()
		l.known[path] = p
		return p, nil
	}
	files, err := l.parse(filepath.Join(l.root, strings.TrimPrefix(path, module+"/")))
	if err != nil {
		return nil, err
	}
	conf := types.Config{Importer: l, IgnoreFuncBodies: true, FakeImportC: true, Error: func(error) {}}
	p, err := conf.Check(path, l.fset, files, nil)
	if p == nil {
		return nil, fmt.Errorf("package %s: %w", path, err)
	}
	l.known[path] = p
	return p, nil
}

func (l *loader) ours(path string) bool {
	for _, prefix := range l.own {
		if path == prefix || strings.HasPrefix(path, prefix+"/") {
			return true
		}
	}
	return false
}

func (l *loader) parse(dir string) ([]*ast.File, error) {
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(l.fset, filepath.Join(dir, e.Name()), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}
