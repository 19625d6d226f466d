package gateway

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
)

const factOwner, factCaller = "111122223333", "444455556666"

// shelf knows one policy and one set of tags for everything, or fails.
type shelf struct {
	policy            *policy.Policy
	tags              map[string]string
	policyErr, tagErr error
	tagsRead          int
}

func (s *shelf) Policy(context.Context, string) (any, error) { return s.policy, s.policyErr }

func (s *shelf) Tags(context.Context, string) (map[string]string, error) {
	s.tagsRead++
	return s.tags, s.tagErr
}

// identityOf gives every caller the same identity policy.
type identityOf struct{ policy *policy.Policy }

func (g identityOf) Layers(context.Context, *op.Principal) (*policy.Layers, error) {
	return &policy.Layers{Identity: []*policy.Policy{g.policy}}, nil
}

func mustParse(t *testing.T, text string, kind policy.Kind) *policy.Policy {
	t.Helper()
	p, err := policy.Parse([]byte(text), kind)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func factGateway(t *testing.T, identity string, s *shelf) (*Gateway, context.Context) {
	g := &Gateway{Config: Config{Grants: identityOf{mustParse(t, identity, policy.Identity)}, Log: slog.New(slog.DiscardHandler)}}
	g.facts = factsOf([]*op.Service{{Model: &glueapi.Model, Facts: s}})
	return g, op.WithCall(t.Context(), &op.Call{Account: factCaller, Region: "r", Principal: op.Principal{
		Type: op.User, ARN: "arn:aws:iam::" + factCaller + ":user/u", Account: factCaller, UserID: "AIDAU",
	}})
}

const allowAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

func catalogPolicy(effect string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Principal":{"AWS":"` + factCaller + `"},"Action":"glue:*","Resource":"*"}]}`
}

func databaseOf(account string) op.Access {
	return op.Access{Action: "glue:GetDatabase", Resource: op.Resource{ARN: "arn:aws:glue:r:" + account + ":database/d"}}
}

// TestPolicyOfTheResource takes part in every decision about resources of its service.
func TestPolicyOfTheResource(t *testing.T) {
	nothing := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`
	for name, c := range map[string]struct {
		identity, effect, account string
		want                      bool
	}{
		"both sides":           {allowAll, "Allow", factOwner, true},
		"only the owner":       {nothing, "Allow", factOwner, false},
		"only the caller":      {allowAll, "", factOwner, false},
		"denied":               {allowAll, "Deny", factOwner, false},
		"own, no policy":       {allowAll, "", factCaller, true},
		"own, denied":          {allowAll, "Deny", factCaller, false},
		"own, account allowed": {nothing, "Allow", factCaller, false}, // the account delegates to identity policies
	} {
		s := &shelf{}
		if c.effect != "" {
			s.policy = mustParse(t, catalogPolicy(c.effect), policy.Resource)
		}
		g, ctx := factGateway(t, c.identity, s)
		if err := g.Check(ctx, databaseOf(c.account)); (err == nil) != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if g.Allowed(ctx, databaseOf(c.account)) != c.want {
			t.Errorf("%s: Allowed disagrees", name)
		}
	}
}

// TestTagsAreReadWhenAsked, once, and a failure to read them refuses.
func TestTagsAreReadWhenAsked(t *testing.T) {
	tagged := `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"*","Resource":"*"},
		{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/level":"secret"}}},
		{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/other":"x"}}}]}`
	broken := errors.New("disk")
	for name, c := range map[string]struct {
		identity string
		tags     map[string]string
		err      error
		want     bool
		reads    int
	}{
		"no condition": {allowAll, nil, broken, true, 0},
		"public":       {tagged, map[string]string{"level": "public"}, nil, true, 1},
		"untagged":     {tagged, nil, nil, true, 1},
		"secret":       {tagged, map[string]string{"level": "secret"}, nil, false, 1},
		"unreadable":   {tagged, nil, broken, false, 1},
	} {
		s := &shelf{tags: c.tags, tagErr: c.err}
		g, ctx := factGateway(t, c.identity, s)
		err := g.Check(ctx, databaseOf(factCaller))
		if (err == nil) != c.want || s.tagsRead != c.reads {
			t.Errorf("%s: %v after %d reads", name, err, s.tagsRead)
		}
		if c.reads > 0 && c.err != nil && !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
		if g.Allowed(ctx, databaseOf(factCaller)) != c.want {
			t.Errorf("%s: Allowed disagrees", name)
		}
	}
	s := &shelf{tags: map[string]string{"level": "secret"}}
	g, ctx := factGateway(t, tagged, s)
	a := databaseOf(factCaller)
	a.Resource.Tags = map[string]string{"level": "public"}
	if err := g.Check(ctx, a); err != nil || s.tagsRead != 0 {
		t.Errorf("what the resolver said goes first: %v, %d reads", err, s.tagsRead)
	}
}

// TestUnreadablePolicyRefuses: without knowing the policy nothing is allowed.
func TestUnreadablePolicyRefuses(t *testing.T) {
	broken := errors.New("disk")
	g, ctx := factGateway(t, allowAll, &shelf{policyErr: broken})
	if err := g.Check(ctx, databaseOf(factCaller)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if g.Allowed(ctx, databaseOf(factCaller)) {
		t.Error("allowed")
	}
	if err := g.Check(ctx, op.Access{Action: "s3:GetObject", Resource: op.Resource{ARN: "arn:aws:s3:::b/k", Account: factCaller}}); err != nil {
		t.Errorf("another service's resource: %v", err)
	}
}

// TestSeveralPolicies take part together, and those that must allow themselves leave nothing to
// identity policies: a KMS key with its grants.
func TestSeveralPolicies(t *testing.T) {
	nothing := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`
	user := mustParse(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::`+factCaller+`:user/u"},"Action":"glue:*","Resource":"*"}]}`, policy.Resource)
	account, denies := mustParse(t, catalogPolicy("Allow"), policy.Resource), mustParse(t, catalogPolicy("Deny"), policy.Resource)
	nobody := policy.Nobody(policy.Resource)
	for name, c := range map[string]struct {
		identity string
		found    any
		want     bool
	}{
		"none names the caller":               {allowAll, op.Explicit{Policy: []*policy.Policy{nobody}}, false},
		"the second names the caller":         {nothing, op.Explicit{Policy: []*policy.Policy{nobody, user}}, true},
		"the first denies":                    {allowAll, op.Explicit{Policy: []*policy.Policy{denies, user}}, false},
		"the last denies":                     {allowAll, []*policy.Policy{user, denies}, false},
		"one delegates, and somebody allows":  {allowAll, op.Explicit{Policy: account}, true},
		"one delegates, and nobody allows":    {nothing, op.Explicit{Policy: account}, false},
		"none must allow, and identities do":  {allowAll, []*policy.Policy{nobody}, true},
		"a policy must allow, and none is so": {allowAll, op.Explicit{Policy: nobody}, false},
		"there is none, and one must allow":   {allowAll, op.Explicit{}, false},
	} {
		g, ctx := factGateway(t, c.identity, &shelf{})
		g.facts = factsOf([]*op.Service{{Model: &glueapi.Model, Facts: answer{c.found}}})
		byFacts := databaseOf(factCaller)
		byResolver := byFacts
		byResolver.Resource.Policy = c.found
		for _, a := range []op.Access{byFacts, byResolver} {
			if g.Allowed(ctx, a) != c.want {
				t.Errorf("%s: want %v", name, c.want)
			}
		}
	}
}

// answer is the one policy of everything.
type answer struct{ policy any }

func (a answer) Policy(context.Context, string) (any, error)           { return a.policy, nil }
func (answer) Tags(context.Context, string) (map[string]string, error) { return nil, nil }
