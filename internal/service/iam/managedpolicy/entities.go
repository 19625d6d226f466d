package managedpolicy

import (
	"context"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

// ListEntitiesForPolicy lists who has a policy, as permissions or as boundary.
// A page may hold users, roles and groups; they come in the order of their ids.
func (p *Policies) ListEntitiesForPolicy(ctx context.Context, in *iamapi.ListEntitiesForPolicyInput) (*iamapi.ListEntitiesForPolicyOutput, error) {
	page, err := terms.PageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &iamapi.ListEntitiesForPolicyOutput{}
	return out, p.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		*out = iamapi.ListEntitiesForPolicyOutput{PolicyGroups: []iamapi.PolicyGroup{}, PolicyUsers: []iamapi.PolicyUser{}, PolicyRoles: []iamapi.PolicyRole{}}
		if _, err := terms.Managed(ctx, tx, in.PolicyArn); err != nil {
			return noPolicy(in.PolicyArn)
		}
		ids, err := holders(ctx, tx, in)
		if err != nil {
			return err
		}
		left := page.Size
		for _, id := range ids {
			if id <= page.After {
				continue
			}
			h, err := readHolder(ctx, tx, id)
			if err != nil {
				return err
			}
			if !h.wanted(in) {
				continue
			}
			if left == 0 {
				out.IsTruncated, out.Marker = terms.Next(page.After)
				return nil
			}
			left--
			h.addTo(out)
			page.After = id
		}
		out.IsTruncated, out.Marker = terms.Next("")
		return nil
	})
}

// holders lists the ids of those who use a policy in the way that is asked for.
func holders(ctx context.Context, tx *db.Tx, in *iamapi.ListEntitiesForPolicyInput) (ids []string, err error) {
	account := op.CallFrom(ctx).Account
	usage := func(kind string) bool { return in.PolicyUsageFilter == nil || *in.PolicyUsageFilter == kind }
	if usage(iamapi.PolicyUsageTypePermissionsPolicy) {
		if ids, err = directory.HoldersOf(ctx, tx, account, in.PolicyArn); err != nil {
			return nil, err
		}
	}
	if usage(iamapi.PolicyUsageTypePermissionsBoundary) {
		bounded, err := directory.BoundedBy(ctx, tx, account, in.PolicyArn)
		if err != nil {
			return nil, err
		}
		ids = append(ids, bounded...)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// holder is a user, group or role that has a policy.
type holder struct{ kind, id, name, path string }

func readHolder(ctx context.Context, tx *db.Tx, id string) (holder, error) {
	switch {
	case strings.HasPrefix(id, "AIDA"):
		e, err := directory.GetByID[iamapi.User](ctx, tx, id)
		if err != nil {
			return holder{}, err
		}
		return holder{iamapi.EntityTypeUser, id, e.Doc.UserName, e.Path}, nil
	case strings.HasPrefix(id, "AROA"):
		e, err := directory.GetByID[iamapi.Role](ctx, tx, id)
		if err != nil {
			return holder{}, err
		}
		return holder{iamapi.EntityTypeRole, id, e.Doc.RoleName, e.Path}, nil
	}
	e, err := directory.GetByID[iamapi.Group](ctx, tx, id)
	if err != nil {
		return holder{}, err
	}
	return holder{iamapi.EntityTypeGroup, id, e.Doc.GroupName, e.Path}, nil
}

func (h holder) wanted(in *iamapi.ListEntitiesForPolicyInput) bool {
	return (in.EntityFilter == nil || *in.EntityFilter == h.kind) && strings.HasPrefix(h.path, terms.Path(in.PathPrefix))
}

func (h holder) addTo(out *iamapi.ListEntitiesForPolicyOutput) {
	switch h.kind {
	case iamapi.EntityTypeUser:
		out.PolicyUsers = append(out.PolicyUsers, iamapi.PolicyUser{UserName: &h.name, UserId: &h.id})
	case iamapi.EntityTypeRole:
		out.PolicyRoles = append(out.PolicyRoles, iamapi.PolicyRole{RoleName: &h.name, RoleId: &h.id})
	default:
		out.PolicyGroups = append(out.PolicyGroups, iamapi.PolicyGroup{GroupName: &h.name, GroupId: &h.id})
	}
}
