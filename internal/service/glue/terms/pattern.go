package terms

import (
	"regexp"
	"sync/atomic"
	"time"

	"github.com/dlclark/regexp2"
)

// Names compiles the pattern with which tables and functions are listed. It is
// documented as a regular expression (Java's) for the whole name; clients also
// send Hive's globs, in which a star stands for anything. A star is taken as a
// glob's unless it repeats what a regular expression can repeat: a dot, a class,
// a group or an escape. Letter case does not count. nil matches every name.
//
// Patterns run in linear time where that is possible. What needs backtracking
// (lookahead, back references, possessive quantifiers) has a bound for each name
// and one for the list; beyond them matching fails with InvalidInputException.
// Then slow is true, and a list must not match names that its caller may not
// see: the failure, and the time until then, would tell of them.
func Names(pattern *string) (matches func(name string) (bool, error), slow bool, err error) {
	if pattern == nil || *pattern == "" {
		return func(string) (bool, error) { return true, nil }, false, nil
	}
	written, err := rewrite(*pattern)
	if err != nil {
		return nil, false, err
	}
	// By itself first: parentheses that do not match must not meet those around it.
	if _, err := regexp.Compile(written); err == nil {
		if re, err := regexp.Compile(`(?is)\A(?:` + written + `)\z`); err == nil {
			return func(name string) (bool, error) { return re.MatchString(name), nil }, false, nil
		}
	}
	matches, err = backtracking(*pattern, written)
	return matches, true, err
}

// The bounds of patterns that backtrack: for one name, and for all names that
// one call looks at.
const (
	matchTime = 100 * time.Millisecond
	listTime  = 2 * time.Second
)

func backtracking(pattern, written string) (func(string) (bool, error), error) {
	const options = regexp2.IgnoreCase | regexp2.Singleline
	if _, err := regexp2.Compile(written, options); err != nil {
		return nil, invalidPattern(pattern)
	}
	re, err := regexp2.Compile(`\A(?:`+written+`)\z`, options)
	if err != nil {
		return nil, invalidPattern(pattern)
	}
	re.MatchTimeout = matchTime
	var over atomic.Bool
	time.AfterFunc(listTime, func() { over.Store(true) })
	return func(name string) (bool, error) {
		if over.Load() {
			return false, Invalid("Expression takes too long: %s", pattern)
		}
		matched, err := re.MatchString(name)
		if err != nil {
			return false, Invalid("Expression takes too long: %s", pattern)
		}
		return matched, nil
	}, nil
}

func invalidPattern(pattern string) error { return Invalid("Invalid expression: %s", pattern) }
