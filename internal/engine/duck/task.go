package duck

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	bind "github.com/duckdb/duckdb-go-bindings"
	"github.com/fxamacker/cbor/v2"

	"github.com/bindery-project/bindery/internal/engine"
	"github.com/bindery-project/bindery/internal/work/worker"
)

// TaskName is the name of the worker's task.
const TaskName = "query"

// Task is the worker's side of the engine: app passes it to worker.Main.
func Task() worker.Task { return worker.Task{Name: TaskName, Run: runQuery} }

// order is the request: the query with files staged under safe names.
type order struct {
	Query    engine.Query
	TempSize int64 // bytes of temporary files
}

// summary is the last reply of a task.
type summary struct {
	Rows int64
}

// runQuery executes one query in an instance of its own.
func runQuery(ctx context.Context, c *worker.Conn, request cbor.RawMessage) error {
	var o order
	if err := worker.Decode(request, &o); err != nil {
		return err
	}
	files := newFileNames(o.Query.Relations)
	rows, err := execute(ctx, c, o, files)
	if err != nil {
		return files.explain(err)
	}
	return c.Reply(summary{Rows: rows})
}

func execute(ctx context.Context, c *worker.Conn, o order, files *fileNames) (int64, error) {
	scans, err := prepareScans(ctx, o.Query.Relations, c.Scratch())
	if err != nil {
		return 0, err
	}
	files.rewritten(scans)
	in, err := openInstance()
	if err != nil {
		return 0, err
	}
	defer in.close()
	allowed, err := in.define(scans)
	if err != nil {
		return 0, err
	}
	l := limits{
		memory: memoryLimit(o.Query.MaxMemory, c.Memory()), threads: o.Query.Threads,
		temp: c.Scratch(), tempSize: o.TempSize, zone: o.Query.TimeZone,
	}
	if err := in.lock(l, allowed); err != nil {
		return 0, err
	}
	return in.run(c, o.Query.SQL)
}

func memoryLimit(asked, most int64) int64 {
	if asked > 0 && asked < most {
		return asked
	}
	return most
}

// define makes the variables and views of all relations and returns every path they read.
func (in *instance) define(scans []scan) ([]string, error) {
	var allowed []string
	for _, s := range scans {
		for _, sql := range s.statements {
			if err := in.exec(sql); err != nil {
				return nil, fmt.Errorf("relation %q: %w", s.relation, err)
			}
		}
		allowed = append(allowed, s.paths...)
	}
	return allowed, nil
}

// run executes the statement and sends its rows.
func (in *instance) run(c *worker.Conn, sql string) (int64, error) {
	stmt, err := in.prepare(sql)
	if err != nil {
		return 0, err
	}
	defer bind.DestroyPrepare(stmt)
	result, err := stream(*stmt)
	if err != nil {
		return 0, err
	}
	defer bind.DestroyResult(result)
	return sendRows(c, result)
}

// fileNames translates paths of this machine into keys: messages must name what the user
// knows, and nothing of the machine.
type fileNames struct {
	keys  []string          // per file in the order of the relations
	paths map[string]string // path -> key, of the files and of what they were rewritten to
}

func newFileNames(relations []engine.Relation) *fileNames {
	names := &fileNames{paths: map[string]string{}}
	for _, r := range relations {
		for _, f := range r.Files {
			names.keys = append(names.keys, f.Key)
			names.paths[f.Path] = f.Key
		}
	}
	return names
}

// rewritten adds the files that are read in place of others.
func (n *fileNames) rewritten(scans []scan) {
	for _, s := range scans {
		for i, path := range s.paths {
			n.paths[path] = n.keys[s.indexes[i]]
		}
	}
}

// replace puts keys in the place of paths, the longest path first: one may be the beginning of another.
func (n *fileNames) replace(message string) string {
	var pairs []string
	for _, path := range slices.SortedFunc(maps.Keys(n.paths), func(a, b string) int { return cmp.Compare(len(b), len(a)) }) {
		pairs = append(pairs, path, n.paths[path])
	}
	return strings.NewReplacer(pairs...).Replace(message)
}

// explain names the file in an error, and makes an error of execution that concerns a file
// one of bad data.
func (n *fileNames) explain(err error) error {
	failed := asTaskError(err)
	if message, index, ok := splitBadData(failed.Message); ok {
		failed.Message = message
		if index < len(n.keys) {
			failed.Subject = n.keys[index]
		}
	}
	if failed.Subject == "" {
		failed.Subject = n.mentioned(failed.Message)
	}
	failed.Message = n.replace(failed.Message)
	failed.Code = string(classWithFile(engine.Class(failed.Code), failed))
	return failed
}

// mentioned returns the key of the longest path that the message contains.
func (n *fileNames) mentioned(message string) string {
	longest, key := 0, ""
	for path, k := range n.paths {
		if len(path) > longest && strings.Contains(message, path) {
			longest, key = len(path), k
		}
	}
	return key
}

// classWithFile: a value that does not convert is the statement's fault, unless a reader of
// a file says so.
func classWithFile(class engine.Class, failed *worker.TaskError) engine.Class {
	if failed.Subject == "" {
		return class
	}
	switch class { //nolint:exhaustive // a file does not change the other classes
	case engine.ClassArgument, engine.ClassCast, engine.ClassRange, engine.ClassStatement:
		return engine.ClassBadData
	case engine.ClassMissingFile:
		if !strings.Contains(failed.Message, "No such file") && !strings.Contains(failed.Message, "No files found") {
			return engine.ClassBadData // read, but not what it should be: truncated, for instance
		}
	}
	return class
}

// splitBadData takes apart what a scan expression said: mark, index of the file, text.
func splitBadData(message string) (string, int, bool) {
	_, rest, ok := strings.Cut(message, badDataMark)
	if !ok {
		return "", 0, false
	}
	number, text, _ := strings.Cut(rest, badDataSeparator)
	index, err := strconv.Atoi(number)
	return text, index, err == nil
}
