package iam_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
)

// role makes a role that ana may assume.
func (w *world) role(t *testing.T, name string) *iamapi.Role {
	t.Helper()
	out, err := w.CreateRole(w.ctx, &iamapi.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: trustUser})
	return must(t, out, err).Role
}

// session is what a token of the role tells for ever.
func session(r *iamapi.Role) op.Principal {
	return op.Principal{
		Type: op.AssumedRole, Account: account, ARN: "arn:aws:sts::" + account + ":assumed-role/" + r.RoleName + "/s",
		RoleARN: r.Arn, UserID: r.RoleId + ":s", AccessKeyID: "ASIA" + r.RoleId, Session: &op.Session{Name: "s"},
	}
}

// namedByBucket decides a read that a bucket policy grants to a role by its ARN.
func (w *world) namedByBucket(t *testing.T, p op.Principal) bool {
	t.Helper()
	layers, err := w.people.Layers(w.ctx, &p)
	l := *must(t, layers, err)
	text := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + p.RoleARN + `"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}`
	grant, err := policy.Parse([]byte(text), policy.Resource)
	l.Resource = []*policy.Policy{must(t, grant, err)}
	r := policy.Request{
		Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", ResourceAccount: account,
		Principal: policy.Principal{Type: policy.AssumedRole, ARN: p.ARN, RoleARN: p.RoleARN, Account: account, UserID: p.UserID},
	}
	return policy.Evaluate(&r, &l).Allowed()
}

func TestSessionsEndWithTheirRole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(t, "ana")
		p := session(w.role(t, "r"))
		if !w.namedByBucket(t, p) {
			t.Fatal("a live session is denied")
		}
		if _, err := w.people.Current(w.ctx, p); err != nil {
			t.Fatal(err)
		}
		_, err := w.DeleteRole(w.ctx, &iamapi.DeleteRoleInput{RoleName: "r"})
		must(t, "", err)
		w.role(t, "r") // another one with the same ARN
		if w.namedByBucket(t, p) {
			t.Error("the session of a deleted role reads through a bucket policy")
		}
		if _, err := w.people.Current(w.ctx, p); !errors.Is(err, directory.ErrNoKey) {
			t.Errorf("the session of a deleted role is known: %v", err)
		}
	})
}

func TestSessionsFollowTheirUser(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p, key := w.user(t, "ana")
		p.Session = &op.Session{}
		_, err := w.UpdateUser(w.ctx, &iamapi.UpdateUserInput{UserName: "ana", NewUserName: new("bea")})
		must(t, "", err)
		now, err := w.people.Current(w.ctx, p)
		if must(t, now, err).ARN != "arn:aws:iam::"+account+":user/bea" {
			t.Errorf("after a rename the session is still %s", now.ARN)
		}
		_, err = w.DeleteAccessKey(w.ctx, &iamapi.DeleteAccessKeyInput{UserName: new("bea"), AccessKeyId: key.AccessKeyId})
		must(t, "", err)
		_, err = w.DeleteUser(w.ctx, &iamapi.DeleteUserInput{UserName: "bea"})
		must(t, "", err)
		if _, err := w.people.Current(w.ctx, p); !errors.Is(err, directory.ErrNoKey) {
			t.Errorf("the session of a deleted user is known: %v", err)
		}
	})
}

// resolved lists the ARNs that an operation is decided on.
func (w *world) resolved(t *testing.T, resolver, operation string, in any) []op.Resource {
	t.Helper()
	call := *op.CallFrom(w.ctx)
	call.Operation = operation
	found, err := w.Bind().Resolvers[resolver](op.WithCall(w.ctx, &call), in)
	return must(t, found, err)
}

func TestMovingAnEntityNeedsBothNames(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(t, "Ana")
		_, err := w.CreateGroup(w.ctx, &iamapi.CreateGroupInput{GroupName: "dev", Path: new("/a/")})
		must(t, "", err)
		const base = "arn:aws:iam::" + account + ":"
		for _, c := range []struct {
			resolver string
			in       any
			want     []string
		}{
			{"user", &iamapi.UpdateUserInput{UserName: "ana", NewPath: new("/admin/")}, []string{base + "user/Ana", base + "user/admin/Ana"}},
			{"user", &iamapi.UpdateUserInput{UserName: "ana", NewUserName: new("boss")}, []string{base + "user/Ana", base + "user/boss"}},
			{"user", &iamapi.UpdateUserInput{UserName: "none", NewUserName: new("boss")}, []string{base + "user/none", base + "user/boss"}},
			{"user", &iamapi.UpdateUserInput{UserName: "ana"}, []string{base + "user/Ana"}},
			{"group", &iamapi.UpdateGroupInput{GroupName: "dev", NewPath: new("/b/"), NewGroupName: new("ops")}, []string{base + "group/a/dev", base + "group/b/ops"}},
		} {
			var got []string
			for _, r := range w.resolved(t, c.resolver, "Update", c.in) {
				got = append(got, r.ARN)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		}
	})
}

