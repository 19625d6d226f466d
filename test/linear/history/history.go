// Package history records what clients of one table did and were answered, and
// decides whether a single table could have answered so: whether the history is
// linearizable. UpdateTable with VersionId is a compare-and-set; every Iceberg
// client commits with it, so a lost or doubled commit is lost data.
//
// [Run] makes a history, [Check] decides it with porcupine.
package history

import (
	"fmt"
	"io"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

// State is a table as the histories see it: its VersionId, and a parameter that
// each update sets to something new.
type State struct {
	Version int64
	Value   string
}

// call is a GetTable, or an UpdateTable that demands a version and sets a value.
type call struct {
	write bool
	State
}

// Outcome is how a call ended.
type Outcome int

// The outcomes. Unknown is that of a call without an answer: the server was
// killed, and the update may have happened or not, or may yet.
const (
	Done Outcome = iota
	Conflict
	Unknown
)

type answer struct {
	outcome Outcome
	State   // of a read
}

// table is the specification: what a table may answer, one call after another.
var table = porcupine.NondeterministicModel{
	Init:              func() []any { return []any{State{}} },
	Step:              func(state, input, output any) []any { return step(state.(State), input.(call), output.(answer)) },
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
}

func step(now State, in call, out answer) []any {
	if !in.write {
		if out.State == now {
			return []any{now}
		}
		return nil
	}
	next := State{Version: now.Version + 1, Value: in.Value}
	matches := in.Version == now.Version
	switch {
	case out.outcome == Done && matches:
		return []any{next}
	case out.outcome == Conflict && !matches:
		return []any{now}
	case out.outcome == Unknown && matches:
		return []any{now, next}
	case out.outcome == Unknown:
		return []any{now}
	}
	return nil
}

// History is what was recorded of one table. Its clock counts events: only
// their order matters.
type History struct {
	now atomic.Int64
	mu  sync.Mutex
	all []porcupine.Operation
}

// begin records that a client calls, and returns what records its answer.
func (h *History) begin(client int, in call) func(answer) {
	at := h.now.Add(1)
	return func(out answer) {
		end := h.now.Add(1)
		if out.outcome == Unknown {
			if !in.write {
				return // a read without an answer says nothing
			}
			end = math.MaxInt64
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.all = append(h.all, porcupine.Operation{ClientId: client, Input: in, Call: at, Output: out, Return: end})
	}
}

// Counts are how many calls ended in each way.
type Counts struct{ Reads, Writes, Conflicts, Unknown int }

// Counts counts the calls.
func (h *History) Counts() (c Counts) {
	for _, o := range h.all {
		switch out := o.Output.(answer); {
		case !o.Input.(call).write:
			c.Reads++
		case out.outcome == Done:
			c.Writes++
		case out.outcome == Conflict:
			c.Conflicts++
		default:
			c.Unknown++
		}
	}
	return c
}

// Check returns an error when no single table could have answered so, or when
// that could not be decided in time. An update without an answer may always have
// done nothing, so a history that is right without those that nobody ever saw is
// right; only one that is not is searched with them, which can take long.
func (h *History) Check(limit time.Duration) error {
	all := h.settled()
	seen := slices.DeleteFunc(slices.Clone(all), func(o porcupine.Operation) bool { return o.Output.(answer).outcome == Unknown })
	model := table.ToModel()
	result := porcupine.CheckOperationsTimeout(model, seen, limit)
	if result != porcupine.Ok && len(seen) < len(all) {
		result = porcupine.CheckOperationsTimeout(model, all, limit)
	}
	switch result {
	case porcupine.Ok:
		return nil
	case porcupine.Illegal:
		return fmt.Errorf("the history of %d calls is not linearizable", len(all))
	case porcupine.Unknown:
	}
	return fmt.Errorf("not decided in %s", limit)
}

// Draw writes a page that shows the history, and how far it can be explained.
func (h *History) Draw(w io.Writer, limit time.Duration) error {
	model := table.ToModel()
	_, info := porcupine.CheckOperationsVerbose(model, h.settled(), limit)
	return porcupine.Visualize(model, info, w)
}

// settled ends the calls without an answer where they must have taken effect:
// when their value was first seen, or its version was built upon. It spares the
// search from trying them everywhere; those that were never seen stay open.
func (h *History) settled() []porcupine.Operation {
	seen := map[string]int64{}
	for _, o := range h.all {
		if in, out := o.Input.(call), o.Output.(answer); !in.write && out.Value != "" {
			if first, ok := seen[out.Value]; !ok || o.Return < first {
				seen[out.Value] = o.Return
			}
		}
	}
	list := make([]porcupine.Operation, len(h.all))
	for i, o := range h.all {
		if end, ok := seen[o.Input.(call).Value]; ok && o.Return == math.MaxInt64 {
			o.Return, o.Output = end, answer{outcome: Done}
		}
		list[i] = o
	}
	return list
}

// Plus adds counts.
func (c Counts) Plus(d Counts) Counts {
	return Counts{c.Reads + d.Reads, c.Writes + d.Writes, c.Conflicts + d.Conflicts, c.Unknown + d.Unknown}
}
