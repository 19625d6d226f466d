package lint_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/policy/lint"
)

// filled puts names into the places of an example.
var filled = strings.NewReplacer("REGION", "us-east-1", "ACCOUNT", "111122223333", "DATABASE", "sales", "WORKGROUP", "primary", "KEY_ID", "k")

// TestPresetsAreClean: what people start from has nothing to find.
func TestPresetsAreClean(t *testing.T) {
	files, err := filepath.Glob("../../../examples/policies/*.json")
	if err != nil || len(files) < 9 {
		t.Fatalf("%d presets, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := lint.Check([]byte(filled.Replace(string(text))), policy.Identity); len(found) > 0 {
			t.Errorf("%s:\n%s", file, messages(found))
		}
	}
}

// TestDocumentedPoliciesHaveNoErrors: the lists that clients document are valid as written.
func TestDocumentedPoliciesHaveNoErrors(t *testing.T) {
	for _, file := range []string{"dbt-athena/policy", "starrocks/batch-load", "starrocks/read-write", "starrocks/glue"} {
		text, err := os.ReadFile("../../../examples/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if found := lint.Check([]byte(filled.Replace(string(text))), policy.Identity); lint.Worst(found, lint.Warning) {
			t.Errorf("%s:\n%s", file, messages(found))
		}
	}
}
