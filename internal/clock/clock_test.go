package clock

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestMillisRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(-1<<50, 1<<50).Draw(t, "ms")
		if got := Millis(FromMillis(ms)); got != ms {
			t.Fatalf("Millis(FromMillis(%d)) = %d", ms, got)
		}
	})
}

func TestManualStandsStillUntilMoved(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := NewManual(start)
	if first, second := c.Now(), c.Now(); !first.Equal(start) || !second.Equal(start) {
		t.Fatal("a manual clock moved by itself")
	}
	c.Advance(-time.Hour)
	if want := start.Add(-time.Hour); !c.Now().Equal(want) {
		t.Fatalf("after going back: %v, want %v", c.Now(), want)
	}
	c.Set(start.In(time.FixedZone("elsewhere", 3600)))
	if c.Now().Location() != time.UTC || !c.Now().Equal(start) {
		t.Fatalf("Set did not keep the instant in UTC: %v", c.Now())
	}
}

func TestSystemIsUTC(t *testing.T) {
	if loc := System().Now().Location(); loc != time.UTC {
		t.Fatalf("location %v", loc)
	}
}
