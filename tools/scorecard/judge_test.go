package main

import (
	"bytes"
	"strings"
	"testing"
)

func tests(pairs ...string) map[string]outcome {
	out := map[string]outcome{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = outcome{Outcome: pairs[i+1], Reason: "said"}
	}
	return out
}

func TestVerdicts(t *testing.T) {
	known := map[string]string{"t/b": "not built"}
	for name, c := range map[string]struct {
		tests map[string]outcome
		ok    bool
		says  string
	}{
		"as written down": {tests("t/a", "passed", "t/b", "failed", "t/c", "skipped"), true, "1 passed, 0 failed, 2 skipped"},
		"a new failure":   {tests("t/a", "passed", "t/b", "failed", "t/c", "failed"), false, "failed: t/c: said"},
		"a new success":   {tests("t/a", "passed", "t/b", "passed"), true, "passes now, strike it from the known failures: t/b"},
		"a vanished test": {tests("t/a", "passed"), false, "there is no such test: t/b"},
		"nothing":         {tests(), false, "nothing ran"},
		"only failures":   {tests("t/b", "failed"), false, "0 passed, 0 failed, 1 skipped"},
	} {
		var out bytes.Buffer
		ok := report(&out, []verdict{judge(result{Suite: "s", Tests: c.tests}, known)})
		if ok != c.ok || !strings.Contains(out.String(), c.says) {
			t.Errorf("%s: ok %v, said:\n%s", name, ok, out.String())
		}
	}
}

func TestRecordedSuitesCountNothing(t *testing.T) {
	var out bytes.Buffer
	ok := report(&out, []verdict{
		judge(result{Suite: "s", Tests: tests("a", "passed")}, nil),
		judge(result{Suite: "r", Tests: tests("a", "failed"), Recorded: true}, nil),
	})
	if !ok || !strings.HasSuffix(out.String(), "\n1 passed, 0 failed, 0 skipped\n") {
		t.Errorf("ok %v, said:\n%s", ok, out.String())
	}
}

func TestThePageExplainsEachFailure(t *testing.T) {
	page := render([]verdict{judge(
		result{Suite: "s", Title: "A suite", Version: "a 1", Tests: tests("t/a", "passed", "t/b", "failed")},
		map[string]string{"t/b": "not built"},
	)}, "## Not run\n")
	for _, want := range []string{"| A suite | a 1 | 1 | 1 | 0 |", "1 failed: not built\n\n- `b`", "## Not run"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in:\n%s", want, page)
		}
	}
}
