package format

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden inspects every file of every archive in testdata and compares with its last member, `want`. In the inputs `^A` stands for Ctrl-A and
// `^M` for a carriage return, and a line `limits: sample=N` in the comment sets Limits.SampleBytes.
func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) < 3 {
		t.Fatalf("%d golden files (%v)", len(archives), err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { golden(t, path) })
	}
}

func golden(t *testing.T, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var limits Limits
	for line := range strings.Lines(string(archive.Comment)) {
		if strings.HasPrefix(line, "limits:") {
			if _, err := fmt.Sscanf(line, "limits: sample=%d", &limits.SampleBytes); err != nil {
				t.Fatal(err)
			}
		}
	}
	var got strings.Builder
	files := archive.Files
	want := ""
	if n := len(files); n > 0 && files[n-1].Name == "want" {
		want, files = string(files[n-1].Data), files[:n-1]
	}
	for _, f := range files {
		data := strings.NewReplacer("^A", "\x01", "^M", "\r").Replace(string(f.Data))
		result, err := Inspect(context.Background(), f.Name, strings.NewReader(data), int64(len(data)), limits)
		fmt.Fprintf(&got, "%s: %s\n", f.Name, render(t, result, err))
	}
	if *update {
		archive.Files = append(files, txtar.File{Name: "want", Data: []byte(got.String())})
		if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func render(t *testing.T, r *Result, err error) string {
	t.Helper()
	if err != nil {
		var reason *Reason
		if !errors.As(err, &reason) {
			t.Fatalf("no reason: %v", err)
		}
		return "refused, " + reason.Error()
	}
	var b strings.Builder
	about := "about "
	if r.Exact {
		about = ""
	}
	fmt.Fprintf(&b, "%s, %s, %s%d records of %d bytes", r.Classification, r.Compression, about, r.RecordCount, r.AverageRecordSize)
	if r.Layout != "" {
		fmt.Fprintf(&b, ", %s", r.Layout)
	}
	if c := r.CSV; c != nil {
		fmt.Fprintf(&b, "\n  delimiter %q escape %q header %v known %v quoted %v multiline %v", c.Delimiter, c.Escape, c.Header, c.HeaderKnown, c.Quoted, c.Multiline)
	}
	for _, c := range r.Columns {
		fmt.Fprintf(&b, "\n  %q %s", c.Name, c.Type)
		if c.Seen != "" {
			fmt.Fprintf(&b, " (seen %s)", c.Seen)
		}
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "\n  note: %s", n)
	}
	return b.String()
}

func inspectBytes(name string, data []byte, limits Limits) (*Result, error) {
	return Inspect(context.Background(), name, bytes.NewReader(data), int64(len(data)), limits)
}
