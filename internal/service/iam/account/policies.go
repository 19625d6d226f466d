package account

import (
	"context"
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/managed"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

func (a *Accounts) localPolicies(ctx context.Context, tx *db.Tx, out *detailsOut, after string, limit int) (string, int, error) {
	list, next, err := directory.List[iamapi.Policy](ctx, tx, op.CallFrom(ctx).Account, directory.Policy, "/", after, limit)
	for _, e := range list {
		d := iamapi.ManagedPolicyDetail{
			PolicyName: e.Doc.PolicyName, PolicyId: &e.ID, Arn: e.Doc.Arn, Path: e.Doc.Path, DefaultVersionId: e.Doc.DefaultVersionId,
			IsAttachable: new(true), Description: e.Doc.Description, CreateDate: e.Doc.CreateDate, UpdateDate: e.Doc.UpdateDate,
			PolicyVersionList: []iamapi.PolicyVersion{},
		}
		versions, err := directory.Versions(ctx, tx, e.ID)
		if err != nil {
			return "", 0, err
		}
		for _, v := range versions {
			d.PolicyVersionList = append(d.PolicyVersionList, iamapi.PolicyVersion{
				Document: new(terms.Escape(v.Document)), VersionId: new("v" + strconv.FormatInt(v.Number, 10)), IsDefaultVersion: &v.Default, CreateDate: &v.Created,
			})
		}
		if err := countUses(ctx, tx, &d); err != nil {
			return "", 0, err
		}
		out.Policies = append(out.Policies, d)
	}
	return next, len(list), err
}

func countUses(ctx context.Context, tx *db.Tx, d *iamapi.ManagedPolicyDetail) error {
	account := op.CallFrom(ctx).Account
	holders, err := directory.HoldersOf(ctx, tx, account, *d.Arn)
	if err != nil {
		return err
	}
	bounded, err := directory.BoundedBy(ctx, tx, account, *d.Arn)
	d.AttachmentCount, d.PermissionsBoundaryUsageCount = new(int32(len(holders))), new(int32(len(bounded)))
	return err
}

// awsPolicies are AWS's policies that somebody in the account has or is bounded by.
func (a *Accounts) awsPolicies(ctx context.Context, tx *db.Tx, out *detailsOut, after string, limit int) (string, int, error) {
	arns, err := directory.PoliciesInUse(ctx, tx, op.CallFrom(ctx).Account, managed.Prefix)
	if err != nil {
		return "", 0, err
	}
	arns, next := terms.Cut(arns, terms.Page{After: after, Size: limit}, func(s string) string { return s })
	for _, arn := range arns {
		m, ok := managed.Lookup(arn)
		if !ok {
			continue
		}
		d := ofAWS(m)
		if err := countUses(ctx, tx, &d); err != nil {
			return "", 0, err
		}
		out.Policies = append(out.Policies, d)
	}
	return next, len(arns), nil
}

func ofAWS(m *managed.Policy) iamapi.ManagedPolicyDetail {
	created, updated := op.Millis(clock.Millis(m.Created)), op.Millis(clock.Millis(m.Updated))
	path := strings.TrimSuffix(m.Path(), m.Name())
	return iamapi.ManagedPolicyDetail{
		PolicyName: new(m.Name()), PolicyId: new(m.ID()), Arn: &m.ARN, Path: &path, DefaultVersionId: &m.Version, IsAttachable: new(true),
		CreateDate: &created, UpdateDate: &updated,
		PolicyVersionList: []iamapi.PolicyVersion{{
			Document: new(terms.Escape(string(m.Document))), VersionId: &m.Version, IsDefaultVersion: new(true), CreateDate: &updated,
		}},
	}
}
