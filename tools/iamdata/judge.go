package main

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/tools/models/facts"
)

// differences lists how the rows of the service differ, by operation. A
// coarse row is no difference: it asks for a grant on everything, and its
// operation is refused anyway.
func (j *judge) differences() map[string]difference {
	found := map[string]difference{}
	for i := range j.model.Operations {
		o := &j.model.Operations[i]
		if o.Auth.Coarse {
			continue
		}
		if d := j.judge(o); len(d) > 0 {
			found[o.Name] = difference{Differs: d}
		}
	}
	return found
}

func (j *judge) judge(o *op.Operation) []string {
	action, ok := j.actions[lower(o.Auth.Action)]
	if !ok {
		return []string{"no action " + o.Auth.Action + " is published"}
	}
	d := j.judgeResources(o, &action)
	for _, kv := range o.Auth.Context {
		if !hasKey(action.Keys, kv.Key) {
			d = append(d, "condition key "+kv.Key+" is not published for the action")
		}
	}
	return append(d, judgeAccess(o, &action)...)
}

// judgeResources compares the kinds of resource that must be allowed.
func (j *judge) judgeResources(o *op.Operation, a *facts.Action) []string {
	var d []string
	ours := j.kinds(&o.Auth)
	for _, kind := range a.Required {
		if !slices.Contains(ours, kind) {
			d = append(d, "does not ask for "+kind)
		}
	}
	for _, kind := range ours {
		if !slices.Contains(a.Required, kind) && !slices.Contains(a.Optional, kind) && kind != "*" && kind != "arn" {
			d = append(d, "asks for "+kind)
		}
	}
	if slices.Contains(ours, "arn") && len(a.Required)+len(a.Optional) > 0 {
		d = slices.DeleteFunc(d, func(s string) bool { return strings.HasPrefix(s, "does not ask for ") })
	}
	return d
}

// kinds are the resource types of a row in the words of the published data;
// "arn" is whatever ARN the input holds.
func (j *judge) kinds(a *op.Auth) []string {
	kinds := slices.Clone(j.resolvers[a.Resolver])
	for _, t := range a.Resources {
		kinds = append(kinds, j.kind(t.Template))
	}
	return kinds
}

// kind finds the published resource type of a template: the ARN that it is,
// else the longest that it begins with, else the shortest that begins with
// the same word; the template itself when there is none.
func (j *judge) kind(template string) string {
	switch {
	case template == "*":
		return "*"
	case strings.HasPrefix(template, "{"):
		return "arn"
	}
	ours := skeleton(suffix(template))
	begins, word := "", ""
	beginsLen, wordLen := 0, math.MaxInt
	for _, r := range j.resources {
		theirs := skeleton(suffix(r.ARN))
		switch {
		case ours == theirs:
			return r.Name
		case !strings.Contains(theirs, "{"):
		case strings.HasPrefix(ours, theirs) && len(theirs) > beginsLen:
			begins, beginsLen = r.Name, len(theirs)
		case firstWord(ours) == firstWord(theirs) && len(theirs) < wordLen:
			word, wordLen = r.Name, len(theirs)
		}
	}
	return cmp.Or(begins, word, template)
}

var (
	hole     = regexp.MustCompile(`\$?\{[^}]*\}|\*|\?+`)
	wordEnds = "/:{"
)

// skeleton replaces names and wildcards by "{}".
func skeleton(arn string) string { return hole.ReplaceAllString(arn, "{}") }

// firstWord is the literal that a skeleton begins with.
func firstWord(skeleton string) string {
	if end := strings.IndexAny(skeleton, wordEnds); end >= 0 {
		return skeleton[:end]
	}
	return skeleton
}

// suffix is what follows the account in an ARN.
func suffix(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	return parts[len(parts)-1]
}

// judgeAccess compares "read only" with the access level.
func judgeAccess(o *op.Operation, a *facts.Action) []string {
	reads := strings.HasPrefix(a.Access, "Read") || strings.HasPrefix(a.Access, "List")
	if reads != o.ReadOnly {
		return []string{fmt.Sprintf("read only is %t, the access level is %s", o.ReadOnly, a.Access)}
	}
	return nil
}

// hasKey reports whether the action knows a condition key; "aws:RequestTag/"
// stands for "aws:RequestTag/${TagKey}".
func hasKey(keys []string, key string) bool {
	return slices.ContainsFunc(keys, func(k string) bool {
		k, _, _ = strings.Cut(k, "${")
		return strings.EqualFold(k, key)
	})
}

func lower(s string) string { return strings.ToLower(s) }
