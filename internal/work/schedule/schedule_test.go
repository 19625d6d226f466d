package schedule_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bindery-project/bindery/internal/work/schedule"
)

const layout = "2006-01-02 15:04"

func at(t testing.TB, text string) time.Time {
	t.Helper()
	when, err := time.Parse(layout, text)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

// The expressions that the user guides show, and the corners of the calendar.
func TestNext(t *testing.T) {
	for _, c := range []struct {
		expression, after string
		want              []string
	}{
		{"cron(15 12 * * ? *)", "2026-01-01 12:14", []string{"2026-01-01 12:15", "2026-01-02 12:15"}},
		{"cron(15 12 * * ? *)", "2026-01-01 12:15", []string{"2026-01-02 12:15"}},
		{"cron(0 10 * * ? *)", "2026-12-31 10:00", []string{"2027-01-01 10:00"}},
		{"cron(0 18 ? * MON-FRI *)", "2026-01-02 18:00", []string{"2026-01-05 18:00", "2026-01-06 18:00"}},
		{"cron(0 8 1 * ? *)", "2026-01-15 00:00", []string{"2026-02-01 08:00"}},
		{"cron(0/10 * ? * MON-FRI *)", "2026-01-02 23:50", []string{"2026-01-05 00:00", "2026-01-05 00:10"}},
		{"cron(0/5 8-17 ? * MON-FRI *)", "2026-01-02 17:50", []string{"2026-01-02 17:55", "2026-01-05 08:00"}},
		{"cron(5-50/15 * * * ? *)", "2026-01-02 00:00", []string{"2026-01-02 00:05", "2026-01-02 00:20", "2026-01-02 00:35", "2026-01-02 00:50", "2026-01-02 01:05"}},
		{"cron(0 9 ? * 2#1 *)", "2026-01-06 00:00", []string{"2026-02-02 09:00", "2026-03-02 09:00"}},
		{"cron(0 9 ? * SAT#5 *)", "2026-01-01 00:00", []string{"2026-01-31 09:00", "2026-05-30 09:00"}},
		{"cron(0 0 L * ? *)", "2028-02-01 00:00", []string{"2028-02-29 00:00", "2028-03-31 00:00", "2028-04-30 00:00"}},
		{"cron(0 0 LW * ? *)", "2026-01-31 00:00", []string{"2026-02-27 00:00", "2026-03-31 00:00"}},
		{"cron(0 0 1W * ? *)", "2026-07-31 00:00", []string{"2026-08-03 00:00", "2026-09-01 00:00"}},
		{"cron(0 0 31W * ? *)", "2026-04-01 00:00", []string{"2026-05-29 00:00", "2026-07-31 00:00"}},
		{"cron(0 0 15W * ? *)", "2026-02-01 00:00", []string{"2026-02-16 00:00"}},
		{"cron(0 0 ? * 6L *)", "2026-01-01 00:00", []string{"2026-01-30 00:00", "2026-02-27 00:00"}},
		{"cron(0 0 ? * L *)", "2026-01-01 00:00", []string{"2026-01-03 00:00", "2026-01-10 00:00"}},
		{"cron(0 0 ? * FRI-MON *)", "2026-01-01 00:00", []string{"2026-01-02 00:00", "2026-01-03 00:00", "2026-01-04 00:00", "2026-01-05 00:00", "2026-01-09 00:00"}},
		{"cron(0 22-1 * * ? *)", "2026-01-01 21:59", []string{"2026-01-01 22:00", "2026-01-01 23:00", "2026-01-02 00:00", "2026-01-02 01:00", "2026-01-02 22:00"}},
		{"cron(0 0 29 FEB ? *)", "2026-01-01 00:00", []string{"2028-02-29 00:00", "2032-02-29 00:00"}},
		{"cron(0 0 1 jan ? 2030-2032/2)", "2026-01-01 00:00", []string{"2030-01-01 00:00", "2032-01-01 00:00", ""}},
		{"cron(0 0 30 2 ? *)", "2026-01-01 00:00", []string{""}},
		{"cron(0 0 1 1 ? 2020)", "2026-01-01 00:00", []string{""}},
		{"cron(59 23 31 12 ? 2199)", "1900-01-01 00:00", []string{"2199-12-31 23:59", ""}},
		{"rate(5 minutes)", "2026-01-01 00:00", []string{"2026-01-01 00:05"}},
		{"rate(1 day)", "2026-01-01 00:03", []string{"2026-01-02 00:03"}},
	} {
		e, err := schedule.Parse(c.expression)
		if err != nil {
			t.Errorf("%s: %v", c.expression, err)
			continue
		}
		when := at(t, c.after)
		for _, want := range c.want {
			next, ok := e.Next(when)
			got := ""
			if ok {
				got = next.Format(layout)
			}
			if got != want {
				t.Errorf("%s after %s: got %q, want %q", c.expression, when.Format(layout), got, want)
				break
			}
			when = next
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", "cron", "cron()", "0 0 * * ? *", "cron(0 0 * * ?)", "cron(0 0 * * ? * *)", "cron(0 0 * * * *)", "cron(0 0 ? * ? *)",
		"cron(60 0 * * ? *)", "cron(0 24 * * ? *)", "cron(0 0 0 * ? *)", "cron(0 0 32 * ? *)", "cron(0 0 * 13 ? *)", "cron(0 0 ? * 8 *)",
		"cron(0 0 ? * 0 *)", "cron(0 0 * * ? 1969)", "cron(0 0 * * ? 2200)", "cron(? 0 * * ? *)", "cron(-1 0 * * ? *)", "cron(+1 0 * * ? *)",
		"cron(1- 0 * * ? *)", "cron(1, 0 * * ? *)", "cron(*/0 0 * * ? *)", "cron(*/x 0 * * ? *)", "cron(/5 0 * * ? *)", "cron(0 0 L,3 * ? *)",
		"cron(0 0 3W,5 * ? *)", "cron(0 0 W * ? *)", "cron(0 0 ? * 3#6 *)", "cron(0 0 ? * 3#0 *)", "cron(0 0 ? * 3#1,4#2 *)", "cron(0 0 ? * MONDAY *)",
		"cron(0 0 JAN * ? *)", "cron(L 0 * * ? *)", "rate()", "rate(5)", "rate(0 minutes)", "rate(1 minutes)", "rate(2 minute)", "rate(5 weeks)",
		"rate(-5 minutes)", "rate(99999999999999999999 days)", "at(2026-01-01T00:00:00)", "cron(0 0 * * ? *) x",
	} {
		if e, err := schedule.Parse(text); err == nil {
			t.Errorf("%q was read as %v", text, e)
		}
	}
}

func TestSpacing(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"cron(0/5 * * * ? *)": 5 * time.Minute, "cron(* * * * ? *)": time.Minute, "cron(0 12 * * ? *)": 24 * time.Hour,
		"cron(0,58 * * * ? *)": 2 * time.Minute, "cron(58,0 23,0 * * ? *)": 2 * time.Minute, "cron(0 0/6 * * ? *)": 6 * time.Hour, "rate(3 hours)": 3 * time.Hour,
	} {
		e, err := schedule.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Spacing(); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

// What Next answers is due, and nothing is due between: held against a walk over every
// minute, which shares nothing with Next but the fields' meaning.
func TestNextSkipsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minute := rapid.SampledFrom([]string{"0", "*/7", "5,59", "10-12"}).Draw(t, "minute")
		hour := rapid.SampledFrom([]string{"*", "0", "23", "8-17/3"}).Draw(t, "hour")
		e, err := schedule.Parse("cron(" + minute + " " + hour + " ? * MON-FRI *)")
		if err != nil {
			t.Fatal(err)
		}
		from := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "from"), 0).UTC()
		next, ok := e.Next(from)
		if !ok || !next.After(from) || next.Sub(from) > 4*24*time.Hour {
			t.Fatalf("after %v: %v, %v", from, next, ok)
		}
		if again, _ := e.Next(next.Add(-time.Second)); !again.Equal(next) {
			t.Fatalf("%v is not due by itself: %v", next, again)
		}
		for at := from; at.Before(next); at = at.Add(37 * time.Minute) {
			if between, _ := e.Next(at); !between.Equal(next) {
				t.Fatalf("after %v: %v, but after %v: %v", from, next, at, between)
			}
		}
		if d := next.Weekday(); d == time.Saturday || d == time.Sunday {
			t.Fatalf("due on a %v", d)
		}
	})
}

// No text crashes the parser, and what it accepts has a Next that ends.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"cron(0/15 8-17 ? * MON-FRI *)", "cron(0 0 LW * ? 2030)", "rate(5 minutes)", "cron(0 0 ? * 3#2 *)", strings.Repeat("(", 9)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := schedule.Parse(text)
		if err != nil {
			return
		}
		again, err := schedule.Parse(e.String())
		if err != nil {
			t.Fatalf("%q does not read its own text: %v", text, err)
		}
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		a, ok := e.Next(now)
		b, same := again.Next(now)
		if ok != same || !a.Equal(b) || ok && !a.After(now) || e.Spacing() <= 0 {
			t.Fatalf("%q: %v %v, %v %v, spacing %v", text, a, ok, b, same, e.Spacing())
		}
	})
}
