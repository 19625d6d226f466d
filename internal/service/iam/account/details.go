package account

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

type detailsOut = iamapi.GetAccountAuthorizationDetailsOutput

// section is one part of the details, in the order in which they are paged.
type section struct {
	filter string
	// list answers up to limit items after a position, and the next position.
	list func(ctx context.Context, tx *db.Tx, out *detailsOut, after string, limit int) (next string, n int, err error)
}

func (a *Accounts) sections() []section {
	return []section{
		{"User", a.users},
		{"Group", a.groups},
		{"Role", a.roles},
		{"LocalManagedPolicy", a.localPolicies},
		{"AWSManagedPolicy", a.awsPolicies},
	}
}

// GetAccountAuthorizationDetails lists users, groups, roles and the managed
// policies of the account, and those of AWS that are in use, with all that says
// what they may do. A page may hold items of several kinds; its marker is the
// kind and the last name.
func (a *Accounts) GetAccountAuthorizationDetails(ctx context.Context, in *iamapi.GetAccountAuthorizationDetailsInput) (*iamapi.GetAccountAuthorizationDetailsOutput, error) {
	page, err := terms.PageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	from, after, _ := strings.Cut(page.After, "/")
	out := &detailsOut{}
	return out, a.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		*out = detailsOut{UserDetailList: []iamapi.UserDetail{}, GroupDetailList: []iamapi.GroupDetail{}, RoleDetailList: []iamapi.RoleDetail{}, Policies: []iamapi.ManagedPolicyDetail{}}
		next, err := a.fill(ctx, tx, out, in.Filter, from, after, page.Size)
		out.IsTruncated, out.Marker = terms.Next(next)
		return err
	})
}

// fill lists section by section until the page is full.
func (a *Accounts) fill(ctx context.Context, tx *db.Tx, out *detailsOut, filter []string, from, after string, room int) (next string, err error) {
	started := from == ""
	for _, s := range a.sections() {
		started = started || s.filter == from
		if !started || (len(filter) > 0 && !slices.Contains(filter, s.filter)) {
			continue
		}
		if room == 0 {
			return s.filter + "/", nil
		}
		at := ""
		if s.filter == from {
			at = after
		}
		more, n, err := s.list(ctx, tx, out, at, room)
		if err != nil {
			return "", err
		}
		if more != "" {
			return s.filter + "/" + more, nil
		}
		room -= n
	}
	return "", nil
}

func (a *Accounts) users(ctx context.Context, tx *db.Tx, out *detailsOut, after string, limit int) (string, int, error) {
	list, next, err := directory.List[iamapi.User](ctx, tx, op.CallFrom(ctx).Account, directory.User, "/", after, limit)
	for _, e := range list {
		d := iamapi.UserDetail{
			Path: &e.Doc.Path, UserName: &e.Doc.UserName, UserId: &e.ID, Arn: &e.Doc.Arn, CreateDate: &e.Doc.CreateDate,
			PermissionsBoundary: e.Doc.PermissionsBoundary, Tags: e.Doc.Tags, GroupList: []string{},
		}
		if d.UserPolicyList, d.AttachedManagedPolicies, err = policiesOf(ctx, tx, e.ID); err != nil {
			return "", 0, err
		}
		groups, err := directory.GroupsOf(ctx, tx, e.ID)
		if err != nil {
			return "", 0, err
		}
		for _, id := range groups {
			g, err := directory.GetByID[iamapi.Group](ctx, tx, id)
			if err != nil {
				return "", 0, err
			}
			d.GroupList = append(d.GroupList, g.Doc.GroupName)
		}
		out.UserDetailList = append(out.UserDetailList, d)
	}
	return next, len(list), err
}

func (a *Accounts) groups(ctx context.Context, tx *db.Tx, out *detailsOut, after string, limit int) (string, int, error) {
	list, next, err := directory.List[iamapi.Group](ctx, tx, op.CallFrom(ctx).Account, directory.Group, "/", after, limit)
	for _, e := range list {
		d := iamapi.GroupDetail{Path: &e.Doc.Path, GroupName: &e.Doc.GroupName, GroupId: &e.ID, Arn: &e.Doc.Arn, CreateDate: &e.Doc.CreateDate}
		if d.GroupPolicyList, d.AttachedManagedPolicies, err = policiesOf(ctx, tx, e.ID); err != nil {
			return "", 0, err
		}
		out.GroupDetailList = append(out.GroupDetailList, d)
	}
	return next, len(list), err
}

func (a *Accounts) roles(ctx context.Context, tx *db.Tx, out *detailsOut, after string, limit int) (string, int, error) {
	list, next, err := directory.List[iamapi.Role](ctx, tx, op.CallFrom(ctx).Account, directory.Role, "/", after, limit)
	for _, e := range list {
		shown := terms.ShownRole(e.Doc)
		d := iamapi.RoleDetail{
			Path: &shown.Path, RoleName: &shown.RoleName, RoleId: &e.ID, Arn: &shown.Arn, CreateDate: &shown.CreateDate,
			AssumeRolePolicyDocument: shown.AssumeRolePolicyDocument, PermissionsBoundary: shown.PermissionsBoundary, Tags: shown.Tags,
		}
		if d.RolePolicyList, d.AttachedManagedPolicies, err = policiesOf(ctx, tx, e.ID); err != nil {
			return "", 0, err
		}
		if d.InstanceProfileList, err = profilesOf(ctx, tx, e.ID, *shown); err != nil {
			return "", 0, err
		}
		if d.RoleLastUsed, err = a.LastUsed(ctx, tx, e.ID); err != nil {
			return "", 0, err
		}
		out.RoleDetailList = append(out.RoleDetailList, d)
	}
	return next, len(list), err
}

func profilesOf(ctx context.Context, tx *db.Tx, roleID string, role iamapi.Role) ([]iamapi.InstanceProfile, error) {
	out := []iamapi.InstanceProfile{}
	ids, err := directory.ProfilesOf(ctx, tx, roleID)
	role.Tags, role.PermissionsBoundary = nil, nil
	for _, id := range ids {
		e, err := directory.GetByID[iamapi.InstanceProfile](ctx, tx, id)
		if err != nil {
			return nil, err
		}
		e.Doc.Tags, e.Doc.Roles = nil, []iamapi.Role{role}
		out = append(out, e.Doc)
	}
	return out, err
}

// policiesOf are the inline policies and the attachments of a user, group or role.
func policiesOf(ctx context.Context, tx *db.Tx, id string) ([]iamapi.PolicyDetail, []iamapi.AttachedPolicy, error) {
	inline, err := directory.InlineOf(ctx, tx, id)
	if err != nil {
		return nil, nil, err
	}
	details, attached := []iamapi.PolicyDetail{}, []iamapi.AttachedPolicy{}
	for _, p := range inline {
		details = append(details, iamapi.PolicyDetail{PolicyName: &p.Name, PolicyDocument: new(terms.Escape(p.Document))})
	}
	arns, err := directory.AttachedTo(ctx, tx, id)
	for _, arn := range arns {
		attached = append(attached, iamapi.AttachedPolicy{PolicyName: new(arn[strings.LastIndexByte(arn, '/')+1:]), PolicyArn: &arn})
	}
	return details, attached, err
}
