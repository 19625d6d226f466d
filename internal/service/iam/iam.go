// Package iam is Identity and Access Management: users, groups, roles, access
// keys, policies, and simulations. Each resource has a folder; what they share
// is in terms, and what every request needs of them in directory.
package iam

import (
	"context"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam/accesskey"
	"github.com/bindery-project/bindery/internal/service/iam/account"
	"github.com/bindery-project/bindery/internal/service/iam/advisor"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/group"
	"github.com/bindery-project/bindery/internal/service/iam/instanceprofile"
	"github.com/bindery-project/bindery/internal/service/iam/managedpolicy"
	"github.com/bindery-project/bindery/internal/service/iam/mfa"
	"github.com/bindery-project/bindery/internal/service/iam/oidc"
	"github.com/bindery-project/bindery/internal/service/iam/password"
	"github.com/bindery-project/bindery/internal/service/iam/report"
	"github.com/bindery-project/bindery/internal/service/iam/role"
	"github.com/bindery-project/bindery/internal/service/iam/simulate"
	"github.com/bindery-project/bindery/internal/service/iam/user"
)

// rest refuses what is not built, by name.
type rest struct{ iamapi.Refused }

// Service answers the IAM API.
type Service struct {
	rest
	*user.Users
	*group.Groups
	*role.Roles
	*managedpolicy.Policies
	*accesskey.Keys
	*simulate.Simulator
	*account.Accounts
	*advisor.Advisor
	*instanceprofile.Profiles
	*password.Passwords
	*mfa.Devices
	*report.Reports
	*oidc.Providers
	directory *directory.Directory
}

// New returns the service on a directory. The authorizer decides what only the
// operations themselves can ask, such as passing a role.
func New(d *directory.Directory, a op.Authorizer) *Service {
	passwords := &password.Passwords{Directory: d}
	return &Service{
		Users: &user.Users{Directory: d}, Groups: &group.Groups{Directory: d}, Roles: &role.Roles{Directory: d},
		Policies: &managedpolicy.Policies{Directory: d}, Keys: &accesskey.Keys{Directory: d},
		Simulator: &simulate.Simulator{Directory: d}, directory: d,
		Accounts: &account.Accounts{Directory: d}, Advisor: &advisor.Advisor{Directory: d},
		Profiles:  &instanceprofile.Profiles{Directory: d, Authorizer: a},
		Passwords: passwords, Devices: &mfa.Devices{Directory: d}, Reports: &report.Reports{Directory: d, Passwords: standing(passwords)},
		Providers: &oidc.Providers{Directory: d},
	}
}

// Bind lists the operations for the gateway.
func (s *Service) Bind() *op.Service {
	return &op.Service{Model: &iamapi.Model, Operations: iamapi.Bind(s), Resolvers: s.resolvers()}
}

// standing lets reports ask about passwords.
func standing(p *password.Passwords) func(context.Context, *db.Tx, string, string) (report.Password, error) {
	return func(ctx context.Context, tx *db.Tx, account, userID string) (report.Password, error) {
		enabled, changed, next, err := p.Standing(ctx, tx, account, userID)
		return report.Password{Enabled: enabled, Changed: changed, Next: next}, err
	}
}