func TestTheBoundaryOfATargetIsAConditionKey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(t, "ana")
		const boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
		attach := &iamapi.AttachUserPolicyInput{UserName: "ana"}
		if keys := w.resolved(t, "user", "AttachUserPolicy", attach)[0].Keys; len(keys) > 0 {
			t.Errorf("without a boundary: %v", keys)
		}
		_, err := w.PutUserPermissionsBoundary(w.ctx, &iamapi.PutUserPermissionsBoundaryInput{UserName: "ana", PermissionsBoundary: boundary})
		must(t, "", err)
		for _, name := range []string{"AttachUserPolicy", "DeleteUserPermissionsBoundary", "PutUserPolicy"} {
			if got := w.resolved(t, "user", name, attach)[0].Keys["iam:permissionsboundary"]; !slices.Equal(got, []string{boundary}) {
				t.Errorf("%s: boundary %q", name, got)
			}
		}
		if keys := w.resolved(t, "user", "CreateAccessKey", attach)[0].Keys; len(keys) > 0 {
			t.Errorf("CreateAccessKey has no such key at AWS: %v", keys)
		}
	})
}

func TestSimulationIsOfTheVeryARN(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(t, "ana")
		for source, want := range map[string]string{
			"arn:aws:iam::" + account + ":user/ana":        "",
			"arn:aws:iam::" + account + ":user/public/ana": "NoSuchEntity",
			"arn:aws:iam::" + account + ":user/ANA":        "NoSuchEntity",
		} {
			_, err := w.SimulatePrincipalPolicy(w.ctx, &iamapi.SimulatePrincipalPolicyInput{PolicySourceArn: source, ActionNames: []string{"glue:GetTable"}})
			wantCode(t, source, err, want)
		}
	})
}

func TestTagNamesThatDifferInCaseAreDuplicates(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		twice := []iamapi.Tag{{Key: "team", Value: "admin"}, {Key: "Team", Value: "guest"}}
		_, err := w.CreateUser(w.ctx, &iamapi.CreateUserInput{UserName: "ana", Tags: twice})
		wantCode(t, "create", err, "InvalidInput")
		w.user(t, "bea")
		_, err = w.TagUser(w.ctx, &iamapi.TagUserInput{UserName: "bea", Tags: twice})
		wantCode(t, "tag", err, "InvalidInput")
	})
}

func TestAPrincipalMadeAgainIsNotTheOneThatWasNamed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var moves []string
		w.people.OnMoved(func(_ context.Context, _ *db.Tx, from, to string) error {
			moves = append(moves, from+" "+to)
			return nil
		})
		ana, key := w.user(t, "ana")
		r := w.role(t, "r")
		trusts := func(id string) bool {
			info, err := w.people.RoleByARN(w.ctx, r.Arn)
			return strings.Contains(must(t, info, err).Trust, `"`+id+`"`)
		}
		_, err := w.UpdateUser(w.ctx, &iamapi.UpdateUserInput{UserName: "ana", NewUserName: new("bea")})
		must(t, "", err)
		if !trusts("arn:aws:iam::" + account + ":user/bea") {
			t.Error("the role does not trust its user under the new name")
		}
		_, err = w.DeleteAccessKey(w.ctx, &iamapi.DeleteAccessKeyInput{UserName: new("bea"), AccessKeyId: key.AccessKeyId})
		must(t, "", err)
		_, err = w.DeleteUser(w.ctx, &iamapi.DeleteUserInput{UserName: "bea"})
		must(t, "", err)
		if !trusts(ana.UserID) {
			t.Error("the role trusts whoever is called bea next")
		}
		want := []string{ana.ARN + " arn:aws:iam::" + account + ":user/bea", "arn:aws:iam::" + account + ":user/bea " + ana.UserID}
		if !slices.Equal(moves, want) {
			t.Errorf("told %q", moves)
		}
	})
}

func TestABoundaryIsNotDeletedUnderItsUsers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(t, "ana")
		made, err := w.CreatePolicy(w.ctx, &iamapi.CreatePolicyInput{PolicyName: "limit", PolicyDocument: allowGet})
		arn := *must(t, made, err).Policy.Arn
		_, err = w.PutUserPermissionsBoundary(w.ctx, &iamapi.PutUserPermissionsBoundaryInput{UserName: "ana", PermissionsBoundary: arn})
		must(t, "", err)
		_, err = w.DeletePolicy(w.ctx, &iamapi.DeletePolicyInput{PolicyArn: arn})
		wantCode(t, "boundary in use", err, "DeleteConflict")
		_, err = w.DeleteUserPermissionsBoundary(w.ctx, &iamapi.DeleteUserPermissionsBoundaryInput{UserName: "ana"})
		must(t, "", err)
		_, err = w.DeletePolicy(w.ctx, &iamapi.DeletePolicyInput{PolicyArn: arn})
		wantCode(t, "boundary of nobody", err, "")
	})
}

func TestManagedSessionPoliciesLimit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(t, "ana")
		r := w.role(t, "r")
		_, err := w.PutRolePolicy(w.ctx, &iamapi.PutRolePolicyInput{RoleName: "r", PolicyName: "all", PolicyDocument: allowAll})
		must(t, "", err)
		made, err := w.CreatePolicy(w.ctx, &iamapi.CreatePolicyInput{PolicyName: "get", PolicyDocument: allowGet})
		arn := *must(t, made, err).Policy.Arn
		p := session(r)
		p.Session.HasPolicy, p.Session.PolicyARNs = true, []string{arn}
		if !w.allowed(t, p, "glue:GetTable") || w.allowed(t, p, "glue:DeleteTable") {
			t.Error("the session does not have what role and session policy have in common")
		}
		_, err = w.DeletePolicy(w.ctx, &iamapi.DeletePolicyInput{PolicyArn: arn})
		must(t, "", err)
		if w.allowed(t, p, "glue:GetTable") {
			t.Error("a session policy that is gone limits nothing")
		}
	})
}
