package role

import (
	"context"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

// holder runs fn for the role whose policies an operation changes.
func (r *Roles) holder(ctx context.Context, name string, fn func(context.Context, *db.Tx, terms.Holder) error) error {
	return r.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := terms.Find[iamapi.Role](ctx, tx, directory.Role, name)
		if err != nil {
			return err
		}
		if err := terms.Modifiable(&e.Doc); err != nil {
			return err
		}
		return fn(ctx, tx, terms.Holder{Kind: directory.Role, Name: name, ID: e.ID})
	})
}

// look runs fn for the role whose policies an operation reads.
func (r *Roles) look(ctx context.Context, name string, fn func(context.Context, *db.Tx, terms.Holder) error) error {
	return r.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		h, err := terms.HolderOf[iamapi.Role](ctx, tx, directory.Role, name)
		if err != nil {
			return err
		}
		return fn(ctx, tx, h)
	})
}

// PutRolePolicy stores an inline policy.
func (r *Roles) PutRolePolicy(ctx context.Context, in *iamapi.PutRolePolicyInput) (*iamapi.PutRolePolicyOutput, error) {
	return nil, r.holder(ctx, in.RoleName, func(ctx context.Context, tx *db.Tx, h terms.Holder) error {
		return terms.PutInline(ctx, tx, h, directory.Inline{Name: in.PolicyName, Document: in.PolicyDocument})
	})
}

// GetRolePolicy reads an inline policy.
func (r *Roles) GetRolePolicy(ctx context.Context, in *iamapi.GetRolePolicyInput) (*iamapi.GetRolePolicyOutput, error) {
	out := &iamapi.GetRolePolicyOutput{RoleName: in.RoleName, PolicyName: in.PolicyName}
	err := r.look(ctx, in.RoleName, func(ctx context.Context, tx *db.Tx, h terms.Holder) error {
		found, err := terms.GetInline(ctx, tx, h, in.PolicyName)
		out.PolicyDocument = terms.Escape(found.Document)
		return err
	})
	return out, err
}

// DeleteRolePolicy removes an inline policy.
func (r *Roles) DeleteRolePolicy(ctx context.Context, in *iamapi.DeleteRolePolicyInput) (*iamapi.DeleteRolePolicyOutput, error) {
	return nil, r.holder(ctx, in.RoleName, func(ctx context.Context, tx *db.Tx, h terms.Holder) error {
		return terms.DeleteInline(ctx, tx, h, in.PolicyName)
	})
}

// ListRolePolicies lists the names of the inline policies.
func (r *Roles) ListRolePolicies(ctx context.Context, in *iamapi.ListRolePoliciesInput) (*iamapi.ListRolePoliciesOutput, error) {
	page, err := terms.PageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &iamapi.ListRolePoliciesOutput{}
	err = r.look(ctx, in.RoleName, func(ctx context.Context, tx *db.Tx, h terms.Holder) error {
		names, next, err := terms.ListInline(ctx, tx, h, page)
		out.PolicyNames = names
		out.IsTruncated, out.Marker = terms.Next(next)
		return err
	})
	return out, err
}

// AttachRolePolicy attaches a managed policy.
func (r *Roles) AttachRolePolicy(ctx context.Context, in *iamapi.AttachRolePolicyInput) (*iamapi.AttachRolePolicyOutput, error) {
	return nil, r.holder(ctx, in.RoleName, func(ctx context.Context, tx *db.Tx, h terms.Holder) error {
		return terms.Attach(ctx, tx, h, in.PolicyArn)
	})
}

// DetachRolePolicy detaches a managed policy.
func (r *Roles) DetachRolePolicy(ctx context.Context, in *iamapi.DetachRolePolicyInput) (*iamapi.DetachRolePolicyOutput, error) {
	return nil, r.holder(ctx, in.RoleName, func(ctx context.Context, tx *db.Tx, h terms.Holder) error {
		return terms.Detach(ctx, tx, h, in.PolicyArn)
	})
}

// ListAttachedRolePolicies lists the attached managed policies.
func (r *Roles) ListAttachedRolePolicies(ctx context.Context, in *iamapi.ListAttachedRolePoliciesInput) (*iamapi.ListAttachedRolePoliciesOutput, error) {
	page, err := terms.PageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &iamapi.ListAttachedRolePoliciesOutput{}
	err = r.look(ctx, in.RoleName, func(ctx context.Context, tx *db.Tx, h terms.Holder) error {
		list, next, err := terms.ListAttached(ctx, tx, h, page)
		out.AttachedPolicies = list
		out.IsTruncated, out.Marker = terms.Next(next)
		return err
	})
	return out, err
}
