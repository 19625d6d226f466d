package secret

import (
	"context"
	"slices"
	"strings"

	api "github.com/bindery-project/bindery/internal/api/secretsmanagerapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/directory"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/terms"
)

const mostTags = 50

// TagResource adds tags to a secret, or changes their values.
func (s *Secrets) TagResource(ctx context.Context, in *api.TagResourceInput) (*api.TagResourceOutput, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	err := s.Directory.Change(ctx, func(_ context.Context, _ *db.Tx, found *directory.Secret) error {
		for _, t := range in.Tags {
			found.Meta.Tags = append(without(found.Meta.Tags, *t.Key), t)
		}
		if len(found.Meta.Tags) > mostTags {
			return terms.Parameter("A secret can have at most %d tags.", mostTags)
		}
		return found.CheckKept()
	})
	return &api.TagResourceOutput{}, err
}

// UntagResource removes tags from a secret; those that it does not have are no error.
func (s *Secrets) UntagResource(ctx context.Context, in *api.UntagResourceInput) (*api.UntagResourceOutput, error) {
	err := s.Directory.Change(ctx, func(_ context.Context, _ *db.Tx, found *directory.Secret) error {
		for _, name := range in.TagKeys {
			found.Meta.Tags = without(found.Meta.Tags, name)
		}
		return found.CheckKept()
	})
	return &api.UntagResourceOutput{}, err
}

// checkTagging: tagging a new secret asks for the right to tag beside that to create.
func (s *Secrets) checkTagging(ctx context.Context, in *api.CreateSecretInput) error {
	call, keys := op.CallFrom(ctx), map[string][]string{}
	for _, t := range in.Tags {
		keys["aws:requesttag/"+strings.ToLower(*t.Key)] = []string{*t.Value}
		keys["aws:tagkeys"] = append(keys["aws:tagkeys"], *t.Key)
	}
	r := op.Resource{ARN: arn.Secret(s.Directory.Region, call.Account, in.Name, "??????"), Account: call.Account}
	return s.Authorizer.Check(ctx, op.Access{Action: "secretsmanager:TagResource", Resource: r, Context: keys})
}

func checkTags(tags []api.Tag) error {
	seen := map[string]bool{}
	for _, t := range tags {
		switch {
		case t.Key == nil || t.Value == nil:
			return terms.Parameter("A tag needs a Key and a Value.")
		case strings.HasPrefix(strings.ToLower(*t.Key), "aws:"):
			return terms.Parameter("Tag keys that start with aws: are reserved for system use.")
		case seen[*t.Key]:
			return terms.Parameter("Duplicate tag key: %s", *t.Key)
		}
		seen[*t.Key] = true
	}
	if len(tags) > mostTags {
		return terms.Parameter("A secret can have at most %d tags.", mostTags)
	}
	return nil
}

func without(tags []api.Tag, name string) []api.Tag {
	return slices.DeleteFunc(slices.Clone(tags), func(t api.Tag) bool { return *t.Key == name })
}
