package arn

import "strings"

// Cut cuts an ARN, or a pattern of ARNs, at its first five colons; the sixth part is the
// rest. With variables, colons inside a policy variable ("${aws:username}") do not count.
// A text with fewer colons has fewer parts.
func Cut(text string, variables bool) []string {
	var parts []string
	start, inside := 0, false
	for i := 0; i < len(text) && len(parts) < 5; i++ {
		switch {
		case variables && strings.HasPrefix(text[i:], "${"):
			inside = true
		case inside && text[i] == '}':
			inside = false
		case !inside && text[i] == ':':
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	return append(parts, text[start:])
}
