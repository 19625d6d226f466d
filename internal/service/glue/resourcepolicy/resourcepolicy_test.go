package resourcepolicy_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/glue/resourcepolicy"
)

const (
	one    = "111122223333"
	two    = "444455556666"
	dana   = "arn:aws:iam::" + one + ":user/dana"
	prefix = "arn:aws:glue:eu-west-1:" + one + ":"
)

// rights decide as the gateway does, for a user who may do everything.
type rights struct{ governing *resourcepolicy.Governing }

func (r *rights) Allowed(ctx context.Context, a op.Access) bool {
	call := op.CallFrom(ctx)
	all, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`), policy.Identity)
	if err != nil {
		panic(err)
	}
	layers := policy.Layers{Identity: []*policy.Policy{all}}
	if p, ok := a.Resource.Policy.(*policy.Policy); ok {
		layers.Resource = []*policy.Policy{p}
	} else if p, err := r.governing.Policy(ctx, a.Resource.ARN); err != nil {
		panic(err)
	} else if p != nil {
		layers.Resource = []*policy.Policy{p}
	}
	who := policy.Principal{Type: policy.User, ARN: call.Principal.ARN, UserID: "AIDAEXAMPLE", Account: call.Account}
	return policy.Evaluate(&policy.Request{Action: a.Action, Resource: a.Resource.ARN, Principal: who}, &layers).Allowed()
}

func (r *rights) Check(ctx context.Context, accesses ...op.Access) error {
	for _, a := range accesses {
		if !r.Allowed(ctx, a) {
			return &op.Denied{Message: a.Resource.ARN}
		}
	}
	return nil
}

// people are the principals that exist.
type people map[string]bool

func (p people) HasPrincipal(_ context.Context, name string) (bool, error) { return p[name], nil }

func as(account string) context.Context {
	return op.WithCall(context.Background(), &op.Call{
		RequestID: "r", Service: "glue", Region: "eu-west-1", Account: account,
		Principal: op.Principal{Type: op.User, ARN: "arn:aws:iam::" + account + ":user/dana", Account: account},
	})
}

func newPolicies(d *db.DB) (*resourcepolicy.Policies, *rights) {
	r := &rights{resourcepolicy.NewGoverning(d)}
	known := people{"*": true, one: true, two: true, dana: true, "arn:aws:iam::" + two + ":user/dana": true, "arn:aws:iam::" + two + ":role/reader": true, "ram.amazonaws.com": true}
	return &resourcepolicy.Policies{Store: d, Authorizer: r, Principals: known}, r
}

// statement writes a policy of one statement.
func statement(effect, principal, action, resource string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":%q,"Principal":%s,"Action":%q,"Resource":%q}]}`, effect, principal, action, resource)
}

var forTwo = statement("Allow", `{"AWS":"`+two+`"}`, "glue:GetTable", prefix+"table/sales/*")

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

func TestLife(t *testing.T) {
	now := clock.NewManual(time.Unix(1000, 0))
	dbtest.RunConfig(t, db.Config{Clock: now}, func(t *testing.T, d *db.DB) {
		now.Set(time.Unix(1000, 0))
		p, _ := newPolicies(d)
		ctx := as(one)
		get := func() (*glueapi.GetResourcePolicyOutput, error) {
			return p.GetResourcePolicy(ctx, &glueapi.GetResourcePolicyInput{})
		}
		if _, err := get(); code(err) != "EntityNotFoundException" {
			t.Errorf("before there is one: %v", err)
		}
		if _, err := p.DeleteResourcePolicy(ctx, &glueapi.DeleteResourcePolicyInput{}); code(err) != "EntityNotFoundException" {
			t.Errorf("deleting none: %v", err)
		}
		put, err := p.PutResourcePolicy(ctx, &glueapi.PutResourcePolicyInput{PolicyInJson: forTwo})
		if err != nil {
			t.Fatal(err)
		}
		now.Advance(time.Minute)
		next, err := p.PutResourcePolicy(ctx, &glueapi.PutResourcePolicyInput{PolicyInJson: forTwo + "\n", PolicyHashCondition: put.PolicyHash})
		if err != nil || *next.PolicyHash == *put.PolicyHash {
			t.Fatalf("replaced: %v, the hash must change with the text", err)
		}
		got, err := get()
		if err != nil || *got.PolicyInJson != forTwo+"\n" || *got.PolicyHash != *next.PolicyHash || *got.CreateTime != 1_000_000 || *got.UpdateTime != 1_060_000 {
			t.Errorf("got %+v, %v", got, err)
		}
		list, err := p.GetResourcePolicies(ctx, &glueapi.GetResourcePoliciesInput{})
		if err != nil || len(list.GetResourcePoliciesResponseList) != 1 || *list.GetResourcePoliciesResponseList[0].PolicyHash != *next.PolicyHash {
			t.Errorf("listed %+v, %v", list, err)
		}
		if list, err := p.GetResourcePolicies(as(two), &glueapi.GetResourcePoliciesInput{}); err != nil || len(list.GetResourcePoliciesResponseList) != 0 {
			t.Errorf("the other account sees %+v, %v", list, err)
		}
		if _, err := p.DeleteResourcePolicy(ctx, &glueapi.DeleteResourcePolicyInput{PolicyHashCondition: put.PolicyHash}); code(err) != "ConditionCheckFailureException" {
			t.Errorf("deleting what has changed: %v", err)
		}
		if _, err := p.DeleteResourcePolicy(ctx, &glueapi.DeleteResourcePolicyInput{PolicyHashCondition: next.PolicyHash}); err != nil {
			t.Error(err)
		}
		if _, err := get(); code(err) != "EntityNotFoundException" {
			t.Errorf("after deleting: %v", err)
		}
	})
}

