// Package user holds IAM users: their life, tags, groups and policies.
package user

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

// Users answers the operations about users.
type Users struct{ *directory.Directory }

// CreateUser makes a user. Its name is unique without regard to letter case.
func (u *Users) CreateUser(ctx context.Context, in *iamapi.CreateUserInput) (*iamapi.CreateUserOutput, error) {
	call, path := op.CallFrom(ctx), terms.Path(in.Path)
	if err := terms.CheckPath(path); err != nil {
		return nil, err
	}
	tags, err := terms.AddTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	e := &directory.Entity[iamapi.User]{Account: call.Account, Kind: directory.User, Name: in.UserName, ID: u.NewID("AIDA"), Path: path}
	e.Doc = iamapi.User{Path: path, UserName: in.UserName, UserId: e.ID, Arn: arn.IAM(call.Account, "user", path, in.UserName), Tags: tags}
	err = u.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e.Doc.CreateDate = op.Millis(clock.Millis(tx.Now()))
		if in.PermissionsBoundary != nil {
			if e.Doc.PermissionsBoundary, err = terms.CheckBoundary(ctx, tx, *in.PermissionsBoundary); err != nil {
				return err
			}
		}
		return directory.Create(ctx, tx, e)
	})
	if errors.Is(err, db.ErrExists) {
		return nil, terms.Exists(directory.User, in.UserName)
	}
	return &iamapi.CreateUserOutput{User: &e.Doc}, err
}

// GetUser reads a user: the caller itself when no name is given.
func (u *Users) GetUser(ctx context.Context, in *iamapi.GetUserInput) (*iamapi.GetUserOutput, error) {
	p := op.CallFrom(ctx).Principal
	if in.UserName == nil && p.Type == op.Root {
		return &iamapi.GetUserOutput{User: &iamapi.User{UserId: p.Account, Arn: p.ARN, Path: "/", UserName: p.Account}}, nil
	}
	name, err := terms.CallerOr(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	out := &iamapi.GetUserOutput{}
	return out, u.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := terms.Find[iamapi.User](ctx, tx, directory.User, name)
		if err == nil {
			out.User = &e.Doc
		}
		return err
	})
}

// ListUsers lists the users of the account by name.
func (u *Users) ListUsers(ctx context.Context, in *iamapi.ListUsersInput) (*iamapi.ListUsersOutput, error) {
	page, err := terms.PageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &iamapi.ListUsersOutput{Users: []iamapi.User{}}
	return out, u.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, next, err := directory.List[iamapi.User](ctx, tx, op.CallFrom(ctx).Account, directory.User, terms.Path(in.PathPrefix), page.After, page.Size)
		for _, e := range list {
			e.Doc.Tags = nil // lists answer no tags
			out.Users = append(out.Users, e.Doc)
		}
		out.IsTruncated, out.Marker = terms.Next(next)
		return err
	})
}

// UpdateUser changes a user's name or path; its id, and so its rights, stay.
func (u *Users) UpdateUser(ctx context.Context, in *iamapi.UpdateUserInput) (*iamapi.UpdateUserOutput, error) {
	err := u.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := terms.Find[iamapi.User](ctx, tx, directory.User, in.UserName)
		if err != nil {
			return err
		}
		if in.NewUserName != nil {
			e.Doc.UserName = *in.NewUserName
		}
		if in.NewPath != nil {
			e.Doc.Path = *in.NewPath
		}
		if err := terms.CheckPath(e.Doc.Path); err != nil {
			return err
		}
		from := e.Doc.Arn
		e.Doc.Arn = arn.IAM(e.Account, "user", e.Doc.Path, e.Doc.UserName)
		if err := directory.Rename(ctx, tx, e, e.Doc.UserName, e.Doc.Path); err != nil {
			return err
		}
		return u.Move(ctx, tx, from, e.Doc.Arn)
	})
	if errors.Is(err, db.ErrExists) {
		return nil, terms.Exists(directory.User, *in.NewUserName)
	}
	return nil, err
}

