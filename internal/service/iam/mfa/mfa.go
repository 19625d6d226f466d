// Package mfa holds virtual MFA devices: seeds for the time-based codes of RFC
// 6238 that a user's phone shows. A code is taken once.
package mfa

import (
	"bytes"
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"image/png"
	"net/url"
	"strings"

	"github.com/pquerna/otp"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

// Devices answers the operations about MFA devices.
type Devices struct {
	*directory.Directory
	tries tries
}

type entity = directory.Entity[iamapi.VirtualMFADevice]

const (
	seedBytes      = 40 // 64 characters of base 32, as AWS makes them
	qrSize         = 300
	maxDevicesUser = 8
)

func seedOf(account, serial, owner string) directory.Secret {
	return directory.Secret{Account: account, Kind: directory.Seed, Name: serial, Owner: owner}
}

// CreateVirtualMFADevice makes a device that nobody has yet. Its seed is told
// once, as text and as the picture that phones read.
func (d *Devices) CreateVirtualMFADevice(ctx context.Context, in *iamapi.CreateVirtualMFADeviceInput) (*iamapi.CreateVirtualMFADeviceOutput, error) {
	account, path := op.CallFrom(ctx).Account, terms.Path(in.Path)
	if err := terms.CheckPath(path); err != nil {
		return nil, err
	}
	tags, err := terms.AddTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	serial := arn.IAM(account, "mfa", path, in.VirtualMFADeviceName)
	seed := &Seed{Secret: d.Random(seedBytes)}
	e := &entity{Account: account, Kind: directory.MFA, Name: nameOf(serial), ID: d.NewID("AMFA"), Path: path}
	e.Doc = iamapi.VirtualMFADevice{SerialNumber: serial, Tags: tags}
	err = d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := directory.Create(ctx, tx, e); err != nil {
			return err
		}
		return d.WriteSecret(ctx, tx, seedOf(account, serial, ""), seed)
	})
	if errors.Is(err, db.ErrExists) {
		return nil, &iamapi.EntityAlreadyExistsException{Message: "MFADevice entity at the same path and name already exists."}
	}
	if err != nil {
		return nil, err
	}
	shown := e.Doc
	if shown.Base32StringSeed, shown.QRCodePNG, err = picture(account, in.VirtualMFADeviceName, seed.Secret); err != nil {
		return nil, err
	}
	return &iamapi.CreateVirtualMFADeviceOutput{VirtualMFADevice: &shown}, nil
}

// picture is the seed as text and as a QR code of its otpauth address.
func picture(account, name string, secret []byte) (text, code []byte, err error) {
	text = []byte(base32.StdEncoding.EncodeToString(secret))
	address := fmt.Sprintf("otpauth://totp/%s@%s?secret=%s&issuer=bindery", url.PathEscape(name), account, text)
	key, err := otp.NewKeyFromURL(address)
	if err != nil {
		return nil, nil, fmt.Errorf("mfa: make a picture: %w", err)
	}
	drawn, err := key.Image(qrSize, qrSize)
	if err != nil {
		return nil, nil, fmt.Errorf("mfa: make a picture: %w", err)
	}
	var buf bytes.Buffer
	err = png.Encode(&buf, drawn)
	return text, buf.Bytes(), err
}

// nameOf is under what a device is found: its path and name.
func nameOf(serial string) string {
	_, name, _ := strings.Cut(serial, ":mfa/")
	return name
}

func noDevice(serial string) error {
	return terms.NoSuchText("VirtualMFADevice with serial number %s doesn't exist.", serial)
}

// find reads a device of the caller's account by its very serial number.
func find(ctx context.Context, tx *db.Tx, serial string) (*entity, error) {
	e, err := directory.Get[iamapi.VirtualMFADevice](ctx, tx, op.CallFrom(ctx).Account, directory.MFA, nameOf(serial))
	if errors.Is(err, directory.ErrNoEntity) || (err == nil && e.Doc.SerialNumber != serial) {
		return nil, noDevice(serial)
	}
	return e, err
}

// read reads a device's seed, and whose it is.
func (d *Devices) read(ctx context.Context, tx *db.Tx, e *entity) (*Seed, string, error) {
	seed := new(Seed)
	owner, err := d.ReadSecret(ctx, tx, seedOf(e.Account, e.Doc.SerialNumber, ""), seed)
	return seed, owner, err
}

// change reads a device, lets fn change its tags, and stores it.
func (d *Devices) change(ctx context.Context, serial string, fn func([]iamapi.Tag) ([]iamapi.Tag, error)) error {
	return d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := find(ctx, tx, serial)
		if err != nil {
			return err
		}
		return terms.Retag(ctx, tx, e, &e.Doc.Tags, fn)
	})
}

// TagMFADevice adds or replaces tags.
func (d *Devices) TagMFADevice(ctx context.Context, in *iamapi.TagMFADeviceInput) (*iamapi.TagMFADeviceOutput, error) {
	return nil, d.change(ctx, in.SerialNumber, terms.Adding(in.Tags))
}

// UntagMFADevice removes tags.
func (d *Devices) UntagMFADevice(ctx context.Context, in *iamapi.UntagMFADeviceInput) (*iamapi.UntagMFADeviceOutput, error) {
	return nil, d.change(ctx, in.SerialNumber, terms.Removing(in.TagKeys))
}

// ListMFADeviceTags lists a device's tags.
func (d *Devices) ListMFADeviceTags(ctx context.Context, in *iamapi.ListMFADeviceTagsInput) (*iamapi.ListMFADeviceTagsOutput, error) {
	out := &iamapi.ListMFADeviceTagsOutput{Tags: []iamapi.Tag{}}
	return out, d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := find(ctx, tx, in.SerialNumber)
		if err == nil {
			out.Tags, out.IsTruncated, out.Marker, err = terms.PageTags(e.Doc.Tags, in.Marker, in.MaxItems)
		}
		return err
	})
}

// DeleteVirtualMFADevice removes a device that nobody has.
func (d *Devices) DeleteVirtualMFADevice(ctx context.Context, in *iamapi.DeleteVirtualMFADeviceInput) (*iamapi.DeleteVirtualMFADeviceOutput, error) {
	return nil, d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := find(ctx, tx, in.SerialNumber)
		if err != nil {
			return err
		}
		_, owner, err := d.read(ctx, tx, e)
		if err != nil {
			return err
		}
		if owner != "" {
			return terms.Conflict("MFA VirtualDevice in use. Must deactivate first.")
		}
		if err := directory.DeleteSecret(ctx, tx, seedOf(e.Account, in.SerialNumber, "")); err != nil {
			return err
		}
		return directory.Delete(ctx, tx, e)
	})
}
