// Package respolicy answers the operations on the resource policies of secrets, which say who of
// other accounts may use one.
package respolicy

import (
	"context"

	api "github.com/bindery-project/bindery/internal/api/secretsmanagerapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/directory"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/terms"
)

// Policies answers the operations.
type Policies struct {
	Directory  *directory.Directory
	Principals Principals
}

// Principals tells which principals exist.
type Principals interface {
	HasPrincipal(ctx context.Context, name string) (bool, error)
}

// PutResourcePolicy replaces the policy of a secret.
func (p *Policies) PutResourcePolicy(ctx context.Context, in *api.PutResourcePolicyInput) (*api.PutResourcePolicyOutput, error) {
	if in.PolicyName != nil {
		return nil, terms.Unsupported("named resource policies")
	}
	parsed, err := p.check(ctx, in.ResourcePolicy)
	if err != nil {
		return nil, err
	}
	if in.BlockPublicPolicy != nil && *in.BlockPublicPolicy && parsed.NamesEveryone() {
		return nil, &api.PublicPolicyException{Message: "You can't use this resource policy because it allows broad access to the secret."}
	}
	out := &api.PutResourcePolicyOutput{}
	err = p.Directory.Change(ctx, func(_ context.Context, _ *db.Tx, s *directory.Secret) error {
		s.Policy = in.ResourcePolicy
		out.ARN, out.Name = s.Meta.ARN, s.Meta.Name
		return s.CheckKept()
	})
	return out, err
}

// GetResourcePolicy reads the policy of a secret; without one the answer has none.
func (p *Policies) GetResourcePolicy(ctx context.Context, in *api.GetResourcePolicyInput) (*api.GetResourcePolicyOutput, error) {
	if in.PolicyName != nil {
		return nil, terms.Unsupported("named resource policies")
	}
	s, err := p.Directory.Target(ctx)
	if err != nil {
		return nil, err
	}
	out := &api.GetResourcePolicyOutput{ARN: s.Meta.ARN, Name: s.Meta.Name}
	if s.Policy != "" {
		out.ResourcePolicy = &s.Policy
	}
	return out, s.CheckKept()
}

// DeleteResourcePolicy removes the policy of a secret.
func (p *Policies) DeleteResourcePolicy(ctx context.Context, in *api.DeleteResourcePolicyInput) (*api.DeleteResourcePolicyOutput, error) {
	if in.PolicyName != nil {
		return nil, terms.Unsupported("named resource policies")
	}
	out := &api.DeleteResourcePolicyOutput{}
	err := p.Directory.Change(ctx, func(_ context.Context, _ *db.Tx, s *directory.Secret) error {
		s.Policy = ""
		out.ARN, out.Name = s.Meta.ARN, s.Meta.Name
		return s.CheckKept()
	})
	return out, err
}

// check is everything that a resource policy must be. Its size is the model's.
func (p *Policies) check(ctx context.Context, text string) (*policy.Policy, error) {
	parsed, err := policy.Parse([]byte(text), policy.Resource)
	if bad, ok := policy.AsSyntaxError(err); ok {
		return nil, malformed("This resource policy contains a syntax error: " + bad.Error())
	}
	if err != nil {
		return nil, err
	}
	for _, name := range parsed.Principals() {
		known, err := p.Principals.HasPrincipal(ctx, name)
		if err != nil {
			return nil, err
		}
		if !known {
			return nil, malformed("This resource policy contains an unsupported principal.")
		}
	}
	return parsed, nil
}

func malformed(message string) error {
	return &api.MalformedPolicyDocumentException{Message: message}
}