// TestConditions walks the table of the security reference, section 4.
func TestConditions(t *testing.T) {
	for _, c := range []struct {
		stored       bool
		exists, hash string
		want         string
	}{
		{false, "", "", ""},
		{false, "NONE", "", ""},
		{false, "NOT_EXIST", "", ""},
		{false, "MUST_EXIST", "", "EntityNotFoundException"},
		{false, "MUST_EXIST", "other", "EntityNotFoundException"},
		{false, "", "other", "ConditionCheckFailureException"},
		{false, "NOT_EXIST", "other", "ConditionCheckFailureException"},
		{true, "NOT_EXIST", "", "ConditionCheckFailureException"},
		{true, "NOT_EXIST", "same", "ConditionCheckFailureException"},
		{true, "", "", ""},
		{true, "NONE", "same", ""},
		{true, "MUST_EXIST", "", ""},
		{true, "MUST_EXIST", "same", ""},
		{true, "", "other", "ConditionCheckFailureException"},
		{true, "NONE", "other", "ConditionCheckFailureException"},
		{true, "MUST_EXIST", "other", "ConditionCheckFailureException"},
	} {
		p, _ := newPolicies(dbtest.Open(t, dbtest.SQLite(t, db.Config{})))
		in := &glueapi.PutResourcePolicyInput{PolicyInJson: forTwo}
		if c.stored {
			out, err := p.PutResourcePolicy(as(one), in)
			if err != nil {
				t.Fatal(err)
			}
			if c.hash == "same" {
				c.hash = *out.PolicyHash
			}
		}
		if c.exists != "" {
			in.PolicyExistsCondition = &c.exists
		}
		if c.hash != "" {
			in.PolicyHashCondition = &c.hash
		}
		if _, err := p.PutResourcePolicy(as(one), in); code(err) != c.want {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestContent names what a policy may not hold.
func TestContent(t *testing.T) {
	p, _ := newPolicies(dbtest.Open(t, dbtest.SQLite(t, db.Config{})))
	everyone, everything := `"*"`, prefix+"*"
	for name, c := range map[string]struct{ text, want string }{
		"all of the catalog":    {statement("Allow", everyone, "glue:*", everything), ""},
		"a list with a star":    {statement("Allow", `{"AWS":["*"]}`, "glue:CreateTable", prefix+"catalog"), ""},
		"a role elsewhere":      {statement("Allow", `{"AWS":"arn:aws:iam::`+two+`:role/reader"}`, "glue:Get*", prefix+"database/default"), ""},
		"the one that shares":   {statement("Allow", `{"Service":"ram.amazonaws.com"}`, "glue:ShareResource", prefix+"table/*/*"), ""},
		"no JSON":               {`policy`, "InvalidInputException"},
		"a key twice":           {strings.Replace(forTwo, `{"V`, `{"Version":"2012-10-17","V`, 1), "InvalidInputException"},
		"no principal":          {`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"glue:*","Resource":"` + everything + `"}]}`, "InvalidInputException"},
		"no resource":           {`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"glue:*"}]}`, "InvalidInputException"},
		"a group":               {statement("Allow", `{"AWS":"arn:aws:iam::`+one+`:group/g"}`, "glue:*", everything), "InvalidInputException"},
		"a star in a principal": {statement("Allow", `{"AWS":"arn:aws:iam::`+one+`:user/*"}`, "glue:*", everything), "InvalidInputException"},
		"nobody":                {statement("Allow", `{"AWS":"arn:aws:iam::`+one+`:user/nobody"}`, "glue:*", everything), "InvalidInputException"},
		"another service":       {statement("Allow", `{"Service":"ec2.amazonaws.com"}`, "glue:*", everything), "InvalidInputException"},
		"a provider":            {statement("Allow", `{"Federated":"accounts.google.com"}`, "glue:*", everything), "InvalidInputException"},
		"all resources":         {statement("Allow", everyone, "glue:*", "*"), "InvalidInputException"},
		"another account":       {statement("Allow", everyone, "glue:*", strings.Replace(everything, one, two, 1)), "InvalidInputException"},
		"another region":        {statement("Allow", everyone, "glue:*", strings.Replace(everything, "eu-west-1", "us-east-1", 1)), "InvalidInputException"},
		"a bucket":              {statement("Allow", everyone, "glue:*", "arn:aws:s3:::b"), "InvalidInputException"},
		"a crawler":             {statement("Allow", everyone, "glue:*", prefix+"crawler/c"), "InvalidInputException"},
		"another's action":      {statement("Allow", everyone, "s3:GetObject", everything), "InvalidInputException"},
		"too long":              {forTwo + strings.Repeat(" ", 10241-len(forTwo)), "InvalidInputException"},
		"as long as can be":     {forTwo + strings.Repeat(" ", 10240-len(forTwo)), ""},
		"locks its author out":  {statement("Deny", everyone, "glue:*", everything), "InvalidInputException"},
		"keeps him from taking it back": {
			statement("Deny", `{"AWS":"`+dana+`"}`, "glue:DeleteResourcePolicy", prefix+"catalog"), "InvalidInputException",
		},
	} {
		if _, err := p.PutResourcePolicy(as(one), &glueapi.PutResourcePolicyInput{PolicyInJson: c.text}); code(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := p.PutResourcePolicy(as(one), &glueapi.PutResourcePolicyInput{PolicyInJson: forTwo, ResourceArn: new(prefix + "catalog")})
	if want := "Glue resource level policy is not currently supported"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("for a resource: %v", err)
	}
}

// TestGoverning: a policy takes part for the objects of its catalog, and from the moment it is put.
func TestGoverning(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		p, r := newPolicies(d)
		elsewhere := resourcepolicy.NewGoverning(d) // another node's memory
		table := op.Access{Action: "glue:GetTable", Resource: op.Resource{ARN: prefix + "table/sales/orders"}}
		may := func(want bool) {
			t.Helper()
			if r.Allowed(as(two), table) != want {
				t.Errorf("the other account's right is %v, want %v", !want, want)
			}
			seen, err := elsewhere.Policy(as(two), table.Resource.ARN)
			if err != nil || (seen != nil) != want {
				t.Errorf("elsewhere: %v, %v", seen, err)
			}
		}
		may(false)
		if _, err := p.PutResourcePolicy(as(one), &glueapi.PutResourcePolicyInput{PolicyInJson: forTwo}); err != nil {
			t.Fatal(err)
		}
		may(true)
		for _, other := range []string{"crawler/sales", "job/j", "connectionType:JDBC", ""} {
			if found, err := r.governing.Policy(as(two), prefix+other); err != nil || found != nil {
				t.Errorf("%s is governed: %v, %v", other, found, err)
			}
		}
		if _, err := p.DeleteResourcePolicy(as(one), &glueapi.DeleteResourcePolicyInput{}); err != nil {
			t.Fatal(err)
		}
		may(false)
	})
}

// TestPrincipalMoved: who was deleted is named by the unique id, so that a namesake gets nothing.
func TestPrincipalMoved(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		p, _ := newPolicies(d)
		reader := "arn:aws:iam::" + two + ":role/reader"
		text := statement("Allow", `{"AWS":"`+reader+`"}`, "glue:Get*", prefix+"*")
		if _, err := p.PutResourcePolicy(as(one), &glueapi.PutResourcePolicyInput{PolicyInJson: text}); err != nil {
			t.Fatal(err)
		}
		err := d.Write(as(two), func(ctx context.Context, tx *db.Tx) error {
			return resourcepolicy.PrincipalMoved(ctx, tx, reader, "AROAEXAMPLE123456789")
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.GetResourcePolicy(as(one), &glueapi.GetResourcePolicyInput{})
		if err != nil || strings.Contains(*got.PolicyInJson, reader) || !strings.Contains(*got.PolicyInJson, "AROAEXAMPLE123456789") {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// TestHybrid: beside grants of Lake Formation a policy is put knowingly.
func TestHybrid(t *testing.T) {
	p, _ := newPolicies(dbtest.Open(t, dbtest.SQLite(t, db.Config{})))
	p.Shared = func(context.Context, *db.Tx, string) (bool, error) { return true, nil }
	for hybrid, want := range map[string]string{"": "InvalidInputException", "FALSE": "InvalidInputException", "TRUE": ""} {
		in := &glueapi.PutResourcePolicyInput{PolicyInJson: forTwo}
		if hybrid != "" {
			in.EnableHybrid = &hybrid
		}
		if _, err := p.PutResourcePolicy(as(one), in); code(err) != want {
			t.Errorf("EnableHybrid %q: %v", hybrid, err)
		}
	}
}

// TestOtherNodes: a node that shares the store follows within a second.
func TestOtherNodes(t *testing.T) {
	cfg := dbtest.Postgres(t, db.Config{})
	here, there := dbtest.Open(t, cfg), dbtest.Open(t, cfg)
	p, _ := newPolicies(here)
	elsewhere := resourcepolicy.NewGoverning(there)
	table := prefix + "table/sales/orders"
	if found, err := elsewhere.Policy(as(two), table); err != nil || found != nil {
		t.Fatal(found, err)
	}
	if _, err := p.PutResourcePolicy(as(one), &glueapi.PutResourcePolicyInput{PolicyInJson: forTwo}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for {
		found, err := elsewhere.Policy(as(two), table)
		switch {
		case err != nil:
			t.Fatal(err)
		case found != nil:
			return
		case ctx.Err() != nil:
			t.Fatal("the other node did not follow within a second")
		}
	}
}
