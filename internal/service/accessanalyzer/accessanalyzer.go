// Package accessanalyzer is the part of IAM Access Analyzer that judges policies: ValidatePolicy.
// Analyzers, archives and generated policies are refused by name. The judgement itself is
// internal/policy/lint, which the command line uses, too.
package accessanalyzer

import (
	"context"
	"encoding/binary"
	"strings"

	"github.com/bindery-project/bindery/internal/api/accessanalyzerapi"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/page"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/policy/lint"
)

type rest struct{ accessanalyzerapi.Refused }

// Service answers the Access Analyzer API.
type Service struct {
	rest
	Sealer page.Sealer
}

// Bind lists the operations for the gateway.
func (s *Service) Bind() *op.Service {
	return &op.Service{Model: &accessanalyzerapi.Model, Operations: accessanalyzerapi.Bind(s)}
}

// kinds are the kinds of policies that the API names.
var kinds = map[string]policy.Kind{
	"IDENTITY_POLICY": policy.Identity, "RESOURCE_POLICY": policy.Resource,
	"SERVICE_CONTROL_POLICY": policy.SCP, "RESOURCE_CONTROL_POLICY": policy.RCP,
}

// trustPolicy is the resource type that makes a resource policy a role's trust policy.
const trustPolicy = "AWS::IAM::AssumeRolePolicyDocument"

// defaultPage and maxPage bound a page of findings (API reference: at most 100).
const (
	defaultPage = 100
	maxPage     = 100
)

// ValidatePolicy answers what is wrong with a policy. Findings come worst first; the text need
// not be a policy, nor JSON.
func (s *Service) ValidatePolicy(ctx context.Context, in *accessanalyzerapi.ValidatePolicyInput) (*accessanalyzerapi.ValidatePolicyOutput, error) {
	size := defaultPage
	if in.MaxResults != nil {
		size = int(*in.MaxResults)
	}
	if size < 1 || size > maxPage {
		return nil, invalid("maxResults", "The value must be from 1 to 100.")
	}
	if in.PolicyDocument == "" {
		return nil, invalid("policyDocument", "The policy document is empty.")
	}
	from, err := s.position(ctx, in)
	if err != nil {
		return nil, err
	}
	kind := kinds[in.PolicyType]
	if t := in.ValidatePolicyResourceType; t != nil && *t == trustPolicy && kind == policy.Resource {
		kind = policy.Trust
	}
	found := lint.Check([]byte(in.PolicyDocument), kind)
	out := &accessanalyzerapi.ValidatePolicyOutput{Findings: []accessanalyzerapi.ValidatePolicyFinding{}}
	end := min(from+size, len(found))
	for i := min(from, end); i < end; i++ {
		out.Findings = append(out.Findings, finding(&found[i]))
	}
	if end < len(found) {
		token, err := page.Encode(s.Sealer, scope(op.CallFrom(ctx), in), binary.AppendUvarint(nil, uint64(end)), op.CallFrom(ctx).Now)
		if err != nil {
			return nil, err
		}
		out.NextToken = &token
	}
	return out, nil
}

func (s *Service) position(ctx context.Context, in *accessanalyzerapi.ValidatePolicyInput) (int, error) {
	if in.NextToken == nil {
		return 0, nil
	}
	call := op.CallFrom(ctx)
	at, err := page.Decode(s.Sealer, scope(call, in), *in.NextToken, call.Now)
	if err != nil {
		return 0, invalid("nextToken", "The token is not valid.")
	}
	n, _ := binary.Uvarint(at)
	return int(n), nil
}

func scope(call *op.Call, in *accessanalyzerapi.ValidatePolicyInput) page.Scope {
	asked := *in
	asked.NextToken, asked.MaxResults, asked.Locale = nil, nil, nil
	return page.Scope{Operation: "access-analyzer:ValidatePolicy", Account: call.Account, Principal: call.Principal.ARN, Parameters: asked}
}

func invalid(field, message string) error {
	return &accessanalyzerapi.ValidationException{
		Message: message, Reason: "fieldValidationFailed",
		FieldList: []accessanalyzerapi.ValidationExceptionField{{Name: field, Message: message}},
	}
}

// guide describes AWS's codes; those of our own are in docs/policies.md.
const guide = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html"

func finding(f *lint.Finding) accessanalyzerapi.ValidatePolicyFinding {
	at := accessanalyzerapi.Location{
		Path: []accessanalyzerapi.PathElement{},
		Span: &accessanalyzerapi.Span{Start: place(f.Start), End: place(f.End)},
	}
	for _, s := range f.Path {
		at.Path = append(at.Path, step(s))
	}
	return accessanalyzerapi.ValidatePolicyFinding{
		FindingDetails: f.Message, FindingType: string(f.Level), IssueCode: f.Code,
		LearnMoreLink: guide + "#" + strings.ToLower(strings.ReplaceAll(f.Code, "_", "-")),
		Locations:     []accessanalyzerapi.Location{at},
	}
}

func step(s lint.Step) accessanalyzerapi.PathElement {
	switch {
	case s.Index != nil:
		return accessanalyzerapi.PathElement{Index: new(int32(*s.Index))}
	case s.Key != "":
		return accessanalyzerapi.PathElement{Key: &s.Key}
	}
	return accessanalyzerapi.PathElement{Value: &s.Value}
}

func place(p lint.Place) *accessanalyzerapi.Position {
	return &accessanalyzerapi.Position{Line: int32(p.Line), Column: int32(p.Column), Offset: int32(p.Offset)}
}
