package policy

import (
	"regexp"
	"strings"

	"github.com/bindery-project/bindery/internal/arn"
)

// arnPattern is a compiled Resource or NotResource entry.
//
// The guide lets "*" and "?" work inside a colon segment, and lets a "*" that
// ends a segment run on over the colons behind it. It leaves open how far that
// goes, so the stricter reading is taken in each direction. Where matching
// grants (narrow), region and account wildcards stay inside their segment, and
// only a pattern that stops before the resource part runs on. Where matching
// takes away (wide), every star may cross colons. In the resource part "*"
// crosses colons and slashes in both.
type arnPattern struct {
	text     string
	all      bool
	wide     bool
	whole    pattern    // wide only
	segments [6]pattern // narrow only; the first count are used
	count    int
}

var (
	servicePattern   = regexp.MustCompile(`^[a-z0-9-]+$`)
	partitionPattern = regexp.MustCompile(`^(aws(-[a-z0-9]+)*|[a-z-]*\*[a-z-]*)$`)
)

// compileResource reads one entry. wide is set when a match takes rights away:
// Deny with Resource, Allow with NotResource.
func compileResource(text string, wide, variables bool) (arnPattern, string) {
	if text == "*" {
		return arnPattern{text: text, all: true}, ""
	}
	parts := arn.Cut(text, variables)
	if reason := checkResource(text, parts); reason != "" {
		return arnPattern{}, reason
	}
	a := arnPattern{text: text, wide: wide, count: len(parts)}
	for i, part := range parts {
		p, reason := compilePattern(part, globbing, variables)
		if reason != "" {
			return arnPattern{}, reason
		}
		if i < 5 && len(p.variables) > 0 {
			return arnPattern{}, "policy variables may stand only in the resource part of an ARN: " + clip(text)
		}
		a.segments[i] = p
	}
	if wide {
		a.whole, _ = compilePattern(text, globbing, variables)
	}
	return a, ""
}

func checkResource(text string, parts []string) string {
	if len(parts) < 3 || parts[0] != "arn" {
		return "Resource " + clip(text) + ` must be in ARN format or "*".`
	}
	if !partitionPattern.MatchString(parts[1]) {
		return `Partition "` + clip(parts[1]) + `" is not valid for resource "` + clip(text) + `".`
	}
	if !servicePattern.MatchString(parts[2]) {
		return "Resource vendor must be fully qualified and cannot contain regexes."
	}
	if len(parts) < 6 && (len(parts) == 3 || !strings.HasSuffix(text, "*")) {
		return "Resource " + clip(text) + ` must be in ARN format or "*".`
	}
	return ""
}

// resource is the ARN asked about, cut once per evaluation.
type resource struct {
	text  string
	parts [6]string
	isARN bool
}

func newResource(text string) resource {
	r := resource{text: text}
	r.parts, r.isARN = arn.Split(text)
	return r
}

// match: see pattern.match for resolved. A request for "*" (an action without
// resources) is matched by "*" only.
func (a *arnPattern) match(r *resource, context Values) (matched, resolved bool) {
	if a.all {
		return true, true
	}
	if a.wide {
		return a.whole.match(r.text, context)
	}
	return matchSegments(&a.segments, a.count, r, context)
}

func matchSegments(segments *[6]pattern, count int, r *resource, context Values) (matched, resolved bool) {
	if !r.isARN {
		return false, true
	}
	for i := range count {
		if matched, resolved := segments[i].match(r.parts[i], context); !matched {
			return false, resolved
		}
	}
	return true, true
}
