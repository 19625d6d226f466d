package schedule

import (
	"fmt"
	"math/bits"
	"strings"
	"time"
)

// cron is a parsed cron expression.
type cron struct {
	minutes, hours, months set
	years                  yearSet
	days                   func(t time.Time) bool // whether it is due on the day of t
}

// set holds numbers from 0 to 63.
type set uint64

func (s set) has(n int) bool { return s>>n&1 == 1 }

const (
	firstYear = 1970
	lastYear  = 2199
)

// yearSet holds years from firstYear to lastYear.
type yearSet [(lastYear-firstYear)/64 + 1]set

func (y *yearSet) has(year int) bool {
	n := year - firstYear
	return n >= 0 && year <= lastYear && y[n/64].has(n%64)
}

// The places of the fields.
const (
	fieldMinutes = iota
	fieldHours
	fieldDay
	fieldMonth
	fieldWeekday
	fieldYear
	fields
)

func parseCron(inside string) (*cron, error) {
	words := strings.Fields(strings.ToUpper(inside))
	if len(words) != fields {
		return nil, fmt.Errorf("%d fields where %d are needed: minutes, hours, day of month, month, day of week, year", len(words), fields)
	}
	c := &cron{}
	var err error
	if c.minutes, err = numbers("minutes", words[fieldMinutes], 0, 59, nil); err != nil {
		return nil, err
	}
	if c.hours, err = numbers("hours", words[fieldHours], 0, 23, nil); err != nil {
		return nil, err
	}
	if c.months, err = numbers("month", words[fieldMonth], 1, 12, monthNames); err != nil {
		return nil, err
	}
	if c.days, err = parseDays(words[fieldDay], words[fieldWeekday]); err != nil {
		return nil, err
	}
	err = eachNumber("year", words[fieldYear], firstYear, lastYear, nil, func(year int) {
		n := year - firstYear
		c.years[n/64] |= 1 << (n % 64)
	})
	return c, err
}

// next is the first due minute that is not before t, which is a whole minute.
func (c *cron) next(t time.Time) (time.Time, bool) {
	if t.Year() < firstYear {
		t = time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	for t.Year() <= lastYear {
		switch {
		case !c.years.has(t.Year()):
			t = time.Date(t.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC)
		case !c.months.has(int(t.Month())):
			t = time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, time.UTC)
		case !c.days(t):
			t = time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, time.UTC)
		case !c.hours.has(t.Hour()):
			t = t.Truncate(time.Hour).Add(time.Hour)
		case !c.minutes.has(t.Minute()):
			t = t.Add(time.Minute)
		default:
			return t, true
		}
	}
	return time.Time{}, false
}

// spacing is the shortest distance of two due minutes of a day, the one over midnight
// included.
func (c *cron) spacing() time.Duration {
	const day = 24 * 60
	first, last, least := -1, -1, day
	for m := range day {
		if !c.hours.has(m/60) || !c.minutes.has(m%60) {
			continue
		}
		if first < 0 {
			first = m
		} else {
			least = min(least, m-last)
		}
		last = m
	}
	return time.Duration(min(least, first+day-last)) * time.Minute
}

// numbers reads a field into a set.
func numbers(field, text string, low, high int, names map[string]int) (set, error) {
	var s set
	err := eachNumber(field, text, low, high, names, func(n int) { s |= 1 << n })
	if err == nil && bits.OnesCount64(uint64(s)) == 0 {
		err = fmt.Errorf("%s %q names nothing", field, text)
	}
	return s, err
}
