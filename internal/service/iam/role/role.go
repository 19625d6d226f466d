// Package role holds IAM roles: their life, trust, tags and policies.
package role

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

// Roles answers the operations about roles.
type Roles struct{ *directory.Directory }

// defaultSession is a new role's longest session, in seconds.
const defaultSession = 3600

// CreateRole makes a role with its trust policy.
func (r *Roles) CreateRole(ctx context.Context, in *iamapi.CreateRoleInput) (*iamapi.CreateRoleOutput, error) {
	e, err := r.newRole(ctx, in)
	if err != nil {
		return nil, err
	}
	err = r.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e.Doc.CreateDate = op.Millis(clock.Millis(tx.Now()))
		if err := checkTrust(ctx, tx, in.AssumeRolePolicyDocument); err != nil {
			return err
		}
		if in.PermissionsBoundary != nil {
			if e.Doc.PermissionsBoundary, err = terms.CheckBoundary(ctx, tx, *in.PermissionsBoundary); err != nil {
				return err
			}
		}
		return directory.Create(ctx, tx, e)
	})
	if errors.Is(err, db.ErrExists) {
		return nil, terms.Exists(directory.Role, in.RoleName)
	}
	return &iamapi.CreateRoleOutput{Role: terms.ShownRole(e.Doc)}, err
}

func (r *Roles) newRole(ctx context.Context, in *iamapi.CreateRoleInput) (*directory.Entity[iamapi.Role], error) {
	account, path := op.CallFrom(ctx).Account, terms.Path(in.Path)
	if err := terms.CheckPath(path); err != nil {
		return nil, err
	}
	tags, err := terms.AddTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	longest := int32(defaultSession)
	if in.MaxSessionDuration != nil {
		longest = *in.MaxSessionDuration
	}
	e := &directory.Entity[iamapi.Role]{Account: account, Kind: directory.Role, Name: in.RoleName, ID: r.NewID("AROA"), Path: path}
	e.Doc = iamapi.Role{
		Path: path, RoleName: in.RoleName, RoleId: e.ID, Arn: arn.IAM(account, "role", path, in.RoleName), Tags: tags,
		AssumeRolePolicyDocument: &in.AssumeRolePolicyDocument, Description: in.Description, MaxSessionDuration: &longest,
	}
	return e, nil
}

// checkTrust refuses a trust policy that is malformed or names who does not exist.
func checkTrust(ctx context.Context, tx *db.Tx, text string) error {
	if err := terms.CheckPolicy(text, policy.Trust, policy.LimitTrust); err != nil {
		return err
	}
	p, err := policy.Parse([]byte(text), policy.Trust)
	if err != nil {
		return err
	}
	for _, name := range p.Principals() {
		known, err := directory.HasPrincipal(ctx, tx, name)
		if err != nil {
			return err
		}
		if !known {
			return &iamapi.MalformedPolicyDocumentException{Message: `Invalid principal in policy: "AWS":"` + name + `"`}
		}
	}
	return nil
}

// GetRole reads a role.
func (r *Roles) GetRole(ctx context.Context, in *iamapi.GetRoleInput) (*iamapi.GetRoleOutput, error) {
	out := &iamapi.GetRoleOutput{}
	return out, r.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := terms.Find[iamapi.Role](ctx, tx, directory.Role, in.RoleName)
		if err != nil {
			return err
		}
		out.Role = terms.ShownRole(e.Doc)
		out.Role.RoleLastUsed, err = r.LastUsed(ctx, tx, e.ID)
		return err
	})
}

// ListRoles lists the roles of the account by name.
func (r *Roles) ListRoles(ctx context.Context, in *iamapi.ListRolesInput) (*iamapi.ListRolesOutput, error) {
	page, err := terms.PageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &iamapi.ListRolesOutput{Roles: []iamapi.Role{}}
	return out, r.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, next, err := directory.List[iamapi.Role](ctx, tx, op.CallFrom(ctx).Account, directory.Role, terms.Path(in.PathPrefix), page.After, page.Size)
		for _, e := range list {
			e.Doc.Tags, e.Doc.PermissionsBoundary = nil, nil // lists answer neither
			out.Roles = append(out.Roles, *terms.ShownRole(e.Doc))
		}
		out.IsTruncated, out.Marker = terms.Next(next)
		return err
	})
}

// reshape is change for what a service-linked role keeps its service's.
func (r *Roles) reshape(ctx context.Context, name string, fn func(context.Context, *db.Tx, *iamapi.Role) error) error {
	return r.change(ctx, name, func(ctx context.Context, tx *db.Tx, doc *iamapi.Role) error {
		if err := terms.Modifiable(doc); err != nil {
			return err
		}
		return fn(ctx, tx, doc)
	})
}

// change reads a role, lets fn change its document, and stores it.
func (r *Roles) change(ctx context.Context, name string, fn func(context.Context, *db.Tx, *iamapi.Role) error) error {
	return r.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := terms.Find[iamapi.Role](ctx, tx, directory.Role, name)
		if err != nil {
			return err
		}
		if err := fn(ctx, tx, &e.Doc); err != nil {
			return err
		}
		e.Name = e.Doc.RoleName
		return directory.Update(ctx, tx, e)
	})
}

