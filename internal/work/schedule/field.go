package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

var monthNames = map[string]int{
	"JAN": 1, "FEB": 2, "MAR": 3, "APR": 4, "MAY": 5, "JUN": 6, "JUL": 7, "AUG": 8, "SEP": 9, "OCT": 10, "NOV": 11, "DEC": 12,
}

var dayNames = map[string]int{"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}

// eachNumber calls each with the numbers that a field names: a list of values, ranges and
// steps. names are words that stand for numbers.
func eachNumber(field, text string, low, high int, names map[string]int, each func(int)) error {
	for item := range strings.SplitSeq(text, ",") {
		if err := eachOf(item, low, high, names, each); err != nil {
			return fmt.Errorf("%s %q: %w", field, text, err)
		}
	}
	return nil
}

// eachOf reads one item: "5", "5-10", "*", each with "/step" behind. "5/10" goes on to the
// highest value.
func eachOf(item string, low, high int, names map[string]int, each func(int)) error {
	span, stepText, stepped := strings.Cut(item, "/")
	from, to, err := spanOf(span, low, high, names)
	if err != nil {
		return err
	}
	step := 1
	if stepped {
		if step, err = number(stepText, 1, high, nil); err != nil {
			return err
		}
		if !strings.Contains(span, "-") {
			to = high
		}
	}
	if to < from { // around the end
		to += high - low + 1
	}
	for n := from; n <= to; n += step {
		each(low + (n-low)%(high-low+1))
	}
	return nil
}

// spanOf reads "*", "5" or "5-10".
func spanOf(span string, low, high int, names map[string]int) (from, to int, err error) {
	if span == "*" {
		return low, high, nil
	}
	first, last, isRange := strings.Cut(span, "-")
	if from, err = number(first, low, high, names); err != nil || !isRange {
		return from, from, err
	}
	to, err = number(last, low, high, names)
	return from, to, err
}

func number(text string, low, high int, names map[string]int) (int, error) {
	if n, ok := names[text]; ok {
		return n, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high || text[0] == '+' || text[0] == '-' {
		return 0, fmt.Errorf("%q is no value from %d to %d", text, low, high)
	}
	return n, nil
}

// parseDays joins the two day fields, of which one is a question mark.
func parseDays(ofMonth, ofWeek string) (func(time.Time) bool, error) {
	switch {
	case ofMonth == "?" && ofWeek == "?":
		return nil, fmt.Errorf("both day fields are ?: one must name days")
	case ofWeek == "?":
		return parseMonthDay(ofMonth)
	case ofMonth == "?":
		return parseWeekday(ofWeek)
	}
	return nil, fmt.Errorf("one of the day fields must be ?")
}

func parseMonthDay(text string) (func(time.Time) bool, error) {
	if text == "L" {
		return func(t time.Time) bool { return t.Day() == monthLength(t) }, nil
	}
	if text == "LW" {
		return func(t time.Time) bool { return t.Day() == nearestWeekday(t, monthLength(t)) }, nil
	}
	if day, found := strings.CutSuffix(text, "W"); found {
		n, err := number(day, 1, 31, nil)
		if err != nil {
			return nil, fmt.Errorf("day of month %q: %w", text, err)
		}
		return func(t time.Time) bool { return n <= monthLength(t) && t.Day() == nearestWeekday(t, n) }, nil
	}
	days, err := numbers("day of month", text, 1, 31, nil)
	return func(t time.Time) bool { return days.has(t.Day()) }, err
}

func parseWeekday(text string) (func(time.Time) bool, error) {
	if day, nth, found := strings.Cut(text, "#"); found {
		return parseNth(text, day, nth)
	}
	if text == "L" { // the last day of the week
		return func(t time.Time) bool { return t.Weekday() == time.Saturday }, nil
	}
	if day, found := strings.CutSuffix(text, "L"); found {
		n, err := number(day, 1, 7, dayNames)
		if err != nil {
			return nil, fmt.Errorf("day of week %q: %w", text, err)
		}
		return func(t time.Time) bool { return weekday(t) == n && t.Day() > monthLength(t)-7 }, nil
	}
	days, err := numbers("day of week", text, 1, 7, dayNames)
	return func(t time.Time) bool { return days.has(weekday(t)) }, err
}

// parseNth reads "3#2", the second Tuesday.
func parseNth(text, day, nth string) (func(time.Time) bool, error) {
	d, err := number(day, 1, 7, dayNames)
	if err != nil {
		return nil, fmt.Errorf("day of week %q: %w", text, err)
	}
	n, err := number(nth, 1, 5, nil)
	if err != nil {
		return nil, fmt.Errorf("day of week %q: %w", text, err)
	}
	return func(t time.Time) bool { return weekday(t) == d && (t.Day()-1)/7+1 == n }, nil
}

// weekday is 1 for Sunday.
func weekday(t time.Time) int { return int(t.Weekday()) + 1 }

func monthLength(t time.Time) int {
	return time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// nearestWeekday is the weekday nearest to the n-th of the month of t, within that month.
func nearestWeekday(t time.Time, n int) int {
	day := time.Date(t.Year(), t.Month(), n, 0, 0, 0, 0, time.UTC)
	switch {
	case day.Weekday() == time.Saturday && n > 1:
		return n - 1
	case day.Weekday() == time.Saturday:
		return n + 2
	case day.Weekday() == time.Sunday && n < monthLength(t):
		return n + 1
	case day.Weekday() == time.Sunday:
		return n - 2
	}
	return n
}
