package wire

import (
	"net/url"
	"strings"
)

// MatchPath holds an escaped request path against a REST operation's URI
// template ("/{Bucket}/{Key+}?delete") and returns the labels, unescaped. A
// label is one segment and not empty; a greedy one ({Key+}) is the rest up to
// what the template has after it. Query parts of the template are not looked
// at: they are the router's.
func MatchPath(template, path string) (map[string]string, bool) {
	template, _, _ = strings.Cut(template, "?")
	want := strings.Split(strings.TrimPrefix(template, "/"), "/")
	have := strings.Split(strings.TrimPrefix(path, "/"), "/")
	labels := map[string]string{}
	for i, segment := range want {
		name, isLabel := labelName(segment)
		take := 1
		if strings.HasSuffix(name, "+") {
			name = strings.TrimSuffix(name, "+")
			take = len(have) - (len(want) - i - 1)
		}
		if take < 1 || len(have) < take {
			return nil, false
		}
		text, err := url.PathUnescape(strings.Join(have[:take], "/"))
		if err != nil || isLabel && text == "" || !isLabel && text != segment {
			return nil, false
		}
		if isLabel {
			labels[name] = text
		}
		have = have[take:]
	}
	if len(have) > 0 {
		return nil, false
	}
	return labels, true
}

func labelName(segment string) (string, bool) {
	if strings.HasPrefix(segment, "{") && strings.HasSuffix(segment, "}") {
		return segment[1 : len(segment)-1], true
	}
	return "", false
}