// UpdateRole changes a role's description and longest session.
func (r *Roles) UpdateRole(ctx context.Context, in *iamapi.UpdateRoleInput) (*iamapi.UpdateRoleOutput, error) {
	return nil, r.reshape(ctx, in.RoleName, func(_ context.Context, _ *db.Tx, doc *iamapi.Role) error {
		if in.Description != nil {
			doc.Description = in.Description
		}
		if in.MaxSessionDuration != nil {
			doc.MaxSessionDuration = in.MaxSessionDuration
		}
		return nil
	})
}

// UpdateRoleDescription changes a role's description.
func (r *Roles) UpdateRoleDescription(ctx context.Context, in *iamapi.UpdateRoleDescriptionInput) (*iamapi.UpdateRoleDescriptionOutput, error) {
	out := &iamapi.UpdateRoleDescriptionOutput{}
	return out, r.change(ctx, in.RoleName, func(_ context.Context, _ *db.Tx, doc *iamapi.Role) error {
		doc.Description = &in.Description
		out.Role = terms.ShownRole(*doc)
		return nil
	})
}

// UpdateAssumeRolePolicy replaces a role's trust policy.
func (r *Roles) UpdateAssumeRolePolicy(ctx context.Context, in *iamapi.UpdateAssumeRolePolicyInput) (*iamapi.UpdateAssumeRolePolicyOutput, error) {
	return nil, r.reshape(ctx, in.RoleName, func(ctx context.Context, tx *db.Tx, doc *iamapi.Role) error {
		doc.AssumeRolePolicyDocument = &in.PolicyDocument
		return checkTrust(ctx, tx, in.PolicyDocument)
	})
}

// DeleteRole removes a role that has no policies any more.
func (r *Roles) DeleteRole(ctx context.Context, in *iamapi.DeleteRoleInput) (*iamapi.DeleteRoleOutput, error) {
	return nil, r.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := terms.Find[iamapi.Role](ctx, tx, directory.Role, in.RoleName)
		if err != nil {
			return err
		}
		if err := terms.Modifiable(&e.Doc); err != nil {
			return err
		}
		profiles, err := directory.ProfilesOf(ctx, tx, e.ID)
		if err != nil {
			return err
		}
		if len(profiles) > 0 {
			return terms.Conflict("Cannot delete entity, must remove roles from instance profile first.")
		}
		if err := terms.Bare(ctx, tx, terms.Holder{Kind: directory.Role, Name: e.Name, ID: e.ID}); err != nil {
			return err
		}
		if err := directory.Delete(ctx, tx, e); err != nil {
			return err
		}
		return r.Move(ctx, tx, e.Doc.Arn, e.ID)
	})
}

// PutRolePermissionsBoundary limits a role by a managed policy.
func (r *Roles) PutRolePermissionsBoundary(ctx context.Context, in *iamapi.PutRolePermissionsBoundaryInput) (*iamapi.PutRolePermissionsBoundaryOutput, error) {
	return nil, r.reshape(ctx, in.RoleName, func(ctx context.Context, tx *db.Tx, doc *iamapi.Role) (err error) {
		doc.PermissionsBoundary, err = terms.CheckBoundary(ctx, tx, in.PermissionsBoundary)
		return err
	})
}

// DeleteRolePermissionsBoundary lifts the limit.
func (r *Roles) DeleteRolePermissionsBoundary(ctx context.Context, in *iamapi.DeleteRolePermissionsBoundaryInput) (*iamapi.DeleteRolePermissionsBoundaryOutput, error) {
	return nil, r.reshape(ctx, in.RoleName, func(_ context.Context, _ *db.Tx, doc *iamapi.Role) error {
		if doc.PermissionsBoundary == nil {
			return terms.NoSuchText("The role %s has no permissions boundary.", in.RoleName)
		}
		doc.PermissionsBoundary = nil
		return nil
	})
}

// TagRole adds or replaces tags.
func (r *Roles) TagRole(ctx context.Context, in *iamapi.TagRoleInput) (*iamapi.TagRoleOutput, error) {
	return nil, r.change(ctx, in.RoleName, func(_ context.Context, _ *db.Tx, doc *iamapi.Role) (err error) {
		doc.Tags, err = terms.AddTags(doc.Tags, in.Tags)
		return err
	})
}

// UntagRole removes tags.
func (r *Roles) UntagRole(ctx context.Context, in *iamapi.UntagRoleInput) (*iamapi.UntagRoleOutput, error) {
	return nil, r.change(ctx, in.RoleName, func(_ context.Context, _ *db.Tx, doc *iamapi.Role) error {
		doc.Tags = terms.RemoveTags(doc.Tags, in.TagKeys)
		return nil
	})
}

// ListRoleTags lists a role's tags.
func (r *Roles) ListRoleTags(ctx context.Context, in *iamapi.ListRoleTagsInput) (*iamapi.ListRoleTagsOutput, error) {
	no := false
	out := &iamapi.ListRoleTagsOutput{Tags: []iamapi.Tag{}, IsTruncated: &no}
	return out, r.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := terms.Find[iamapi.Role](ctx, tx, directory.Role, in.RoleName)
		if err == nil {
			out.Tags = append(out.Tags, e.Doc.Tags...)
		}
		return err
	})
}
