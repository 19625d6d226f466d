package policy

import (
	"regexp"
	"strings"
)

// actionSet is a compiled Action or NotAction list. Names without wildcards
// are interned in a map under their lower-case form, so that a list of two
// hundred actions costs one look-up; the others are tried one by one.
type actionSet struct {
	all      bool
	exact    map[string]struct{}
	patterns []pattern
	texts    []string
}

var actionPattern = regexp.MustCompile(`^[A-Za-z0-9-]+:[A-Za-z0-9*?_-]+$`)

const vendorReason = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."

func (s *actionSet) add(text string) string {
	s.texts = append(s.texts, text)
	if text == "*" || text == "*:*" {
		s.all = true
		return ""
	}
	if !actionPattern.MatchString(text) {
		return vendorReason
	}
	lower := strings.ToLower(text)
	if !strings.ContainsAny(lower, "*?") {
		if s.exact == nil {
			s.exact = make(map[string]struct{})
		}
		s.exact[lower] = struct{}{}
		return ""
	}
	p, _ := compilePattern(lower, globbing, false)
	p.fold = true
	s.patterns = append(s.patterns, p)
	return ""
}

// action is the name asked for, with its lower-case form in a buffer that
// stays on the stack of the evaluation.
type action struct {
	text  string
	lower [96]byte
	size  int
}

// newAction folds name. A name longer than any action (or with letters outside
// ASCII) keeps size 0, so that it matches no interned name.
func newAction(name string) action {
	a := action{text: name}
	if len(name) > len(a.lower) {
		return a
	}
	for i := range len(name) {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		a.lower[i] = c
	}
	a.size = len(name)
	return a
}

func (s *actionSet) match(a *action) bool {
	if s.all {
		return true
	}
	if _, ok := s.exact[string(a.lower[:a.size])]; ok {
		return true
	}
	for i := range s.patterns {
		if matched, _ := s.patterns[i].match(a.text, nil); matched {
			return true
		}
	}
	return false
}
