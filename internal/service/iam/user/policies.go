package user

import (
	"context"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

// holder runs fn for the user whose policies an operation changes.
func (u *Users) holder(ctx context.Context, name string, fn func(context.Context, *db.Tx, terms.Holder) error) error {
	return u.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		h, err := terms.HolderOf[iamapi.User](ctx, tx, directory.User, name)
		if err != nil {
			return err
		}
		return fn(ctx, tx, h)
	})
}

// look runs fn for the user whose policies an operation reads.
func (u *Users) look(ctx context.Context, name string, fn func(context.Context, *db.Tx, terms.Holder) error) error {
	return u.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		h, err := terms.HolderOf[iamapi.User](ctx, tx, directory.User, name)
		if err != nil {
			return err
		}
		return fn(ctx, tx, h)
	})
}

// PutUserPolicy stores an inline policy.
func (u *Users) PutUserPolicy(ctx context.Context, in *iamapi.PutUserPolicyInput) (*iamapi.PutUserPolicyOutput, error) {
	return nil, u.holder(ctx, in.UserName, func(ctx context.Context, tx *db.Tx, h terms.Holder) error {
		return terms.PutInline(ctx, tx, h, directory.Inline{Name: in.PolicyName, Document: in.PolicyDocument})
	})
}

// GetUserPolicy reads an inline policy.
func (u *Users) GetUserPolicy(ctx context.Context, in *iamapi.GetUserPolicyInput) (*iamapi.GetUserPolicyOutput, error) {
	out := &iamapi.GetUserPolicyOutput{UserName: in.UserName, PolicyName: in.PolicyName}
	err := u.look(ctx, in.UserName, func(ctx context.Context, tx *db.Tx, h terms.Holder) error {
		found, err := terms.GetInline(ctx, tx, h, in.PolicyName)
		out.PolicyDocument = terms.Escape(found.Document)
		return err
	})
	return out, err
}

// DeleteUserPolicy removes an inline policy.
func (u *Users) DeleteUserPolicy(ctx context.Context, in *iamapi.DeleteUserPolicyInput) (*iamapi.DeleteUserPolicyOutput, error) {
	return nil, u.holder(ctx, in.UserName, func(ctx context.Context, tx *db.Tx, h terms.Holder) error {
		return terms.DeleteInline(ctx, tx, h, in.PolicyName)
	})
}

// ListUserPolicies lists the names of the inline policies.
func (u *Users) ListUserPolicies(ctx context.Context, in *iamapi.ListUserPoliciesInput) (*iamapi.ListUserPoliciesOutput, error) {
	page, err := terms.PageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &iamapi.ListUserPoliciesOutput{}
	err = u.look(ctx, in.UserName, func(ctx context.Context, tx *db.Tx, h terms.Holder) error {
		names, next, err := terms.ListInline(ctx, tx, h, page)
		out.PolicyNames = names
		out.IsTruncated, out.Marker = terms.Next(next)
		return err
	})
	return out, err
}

// AttachUserPolicy attaches a managed policy.
func (u *Users) AttachUserPolicy(ctx context.Context, in *iamapi.AttachUserPolicyInput) (*iamapi.AttachUserPolicyOutput, error) {
	return nil, u.holder(ctx, in.UserName, func(ctx context.Context, tx *db.Tx, h terms.Holder) error {
		return terms.Attach(ctx, tx, h, in.PolicyArn)
	})
}

// DetachUserPolicy detaches a managed policy.
func (u *Users) DetachUserPolicy(ctx context.Context, in *iamapi.DetachUserPolicyInput) (*iamapi.DetachUserPolicyOutput, error) {
	return nil, u.holder(ctx, in.UserName, func(ctx context.Context, tx *db.Tx, h terms.Holder) error {
		return terms.Detach(ctx, tx, h, in.PolicyArn)
	})
}

// ListAttachedUserPolicies lists the attached managed policies.
func (u *Users) ListAttachedUserPolicies(ctx context.Context, in *iamapi.ListAttachedUserPoliciesInput) (*iamapi.ListAttachedUserPoliciesOutput, error) {
	page, err := terms.PageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &iamapi.ListAttachedUserPoliciesOutput{}
	err = u.look(ctx, in.UserName, func(ctx context.Context, tx *db.Tx, h terms.Holder) error {
		list, next, err := terms.ListAttached(ctx, tx, h, page)
		out.AttachedPolicies = list
		out.IsTruncated, out.Marker = terms.Next(next)
		return err
	})
	return out, err
}
