// Package suggest writes the smallest policy for what a principal did.
//
// Start at [Write]. Each statement names actions and whole ARNs; patterns appear only where a
// named [Rule] put them, and the suggestion says which rules were used on what. [Replay] puts
// every deed to the policy engine under the suggestion: none may be denied.
package suggest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/policy"
)

// Deed is one thing that was done and allowed.
type Deed struct {
	Action   string
	Resource string // an ARN, "*", or a folder of objects that ends in "/*"
	Passed   string // iam:PassedToService; empty when the request had none
}

// Rule is a way to write several resources as one pattern.
type Rule string

// The rules. Each is applied only when it is asked for.
const (
	Objects Rule = "objects" // objects of one folder become the folder
	Tables  Rule = "tables"  // tables (or functions) of one database become all of it
)

// Rules are all rules.
var Rules = []Rule{Objects, Tables}

// From this many on, a rule joins what lies together.
const threshold = 5

// Applied is one use of a rule.
type Applied struct {
	Rule    Rule
	Action  string
	Pattern string
	Instead int // of this many resources
}

// Suggestion is a policy with what led to it.
type Suggestion struct {
	Policy  json.RawMessage
	Applied []Applied
}

// Write makes the policy. Without deeds there is none, and the policy is empty.
func Write(deeds []Deed, rules ...Rule) (Suggestion, error) {
	var s Suggestion
	byAction := map[[2]string][]string{}
	for _, d := range deeds {
		key := [2]string{d.Action, d.Passed}
		byAction[key] = append(byAction[key], d.Resource)
	}
	var groups []group
	for key, resources := range byAction {
		patterns := quoted(resources)
		for _, rule := range rules {
			var used []Applied
			patterns, used = rule.apply(key[0], patterns)
			s.Applied = append(s.Applied, used...)
		}
		groups = join(groups, group{actions: []string{key[0]}, resources: patterns, passed: key[1]})
	}
	slices.SortFunc(s.Applied, func(a, b Applied) int {
		return cmp.Or(cmp.Compare(a.Action, b.Action), cmp.Compare(a.Pattern, b.Pattern))
	})
	if len(groups) == 0 {
		return s, nil
	}
	text, err := document(groups)
	s.Policy = text
	return s, err
}

// group is a statement in the making.
type group struct {
	actions, resources []string
	passed             string
}

// join puts actions on the same resources together.
func join(groups []group, g group) []group {
	for i := range groups {
		if groups[i].passed == g.passed && slices.Equal(groups[i].resources, g.resources) && service(groups[i].actions[0]) == service(g.actions[0]) {
			groups[i].actions = append(groups[i].actions, g.actions...)
			return groups
		}
	}
	return append(groups, g)
}

func service(action string) string {
	prefix, _, _ := strings.Cut(action, ":")
	return prefix
}

// quoted writes resources so that they mean exactly themselves, in order. A folder of objects
// keeps its star.
func quoted(resources []string) []string {
	var out []string
	for _, r := range resources {
		base, folder := strings.CutSuffix(r, "/*")
		switch {
		case r == "*":
			out = append(out, r)
		case folder:
			out = append(out, policy.Quote(base)+"/*")
		default:
			out = append(out, policy.Quote(r))
		}
	}
	slices.Sort(out)
	return covered(slices.Compact(out))
}

// covered leaves out what a pattern of the list holds, too.
func covered(list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(r string) bool {
		return slices.ContainsFunc(list, func(o string) bool {
			base, open := strings.CutSuffix(o, "*")
			return open && o != r && o != "*" && strings.HasPrefix(r, base)
		})
	})
}

// apply joins resources that lie together.
func (rule Rule) apply(action string, resources []string) ([]string, []Applied) {
	together := map[string]int{}
	for _, r := range resources {
		if parent, ok := rule.parent(r); ok {
			together[parent]++
		}
	}
	var used []Applied
	var out []string
	for _, r := range resources {
		parent, ok := rule.parent(r)
		if !ok || together[parent] < threshold {
			out = append(out, r)
			continue
		}
		if pattern := parent + "*"; !slices.Contains(out, pattern) {
			out = append(out, pattern)
			used = append(used, Applied{Rule: rule, Action: action, Pattern: pattern, Instead: together[parent]})
		}
	}
	slices.Sort(out)
	return covered(out), used
}

// parent is what comes before the last slash, for the resources that the rule is about.
func (rule Rule) parent(resource string) (string, bool) {
	i := strings.LastIndexByte(resource, '/')
	if i < 0 || strings.HasSuffix(resource, "/*") {
		return "", false
	}
	switch rule {
	case Objects:
		return resource[:i+1], strings.HasPrefix(resource, "arn:aws:s3:::")
	case Tables:
		return resource[:i+1], strings.HasPrefix(resource, "arn:aws:glue:") &&
			(strings.Contains(resource, ":table/") || strings.Contains(resource, ":userDefinedFunction/"))
	}
	return "", false
}

// statement is how a group is written; the order of the members is that of readers.
type statement struct {
	Effect    string
	Action    []string
	Resource  []string
	Condition map[string]map[string]string `json:",omitempty"`
}

func document(groups []group) (json.RawMessage, error) {
	slices.SortFunc(groups, func(a, b group) int {
		return cmp.Or(cmp.Compare(slices.Min(a.actions), slices.Min(b.actions)), slices.Compare(a.resources, b.resources))
	})
	doc := struct {
		Version   string
		Statement []statement
	}{Version: "2012-10-17"}
	for _, g := range groups {
		slices.Sort(g.actions)
		s := statement{Effect: "Allow", Action: g.actions, Resource: g.resources}
		if g.passed != "" {
			s.Condition = map[string]map[string]string{"StringEquals": {"iam:PassedToService": g.passed}}
		}
		doc.Statement = append(doc.Statement, s)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(doc)
	return bytes.TrimSpace(b.Bytes()), err
}

// Replay answers the deeds that a policy denies. A folder stands for an object in it.
func Replay(text json.RawMessage, deeds []Deed) ([]Deed, error) {
	if text == nil {
		return deeds, nil
	}
	p, err := policy.Parse(text, policy.Identity)
	if err != nil {
		return nil, err
	}
	var denied []Deed
	for _, d := range deeds {
		if !allowed(p, d) {
			denied = append(denied, d)
		}
	}
	return denied, nil
}

func allowed(p *policy.Policy, d Deed) bool {
	who := policy.Principal{Type: policy.User, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/replay"}
	context := policy.Map{}
	if d.Passed != "" {
		context["iam:passedtoservice"] = []string{d.Passed}
	}
	r := &policy.Request{Action: d.Action, Resource: d.Resource, ResourceAccount: who.Account, Principal: who, Context: context}
	if base, folder := strings.CutSuffix(d.Resource, "/*"); folder {
		r.Resource = base + "/object"
	}
	return policy.Evaluate(r, &policy.Layers{Identity: []*policy.Policy{p}}).Allowed()
}
