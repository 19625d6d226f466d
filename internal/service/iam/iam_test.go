package iam_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/seal"
	"github.com/bindery-project/bindery/internal/service/iam"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
)

const account = "111122223333"

const (
	allowGet  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"glue:GetTable","Resource":"*"}]}`
	allowAll  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	trustUser = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/ana"},"Action":"sts:AssumeRole"}]}`
)

// world is an IAM on a store of its own, called as the account's root.
type world struct {
	*iam.Service
	people *directory.Directory
	ctx    context.Context
	root   *directory.AccessKey
	asked  *passes
}

// passes is the authorizer of the operations' own questions.
type passes struct {
	refuse bool
	asked  []op.Access
}

func (p *passes) Check(_ context.Context, list ...op.Access) error {
	p.asked = append(p.asked, list...)
	if p.refuse {
		return &op.Denied{Message: "no"}
	}
	return nil
}

func (p *passes) Allowed(ctx context.Context, a op.Access) bool { return p.Check(ctx, a) == nil }

func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Run(t, func(t *testing.T, store *db.DB) {
		keys, err := seal.OpenOrCreate(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		d := directory.New(store, keys)
		asked := &passes{}
		w := &world{Service: iam.New(d, asked), people: d, root: d.NewKey(1), asked: asked}
		call := &op.Call{Account: account, Region: "us-east-1", Principal: op.Principal{Type: op.Root, Account: account}}
		w.ctx = op.WithCall(context.Background(), call)
		if err := d.CreateAccount(w.ctx, directory.Account{ID: account, Name: "first", Management: true}, w.root); err != nil {
			t.Fatal(err)
		}
		test(t, w)
	})
}

func must[T any](t *testing.T, out T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func code(err error) string {
	var e op.Error
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func wantCode(t *testing.T, what string, err error, want string) {
	t.Helper()
	if got := code(err); got != want {
		t.Errorf("%s: error %q, want %q", what, got, want)
	}
}

// user makes a user and returns the principal of its key.
func (w *world) user(t *testing.T, name string) (op.Principal, *iamapi.AccessKey) {
	t.Helper()
	out, err := w.CreateUser(w.ctx, &iamapi.CreateUserInput{UserName: name})
	must(t, out, err)
	key, err := w.CreateAccessKey(w.ctx, &iamapi.CreateAccessKeyInput{UserName: &name})
	must(t, key, err)
	owner, err := w.people.Key(w.ctx, key.AccessKey.AccessKeyId)
	return must(t, owner, err).Principal, key.AccessKey
}

// allowed asks whether a principal may do something, by its stored policies.
func (w *world) allowed(t *testing.T, p op.Principal, action string) bool {
	t.Helper()
	layers, err := w.people.Layers(w.ctx, &p)
	must(t, layers, err)
	r := policy.Request{
		Action: action, Resource: "arn:aws:glue:us-east-1:111122223333:table/db/t",
		Principal: policy.Principal{Type: policy.User, ARN: p.ARN, Account: p.Account, UserID: p.UserID},
	}
	return policy.Evaluate(&r, layers).Allowed()
}

func TestNamesAreUniqueWithoutRegardToCase(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(t, "Ana")
		_, err := w.CreateUser(w.ctx, &iamapi.CreateUserInput{UserName: "ana"})
		wantCode(t, "second user", err, "EntityAlreadyExists")
		name := "ANA"
		out, err := w.GetUser(w.ctx, &iamapi.GetUserInput{UserName: &name})
		if must(t, out, err).User.UserName != "Ana" {
			t.Errorf("found %q", out.User.UserName)
		}
	})
}

func TestListsPageByName(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		want := []string{"a", "b", "c", "d", "e"}
		for _, name := range []string{"d", "a", "e", "c", "b"} {
			_, err := w.CreateUser(w.ctx, &iamapi.CreateUserInput{UserName: name})
			must(t, "", err)
		}
		var got []string
		in := &iamapi.ListUsersInput{MaxItems: new(int32(2))}
		for {
			out, err := w.ListUsers(w.ctx, in)
			must(t, out, err)
			for _, u := range out.Users {
				got = append(got, u.UserName)
			}
			if !*out.IsTruncated {
				break
			}
			in.Marker = out.Marker
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q", got)
		}
	})
}

