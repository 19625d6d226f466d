// Package terms holds what IAM's resources share: the wording of errors, pages
// of lists, tags, and the checks of policy texts.
package terms

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/managed"
)

// Limits of IAM (security reference, "sizes").
const (
	MaxAttached = 20
	MaxKeys     = 2
	MaxVersions = 5
	MaxTags     = 50
)

// NoSuch says that an entity does not exist: "The user with name ana cannot be found."
func NoSuch(kind directory.Kind, name string) error {
	return &iamapi.NoSuchEntityException{Message: fmt.Sprintf("The %s with name %s cannot be found.", kind, name)}
}

// NoSuchText is NoSuch with another text.
func NoSuchText(format string, args ...any) error {
	return &iamapi.NoSuchEntityException{Message: fmt.Sprintf(format, args...)}
}

// Exists says that a name is taken.
func Exists(kind directory.Kind, name string) error {
	word := strings.ToUpper(string(kind[:1])) + string(kind[1:])
	return &iamapi.EntityAlreadyExistsException{Message: fmt.Sprintf("%s with name %s already exists.", word, name)}
}

// Conflict says why something cannot be deleted yet.
func Conflict(text string) error { return &iamapi.DeleteConflictException{Message: text} }

// Limit says which quota is used up: "Cannot exceed quota for AccessKeysPerUser: 2".
func Limit(quota string, n int) error {
	return &iamapi.LimitExceededException{Message: fmt.Sprintf("Cannot exceed quota for %s: %d", quota, n)}
}

// Invalid is IAM's ValidationError for what the model cannot say.
func Invalid(format string, args ...any) error {
	return &op.Fault{Code: "ValidationError", Message: fmt.Sprintf(format, args...), Status: 400}
}

// Find reads an entity of the caller's account and names the error when it is
// not there.
func Find[T any](ctx context.Context, tx *db.Tx, kind directory.Kind, name string) (*directory.Entity[T], error) {
	e, err := directory.Get[T](ctx, tx, op.CallFrom(ctx).Account, kind, name)
	if errors.Is(err, directory.ErrNoEntity) {
		return nil, NoSuch(kind, name)
	}
	return e, err
}

// Path is the path of a new entity, "/" when none is given.
func Path(p *string) string {
	if p == nil || *p == "" {
		return "/"
	}
	return *p
}

var pathRule = regexp.MustCompile(`^/$|^(/[\x21-\x7e]+/)$`)

// CheckPath refuses a path that does not begin and end with a slash.
func CheckPath(p string) error {
	if !pathRule.MatchString(p) {
		return Invalid("The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	}
	return nil
}

// CheckPolicy refuses a text that is no policy of its kind, or too large.
func CheckPolicy(text string, kind policy.Kind, limit int) error {
	if _, err := policy.Parse([]byte(text), kind); err != nil {
		return &iamapi.MalformedPolicyDocumentException{Message: "Syntax errors in policy. " + err.Error()}
	}
	if policy.Size([]byte(text)) > limit {
		return &iamapi.LimitExceededException{Message: fmt.Sprintf("Cannot exceed quota for PolicySize: %d", limit)}
	}
	return nil
}

// Escape is how IAM answers policy texts: percent-encoded by RFC 3986.
func Escape(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

// CheckBoundary finds the managed policy that is to be a boundary.
func CheckBoundary(ctx context.Context, tx *db.Tx, arn string) (*iamapi.AttachedPermissionsBoundary, error) {
	if _, err := Managed(ctx, tx, arn); err != nil {
		return nil, err
	}
	kind := "Policy" // what the service answers, though the model lists PermissionsBoundaryPolicy
	return &iamapi.AttachedPermissionsBoundary{PermissionsBoundaryType: &kind, PermissionsBoundaryArn: &arn}, nil
}

// Managed checks that a policy exists and may be used by the caller's account,
// and returns its name.
func Managed(ctx context.Context, tx *db.Tx, arn string) (name string, err error) {
	if p, ok := managed.Lookup(arn); ok {
		return p.Name(), nil
	}
	e, err := directory.PolicyByARN(ctx, tx, arn)
	if err == nil && e.Account == op.CallFrom(ctx).Account {
		return *e.Doc.PolicyName, nil
	}
	if err == nil || errors.Is(err, directory.ErrNoEntity) {
		return "", NoSuchText("Policy %s does not exist or is not attachable.", arn)
	}
	return "", err
}

// AddTags merges tags into a list; names are unique without regard to case, in
// what is added too.
func AddTags(have, add []iamapi.Tag) ([]iamapi.Tag, error) {
	out := append([]iamapi.Tag(nil), have...)
	for i, t := range add {
		if tagIndex(add[:i], t.Key) >= 0 {
			return nil, &iamapi.InvalidInputException{Message: "Duplicate tag keys found. Please note that Tag keys are case insensitive."}
		}
		if strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return nil, &iamapi.InvalidInputException{Message: "Tag keys that begin with aws: are reserved."}
		}
		if at := tagIndex(out, t.Key); at >= 0 {
			out[at] = t
		} else {
			out = append(out, t)
		}
	}
	if len(out) > MaxTags {
		return nil, Limit("TagsPerResource", MaxTags)
	}
	return out, nil
}

// RemoveTags drops the named tags.
func RemoveTags(have []iamapi.Tag, keys []string) []iamapi.Tag {
	out := append([]iamapi.Tag(nil), have...)
	for _, k := range keys {
		if i := tagIndex(out, k); i >= 0 {
			out = append(out[:i], out[i+1:]...)
		}
	}
	return out
}

func tagIndex(list []iamapi.Tag, key string) int {
	for i := range list {
		if strings.EqualFold(list[i].Key, key) {
			return i
		}
	}
	return -1
}

// defaultPage is how many items a list answers when the caller does not say.
const defaultPage = 100

// Page is a position in a list and how much of it to answer. IAM's markers are
// the name after which the next page begins.
type Page struct {
	After string
	Size  int
}

// PageOf reads a list's Marker and MaxItems.
func PageOf(marker *string, maxItems *int32) (Page, error) {
	p := Page{Size: defaultPage}
	if maxItems != nil {
		p.Size = int(*maxItems)
	}
	if marker != nil {
		after, err := base64.URLEncoding.DecodeString(*marker)
		if err != nil {
			return p, Invalid("Invalid Marker.")
		}
		p.After = string(after)
	}
	return p, nil
}

// Next is the end of a page: whether there is more, and the marker.
func Next(after string) (truncated *bool, marker *string) {
	more := after != ""
	if more {
		m := base64.URLEncoding.EncodeToString([]byte(after))
		marker = &m
	}
	return &more, marker
}

// Cut pages a list that is sorted by key and already in memory.
func Cut[T any](items []T, p Page, key func(T) string) (page []T, next string) {
	for i, item := range items {
		if p.After != "" && key(item) <= p.After {
			continue
		}
		if len(page) == p.Size {
			return page, key(items[i-1])
		}
		page = append(page, item)
	}
	return page, ""
}
