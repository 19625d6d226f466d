package secret

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	api "github.com/bindery-project/bindery/internal/api/secretsmanagerapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/directory"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/terms"
)

// ListSecrets lists the secrets of the account. It asks for the right on all of them, as AWS does.
func (s *Secrets) ListSecrets(ctx context.Context, in *api.ListSecretsInput) (*api.ListSecretsOutput, error) {
	call, scope := op.CallFrom(ctx), []any{in.Filters, in.SortBy, in.SortOrder, in.IncludePlannedDeletion}
	after, err := s.Pages.After(call, scope, in.NextToken)
	if err != nil {
		return nil, err
	}
	all, err := s.all(ctx, in.Filters, in.IncludePlannedDeletion != nil && *in.IncludePlannedDeletion)
	if err != nil {
		return nil, err
	}
	descending := in.SortOrder != nil && *in.SortOrder == api.SortOrderTypeDesc
	ordered := sorted(all, in.SortBy, descending)
	cut, next := cutAt(ordered, after, in.MaxResults, in.SortBy, descending)
	out := &api.ListSecretsOutput{SecretList: []api.SecretListEntry{}}
	for _, found := range cut {
		out.SecretList = append(out.SecretList, entry(found))
	}
	if next != "" {
		out.NextToken, err = s.Pages.Next(call, scope, next)
	}
	return out, err
}

// Matching lists the secrets of the caller's account that filters let through, by ARN.
func (s *Secrets) Matching(ctx context.Context, filters []api.Filter) ([]*directory.Secret, error) {
	return s.all(ctx, filters, false)
}

func (s *Secrets) all(ctx context.Context, filters []api.Filter, deleted bool) (out []*directory.Secret, err error) {
	for _, f := range filters {
		if f.Key == nil || len(f.Values) == 0 {
			return nil, terms.Parameter("A filter needs a Key and Values.")
		}
	}
	err = s.Directory.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out, err = directory.List(ctx, tx, op.CallFrom(ctx).Account)
		return err
	})
	return slices.DeleteFunc(out, func(found *directory.Secret) bool {
		return !deleted && found.Purge != 0 || !passes(found, filters)
	}), err
}

// place orders secrets; the ARN tells apart what is equal.
func place(s *directory.Secret, by *string) string {
	switch {
	case by != nil && *by == api.SortByTypeName:
		return *s.Meta.Name + "\x00" + *s.Meta.ARN
	case by != nil && *by == api.SortByTypeLastChangedDate:
		return fmt.Sprintf("%016d %s", *s.Meta.LastChangedDate, *s.Meta.ARN)
	case by != nil && *by == api.SortByTypeLastAccessedDate:
		return *s.Meta.ARN // accesses are in the audit records, not here
	}
	return fmt.Sprintf("%016d %s", *s.Meta.CreatedDate, *s.Meta.ARN)
}

func sorted(all []*directory.Secret, by *string, descending bool) []*directory.Secret {
	slices.SortFunc(all, func(a, b *directory.Secret) int {
		if descending {
			a, b = b, a
		}
		return cmp.Compare(place(a, by), place(b, by))
	})
	return all
}

// cutAt returns the page after a position in the order, and the position of its end when there is more.
func cutAt(ordered []*directory.Secret, after string, size *int32, by *string, descending bool) ([]*directory.Secret, string) {
	rest := slices.DeleteFunc(ordered, func(s *directory.Secret) bool {
		p := place(s, by)
		return after != "" && (p == after || (p < after) != descending)
	})
	n := 100
	if size != nil {
		n = min(n, int(*size))
	}
	if len(rest) <= n {
		return rest, ""
	}
	return rest[:n], place(rest[n-1], by)
}

func entry(s *directory.Secret) api.SecretListEntry {
	m := &s.Meta
	return api.SecretListEntry{
		ARN: m.ARN, Name: m.Name, Description: m.Description, KmsKeyId: m.KmsKeyId, LastChangedDate: m.LastChangedDate,
		DeletedDate: m.DeletedDate, Tags: m.Tags, SecretVersionsToStages: s.Stages(), CreatedDate: m.CreatedDate,
	}
}

// passes reports whether a secret passes every filter.
func passes(s *directory.Secret, filters []api.Filter) bool {
	for _, f := range filters {
		if !passesOne(s, *f.Key, f.Values) {
			return false
		}
	}
	return true
}

// passesOne: any of the values must match, none that begins with an exclamation mark may.
func passesOne(s *directory.Secret, key string, values []string) bool {
	passed, wanted := false, false
	for _, value := range values {
		if unwanted, ok := strings.CutPrefix(value, "!"); ok {
			if matches(s, key, unwanted) {
				return false
			}
			continue
		}
		wanted = true
		passed = passed || matches(s, key, value)
	}
	return passed || !wanted
}

// matches compares beginnings: of descriptions whatever the letter case, of names and tags exactly.
func matches(s *directory.Secret, key, value string) bool {
	description := ""
	if s.Meta.Description != nil {
		description = *s.Meta.Description
	}
	tag := func(of func(api.Tag) string) bool {
		return slices.ContainsFunc(s.Meta.Tags, func(t api.Tag) bool { return strings.HasPrefix(of(t), value) })
	}
	switch key {
	case api.FilterNameStringTypeName:
		return strings.HasPrefix(*s.Meta.Name, value)
	case api.FilterNameStringTypeDescription:
		return strings.HasPrefix(strings.ToLower(description), strings.ToLower(value))
	case api.FilterNameStringTypeTagKey:
		return tag(func(t api.Tag) string { return *t.Key })
	case api.FilterNameStringTypeTagValue:
		return tag(func(t api.Tag) string { return *t.Value })
	case api.FilterNameStringTypeAll:
		return matchesAll(s, description, value)
	}
	return false // nothing is replicated, and no service owns a secret
}

// matchesAll looks for each word of the value in everything that is known of the secret.
func matchesAll(s *directory.Secret, description, value string) bool {
	text := *s.Meta.Name + "\n" + description
	for _, t := range s.Meta.Tags {
		text += "\n" + *t.Key + "\n" + *t.Value
	}
	text = strings.ToLower(text)
	for _, word := range strings.Fields(strings.ToLower(value)) {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}
