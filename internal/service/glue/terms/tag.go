package terms

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/op"
)

// MayTag checks that the caller may give what he creates these tags: that takes
// glue:TagResource on it, as tagging it later does (security reference, section
// 9). Else who may create but not tag could make what policies with
// aws:ResourceTag then let him use.
func MayTag(ctx context.Context, authorizer op.Authorizer, resource op.Resource, tags map[string]string) error {
	if len(tags) == 0 {
		return nil
	}
	values := map[string][]string{"aws:tagkeys": slices.Sorted(maps.Keys(tags))}
	for key, value := range tags {
		values["aws:requesttag/"+strings.ToLower(key)] = []string{value}
	}
	return authorizer.Check(ctx, op.Access{Action: "glue:TagResource", Resource: resource, Context: values})
}
