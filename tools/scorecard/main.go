// Command scorecard judges what the suites of test/suites left behind: one JSON a
// suite, held against the failures that were reviewed and written down in
// test/suites/expected. It writes docs/compatibility.md and ends with one line that
// other programs can add up.
//
// It fails when a suite ran nothing, when a test failed that is not written down, and
// when a written-down test does not exist. A test that passes although its failure is
// written down is reported, so that the list shrinks.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// result is what a runner wrote about one suite.
type result struct {
	Suite, Title, Version string
	Tests                 map[string]outcome
	Recorded              bool `json:"-"` // run by hand, not in continuous integration
}

// outcome of one test: passed, failed or skipped, and for the latter two why.
type outcome struct{ Outcome, Reason string }

func main() {
	results := flag.String("results", ".cache/suites/results", "`folder` of the runs to judge")
	suites := flag.String("suites", "test/suites", "`folder` with expected/, recorded/ and not-run.md")
	page := flag.String("page", "docs/compatibility.md", "`file` to write; none when empty")
	flag.Parse()
	ok, err := run(os.Stdout, *results, *suites, *page)
	if err != nil {
		fmt.Fprintln(os.Stderr, "scorecard:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

func run(out io.Writer, results, suites, page string) (ok bool, err error) {
	verdicts, err := judgeAll(results, suites)
	if err != nil {
		return false, err
	}
	ok = report(out, verdicts)
	if page == "" {
		return ok, nil
	}
	notRun, err := os.ReadFile(filepath.Join(suites, "not-run.md"))
	if err != nil {
		return false, fmt.Errorf("read what is not run: %w", err)
	}
	if err := os.WriteFile(page, []byte(render(verdicts, string(notRun))), 0o644); err != nil {
		return false, fmt.Errorf("write the scorecard: %w", err)
	}
	return ok, nil
}

// judgeAll reads the runs at hand and those recorded earlier, and judges each.
func judgeAll(results, suites string) ([]verdict, error) {
	found, err := readResults(results)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no results in %s", results)
	}
	recorded, err := readResults(filepath.Join(suites, "recorded"))
	if err != nil {
		return nil, err
	}
	for _, r := range recorded {
		r.Recorded = true
		if !contains(found, r.Suite) { // a fresh run says more than the record
			found = append(found, r)
		}
	}
	verdicts := make([]verdict, 0, len(found))
	for _, r := range found {
		known, err := readExpected(filepath.Join(suites, "expected", r.Suite+".txt"))
		if err != nil {
			return nil, err
		}
		verdicts = append(verdicts, judge(r, known))
	}
	return verdicts, nil
}

func contains(results []result, suite string) bool {
	for _, r := range results {
		if r.Suite == suite {
			return true
		}
	}
	return false
}

func readResults(folder string) ([]result, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("list results in %s: %w", folder, err)
	}
	sort.Strings(files)
	var out []result
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read results: %w", err)
		}
		var r result
		if err := json.Unmarshal(data, &r); err != nil {
			return nil, fmt.Errorf("read results %s: %w", file, err)
		}
		out = append(out, r)
	}
	return out, nil
}

// readExpected reads known failures: test -> reason. A line "= reason" opens a group,
// the lines below it name tests; "#" starts a comment. No file means none.
func readExpected(file string) (map[string]string, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read known failures: %w", err)
	}
	known, reason := map[string]string{}, ""
	for number, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "= "):
			reason = strings.TrimPrefix(line, "= ")
		case reason == "":
			return nil, fmt.Errorf("%s line %d: %s has no reason", file, number+1, line)
		default:
			known[line] = reason
		}
	}
	return known, nil
}
