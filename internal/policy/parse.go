package policy

import (
	"errors"
	"regexp"
	"strings"
)

// Parse reads, checks and compiles a policy document. The error is always a
// *SyntaxError. Sizes are not checked beyond MaxTextBytes: see Size and Limit.
func Parse(text []byte, kind Kind) (*Policy, error) {
	p := &Policy{kind: kind, text: string(text)}
	if err := p.parse(text); err != nil {
		at := positionAt(p.text, err.offset)
		return nil, &SyntaxError{Line: at.Line, Column: at.Column, Reason: err.reason}
	}
	return p, nil
}

// AsSyntaxError finds the SyntaxError in err.
func AsSyntaxError(err error) (*SyntaxError, bool) {
	var syntax *SyntaxError
	ok := errors.As(err, &syntax)
	return syntax, ok
}

const (
	version2008 = "2008-10-17"
	version2012 = "2012-10-17"
)

func (p *Policy) parse(text []byte) *offsetError {
	if len(text) > MaxTextBytes {
		return &offsetError{0, "the policy is too long"}
	}
	root, err := decodeTree(text)
	if err != nil {
		return err
	}
	if root.kind != '{' {
		return refuse(root, "Syntax errors in policy.")
	}
	statements, err := p.parseTop(root)
	if err != nil {
		return err
	}
	return p.parseStatements(statements)
}

// parseTop reads the members of the document. Version may stand behind
// Statement, so the statements are only returned here.
func (p *Policy) parseTop(root *node) (statements *node, err *offsetError) {
	p.version = version2008
	for _, m := range root.members {
		switch m.name {
		case "Version":
			if m.value.kind != '"' || (m.value.text != version2008 && m.value.text != version2012) {
				return nil, refuse(m.value, "Policy document must be version 2012-10-17 or greater.")
			}
			p.version = m.value.text
		case "Id":
			if m.value.kind != '"' {
				return nil, refuse(m.value, "Id must be a string")
			}
		case "Statement":
			statements = m.value
		default:
			return nil, &offsetError{m.start, "unknown policy element " + clip(m.name)}
		}
	}
	if statements == nil {
		return nil, refuse(root, "Missing required field Statement")
	}
	return statements, nil
}

func (p *Policy) parseStatements(n *node) *offsetError {
	list := []*node{n}
	if n.kind == '[' {
		list = n.items
	}
	if len(list) == 0 {
		return refuse(n, "Missing required field Statement")
	}
	sids := make(map[string]bool)
	for _, item := range list {
		s, err := p.parseStatement(item)
		if err != nil {
			return err
		}
		if s.sid != "" && sids[s.sid] && p.kind != Resource {
			return refuse(item, "Statement IDs (SID) in a single policy must be unique.")
		}
		sids[s.sid] = true
		p.statements = append(p.statements, s)
	}
	return nil
}

// elements are the members of one statement, by name.
type elements struct {
	sid, effect, action, notAction, resource, notResource, principal, notPrincipal, condition *node
}

func (e *elements) slot(name string) **node {
	switch name {
	case "Sid":
		return &e.sid
	case "Effect":
		return &e.effect
	case "Action":
		return &e.action
	case "NotAction":
		return &e.notAction
	case "Resource":
		return &e.resource
	case "NotResource":
		return &e.notResource
	case "Principal":
		return &e.principal
	case "NotPrincipal":
		return &e.notPrincipal
	case "Condition":
		return &e.condition
	default:
		return nil
	}
}

func (p *Policy) parseStatement(n *node) (statement, *offsetError) {
	s := statement{start: n.start, end: n.end}
	if n.kind != '{' {
		return s, refuse(n, "a statement must be an object")
	}
	var e elements
	for _, m := range n.members {
		slot := e.slot(m.name)
		if slot == nil {
			return s, &offsetError{m.start, "unknown statement element " + clip(m.name)}
		}
		*slot = m.value
	}
	for _, read := range []func(*statement, *elements, *node) *offsetError{
		p.readSid, p.readEffect, p.readActions, p.readResources, p.readPrincipals, p.readConditions,
	} {
		if err := read(&s, &e, n); err != nil {
			return s, err
		}
	}
	return s, nil
}

