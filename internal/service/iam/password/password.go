// Package password holds the passwords of users, for signing in where a browser
// is used, and what an account asks of them. A password is stored as its Argon2id
// hash, sealed; what is here never answers one.
package password

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

// Passwords answers the operations about login profiles and passwords.
type Passwords struct{ *directory.Directory }

// Profile is the stored login profile of a user.
type Profile struct {
	Hash          string
	Created       op.Millis
	Changed       op.Millis
	ResetRequired bool
	Former        []string // hashes, newest first
}

// mostFormer is how many former passwords a policy can forbid (PasswordReusePrevention).
const mostFormer = 24

// ProfileOf reads a user's login profile. The error is directory.ErrNoEntity.
func ProfileOf(ctx context.Context, d *directory.Directory, tx *db.Tx, account, userID string) (*Profile, error) {
	p := new(Profile)
	_, err := d.ReadSecret(ctx, tx, place(account, userID), p)
	return p, err
}

func place(account, userID string) directory.Secret {
	return directory.Secret{Account: account, Kind: directory.Password, Name: userID, Owner: userID}
}

// shown is a login profile as the API answers it.
func (p *Profile) shown(user string) *iamapi.LoginProfile {
	return &iamapi.LoginProfile{UserName: user, CreateDate: p.Created, PasswordResetRequired: &p.ResetRequired}
}

// hashed makes the hash before the transaction begins: it takes a while.
func (p *Passwords) hashed(password string) string { return hash(password, p.Random(saltBytes)) }

// CreateLoginProfile gives a user a password.
func (p *Passwords) CreateLoginProfile(ctx context.Context, in *iamapi.CreateLoginProfileInput) (*iamapi.CreateLoginProfileOutput, error) {
	name, err := terms.CallerOr(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	if in.Password == nil {
		return nil, terms.Invalid("1 validation error detected: Value null at 'password' failed to satisfy constraint: Member must not be null")
	}
	made := &Profile{Hash: p.hashed(*in.Password), ResetRequired: in.PasswordResetRequired != nil && *in.PasswordResetRequired}
	out := &iamapi.CreateLoginProfileOutput{}
	return out, p.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		u, err := terms.Find[iamapi.User](ctx, tx, directory.User, name)
		if err != nil {
			return err
		}
		_, err = ProfileOf(ctx, p.Directory, tx, u.Account, u.ID)
		if err == nil {
			return &iamapi.EntityAlreadyExistsException{Message: "Login Profile for user " + u.Doc.UserName + " already exists."}
		}
		if !errors.Is(err, directory.ErrNoEntity) {
			return err
		}
		if err := check(ctx, tx, u.Account, *in.Password); err != nil {
			return err
		}
		made.Created = op.Millis(clock.Millis(tx.Now()))
		made.Changed = made.Created
		out.LoginProfile = made.shown(u.Doc.UserName)
		return p.WriteSecret(ctx, tx, place(u.Account, u.ID), made)
	})
}

func check(ctx context.Context, tx *db.Tx, account, password string) error {
	rules, err := inForce(ctx, tx, account)
	if err != nil {
		return err
	}
	return conforms(rules, password)
}

func noProfile(user string) error {
	return terms.NoSuchText("Login Profile for User %s cannot be found.", user)
}

// find reads a user and its login profile.
func (p *Passwords) find(ctx context.Context, tx *db.Tx, name string) (*directory.Entity[iamapi.User], *Profile, error) {
	u, err := terms.Find[iamapi.User](ctx, tx, directory.User, name)
	if err != nil {
		return nil, nil, err
	}
	profile, err := ProfileOf(ctx, p.Directory, tx, u.Account, u.ID)
	if errors.Is(err, directory.ErrNoEntity) {
		return nil, nil, noProfile(u.Doc.UserName)
	}
	return u, profile, err
}

// GetLoginProfile tells whether a user has a password, and since when.
func (p *Passwords) GetLoginProfile(ctx context.Context, in *iamapi.GetLoginProfileInput) (*iamapi.GetLoginProfileOutput, error) {
	name, err := terms.CallerOr(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	out := &iamapi.GetLoginProfileOutput{}
	return out, p.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		u, profile, err := p.find(ctx, tx, name)
		if err == nil {
			out.LoginProfile = profile.shown(u.Doc.UserName)
		}
		return err
	})
}

