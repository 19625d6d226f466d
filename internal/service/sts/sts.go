// Package sts is the Security Token Service: who am I, and temporary
// credentials. Sessions are stateless: the token that the client sends back
// holds everything about the session, sealed and bound to its access key.
//
// Start with [Service]; sessions are made in session.go and read back by
// [Tokens.Open].
package sts

import (
	"context"
	"encoding/json"

	"github.com/bindery-project/bindery/internal/api/stsapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/sts/webidentity"
)

type rest struct{ stsapi.Refused }

// Service answers the STS API.
type Service struct {
	rest
	*Sessions
}

// New returns the service. All fields of Sessions must be set.
func New(s *Sessions) *Service { return &Service{Sessions: s} }

// Bind lists the operations for the gateway.
func (s *Service) Bind() *op.Service {
	return &op.Service{
		Model:      &stsapi.Model,
		Operations: stsapi.Bind(s),
		Resolvers:  map[string]op.Resolver{"role": s.resolveRole, "user": s.resolveCaller},
	}
}

// Roles finds roles for assuming.
type Roles interface {
	// RoleByARN returns the role, or nil when there is none.
	RoleByARN(ctx context.Context, arn string) (*Role, error)
	// PolicyText returns the text of a managed policy that may be used in an account.
	PolicyText(ctx context.Context, account, arn string) (string, error)
	// NewKey makes an access key id with the prefix ASIA, and a secret.
	NewKey() (id, secret string)
}

// Role is what STS must know of a role.
type Role struct {
	ID         string // AROA…
	ARN        string // with its path
	Name       string
	Account    string
	Trust      *policy.Policy
	Tags       map[string]string
	MaxSession int32 // seconds
}

// Proofs checks the codes of MFA devices.
type Proofs interface {
	// Prove checks a code of a device of the principal, and uses it up when
	// spend is set. It answers false for a wrong or spent code and for a device
	// that is not the principal's.
	Prove(ctx context.Context, p op.Principal, serial, code string, spend bool) (bool, error)
}

// Denials finds the audit records of a request.
type Denials interface {
	// Find returns the records of a request id, as CloudTrail shapes them.
	Find(ctx context.Context, requestID string) ([]json.RawMessage, error)
}

// Sessions makes temporary credentials.
type Sessions struct {
	Roles      Roles
	Proofs     Proofs
	Providers  Providers
	Web        *webidentity.Verifier
	Denials    Denials
	Tokens     *Tokens
	Authorizer op.Authorizer
	Clock      clock.Clock
}

// GetCallerIdentity tells who signed the request. Nothing can deny it.
func (s *Sessions) GetCallerIdentity(ctx context.Context, _ *stsapi.GetCallerIdentityInput) (*stsapi.GetCallerIdentityOutput, error) {
	p := op.CallFrom(ctx).Principal
	return &stsapi.GetCallerIdentityOutput{UserId: &p.UserID, Account: &p.Account, Arn: &p.ARN}, nil
}

// resolveRole answers the role that the input names, with its trust policy. A
// role that does not exist trusts nobody, so strangers cannot tell.
func (s *Sessions) resolveRole(ctx context.Context, in any) ([]op.Resource, error) {
	arn := roleARN(in)
	role, err := s.Roles.RoleByARN(ctx, arn)
	if err != nil {
		return nil, err
	}
	if role == nil {
		return []op.Resource{{ARN: arn, Policy: policy.Nobody(policy.Trust).WithID(arn), Trust: true}}, nil
	}
	keys, err := s.proofKeys(ctx, in)
	return []op.Resource{{ARN: role.ARN, Account: role.Account, ID: role.ID, Tags: role.Tags, Policy: role.Trust, Trust: true, Keys: keys}}, err
}

func roleARN(in any) string {
	switch in := in.(type) {
	case *stsapi.AssumeRoleInput:
		return in.RoleArn
	case *stsapi.AssumeRoleWithWebIdentityInput:
		return in.RoleArn
	case *stsapi.AssumeRoleWithSAMLInput:
		return in.RoleArn
	}
	return "*"
}

// resolveCaller is for operations that are about the caller.
func (s *Sessions) resolveCaller(ctx context.Context, _ any) ([]op.Resource, error) {
	return []op.Resource{{ARN: op.CallFrom(ctx).Principal.ARN}}, nil
}
