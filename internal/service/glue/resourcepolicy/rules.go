package resourcepolicy

import (
	"context"
	"regexp"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// shared is the principal with which Lake Formation shares objects of the catalog.
const shared = "ram.amazonaws.com"

// check is everything that a policy must be (security reference, section 4).
func (p *Policies) check(ctx context.Context, text string) error {
	if len(text) > policy.LimitCatalog {
		return terms.Invalid("The policy is %d bytes long; at most %d are allowed.", len(text), policy.LimitCatalog)
	}
	parsed, err := policy.Parse([]byte(text), policy.Resource)
	if bad, ok := policy.AsSyntaxError(err); ok {
		return terms.Invalid("%s", bad.Error())
	}
	if err != nil {
		return err
	}
	if err := checkScope(op.CallFrom(ctx), parsed); err != nil {
		return err
	}
	if err := p.checkPrincipals(ctx, parsed); err != nil {
		return err
	}
	return p.checkLockOut(ctx, parsed)
}

// checkScope holds a policy to Glue's actions and to the caller's own catalog.
func checkScope(call *op.Call, parsed *policy.Policy) error {
	for _, action := range parsed.Actions() {
		if action != "*" && !strings.HasPrefix(strings.ToLower(action), "glue:") {
			return terms.Invalid("Policy has an invalid action: %s", action)
		}
	}
	prefix := arn.Glue(call.Region, call.Account, "")
	for _, resource := range parsed.Resources() {
		suffix, own := strings.CutPrefix(resource, prefix)
		if !own || !resourceSuffix.MatchString(suffix) {
			return terms.Invalid(`Policy has an invalid resource: %s. Resources must match *%s(\*|[a-zA-Z\*]+\/?.*)`, resource, prefix)
		}
		if kind, _, _ := strings.Cut(suffix, "/"); !strings.ContainsAny(kind, "*?") && !governed[kind] {
			return terms.Invalid("Policy has an invalid resource: %s. A resource policy is for objects of the Data Catalog only", resource)
		}
	}
	return nil
}

var resourceSuffix = regexp.MustCompile(`\A(\*|[a-zA-Z*]+/?.*)\z`)

// governed are the kinds of resources that belong to a catalog, as their ARNs name them.
var governed = map[string]bool{
	"catalog": true, "database": true, "table": true, "tableVersion": true, "userDefinedFunction": true, "connection": true,
}

// checkPrincipals: they are accounts, users, roles and their sessions, that exist.
func (p *Policies) checkPrincipals(ctx context.Context, parsed *policy.Policy) error {
	for _, name := range parsed.Principals() {
		known := nameable(name)
		if known {
			var err error
			if known, err = p.Principals.HasPrincipal(ctx, name); err != nil {
				return err
			}
		}
		if !known {
			return terms.Invalid("Policy has an invalid principal: %s", name)
		}
	}
	return nil
}

// nameable leaves out what a catalog's policy has no use for: services but the one that shares,
// identity providers, canonical users.
func nameable(name string) bool {
	parts, isARN := arn.Split(name)
	switch {
	case name == "*", name == shared, arn.ValidAccount(name), strings.HasPrefix(name, "AIDA"), strings.HasPrefix(name, "AROA"):
		return true
	case isARN && parts[2] == "iam":
		return strings.HasPrefix(parts[5], "user/") || strings.HasPrefix(parts[5], "role/")
	}
	return isARN && parts[2] == "sts"
}

// checkLockOut refuses a policy under which its author could no longer take it back.
func (p *Policies) checkLockOut(ctx context.Context, parsed *policy.Policy) error {
	call := op.CallFrom(ctx)
	for _, action := range []string{"glue:PutResourcePolicy", "glue:DeleteResourcePolicy", "glue:GetResourcePolicy"} {
		resource := op.Resource{ARN: catalog(call), Account: call.Account, Policy: parsed}
		if !p.Authorizer.Allowed(ctx, op.Access{Action: action, Resource: resource}) {
			return terms.Invalid("The new policy would not allow %s to perform %s. Policies must not lock out their author.", call.Principal.ARN, action)
		}
	}
	return nil
}

// checkHybrid: where Lake Formation shares too, a policy is put beside its grants knowingly.
func (p *Policies) checkHybrid(ctx context.Context, tx *db.Tx, account string, hybrid *string) error {
	if p.Shared == nil || (hybrid != nil && *hybrid == "TRUE") {
		return nil
	}
	sharing, err := p.Shared(ctx, tx, account)
	if err == nil && sharing {
		return terms.Invalid("The catalog has cross-account grants made through Lake Formation; set EnableHybrid to TRUE to use a resource policy beside them.")
	}
	return err
}

// checkConditions are those of a Put; old is nil when there is no policy.
func checkConditions(old *document, exists, hash *string) error {
	condition := "NONE"
	if exists != nil {
		condition = *exists
	}
	switch {
	case old == nil && condition == "MUST_EXIST":
		return noPolicy()
	case old == nil && hash != nil:
		return conditionFailed("PolicyHashCondition was given, but there is no policy.")
	case old == nil:
		return nil
	case condition == "NOT_EXIST":
		return conditionFailed("A resource policy already exists.")
	}
	return checkHash(old, hash)
}

func checkHash(old *document, want *string) error {
	if want != nil && *want != hash(old.Text) {
		return conditionFailed("PolicyHashCondition does not match the hash of the policy.")
	}
	return nil
}

func noPolicy() error { return terms.NotFound("Policy not found.") }

func conditionFailed(message string) error {
	return &glueapi.ConditionCheckFailureException{Message: message}
}
