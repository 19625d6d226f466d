// Package managedpolicy holds managed policies: the account's own with their
// versions, and AWS's, which cannot be changed.
package managedpolicy

import (
	"context"
	"errors"
	"strings"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/managed"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

// Policies answers the operations about managed policies.
type Policies struct{ *directory.Directory }

type entity = directory.Entity[iamapi.Policy]

// CreatePolicy makes a managed policy with its first version.
func (p *Policies) CreatePolicy(ctx context.Context, in *iamapi.CreatePolicyInput) (*iamapi.CreatePolicyOutput, error) {
	account, path := op.CallFrom(ctx).Account, terms.Path(in.Path)
	if err := errors.Join(terms.CheckPath(path), terms.CheckPolicy(in.PolicyDocument, policy.Identity, policy.LimitManaged)); err != nil {
		return nil, err
	}
	tags, err := terms.AddTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	e := &entity{Account: account, Kind: directory.Policy, Name: in.PolicyName, ID: p.NewID("ANPA"), Path: path}
	err = p.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := op.Millis(clock.Millis(tx.Now()))
		e.Doc = iamapi.Policy{
			PolicyName: &in.PolicyName, PolicyId: &e.ID, Arn: new(arn.IAM(account, "policy", path, in.PolicyName)), Path: &path,
			DefaultVersionId: new("v1"), IsAttachable: new(true), Description: in.Description, CreateDate: &now, UpdateDate: &now, Tags: tags,
		}
		if err := directory.Create(ctx, tx, e); err != nil {
			return err
		}
		return directory.PutVersion(ctx, tx, account, e.ID, directory.Version{Number: 1, Default: true, Created: now, Document: in.PolicyDocument})
	})
	if errors.Is(err, db.ErrExists) {
		return nil, &iamapi.EntityAlreadyExistsException{Message: "A policy called " + in.PolicyName + " already exists. Duplicate names are not allowed."}
	}
	if err != nil {
		return nil, err
	}
	return &iamapi.CreatePolicyOutput{Policy: counted(e.Doc, 0, 0)}, nil
}

func counted(doc iamapi.Policy, attached, bounds int) *iamapi.Policy {
	doc.AttachmentCount, doc.PermissionsBoundaryUsageCount = new(int32(attached)), new(int32(bounds))
	return &doc
}

func noPolicy(policyARN string) error { return terms.NoSuchText("Policy %s was not found.", policyARN) }

// own finds a policy of the caller's account.
func own(ctx context.Context, tx *db.Tx, policyARN string) (*entity, error) {
	e, err := directory.PolicyByARN(ctx, tx, policyARN)
	if errors.Is(err, directory.ErrNoEntity) || (err == nil && e.Account != op.CallFrom(ctx).Account) {
		return nil, noPolicy(policyARN)
	}
	return e, err
}

// ours finds a policy of the caller's account that is to be changed. Those of AWS
// are another account's, whose leave nobody has.
func ours(ctx context.Context, tx *db.Tx, policyARN string) (*entity, error) {
	if _, ok := managed.Lookup(policyARN); ok {
		call := op.CallFrom(ctx)
		return nil, &op.Denied{Message: "User: " + call.Principal.ARN + " is not authorized to perform: iam:" + call.Operation + " on resource: policy " + policyARN}
	}
	return own(ctx, tx, policyARN)
}

// ofAWS is a managed policy of AWS as the API shows it.
func ofAWS(m *managed.Policy) iamapi.Policy {
	created, updated := op.Millis(clock.Millis(m.Created)), op.Millis(clock.Millis(m.Updated))
	return iamapi.Policy{
		PolicyName: new(m.Name()), PolicyId: new(m.ID()), Arn: &m.ARN, Path: new(m.Path()), DefaultVersionId: &m.Version,
		IsAttachable: new(true), CreateDate: &created, UpdateDate: &updated,
	}
}

// GetPolicy reads a managed policy, without its text.
func (p *Policies) GetPolicy(ctx context.Context, in *iamapi.GetPolicyInput) (*iamapi.GetPolicyOutput, error) {
	out := &iamapi.GetPolicyOutput{}
	return out, p.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		holders, err := directory.HoldersOf(ctx, tx, op.CallFrom(ctx).Account, in.PolicyArn)
		if err != nil {
			return err
		}
		bounds, err := directory.BoundedBy(ctx, tx, op.CallFrom(ctx).Account, in.PolicyArn)
		if err != nil {
			return err
		}
		if m, ok := managed.Lookup(in.PolicyArn); ok {
			out.Policy = counted(ofAWS(m), len(holders), len(bounds))
			return nil
		}
		e, err := own(ctx, tx, in.PolicyArn)
		if err == nil {
			out.Policy = counted(e.Doc, len(holders), len(bounds))
		}
		return err
	})
}

