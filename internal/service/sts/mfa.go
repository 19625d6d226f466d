package sts

import (
	"context"

	"github.com/bindery-project/bindery/internal/api/stsapi"
	"github.com/bindery-project/bindery/internal/op"
)

const mfaFailed = "MultiFactorAuthentication failed with invalid MFA one time pass code."

// proofKeys are the condition keys that a code gives to the very call that
// carries it: the trust policy of a role may ask for them. The role's session
// does not keep them (IAM guide, "Secure API access with MFA": what AssumeRole
// answers has no MFA information). The code is used up only when the call was
// allowed, by [Sessions.prove].
func (s *Sessions) proofKeys(ctx context.Context, in any) (map[string][]string, error) {
	r, ok := in.(*stsapi.AssumeRoleInput)
	if !ok || (r.SerialNumber == nil && r.TokenCode == nil) {
		return nil, nil //nolint:nilnil // no keys
	}
	proved, err := s.proved(ctx, r.SerialNumber, r.TokenCode, false)
	if err != nil || !proved {
		return nil, err
	}
	return map[string][]string{"aws:multifactorauthpresent": {"true"}, "aws:multifactorauthage": {"0"}}, nil
}

// prove uses up the code of a call. It reports false for a call without one.
func (s *Sessions) prove(ctx context.Context, serial, code *string) (bool, error) {
	if serial == nil && code == nil {
		return false, nil
	}
	proved, err := s.proved(ctx, serial, code, true)
	if err == nil && !proved {
		err = denied(mfaFailed)
	}
	return proved, err
}

// proved asks whether both were given by a user and are right.
func (s *Sessions) proved(ctx context.Context, serial, code *string, spend bool) (bool, error) {
	p := op.CallFrom(ctx).Principal
	if serial == nil || code == nil || s.Proofs == nil || p.Type != op.User {
		return false, nil
	}
	return s.Proofs.Prove(ctx, p, *serial, *code, spend)
}
