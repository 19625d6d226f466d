package simulate

import (
	"context"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

// left is a policy that a simulation does without, in the terms of directory.Skip.
type left struct{ owner, policy string }

// exclusion reads a PolicyExclusionList.
func exclusion(ctx context.Context, tx *db.Tx, list []iamapi.PolicyIdentifier) (directory.Skip, error) {
	if len(list) == 0 {
		return nil, nil //nolint:nilnil // documented by directory.Skip: nothing is left out
	}
	out := map[left]bool{}
	for i := range list {
		l, err := readLeft(ctx, tx, &list[i])
		if err != nil {
			return nil, err
		}
		out[l] = true
	}
	return func(owner, policy string) bool { return out[left{owner, policy}] }, nil
}

func readLeft(ctx context.Context, tx *db.Tx, p *iamapi.PolicyIdentifier) (left, error) {
	kind := ""
	if p.PolicyType != nil {
		kind = *p.PolicyType
	}
	switch {
	case kind == iamapi.PolicyIdentifierPolicyTypeScp || kind == iamapi.PolicyIdentifierPolicyTypeRcp:
		return left{}, op.Unsupported("iam", "SimulatePrincipalPolicy without a policy of the type "+kind)
	case p.InlinePolicyIdentifier != nil && p.PolicyArn == nil:
		id, err := attachedTo(ctx, tx, p.InlinePolicyIdentifier)
		return left{id, p.InlinePolicyIdentifier.PolicyName}, err
	case p.PolicyArn == nil || p.InlinePolicyIdentifier != nil:
		return left{}, &iamapi.InvalidInputException{Message: "Invalid PolicyExclusionList: a policy is named by its ARN or as an inline policy."}
	case kind == iamapi.PolicyIdentifierPolicyTypePermissionBoundary:
		return left{"boundary", *p.PolicyArn}, nil
	}
	return left{"", *p.PolicyArn}, nil
}

// attachedTo is the id of the user, group or role that an inline policy is part of.
func attachedTo(ctx context.Context, tx *db.Tx, p *iamapi.InlinePolicyIdentifierType) (id string, err error) {
	var h terms.Holder
	switch p.AttachmentType {
	case iamapi.AttachmentTypeUser:
		h, err = terms.HolderOf[iamapi.User](ctx, tx, directory.User, p.AttachmentName)
	case iamapi.AttachmentTypeGroup:
		h, err = terms.HolderOf[iamapi.Group](ctx, tx, directory.Group, p.AttachmentName)
	default:
		h, err = terms.HolderOf[iamapi.Role](ctx, tx, directory.Role, p.AttachmentName)
	}
	return h.ID, err
}
