// Command iamdata judges the authorization rows that the server uses against
// the published authorization data kept under models/iam-actions: does each
// action exist, is it granted on the same kinds of resource, are its condition
// keys known, and does "read only" agree with the access level.
//
// Where we differ on purpose, models/overlay/differences.json says so with the
// reason. The check fails on a difference that is not listed, on one that is
// listed without a reason, and on one that is no more.
//
//	go run ./tools/iamdata           check
//	go run ./tools/iamdata -update   rewrite the list; new entries have no reason yet
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bindery-project/bindery/internal/api"
	"github.com/bindery-project/bindery/internal/api/binderyapi"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/tools/models/facts"
	"github.com/bindery-project/bindery/tools/models/overlay"
)

func main() {
	root := flag.String("root", ".", "folder of the repository")
	update := flag.Bool("update", false, "rewrite the list of differences")
	flag.Parse()
	if err := run(filepath.Join(*root, "models"), *update); err != nil {
		fmt.Fprintln(os.Stderr, "iamdata:", err)
		os.Exit(1)
	}
}

func run(dir string, update bool) error {
	path := filepath.Join(dir, "overlay", "differences.json")
	reviewed, err := readDifferences(path)
	if err != nil {
		return err
	}
	found := differences{}
	rows := 0
	for _, m := range api.Models {
		if m.ID == binderyapi.Model.ID {
			continue // our own service: nobody publishes its actions
		}
		j, err := newJudge(dir, m)
		if err != nil {
			return err
		}
		found[m.ID] = j.differences()
		rows += len(m.Operations)
	}
	if update {
		return found.withReasons(reviewed).write(path)
	}
	if err := found.compare(reviewed); err != nil {
		return err
	}
	fmt.Printf("%d authorization rows judged, %d reviewed differences\n", rows, found.count())
	return nil
}

// judge compares one service's rows with the published data.
type judge struct {
	model     *op.Model
	actions   map[string]facts.Action // by "glue:gettable", lower case
	resources []facts.Resource
	resolvers map[string][]string
}

func newJudge(dir string, m *op.Model) (*judge, error) {
	data, err := facts.ReadActions(filepath.Join(dir, "iam-actions", m.ID+".json"))
	if err != nil {
		return nil, err
	}
	rows, err := overlay.Read(filepath.Join(dir, "overlay", m.ID+".json"))
	if err != nil {
		return nil, err
	}
	j := &judge{model: m, actions: map[string]facts.Action{}, resources: data.Resources, resolvers: rows.Resolvers}
	for _, a := range data.Actions {
		j.actions[lower(data.Prefix+":"+a.Name)] = a
	}
	return j, nil
}
