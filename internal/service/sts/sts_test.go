package sts_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/api/stsapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/seal"
	"github.com/bindery-project/bindery/internal/service/sts"
)

const roleARN = "arn:aws:iam::111122223333:role/path/r"

// oneRole is a directory with a single role.
type oneRole struct {
	role *sts.Role
	made int
}

func (o *oneRole) RoleByARN(_ context.Context, arn string) (*sts.Role, error) {
	if o.role == nil || arn != o.role.ARN {
		return nil, nil
	}
	return o.role, nil
}

func (o *oneRole) PolicyText(context.Context, string, string) (string, error) { return "{}", nil }

func (o *oneRole) NewKey() (id, secret string) {
	o.made++
	return "ASIA" + strings.Repeat("A", 15) + string(rune('A'+o.made)), "secret"
}

// yes allows every access.
type yes struct{}

func (yes) Check(context.Context, ...op.Access) error { return nil }
func (yes) Allowed(context.Context, op.Access) bool   { return true }

// no refuses every access and remembers what was asked.
type no struct{ asked []string }

func (n *no) Check(_ context.Context, list ...op.Access) error {
	for _, a := range list {
		n.asked = append(n.asked, a.Action)
	}
	return &op.Denied{Message: "no"}
}
func (n *no) Allowed(context.Context, op.Access) bool { return false }

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func setup(t *testing.T, a op.Authorizer) (*sts.Sessions, *clock.Manual) {
	t.Helper()
	keys, err := seal.OpenOrCreate(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	trust, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"glue.amazonaws.com"},"Action":"sts:AssumeRole"}]}`), policy.Trust)
	if err != nil {
		t.Fatal(err)
	}
	c := clock.NewManual(noon)
	role := &sts.Role{ID: "AROA1", ARN: roleARN, Name: "r", Account: "111122223333", Trust: trust, Tags: map[string]string{"env": "prod", "team": "a"}, MaxSession: 7200}
	return &sts.Sessions{Roles: &oneRole{role: role}, Tokens: &sts.Tokens{Sealer: keys}, Authorizer: a, Clock: c}, c
}

// as is the context of a call by a principal, after the row was decided.
func as(p op.Principal) context.Context {
	return op.WithCall(context.Background(), &op.Call{Principal: p, Account: p.Account, Resources: []op.Resource{{ARN: roleARN, ID: "AROA1"}}})
}

var ana = op.Principal{Type: op.User, ARN: "arn:aws:iam::111122223333:user/ana", Account: "111122223333", UserID: "AIDA1", UserName: "ana"}

func assume(s *sts.Sessions, p op.Principal, in stsapi.AssumeRoleInput) (*stsapi.AssumeRoleOutput, op.Principal, error) {
	in.RoleArn, in.RoleSessionName = roleARN, "s1"
	out, err := s.AssumeRole(as(p), &in)
	if err != nil {
		return nil, op.Principal{}, err
	}
	_, got, err := s.Tokens.Open(out.Credentials.AccessKeyId, out.Credentials.SessionToken, noon)
	return out, got, err
}

func text(err error) string {
	var e op.Error
	if errors.As(err, &e) {
		return e.ErrorCode() + ": " + e.ErrorMessage()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func TestSessionIsTheRoleNotTheCaller(t *testing.T) {
	s, _ := setup(t, yes{})
	out, p, err := assume(s, ana, stsapi.AssumeRoleInput{})
	if err != nil {
		t.Fatal(err)
	}
	if p.ARN != "arn:aws:sts::111122223333:assumed-role/r/s1" || p.UserID != "AROA1:s1" || p.RoleARN != roleARN || p.Type != op.AssumedRole {
		t.Errorf("principal %+v", p)
	}
	if got := time.UnixMilli(int64(out.Credentials.Expiration)).UTC(); !got.Equal(noon.Add(time.Hour)) {
		t.Errorf("expires %s", got)
	}
	if p.Tags["env"] != "prod" {
		t.Errorf("tags %v", p.Tags)
	}
}

func TestDurations(t *testing.T) {
	chained := op.Principal{Type: op.AssumedRole, Account: "111122223333", Session: &op.Session{}}
	for _, c := range []struct {
		who     op.Principal
		seconds int32
		want    string
	}{
		{ana, 7200, ""},
		{ana, 7201, "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		{chained, 3600, ""},
		{chained, 3601, "ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."},
		{op.Principal{Type: op.Root}, 900, "Roles may not be assumed by root accounts."},
	} {
		s, _ := setup(t, yes{})
		_, _, err := assume(s, c.who, stsapi.AssumeRoleInput{DurationSeconds: &c.seconds})
		if text(err) != c.want {
			t.Errorf("%s for %d: %q, want %q", c.who.Type, c.seconds, text(err), c.want)
		}
	}
}

func TestTokensAreBoundToTheirKeyAndExpire(t *testing.T) {
	s, _ := setup(t, yes{})
	one, _, err := assume(s, ana, stsapi.AssumeRoleInput{})
	if err != nil {
		t.Fatal(err)
	}
	two, _, err := assume(s, ana, stsapi.AssumeRoleInput{})
	if err != nil {
		t.Fatal(err)
	}
	token := one.Credentials.SessionToken
	if _, _, err := s.Tokens.Open(two.Credentials.AccessKeyId, token, noon); !errors.Is(err, sts.ErrBadToken) {
		t.Errorf("another key's token: %v", err)
	}
	if _, _, err := s.Tokens.Open(one.Credentials.AccessKeyId, token, noon.Add(time.Hour)); !errors.Is(err, sts.ErrExpired) {
		t.Errorf("expired token: %v", err)
	}
	for i := range token {
		changed := token[:i] + string(token[i]^1) + token[i+1:]
		if _, _, err := s.Tokens.Open(one.Credentials.AccessKeyId, changed, noon); err == nil && changed != token {
			t.Fatalf("token changed at %d was accepted", i)
		}
	}
}

func TestSessionTags(t *testing.T) {
	s, _ := setup(t, yes{})
	caller := ana
	caller.Session = &op.Session{TransitiveTags: []string{"project"}}
	caller.Tags = map[string]string{"project": "p1", "own": "x"}
	_, p, err := assume(s, caller, stsapi.AssumeRoleInput{Tags: []stsapi.Tag{{Key: "team", Value: "b"}}})
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range map[string]string{"env": "prod", "team": "b", "project": "p1", "own": ""} {
		if p.Tags[k] != want {
			t.Errorf("tag %s = %q, want %q", k, p.Tags[k], want)
		}
	}
	_, _, err = assume(s, caller, stsapi.AssumeRoleInput{Tags: []stsapi.Tag{{Key: "Project", Value: "p2"}}})
	if !strings.HasPrefix(text(err), "ValidationError: One of the specified transitive tag keys") {
		t.Errorf("transitive tag set anew: %q", text(err))
	}
}

func TestTagsAndSourceIdentityNeedTheirOwnRights(t *testing.T) {
	for want, in := range map[string]stsapi.AssumeRoleInput{
		"sts:TagSession":        {Tags: []stsapi.Tag{{Key: "a", Value: "b"}}},
		"sts:SetSourceIdentity": {SourceIdentity: new("ana")},
	} {
		refuse := &no{}
		s, _ := setup(t, refuse)
		_, _, err := assume(s, ana, in)
		if text(err) != "no" || len(refuse.asked) != 1 || refuse.asked[0] != want {
			t.Errorf("%s: error %q, asked %v", want, text(err), refuse.asked)
		}
	}
}

func TestSessionPolicies(t *testing.T) {
	s, _ := setup(t, yes{})
	_, p, err := assume(s, ana, stsapi.AssumeRoleInput{Policy: new(`{"Version":"2012-10-17","Statement":[]}`)})
	if err == nil && !p.Session.HasPolicy {
		t.Error("the session policy was lost")
	}
	_, _, err = assume(s, ana, stsapi.AssumeRoleInput{Policy: new(`{`)})
	if !strings.HasPrefix(text(err), "MalformedPolicyDocument") {
		t.Errorf("malformed policy: %q", text(err))
	}
	long := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"glue:*","Resource":"arn:aws:glue:*:*:table/` + strings.Repeat("x", 2100) + `"}]}`
	_, _, err = assume(s, ana, stsapi.AssumeRoleInput{Policy: &long})
	if !strings.HasPrefix(text(err), "PackedPolicyTooLarge") {
		t.Errorf("long policy: %q", text(err))
	}
}

