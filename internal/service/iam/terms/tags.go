package terms

import (
	"context"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
)

// Adding is the change that a Tag operation makes.
func Adding(add []iamapi.Tag) func([]iamapi.Tag) ([]iamapi.Tag, error) {
	return func(have []iamapi.Tag) ([]iamapi.Tag, error) { return AddTags(have, add) }
}

// Removing is the change that an Untag operation makes.
func Removing(keys []string) func([]iamapi.Tag) ([]iamapi.Tag, error) {
	return func(have []iamapi.Tag) ([]iamapi.Tag, error) { return RemoveTags(have, keys), nil }
}

// Retag changes the tags of an entity, which are a part of its document, and stores it.
func Retag[T any](ctx context.Context, tx *db.Tx, e *directory.Entity[T], tags *[]iamapi.Tag, change func([]iamapi.Tag) ([]iamapi.Tag, error)) (err error) {
	if *tags, err = change(*tags); err != nil {
		return err
	}
	return directory.Update(ctx, tx, e)
}

// PageTags is a page of tags, in the order of their names.
func PageTags(tags []iamapi.Tag, marker *string, maxItems *int32) (list []iamapi.Tag, truncated *bool, next *string, err error) {
	page, err := PageOf(marker, maxItems)
	if err != nil {
		return nil, nil, nil, err
	}
	sorted := slices.SortedFunc(slices.Values(tags), func(a, b iamapi.Tag) int { return strings.Compare(a.Key, b.Key) })
	list, after := Cut(sorted, page, func(t iamapi.Tag) string { return t.Key })
	if list == nil {
		list = []iamapi.Tag{}
	}
	truncated, next = Next(after)
	return list, truncated, next, nil
}
