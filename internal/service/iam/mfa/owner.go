package mfa

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

func wrongCode() error {
	return &iamapi.InvalidAuthenticationCodeException{Message: "Authentication code for device is not valid."}
}

// EnableMFADevice gives a device to a user, who proves by two consecutive codes
// that it works.
func (d *Devices) EnableMFADevice(ctx context.Context, in *iamapi.EnableMFADeviceInput) (*iamapi.EnableMFADeviceOutput, error) {
	return nil, d.trying(ctx, in.SerialNumber, func(ctx context.Context, tx *db.Tx) error {
		u, err := terms.Find[iamapi.User](ctx, tx, directory.User, in.UserName)
		if err != nil {
			return err
		}
		e, err := find(ctx, tx, in.SerialNumber)
		if err != nil {
			return err
		}
		seed, owner, err := d.read(ctx, tx, e)
		if err != nil {
			return err
		}
		if owner != "" {
			return &iamapi.EntityAlreadyExistsException{Message: "MFA Device is already in use."}
		}
		have, err := directory.SecretsOf(ctx, tx, u.ID, directory.Seed)
		if err != nil {
			return err
		}
		if len(have) >= maxDevicesUser {
			return terms.Limit("MFADevicesPerUser", maxDevicesUser)
		}
		ok, err := seed.synchronize(in.AuthenticationCode1, in.AuthenticationCode2, tx.Now())
		if err != nil {
			return err
		}
		if !ok {
			return wrongCode()
		}
		seed.Enabled = clock.Millis(tx.Now())
		return d.WriteSecret(ctx, tx, seedOf(e.Account, in.SerialNumber, u.ID), seed)
	})
}

// owned reads a device that a user has.
func (d *Devices) owned(ctx context.Context, tx *db.Tx, user, serial string) (*entity, *Seed, string, error) {
	u, err := terms.Find[iamapi.User](ctx, tx, directory.User, user)
	if err != nil {
		return nil, nil, "", err
	}
	e, err := find(ctx, tx, serial)
	if err != nil {
		return nil, nil, "", err
	}
	seed, owner, err := d.read(ctx, tx, e)
	if err == nil && owner != u.ID {
		err = terms.NoSuchText("MFA Device invalid for user.")
	}
	return e, seed, owner, err
}

// ResyncMFADevice learns from two consecutive codes how far off a device's clock is.
func (d *Devices) ResyncMFADevice(ctx context.Context, in *iamapi.ResyncMFADeviceInput) (*iamapi.ResyncMFADeviceOutput, error) {
	return nil, d.trying(ctx, in.SerialNumber, func(ctx context.Context, tx *db.Tx) error {
		e, seed, owner, err := d.owned(ctx, tx, in.UserName, in.SerialNumber)
		if err != nil {
			return err
		}
		ok, err := seed.synchronize(in.AuthenticationCode1, in.AuthenticationCode2, tx.Now())
		if err != nil {
			return err
		}
		if !ok {
			return wrongCode()
		}
		return d.WriteSecret(ctx, tx, seedOf(e.Account, in.SerialNumber, owner), seed)
	})
}

// DeactivateMFADevice takes a device away from its user.
func (d *Devices) DeactivateMFADevice(ctx context.Context, in *iamapi.DeactivateMFADeviceInput) (*iamapi.DeactivateMFADeviceOutput, error) {
	name, err := terms.CallerOr(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return nil, d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, seed, _, err := d.owned(ctx, tx, name, in.SerialNumber)
		if err != nil {
			return err
		}
		seed.Enabled = 0
		return d.WriteSecret(ctx, tx, seedOf(e.Account, in.SerialNumber, ""), seed)
	})
}

// GetMFADevice tells since when a user, the calling one when none is named, has a device.
func (d *Devices) GetMFADevice(ctx context.Context, in *iamapi.GetMFADeviceInput) (*iamapi.GetMFADeviceOutput, error) {
	name, err := terms.CallerOr(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	out := &iamapi.GetMFADeviceOutput{UserName: &name, SerialNumber: in.SerialNumber}
	return out, d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, seed, _, err := d.owned(ctx, tx, name, in.SerialNumber)
		if err == nil {
			out.EnableDate = new(op.Millis(seed.Enabled))
		}
		return err
	})
}