func TestPoliciesOfUserAndGroupsTakeEffectAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p, _ := w.user(t, "ana")
		if w.allowed(t, p, "glue:GetTable") {
			t.Error("a new user may do something")
		}
		_, err := w.PutUserPolicy(w.ctx, &iamapi.PutUserPolicyInput{UserName: "ana", PolicyName: "p", PolicyDocument: allowGet})
		must(t, "", err)
		if !w.allowed(t, p, "glue:GetTable") || w.allowed(t, p, "glue:DeleteTable") {
			t.Error("the inline policy does not decide")
		}
		_, err = w.CreateGroup(w.ctx, &iamapi.CreateGroupInput{GroupName: "g"})
		must(t, "", err)
		_, err = w.AttachGroupPolicy(w.ctx, &iamapi.AttachGroupPolicyInput{GroupName: "g", PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess"})
		must(t, "", err)
		_, err = w.AddUserToGroup(w.ctx, &iamapi.AddUserToGroupInput{GroupName: "g", UserName: "ana"})
		must(t, "", err)
		if !w.allowed(t, p, "glue:DeleteTable") {
			t.Error("the group's managed policy does not decide")
		}
		_, err = w.PutUserPermissionsBoundary(w.ctx, &iamapi.PutUserPermissionsBoundaryInput{UserName: "ana", PermissionsBoundary: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"})
		must(t, "", err)
		if w.allowed(t, p, "glue:GetTable") {
			t.Error("the boundary does not limit")
		}
	})
}

func TestKeysStopWorkingAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, key := w.user(t, "ana")
		name := "ana"
		_, err := w.UpdateAccessKey(w.ctx, &iamapi.UpdateAccessKeyInput{UserName: &name, AccessKeyId: key.AccessKeyId, Status: "Inactive"})
		must(t, "", err)
		if _, err := w.people.Key(w.ctx, key.AccessKeyId); !errors.Is(err, directory.ErrNoKey) {
			t.Errorf("an inactive key is known: %v", err)
		}
		_, err = w.UpdateAccessKey(w.ctx, &iamapi.UpdateAccessKeyInput{UserName: &name, AccessKeyId: key.AccessKeyId, Status: "Active"})
		must(t, "", err)
		_, err = w.people.Key(w.ctx, key.AccessKeyId)
		must(t, "", err)
		_, err = w.DeleteAccessKey(w.ctx, &iamapi.DeleteAccessKeyInput{UserName: &name, AccessKeyId: key.AccessKeyId})
		must(t, "", err)
		if _, err := w.people.Key(w.ctx, key.AccessKeyId); !errors.Is(err, directory.ErrNoKey) {
			t.Errorf("a deleted key is known: %v", err)
		}
	})
}

func TestRecreatedUserInheritsNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		old, key := w.user(t, "ana")
		_, err := w.PutUserPolicy(w.ctx, &iamapi.PutUserPolicyInput{UserName: "ana", PolicyName: "p", PolicyDocument: allowAll})
		must(t, "", err)
		name := "ana"
		_, err = w.DeleteUser(w.ctx, &iamapi.DeleteUserInput{UserName: "ana"})
		wantCode(t, "delete with key", err, "DeleteConflict")
		_, err = w.DeleteAccessKey(w.ctx, &iamapi.DeleteAccessKeyInput{UserName: &name, AccessKeyId: key.AccessKeyId})
		must(t, "", err)
		_, err = w.DeleteUser(w.ctx, &iamapi.DeleteUserInput{UserName: "ana"})
		wantCode(t, "delete with policy", err, "DeleteConflict")
		_, err = w.DeleteUserPolicy(w.ctx, &iamapi.DeleteUserPolicyInput{UserName: "ana", PolicyName: "p"})
		must(t, "", err)
		_, err = w.DeleteUser(w.ctx, &iamapi.DeleteUserInput{UserName: "ana"})
		must(t, "", err)
		fresh, _ := w.user(t, "ana")
		if fresh.UserID == old.UserID {
			t.Error("the id was used again")
		}
		if w.allowed(t, old, "glue:GetTable") || w.allowed(t, fresh, "glue:GetTable") {
			t.Error("rights outlived the user")
		}
	})
}

