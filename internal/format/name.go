package format

import (
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the longest column name of the Glue API, in characters.
const maxName = 255

// columnName makes text a legal Glue column name: one line, at most 255 characters, lower case. Blanks and punctuation inside stay, as with
// Glue's crawlers.
func columnName(text string) string {
	text = strings.ToLower(strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '_'
		}
		return r
	}, text)))
	for utf8.RuneCountInString(text) > maxName {
		text = string([]rune(text)[:maxName])
	}
	return text
}

// uniqueNames makes positional columns distinct: an empty name becomes col<position>, a repeated one (case does not count) gets _1, _2, …
func uniqueNames(names []string) []string {
	unique := make([]string, len(names))
	taken := make(map[string]bool, len(names))
	for _, name := range names {
		taken[columnName(name)] = true
	}
	used, next := make(map[string]bool, len(names)), map[string]int{}
	for i, name := range names {
		name = columnName(name)
		if name == "" {
			name = "col" + strconv.Itoa(i)
		}
		unique[i] = name
		for used[unique[i]] || (unique[i] != name && taken[unique[i]]) {
			next[name]++
			unique[i] = name + "_" + strconv.Itoa(next[name])
		}
		used[unique[i]] = true
	}
	return unique
}

// looksDelimited reports whether the name promises delimited text.
func (in *inspection) looksDelimited() bool {
	name := strings.ToLower(in.name)
	if _, ok := extensionCompression[path.Ext(name)]; ok {
		name = strings.TrimSuffix(name, path.Ext(name))
	}
	switch path.Ext(name) {
	case ".csv", ".tsv", ".psv", ".tab", ".txt":
		return true
	}
	return false
}