// ListPolicies lists the account's policies, AWS's, or both, by ARN.
func (p *Policies) ListPolicies(ctx context.Context, in *iamapi.ListPoliciesInput) (*iamapi.ListPoliciesOutput, error) {
	page, err := terms.PageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &iamapi.ListPoliciesOutput{Policies: []iamapi.Policy{}}
	return out, p.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err := inScope(ctx, tx, in.Scope, terms.Path(in.PathPrefix))
		if err != nil {
			return err
		}
		bounds, err := directory.BoundaryUses(ctx, tx, op.CallFrom(ctx).Account)
		if err != nil {
			return err
		}
		var kept []*iamapi.Policy
		for i := range all {
			holders, err := directory.HoldersOf(ctx, tx, op.CallFrom(ctx).Account, *all[i].Arn)
			if err != nil {
				return err
			}
			if len(holders) > 0 || in.OnlyAttached == nil || !*in.OnlyAttached {
				kept = append(kept, counted(all[i], len(holders), bounds[*all[i].Arn]))
			}
		}
		cut, next := terms.Cut(kept, page, func(p *iamapi.Policy) string { return *p.Arn })
		for _, doc := range cut {
			doc.Tags = nil
			out.Policies = append(out.Policies, *doc)
		}
		out.IsTruncated, out.Marker = terms.Next(next)
		return nil
	})
}

// inScope collects policies in the order of their ARNs: those of the account
// come before AWS's, as digits come before letters.
func inScope(ctx context.Context, tx *db.Tx, scope *string, prefix string) ([]iamapi.Policy, error) {
	var out []iamapi.Policy
	if scope == nil || *scope != "AWS" {
		list, _, err := directory.List[iamapi.Policy](ctx, tx, op.CallFrom(ctx).Account, directory.Policy, prefix, "", maxPolicies)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			out = append(out, e.Doc)
		}
	}
	if scope == nil || *scope != "Local" {
		list, err := managed.List()
		if err != nil {
			return nil, err
		}
		for _, m := range list {
			if strings.HasPrefix(m.Path(), prefix) {
				out = append(out, ofAWS(m))
			}
		}
	}
	sortByARN(out)
	return out, nil
}

// maxPolicies is IAM's quota of customer managed policies in an account.
const maxPolicies = 5000

// DeletePolicy removes a policy that nobody uses and that has one version left.
func (p *Policies) DeletePolicy(ctx context.Context, in *iamapi.DeletePolicyInput) (*iamapi.DeletePolicyOutput, error) {
	return nil, p.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := ours(ctx, tx, in.PolicyArn)
		if err != nil {
			return err
		}
		holders, err := directory.HoldersOf(ctx, tx, e.Account, in.PolicyArn)
		if err != nil {
			return err
		}
		limits, err := directory.IsBoundary(ctx, tx, e.Account, in.PolicyArn)
		if err != nil {
			return err
		}
		if limits || len(holders) > 0 { // who made another policy of its ARN would move the boundary
			return terms.Conflict("Cannot delete a policy attached to entities.")
		}
		versions, err := directory.Versions(ctx, tx, e.ID)
		if err != nil {
			return err
		}
		if len(versions) > 1 {
			return terms.Conflict("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
		}
		for _, v := range versions {
			if err := directory.DeleteVersion(ctx, tx, e.Account, e.ID, v.Number); err != nil {
				return err
			}
		}
		return directory.Delete(ctx, tx, e)
	})
}

// change reads a policy of the account, lets fn change its document, and stores it.
func (p *Policies) change(ctx context.Context, policyARN string, fn func(context.Context, *db.Tx, *entity) error) error {
	return p.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := ours(ctx, tx, policyARN)
		if err != nil {
			return err
		}
		if err := fn(ctx, tx, e); err != nil {
			return err
		}
		e.Name = *e.Doc.PolicyName
		return directory.Update(ctx, tx, e)
	})
}

// TagPolicy adds or replaces tags.
func (p *Policies) TagPolicy(ctx context.Context, in *iamapi.TagPolicyInput) (*iamapi.TagPolicyOutput, error) {
	return nil, p.change(ctx, in.PolicyArn, func(_ context.Context, _ *db.Tx, e *entity) (err error) {
		e.Doc.Tags, err = terms.AddTags(e.Doc.Tags, in.Tags)
		return err
	})
}

// UntagPolicy removes tags.
func (p *Policies) UntagPolicy(ctx context.Context, in *iamapi.UntagPolicyInput) (*iamapi.UntagPolicyOutput, error) {
	return nil, p.change(ctx, in.PolicyArn, func(_ context.Context, _ *db.Tx, e *entity) error {
		e.Doc.Tags = terms.RemoveTags(e.Doc.Tags, in.TagKeys)
		return nil
	})
}

// ListPolicyTags lists a policy's tags.
func (p *Policies) ListPolicyTags(ctx context.Context, in *iamapi.ListPolicyTagsInput) (*iamapi.ListPolicyTagsOutput, error) {
	no := false
	out := &iamapi.ListPolicyTagsOutput{Tags: []iamapi.Tag{}, IsTruncated: &no}
	return out, p.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := own(ctx, tx, in.PolicyArn)
		if err == nil {
			out.Tags = append(out.Tags, e.Doc.Tags...)
		}
		return err
	})
}
