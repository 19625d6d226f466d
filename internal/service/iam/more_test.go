package iam_test

import (
	"context"
	"encoding/base32"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam/mfa"
)

func TestInstanceProfileHoldsOneRole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(t, "ana")
		w.role(t, "r")
		w.role(t, "other")
		made, err := w.CreateInstanceProfile(w.ctx, &iamapi.CreateInstanceProfileInput{InstanceProfileName: "p", Path: new("/x/")})
		if must(t, made, err).InstanceProfile.Arn != "arn:aws:iam::"+account+":instance-profile/x/p" || !strings.HasPrefix(made.InstanceProfile.InstanceProfileId, "AIPA") {
			t.Errorf("made %+v", made.InstanceProfile)
		}
		_, err = w.CreateInstanceProfile(w.ctx, &iamapi.CreateInstanceProfileInput{InstanceProfileName: "P"})
		wantCode(t, "second of the name", err, "EntityAlreadyExists")

		add := &iamapi.AddRoleToInstanceProfileInput{InstanceProfileName: "p", RoleName: "r"}
		w.asked.refuse = true
		_, err = w.AddRoleToInstanceProfile(w.ctx, add)
		if denied := (*op.Denied)(nil); !errors.As(err, &denied) {
			t.Errorf("without iam:PassRole: %v", err)
		}
		missing := &iamapi.AddRoleToInstanceProfileInput{InstanceProfileName: "p", RoleName: "none"}
		if _, err = w.AddRoleToInstanceProfile(w.ctx, missing); !errors.As(err, new(*op.Denied)) {
			t.Errorf("whether a role exists is told to who may not pass it: %v", err)
		}
		asked := w.asked.asked[0]
		if asked.Action != "iam:PassRole" || asked.Resource.ARN != "arn:aws:iam::"+account+":role/r" || asked.Context["iam:passedtoservice"][0] != "ec2.amazonaws.com" {
			t.Errorf("asked %+v", asked)
		}
		w.asked.refuse = false
		_, err = w.AddRoleToInstanceProfile(w.ctx, add)
		must(t, "", err)
		add.RoleName = "other"
		_, err = w.AddRoleToInstanceProfile(w.ctx, add)
		wantCode(t, "second role", err, "LimitExceeded")
		_, err = w.DeleteRole(w.ctx, &iamapi.DeleteRoleInput{RoleName: "r"})
		wantCode(t, "delete a role in a profile", err, "DeleteConflict")
		list, err := w.ListInstanceProfilesForRole(w.ctx, &iamapi.ListInstanceProfilesForRoleInput{RoleName: "r"})
		if l := must(t, list, err).InstanceProfiles; len(l) != 1 || l[0].Roles[0].RoleName != "r" {
			t.Errorf("profiles of the role %+v", l)
		}
		_, err = w.DeleteInstanceProfile(w.ctx, &iamapi.DeleteInstanceProfileInput{InstanceProfileName: "p"})
		wantCode(t, "delete a full profile", err, "DeleteConflict")
		_, err = w.RemoveRoleFromInstanceProfile(w.ctx, &iamapi.RemoveRoleFromInstanceProfileInput{InstanceProfileName: "p", RoleName: "r"})
		must(t, "", err)
		_, err = w.DeleteInstanceProfile(w.ctx, &iamapi.DeleteInstanceProfileInput{InstanceProfileName: "p"})
		must(t, "", err)
	})
}

