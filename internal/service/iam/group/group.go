// Package group holds IAM groups: their life, members and policies.
package group

import (
	"context"
	"errors"
	"sort"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

// Groups answers the operations about groups.
type Groups struct{ *directory.Directory }

// CreateGroup makes a group.
func (g *Groups) CreateGroup(ctx context.Context, in *iamapi.CreateGroupInput) (*iamapi.CreateGroupOutput, error) {
	account, path := op.CallFrom(ctx).Account, terms.Path(in.Path)
	if err := terms.CheckPath(path); err != nil {
		return nil, err
	}
	e := &directory.Entity[iamapi.Group]{Account: account, Kind: directory.Group, Name: in.GroupName, ID: g.NewID("AGPA"), Path: path}
	e.Doc = iamapi.Group{Path: path, GroupName: in.GroupName, GroupId: e.ID, Arn: arn.IAM(account, "group", path, in.GroupName)}
	err := g.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e.Doc.CreateDate = op.Millis(clock.Millis(tx.Now()))
		return directory.Create(ctx, tx, e)
	})
	if errors.Is(err, db.ErrExists) {
		return nil, terms.Exists(directory.Group, in.GroupName)
	}
	return &iamapi.CreateGroupOutput{Group: &e.Doc}, err
}

// GetGroup reads a group and its users.
func (g *Groups) GetGroup(ctx context.Context, in *iamapi.GetGroupInput) (*iamapi.GetGroupOutput, error) {
	page, err := terms.PageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &iamapi.GetGroupOutput{Users: []iamapi.User{}}
	return out, g.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := terms.Find[iamapi.Group](ctx, tx, directory.Group, in.GroupName)
		if err != nil {
			return err
		}
		users, err := entities[iamapi.User](ctx, tx, e.ID, directory.MembersOf)
		if err != nil {
			return err
		}
		out.Group = &e.Doc
		cut, next := terms.Cut(users, page, func(u *directory.Entity[iamapi.User]) string { return u.Name })
		for _, u := range cut {
			u.Doc.Tags = nil
			out.Users = append(out.Users, u.Doc)
		}
		out.IsTruncated, out.Marker = terms.Next(next)
		return nil
	})
}

// entities reads what the ids of a relation stand for, sorted by name.
func entities[T any](ctx context.Context, tx *db.Tx, of string, relation func(context.Context, *db.Tx, string) ([]string, error)) ([]*directory.Entity[T], error) {
	ids, err := relation(ctx, tx, of)
	if err != nil {
		return nil, err
	}
	out := make([]*directory.Entity[T], 0, len(ids))
	for _, id := range ids {
		e, err := directory.GetByID[T](ctx, tx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out, nil
}

// ListGroups lists the groups of the account by name.
func (g *Groups) ListGroups(ctx context.Context, in *iamapi.ListGroupsInput) (*iamapi.ListGroupsOutput, error) {
	page, err := terms.PageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &iamapi.ListGroupsOutput{Groups: []iamapi.Group{}}
	return out, g.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, next, err := directory.List[iamapi.Group](ctx, tx, op.CallFrom(ctx).Account, directory.Group, terms.Path(in.PathPrefix), page.After, page.Size)
		for _, e := range list {
			out.Groups = append(out.Groups, e.Doc)
		}
		out.IsTruncated, out.Marker = terms.Next(next)
		return err
	})
}

// ListGroupsForUser lists the groups that a user belongs to.
func (g *Groups) ListGroupsForUser(ctx context.Context, in *iamapi.ListGroupsForUserInput) (*iamapi.ListGroupsForUserOutput, error) {
	page, err := terms.PageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &iamapi.ListGroupsForUserOutput{Groups: []iamapi.Group{}}
	return out, g.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		u, err := terms.Find[iamapi.User](ctx, tx, directory.User, in.UserName)
		if err != nil {
			return err
		}
		groups, err := entities[iamapi.Group](ctx, tx, u.ID, directory.GroupsOf)
		if err != nil {
			return err
		}
		cut, next := terms.Cut(groups, page, func(e *directory.Entity[iamapi.Group]) string { return e.Name })
		for _, e := range cut {
			out.Groups = append(out.Groups, e.Doc)
		}
		out.IsTruncated, out.Marker = terms.Next(next)
		return nil
	})
}

// pair finds a group and a user.
func pair(ctx context.Context, tx *db.Tx, group, user string) (*directory.Entity[iamapi.Group], *directory.Entity[iamapi.User], error) {
	e, err := terms.Find[iamapi.Group](ctx, tx, directory.Group, group)
	if err != nil {
		return nil, nil, err
	}
	u, err := terms.Find[iamapi.User](ctx, tx, directory.User, user)
	return e, u, err
}

// AddUserToGroup puts a user into a group.
func (g *Groups) AddUserToGroup(ctx context.Context, in *iamapi.AddUserToGroupInput) (*iamapi.AddUserToGroupOutput, error) {
	return nil, g.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, u, err := pair(ctx, tx, in.GroupName, in.UserName)
		if err != nil {
			return err
		}
		return directory.AddMember(ctx, tx, e.Account, e.ID, u.ID)
	})
}

// RemoveUserFromGroup takes a user out of a group.
func (g *Groups) RemoveUserFromGroup(ctx context.Context, in *iamapi.RemoveUserFromGroupInput) (*iamapi.RemoveUserFromGroupOutput, error) {
	return nil, g.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, u, err := pair(ctx, tx, in.GroupName, in.UserName)
		if err != nil {
			return err
		}
		err = directory.RemoveMember(ctx, tx, e.Account, e.ID, u.ID)
		if errors.Is(err, directory.ErrNoEntity) {
			return terms.NoSuchText("The user with name %s is not in the group %s.", in.UserName, in.GroupName)
		}
		return err
	})
}

// UpdateGroup changes a group's name or path.
func (g *Groups) UpdateGroup(ctx context.Context, in *iamapi.UpdateGroupInput) (*iamapi.UpdateGroupOutput, error) {
	err := g.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := terms.Find[iamapi.Group](ctx, tx, directory.Group, in.GroupName)
		if err != nil {
			return err
		}
		if in.NewGroupName != nil {
			e.Doc.GroupName = *in.NewGroupName
		}
		if in.NewPath != nil {
			e.Doc.Path = *in.NewPath
		}
		if err := terms.CheckPath(e.Doc.Path); err != nil {
			return err
		}
		e.Doc.Arn = arn.IAM(e.Account, "group", e.Doc.Path, e.Doc.GroupName)
		return directory.Rename(ctx, tx, e, e.Doc.GroupName, e.Doc.Path)
	})
	if errors.Is(err, db.ErrExists) {
		return nil, terms.Exists(directory.Group, *in.NewGroupName)
	}
	return nil, err
}

// DeleteGroup removes a group that has no members or policies any more.
func (g *Groups) DeleteGroup(ctx context.Context, in *iamapi.DeleteGroupInput) (*iamapi.DeleteGroupOutput, error) {
	return nil, g.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := terms.Find[iamapi.Group](ctx, tx, directory.Group, in.GroupName)
		if err != nil {
			return err
		}
		members, err := directory.MembersOf(ctx, tx, e.ID)
		if err != nil {
			return err
		}
		if len(members) > 0 {
			return terms.Conflict("Cannot delete entity, must remove users from group first.")
		}
		if err := terms.Bare(ctx, tx, terms.Holder{Kind: directory.Group, Name: e.Name, ID: e.ID}); err != nil {
			return err
		}
		return directory.Delete(ctx, tx, e)
	})
}
