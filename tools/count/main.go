// Command count reads `go test -json` on standard input, prints what failed
// and one line for each package, and ends with how many tests ran. It fails
// when one failed, when a package did not build, or when nothing ran.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
)

// event is one line of `go test -json`.
type event struct {
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
}

// tally is what is known of the run so far.
type tally struct {
	out                     io.Writer
	passed, failed, skipped int
	output                  map[string][]string // package/test -> lines
	broken                  []string            // packages that failed outside a test
	skips                   map[string]int      // reason -> how often
}

func main() {
	t := &tally{out: os.Stdout, output: map[string][]string{}, skips: map[string]int{}}
	if err := t.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "count:", err)
		os.Exit(2)
	}
	os.Exit(t.close())
}

func (t *tally) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			fmt.Fprintln(t.out, lines.Text())
			continue
		}
		t.add(e)
	}
	return lines.Err()
}

func (t *tally) add(e event) {
	key := e.Package + "/" + e.Test
	switch e.Action {
	case "output":
		t.output[key] = append(t.output[key], e.Output)
	case "build-output":
		fmt.Fprint(t.out, e.Output)
	case "pass", "fail", "skip":
		t.end(e, key)
	}
}

func (t *tally) end(e event, key string) {
	lines := t.output[key]
	delete(t.output, key)
	if e.Test == "" {
		t.endPackage(e, lines)
		return
	}
	switch e.Action {
	case "pass":
		t.passed++
	case "skip":
		t.skipped++
		t.skips[reason(lines)]++
	case "fail":
		t.failed++
		fmt.Fprint(t.out, strings.Join(lines, ""))
	}
}

func (t *tally) endPackage(e event, lines []string) {
	if e.Action == "fail" {
		t.broken = append(t.broken, e.Package)
		fmt.Fprint(t.out, strings.Join(lines, ""))
	}
	if e.Action != "skip" {
		fmt.Fprintf(t.out, "%-4s  %s  %.1fs\n", e.Action, e.Package, e.Elapsed)
	}
}

// reason is what a skipped test said.
func reason(lines []string) string {
	for _, l := range lines {
		l = strings.TrimSpace(l)
		if l != "" && !strings.HasPrefix(l, "=== ") && !strings.HasPrefix(l, "--- ") {
			if _, text, ok := strings.Cut(l, ".go:"); ok {
				_, text, _ = strings.Cut(text, ": ")
				return text
			}
			return l
		}
	}
	return "no reason given"
}

func (t *tally) close() int {
	reasons := make([]string, 0, len(t.skips))
	for r := range t.skips {
		reasons = append(reasons, r)
	}
	sort.Strings(reasons)
	for _, r := range reasons {
		fmt.Fprintf(t.out, "skipped %d: %s\n", t.skips[r], r)
	}
	if len(t.broken) > 0 {
		fmt.Fprintf(t.out, "failed packages: %s\n", strings.Join(t.broken, " "))
	}
	fmt.Fprintf(t.out, "%d passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped)
	if t.failed > 0 || len(t.broken) > 0 || t.passed == 0 {
		return 1
	}
	return 0
}
