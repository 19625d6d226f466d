// Package oidc holds OpenID Connect providers: who else may vouch for callers.
// What their tokens are worth is decided by sts:AssumeRoleWithWebIdentity.
package oidc

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

// Providers answers the operations about OpenID Connect providers. What is stored
// of one is what GetOpenIDConnectProvider answers.
type Providers struct{ *directory.Directory }

type entity = directory.Entity[iamapi.GetOpenIDConnectProviderOutput]

// Limits of a provider (IAM guide, "IAM and AWS STS quotas").
const (
	maxClients     = 100
	maxThumbprints = 5
	maxProviders   = 100
	maxURL         = 255
)

const scheme = "https://"

// ARN is the ARN of the provider with an address.
func ARN(account, address string) string {
	return arn.IAM(account, string(directory.OIDCProvider), "/", strings.TrimPrefix(address, scheme))
}

// NameOf is the address without its scheme, from the ARN.
func NameOf(providerARN string) string {
	_, name, _ := strings.Cut(providerARN, ":oidc-provider/")
	return name
}

// CreateOpenIDConnectProvider makes a provider. Its address is not asked yet.
func (p *Providers) CreateOpenIDConnectProvider(ctx context.Context, in *iamapi.CreateOpenIDConnectProviderInput) (*iamapi.CreateOpenIDConnectProviderOutput, error) {
	account := op.CallFrom(ctx).Account
	if err := errors.Join(checkURL(in.Url), checkClients(in.ClientIDList), checkThumbprints(in.ThumbprintList)); err != nil {
		return nil, err
	}
	tags, err := terms.AddTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	address := strings.TrimPrefix(in.Url, scheme)
	e := &entity{Account: account, Kind: directory.OIDCProvider, Name: address, ID: p.NewID("AOIP"), Path: "/"}
	err = p.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := op.Millis(clock.Millis(tx.Now()))
		e.Doc = iamapi.GetOpenIDConnectProviderOutput{
			Url: &address, CreateDate: &now, Tags: tags,
			ClientIDList: append([]string{}, in.ClientIDList...), ThumbprintList: lower(in.ThumbprintList),
		}
		have, err := directory.Count(ctx, tx, account)
		if err != nil {
			return err
		}
		if have[directory.OIDCProvider] >= maxProviders {
			return terms.Limit("OpenIdConnectProvidersPerAccount", maxProviders)
		}
		return directory.Create(ctx, tx, e)
	})
	if errors.Is(err, db.ErrExists) {
		return nil, &iamapi.EntityAlreadyExistsException{Message: "Provider with url " + in.Url + " already exists."}
	}
	return &iamapi.CreateOpenIDConnectProviderOutput{OpenIDConnectProviderArn: new(ARN(account, address)), Tags: tags}, err
}

// checkURL refuses what cannot be the issuer of a token.
func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || !strings.HasPrefix(text, scheme) || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		strings.ContainsAny(text, "*?# ") || len(text) > maxURL {
		return &iamapi.InvalidInputException{Message: "Invalid Open ID Connect Provider URL"}
	}
	return nil
}

func checkClients(list []string) error {
	if len(list) > maxClients {
		return terms.Limit("ClientIdsPerOpenIdConnectProvider", maxClients)
	}
	return nil
}

func checkThumbprints(list []string) error {
	if len(list) > maxThumbprints {
		return &iamapi.InvalidInputException{Message: "Thumbprint list must contain fewer than 5 entries."}
	}
	for _, t := range list {
		if len(t) != 40 || strings.Trim(strings.ToLower(t), "0123456789abcdef") != "" {
			return &iamapi.InvalidInputException{Message: "Thumbprint list contains an invalid thumbprint."}
		}
	}
	return nil
}

func lower(list []string) []string {
	out := []string{}
	for _, t := range list {
		out = append(out, strings.ToLower(t))
	}
	return out
}

// find reads a provider of the caller's account by its very ARN.
func find(ctx context.Context, tx *db.Tx, providerARN string) (*entity, error) {
	account := op.CallFrom(ctx).Account
	e, err := Find(ctx, tx, account, NameOf(providerARN))
	if errors.Is(err, directory.ErrNoEntity) || (err == nil && ARN(account, *e.Doc.Url) != providerARN) {
		return nil, terms.NoSuchText("OpenIDConnect Provider not found for arn %s", providerARN)
	}
	return e, err
}

// Find reads the provider with an address (without its scheme), letter case
// included. The error is directory.ErrNoEntity.
func Find(ctx context.Context, tx *db.Tx, account, address string) (*entity, error) {
	e, err := directory.Get[iamapi.GetOpenIDConnectProviderOutput](ctx, tx, account, directory.OIDCProvider, address)
	if err == nil && *e.Doc.Url != address {
		return nil, directory.ErrNoEntity
	}
	return e, err
}

// GetOpenIDConnectProvider reads a provider.
func (p *Providers) GetOpenIDConnectProvider(ctx context.Context, in *iamapi.GetOpenIDConnectProviderInput) (*iamapi.GetOpenIDConnectProviderOutput, error) {
	out := &iamapi.GetOpenIDConnectProviderOutput{}
	return out, p.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := find(ctx, tx, in.OpenIDConnectProviderArn)
		if err == nil {
			*out = e.Doc
		}
		return err
	})
}