func TestServiceLinkedRolesAreTheirServices(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		made, err := w.CreateServiceLinkedRole(w.ctx, &iamapi.CreateServiceLinkedRoleInput{AWSServiceName: "lakeformation.amazonaws.com"})
		name := must(t, made, err).Role.RoleName
		if made.Role.Arn != "arn:aws:iam::"+account+":role/aws-service-role/lakeformation.amazonaws.com/AWSServiceRoleForLakeFormationDataAccess" {
			t.Errorf("made %s", made.Role.Arn)
		}
		_, err = w.CreateServiceLinkedRole(w.ctx, &iamapi.CreateServiceLinkedRoleInput{AWSServiceName: "lakeformation.amazonaws.com"})
		wantCode(t, "second", err, "InvalidInput")
		_, err = w.CreateServiceLinkedRole(w.ctx, &iamapi.CreateServiceLinkedRoleInput{AWSServiceName: "evil.amazonaws.com"})
		wantCode(t, "unknown service", err, "InvalidInput")
		for what, try := range map[string]func() error{
			"inline": func() error {
				_, err := w.PutRolePolicy(w.ctx, &iamapi.PutRolePolicyInput{RoleName: name, PolicyName: "p", PolicyDocument: allowAll})
				return err
			},
			"attach": func() error {
				_, err := w.AttachRolePolicy(w.ctx, &iamapi.AttachRolePolicyInput{RoleName: name, PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess"})
				return err
			},
			"trust": func() error {
				_, err := w.UpdateAssumeRolePolicy(w.ctx, &iamapi.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: trustUser})
				return err
			},
			"delete": func() error { _, err := w.DeleteRole(w.ctx, &iamapi.DeleteRoleInput{RoleName: name}); return err },
			"duration": func() error {
				_, err := w.UpdateRole(w.ctx, &iamapi.UpdateRoleInput{RoleName: name, MaxSessionDuration: new(int32(43200))})
				return err
			},
		} {
			wantCode(t, what, try(), "UnmodifiableEntity")
		}
		gone, err := w.DeleteServiceLinkedRole(w.ctx, &iamapi.DeleteServiceLinkedRoleInput{RoleName: name})
		task := must(t, gone, err).DeletionTaskId
		status, err := w.GetServiceLinkedRoleDeletionStatus(w.ctx, &iamapi.GetServiceLinkedRoleDeletionStatusInput{DeletionTaskId: task})
		if must(t, status, err).Status != "SUCCEEDED" {
			t.Errorf("status %s", status.Status)
		}
		if got := w.resolved(t, "linkedRole", "GetServiceLinkedRoleDeletionStatus", &iamapi.GetServiceLinkedRoleDeletionStatusInput{DeletionTaskId: task}); got[0].ARN != made.Role.Arn {
			t.Errorf("decided on %s", got[0].ARN)
		}
	})
}

// at is the context of a call at a time, by the root or a principal.
func (w *world) at(now time.Time, p *op.Principal) context.Context {
	call := *op.CallFrom(w.ctx)
	call.Now = now
	if p != nil {
		call.Principal = *p
	}
	return op.WithCall(w.ctx, &call)
}

func TestDevicesProveOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ana, _ := w.user(t, "ana")
		bea, _ := w.user(t, "bea")
		made, err := w.CreateVirtualMFADevice(w.ctx, &iamapi.CreateVirtualMFADeviceInput{VirtualMFADeviceName: "phone"})
		d := must(t, made, err).VirtualMFADevice
		if _, err := base32.StdEncoding.DecodeString(string(d.Base32StringSeed)); err != nil || !strings.HasPrefix(string(d.QRCodePNG), "\x89PNG") {
			t.Errorf("seed %q: %v", d.Base32StringSeed, err)
		}
		now := time.Now()
		code := func(off time.Duration) string {
			c, err := totp.GenerateCode(string(d.Base32StringSeed), now.Add(off))
			return must(t, c, err)
		}
		enable := &iamapi.EnableMFADeviceInput{UserName: "ana", SerialNumber: d.SerialNumber, AuthenticationCode1: code(0), AuthenticationCode2: code(0)}
		_, err = w.EnableMFADevice(w.at(now, nil), enable)
		wantCode(t, "one code twice", err, "InvalidAuthenticationCode")
		enable.AuthenticationCode1, enable.AuthenticationCode2 = code(-60*time.Second), code(-30*time.Second)
		_, err = w.EnableMFADevice(w.at(now, nil), enable)
		must(t, "", err)
		enable.UserName = "bea"
		_, err = w.EnableMFADevice(w.at(now, nil), enable)
		wantCode(t, "of somebody else", err, "EntityAlreadyExists")

		if err := w.Prove(w.at(now, nil), bea, d.SerialNumber, code(-30*time.Second+30*time.Second), true); !errors.Is(err, mfa.ErrCode) {
			t.Errorf("somebody else's device: %v", err)
		}
		if err := w.Prove(w.at(now, nil), ana, d.SerialNumber, code(-30*time.Second), true); !errors.Is(err, mfa.ErrCode) {
			t.Errorf("a code of the registration: %v", err)
		}
		must(t, "", w.Prove(w.at(now, nil), ana, d.SerialNumber, code(0), false))
		must(t, "", w.Prove(w.at(now, nil), ana, d.SerialNumber, code(0), true))
		if err := w.Prove(w.at(now, nil), ana, d.SerialNumber, code(0), true); !errors.Is(err, mfa.ErrCode) {
			t.Errorf("a spent code: %v", err)
		}
		_, err = w.DeleteVirtualMFADevice(w.ctx, &iamapi.DeleteVirtualMFADeviceInput{SerialNumber: d.SerialNumber})
		wantCode(t, "delete a device in use", err, "DeleteConflict")
		_, err = w.DeactivateMFADevice(w.ctx, &iamapi.DeactivateMFADeviceInput{UserName: new("bea"), SerialNumber: d.SerialNumber})
		wantCode(t, "deactivate for another", err, "NoSuchEntity")
		_, err = w.DeactivateMFADevice(w.ctx, &iamapi.DeactivateMFADeviceInput{UserName: new("ana"), SerialNumber: d.SerialNumber})
		must(t, "", err)
		_, err = w.DeleteVirtualMFADevice(w.ctx, &iamapi.DeleteVirtualMFADeviceInput{SerialNumber: d.SerialNumber})
		must(t, "", err)
	})
}

