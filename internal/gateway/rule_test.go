package gateway

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"github.com/bindery-project/bindery/internal/api"
	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/api/stsapi"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
)

func glueTarget(t *testing.T, name string) *target {
	t.Helper()
	s := &op.Service{Model: &glueapi.Model, Operations: glueapi.Bind(glueapi.Refused{})}
	r, err := newRoutes([]*op.Service{s})
	if err != nil {
		t.Fatal(err)
	}
	found := r.byName("glue", name)
	if found == nil {
		t.Fatalf("no operation %s", name)
	}
	return found
}

func arnsOf(t *testing.T, name string, in any) []string {
	t.Helper()
	ctx := op.WithCall(context.Background(), &op.Call{Region: "eu-west-1", Account: "111122223333"})
	accesses, err := glueTarget(t, name).rule.accesses(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, a := range accesses {
		if a.Action != "glue:"+name {
			t.Errorf("action %s", a.Action)
		}
		out = append(out, a.Resource.ARN)
	}
	return out
}

func TestRowsExpandToTheWholeHierarchy(t *testing.T) {
	other := "999988887777"
	for _, c := range []struct {
		name string
		in   any
		want []string
	}{
		{"GetTable", &glueapi.GetTableInput{DatabaseName: "db", Name: "t"}, []string{
			"arn:aws:glue:eu-west-1:111122223333:catalog",
			"arn:aws:glue:eu-west-1:111122223333:database/db",
			"arn:aws:glue:eu-west-1:111122223333:table/db/t",
		}},
		{"GetTable", &glueapi.GetTableInput{CatalogId: &other, DatabaseName: "db", Name: "t"}, []string{
			"arn:aws:glue:eu-west-1:999988887777:catalog",
			"arn:aws:glue:eu-west-1:999988887777:database/db",
			"arn:aws:glue:eu-west-1:999988887777:table/db/t",
		}},
		{"BatchDeleteTable", &glueapi.BatchDeleteTableInput{DatabaseName: "db", TablesToDelete: []string{"a", "b"}}, []string{
			"arn:aws:glue:eu-west-1:111122223333:catalog",
			"arn:aws:glue:eu-west-1:111122223333:database/db",
			"arn:aws:glue:eu-west-1:111122223333:table/db/a",
			"arn:aws:glue:eu-west-1:111122223333:table/db/b",
		}},
		{"DeleteDatabase", &glueapi.DeleteDatabaseInput{Name: "db"}, []string{
			"arn:aws:glue:eu-west-1:111122223333:catalog",
			"arn:aws:glue:eu-west-1:111122223333:database/db",
			"arn:aws:glue:eu-west-1:111122223333:table/db/*",
			"arn:aws:glue:eu-west-1:111122223333:userDefinedFunction/db/*",
		}},
		{"GetCrawlers", &glueapi.GetCrawlersInput{}, []string{"*"}},
	} {
		if got := arnsOf(t, c.name, c.in); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
}

func TestEveryRowOfEveryModelCompiles(t *testing.T) {
	rows := 0
	for _, m := range api.Models {
		for i := range m.Operations {
			o := &m.Operations[i]
			if _, err := compileRule(&op.Service{Model: m}, op.Bound{Operation: o, Model: m}); err != nil {
				t.Errorf("%s:%s: %v", m.ID, o.Name, err)
			}
			rows++
		}
	}
	if rows < 1000 {
		t.Errorf("only %d rows", rows)
	}
}

func TestConditionKeysComeFromTheInput(t *testing.T) {
	in := &glueapi.CreateDatabaseInput{DatabaseInput: &glueapi.DatabaseInput{Name: "db"}, Tags: map[string]string{"Team": "x"}}
	ctx := op.WithCall(context.Background(), &op.Call{Region: "eu-west-1", Account: "111122223333"})
	accesses, err := glueTarget(t, "CreateDatabase").rule.accesses(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	keys := accesses[0].Context
	if got := keys["aws:requesttag/team"]; !slices.Equal(got, []string{"x"}) {
		t.Errorf("aws:RequestTag/Team = %q", got)
	}
	if got := keys["aws:tagkeys"]; !slices.Equal(got, []string{"Team"}) {
		t.Errorf("aws:TagKeys = %q", got)
	}
}

// The names of tags are known in either form of tags: "only these" must not be
// met by a request whose names nobody read.
func TestNamesOfTagsInAList(t *testing.T) {
	row, err := compileContext(reflect.TypeFor[*iamapi.CreateRoleInput](), op.KeyValue{Key: "aws:TagKeys", Path: "Tags.keys()"})
	if err != nil {
		t.Fatal(err)
	}
	r := &rule{context: []contextKey{row}}
	in := &iamapi.CreateRoleInput{Tags: []iamapi.Tag{{Key: "team", Value: "blue"}, {Key: "More"}}}
	if got := r.contextOf(in)["aws:tagkeys"]; !slices.Equal(got, []string{"team", "More"}) {
		t.Errorf("aws:TagKeys = %q", got)
	}
	if got, ok := r.contextOf(&iamapi.CreateRoleInput{})["aws:tagkeys"]; ok {
		t.Errorf("aws:TagKeys without tags = %q", got)
	}
}

// Names of tags are one key whatever their case: a grant on one value must not
// be met by a request that brings another value under the same key.
func TestTagsThatDifferInCaseSatisfyNoGrant(t *testing.T) {
	grant, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*",
		"Condition":{"StringEquals":{"aws:RequestTag/team":"guest","aws:PrincipalTag/team":"guest"}}}]}`), policy.Identity)
	if err != nil {
		t.Fatal(err)
	}
	row, err := compileContext(reflect.TypeFor[*stsapi.AssumeRoleInput](), op.KeyValue{Key: "aws:RequestTag/", Path: "Tags"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		request   []stsapi.Tag
		principal map[string]string
		want      bool
	}{
		{[]stsapi.Tag{{Key: "Team", Value: "guest"}}, map[string]string{"TEAM": "guest"}, true},
		{[]stsapi.Tag{{Key: "team", Value: "admin"}, {Key: "Team", Value: "guest"}}, map[string]string{"team": "guest"}, false},
		{[]stsapi.Tag{{Key: "team", Value: "admin"}, {Key: "team", Value: "guest"}}, map[string]string{"team": "guest"}, false},
		{[]stsapi.Tag{{Key: "team", Value: "guest"}}, map[string]string{"team": "guest", "Team": "admin"}, false},
	} {
		keys := map[string][]string{}
		row.add(keys, &stsapi.AssumeRoleInput{Tags: c.request})
		call := &op.Call{Account: "111122223333", Principal: op.Principal{Type: op.User, ARN: "arn:aws:iam::111122223333:user/a", Account: "111122223333", Tags: c.principal}}
		q, _ := (&Gateway{}).newQuestion(context.Background(), call, &op.Access{Action: "a:B", Resource: op.Resource{ARN: "*"}, Context: keys}, &policy.Layers{Identity: []*policy.Policy{grant}})
		if got := policy.Evaluate(&q.request, &q.layers).Allowed(); got != c.want {
			t.Errorf("request %v, principal %v: allowed %t", c.request, c.principal, got)
		}
	}
}
