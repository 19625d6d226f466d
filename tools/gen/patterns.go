package main

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// wideEscape is an escape that RE2 writes differently. Five or more digits,
// and surrogates, are beyond a mechanical translation.
var wideEscape = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})([0-9A-Fa-f]*)`)

// re2 translates a model's pattern to RE2, or refuses it.
func re2(pattern string) (string, error) {
	var bad error
	translated := wideEscape.ReplaceAllStringFunc(pattern, func(esc string) string {
		found := wideEscape.FindStringSubmatch(esc)
		if d := strings.ToUpper(found[1]); found[2] != "" || d >= "D800" && d <= "DFFF" {
			bad = fmt.Errorf("escape %s", esc)
		}
		return `\x{` + found[1] + `}`
	})
	if bad != nil {
		return "", bad
	}
	if _, err := syntax.Parse(`\A(?:`+translated+`)\z`, syntax.Perl); err != nil {
		return "", err
	}
	return translated, nil
}

// matchers hands out the Go function for each distinct pattern of a service.
type matchers struct {
	named     map[string]string // from the overlay: functions of package op
	generated []string          // RE2 text of the functions match1, match2, …
	byPattern map[string]string
}

// function is the Go expression for Shape.Match of a pattern.
func (m *matchers) function(pattern string) (string, error) {
	if fn := m.named[pattern]; fn != "" {
		return "op." + fn, nil
	}
	if fn := m.byPattern[pattern]; fn != "" {
		return fn, nil
	}
	translated, err := re2(pattern)
	if err != nil {
		return "", fmt.Errorf("pattern %q is not for RE2 and the overlay names no function: %w", pattern, err)
	}
	m.generated = append(m.generated, translated)
	m.byPattern[pattern] = fmt.Sprintf("match%d", len(m.generated))
	return m.byPattern[pattern], nil
}
