package sts

import (
	"context"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/api/stsapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/op"
)

// forFederated is what AWS withholds from every session of GetFederationToken:
// IAM, and STS but for GetCallerIdentity (IAM guide, "Comparing AWS STS
// credentials"). It allows nothing: that is for the policies that were passed.
const forFederated = `{"Version":"2012-10-17","Statement":[
{"Sid":"NoIAM","Effect":"Deny","Action":"iam:*","Resource":"*"},
{"Sid":"NoSTS","Effect":"Deny","Action":["sts:AssumeR*","sts:Decode*","sts:GetFederationToken","sts:GetSessionToken","sts:GetAccessKeyInfo","sts:TagSession","sts:SetSourceIdentity"],"Resource":"*"}]}`

// GetFederationToken gives a user, or root, credentials for somebody else: they
// may do what the user may and the passed policies allow. Without any they may
// do only what policies of resources grant to the federated user by name.
func (s *Sessions) GetFederationToken(ctx context.Context, in *stsapi.GetFederationTokenInput) (*stsapi.GetFederationTokenOutput, error) {
	caller := op.CallFrom(ctx).Principal
	if caller.Session != nil {
		return nil, denied("Cannot call GetFederationToken with session credentials")
	}
	asked := &stsapi.AssumeRoleInput{RoleSessionName: in.Name, Policy: in.Policy, PolicyArns: in.PolicyArns, Tags: in.Tags}
	if err := s.checkTags(ctx, caller, in); err != nil {
		return nil, err
	}
	session, err := s.federated(ctx, caller, asked, in.DurationSeconds)
	if err != nil {
		return nil, err
	}
	p := op.Principal{
		Type: op.FederatedUser, Account: caller.Account, ARN: arn.FederatedUser(caller.Account, in.Name),
		UserID: caller.Account + ":" + in.Name, Session: session,
	}
	if p.Tags, err = sessionTags(op.Principal{}, &Role{Tags: caller.Tags}, asked, session); err != nil {
		return nil, err
	}
	out := &stsapi.GetFederationTokenOutput{FederatedUser: &stsapi.FederatedUser{FederatedUserId: p.UserID, Arn: p.ARN}}
	if used := packed(p, asked); used > 0 {
		out.PackedPolicySize = &used
	}
	session.Policies = append(session.Policies, forFederated)
	out.Credentials, err = s.credentials(&p)
	return out, err
}

// checkTags asks for sts:TagSession when tags are passed.
func (s *Sessions) checkTags(ctx context.Context, caller op.Principal, in *stsapi.GetFederationTokenInput) error {
	if len(in.Tags) == 0 {
		return nil
	}
	keys := map[string][]string{}
	for _, t := range in.Tags {
		name := "aws:requesttag/" + strings.ToLower(t.Key)
		keys[name] = append(keys[name], t.Value)
		keys["aws:tagkeys"] = append(keys["aws:tagkeys"], t.Key)
	}
	target := op.Resource{ARN: arn.FederatedUser(caller.Account, in.Name), Account: caller.Account}
	return s.Authorizer.Check(ctx, op.Access{Action: "sts:TagSession", Resource: target, Context: keys})
}

func (s *Sessions) federated(ctx context.Context, caller op.Principal, asked *stsapi.AssumeRoleInput, duration *int32) (*op.Session, error) {
	seconds := int32(defaultUserSession)
	if duration != nil {
		seconds = *duration
	}
	if caller.Type == op.Root {
		seconds = min(seconds, maxRootSession)
	}
	arns, err := s.managedPolicies(ctx, caller.Account, asked)
	if err != nil {
		return nil, err
	}
	texts, err := inlinePolicy(asked)
	if err != nil {
		return nil, err
	}
	now := s.Clock.Now()
	return &op.Session{
		Name: asked.RoleSessionName, Owner: caller.UserID, Issued: now, Expires: now.Add(time.Duration(seconds) * time.Second),
		Policies: texts, PolicyARNs: arns, HasPolicy: true,
	}, nil
}
