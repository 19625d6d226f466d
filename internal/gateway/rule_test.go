package gateway

import (
	"context"
	"slices"
	"testing"

	"github.com/bindery-project/bindery/internal/api"
	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/op"
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
