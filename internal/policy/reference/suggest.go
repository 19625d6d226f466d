package reference

import "strings"

// corrections are misspellings that published documents hold and what they mean, in lower case.
// Distance alone finds most of them; these are where it could pick another.
var corrections = map[string]string{
	"glue:batchdeletettable":           "glue:BatchDeleteTable",
	"glue:updatateuserdefinedfunction": "glue:UpdateUserDefinedFunction",
	"glue:batchcreatepartitions":       "glue:BatchCreatePartition",
	"glue:createupdatedevendpoint":     "glue:UpdateDevEndpoint",
	"kms:reencrypt":                    "kms:ReEncrypt*",
}

// Suggest answers what an action that does not exist may mean, "" when nothing is near: the
// correction of a known misprint, a name that only lacks its end, or the nearest name.
func Suggest(action string) string {
	if right, ok := corrections[strings.ToLower(action)]; ok {
		return right
	}
	prefix, name, _ := strings.Cut(action, ":")
	s := Lookup(prefix)
	if s == nil {
		if near := Nearest(prefix, Prefixes(), 2); near != "" && Lookup(near).Action(name) != nil {
			return near + ":" + Lookup(near).Action(name).Name
		}
		return ""
	}
	if starts := s.Matching(name + "*"); len(starts) > 0 && len(name) >= 6 {
		return s.Prefix + ":" + name + "*"
	}
	names := make([]string, len(s.Actions))
	for i := range s.Actions {
		names[i] = s.Actions[i].Name
	}
	if near := Nearest(name, names, 1+len(name)/5); near != "" {
		return s.Prefix + ":" + near
	}
	return ""
}

// Nearest is the option with the fewest edits, "" when all need more than limit.
func Nearest(word string, options []string, limit int) string {
	best, found := limit+1, ""
	for _, option := range options {
		if d := distance(strings.ToLower(word), strings.ToLower(option), best); d < best {
			best, found = d, option
		}
	}
	return found
}

// distance counts the letters to insert, delete, replace or swap with their neighbour. It may
// stop early and answer at least limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, last, row := []int(nil), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+differ(a[i-1], b[j-1]))
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, make([]int, len(b)+1)
	}
	return last[len(b)]
}

func differ(a, b byte) int {
	if a == b {
		return 0
	}
	return 1
}