// ListOpenIDConnectProviders lists the providers of the account.
func (p *Providers) ListOpenIDConnectProviders(ctx context.Context, _ *iamapi.ListOpenIDConnectProvidersInput) (*iamapi.ListOpenIDConnectProvidersOutput, error) {
	out := &iamapi.ListOpenIDConnectProvidersOutput{}
	return out, p.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out.OpenIDConnectProviderList = []iamapi.OpenIDConnectProviderListEntry{}
		account := op.CallFrom(ctx).Account
		list, _, err := directory.List[iamapi.GetOpenIDConnectProviderOutput](ctx, tx, account, directory.OIDCProvider, "/", "", maxProviders)
		for _, e := range list {
			out.OpenIDConnectProviderList = append(out.OpenIDConnectProviderList, iamapi.OpenIDConnectProviderListEntry{Arn: new(ARN(account, *e.Doc.Url))})
		}
		return err
	})
}

// change reads a provider, lets fn change its document, and stores it.
func (p *Providers) change(ctx context.Context, providerARN string, fn func(*iamapi.GetOpenIDConnectProviderOutput) error) error {
	return p.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := find(ctx, tx, providerARN)
		if err != nil {
			return err
		}
		if err := fn(&e.Doc); err != nil {
			return err
		}
		return directory.Update(ctx, tx, e)
	})
}

// AddClientIDToOpenIDConnectProvider adds an audience; it is no error when it is there.
func (p *Providers) AddClientIDToOpenIDConnectProvider(ctx context.Context, in *iamapi.AddClientIDToOpenIDConnectProviderInput) (*iamapi.AddClientIDToOpenIDConnectProviderOutput, error) {
	return nil, p.change(ctx, in.OpenIDConnectProviderArn, func(doc *iamapi.GetOpenIDConnectProviderOutput) error {
		if slices.Contains(doc.ClientIDList, in.ClientID) {
			return nil
		}
		doc.ClientIDList = append(doc.ClientIDList, in.ClientID)
		return checkClients(doc.ClientIDList)
	})
}

// RemoveClientIDFromOpenIDConnectProvider removes an audience; it is no error when it is not there.
func (p *Providers) RemoveClientIDFromOpenIDConnectProvider(ctx context.Context, in *iamapi.RemoveClientIDFromOpenIDConnectProviderInput) (*iamapi.RemoveClientIDFromOpenIDConnectProviderOutput, error) {
	return nil, p.change(ctx, in.OpenIDConnectProviderArn, func(doc *iamapi.GetOpenIDConnectProviderOutput) error {
		doc.ClientIDList = slices.DeleteFunc(doc.ClientIDList, func(id string) bool { return id == in.ClientID })
		return nil
	})
}

// UpdateOpenIDConnectProviderThumbprint replaces the thumbprints.
func (p *Providers) UpdateOpenIDConnectProviderThumbprint(ctx context.Context, in *iamapi.UpdateOpenIDConnectProviderThumbprintInput) (*iamapi.UpdateOpenIDConnectProviderThumbprintOutput, error) {
	return nil, p.change(ctx, in.OpenIDConnectProviderArn, func(doc *iamapi.GetOpenIDConnectProviderOutput) error {
		doc.ThumbprintList = lower(in.ThumbprintList)
		return checkThumbprints(in.ThumbprintList)
	})
}

// DeleteOpenIDConnectProvider removes a provider; it is no error when there is none.
func (p *Providers) DeleteOpenIDConnectProvider(ctx context.Context, in *iamapi.DeleteOpenIDConnectProviderInput) (*iamapi.DeleteOpenIDConnectProviderOutput, error) {
	return nil, p.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := find(ctx, tx, in.OpenIDConnectProviderArn)
		if gone := (*iamapi.NoSuchEntityException)(nil); errors.As(err, &gone) {
			return nil
		}
		if err != nil {
			return err
		}
		return directory.Delete(ctx, tx, e)
	})
}

// TagOpenIDConnectProvider adds or replaces tags.
func (p *Providers) TagOpenIDConnectProvider(ctx context.Context, in *iamapi.TagOpenIDConnectProviderInput) (*iamapi.TagOpenIDConnectProviderOutput, error) {
	return nil, p.retag(ctx, in.OpenIDConnectProviderArn, terms.Adding(in.Tags))
}

// UntagOpenIDConnectProvider removes tags.
func (p *Providers) UntagOpenIDConnectProvider(ctx context.Context, in *iamapi.UntagOpenIDConnectProviderInput) (*iamapi.UntagOpenIDConnectProviderOutput, error) {
	return nil, p.retag(ctx, in.OpenIDConnectProviderArn, terms.Removing(in.TagKeys))
}

func (p *Providers) retag(ctx context.Context, providerARN string, fn func([]iamapi.Tag) ([]iamapi.Tag, error)) error {
	return p.change(ctx, providerARN, func(doc *iamapi.GetOpenIDConnectProviderOutput) (err error) {
		doc.Tags, err = fn(doc.Tags)
		return err
	})
}

// ListOpenIDConnectProviderTags lists a provider's tags.
func (p *Providers) ListOpenIDConnectProviderTags(ctx context.Context, in *iamapi.ListOpenIDConnectProviderTagsInput) (*iamapi.ListOpenIDConnectProviderTagsOutput, error) {
	out := &iamapi.ListOpenIDConnectProviderTagsOutput{Tags: []iamapi.Tag{}}
	return out, p.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := find(ctx, tx, in.OpenIDConnectProviderArn)
		if err == nil {
			out.Tags, out.IsTruncated, out.Marker, err = terms.PageTags(e.Doc.Tags, in.Marker, in.MaxItems)
		}
		return err
	})
}
