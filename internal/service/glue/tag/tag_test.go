package tag_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/tag"
)

const known = "arn:aws:glue:eu-west-1:111122223333:crawler/c"

func newTags(d *db.DB) *tag.Tags {
	return &tag.Tags{Store: d, Kinds: map[string]tag.Exists{
		"crawler": func(_ context.Context, _ *db.Tx, account, name string) (bool, error) {
			return account == "111122223333" && name == "c", nil
		},
	}}
}

func as(account string) context.Context {
	return op.WithCall(context.Background(), &op.Call{RequestID: "r", Service: "glue", Region: "eu-west-1", Account: account, Now: time.Unix(0, 0)})
}

func TestTags(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		tags, ctx := newTags(d), as("111122223333")
		put := func(add map[string]string) error {
			_, err := tags.TagResource(ctx, &glueapi.TagResourceInput{ResourceArn: known, TagsToAdd: add})
			return err
		}
		if err := errors.Join(put(map[string]string{"a": "1", "b": "2"}), put(map[string]string{"b": "3", "B": ""})); err != nil {
			t.Fatal(err)
		}
		if _, err := tags.UntagResource(ctx, &glueapi.UntagResourceInput{ResourceArn: known, TagsToRemove: []string{"a", "none"}}); err != nil {
			t.Fatal(err)
		}
		got, err := tags.GetTags(ctx, &glueapi.GetTagsInput{ResourceArn: known})
		if want := map[string]string{"b": "3", "B": ""}; err != nil || !maps.Equal(got.Tags, want) {
			t.Errorf("tags %v, %v", got, err)
		}
		resolved, err := tag.Resolvers(tags)["tagged"](ctx, &glueapi.GetTagsInput{ResourceArn: known})
		if err != nil || len(resolved) != 1 || resolved[0].ARN != known || resolved[0].Tags["b"] != "3" {
			t.Errorf("resolved %+v, %v", resolved, err)
		}
		many := map[string]string{}
		for i := range 49 {
			many[fmt.Sprint(i)] = ""
		}
		var invalid *glueapi.InvalidInputException
		for _, add := range []map[string]string{many, {"aws:x": ""}, {"AWS:x": ""}} {
			if err := put(add); !errors.As(err, &invalid) {
				t.Errorf("%d tags: %v", len(add), err)
			}
		}
		if got, err := tags.GetTags(ctx, &glueapi.GetTagsInput{ResourceArn: known}); err != nil || len(got.Tags) != 2 {
			t.Errorf("after refused changes: %v, %v", got, err)
		}
	})
}

// TestHas compares with the tags that a list is filtered by: all of them must be there.
func TestHas(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		has := func(want map[string]string) (ok bool) {
			err := d.Read(as("111122223333"), func(ctx context.Context, tx *db.Tx) (err error) {
				ok, err = tag.Rows{}.Has(ctx, tx, known, want)
				return err
			})
			if err != nil {
				t.Error(err)
			}
			return ok
		}
		if !has(nil) || has(map[string]string{"a": ""}) {
			t.Error("an untagged resource has no tags, and only those")
		}
		if _, err := newTags(d).TagResource(as("111122223333"), &glueapi.TagResourceInput{ResourceArn: known, TagsToAdd: map[string]string{"a": "1", "b": ""}}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			want map[string]string
			ok   bool
		}{
			{map[string]string{"a": "1"}, true},
			{map[string]string{"a": "1", "b": ""}, true},
			{map[string]string{"a": "2"}, false},
			{map[string]string{"A": "1"}, false},
			{map[string]string{"a": "1", "c": ""}, false},
		} {
			if has(c.want) != c.ok {
				t.Errorf("%v: %v", c.want, !c.ok)
			}
		}
	})
}

// TestRefused names what cannot be tagged, is not there, or is another account's.
func TestRefused(t *testing.T) {
	tags := newTags(dbtest.Open(t, dbtest.SQLite(t, db.Config{})))
	for _, c := range []struct{ account, resource, code string }{
		{"111122223333", "arn:aws:glue:eu-west-1:111122223333:crawler/other", "EntityNotFoundException"},
		{"444455556666", known, "EntityNotFoundException"},
		{"111122223333", "arn:aws:glue:us-east-1:111122223333:crawler/c", "EntityNotFoundException"},
		{"111122223333", "arn:aws:glue:eu-west-1:111122223333:job/j", "UnsupportedOperationException"},
		{"111122223333", "arn:aws:glue:eu-west-1:111122223333:integration:i", "UnsupportedOperationException"},
		{"111122223333", "arn:aws:glue:eu-west-1:111122223333:table/d/t", "InvalidInputException"},
		{"111122223333", "arn:aws:glue:eu-west-1:111122223333:userDefinedFunction/d/f", "InvalidInputException"},
		{"111122223333", "arn:aws:glue:eu-west-1:111122223333:catalog", "InvalidInputException"},
		{"111122223333", "arn:aws:s3:::b/c", "InvalidInputException"},
		{"111122223333", "c", "InvalidInputException"},
	} {
		_, err := tags.GetTags(as(c.account), &glueapi.GetTagsInput{ResourceArn: c.resource})
		var refused op.Error
		if !errors.As(err, &refused) || refused.ErrorCode() != c.code {
			t.Errorf("%s as %s: %v", c.resource, c.account, err)
		}
	}
}