var sidPattern = regexp.MustCompile(`^[0-9A-Za-z]*$`)

func (p *Policy) readSid(s *statement, e *elements, _ *node) *offsetError {
	if e.sid == nil {
		return nil
	}
	if e.sid.kind != '"' {
		return refuse(e.sid, "Sid must be a string")
	}
	// Resource policies of KMS and S3 are written with spaces in their Sids.
	if p.kind != Resource && !sidPattern.MatchString(e.sid.text) {
		return refuse(e.sid, "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*")
	}
	s.sid = e.sid.text
	return nil
}

func (p *Policy) readEffect(s *statement, e *elements, n *node) *offsetError {
	if e.effect == nil {
		return refuse(n, "Missing required field Effect")
	}
	if e.effect.kind != '"' || (e.effect.text != "Allow" && e.effect.text != "Deny") {
		return refuse(e.effect, "Invalid effect: it must be Allow or Deny")
	}
	s.deny = e.effect.text == "Deny"
	return nil
}

// either picks the one of two elements that is given, and refuses both.
func either(plain, negated, statement *node, both string) (n *node, not bool, err *offsetError) {
	if plain != nil && negated != nil {
		return nil, false, refuse(statement, "%s", both)
	}
	if plain != nil {
		return plain, false, nil
	}
	return negated, negated != nil, nil
}

func (p *Policy) readActions(s *statement, e *elements, n *node) *offsetError {
	list, not, err := either(e.action, e.notAction, n, "a statement has Action or NotAction, not both")
	if err != nil {
		return err
	}
	if list == nil {
		return refuse(n, "Policy statement must contain actions.")
	}
	s.notAction = not
	names, err := list.strings("Policy statement must contain actions.")
	if err != nil {
		return err
	}
	for _, name := range names {
		if p.kind == Trust && (not || !strings.HasPrefix(strings.ToLower(name.text), "sts:")) {
			return refuse(name, "AssumeRole policy may only specify STS AssumeRole actions.")
		}
		if reason := s.actions.add(name.text); reason != "" {
			return refuse(name, "%s", reason)
		}
	}
	return nil
}

func (p *Policy) readResources(s *statement, e *elements, n *node) *offsetError {
	list, not, err := either(e.resource, e.notResource, n, "a statement has Resource or NotResource, not both")
	if err != nil {
		return err
	}
	if p.kind == Trust {
		if list != nil {
			return refuse(list, "Has prohibited field Resource")
		}
		s.anyResource = true
		return nil
	}
	if list == nil {
		return refuse(n, "Policy statement must contain resources.")
	}
	s.notResource = not
	names, err := list.strings("Policy statement must contain resources.")
	if err != nil {
		return err
	}
	for _, name := range names {
		r, reason := compileResource(name.text, s.deny != not, p.version == version2012)
		if reason != "" {
			return refuse(name, "%s", reason)
		}
		s.resources = append(s.resources, r)
	}
	return nil
}

func (p *Policy) readPrincipals(s *statement, e *elements, n *node) *offsetError {
	list, not, err := either(e.principal, e.notPrincipal, n, "a statement has Principal or NotPrincipal, not both")
	if err != nil {
		return err
	}
	switch p.kind {
	case Identity, Boundary, Session, SCP:
		if list != nil {
			return refuse(list, "Policy document should not specify a principal.")
		}
		s.anyPrincipal = true
		return nil
	case Resource, Trust, RCP:
	}
	if list == nil {
		return refuse(n, "Missing required field Principal")
	}
	s.notPrincipal = not
	s.principals, err = compilePrincipals(list)
	if err != nil {
		return err
	}
	if p.kind == RCP && (not || list.kind != '"') {
		return refuse(list, `a resource control policy names "*" as its principal`)
	}
	return nil
}

func (p *Policy) readConditions(s *statement, e *elements, _ *node) *offsetError {
	if e.condition == nil {
		return nil
	}
	var err *offsetError
	s.conditions, err = compileConditions(e.condition, p.version == version2012)
	return err
}