func TestPasswordsFollowThePolicy(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ana, key := w.user(t, "ana")
		_, err := w.GetAccountPasswordPolicy(w.ctx, &iamapi.GetAccountPasswordPolicyInput{})
		wantCode(t, "no policy", err, "NoSuchEntity")
		_, err = w.UpdateAccountPasswordPolicy(w.ctx, &iamapi.UpdateAccountPasswordPolicyInput{MinimumPasswordLength: new(int32(12)), PasswordReusePrevention: new(int32(2)), MaxPasswordAge: new(int32(90))})
		must(t, "", err)
		_, err = w.CreateLoginProfile(w.ctx, &iamapi.CreateLoginProfileInput{UserName: new("ana"), Password: new("short")})
		wantCode(t, "short", err, "PasswordPolicyViolation")
		_, err = w.CreateLoginProfile(w.ctx, &iamapi.CreateLoginProfileInput{UserName: new("ana"), Password: new("first-password"), PasswordResetRequired: new(true)})
		must(t, "", err)
		as := w.at(time.Time{}, &ana)
		_, err = w.ChangePassword(as, &iamapi.ChangePasswordInput{OldPassword: "wrong", NewPassword: "second-password"})
		if denied := (*op.Denied)(nil); !errors.As(err, &denied) || !strings.HasPrefix(denied.Message, "Either user is not authorized") {
			t.Errorf("wrong old password: %v", err)
		}
		_, err = w.ChangePassword(as, &iamapi.ChangePasswordInput{OldPassword: "first-password", NewPassword: "first-password"})
		wantCode(t, "the same again", err, "PasswordPolicyViolation")
		_, err = w.ChangePassword(as, &iamapi.ChangePasswordInput{OldPassword: "first-password", NewPassword: "second-password"})
		must(t, "", err)
		got, err := w.GetLoginProfile(w.ctx, &iamapi.GetLoginProfileInput{UserName: new("ana")})
		if *must(t, got, err).LoginProfile.PasswordResetRequired {
			t.Error("the user changed it, and must do so again")
		}
		_, err = w.ChangePassword(w.ctx, &iamapi.ChangePasswordInput{OldPassword: "x", NewPassword: "y"})
		wantCode(t, "root", err, "InvalidUserType")
		_, err = w.DeleteAccessKey(w.ctx, &iamapi.DeleteAccessKeyInput{UserName: new("ana"), AccessKeyId: key.AccessKeyId})
		must(t, "", err)
		_, err = w.DeleteUser(w.ctx, &iamapi.DeleteUserInput{UserName: "ana"})
		wantCode(t, "delete with password", err, "DeleteConflict")
		_, err = w.DeleteLoginProfile(w.ctx, &iamapi.DeleteLoginProfileInput{UserName: new("ana")})
		must(t, "", err)
		_, err = w.DeleteUser(w.ctx, &iamapi.DeleteUserInput{UserName: "ana"})
		must(t, "", err)
	})
}