// UpdateLoginProfile sets a user's password, or that the user must set another.
func (p *Passwords) UpdateLoginProfile(ctx context.Context, in *iamapi.UpdateLoginProfileInput) (*iamapi.UpdateLoginProfileOutput, error) {
	hashed := ""
	if in.Password != nil {
		hashed = p.hashed(*in.Password)
	}
	return nil, p.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		u, profile, err := p.find(ctx, tx, in.UserName)
		if err != nil {
			return err
		}
		if in.PasswordResetRequired != nil {
			profile.ResetRequired = *in.PasswordResetRequired
		}
		if in.Password != nil {
			if err := profile.set(ctx, tx, u.Account, *in.Password, hashed); err != nil {
				return err
			}
		}
		return p.WriteSecret(ctx, tx, place(u.Account, u.ID), profile)
	})
}

// set replaces the password, which must conform and be none of the former ones
// that the policy forbids.
func (p *Profile) set(ctx context.Context, tx *db.Tx, account, password, hashed string) error {
	rules, err := inForce(ctx, tx, account)
	if err != nil {
		return err
	}
	if err := conforms(rules, password); err != nil {
		return err
	}
	former := append([]string{p.Hash}, p.Former...)
	if rules != nil && rules.PasswordReusePrevention != nil {
		for _, old := range former[:min(len(former), int(*rules.PasswordReusePrevention))] {
			same, err := matches(old, password)
			if err != nil {
				return err
			}
			if same {
				return violation("Password has been used before and the account does not allow its reuse")
			}
		}
	}
	p.Hash, p.Former = hashed, former[:min(len(former), mostFormer)]
	p.Changed = op.Millis(clock.Millis(tx.Now()))
	return nil
}

// DeleteLoginProfile takes a user's password away.
func (p *Passwords) DeleteLoginProfile(ctx context.Context, in *iamapi.DeleteLoginProfileInput) (*iamapi.DeleteLoginProfileOutput, error) {
	name, err := terms.CallerOr(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return nil, p.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		u, err := terms.Find[iamapi.User](ctx, tx, directory.User, name)
		if err != nil {
			return err
		}
		err = directory.DeleteSecret(ctx, tx, place(u.Account, u.ID))
		if errors.Is(err, directory.ErrNoEntity) {
			return noProfile(u.Doc.UserName)
		}
		return err
	})
}

// errWrong is AWS's one answer to a wrong old password and to a missing right.
var errWrong = &op.Denied{Message: "Either user is not authorized to perform iam:ChangePassword or entered an invalid password."}

// ChangePassword replaces the calling user's own password.
func (p *Passwords) ChangePassword(ctx context.Context, in *iamapi.ChangePasswordInput) (*iamapi.ChangePasswordOutput, error) {
	caller := op.CallFrom(ctx).Principal
	if caller.Type != op.User {
		return nil, &iamapi.InvalidUserTypeException{Message: "Only IAM Users can change their own password"}
	}
	hashed := p.hashed(in.NewPassword)
	return nil, p.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		profile, err := ProfileOf(ctx, p.Directory, tx, caller.Account, caller.UserID)
		if errors.Is(err, directory.ErrNoEntity) {
			return errWrong
		}
		if err != nil {
			return err
		}
		right, err := matches(profile.Hash, in.OldPassword)
		if err != nil {
			return err
		}
		if !right {
			return errWrong
		}
		if err := profile.set(ctx, tx, caller.Account, in.NewPassword, hashed); err != nil {
			return err
		}
		profile.ResetRequired = false
		return p.WriteSecret(ctx, tx, place(caller.Account, caller.UserID), profile)
	})
}

// Standing is what a credential report says of a user's password: whether there
// is one, since when, and when the policy wants another (0: never).
func (p *Passwords) Standing(ctx context.Context, tx *db.Tx, account, userID string) (enabled bool, changed, next op.Millis, err error) {
	profile, err := ProfileOf(ctx, p.Directory, tx, account, userID)
	if errors.Is(err, directory.ErrNoEntity) {
		return false, 0, 0, nil
	}
	if err != nil {
		return false, 0, 0, err
	}
	rules, err := inForce(ctx, tx, account)
	if err == nil && rules != nil && rules.MaxPasswordAge != nil {
		next = profile.Changed + op.Millis(*rules.MaxPasswordAge)*dayMillis
	}
	return true, profile.Changed, next, err
}

const dayMillis = 24 * 60 * 60 * 1000
