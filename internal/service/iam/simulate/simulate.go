// Package simulate answers what policies would decide, without anybody asking
// for real: SimulateCustomPolicy, SimulatePrincipalPolicy and the condition
// keys that policies depend on.
package simulate

import (
	"context"
	"fmt"
	"strings"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

// Simulator answers the simulations.
type Simulator struct{ *directory.Directory }

// SimulateCustomPolicy decides actions under the policies of the request.
func (s *Simulator) SimulateCustomPolicy(ctx context.Context, in *iamapi.SimulateCustomPolicyInput) (*iamapi.SimulatePolicyResponse, error) {
	layers := &policy.Layers{}
	if err := addInputs(layers, in.PolicyInputList, in.PermissionsBoundaryPolicyInputList); err != nil {
		return nil, err
	}
	for i, level := range in.OrderedOrganizationPolicyInputList {
		policies, err := parseAll(level.ServiceControlPolicyInputList, policy.SCP, fmt.Sprintf("OrganizationPolicyInputList.%d", i+1))
		if err != nil {
			return nil, err
		}
		layers.SCP = append(layers.SCP, policies)
	}
	q := question{in.ActionNames, in.ResourceArns, in.ResourcePolicy, in.ResourceOwner, in.CallerArn, in.ContextEntries}
	return q.answer(ctx, layers, policy.Principal{Type: policy.User, Account: op.CallFrom(ctx).Account}, in.MaxItems, in.Marker)
}

// SimulatePrincipalPolicy decides actions under the policies of a user, group
// or role, and more of the request.
func (s *Simulator) SimulatePrincipalPolicy(ctx context.Context, in *iamapi.SimulatePrincipalPolicyInput) (*iamapi.SimulatePolicyResponse, error) {
	layers, principal, err := s.layersOf(ctx, in.PolicySourceArn, in.PolicyExclusionList)
	if err != nil {
		return nil, err
	}
	if err := addInputs(layers, in.PolicyInputList, in.PermissionsBoundaryPolicyInputList); err != nil {
		return nil, err
	}
	q := question{in.ActionNames, in.ResourceArns, in.ResourcePolicy, in.ResourceOwner, in.CallerArn, in.ContextEntries}
	return q.answer(ctx, layers, principal, in.MaxItems, in.Marker)
}

// layersOf are the stored policies of a user, group or role of the caller's
// account, and who it would be.
func (s *Simulator) layersOf(ctx context.Context, sourceARN string, excluded []iamapi.PolicyIdentifier) (*policy.Layers, policy.Principal, error) {
	account := op.CallFrom(ctx).Account
	parts := strings.SplitN(sourceARN, ":", 6)
	if len(parts) != 6 || parts[4] != account {
		return nil, policy.Principal{}, &iamapi.InvalidInputException{Message: "Invalid Entity Arn: " + sourceARN + " does not clearly define entity type and name."}
	}
	kind, _, _ := strings.Cut(parts[5], "/")
	name := parts[5][strings.LastIndexByte(parts[5], '/')+1:]
	layers, principal := &policy.Layers{}, policy.Principal{ARN: sourceARN, Account: account}
	err := s.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		var id string
		switch kind {
		case string(directory.User):
			id, err = idOf(ctx, tx, directory.User, name, func(u *iamapi.User) bool { return u.Arn == sourceARN })
			principal.Type, principal.UserID = policy.User, id
		case string(directory.Role):
			id, err = idOf(ctx, tx, directory.Role, name, func(r *iamapi.Role) bool { return r.Arn == sourceARN })
			principal.Type, principal.UserID, principal.RoleARN = policy.AssumedRole, id, sourceARN
		case string(directory.Group):
			id, err = idOf(ctx, tx, directory.Group, name, func(g *iamapi.Group) bool { return g.Arn == sourceARN })
			principal.Type = policy.User
		default:
			err = &iamapi.InvalidInputException{Message: "Invalid Entity Arn: " + sourceARN + " does not clearly define entity type and name."}
		}
		if err != nil {
			return err
		}
		skip, err := exclusion(ctx, tx, excluded)
		if err != nil {
			return err
		}
		return s.LoadByID(ctx, tx, id, layers, skip)
	})
	return layers, principal, err
}

// idOf finds an entity whose ARN is the very one that was decided about: with
// another path or letter case it is none.
func idOf[T any](ctx context.Context, tx *db.Tx, kind directory.Kind, name string, meant func(*T) bool) (string, error) {
	e, err := terms.Find[T](ctx, tx, kind, name)
	if err != nil {
		return "", err
	}
	if !meant(&e.Doc) {
		return "", terms.NoSuch(kind, name)
	}
	return e.ID, nil
}

func addInputs(l *policy.Layers, identity, boundary []string) error {
	more, err := parseAll(identity, policy.Identity, "PolicyInputList")
	if err != nil {
		return err
	}
	l.Identity = append(l.Identity, more...)
	if len(boundary) > 1 {
		return &iamapi.InvalidInputException{Message: "Only one permissions boundary policy can be given."}
	}
	limits, err := parseAll(boundary, policy.Boundary, "PermissionsBoundaryPolicyInputList")
	if len(limits) == 1 {
		l.Boundary = limits[0]
	}
	return err
}

func parseAll(texts []string, kind policy.Kind, name string) ([]*policy.Policy, error) {
	out := make([]*policy.Policy, 0, len(texts))
	for i, text := range texts {
		p, err := policy.Parse([]byte(text), kind)
		if err != nil {
			return nil, &iamapi.InvalidInputException{Message: fmt.Sprintf("Invalid %s.%d: %s", name, i+1, err)}
		}
		out = append(out, p.WithID(fmt.Sprintf("%s.%d", name, i+1)))
	}
	return out, nil
}

// GetContextKeysForCustomPolicy lists the condition keys that policies name.
func (s *Simulator) GetContextKeysForCustomPolicy(_ context.Context, in *iamapi.GetContextKeysForCustomPolicyInput) (*iamapi.GetContextKeysForPolicyResponse, error) {
	policies, err := parseAll(in.PolicyInputList, policy.Identity, "PolicyInputList")
	if err != nil {
		return nil, err
	}
	return &iamapi.GetContextKeysForPolicyResponse{ContextKeyNames: policy.ContextKeys(policies...)}, nil
}

// GetContextKeysForPrincipalPolicy lists the condition keys that the policies
// of a user, group or role name.
func (s *Simulator) GetContextKeysForPrincipalPolicy(ctx context.Context, in *iamapi.GetContextKeysForPrincipalPolicyInput) (*iamapi.GetContextKeysForPolicyResponse, error) {
	layers, _, err := s.layersOf(ctx, in.PolicySourceArn, nil)
	if err != nil {
		return nil, err
	}
	if err := addInputs(layers, in.PolicyInputList, nil); err != nil {
		return nil, err
	}
	return &iamapi.GetContextKeysForPolicyResponse{ContextKeyNames: policy.ContextKeys(layers.Identity...)}, nil
}
