package main

import (
	"fmt"
	"io"
	"sort"
)

// verdict is a suite's tests, sorted by what they mean for us. The groups map a reason
// to the tests it explains.
type verdict struct {
	result
	passed         int
	known, skipped map[string][]string
	failed         []string // "test: what it said"
	better         []string // passed, though written down as failing
	missing        []string // written down, but the suite has no such test
}

func judge(r result, known map[string]string) verdict {
	v := verdict{result: r, known: map[string][]string{}, skipped: map[string][]string{}}
	for _, name := range sorted(r.Tests) {
		test, reason := r.Tests[name], known[name]
		switch {
		case test.Outcome == "passed":
			v.passed++
			if reason != "" {
				v.better = append(v.better, name)
			}
		case test.Outcome == "skipped":
			v.skipped[test.Reason] = append(v.skipped[test.Reason], name)
		case reason != "":
			v.known[reason] = append(v.known[reason], name)
		default:
			v.failed = append(v.failed, name+": "+test.Reason)
		}
	}
	for _, name := range sorted(known) {
		if _, exists := r.Tests[name]; !exists {
			v.missing = append(v.missing, name)
		}
	}
	return v
}

// ok tells whether the suite ran and showed nothing new that is bad.
func (v verdict) ok() bool {
	return v.passed > 0 && len(v.failed) == 0 && len(v.missing) == 0
}

// report says what is new, and ends with the count of all suites. Known failures and
// the suites' own skips both count as skipped; recorded suites count nothing.
func report(out io.Writer, verdicts []verdict) bool {
	ok, passed, failed, skipped := true, 0, 0, 0
	for _, v := range verdicts {
		if v.Recorded {
			continue
		}
		ok = v.ok() && ok
		passed, failed = passed+v.passed, failed+len(v.failed)
		skipped += size(v.known) + size(v.skipped)
		v.tell(out)
	}
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	return ok
}

func (v verdict) tell(out io.Writer) {
	fmt.Fprintf(out, "%s (%s): %d passed, %d failed, %d fail as written down, %d skipped\n",
		v.Suite, v.Version, v.passed, len(v.failed), size(v.known), size(v.skipped))
	if len(v.Tests) == 0 {
		fmt.Fprintln(out, "  nothing ran")
	}
	for _, line := range v.failed {
		fmt.Fprintln(out, "  failed:", line)
	}
	for _, name := range v.better {
		fmt.Fprintln(out, "  passes now, strike it from the known failures:", name)
	}
	for _, name := range v.missing {
		fmt.Fprintln(out, "  written down, but there is no such test:", name)
	}
}

func size(groups map[string][]string) int {
	n := 0
	for _, names := range groups {
		n += len(names)
	}
	return n
}

func sorted[T any](m map[string]T) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
