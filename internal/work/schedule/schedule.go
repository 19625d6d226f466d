// Package schedule reads AWS's schedule expressions and tells when they are due. It is
// pure: the time comes from the caller, and package timer does the waiting.
//
//	e, err := schedule.Parse("cron(0/15 8-17 ? * MON-FRI *)")
//	next, ok := e.Next(now)
//
// Two forms exist. A rate is a distance: rate(5 minutes). A cron expression has six
// fields, in UTC:
//
//	field          values             wildcards
//	minutes        0-59               , - * /
//	hours          0-23               , - * /
//	day of month   1-31               , - * / ? L W
//	month          1-12 or JAN-DEC    , - * /
//	day of week    1-7 or SUN-SAT     , - * / ? L #
//	year           1970-2199          , - * /
//
// Exactly one of the two day fields is a question mark. L is the last day of the month, and
// 6L its last Friday; LW is its last weekday, 15W the weekday nearest to the 15th within
// the month; 3#2 is the second Tuesday. The last four stand alone in their field. A range
// whose end is smaller than its beginning goes around: FRI-MON, 22-2.
// (Source: the user guides of Glue and EventBridge, which describe the same grammar.)
package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Expression is a schedule. The zero value is never due.
type Expression struct {
	text  string
	every time.Duration // of a rate
	cron  *cron
}

// Parse reads "cron(...)" or "rate(...)".
func Parse(text string) (Expression, error) {
	trimmed := strings.TrimSpace(text)
	name, rest, found := strings.Cut(trimmed, "(")
	inside, closed := strings.CutSuffix(rest, ")")
	if !found || !closed {
		return Expression{}, fmt.Errorf("schedule %q is neither cron(...) nor rate(...)", text)
	}
	e := Expression{text: trimmed}
	var err error
	switch name {
	case "cron":
		e.cron, err = parseCron(inside)
	case "rate":
		e.every, err = parseRate(inside)
	default:
		err = fmt.Errorf("%q is neither cron nor rate", name)
	}
	if err != nil {
		return Expression{}, fmt.Errorf("schedule %q: %w", text, err)
	}
	return e, nil
}

// String is the text that was parsed.
func (e Expression) String() string { return e.text }

// IsCron reports whether the expression is a cron expression: some services take no other.
func (e Expression) IsCron() bool { return e.cron != nil }

// Next is the first time after the given one at which the schedule is due, in UTC. ok is
// false when there is none: the years are over. A rate counts from the given time.
func (e Expression) Next(after time.Time) (due time.Time, ok bool) {
	switch {
	case e.every > 0:
		return after.UTC().Add(e.every), true
	case e.cron != nil:
		return e.cron.next(after.UTC().Truncate(time.Minute).Add(time.Minute))
	}
	return time.Time{}, false
}

// Spacing is the shortest time between two firings, as if the schedule was due every day:
// services refuse what is due too often.
func (e Expression) Spacing() time.Duration {
	if e.cron == nil {
		return e.every
	}
	return e.cron.spacing()
}

var rateUnits = map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}

// maxRate bounds the number of a rate: a longer one does not fit into a Duration.
const maxRate = 10_000

// parseRate reads "5 minutes". One unit is written in the singular.
func parseRate(inside string) (time.Duration, error) {
	words := strings.Fields(inside)
	if len(words) != 2 {
		return 0, fmt.Errorf("a rate is a number and a unit")
	}
	n, err := strconv.Atoi(words[0])
	if err != nil || n < 1 || n > maxRate {
		return 0, fmt.Errorf("%q is no number from 1 to %d", words[0], maxRate)
	}
	name, plural := strings.CutSuffix(words[1], "s")
	unit, known := rateUnits[name]
	if !known || plural != (n > 1) {
		return 0, fmt.Errorf("%q is no unit for %d", words[1], n)
	}
	return time.Duration(n) * unit, nil
}
