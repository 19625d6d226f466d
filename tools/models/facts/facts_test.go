package facts_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/bindery-project/bindery/tools/models/facts"
)

// TestFilesAreStable reads every committed model and writes it again.
func TestFilesAreStable(t *testing.T) {
	files, err := filepath.Glob("../../../models/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no models: %v", err)
	}
	for _, file := range files {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := facts.Parse(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := facts.Format(s)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s changes when it is written again", file)
		}
		if len(s.Operations) == 0 || len(s.Shapes) == 0 {
			t.Errorf("%s is empty", file)
		}
	}
}

// TestNoDocumentation holds that only facts were taken.
func TestNoDocumentation(t *testing.T) {
	files, _ := filepath.Glob("../../../models/*.json")
	actions, _ := filepath.Glob("../../../models/iam-actions/*.json")
	if len(actions) == 0 {
		t.Fatal("no actions")
	}
	for _, file := range append(files, actions...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{`"documentation":`, `"description":`, "<p>"} {
			if bytes.Contains(text, []byte(key)) {
				t.Errorf("%s holds %s", file, key)
			}
		}
	}
}

func TestParseRefusesUnknownFields(t *testing.T) {
	if _, err := facts.Parse([]byte(`{"id":"x","colour":"red"}`)); err == nil {
		t.Error("an unknown field was read over")
	}
}
