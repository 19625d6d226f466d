package policy_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/policy"
)

var kinds = map[string]policy.Kind{
	"identity": policy.Identity, "resource": policy.Resource, "trust": policy.Trust,
	"boundary": policy.Boundary, "session": policy.Session, "scp": policy.SCP, "rcp": policy.RCP,
}

func TestRefused(t *testing.T) {
	const file = "testdata/refused.txt"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := joinContinuations(strings.Split(strings.TrimRight(string(text), "\n"), "\n"))
	refused := 0
	for i, line := range lines {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		refused++
		lines[i] = judgeRefusal(t, line)
	}
	if refused < 80 {
		t.Errorf("only %d texts were judged", refused)
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// judgeRefusal answers the line as it should be.
func judgeRefusal(t *testing.T, line string) string {
	word, rest, _ := strings.Cut(line, ": ")
	kind, known := kinds[word]
	if !known {
		t.Fatalf("unknown kind in %q", line)
	}
	text, want, _ := strings.Cut(rest, "-> ")
	p, err := policy.Parse([]byte(strings.TrimRight(text, " ")), kind)
	if err == nil {
		t.Errorf("accepted %s as %s", text, p.Canonical())
		return line
	}
	syntax, ok := policy.AsSyntaxError(err)
	if !ok {
		t.Fatalf("%s: the error is a %T", text, err)
	}
	got := fmt.Sprintf("%d:%d %s", syntax.Line, syntax.Column, syntax.Reason)
	if got != want && !*update {
		t.Errorf("%s\n\tgot  %s\n\twant %s", text, got, want)
	}
	return word + ": " + text + "-> " + got
}

func TestRefusesInvalidUTF8AndGreatLength(t *testing.T) {
	for _, text := range []string{
		"{\"Id\":\"\xff\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}",
		"{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}" + strings.Repeat(" ", policy.MaxTextBytes),
		strings.Repeat("[", 100000),
		strings.Repeat(`{"a":`, 20000),
	} {
		if _, err := policy.Parse([]byte(text), policy.Identity); err == nil {
			t.Errorf("accepted %.40q...", text)
		} else if !strings.HasPrefix(err.Error(), "line 1, column ") {
			t.Errorf("error without a place: %v", err)
		}
	}
}
