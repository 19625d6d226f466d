package terms

import (
	"regexp"
	"strings"
)

// NamePattern compiles the pattern with which tables and functions are listed.
// It is documented as a regular expression for the whole name; clients also
// send Hive's globs, in which a star stands for anything. A star is taken as a
// glob's unless it repeats what a regular expression can repeat: a dot, a class,
// a group or an escape. Letter case does not count. nil matches every name.
func NamePattern(pattern *string) (func(name string) bool, error) {
	if pattern == nil || *pattern == "" {
		return func(string) bool { return true }, nil
	}
	re, err := regexp.Compile(`(?is)^(?:` + globStars(*pattern) + `)$`)
	if err != nil {
		return nil, Invalid("Invalid expression: %s", *pattern)
	}
	return re.MatchString, nil
}

// globStars writes a glob's stars as ".*". What stands between \Q and \E is
// literal, and stays.
func globStars(pattern string) string {
	var b strings.Builder
	repeatable := false // what is before may be repeated by a star
	inClass := false
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case c == '\\' && strings.HasPrefix(pattern[i:], `\Q`):
			literal, _, _ := strings.Cut(pattern[i+2:], `\E`)
			b.WriteString(regexp.QuoteMeta(literal))
			i += len(`\Q`) + len(literal) + len(`\E`) - 1
			repeatable = false
			continue
		case c == '\\' && i+1 < len(pattern):
			b.WriteString(pattern[i : i+2])
			i++
			repeatable = true
			continue
		case c == '*' && !inClass && !repeatable:
			b.WriteByte('.')
		case c == '[':
			inClass = true
		case c == ']':
			inClass = false
		}
		b.WriteByte(c)
		repeatable = c == '.' || c == ']' || c == ')'
	}
	return b.String()
}
