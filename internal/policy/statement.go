package policy

import "slices"

// statement is one compiled statement.
type statement struct {
	sid        string
	start, end int // byte offsets of its braces in the text
	deny       bool
	everything bool // Broken: matches whatever is asked

	notAction bool
	actions   actionSet

	anyResource bool // trust policies have no Resource
	notResource bool
	resources   []arnPattern

	anyPrincipal bool // identity policies have no Principal
	notPrincipal bool
	principals   []principalEntry

	conditions []condition
}

func (s *statement) effectName() string {
	if s.deny {
		return "Deny"
	}
	return "Allow"
}

// question is one request prepared for matching: everything that is the same
// for all statements is computed once.
type question struct {
	request  *Request
	action   action
	resource resource
	bounded  bool // the caller has a permissions boundary
}

func newQuestion(r *Request, l *Layers) question {
	return question{
		request:  r,
		action:   newAction(r.Action),
		resource: newResource(r.Resource),
		bounded:  l.Boundary != nil,
	}
}

// match reports whether the statement applies, and how it names the caller.
// The cheapest tests come first.
func (s *statement) match(q *question, kind Kind) (naming, bool) {
	if s.everything {
		return asSelf, true
	}
	if !s.matchAction(q) || !s.matchResource(q) {
		return notNamed, false
	}
	named, ok := s.matchPrincipal(q, kind)
	return named, ok && s.matchConditions(q)
}

func (s *statement) matchAction(q *question) bool {
	return s.actions.match(&q.action) != s.notAction
}

// matchResource: a NotResource whose variable has no value could exclude
// anything, so it makes an Allow not apply and a Deny apply.
func (s *statement) matchResource(q *question) bool {
	if s.anyResource {
		return true
	}
	for i := range s.resources {
		matched, resolved := s.resources[i].match(&q.resource, q.request.Context)
		if matched || (s.notResource && !resolved && !s.deny) {
			return !s.notResource
		}
	}
	return s.notResource
}

// matchPrincipal: the stricter reading of each combination. A Deny on everyone
// spares nobody. With NotPrincipal a Deny spares only a caller who is named in
// full, and nobody who has a permissions boundary; an Allow applies only to a
// caller who is not named in any way, and never to the anonymous one or to an
// identity provider, which an Allow must name.
func (s *statement) matchPrincipal(q *question, kind Kind) (naming, bool) {
	if s.anyPrincipal {
		return asSelf, true
	}
	p := &q.request.Principal
	everyone := slices.ContainsFunc(s.principals, principalEntry.isEveryone)
	switch {
	case s.notPrincipal && s.deny:
		return asSelf, q.bounded || !exempts(s.principals, p, kind)
	case s.notPrincipal:
		known := p.Type != Anonymous && p.Type != Federated
		return asGroup, known && !everyone && closest(s.principals, p, kind) == notNamed
	case s.deny && everyone:
		return asGroup, true
	default:
		named := closest(s.principals, p, kind)
		return named, named != notNamed
	}
}

func (s *statement) matchConditions(q *question) bool {
	for i := range s.conditions {
		if !s.conditions[i].holds(q.request.Context, s.deny) {
			return false
		}
	}
	return true
}
