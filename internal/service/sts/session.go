package sts

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/api/stsapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
)

// Durations in seconds, from the STS API reference.
const (
	defaultRoleSession  = 3600
	maxChainedSession   = 3600
	defaultUserSession  = 43200
	maxRootSession      = 3600
	maxSessionPolicies  = 10
	packedPolicyBudget  = 4096 // characters of session policies and tags that a session may carry
	defaultMaxForRole   = 3600
	sessionNotPermitted = "Cannot call GetSessionToken with session credentials"
)

// AssumeRole gives the caller a session of a role. That the caller may assume
// it, by the role's trust policy and its own, was decided by the row.
func (s *Sessions) AssumeRole(ctx context.Context, in *stsapi.AssumeRoleInput) (*stsapi.AssumeRoleOutput, error) {
	call := op.CallFrom(ctx)
	if call.Principal.Type == op.Root {
		return nil, denied("Roles may not be assumed by root accounts.")
	}
	role, err := s.role(ctx, in.RoleArn)
	if err != nil {
		return nil, err
	}
	if _, err := s.prove(ctx, in.SerialNumber, in.TokenCode); err != nil {
		return nil, err
	}
	if err := s.checkSessionRights(ctx, in); err != nil {
		return nil, err
	}
	session, err := s.newSession(ctx, role, in)
	if err != nil {
		return nil, err
	}
	p := rolePrincipal(role, session)
	if p.Tags, err = sessionTags(call.Principal, role, in, session); err != nil {
		return nil, err
	}
	return s.answer(p, in)
}

// role reads the role again: the decision was about this id.
func (s *Sessions) role(ctx context.Context, roleARN string) (*Role, error) {
	role, err := s.Roles.RoleByARN(ctx, roleARN)
	if err != nil {
		return nil, err
	}
	decided := op.CallFrom(ctx).Resources
	if role == nil || len(decided) == 0 || decided[0].ID != role.ID {
		return nil, denied("Access denied")
	}
	return role, nil
}

// checkSessionRights asks for the further actions that tags and a source
// identity need, on the same role and by the same trust policy.
func (s *Sessions) checkSessionRights(ctx context.Context, in *stsapi.AssumeRoleInput) error {
	role := op.CallFrom(ctx).Resources[0]
	keys := map[string][]string{"sts:rolesessionname": {in.RoleSessionName}}
	maps.Copy(keys, role.Keys)
	for _, t := range in.Tags {
		name := "aws:requesttag/" + strings.ToLower(t.Key)
		keys[name] = append(keys[name], t.Value)
		keys["aws:tagkeys"] = append(keys["aws:tagkeys"], t.Key)
	}
	if in.ExternalId != nil {
		keys["sts:externalid"] = []string{*in.ExternalId}
	}
	if in.SourceIdentity != nil {
		keys["sts:sourceidentity"] = []string{*in.SourceIdentity}
	}
	if len(in.Tags) > 0 {
		if err := s.Authorizer.Check(ctx, op.Access{Action: "sts:TagSession", Resource: role, Context: keys}); err != nil {
			return err
		}
	}
	if in.SourceIdentity != nil {
		return s.Authorizer.Check(ctx, op.Access{Action: "sts:SetSourceIdentity", Resource: role, Context: keys})
	}
	return nil
}

func (s *Sessions) newSession(ctx context.Context, role *Role, in *stsapi.AssumeRoleInput) (*op.Session, error) {
	caller := op.CallFrom(ctx).Principal
	life, err := roleDuration(caller, role, in.DurationSeconds)
	if err != nil {
		return nil, err
	}
	arns, err := s.managedPolicies(ctx, role.Account, in)
	if err != nil {
		return nil, err
	}
	texts, err := inlinePolicy(in)
	if err != nil {
		return nil, err
	}
	now := s.Clock.Now()
	session := &op.Session{
		Name: in.RoleSessionName, Issued: now, Expires: now.Add(life),
		Policies: texts, PolicyARNs: arns, HasPolicy: len(texts)+len(arns) > 0,
	}
	if in.SourceIdentity != nil {
		session.SourceIdentity = *in.SourceIdentity
	}
	if caller.Session != nil && caller.Session.SourceIdentity != "" {
		session.SourceIdentity = caller.Session.SourceIdentity // set once, kept along the chain
	}
	return session, nil
}

