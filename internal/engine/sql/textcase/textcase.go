// Package textcase reads and rewrites test cases kept as text: an input, a line
// "----", the expected output, and a blank line. Lines that begin with "#" between
// cases are comments. A test runs [Run] with the function under test; the flag
// -update writes what that function gives back into the file.
package textcase

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the expected outputs of text cases")

// Case is one input with its expected output.
type Case struct {
	Comment  string // comment lines before the case, with their "#"
	Input    string
	Expected string
	Line     int // of the input in the file, from 1
}

// Read gives the cases of a file. A file without cases fails the test.
func Read(t testing.TB, path string) []Case {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cases := parse(string(data))
	if len(cases) == 0 {
		t.Fatalf("%s holds no cases", path)
	}
	return cases
}

func parse(text string) []Case {
	var cases []Case
	var cur Case
	var part *string
	for i, line := range strings.Split(text, "\n") {
		switch {
		case part == nil && strings.HasPrefix(line, "#"):
			cur.Comment += line + "\n"
		case part == nil && strings.TrimSpace(line) == "":
			if cur.Comment != "" {
				cur.Comment += "\n"
			}
		case part == nil:
			cur.Line, cur.Input, part = i+1, line, &cur.Input
		case part == &cur.Input && line == "----":
			part = &cur.Expected
		case part == &cur.Expected && line == "":
			cases, cur, part = append(cases, cur), Case{}, nil
		default:
			*part += joiner(*part, part == &cur.Expected) + line
		}
	}
	if part == &cur.Expected {
		cases = append(cases, cur)
	}
	return cases
}

func joiner(sofar string, expected bool) string {
	if sofar == "" && expected {
		return ""
	}
	return "\n"
}

// Run compares f of each input with the expected output, or rewrites the file.
func Run(t *testing.T, path string, f func(t *testing.T, input string) string) {
	t.Helper()
	cases := Read(t, path)
	for i, c := range cases {
		got := strings.TrimRight(f(t, c.Input), "\n")
		if got != c.Expected && !*update {
			t.Errorf("%s:%d: %s\n got: %s\nwant: %s", path, c.Line, c.Input, got, c.Expected)
		}
		cases[i].Expected = got
	}
	t.Logf("%s: %d cases", path, len(cases))
	if *update {
		write(t, path, cases)
	}
}

func write(t *testing.T, path string, cases []Case) {
	t.Helper()
	var out strings.Builder
	for i, c := range cases {
		if i > 0 {
			out.WriteString("\n")
		}
		out.WriteString(c.Comment + c.Input + "\n----\n" + c.Expected + "\n")
	}
	if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil { //nolint:gosec // a file of the repository, for all to read
		t.Fatal(err)
	}
}
