// Package policy is the language of IAM: it reads policy documents, decides
// requests, and explains its decisions. It is pure: bytes and values in,
// decisions out; no clock, no store, no network.
//
// Start at Parse, which checks a document against the grammar of its Kind and
// compiles it, and at Evaluate, which decides one request under the Layers that
// apply to it without allocating. Explain decides the same and tells why; a
// property test holds that the two agree. Simulate and ContextKeys serve IAM's
// simulator, DenyMessage AWS's wording of a refusal.
//
// The package promises to deny on doubt. What the grammar does not know is
// refused when it is written (an unknown operator, a duplicate key); a stored
// document that can no longer be read is replaced by Broken, which denies; a
// value that an operator cannot judge makes an Allow not apply and a Deny apply.
// Where AWS's guide leaves room, the stricter reading is taken and the code
// says so.
//
// A *Policy is immutable and safe for use by many goroutines.
package policy

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Kind is the place a policy is written for; the grammar differs a little.
type Kind uint8

// The kinds of policies. Principal is required in Resource, Trust and RCP and
// forbidden elsewhere; Resource is forbidden in Trust.
const (
	Identity Kind = iota // attached to a user, group or role
	Resource             // bucket, key, secret or catalog policy
	Trust                // who may assume a role
	Boundary             // permissions boundary
	Session              // passed to an STS call
	SCP                  // service control policy
	RCP                  // resource control policy
)

// MaxTextBytes bounds any policy text, as IAM's API does.
const MaxTextBytes = 131072

// Sizes that AWS allows, in characters without white space (see Size). The
// inline limits are sums over all inline policies of the user, group or role.
const (
	LimitManaged     = 6144
	LimitUserInline  = 2048
	LimitGroupInline = 5120
	LimitRoleInline  = 10240
	LimitTrust       = 2048
	LimitSession     = 2048
	LimitSCP         = 5120
	LimitRCP         = 5120
	LimitBucket      = 20480 // bytes, S3 bucket policies
	LimitKey         = 32768 // bytes, KMS key policies
	LimitCatalog     = 10240 // bytes, Glue catalog policies
)

// Limit is the size one document of the kind may have, as counted by Size. An
// inline identity policy is bounded by its sum instead, and a Resource policy
// by its service: for these Limit answers the largest that any place allows.
func Limit(kind Kind) int {
	switch kind {
	case Resource:
		return LimitKey
	case Trust:
		return LimitTrust
	case Boundary:
		return LimitManaged
	case Session:
		return LimitSession
	case SCP:
		return LimitSCP
	case RCP:
		return LimitRCP
	case Identity:
	}
	return LimitRoleInline
}

// Size counts the characters of a policy as IAM counts them against its
// limits: white space is free.
func Size(text []byte) int {
	n := utf8.RuneCount(text)
	for _, c := range text {
		switch c {
		case ' ', '\t', '\r', '\n':
			n--
		}
	}
	return n
}

// Policy is a parsed and compiled document.
type Policy struct {
	id         string
	kind       Kind
	text       string
	version    string
	statements []statement
	broken     string // why the stored text cannot be read; empty for a good one
}

// Text is the document as it was given to Parse.
func (p *Policy) Text() string { return p.text }

// Kind is the kind that the document was parsed for.
func (p *Policy) Kind() Kind { return p.kind }

// ID is what WithID set: the name under which explanations and simulations
// mention the policy.
func (p *Policy) ID() string { return p.id }

// WithID answers a copy that is called id; the compiled statements are shared.
func (p *Policy) WithID(id string) *Policy {
	named := *p
	named.id = id
	return &named
}

// Position is a place in a text: line and column count characters from 1.
type Position struct {
	Line   int `json:"Line"`
	Column int `json:"Column"`
}

// StatementInfo is what may be said about a statement without evaluating it.
type StatementInfo struct {
	Sid        string
	Effect     string
	Start, End Position // as IAM's simulator counts: just behind the braces
}

// Statement describes the statement at index i; Decision.Statement is such an
// index.
func (p *Policy) Statement(i int) StatementInfo {
	s := &p.statements[i]
	return StatementInfo{
		Sid: s.sid, Effect: s.effectName(),
		Start: positionAt(p.text, s.start+1), End: positionAt(p.text, s.end),
	}
}

// Len is the number of statements.
func (p *Policy) Len() int { return len(p.statements) }

// NamesEveryone reports whether an Allow names "*" as its principal, which is
// what S3's Block Public Access looks for.
func (p *Policy) NamesEveryone() bool {
	for i := range p.statements {
		s := &p.statements[i]
		if !s.deny && (s.notPrincipal || slices.ContainsFunc(s.principals, principalEntry.isEveryone)) {
			return true
		}
	}
	return false
}

// Principals lists the ARNs, account ids, unique ids and services that the
// policy names, in order and without repetition, for services that must check
// that they exist.
func (p *Policy) Principals() []string {
	var names []string
	for i := range p.statements {
		for _, e := range p.statements[i].principals {
			if !slices.Contains(names, e.text) {
				names = append(names, e.text)
			}
		}
	}
	return names
}

// Broken stands for a stored policy that can no longer be read. It never
// allows, and it denies every request that it is consulted for.
func Broken(reason string) *Policy {
	return &Policy{
		broken:     reason,
		statements: []statement{{deny: true, everything: true}},
	}
}

// Nobody is a policy without statements. It stands for the policy of what does
// not exist, so that a refusal reads as it does for what exists.
func Nobody(kind Kind) *Policy { return &Policy{kind: kind} }

// BrokenReason is empty for a policy that was parsed.
func (p *Policy) BrokenReason() string { return p.broken }

// SyntaxError says why and where a text is not a policy. Reason is AWS's
// wording where it is known.
type SyntaxError struct {
	Line, Column int // from 1, in characters
	Reason       string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Reason)
}

func positionAt(text string, offset int) Position {
	before := text[:min(offset, len(text))]
	lineStart := strings.LastIndexByte(before, '\n') + 1
	return Position{
		Line:   strings.Count(before, "\n") + 1,
		Column: utf8.RuneCountInString(before[lineStart:]) + 1,
	}
}