func TestUsesReachTheStore(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ana, key := w.user(t, "ana")
		_, err := w.PutUserPolicy(w.ctx, &iamapi.PutUserPolicyInput{UserName: "ana", PolicyName: "p", PolicyDocument: allowGet})
		must(t, "", err)
		used := func() *iamapi.AccessKeyLastUsed {
			out, err := w.GetAccessKeyLastUsed(w.ctx, &iamapi.GetAccessKeyLastUsedInput{AccessKeyId: key.AccessKeyId})
			return must(t, out, err).AccessKeyLastUsed
		}
		if u := used(); u.ServiceName != "N/A" || u.Region != "N/A" || u.LastUsedDate != nil {
			t.Errorf("a new key: %+v", u)
		}
		call := &op.Call{Service: "glue", Region: "us-east-1", Principal: ana, Now: time.UnixMilli(5000)}
		w.people.Uses.Note(call)
		if u := used(); u.ServiceName != "glue" || *u.LastUsedDate != 5000 {
			t.Errorf("only noted: %+v", u)
		}
		must(t, "", w.people.KeepUses(w.ctx))
		via := *call
		via.ViaAWS, via.Service, via.Now = true, "s3", time.UnixMilli(9000)
		w.people.Uses.Note(&via)
		must(t, "", w.people.KeepUses(w.ctx))
		if u := used(); u.ServiceName != "glue" || *u.LastUsedDate != 5000 {
			t.Errorf("what a service did counts for the key: %+v", u)
		}
		job, err := w.GenerateServiceLastAccessedDetails(w.ctx, &iamapi.GenerateServiceLastAccessedDetailsInput{Arn: ana.ARN})
		details, err2 := w.GetServiceLastAccessedDetails(w.ctx, &iamapi.GetServiceLastAccessedDetailsInput{JobId: *must(t, job, err).JobId})
		services := must(t, details, err2).ServicesLastAccessed
		if len(services) != 1 || services[0].ServiceNamespace != "glue" || *services[0].LastAuthenticated != 5000 || *services[0].LastAuthenticatedEntity != ana.ARN {
			t.Errorf("details %+v", services)
		}
	})
}

func TestDetailsPageOverAllKinds(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, name := range []string{"a", "b", "ana"} {
			w.user(t, name)
		}
		w.role(t, "r")
		_, err := w.CreateGroup(w.ctx, &iamapi.CreateGroupInput{GroupName: "g"})
		must(t, "", err)
		_, err = w.AttachGroupPolicy(w.ctx, &iamapi.AttachGroupPolicyInput{GroupName: "g", PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess"})
		must(t, "", err)
		_, err = w.CreatePolicy(w.ctx, &iamapi.CreatePolicyInput{PolicyName: "own", PolicyDocument: allowGet})
		must(t, "", err)
		var got []string
		in := &iamapi.GetAccountAuthorizationDetailsInput{MaxItems: new(int32(2))}
		for {
			out, err := w.GetAccountAuthorizationDetails(w.ctx, in)
			must(t, out, err)
			for _, u := range out.UserDetailList {
				got = append(got, *u.UserName)
			}
			for _, g := range out.GroupDetailList {
				got = append(got, *g.GroupName)
			}
			for _, r := range out.RoleDetailList {
				got = append(got, *r.RoleName)
			}
			for _, p := range out.Policies {
				got = append(got, *p.PolicyName)
			}
			if !*out.IsTruncated {
				break
			}
			in.Marker = out.Marker
		}
		if want := []string{"a", "ana", "b", "g", "r", "own", "AdministratorAccess"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		out, err := w.GetAccountAuthorizationDetails(w.ctx, &iamapi.GetAccountAuthorizationDetailsInput{Filter: []string{"Role"}})
		if must(t, out, err); len(out.RoleDetailList) != 1 || len(out.UserDetailList)+len(out.Policies)+len(out.GroupDetailList) != 0 {
			t.Errorf("filtered %+v", out)
		}
	})
}

func TestCredentialReportHasAWSColumns(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(t, "ana")
		now := time.Now()
		_, err := w.GetCredentialReport(w.at(now, nil), &iamapi.GetCredentialReportInput{})
		wantCode(t, "no report", err, "ReportNotPresent")
		for _, want := range []string{"STARTED", "COMPLETE"} {
			out, err := w.GenerateCredentialReport(w.at(now, nil), &iamapi.GenerateCredentialReportInput{})
			if *must(t, out, err).State != want {
				t.Errorf("state %s, want %s", *out.State, want)
			}
		}
		out, err := w.GetCredentialReport(w.at(now, nil), &iamapi.GetCredentialReportInput{})
		lines := strings.Split(strings.TrimSpace(string(must(t, out, err).Content)), "\n")
		if len(lines) != 3 || !strings.HasPrefix(lines[0], "user,arn,user_creation_time,password_enabled,") || !strings.HasPrefix(lines[1], "<root_account>,arn:aws:iam::"+account+":root,") ||
			!strings.Contains(lines[2], ",false,N/A,N/A,N/A,false,true,") {
			t.Errorf("report\n%s", strings.Join(lines, "\n"))
		}
		_, err = w.GetCredentialReport(w.at(now.Add(5*time.Hour), nil), &iamapi.GetCredentialReportInput{})
		wantCode(t, "old report", err, "ReportExpired")
	})
}

