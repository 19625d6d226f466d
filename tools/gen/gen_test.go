package main

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// tiny copies the tiny repository to a folder that a test may change.
func tiny(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS("testdata/tiny")); err != nil {
		t.Fatal(err)
	}
	return root
}

func edit(t *testing.T, root, name, old, with string) {
	t.Helper()
	path := filepath.Join(root, name)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(old)) {
		t.Fatalf("%s has no %q", name, old)
	}
	if err := os.WriteFile(path, bytes.Replace(text, []byte(old), []byte(with), 1), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestGolden compares all that is generated for the tiny model. A change of
// the golden files is a change of every generated package: read it.
func TestGolden(t *testing.T) {
	root := tiny(t)
	if err := run(root, false); err != nil {
		t.Fatal(err)
	}
	if *update {
		replaceGolden(t, root)
	}
	want := tree(t, "testdata/golden")
	got := tree(t, filepath.Join(root, "internal/api"))
	for name, text := range tree(t, filepath.Join(root, "docs")) {
		got[name] = text
	}
	if len(want) == 0 {
		t.Fatal("no golden files")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("generated files differ (-want +got):\n%s", diff)
	}
}

func replaceGolden(t *testing.T, root string) {
	t.Helper()
	if err := os.RemoveAll("testdata/golden"); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"internal/api", "docs"} {
		for name, text := range tree(t, filepath.Join(root, dir)) {
			path := filepath.Join("testdata/golden", name)
			if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// tree reads a folder; ".txt" keeps golden Go files out of the build.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		files[strings.TrimSuffix(rel, ".txt")+".txt"] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestCheck sees that the check turns red: for a changed file, a missing one
// and one too many.
func TestCheck(t *testing.T) {
	root := tiny(t)
	if err := run(root, false); err != nil {
		t.Fatal(err)
	}
	if err := run(root, true); err != nil {
		t.Fatalf("fresh output: %v", err)
	}
	types := filepath.Join(root, "internal/api/tinyapi/types.go")
	for name, spoil := range map[string]func() error{
		"internal/api/tinyapi/types.go": func() error { return os.WriteFile(types, []byte("package tinyapi"), 0o600) },
		"internal/api/tinyapi/extra.go": func() error {
			return os.WriteFile(filepath.Join(filepath.Dir(types), "extra.go"), []byte("package tinyapi"), 0o600)
		},
		"docs/operations/tiny.md": func() error { return os.Remove(filepath.Join(root, "docs/operations/tiny.md")) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if err := run(root, true); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is spoilt, the check says: %v", name, err)
		}
		if err := run(root, false); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRefusals breaks one thing at a time.
func TestRefusals(t *testing.T) {
	const rows, model = "models/overlay/tiny.json", "models/tiny.json"
	for _, c := range []struct{ name, file, old, with, want string }{
		{"missing row", rows, `"GetBox": {"resolver": "box"},`, ``, "GetBox: no authorization row"},
		{"row too many", rows, `"GetBox":`, `"GetTable": {"resources": ["*"]}, "GetBox":`, "GetTable, which is no operation"},
		{"empty row", rows, `{"resolver": "box"}`, `{}`, "no resource and no resolver"},
		{"coarse without reason", rows, `{"resolver": "box"}`, `{"coarse": true}`, "needs its reason"},
		{"coarse with resources", rows, `{"resolver": "box"}`, `{"coarse": true, "reason": "x", "resources": ["*"]}`, "no resources of its own"},
		{"unknown resolver", rows, `{"resolver": "box"}`, `{"resolver": "crate"}`, `what resolver "crate" finds`},
		{"unknown mode", rows, `filter box/*`, `perhaps box/*`, `unknown mode "perhaps"`},
		{"path to nothing", rows, `{Box.Name|*}`, `{Box.Label}`, `has no member "Label"`},
		{"path to a number", rows, `{Box.Name|*}`, `{Box.Count}`, "ends in a integer"},
		{"path into nothing", rows, `filter box/*`, `box/{Name}`, "leads nowhere"},
		{"path through no list", rows, `{Box.Name|*}`, `{Box[].Name}`, "is no list"},
		{"key from nothing", rows, `"Box.Colour"`, `"Box.Shade"`, "key tiny:Colour"},
		{"unknown pattern", rows, `"(?=x).*": "SingleLine"`, `"y": "SingleLine"`, "names no function"},
		{"surrogates", model, `\\u0020-\\u007E`, `\\u0020-\\uD7FF\\uD800`, "names no function"},
		{"fold of nothing", rows, `BoxInput.Name`, `BoxInput.Label`, `fold "BoxInput.Label" names no member`},
		{"raw of nothing", rows, `GetBoxResponse.Box`, `GetBoxResponse.Lid`, "names no member"},
		{"raw of a text", rows, `GetBoxResponse.Box`, `ListBoxesResponse.NextToken`, "no document"},
		{"conversion that loses", rows, `"drop": {"Count": "a box is one"}`, `"drop": {}`, "the target has no such member"},
		{"drop of nothing", rows, `"drop": {"Count"`, `"drop": {"Weight": "x", "Count"`, "Weight is to be dropped"},
		{"correction without reason", rows, `"dozens are accepted"`, `""`, "no reason given"},
		{"unknown field", rows, `"action": "tiny"`, `"acton": "tiny"`, "unknown field"},
		{"undefined shape", model, `{"name":"Time","type":"timestamp"},`, ``, "Time is used and not defined"},
		{"unknown type", model, `"type":"timestamp"`, `"type":"moment"`, "unknown type"},
		{"unknown protocol", model, `["json"]`, `["carrier-pigeon"]`, "unknown protocol"},
		{"type names collide", rows, `"action": "tiny"`, `"action": "tiny", "names": {"Box": "BoxInput"}`, "would both be the Go type BoxInput"},
		{"misspelt method", "internal/service/tiny/box/box.go", ") GetBox(", ") GetBoxes(", "method GetBoxes is no operation"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := tiny(t)
			edit(t, root, c.file, c.old, c.with)
			if err := run(root, false); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

// TestFoldIsDemanded holds the rule that an ARN of a catalog object is made
// of folded names only.
func TestFoldIsDemanded(t *testing.T) {
	root := tiny(t)
	edit(t, root, "models/models.lock", `"tiny"`, `"glue"`)
	for _, name := range []string{"models/tiny.json", "models/overlay/tiny.json"} {
		if err := os.Rename(filepath.Join(root, name), filepath.Join(root, strings.Replace(name, "tiny.json", "glue.json", 1))); err != nil {
			t.Fatal(err)
		}
	}
	edit(t, root, "models/glue.json", `"id":"tiny"`, `"id":"glue"`)
	edit(t, root, "models/overlay/glue.json", `box/{Box.Name|*}`, `table/{Box.Name|*}`)
	if err := run(root, false); err != nil {
		t.Fatalf("folded: %v", err)
	}
	edit(t, root, "models/overlay/glue.json", `"fold": ["BoxInput.Name"]`, `"fold": []`)
	if err := run(root, false); err == nil || !strings.Contains(err.Error(), "not in the fold list") {
		t.Errorf("not folded: %v", err)
	}
}

func TestCamel(t *testing.T) {
	for value, want := range map[string]string{
		"SSE-KMS": "SseKms", "AWS_LAMBDA": "AwsLambda", "glueetl": "Glueetl", "G.1X": "G1x", "PostgreSQL": "PostgreSQL", "": "",
	} {
		if got := camel(value); got != want {
			t.Errorf("camel(%q) = %q, want %q", value, got, want)
		}
	}
}

func TestRE2(t *testing.T) {
	for pattern, want := range map[string]string{
		`[\u0020-\u00FF]+`: `[\x{0020}-\x{00FF}]+`,
		`\d{4,20}`:         `\d{4,20}`,
	} {
		if got, err := re2(pattern); err != nil || got != want {
			t.Errorf("re2(%q) = %q, %v, want %q", pattern, got, err, want)
		}
	}
	for _, pattern := range []string{`(?!x)y`, `\uD800`, `\u10000`, `a{1,2000}`, `(a)\1`} {
		if got, err := re2(pattern); err == nil {
			t.Errorf("re2(%q) = %q, want a refusal", pattern, got)
		}
	}
}
