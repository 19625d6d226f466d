package sts_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/api/stsapi"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/sts"
)

// oneCode is a device of ana whose code is taken once.
type oneCode struct{ spent bool }

func (o *oneCode) Prove(_ context.Context, p op.Principal, serial, code string, spend bool) (bool, error) {
	if o.spent || p.UserID != ana.UserID || serial != "arn:aws:iam::111122223333:mfa/phone" || code != "123456" {
		return false, nil
	}
	o.spent = spend
	return true, nil
}

var (
	serial = "arn:aws:iam::111122223333:mfa/phone"
	code   = "123456"
	wrong  = "654321"
)

func TestACodeMarksTheSession(t *testing.T) {
	s, _ := setup(t, yes{})
	s.Proofs = &oneCode{}
	for _, in := range []*stsapi.GetSessionTokenInput{
		{SerialNumber: &serial, TokenCode: &wrong},
		{SerialNumber: &serial},
		{TokenCode: &code},
	} {
		if _, err := s.GetSessionToken(as(ana), in); err == nil || !strings.Contains(err.Error(), "invalid MFA one time pass code") {
			t.Errorf("%v: %v", in, err)
		}
	}
	good := &stsapi.GetSessionTokenInput{SerialNumber: &serial, TokenCode: &code}
	out, err := s.GetSessionToken(as(ana), good)
	if err != nil {
		t.Fatal(err)
	}
	_, p, err := s.Tokens.Open(out.Credentials.AccessKeyId, out.Credentials.SessionToken, noon)
	if err != nil || !p.Session.MFA || !p.Session.MFAAt.Equal(noon) {
		t.Errorf("session %+v, %v", p.Session, err)
	}
	if _, err := s.GetSessionToken(as(ana), good); err == nil {
		t.Error("the code was taken again")
	}
}

func TestACodeIsKnownToTheTrustPolicy(t *testing.T) {
	s, _ := setup(t, yes{})
	device := &oneCode{}
	s.Proofs = device
	keys := func(in *stsapi.AssumeRoleInput) []string {
		in.RoleArn = roleARN
		found, err := sts.New(s).Bind().Resolvers["role"](as(ana), in)
		if err != nil {
			t.Fatal(err)
		}
		return found[0].Keys["aws:multifactorauthpresent"]
	}
	if got := keys(&stsapi.AssumeRoleInput{}); got != nil {
		t.Errorf("without a code: %q", got)
	}
	if got := keys(&stsapi.AssumeRoleInput{SerialNumber: &serial, TokenCode: &wrong}); got != nil {
		t.Errorf("with a wrong code: %q", got)
	}
	if got := keys(&stsapi.AssumeRoleInput{SerialNumber: &serial, TokenCode: &code}); !slices.Equal(got, []string{"true"}) || device.spent {
		t.Errorf("with a code: %q, spent before the decision: %t", got, device.spent)
	}
	_, p, err := assume(s, ana, stsapi.AssumeRoleInput{SerialNumber: &serial, TokenCode: &code})
	if err != nil || p.Session.MFA || !device.spent {
		t.Errorf("the role's session %+v, %v", p.Session, err)
	}
	if _, _, err := assume(s, ana, stsapi.AssumeRoleInput{SerialNumber: &serial, TokenCode: &code}); err == nil {
		t.Error("the code was taken again")
	}
}

func TestFederatedUsers(t *testing.T) {
	s, _ := setup(t, yes{})
	limit := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"glue:*","Resource":"*"}]}`
	out, err := s.GetFederationToken(as(ana), &stsapi.GetFederationTokenInput{Name: "guest", Policy: &limit, Tags: []stsapi.Tag{{Key: "team", Value: "x"}}})
	if err != nil {
		t.Fatal(err)
	}
	_, p, err := s.Tokens.Open(out.Credentials.AccessKeyId, out.Credentials.SessionToken, noon)
	if err != nil {
		t.Fatal(err)
	}
	if p.Type != op.FederatedUser || p.ARN != "arn:aws:sts::111122223333:federated-user/guest" || p.UserID != "111122223333:guest" || p.Session.Owner != "AIDA1" || p.Tags["team"] != "x" {
		t.Errorf("principal %+v", p)
	}
	if len(p.Session.Policies) != 2 || p.Session.Policies[0] != limit || !strings.Contains(p.Session.Policies[1], `"iam:*"`) {
		t.Errorf("policies %q", p.Session.Policies)
	}
	if _, err := s.GetFederationToken(as(p), &stsapi.GetFederationTokenInput{Name: "again"}); err == nil {
		t.Error("a session made another")
	}
	bad := "{"
	_, err = s.GetFederationToken(as(ana), &stsapi.GetFederationTokenInput{Name: "guest", Policy: &bad})
	if !strings.HasPrefix(text(err), "MalformedPolicyDocument:") {
		t.Errorf("malformed policy: %v", err)
	}
	refusing := &no{}
	s.Authorizer = refusing
	_, err = s.GetFederationToken(as(ana), &stsapi.GetFederationTokenInput{Name: "guest", Tags: []stsapi.Tag{{Key: "team", Value: "x"}}})
	if err == nil || !slices.Equal(refusing.asked, []string{"sts:TagSession"}) {
		t.Errorf("tags without the right: %v, asked %q", err, refusing.asked)
	}
}

// oneRecord is an audit trail with a single refusal.
type oneRecord struct{}

func (oneRecord) Find(_ context.Context, id string) ([]json.RawMessage, error) {
	if id != "r1" {
		return nil, nil
	}
	return []json.RawMessage{[]byte(`{"recipientAccountId":"111122223333","userIdentity":{"principalId":"AIDA1","arn":"a"},
		"additionalEventData":{"decision":{"Action":"glue:GetTable","Resource":"r","Effect":"implicitDeny","Layers":[]}}}`)}, nil
}

func TestRefusalsAreToldInTheirAccountOnly(t *testing.T) {
	s, _ := setup(t, yes{})
	s.Denials = oneRecord{}
	out, err := s.DecodeAuthorizationMessage(as(ana), &stsapi.DecodeAuthorizationMessageInput{EncodedMessage: "r1"})
	want := `{"allowed":false,"explicitDeny":false,"matchedStatements":{"items":[]},"failures":{"items":[]},"context":{"principal":{"id":"AIDA1","arn":"a"},"action":"glue:GetTable","resource":"r","conditions":{"items":[]}}}`
	if err != nil || *out.DecodedMessage != want {
		t.Errorf("told %v, %v", out, err)
	}
	stranger := ana
	stranger.Account = "444455556666"
	for _, c := range []struct {
		who op.Principal
		id  string
	}{{stranger, "r1"}, {ana, "r2"}} {
		if _, err := s.DecodeAuthorizationMessage(as(c.who), &stsapi.DecodeAuthorizationMessageInput{EncodedMessage: c.id}); !strings.HasPrefix(text(err), "InvalidAuthorizationMessageException") {
			t.Errorf("%s of %s: %v", c.id, c.who.Account, err)
		}
	}
}