// DeleteUser removes a user that has no keys, groups or policies any more.
func (u *Users) DeleteUser(ctx context.Context, in *iamapi.DeleteUserInput) (*iamapi.DeleteUserOutput, error) {
	return nil, u.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := terms.Find[iamapi.User](ctx, tx, directory.User, in.UserName)
		if err != nil {
			return err
		}
		keys, err := u.Keys(ctx, tx, e.ID)
		if err != nil {
			return err
		}
		if len(keys) > 0 {
			return terms.Conflict("Cannot delete entity, must delete access keys first.")
		}
		if err := unarmed(ctx, tx, e.ID); err != nil {
			return err
		}
		groups, err := directory.GroupsOf(ctx, tx, e.ID)
		if err != nil {
			return err
		}
		if len(groups) > 0 {
			return terms.Conflict("Cannot delete entity, must remove users from group first.")
		}
		if err := terms.Bare(ctx, tx, terms.Holder{Kind: directory.User, Name: e.Name, ID: e.ID}); err != nil {
			return err
		}
		if err := directory.Delete(ctx, tx, e); err != nil {
			return err
		}
		return u.Move(ctx, tx, e.Doc.Arn, e.ID)
	})
}

// unarmed fails when the user still has a password or an MFA device.
func unarmed(ctx context.Context, tx *db.Tx, id string) error {
	for _, c := range []struct{ kind, text string }{
		{directory.Password, "Cannot delete entity, must delete login profile first."},
		{directory.Seed, "Cannot delete entity, must delete MFA device first."},
	} {
		have, err := directory.SecretsOf(ctx, tx, id, c.kind)
		if err != nil {
			return err
		}
		if len(have) > 0 {
			return terms.Conflict(c.text)
		}
	}
	return nil
}

// change reads a user, lets fn change its document, and stores it.
func (u *Users) change(ctx context.Context, name string, fn func(context.Context, *db.Tx, *iamapi.User) error) error {
	return u.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := terms.Find[iamapi.User](ctx, tx, directory.User, name)
		if err != nil {
			return err
		}
		if err := fn(ctx, tx, &e.Doc); err != nil {
			return err
		}
		e.Name = e.Doc.UserName
		return directory.Update(ctx, tx, e)
	})
}

// PutUserPermissionsBoundary limits a user by a managed policy.
func (u *Users) PutUserPermissionsBoundary(ctx context.Context, in *iamapi.PutUserPermissionsBoundaryInput) (*iamapi.PutUserPermissionsBoundaryOutput, error) {
	return nil, u.change(ctx, in.UserName, func(ctx context.Context, tx *db.Tx, doc *iamapi.User) (err error) {
		doc.PermissionsBoundary, err = terms.CheckBoundary(ctx, tx, in.PermissionsBoundary)
		return err
	})
}

// DeleteUserPermissionsBoundary lifts the limit.
func (u *Users) DeleteUserPermissionsBoundary(ctx context.Context, in *iamapi.DeleteUserPermissionsBoundaryInput) (*iamapi.DeleteUserPermissionsBoundaryOutput, error) {
	return nil, u.change(ctx, in.UserName, func(_ context.Context, _ *db.Tx, doc *iamapi.User) error {
		if doc.PermissionsBoundary == nil {
			return terms.NoSuchText("The user %s has no permissions boundary.", in.UserName)
		}
		doc.PermissionsBoundary = nil
		return nil
	})
}

// TagUser adds or replaces tags.
func (u *Users) TagUser(ctx context.Context, in *iamapi.TagUserInput) (*iamapi.TagUserOutput, error) {
	return nil, u.change(ctx, in.UserName, func(_ context.Context, _ *db.Tx, doc *iamapi.User) (err error) {
		doc.Tags, err = terms.AddTags(doc.Tags, in.Tags)
		return err
	})
}

// UntagUser removes tags.
func (u *Users) UntagUser(ctx context.Context, in *iamapi.UntagUserInput) (*iamapi.UntagUserOutput, error) {
	return nil, u.change(ctx, in.UserName, func(_ context.Context, _ *db.Tx, doc *iamapi.User) error {
		doc.Tags = terms.RemoveTags(doc.Tags, in.TagKeys)
		return nil
	})
}

// ListUserTags lists a user's tags.
func (u *Users) ListUserTags(ctx context.Context, in *iamapi.ListUserTagsInput) (*iamapi.ListUserTagsOutput, error) {
	no := false
	out := &iamapi.ListUserTagsOutput{Tags: []iamapi.Tag{}, IsTruncated: &no}
	return out, u.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := terms.Find[iamapi.User](ctx, tx, directory.User, in.UserName)
		if err == nil {
			out.Tags = append(out.Tags, e.Doc.Tags...)
		}
		return err
	})
}
