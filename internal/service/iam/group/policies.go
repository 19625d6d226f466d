package group

import (
	"context"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

// holder runs fn for the group whose policies an operation changes.
func (g *Groups) holder(ctx context.Context, name string, fn func(context.Context, *db.Tx, terms.Holder) error) error {
	return g.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		h, err := terms.HolderOf[iamapi.Group](ctx, tx, directory.Group, name)
		if err != nil {
			return err
		}
		return fn(ctx, tx, h)
	})
}

// look runs fn for the group whose policies an operation reads.
func (g *Groups) look(ctx context.Context, name string, fn func(context.Context, *db.Tx, terms.Holder) error) error {
	return g.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		h, err := terms.HolderOf[iamapi.Group](ctx, tx, directory.Group, name)
		if err != nil {
			return err
		}
		return fn(ctx, tx, h)
	})
}

// PutGroupPolicy stores an inline policy.
func (g *Groups) PutGroupPolicy(ctx context.Context, in *iamapi.PutGroupPolicyInput) (*iamapi.PutGroupPolicyOutput, error) {
	return nil, g.holder(ctx, in.GroupName, func(ctx context.Context, tx *db.Tx, h terms.Holder) error {
		return terms.PutInline(ctx, tx, h, directory.Inline{Name: in.PolicyName, Document: in.PolicyDocument})
	})
}

// GetGroupPolicy reads an inline policy.
func (g *Groups) GetGroupPolicy(ctx context.Context, in *iamapi.GetGroupPolicyInput) (*iamapi.GetGroupPolicyOutput, error) {
	out := &iamapi.GetGroupPolicyOutput{GroupName: in.GroupName, PolicyName: in.PolicyName}
	err := g.look(ctx, in.GroupName, func(ctx context.Context, tx *db.Tx, h terms.Holder) error {
		found, err := terms.GetInline(ctx, tx, h, in.PolicyName)
		out.PolicyDocument = terms.Escape(found.Document)
		return err
	})
	return out, err
}

// DeleteGroupPolicy removes an inline policy.
func (g *Groups) DeleteGroupPolicy(ctx context.Context, in *iamapi.DeleteGroupPolicyInput) (*iamapi.DeleteGroupPolicyOutput, error) {
	return nil, g.holder(ctx, in.GroupName, func(ctx context.Context, tx *db.Tx, h terms.Holder) error {
		return terms.DeleteInline(ctx, tx, h, in.PolicyName)
	})
}

// ListGroupPolicies lists the names of the inline policies.
func (g *Groups) ListGroupPolicies(ctx context.Context, in *iamapi.ListGroupPoliciesInput) (*iamapi.ListGroupPoliciesOutput, error) {
	page, err := terms.PageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &iamapi.ListGroupPoliciesOutput{}
	err = g.look(ctx, in.GroupName, func(ctx context.Context, tx *db.Tx, h terms.Holder) error {
		names, next, err := terms.ListInline(ctx, tx, h, page)
		out.PolicyNames = names
		out.IsTruncated, out.Marker = terms.Next(next)
		return err
	})
	return out, err
}

// AttachGroupPolicy attaches a managed policy.
func (g *Groups) AttachGroupPolicy(ctx context.Context, in *iamapi.AttachGroupPolicyInput) (*iamapi.AttachGroupPolicyOutput, error) {
	return nil, g.holder(ctx, in.GroupName, func(ctx context.Context, tx *db.Tx, h terms.Holder) error {
		return terms.Attach(ctx, tx, h, in.PolicyArn)
	})
}

// DetachGroupPolicy detaches a managed policy.
func (g *Groups) DetachGroupPolicy(ctx context.Context, in *iamapi.DetachGroupPolicyInput) (*iamapi.DetachGroupPolicyOutput, error) {
	return nil, g.holder(ctx, in.GroupName, func(ctx context.Context, tx *db.Tx, h terms.Holder) error {
		return terms.Detach(ctx, tx, h, in.PolicyArn)
	})
}

// ListAttachedGroupPolicies lists the attached managed policies.
func (g *Groups) ListAttachedGroupPolicies(ctx context.Context, in *iamapi.ListAttachedGroupPoliciesInput) (*iamapi.ListAttachedGroupPoliciesOutput, error) {
	page, err := terms.PageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &iamapi.ListAttachedGroupPoliciesOutput{}
	err = g.look(ctx, in.GroupName, func(ctx context.Context, tx *db.Tx, h terms.Holder) error {
		list, next, err := terms.ListAttached(ctx, tx, h, page)
		out.AttachedPolicies = list
		out.IsTruncated, out.Marker = terms.Next(next)
		return err
	})
	return out, err
}