func roleDuration(caller op.Principal, role *Role, asked *int32) (time.Duration, error) {
	seconds := int32(defaultRoleSession)
	if asked != nil {
		seconds = *asked
	}
	longest := max(role.MaxSession, defaultMaxForRole)
	if caller.Type == op.AssumedRole && seconds > maxChainedSession {
		return 0, invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	if seconds > longest {
		return 0, invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return time.Duration(seconds) * time.Second, nil
}

// managedPolicies are the managed policies that limit the session, all of which
// must exist.
func (s *Sessions) managedPolicies(ctx context.Context, account string, in *stsapi.AssumeRoleInput) (arns []string, err error) {
	if len(in.PolicyArns) > maxSessionPolicies {
		return nil, invalid(fmt.Sprintf("The number of session policies exceeds the limit of %d.", maxSessionPolicies))
	}
	for _, d := range in.PolicyArns {
		if d.Arn == nil {
			continue
		}
		if _, err := s.Roles.PolicyText(ctx, account, *d.Arn); err != nil {
			return nil, err
		}
		arns = append(arns, *d.Arn)
	}
	return arns, nil
}

// inlinePolicy is the text that limits the session, if any.
func inlinePolicy(in *stsapi.AssumeRoleInput) ([]string, error) {
	if in.Policy == nil {
		return nil, nil
	}
	if _, err := policy.Parse([]byte(*in.Policy), policy.Session); err != nil {
		return nil, &stsapi.MalformedPolicyDocumentException{Message: malformed(err)}
	}
	if policy.Size([]byte(*in.Policy)) > policy.LimitSession {
		return nil, &stsapi.PackedPolicyTooLargeException{Message: "Packed policy consumes more than 100% of the allotted space, please use a smaller policy."}
	}
	return []string{*in.Policy}, nil
}

func rolePrincipal(role *Role, session *op.Session) op.Principal {
	return op.Principal{
		Type: op.AssumedRole, Account: role.Account, RoleARN: role.ARN,
		ARN:    arn.AssumedRole(role.Account, role.Name, session.Name),
		UserID: role.ID + ":" + session.Name, Session: session,
	}
}

func (s *Sessions) answer(p op.Principal, in *stsapi.AssumeRoleInput) (*stsapi.AssumeRoleOutput, error) {
	creds, err := s.credentials(&p)
	if err != nil {
		return nil, err
	}
	out := &stsapi.AssumeRoleOutput{
		Credentials:     creds,
		AssumedRoleUser: &stsapi.AssumedRoleUser{AssumedRoleId: p.UserID, Arn: p.ARN},
	}
	if used := packed(p, in); used > 0 {
		out.PackedPolicySize = &used
	}
	if p.Session.SourceIdentity != "" {
		out.SourceIdentity = &p.Session.SourceIdentity
	}
	return out, nil
}

// packed is how much of the room for session policies and tags is used, in
// per cent.
func packed(p op.Principal, in *stsapi.AssumeRoleInput) int32 {
	size := 0
	for _, text := range slices.Concat(p.Session.Policies, p.Session.PolicyARNs) {
		size += policy.Size([]byte(text))
	}
	for _, t := range in.Tags {
		size += len(t.Key) + len(t.Value)
	}
	if size == 0 {
		return 0
	}
	return int32(min(100, max(1, size*100/packedPolicyBudget)))
}

// credentials gives the principal a key and seals its token.
func (s *Sessions) credentials(p *op.Principal) (*stsapi.Credentials, error) {
	id, secret := s.Roles.NewKey()
	p.AccessKeyID = id
	token, err := s.Tokens.Seal(secret, *p)
	if err != nil {
		return nil, err
	}
	return &stsapi.Credentials{
		AccessKeyId: id, SecretAccessKey: secret, SessionToken: token,
		Expiration: op.Millis(p.Session.Expires.UnixMilli()),
	}, nil
}

// withoutMFA is what AWS withholds from the sessions of GetSessionToken: IAM
// without a second factor, and STS but for two operations.
const withoutMFA = `{"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":"*","Resource":"*"},
{"Sid":"NoIAMWithoutMFA","Effect":"Deny","Action":"iam:*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}},
{"Sid":"NoOtherSTS","Effect":"Deny","Action":["sts:AssumeRoleWith*","sts:Decode*","sts:GetFederationToken","sts:GetSessionToken"],"Resource":"*"}]}`

// GetSessionToken gives a user, or root, temporary credentials of its own.
func (s *Sessions) GetSessionToken(ctx context.Context, in *stsapi.GetSessionTokenInput) (*stsapi.GetSessionTokenOutput, error) {
	p := op.CallFrom(ctx).Principal
	if p.Session != nil {
		return nil, denied(sessionNotPermitted)
	}
	proved, err := s.prove(ctx, in.SerialNumber, in.TokenCode)
	if err != nil {
		return nil, err
	}
	seconds := int32(defaultUserSession)
	if in.DurationSeconds != nil {
		seconds = *in.DurationSeconds
	}
	if p.Type == op.Root {
		seconds = min(seconds, maxRootSession)
	}
	now := s.Clock.Now()
	p.Session = &op.Session{
		Issued: now, Expires: now.Add(time.Duration(seconds) * time.Second),
		Policies: []string{withoutMFA}, HasPolicy: true, MFA: proved,
	}
	if proved {
		p.Session.MFAAt = now
	}
	creds, err := s.credentials(&p)
	if err != nil {
		return nil, err
	}
	return &stsapi.GetSessionTokenOutput{Credentials: creds}, nil
}

// ForService makes a session of a role for a service of ours, such as
// "glue.amazonaws.com". It returns nil when the role does not exist or its
// trust policy does not name the service.
func (s *Sessions) ForService(ctx context.Context, roleARN, service, name string) (*op.Principal, error) {
	role, err := s.Roles.RoleByARN(ctx, roleARN)
	if err != nil || role == nil {
		return nil, err
	}
	request := policy.Request{
		Action: "sts:AssumeRole", Resource: role.ARN, ResourceAccount: role.Account,
		Principal: policy.Principal{Type: policy.Service, Service: service, Account: role.Account},
		Context:   policy.Map{"aws:principalisawsservice": {"true"}, "aws:sourceaccount": {role.Account}},
	}
	layers := policy.Layers{ResourceRule: policy.Explicit}
	if role.Trust != nil {
		layers.Resource = []*policy.Policy{role.Trust}
	}
	if !policy.Evaluate(&request, &layers).Allowed() {
		return nil, nil //nolint:nilnil // documented: no session, and nothing went wrong
	}
	now := s.Clock.Now()
	session := &op.Session{Name: name, Issued: now, Expires: now.Add(time.Duration(max(role.MaxSession, defaultMaxForRole)) * time.Second)}
	p := rolePrincipal(role, session)
	p.Tags = role.Tags
	p.AccessKeyID, _ = s.Roles.NewKey()
	return &p, nil
}

func denied(text string) error { return &op.Denied{Message: text} }

func invalid(text string) error {
	return &op.Fault{Code: "ValidationError", Message: text, Status: 400}
}

func malformed(err error) string { return "Syntax errors in policy. " + err.Error() }