// ListMFADevices lists the devices of a user.
func (d *Devices) ListMFADevices(ctx context.Context, in *iamapi.ListMFADevicesInput) (*iamapi.ListMFADevicesOutput, error) {
	name, err := terms.CallerOr(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	page, err := terms.PageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &iamapi.ListMFADevicesOutput{}
	return out, d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out.MFADevices = []iamapi.MFADevice{}
		u, err := terms.Find[iamapi.User](ctx, tx, directory.User, name)
		if err != nil {
			return err
		}
		serials, err := directory.SecretsOf(ctx, tx, u.ID, directory.Seed)
		if err != nil {
			return err
		}
		serials, next := terms.Cut(serials, page, func(s string) string { return s })
		for _, serial := range serials {
			seed := new(Seed)
			if _, err := d.ReadSecret(ctx, tx, seedOf(u.Account, serial, ""), seed); err != nil {
				return err
			}
			out.MFADevices = append(out.MFADevices, iamapi.MFADevice{UserName: u.Doc.UserName, SerialNumber: serial, EnableDate: op.Millis(seed.Enabled)})
		}
		out.IsTruncated, out.Marker = terms.Next(next)
		return nil
	})
}

// ListVirtualMFADevices lists the virtual devices of the account, all or those
// that somebody or nobody has.
func (d *Devices) ListVirtualMFADevices(ctx context.Context, in *iamapi.ListVirtualMFADevicesInput) (*iamapi.ListVirtualMFADevicesOutput, error) {
	page, err := terms.PageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &iamapi.ListVirtualMFADevicesOutput{}
	return out, d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, _, err := directory.List[iamapi.VirtualMFADevice](ctx, tx, op.CallFrom(ctx).Account, directory.MFA, "/", "", maxListed)
		if err != nil {
			return err
		}
		var kept []*entity
		for _, e := range list {
			_, owner, err := d.read(ctx, tx, e)
			if err != nil {
				return err
			}
			if err := hand(ctx, tx, e, owner); err != nil {
				return err
			}
			if wanted(in.AssignmentStatus, owner) {
				kept = append(kept, e)
			}
		}
		return d.show(ctx, tx, kept, page, out)
	})
}

// maxListed bounds how many devices are looked through: more than users there may be.
const maxListed = 100_000

func wanted(status *string, owner string) bool {
	if status == nil || *status == iamapi.AssignmentStatusTypeAny {
		return true
	}
	return (*status == iamapi.AssignmentStatusTypeAssigned) == (owner != "")
}

// hand fills in who has a device.
func hand(ctx context.Context, tx *db.Tx, e *entity, owner string) error {
	if owner == "" {
		return nil
	}
	u, err := directory.GetByID[iamapi.User](ctx, tx, owner)
	if errors.Is(err, directory.ErrNoEntity) {
		return nil
	}
	if err == nil {
		u.Doc.Tags, u.Doc.PermissionsBoundary = nil, nil
		e.Doc.User = &u.Doc
	}
	return err
}

func (d *Devices) show(ctx context.Context, tx *db.Tx, kept []*entity, page terms.Page, out *iamapi.ListVirtualMFADevicesOutput) error {
	out.VirtualMFADevices = []iamapi.VirtualMFADevice{}
	kept, next := terms.Cut(kept, page, func(e *entity) string { return e.Name })
	for _, e := range kept {
		seed, _, err := d.read(ctx, tx, e)
		if err != nil {
			return err
		}
		if seed.Enabled > 0 {
			e.Doc.EnableDate = new(op.Millis(seed.Enabled))
		}
		e.Doc.Tags = nil
		out.VirtualMFADevices = append(out.VirtualMFADevices, e.Doc)
	}
	out.IsTruncated, out.Marker = terms.Next(next)
	return nil
}