func TestAliasesAreUniqueOverAccounts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.CreateAccountAlias(w.ctx, &iamapi.CreateAccountAliasInput{AccountAlias: "one"})
		must(t, "", err)
		_, err = w.CreateAccountAlias(w.ctx, &iamapi.CreateAccountAliasInput{AccountAlias: "two"})
		must(t, "", err)
		list, err := w.ListAccountAliases(w.ctx, &iamapi.ListAccountAliasesInput{})
		if l := must(t, list, err).AccountAliases; !slices.Equal(l, []string{"two"}) {
			t.Errorf("aliases %q", l)
		}
		other := *op.CallFrom(w.ctx)
		other.Account = "444455556666"
		_, err = w.CreateAccountAlias(op.WithCall(w.ctx, &other), &iamapi.CreateAccountAliasInput{AccountAlias: "two"})
		wantCode(t, "taken", err, "EntityAlreadyExists")
		_, err = w.DeleteAccountAlias(op.WithCall(w.ctx, &other), &iamapi.DeleteAccountAliasInput{AccountAlias: "two"})
		wantCode(t, "another account's", err, "NoSuchEntity")
		_, err = w.CreateAccountAlias(w.ctx, &iamapi.CreateAccountAliasInput{AccountAlias: "444455556666"})
		wantCode(t, "an account's number", err, "ValidationError")
	})
}

func TestSimulationDoesWithoutPolicies(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ana, _ := w.user(t, "ana")
		_, err := w.PutUserPolicy(w.ctx, &iamapi.PutUserPolicyInput{UserName: "ana", PolicyName: "p", PolicyDocument: allowGet})
		must(t, "", err)
		const readOnly = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
		_, err = w.AttachUserPolicy(w.ctx, &iamapi.AttachUserPolicyInput{UserName: "ana", PolicyArn: readOnly})
		must(t, "", err)
		inline := iamapi.PolicyIdentifier{InlinePolicyIdentifier: &iamapi.InlinePolicyIdentifierType{PolicyName: "p", AttachmentType: "user", AttachmentName: "ana"}}
		for _, c := range []struct {
			without []iamapi.PolicyIdentifier
			want    []string
		}{
			{nil, []string{"allowed", "allowed"}},
			{[]iamapi.PolicyIdentifier{inline}, []string{"implicitDeny", "allowed"}},
			{[]iamapi.PolicyIdentifier{{PolicyArn: new(readOnly)}}, []string{"allowed", "implicitDeny"}},
		} {
			out, err := w.SimulatePrincipalPolicy(w.ctx, &iamapi.SimulatePrincipalPolicyInput{
				PolicySourceArn: ana.ARN, ActionNames: []string{"glue:GetTable", "s3:GetObject"}, PolicyExclusionList: c.without,
			})
			for i, r := range must(t, out, err).EvaluationResults {
				if r.EvalDecision != c.want[i] {
					t.Errorf("without %d: %s %s, want %s", len(c.without), r.EvalActionName, r.EvalDecision, c.want[i])
				}
			}
		}
		inline.InlinePolicyIdentifier.AttachmentName = "nobody"
		_, err = w.SimulatePrincipalPolicy(w.ctx, &iamapi.SimulatePrincipalPolicyInput{PolicySourceArn: ana.ARN, ActionNames: []string{"glue:GetTable"}, PolicyExclusionList: []iamapi.PolicyIdentifier{inline}})
		wantCode(t, "policy of nobody", err, "NoSuchEntity")
	})
}
