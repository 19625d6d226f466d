package gateway

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
)

func ask(call *op.Call, a *op.Access) *question {
	q, _ := (&Gateway{}).newQuestion(context.Background(), call, a, &policy.Layers{}) // without facts nothing can fail
	return q
}

func TestPresenceOfGlobalKeys(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	user := op.Principal{Type: op.User, ARN: "arn:aws:iam::111122223333:user/ana", Account: "111122223333", UserID: "AIDA1", UserName: "ana", Tags: map[string]string{"Team": "x"}}
	session := op.Principal{
		Type: op.AssumedRole, ARN: "arn:aws:sts::111122223333:assumed-role/r/s", RoleARN: "arn:aws:iam::111122223333:role/p/r",
		Account: "111122223333", UserID: "AROA1:s", Session: &op.Session{Issued: now.Add(-time.Hour), SourceIdentity: "ana"},
	}
	base := op.Call{Region: "eu-west-1", Now: now, SourceIP: netip.MustParseAddr("10.0.0.1"), Account: "111122223333"}
	via := base
	via.Via, via.ViaAWS = []string{"athena.amazonaws.com", "glue.amazonaws.com"}, true
	access := &op.Access{Resource: op.Resource{ARN: "arn:aws:s3:::b/k", Account: "999988887777", Tags: map[string]string{"Env": "prod"}}}
	for _, c := range []struct {
		call op.Call
		who  op.Principal
		key  string
		want []string
	}{
		{base, user, "aws:currenttime", []string{"2026-11-01T12:00:00Z"}},
		{base, user, "aws:securetransport", []string{"false"}},
		{base, user, "aws:principalarn", []string{user.ARN}},
		{base, session, "aws:principalarn", []string{session.RoleARN}},
		{base, user, "aws:principaltype", []string{"User"}},
		{base, user, "aws:username", []string{"ana"}},
		{base, session, "aws:username", nil},
		{base, session, "aws:userid", []string{"AROA1:s"}},
		{base, user, "aws:sourceip", []string{"10.0.0.1"}},
		{via, user, "aws:sourceip", nil},
		{via, user, "aws:viaawsservice", []string{"true"}},
		{via, user, "aws:calledvia", []string{"athena.amazonaws.com", "glue.amazonaws.com"}},
		{via, user, "aws:calledviafirst", []string{"athena.amazonaws.com"}},
		{via, user, "aws:calledvialast", []string{"glue.amazonaws.com"}},
		{base, user, "aws:calledvia", nil},
		{base, user, "aws:principaltag/team", []string{"x"}},
		{base, user, "aws:principaltag/none", nil},
		{base, user, "aws:resourcetag/env", []string{"prod"}},
		{base, user, "aws:resourceaccount", []string{"999988887777"}},
		{base, user, "aws:tokenissuetime", nil},
		{base, session, "aws:tokenissuetime", []string{"2026-11-01T11:00:00Z"}},
		{base, session, "aws:multifactorauthpresent", []string{"false"}},
		{base, user, "aws:multifactorauthpresent", nil},
		{base, session, "aws:multifactorauthage", nil},
		{base, session, "aws:sourceidentity", []string{"ana"}},
		{base, user, "aws:sourcevpce", nil},
		{base, user, "aws:referer", nil},
		{base, user, "glue:credentialissuingservice", nil},
	} {
		call := c.call
		call.Principal = c.who
		got, ok := ask(&call, access).Lookup(c.key)
		if ok != (c.want != nil) || !slices.Equal(got, c.want) {
			t.Errorf("%s for %s: got %q (%t), want %q", c.key, c.who.Type, got, ok, c.want)
		}
	}
}

func TestTwoKeysAtOnceStayApart(t *testing.T) {
	call := &op.Call{Principal: op.Principal{Type: op.User, UserName: "ana", Tags: map[string]string{"a": "other"}}}
	q := ask(call, &op.Access{})
	one, _ := q.Lookup("aws:username")
	two, _ := q.Lookup("aws:principaltag/a")
	if one[0] != "ana" || two[0] != "other" {
		t.Errorf("got %q and %q", one, two)
	}
}
