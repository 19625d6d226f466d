// Package instanceprofile holds instance profiles: named boxes for one role each,
// which programs on machines ask for instead of the role.
package instanceprofile

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

// Profiles answers the operations about instance profiles.
type Profiles struct {
	*directory.Directory
	Authorizer op.Authorizer
}

type entity = directory.Entity[iamapi.InstanceProfile]

// CreateInstanceProfile makes an empty instance profile.
func (p *Profiles) CreateInstanceProfile(ctx context.Context, in *iamapi.CreateInstanceProfileInput) (*iamapi.CreateInstanceProfileOutput, error) {
	account, path := op.CallFrom(ctx).Account, terms.Path(in.Path)
	if err := terms.CheckPath(path); err != nil {
		return nil, err
	}
	tags, err := terms.AddTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	e := &entity{Account: account, Kind: directory.InstanceProfile, Name: in.InstanceProfileName, ID: p.NewID("AIPA"), Path: path}
	e.Doc = iamapi.InstanceProfile{
		Path: path, InstanceProfileName: in.InstanceProfileName, InstanceProfileId: e.ID, Roles: []iamapi.Role{}, Tags: tags,
		Arn: arn.IAM(account, "instance-profile", path, in.InstanceProfileName),
	}
	err = p.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e.Doc.CreateDate = op.Millis(clock.Millis(tx.Now()))
		return directory.Create(ctx, tx, e)
	})
	if errors.Is(err, db.ErrExists) {
		return nil, &iamapi.EntityAlreadyExistsException{Message: "Instance Profile " + in.InstanceProfileName + " already exists."}
	}
	return &iamapi.CreateInstanceProfileOutput{InstanceProfile: &e.Doc}, err
}

func find(ctx context.Context, tx *db.Tx, name string) (*entity, error) {
	e, err := directory.Get[iamapi.InstanceProfile](ctx, tx, op.CallFrom(ctx).Account, directory.InstanceProfile, name)
	if errors.Is(err, directory.ErrNoEntity) {
		return nil, terms.NoSuchText("Instance Profile %s cannot be found.", name)
	}
	return e, err
}

// filled is a profile as the API shows it, with its role.
func filled(ctx context.Context, tx *db.Tx, e *entity) (*iamapi.InstanceProfile, error) {
	id, err := directory.RoleIn(ctx, tx, e.ID)
	if err != nil || id == "" {
		return &e.Doc, err
	}
	role, err := directory.GetByID[iamapi.Role](ctx, tx, id)
	if err != nil {
		return nil, err
	}
	role.Doc.Tags, role.Doc.PermissionsBoundary = nil, nil // roles inside other answers have neither
	e.Doc.Roles = []iamapi.Role{*terms.ShownRole(role.Doc)}
	return &e.Doc, nil
}

// GetInstanceProfile reads an instance profile with its role.
func (p *Profiles) GetInstanceProfile(ctx context.Context, in *iamapi.GetInstanceProfileInput) (*iamapi.GetInstanceProfileOutput, error) {
	out := &iamapi.GetInstanceProfileOutput{}
	return out, p.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := find(ctx, tx, in.InstanceProfileName)
		if err != nil {
			return err
		}
		out.InstanceProfile, err = filled(ctx, tx, e)
		return err
	})
}

// ListInstanceProfiles lists the instance profiles of the account by name.
func (p *Profiles) ListInstanceProfiles(ctx context.Context, in *iamapi.ListInstanceProfilesInput) (*iamapi.ListInstanceProfilesOutput, error) {
	page, err := terms.PageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &iamapi.ListInstanceProfilesOutput{}
	return out, p.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out.InstanceProfiles = []iamapi.InstanceProfile{}
		list, next, err := directory.List[iamapi.InstanceProfile](ctx, tx, op.CallFrom(ctx).Account, directory.InstanceProfile, terms.Path(in.PathPrefix), page.After, page.Size)
		if err != nil {
			return err
		}
		for _, e := range list {
			shown, err := filled(ctx, tx, e)
			if err != nil {
				return err
			}
			shown.Tags = nil // lists answer no tags
			out.InstanceProfiles = append(out.InstanceProfiles, *shown)
		}
		out.IsTruncated, out.Marker = terms.Next(next)
		return nil
	})
}

