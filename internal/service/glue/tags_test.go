package glue_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/op"
)

// life is how a resource that can be tagged is made and deleted: operations with their inputs, TAGS
// standing for the Tags of the one that creates.
type life struct{ create, remove string }

// lives has a life for each kind that can be tagged: TestTagsOfEveryKind fails for one without.
var lives = map[string]life{
	"catalog": {
		`CreateCatalog {"Name":"n","CatalogInput":{"Description":"d"},"Tags":TAGS}`,
		`DeleteCatalog {"CatalogId":"n"}`,
	},
	"connection": {
		`CreateConnection {"ConnectionInput":{"Name":"n","ConnectionType":"NETWORK","ConnectionProperties":{},"PhysicalConnectionRequirements":{"SubnetId":"subnet-1"}},"Tags":TAGS}`,
		`DeleteConnection {"ConnectionName":"n"}`,
	},
	"crawler": {
		`CreateCrawler {"Name":"n","Role":"crawls","DatabaseName":"d","Targets":{"S3Targets":[{"Path":"s3://b/p/"}]},"Tags":TAGS}`,
		`DeleteCrawler {"Name":"n"}`,
	},
	"database": {
		`CreateDatabase {"DatabaseInput":{"Name":"n"},"Tags":TAGS}`,
		`DeleteDatabase {"Name":"n"}`,
	},
}

// TestTagsOfEveryKind walks the kinds that are registered and demands the same of each.
func TestTagsOfEveryKind(t *testing.T) {
	now := clock.NewManual(begin)
	dbtest.RunConfig(t, db.Config{Clock: now}, func(t *testing.T, d *db.DB) {
		c := newCatalog(t, d, now)
		c.service.Crawlers.Roles, c.service.Crawlers.Region = anyRole{}, "us-east-1"
		kinds := slices.Sorted(maps.Keys(c.service.Kinds))
		if len(kinds) < len(lives) {
			t.Errorf("kinds %v, but %d are known here", kinds, len(lives))
		}
		for _, kind := range kinds {
			t.Run(kind, func(t *testing.T) {
				l, ok := lives[kind]
				if !ok {
					t.Fatalf("no life of a %s is described", kind)
				}
				taggedLife{c, l, "arn:aws:glue:us-east-1:" + c.account + ":" + kind + "/n"}.run(t)
			})
		}
	})
}

// anyRole lets a crawler have the role that it names.
type anyRole struct{}

func (anyRole) ForService(_ context.Context, roleARN, _, _ string) (*op.Principal, error) {
	return &op.Principal{Type: op.AssumedRole, RoleARN: roleARN}, nil
}

type taggedLife struct {
	c *catalog
	life
	arn string
}

func (l taggedLife) run(t *testing.T) {
	l.wants(t, "EntityNotFoundException", `GetTags {"ResourceArn":"ARN"}`)
	l.wants(t, "EntityNotFoundException", `TagResource {"ResourceArn":"ARN","TagsToAdd":{"a":"1"}}`)
	l.wants(t, "InvalidInputException", strings.ReplaceAll(l.create, "TAGS", `{"aws:x":"1"}`))
	l.wants(t, "InvalidInputException", strings.ReplaceAll(l.create, "TAGS", manyTags(51)), "ValidationException")
	l.wants(t, "", strings.ReplaceAll(l.create, "TAGS", manyTags(50)))
	l.wants(t, "InvalidInputException", `TagResource {"ResourceArn":"ARN","TagsToAdd":{"one more":""}}`)
	l.wants(t, "EntityNotFoundException", strings.Replace(`TagResource {"ResourceArn":"ARN","TagsToAdd":{"k0":""}}`, "ARN", strings.TrimSuffix(l.arn, "n")+"/n", 1))
	l.wants(t, "", `TagResource {"ResourceArn":"ARN","TagsToAdd":{"k0":"again"}}`)
	l.wants(t, "", l.remove)
	l.wants(t, "EntityNotFoundException", `GetTags {"ResourceArn":"ARN"}`)

	l.wants(t, "", strings.ReplaceAll(l.create, "TAGS", `{"a":"1","b":"2"}`))
	l.has(t, map[string]string{"a": "1", "b": "2"}) // and none of who had the name before
	l.wants(t, "", `UntagResource {"ResourceArn":"ARN","TagsToRemove":["a","none"]}`)
	l.wants(t, "", `TagResource {"ResourceArn":"ARN","TagsToAdd":{"B":"","b":"3"}}`)
	l.wants(t, "InvalidInputException", `TagResource {"ResourceArn":"ARN","TagsToAdd":{"AWS:x":""}}`)
	l.has(t, map[string]string{"b": "3", "B": ""})
	tags, err := l.c.service.Bind().Facts.Tags(l.c.ctx("GetTags"), l.arn)
	if want := map[string]string{"b": "3", "B": ""}; err != nil || !maps.Equal(tags, want) {
		t.Errorf("decisions see the tags %v, %v", tags, err)
	}
	l.wants(t, "", l.remove)
	if tags, err := l.c.service.Bind().Facts.Tags(l.c.ctx("GetTags"), l.arn); err != nil || len(tags) != 0 {
		t.Errorf("tags of what is gone: %v, %v", tags, err)
	}
	l.mayNotTag(t)
}

// mayNotTag creates as one who may not tag: without tags only.
func (l taggedLife) mayNotTag(t *testing.T) {
	t.Helper()
	l.c.grants.denied = []string{strings.SplitN(l.arn, ":", 6)[5]}
	operation, input, _ := strings.Cut(l.create, " ")
	_, err := l.c.call(operation, strings.ReplaceAll(input, "TAGS", `{"a":"1"}`))
	var denied *op.Denied
	if !errors.As(err, &denied) || !strings.Contains(denied.Message, "glue:TagResource on "+l.arn) {
		t.Errorf("%s with tags: %v", operation, err)
	}
	l.wants(t, "", strings.ReplaceAll(l.create, "TAGS", `{}`))
	l.c.grants.denied = nil
	l.wants(t, "", l.remove)
}

// wants runs a line and compares the error's code, "" for none.
func (l taggedLife) wants(t *testing.T, code string, line string, or ...string) {
	t.Helper()
	operation, input, _ := strings.Cut(strings.ReplaceAll(line, "ARN", l.arn), " ")
	_, err := l.c.call(operation, input)
	got := ""
	var known op.Error
	if errors.As(err, &known) {
		got = known.ErrorCode()
	} else if err != nil {
		got = err.Error()
	}
	if got != code && !slices.Contains(or, got) {
		t.Errorf("%s: %v, want %q", operation, err, code)
	}
}

func (l taggedLife) has(t *testing.T, want map[string]string) {
	t.Helper()
	text, err := l.c.call("GetTags", `{"ResourceArn":"`+l.arn+`"}`)
	for key, value := range want {
		if err != nil || !strings.Contains(text, fmt.Sprintf("%q:%q", key, value)) {
			t.Errorf("tags %s, %v; want %v", text, err, want)
		}
	}
	if n := strings.Count(text, `":"`); n != len(want) {
		t.Errorf("%d tags: %s", n, text)
	}
}

func manyTags(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`"k%d":"v"`, i))
	}
	return "{" + strings.Join(list, ",") + "}"
}