func TestVersionsOfManagedPolicies(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p, _ := w.user(t, "ana")
		made, err := w.CreatePolicy(w.ctx, &iamapi.CreatePolicyInput{PolicyName: "p", PolicyDocument: allowGet})
		policyARN := *must(t, made, err).Policy.Arn
		_, err = w.AttachUserPolicy(w.ctx, &iamapi.AttachUserPolicyInput{UserName: "ana", PolicyArn: policyARN})
		must(t, "", err)
		if !w.allowed(t, p, "glue:GetTable") {
			t.Error("version 1 does not decide")
		}
		_, err = w.CreatePolicyVersion(w.ctx, &iamapi.CreatePolicyVersionInput{PolicyArn: policyARN, PolicyDocument: allowAll, SetAsDefault: new(true)})
		must(t, "", err)
		if !w.allowed(t, p, "glue:DeleteTable") {
			t.Error("version 2 does not decide")
		}
		_, err = w.DeletePolicyVersion(w.ctx, &iamapi.DeletePolicyVersionInput{PolicyArn: policyARN, VersionId: "v2"})
		wantCode(t, "delete default", err, "DeleteConflict")
		_, err = w.SetDefaultPolicyVersion(w.ctx, &iamapi.SetDefaultPolicyVersionInput{PolicyArn: policyARN, VersionId: "v1"})
		must(t, "", err)
		if w.allowed(t, p, "glue:DeleteTable") {
			t.Error("version 1 does not decide again")
		}
		for range 3 {
			_, err = w.CreatePolicyVersion(w.ctx, &iamapi.CreatePolicyVersionInput{PolicyArn: policyARN, PolicyDocument: allowAll})
			must(t, "", err)
		}
		_, err = w.CreatePolicyVersion(w.ctx, &iamapi.CreatePolicyVersionInput{PolicyArn: policyARN, PolicyDocument: allowAll})
		wantCode(t, "sixth version", err, "LimitExceeded")
		_, err = w.DeletePolicy(w.ctx, &iamapi.DeletePolicyInput{PolicyArn: policyARN})
		wantCode(t, "delete attached", err, "DeleteConflict")
	})
}

func TestMalformedPoliciesAreRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(t, "ana")
		for _, text := range []string{
			`{`, `{"Version":"2012-10-17"}`, `{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Action":"*","Resource":"*"}]}`,
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`,
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringIsh":{"a":"b"}}}]}`,
		} {
			_, err := w.PutUserPolicy(w.ctx, &iamapi.PutUserPolicyInput{UserName: "ana", PolicyName: "p", PolicyDocument: text})
			wantCode(t, text, err, "MalformedPolicyDocument")
		}
	})
}

func TestTrustNamesWhoExists(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		in := &iamapi.CreateRoleInput{RoleName: "r", AssumeRolePolicyDocument: trustUser}
		_, err := w.CreateRole(w.ctx, in)
		wantCode(t, "unknown user", err, "MalformedPolicyDocument")
		w.user(t, "ana")
		out, err := w.CreateRole(w.ctx, in)
		roleARN := must(t, out, err).Role.Arn
		info, err := w.people.RoleByARN(w.ctx, roleARN)
		if must(t, info, err).Trust != trustUser {
			t.Errorf("trust %q", info.Trust)
		}
		if _, err := w.people.RoleByARN(w.ctx, "arn:aws:iam::111122223333:role/path/r"); !errors.Is(err, directory.ErrNoEntity) {
			t.Errorf("found by another path: %v", err)
		}
		for _, form := range []string{"r", roleARN} {
			info, err := w.people.ServiceRole(w.ctx, account, form)
			if must(t, info, err).ARN != roleARN {
				t.Errorf("%s is %s", form, info.ARN)
			}
		}
	})
}

func TestSimulationAgreesWithDecisions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p, _ := w.user(t, "ana")
		_, err := w.PutUserPolicy(w.ctx, &iamapi.PutUserPolicyInput{UserName: "ana", PolicyName: "p", PolicyDocument: allowGet})
		must(t, "", err)
		out, err := w.SimulatePrincipalPolicy(w.ctx, &iamapi.SimulatePrincipalPolicyInput{
			PolicySourceArn: p.ARN, ActionNames: []string{"glue:GetTable", "glue:DeleteTable"},
		})
		must(t, out, err)
		for i, want := range []string{"allowed", "implicitDeny"} {
			r := out.EvaluationResults[i]
			if r.EvalDecision != want || (want == "allowed") != w.allowed(t, p, r.EvalActionName) {
				t.Errorf("%s: %s, want %s", r.EvalActionName, r.EvalDecision, want)
			}
		}
	})
}

func TestSecretsAreNotStoredInClear(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, key := w.user(t, "ana")
		err := w.people.Read(w.ctx, func(ctx context.Context, tx *db.Tx) error {
			var doc []byte
			if err := tx.QueryRow(ctx, `SELECT doc FROM iam_access_key WHERE id = ?`, key.AccessKeyId).Scan(&doc); err != nil {
				return err
			}
			for i := 0; i+8 <= len(key.SecretAccessKey); i++ {
				if containsBytes(doc, key.SecretAccessKey[i:i+8]) {
					t.Fatal("a part of the secret is stored in clear")
				}
			}
			return nil
		})
		must(t, "", err)
	})
}

func containsBytes(b []byte, s string) bool {
	for i := 0; i+len(s) <= len(b); i++ {
		if string(b[i:i+len(s)]) == s {
			return true
		}
	}
	return false
}