// ListInstanceProfilesForRole lists the instance profiles that hold a role.
func (p *Profiles) ListInstanceProfilesForRole(ctx context.Context, in *iamapi.ListInstanceProfilesForRoleInput) (*iamapi.ListInstanceProfilesForRoleOutput, error) {
	page, err := terms.PageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &iamapi.ListInstanceProfilesForRoleOutput{}
	return out, p.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out.InstanceProfiles = []iamapi.InstanceProfile{}
		role, err := terms.Find[iamapi.Role](ctx, tx, directory.Role, in.RoleName)
		if err != nil {
			return err
		}
		ids, err := directory.ProfilesOf(ctx, tx, role.ID)
		if err != nil {
			return err
		}
		ids, next := terms.Cut(ids, page, func(id string) string { return id })
		for _, id := range ids {
			e, err := directory.GetByID[iamapi.InstanceProfile](ctx, tx, id)
			if err != nil {
				return err
			}
			shown, err := filled(ctx, tx, e)
			if err != nil {
				return err
			}
			shown.Tags = nil
			out.InstanceProfiles = append(out.InstanceProfiles, *shown)
		}
		out.IsTruncated, out.Marker = terms.Next(next)
		return nil
	})
}

// AddRoleToInstanceProfile puts a role into an empty instance profile. Whoever
// starts a machine with the profile acts as the role, so the caller must be
// allowed to pass it.
func (p *Profiles) AddRoleToInstanceProfile(ctx context.Context, in *iamapi.AddRoleToInstanceProfileInput) (*iamapi.AddRoleToInstanceProfileOutput, error) {
	return nil, p.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		roleARN, roleID, err := p.roleToPass(ctx, tx, in.RoleName)
		if err != nil {
			return err
		}
		pass := op.Access{
			Action: "iam:PassRole", Resource: op.Resource{ARN: roleARN, Account: op.CallFrom(ctx).Account, ID: roleID},
			Context: map[string][]string{"iam:passedtoservice": {"ec2.amazonaws.com"}},
		}
		if err := p.Authorizer.Check(ctx, pass); err != nil {
			return err
		}
		e, err := find(ctx, tx, in.InstanceProfileName)
		if err != nil {
			return err
		}
		if roleID == "" {
			return terms.NoSuch(directory.Role, in.RoleName)
		}
		err = directory.PutRoleIn(ctx, tx, e.Account, e.ID, roleID)
		if errors.Is(err, db.ErrExists) {
			return terms.Limit("InstanceSessionsPerInstanceProfile", 1)
		}
		return err
	})
}

// roleToPass is the role's ARN, or the one that it would have: whether it exists
// is nobody's business before the pass is allowed.
func (p *Profiles) roleToPass(ctx context.Context, tx *db.Tx, name string) (roleARN, id string, err error) {
	account := op.CallFrom(ctx).Account
	role, err := directory.Get[iamapi.Role](ctx, tx, account, directory.Role, name)
	if errors.Is(err, directory.ErrNoEntity) {
		return arn.IAM(account, "role", "/", name), "", nil
	}
	if err != nil {
		return "", "", err
	}
	return role.Doc.Arn, role.ID, terms.Modifiable(&role.Doc)
}

// RemoveRoleFromInstanceProfile takes the role out of an instance profile.
func (p *Profiles) RemoveRoleFromInstanceProfile(ctx context.Context, in *iamapi.RemoveRoleFromInstanceProfileInput) (*iamapi.RemoveRoleFromInstanceProfileOutput, error) {
	return nil, p.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := find(ctx, tx, in.InstanceProfileName)
		if err != nil {
			return err
		}
		role, err := terms.Find[iamapi.Role](ctx, tx, directory.Role, in.RoleName)
		if err != nil {
			return err
		}
		err = directory.TakeRoleOut(ctx, tx, e.Account, e.ID, role.ID)
		if errors.Is(err, directory.ErrNoEntity) {
			return terms.NoSuchText("Role %s in Instance Profile %s cannot be found.", in.RoleName, in.InstanceProfileName)
		}
		return err
	})
}

// DeleteInstanceProfile removes an empty instance profile.
func (p *Profiles) DeleteInstanceProfile(ctx context.Context, in *iamapi.DeleteInstanceProfileInput) (*iamapi.DeleteInstanceProfileOutput, error) {
	return nil, p.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := find(ctx, tx, in.InstanceProfileName)
		if err != nil {
			return err
		}
		role, err := directory.RoleIn(ctx, tx, e.ID)
		if err != nil {
			return err
		}
		if role != "" {
			return terms.Conflict("Cannot delete entity, must remove roles from instance profile first.")
		}
		return directory.Delete(ctx, tx, e)
	})
}
