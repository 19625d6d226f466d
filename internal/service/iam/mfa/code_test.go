package mfa

import (
	"testing"
	"time"
)

// TestCodesAreThoseOfTheRFC: RFC 6238, appendix B, SHA-1, cut to six digits.
func TestCodesAreThoseOfTheRFC(t *testing.T) {
	seed := &Seed{Secret: []byte("12345678901234567890")}
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		got, err := seed.code(stepAt(time.Unix(at, 0)))
		if err != nil || got != want {
			t.Errorf("at %d: %q, %v; want %q", at, got, err, want)
		}
	}
}

var began = time.Unix(1_700_000_000, 0)

// shown is what a device whose clock is off shows.
func shown(t *testing.T, s *Seed, off time.Duration) string {
	t.Helper()
	c, err := s.code(stepAt(began.Add(off)))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestACodeIsTakenOnce(t *testing.T) {
	s := &Seed{Secret: []byte("12345678901234567890")}
	code, before := shown(t, s, 0), shown(t, s, -step)
	for _, c := range []struct {
		what, code string
		want       bool
	}{
		{"too old", shown(t, s, -2*step), false},
		{"too early", shown(t, s, 2*step), false},
		{"now", code, true},
		{"again", code, false},
		{"an older one after it", before, false},
		{"the next", shown(t, s, step), true},
	} {
		if got, err := s.take(c.code, began); err != nil || got != c.want {
			t.Errorf("%s: %t, %v", c.what, got, err)
		}
	}
}

func TestTwoCodesTellTheDrift(t *testing.T) {
	s := &Seed{Secret: []byte("12345678901234567890")}
	if ok, err := s.synchronize(shown(t, s, 5*step), shown(t, s, 7*step), began); ok || err != nil {
		t.Errorf("codes that are not consecutive: %t, %v", ok, err)
	}
	if ok, err := s.synchronize(shown(t, s, 30*step), shown(t, s, 31*step), began); ok || err != nil {
		t.Errorf("codes too far off: %t, %v", ok, err)
	}
	if ok, err := s.synchronize(shown(t, s, 5*step), shown(t, s, 6*step), began); !ok || err != nil {
		t.Fatalf("consecutive codes: %t, %v", ok, err)
	}
	if ok, _ := s.take(shown(t, s, 6*step), began); ok {
		t.Error("a code of the proof was taken again")
	}
	if ok, err := s.take(shown(t, s, 7*step), began); !ok || err != nil {
		t.Errorf("the next code of the drifting device: %t, %v", ok, err)
	}
}

func TestGuessingClosesADevice(t *testing.T) {
	var tr tries
	for range maxTries {
		if !tr.open("d", began) {
			t.Fatal("closed too soon")
		}
		tr.failed("d", began)
	}
	if tr.open("d", began.Add(tryTime-1)) || !tr.open("other", began) || !tr.open("d", began.Add(tryTime)) {
		t.Error("the wrong devices are closed")
	}
}
