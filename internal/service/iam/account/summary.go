package account

import (
	"context"
	"maps"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

// quotas are those of a new AWS account (IAM guide, "IAM and AWS STS quotas").
// Sizes, versions, keys and attachments are enforced here; how many users, groups
// and so on there may be is the operator's affair.
var quotas = map[string]int32{
	"UsersQuota": 5000, "GroupsQuota": 300, "RolesQuota": 1000, "InstanceProfilesQuota": 1000, "PoliciesQuota": 1500,
	"PolicyVersionsInUseQuota": 10000, "ServerCertificatesQuota": 20, "GroupsPerUserQuota": 10, "SigningCertificatesPerUserQuota": 2,
	"AccessKeysPerUserQuota": terms.MaxKeys, "VersionsPerPolicyQuota": terms.MaxVersions,
	"AttachedPoliciesPerUserQuota": terms.MaxAttached, "AttachedPoliciesPerGroupQuota": terms.MaxAttached, "AttachedPoliciesPerRoleQuota": terms.MaxAttached,
	"UserPolicySizeQuota": policy.LimitUserInline, "GroupPolicySizeQuota": policy.LimitGroupInline, "RolePolicySizeQuota": policy.LimitRoleInline,
	"PolicySizeQuota": policy.LimitManaged, "AssumeRolePolicySizeQuota": policy.LimitTrust, "GlobalEndpointTokenVersion": 1,
}

// GetAccountSummary counts what the account has, beside its quotas. Server and
// signing certificates are not built, so there are none.
func (a *Accounts) GetAccountSummary(ctx context.Context, _ *iamapi.GetAccountSummaryInput) (*iamapi.GetAccountSummaryOutput, error) {
	out := &iamapi.GetAccountSummaryOutput{}
	return out, a.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out.SummaryMap = maps.Clone(quotas)
		return a.count(ctx, tx, out.SummaryMap)
	})
}

func (a *Accounts) count(ctx context.Context, tx *db.Tx, to map[string]int32) error {
	account := op.CallFrom(ctx).Account
	have, err := directory.Count(ctx, tx, account)
	if err != nil {
		return err
	}
	for name, kind := range map[string]directory.Kind{
		"Users": directory.User, "Groups": directory.Group, "Roles": directory.Role, "Policies": directory.Policy,
		"InstanceProfiles": directory.InstanceProfile, "MFADevices": directory.MFA, "Providers": directory.OIDCProvider,
	} {
		to[name] = int32(have[kind])
	}
	to["ServerCertificates"], to["AccountSigningCertificatesPresent"] = 0, 0
	rows, err := directory.CountMore(ctx, tx, account)
	if err != nil {
		return err
	}
	to["PolicyVersionsInUse"], to["MFADevicesInUse"] = rows.PolicyVersions, rows.DevicesInUse
	to["AccountMFAEnabled"], to["AccountPasswordPresent"], to["AccountAccessKeysPresent"] = min(1, rows.RootDevices), 0, min(1, rows.RootKeys)
	return nil
}
