package directory

import (
	"context"
	"errors"
	"strings"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
)

// RoleInfo is what others must know of a role in order to assume it.
type RoleInfo struct {
	ID, ARN, Name, Account string
	Trust                  string // trust policy text
	Tags                   map[string]string
	MaxSession             int32 // seconds
}

// RoleByARN finds a role by its full ARN, path included. The error is ErrNoEntity.
func (d *Directory) RoleByARN(ctx context.Context, roleARN string) (*RoleInfo, error) {
	parts := strings.SplitN(roleARN, ":", 6)
	if len(parts) != 6 || parts[2] != "iam" || !strings.HasPrefix(parts[5], "role/") {
		return nil, ErrNoEntity
	}
	name := parts[5][strings.LastIndexByte(parts[5], '/')+1:]
	var info *RoleInfo
	err := d.db.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := Get[iamapi.Role](ctx, tx, parts[4], Role, name)
		if err != nil {
			return err
		}
		if e.Doc.Arn != roleARN {
			return ErrNoEntity
		}
		info = roleInfo(e)
		return nil
	})
	return info, err
}

func roleInfo(e *Entity[iamapi.Role]) *RoleInfo {
	info := &RoleInfo{ID: e.ID, ARN: e.Doc.Arn, Name: e.Doc.RoleName, Account: e.Account, Tags: Tags(e.Doc.Tags)}
	if e.Doc.AssumeRolePolicyDocument != nil {
		info.Trust = *e.Doc.AssumeRolePolicyDocument
	}
	if e.Doc.MaxSessionDuration != nil {
		info.MaxSession = *e.Doc.MaxSessionDuration
	}
	return info
}

// ServiceRole finds the role that a Role member of Glue means: an ARN, a name,
// or a path and a name.
func (d *Directory) ServiceRole(ctx context.Context, account, role string) (*RoleInfo, error) {
	if strings.HasPrefix(role, "arn:") {
		return d.RoleByARN(ctx, role)
	}
	path, name := "/", role
	if i := strings.LastIndexByte(role, '/'); i >= 0 {
		path, name = "/"+strings.Trim(role[:i], "/")+"/", role[i+1:]
		path = strings.Replace(path, "//", "/", 1)
	}
	return d.RoleByARN(ctx, arn.IAM(account, "role", path, name))
}

// PolicyText is the text of a managed policy that an account may use: AWS's or
// its own.
func (d *Directory) PolicyText(ctx context.Context, account, policyARN string) (string, error) {
	var text string
	err := d.db.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		text, err = ManagedText(ctx, tx, policyARN)
		return err
	})
	parts := strings.SplitN(policyARN, ":", 6)
	if errors.Is(err, ErrNoEntity) || (err == nil && len(parts) == 6 && parts[4] != account && parts[4] != "aws") {
		return "", &op.Fault{Code: "NoSuchEntity", Message: "Policy " + policyARN + " does not exist or is not attachable.", Status: 404}
	}
	return text, err
}