func TestRoleThatChangedSinceTheDecisionIsRefused(t *testing.T) {
	s, _ := setup(t, yes{})
	ctx := op.WithCall(context.Background(), &op.Call{Principal: ana, Resources: []op.Resource{{ARN: roleARN, ID: "AROA0"}}})
	_, err := s.AssumeRole(ctx, &stsapi.AssumeRoleInput{RoleArn: roleARN, RoleSessionName: "s1"})
	if text(err) != "Access denied" {
		t.Errorf("got %q", text(err))
	}
}

func TestGetSessionToken(t *testing.T) {
	s, _ := setup(t, yes{})
	out, err := s.GetSessionToken(as(ana), &stsapi.GetSessionTokenInput{})
	if err != nil {
		t.Fatal(err)
	}
	_, p, err := s.Tokens.Open(out.Credentials.AccessKeyId, out.Credentials.SessionToken, noon)
	if err != nil || p.ARN != ana.ARN || p.UserID != ana.UserID || p.Session == nil {
		t.Errorf("principal %+v, error %v", p, err)
	}
	if _, err := s.GetSessionToken(as(p), &stsapi.GetSessionTokenInput{}); text(err) != "Cannot call GetSessionToken with session credentials" {
		t.Errorf("from a session: %q", text(err))
	}
	limits, err := policy.Parse([]byte(p.Session.Policies[0]), policy.Session)
	if err != nil {
		t.Fatal(err)
	}
	for action, want := range map[string]bool{"glue:GetTable": true, "iam:CreateUser": false, "sts:AssumeRole": true, "sts:GetFederationToken": false} {
		all, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`), policy.Identity)
		if err != nil {
			t.Fatal(err)
		}
		r := policy.Request{Action: action, Resource: "*", Principal: policy.Principal{Type: policy.User, ARN: ana.ARN, Account: ana.Account}, Context: policy.Map{"aws:multifactorauthpresent": {"false"}}}
		if got := policy.Evaluate(&r, &policy.Layers{Identity: []*policy.Policy{all}, Session: []*policy.Policy{limits}, HasSession: true}).Allowed(); got != want {
			t.Errorf("%s allowed = %t, want %t", action, got, want)
		}
	}
}

func TestServicesGetASessionOnlyOfRolesThatTrustThem(t *testing.T) {
	s, _ := setup(t, yes{})
	for _, c := range []struct {
		role, service string
		want          bool
	}{
		{roleARN, "glue.amazonaws.com", true},
		{roleARN, "athena.amazonaws.com", false},
		{"arn:aws:iam::111122223333:role/none", "glue.amazonaws.com", false},
	} {
		p, err := s.ForService(context.Background(), c.role, c.service, "crawl")
		if err != nil || (p != nil) != c.want {
			t.Errorf("%s for %s: %v, %v", c.role, c.service, p, err)
		}
	}
}

func TestSessionTagsAreOneWithoutRegardToCase(t *testing.T) {
	s, _ := setup(t, yes{})
	for name, in := range map[string]stsapi.AssumeRoleInput{
		"ValidationError: Duplicate tag keys":                                    {Tags: []stsapi.Tag{{Key: "team", Value: "admin"}, {Key: "Team", Value: "guest"}}},
		"ValidationError: Tag keys that begin with":                              {Tags: []stsapi.Tag{{Key: "AWS:x", Value: "y"}}},
		"ValidationError: One of the specified transitive tag keys is not among": {TransitiveTagKeys: []string{"team"}}, // the role's own tag
	} {
		if _, _, err := assume(s, ana, in); !strings.HasPrefix(text(err), name) {
			t.Errorf("got %q, want %q", text(err), name)
		}
	}
	_, p, err := assume(s, ana, stsapi.AssumeRoleInput{Tags: []stsapi.Tag{{Key: "TEAM", Value: "b"}}, TransitiveTagKeys: []string{"Team"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Tags) != 2 || p.Tags["TEAM"] != "b" || len(p.Session.TransitiveTags) != 1 || p.Session.TransitiveTags[0] != "TEAM" {
		t.Errorf("tags %v, handed on %v", p.Tags, p.Session.TransitiveTags)
	}
}

// A role that trusts nobody and one that does not exist are refused in the same words.
func TestAMissingRoleReadsAsOneThatTrustsNobody(t *testing.T) {
	s, _ := setup(t, yes{})
	resolve := sts.New(s).Bind().Resolvers["role"]
	word := func(arn string) string {
		found, err := resolve(as(ana), &stsapi.AssumeRoleInput{RoleArn: arn})
		if err != nil {
			t.Fatal(err)
		}
		r := policy.Request{
			Action: "sts:AssumeRole", Resource: "r", ResourceAccount: "999988887777",
			Principal: policy.Principal{Type: policy.User, ARN: ana.ARN, Account: ana.Account, UserID: ana.UserID},
		}
		l := policy.Layers{Resource: []*policy.Policy{found[0].Policy.(*policy.Policy)}, ResourceRule: policy.Explicit}
		return policy.DenyMessage(ana.ARN, r.Action, r.Resource, policy.Evaluate(&r, &l))
	}
	if there, gone := word(roleARN), word("arn:aws:iam::111122223333:role/none"); there != gone {
		t.Errorf("%q is not %q", there, gone)
	}
}
