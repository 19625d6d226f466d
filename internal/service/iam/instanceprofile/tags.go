package instanceprofile

import (
	"context"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

// change reads a profile, lets fn change its tags, and stores it.
func (p *Profiles) change(ctx context.Context, name string, fn func([]iamapi.Tag) ([]iamapi.Tag, error)) error {
	return p.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := find(ctx, tx, name)
		if err != nil {
			return err
		}
		return terms.Retag(ctx, tx, e, &e.Doc.Tags, fn)
	})
}

// TagInstanceProfile adds or replaces tags.
func (p *Profiles) TagInstanceProfile(ctx context.Context, in *iamapi.TagInstanceProfileInput) (*iamapi.TagInstanceProfileOutput, error) {
	return nil, p.change(ctx, in.InstanceProfileName, terms.Adding(in.Tags))
}

// UntagInstanceProfile removes tags.
func (p *Profiles) UntagInstanceProfile(ctx context.Context, in *iamapi.UntagInstanceProfileInput) (*iamapi.UntagInstanceProfileOutput, error) {
	return nil, p.change(ctx, in.InstanceProfileName, terms.Removing(in.TagKeys))
}

// ListInstanceProfileTags lists an instance profile's tags.
func (p *Profiles) ListInstanceProfileTags(ctx context.Context, in *iamapi.ListInstanceProfileTagsInput) (*iamapi.ListInstanceProfileTagsOutput, error) {
	out := &iamapi.ListInstanceProfileTagsOutput{Tags: []iamapi.Tag{}}
	return out, p.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := find(ctx, tx, in.InstanceProfileName)
		if err == nil {
			out.Tags, out.IsTruncated, out.Marker, err = terms.PageTags(e.Doc.Tags, in.Marker, in.MaxItems)
		}
		return err
	})
}
