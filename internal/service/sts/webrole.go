package sts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/api/stsapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/sts/webidentity"
)

// Providers finds who may vouch for callers.
type Providers interface {
	// ProviderOf returns the OpenID Connect provider of an account with an
	// issuer, and its ARN; nil when there is none.
	ProviderOf(ctx context.Context, account, issuer string) (*webidentity.Provider, string, error)
}

const notForWeb = "Not authorized to perform sts:AssumeRoleWithWebIdentity"

// AssumeRoleWithWebIdentity gives whoever holds a token of a trusted provider a
// session of a role. The call is unsigned: the token is verified first, then the
// role's trust policy decides about the provider and what the token says.
func (s *Sessions) AssumeRoleWithWebIdentity(ctx context.Context, in *stsapi.AssumeRoleWithWebIdentityInput) (*stsapi.AssumeRoleWithWebIdentityOutput, error) {
	if in.ProviderId != nil {
		return nil, invalid("ProviderId is for OAuth 2.0 access tokens, which are not supported: send an OpenID Connect ID token.")
	}
	parts, ok := arn.Split(in.RoleArn)
	if !ok || !arn.ValidAccount(parts[4]) || s.Providers == nil {
		return nil, denied(notForWeb)
	}
	token, err := s.verified(ctx, parts[4], in.WebIdentityToken)
	if err != nil {
		return nil, err
	}
	call := op.CallFrom(ctx)
	call.Account, call.Principal = parts[4], token.principal(parts[4])
	role, err := s.trusts(ctx, in, token)
	if err != nil {
		return nil, err
	}
	return s.webSession(ctx, role, in, token)
}

// webToken is a verified token and who issued it.
type webToken struct {
	*webidentity.Claims
	provider string // its ARN
	name     string // its address without the scheme, which begins its condition keys
}

func (s *Sessions) verified(ctx context.Context, account, token string) (*webToken, error) {
	issuer, err := webidentity.Issuer(token)
	if err != nil {
		return nil, notJWT()
	}
	provider, providerARN, err := s.Providers.ProviderOf(ctx, account, issuer)
	if err != nil {
		return nil, err
	}
	if provider == nil {
		return nil, badToken("No OpenIDConnect provider found in your account for " + issuer)
	}
	claims, err := s.Web.Verify(ctx, *provider, token)
	if err != nil {
		return nil, s.tokenError(err)
	}
	return &webToken{claims, providerARN, strings.TrimPrefix(provider.Issuer, "https://")}, nil
}

func badToken(text string) error { return &stsapi.InvalidIdentityTokenException{Message: text} }

func notJWT() error {
	return badToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
}

func (s *Sessions) tokenError(err error) error {
	var expired *webidentity.ExpiredError
	switch {
	case errors.As(err, &expired):
		return &stsapi.ExpiredTokenException{Message: fmt.Sprintf("Token expired: current date/time %d must be before the expiration date/time %d", s.Clock.Now().Unix(), expired.Expiry.Unix())}
	case errors.Is(err, webidentity.ErrAudience):
		return badToken("Incorrect token audience")
	case errors.Is(err, webidentity.ErrUnreachable):
		return badToken("Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements")
	}
	return badToken("The web identity token that was passed could not be validated.")
}

func (t *webToken) principal(account string) op.Principal {
	return op.Principal{
		Type: op.Federated, ARN: t.provider, Account: account, UserName: t.Subject,
		UserID: t.provider + ":" + t.Audience + ":" + t.Subject,
	}
}

// keys are the condition keys of the token (IAM guide, "Available keys for AWS
// OIDC federation"). aud is the authorized party when there is one; oaud is the
// audience then.
func (t *webToken) keys(in *stsapi.AssumeRoleWithWebIdentityInput) map[string][]string {
	name := func(key string) string { return policy.KeyName(t.name + ":" + key) }
	keys := map[string][]string{
		"sts:rolesessionname": {in.RoleSessionName}, "aws:federatedprovider": {t.provider},
		name("sub"): {t.Subject}, name("aud"): {t.Audience},
	}
	if t.Party != "" {
		keys[name("azp")], keys[name("oaud")] = []string{t.Party}, t.Original
	}
	if len(t.Methods) > 0 {
		keys[name("amr")] = t.Methods
	}
	if t.SourceIdentity != "" {
		keys["sts:sourceidentity"] = []string{t.SourceIdentity}
	}
	for k, values := range t.Tags {
		keys["aws:requesttag/"+strings.ToLower(k)] = values
		keys["aws:tagkeys"] = append(keys["aws:tagkeys"], k)
	}
	if len(t.Transitive) > 0 {
		keys["sts:transitivetagkeys"] = t.Transitive
	}
	return keys
}

// trusts asks the role's trust policy. A role that does not exist trusts nobody,
// in the same words.
func (s *Sessions) trusts(ctx context.Context, in *stsapi.AssumeRoleWithWebIdentityInput, t *webToken) (*Role, error) {
	found, err := s.resolveRole(ctx, in)
	if err != nil {
		return nil, err
	}
	call, keys := op.CallFrom(ctx), t.keys(in)
	call.Resources = found
	actions := []string{"sts:AssumeRoleWithWebIdentity"}
	if len(t.Tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if t.SourceIdentity != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	for _, action := range actions {
		access := op.Access{Action: action, Resource: found[0], Context: keys}
		call.Accesses = append(call.Accesses, access)
		err := s.Authorizer.Check(ctx, access)
		if refused := (*op.Denied)(nil); errors.As(err, &refused) {
			return nil, denied(notForWeb)
		}
		if err != nil {
			return nil, err
		}
	}
	return s.role(ctx, in.RoleArn)
}

func (s *Sessions) webSession(ctx context.Context, role *Role, in *stsapi.AssumeRoleWithWebIdentityInput, t *webToken) (*stsapi.AssumeRoleWithWebIdentityOutput, error) {
	asked := &stsapi.AssumeRoleInput{
		RoleArn: in.RoleArn, RoleSessionName: in.RoleSessionName, Policy: in.Policy, PolicyArns: in.PolicyArns,
		DurationSeconds: in.DurationSeconds, TransitiveTagKeys: t.Transitive,
	}
	for _, k := range sortedKeys(t.Tags) {
		if len(t.Tags[k]) != 1 {
			return nil, badToken("The web identity token that was passed has a session tag that has not exactly one value.")
		}
		asked.Tags = append(asked.Tags, stsapi.Tag{Key: k, Value: t.Tags[k][0]})
	}
	if t.SourceIdentity != "" {
		asked.SourceIdentity = &t.SourceIdentity
	}
	session, err := s.newSession(ctx, role, asked)
	if err != nil {
		return nil, err
	}
	session.Provider = t.provider
	p := rolePrincipal(role, session)
	if p.Tags, err = sessionTags(op.CallFrom(ctx).Principal, role, asked, session); err != nil {
		return nil, err
	}
	out, err := s.answer(p, asked)
	if err != nil {
		return nil, err
	}
	return &stsapi.AssumeRoleWithWebIdentityOutput{
		Credentials: out.Credentials, AssumedRoleUser: out.AssumedRoleUser, PackedPolicySize: out.PackedPolicySize, SourceIdentity: out.SourceIdentity,
		SubjectFromWebIdentityToken: &t.Subject, Provider: &t.provider, Audience: &t.Audience,
	}, nil
}

func sortedKeys(m map[string][]string) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
