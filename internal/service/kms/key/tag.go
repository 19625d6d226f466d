package key

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/kms/directory"
	"github.com/bindery-project/bindery/internal/service/kms/terms"
)

const mostTags = 50

// TagResource adds tags to a key, or changes their values.
func (k *Keys) TagResource(ctx context.Context, in *kmsapi.TagResourceInput) (*kmsapi.TagResourceOutput, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	err := k.change(ctx, in.KeyId, func(_ *db.Tx, key *directory.Key) error {
		if err := notPending(key); err != nil {
			return err
		}
		for _, t := range in.Tags {
			key.Tags = append(without(key.Tags, t.TagKey), t)
		}
		if len(key.Tags) > mostTags {
			return terms.Limit("A key can have at most %d tags.", mostTags)
		}
		key.Tags = sorted(key.Tags)
		return nil
	})
	return &kmsapi.TagResourceOutput{}, err
}

// UntagResource removes tags from a key; those that it does not have are no error.
func (k *Keys) UntagResource(ctx context.Context, in *kmsapi.UntagResourceInput) (*kmsapi.UntagResourceOutput, error) {
	err := k.change(ctx, in.KeyId, func(_ *db.Tx, key *directory.Key) error {
		for _, name := range in.TagKeys {
			key.Tags = without(key.Tags, name)
		}
		return notPending(key)
	})
	return &kmsapi.UntagResourceOutput{}, err
}

// ListResourceTags lists the tags of a key.
func (k *Keys) ListResourceTags(ctx context.Context, in *kmsapi.ListResourceTagsInput) (*kmsapi.ListResourceTagsOutput, error) {
	size, err := terms.Size(in.Limit, 50, 50)
	if err != nil {
		return nil, err
	}
	v, err := k.Directory.Target(ctx, 0, in.KeyId)
	if err != nil {
		return nil, err
	}
	call := op.CallFrom(ctx)
	after, err := k.Pages.After(call, in.KeyId, in.Marker)
	if err != nil {
		return nil, err
	}
	rest := slices.DeleteFunc(slices.Clone(v.Tags), func(t kmsapi.Tag) bool { return after != "" && t.TagKey <= after })
	tags, more := terms.Cut(rest, size)
	out := &kmsapi.ListResourceTagsOutput{Tags: append([]kmsapi.Tag{}, tags...), Truncated: &more}
	if more {
		out.NextMarker, err = k.Pages.Next(call, in.KeyId, tags[len(tags)-1].TagKey)
	}
	return out, err
}

// checkFirstTags: tagging a new key asks for the right to tag beside that to create.
func (k *Keys) checkFirstTags(ctx context.Context, tags []kmsapi.Tag, keyARN string) error {
	if len(tags) == 0 {
		return nil
	}
	if err := checkTags(tags); err != nil {
		return err
	}
	call := op.CallFrom(ctx)
	keys := directory.RequestKeys(call)
	for _, t := range tags {
		name := "aws:requesttag/" + strings.ToLower(t.TagKey)
		keys[name] = append(keys[name], t.TagValue)
		keys["aws:tagkeys"] = append(keys["aws:tagkeys"], t.TagKey)
	}
	return k.Authorizer.Check(ctx, op.Access{Action: "kms:TagResource", Resource: op.Resource{ARN: keyARN, Account: call.Account}, Context: keys})
}

func checkTags(tags []kmsapi.Tag) error {
	seen := map[string]bool{}
	for _, t := range tags {
		if strings.HasPrefix(strings.ToLower(t.TagKey), "aws:") {
			return invalidTag("Tags beginning with aws: are reserved for system use.")
		}
		if seen[t.TagKey] {
			return invalidTag("Duplicate tag keys: " + t.TagKey)
		}
		seen[t.TagKey] = true
	}
	if len(tags) > mostTags {
		return invalidTag(fmt.Sprintf("Too many tags: at most %d are allowed.", mostTags))
	}
	return nil
}

func invalidTag(message string) error { return &kmsapi.TagException{Message: message} }

func without(tags []kmsapi.Tag, name string) []kmsapi.Tag {
	return slices.DeleteFunc(slices.Clone(tags), func(t kmsapi.Tag) bool { return t.TagKey == name })
}

func sorted(tags []kmsapi.Tag) []kmsapi.Tag {
	out := slices.Clone(tags)
	slices.SortFunc(out, func(a, b kmsapi.Tag) int { return cmp.Compare(a.TagKey, b.TagKey) })
	return out
}
