package app

import (
	"context"
	"errors"
	"strings"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/gateway"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/mfa"
	"github.com/bindery-project/bindery/internal/service/iam/oidc"
	"github.com/bindery-project/bindery/internal/service/sts"
	"github.com/bindery-project/bindery/internal/service/sts/webidentity"
)

// identities answers whose access key a request was signed with: a long-lived
// one is in the directory, a temporary one is described by its token.
type identities struct {
	directory *directory.Directory
	tokens    *sts.Tokens
	clock     clock.Clock
}

// Identify implements gateway.Identities. A temporary key without its token,
// and a long-lived key with one, are unknown.
func (i *identities) Identify(ctx context.Context, accessKeyID, token string) (gateway.Identity, error) {
	if token != "" {
		return i.session(ctx, accessKeyID, token)
	}
	o, err := i.directory.Key(ctx, accessKeyID)
	if errors.Is(err, directory.ErrNoKey) {
		return gateway.Identity{}, gateway.ErrUnknownKey
	}
	if err != nil {
		return gateway.Identity{}, err
	}
	return gateway.Identity{Secret: o.Secret, Principal: o.Principal}, nil
}

func (i *identities) session(ctx context.Context, accessKeyID, token string) (gateway.Identity, error) {
	secret, p, err := i.tokens.Open(accessKeyID, token, i.clock.Now())
	switch {
	case errors.Is(err, sts.ErrExpired):
		return gateway.Identity{}, gateway.ErrExpiredToken
	case err != nil:
		return gateway.Identity{}, gateway.ErrBadToken
	}
	p, err = i.directory.Current(ctx, p)
	switch {
	case errors.Is(err, directory.ErrNoKey):
		return gateway.Identity{}, gateway.ErrBadToken
	case err != nil:
		return gateway.Identity{}, err
	}
	return gateway.Identity{Secret: secret, Principal: p}, nil
}

// roles shows STS the directory's roles.
type roles struct{ directory *directory.Directory }

// RoleByARN implements sts.Roles.
func (r roles) RoleByARN(ctx context.Context, arn string) (*sts.Role, error) {
	found, err := r.directory.RoleByARN(ctx, arn)
	if errors.Is(err, directory.ErrNoEntity) {
		return nil, nil //nolint:nilnil // the interface says: nil when there is none
	}
	if err != nil {
		return nil, err
	}
	trust, err := policy.Parse([]byte(found.Trust), policy.Trust)
	if err != nil {
		trust = policy.Broken("the trust policy of " + arn + " cannot be parsed: " + err.Error())
	}
	return &sts.Role{
		ID: found.ID, ARN: found.ARN, Name: found.Name, Account: found.Account,
		Trust: trust.WithID(found.ARN), Tags: found.Tags, MaxSession: found.MaxSession,
	}, nil
}

// PolicyText implements sts.Roles.
func (r roles) PolicyText(ctx context.Context, account, arn string) (string, error) {
	return r.directory.PolicyText(ctx, account, arn)
}

// NewKey implements sts.Roles.
func (r roles) NewKey() (id, secret string) {
	return r.directory.NewID("ASIA"), r.directory.NewSecret()
}

// proofs lets STS check the codes of MFA devices.
type proofs struct{ devices *mfa.Devices }

// Prove implements sts.Proofs.
func (p proofs) Prove(ctx context.Context, who op.Principal, serial, code string, spend bool) (bool, error) {
	err := p.devices.Prove(ctx, who, serial, code, spend)
	if errors.Is(err, mfa.ErrCode) {
		return false, nil
	}
	return err == nil, err
}

// providers shows STS the directory's OpenID Connect providers.
type providers struct{ directory *directory.Directory }

// ProviderOf implements sts.Providers.
func (p providers) ProviderOf(ctx context.Context, account, issuer string) (found *webidentity.Provider, arn string, err error) {
	address, secure := strings.CutPrefix(issuer, "https://")
	if !secure {
		return nil, "", nil
	}
	err = p.directory.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		found, arn = nil, ""
		e, err := oidc.Find(ctx, tx, account, address)
		if errors.Is(err, directory.ErrNoEntity) {
			return nil
		}
		if err == nil {
			found = &webidentity.Provider{Issuer: issuer, Clients: e.Doc.ClientIDList, Thumbprints: e.Doc.ThumbprintList}
			arn = oidc.ARN(account, address)
		}
		return err
	})
	return found, arn, err
}
