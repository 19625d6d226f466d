// Package resourcepolicy keeps the resource policy of a Data Catalog: one per account, which
// says who may use the catalog, its databases, tables, functions and connections, people of
// other accounts included. Jobs, crawlers and the like are never shared, and are not asked about.
//
// [Policies] answers the operations. What makes a policy count is [Governing]: the gateway asks
// it for each decision about an object of a catalog.
package resourcepolicy

import (
	"context"
	"crypto/sha256"
	"encoding/base64"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Policies answers the operations about resource policies.
type Policies struct {
	Store      *db.DB
	Authorizer op.Authorizer
	Principals Principals
	// Shared reports whether grants of Lake Formation share something of the account's catalog
	// with others; EnableHybrid is asked for then. Nil: nothing can be shared so.
	Shared func(ctx context.Context, tx *db.Tx, account string) (bool, error)
}

// Principals tells which principals exist.
type Principals interface {
	HasPrincipal(ctx context.Context, name string) (bool, error)
}

// PutResourcePolicy sets or replaces the policy of the caller's catalog.
func (p *Policies) PutResourcePolicy(ctx context.Context, in *glueapi.PutResourcePolicyInput) (*glueapi.PutResourcePolicyOutput, error) {
	if err := refuseResource(in.ResourceArn); err != nil {
		return nil, err
	}
	if err := p.check(ctx, in.PolicyInJson); err != nil {
		return nil, err
	}
	account := op.CallFrom(ctx).Account
	err := p.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := p.checkHybrid(ctx, tx, account, in.EnableHybrid); err != nil {
			return err
		}
		old, err := find(ctx, tx, account)
		if err != nil {
			return err
		}
		if err := checkConditions(old, in.PolicyExistsCondition, in.PolicyHashCondition); err != nil {
			return err
		}
		now := clock.Millis(tx.Now())
		next := &document{Text: in.PolicyInJson, Created: now, Updated: now}
		if old != nil {
			next.Created = old.Created
		}
		return next.put(ctx, tx, account, old)
	})
	if err != nil {
		return nil, err
	}
	return &glueapi.PutResourcePolicyOutput{PolicyHash: new(hash(in.PolicyInJson))}, nil
}

// GetResourcePolicy reads the policy of the caller's catalog.
func (p *Policies) GetResourcePolicy(ctx context.Context, in *glueapi.GetResourcePolicyInput) (*glueapi.GetResourcePolicyOutput, error) {
	if err := refuseResource(in.ResourceArn); err != nil {
		return nil, err
	}
	doc, err := read(ctx, p.Store, op.CallFrom(ctx).Account)
	if err != nil {
		return nil, err
	}
	if doc == nil {
		return nil, noPolicy()
	}
	g := doc.answer()
	return &glueapi.GetResourcePolicyOutput{PolicyInJson: g.PolicyInJson, PolicyHash: g.PolicyHash, CreateTime: g.CreateTime, UpdateTime: g.UpdateTime}, nil
}

// GetResourcePolicies lists the policies in force for the caller's catalog: its own, if any. AWS
// lists beside it those that sharing through Lake Formation has made.
func (p *Policies) GetResourcePolicies(ctx context.Context, in *glueapi.GetResourcePoliciesInput) (*glueapi.GetResourcePoliciesOutput, error) {
	if in.NextToken != nil && *in.NextToken != "" {
		return nil, terms.Invalid("Invalid NextToken.") // one page holds them all, so that no token was given out
	}
	doc, err := read(ctx, p.Store, op.CallFrom(ctx).Account)
	if err != nil {
		return nil, err
	}
	out := &glueapi.GetResourcePoliciesOutput{GetResourcePoliciesResponseList: []glueapi.GluePolicy{}}
	if doc != nil {
		out.GetResourcePoliciesResponseList = append(out.GetResourcePoliciesResponseList, doc.answer())
	}
	return out, nil
}

// DeleteResourcePolicy removes the policy of the caller's catalog.
func (p *Policies) DeleteResourcePolicy(ctx context.Context, in *glueapi.DeleteResourcePolicyInput) (*glueapi.DeleteResourcePolicyOutput, error) {
	if err := refuseResource(in.ResourceArn); err != nil {
		return nil, err
	}
	account := op.CallFrom(ctx).Account
	err := p.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		old, err := find(ctx, tx, account)
		if err != nil {
			return err
		}
		if old == nil {
			return noPolicy()
		}
		if err := checkHash(old, in.PolicyHashCondition); err != nil {
			return err
		}
		return old.remove(ctx, tx, account)
	})
	return &glueapi.DeleteResourcePolicyOutput{}, err
}

func read(ctx context.Context, store *db.DB, account string) (doc *document, err error) {
	err = store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		doc, err = find(ctx, tx, account)
		return err
	})
	return doc, err
}

// refuseResource: AWS has policies of catalogs only, and refuses any resource in these words.
func refuseResource(resource *string) error {
	if resource != nil {
		return terms.Invalid("Glue resource level policy is not currently supported")
	}
	return nil
}

// hash is what conditions compare: it changes with any change of the text.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// catalog is the ARN of the caller's catalog.
func catalog(call *op.Call) string { return arn.Glue(call.Region, call.Account, "catalog") }
