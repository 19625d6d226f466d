// Package lint finds what is wrong, dangerous or useless in a policy, and says where. It judges
// one document by itself and never decides anything.
//
// Start at [Check]. Findings have the types and, where AWS's Access Analyzer knows the same
// problem, its issue codes (IAM guide, "IAM policy validation check reference"); the texts are
// ours. The API (access-analyzer:ValidatePolicy), the command line (`bindery iam lint`) and the
// warnings of policies that are stored all come from here.
package lint

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/policy/language"
)

// Level is the type of a finding.
type Level string

// The levels, the worst first.
const (
	Error      Level = "ERROR"            // it is refused, or never does what it says
	Security   Level = "SECURITY_WARNING" // it gives more than its author may think
	Warning    Level = "WARNING"          // it does not work as it seems to
	Suggestion Level = "SUGGESTION"       // it could be shorter or clearer
)

var order = []Level{Error, Security, Warning, Suggestion}

// Finding is one problem.
type Finding struct {
	Level   Level
	Code    string
	Message string
	Path    []Step // from the document to the place
	Start   Place
	End     Place // just behind
}

// Step leads one level down. One member is set: the name of a member whose value is meant, the
// name of a member that is itself meant, or the index of a list's item.
type Step struct {
	Value string `json:",omitempty"`
	Key   string `json:",omitempty"`
	Index *int   `json:",omitempty"`
}

// Place is a place in the text: line from 1, column from 0 and offset from 0, all in characters
// as Access Analyzer counts them.
type Place struct{ Line, Column, Offset int }

// Check judges a document that is meant as a policy of the kind.
func Check(text []byte, kind policy.Kind) []Finding {
	c := &checker{text: string(text), kind: kind, budget: language.NewBudget(effort)}
	c.run(text)
	slices.SortStableFunc(c.findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(slices.Index(order, a.Level), slices.Index(order, b.Level)),
			cmp.Compare(a.Start.Offset, b.Start.Offset), cmp.Compare(a.Code, b.Code),
		)
	})
	return c.findings
}

// Worst reports whether a finding of the level, or of a worse one, is among them.
func Worst(findings []Finding, level Level) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool {
		return slices.Index(order, f.Level) <= slices.Index(order, level)
	})
}

// checker collects findings about one document.
type checker struct {
	text     string
	kind     policy.Kind
	findings []Finding
	budget   *language.Budget
	places   []Place // of each byte of the text
}

// effort bounds what is spent on comparing patterns with each other, some tenths of a second;
// what is not looked at then is not found. pairCost is that of comparing two statements.
const (
	effort   = 6_000_000
	pairCost = 100
)

func (c *checker) run(text []byte) {
	root, err := policy.Outline(text)
	if err != nil {
		c.syntax("JSON_SYNTAX_ERROR", err)
		return
	}
	c.judge(c.document(root))
	if _, err := policy.Parse(text, c.kind); err != nil && !Worst(c.findings, Error) {
		c.syntax("INVALID_POLICY", err) // refused for what no check above names
	}
	c.size(text)
}

// syntax reports what a parser refused.
func (c *checker) syntax(code string, err error) {
	at, ok := policy.AsSyntaxError(err)
	if !ok {
		at = &policy.SyntaxError{Line: 1, Column: 1, Reason: err.Error()}
	}
	where := spot{start: c.offset(at.Line, at.Column)}
	where.end = where.start
	c.report(Error, code, where, at.Reason)
}

// offset finds the byte at a line and column that count characters from 1.
func (c *checker) offset(line, column int) int {
	l, col := 1, 1
	for i, r := range c.text {
		if l == line && col == column {
			return i
		}
		if col++; r == '\n' {
			l, col = l+1, 1
		}
	}
	return len(c.text)
}

// spot is a place with the way to it; start and end are byte offsets.
type spot struct {
	path       []Step
	start, end int
}

func (c *checker) report(level Level, code string, at spot, message string) {
	c.findings = append(c.findings, Finding{
		Level: level, Code: code, Message: message, Path: at.path, Start: c.place(at.start), End: c.place(at.end),
	})
}

// place finds the line of an offset in a table made once, since a long document may have very
// many findings.
func (c *checker) place(offset int) Place {
	if c.places == nil {
		c.places = places(c.text)
	}
	return c.places[min(offset, len(c.text))]
}

// places are the places of all bytes of a text, and of its end.
func places(text string) []Place {
	out := make([]Place, 0, len(text)+1)
	at := Place{Line: 1}
	for rest := text; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
		for range size {
			out = append(out, at)
		}
		at.Offset, at.Column = at.Offset+1, at.Column+1
		if r == '\n' {
			at.Line, at.Column = at.Line+1, 0
		}
	}
	return append(out, at)
}

// limits are the sizes that AWS allows, with the codes of exceeding them.
var limits = map[policy.Kind]struct {
	level Level
	code  string
}{
	policy.Identity: {Warning, "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA"},
	policy.Boundary: {Warning, "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA"},
	policy.Session:  {Warning, "POLICY_SIZE_EXCEEDS_SESSION_POLICY_QUOTA"},
	policy.Resource: {Warning, "POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA"},
	policy.Trust:    {Warning, "POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA"},
	policy.SCP:      {Error, "POLICY_SIZE_EXCEEDS_SCP_QUOTA"},
	policy.RCP:      {Error, "POLICY_SIZE_EXCEEDS_RCP_QUOTA"},
}

func (c *checker) size(text []byte) {
	limit, size := policy.Limit(c.kind), policy.Size(text)
	switch c.kind {
	case policy.Identity:
		limit = policy.LimitManaged
	case policy.Resource:
		limit = policy.LimitBucket
	case policy.Trust, policy.Boundary, policy.Session, policy.SCP, policy.RCP:
	}
	if size > limit {
		l := limits[c.kind]
		c.report(l.level, l.code, spot{end: len(text)}, "the policy has "+count(size, "character")+" without white space, and "+count(limit, "character")+" are allowed")
	}
}
