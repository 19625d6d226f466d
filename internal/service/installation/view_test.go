package installation

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/policy"
)

const (
	trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole",
		"Condition":{"StringEquals":{"sts:ExternalId":"canary-external-id"}}}]}`
	own = `{"Version":"2012-10-17","Statement":[{"Sid":"CanaryOwn","Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}`
)

// refusal is the record of a caller of account 111122223333 without the
// external id that a role's trust policy wants.
func refusal(t *testing.T, owner string) []byte {
	t.Helper()
	parse := func(text string, kind policy.Kind) []*policy.Policy {
		p, err := policy.Parse([]byte(text), kind)
		if err != nil {
			t.Fatal(err)
		}
		return []*policy.Policy{p}
	}
	x := policy.Explain(
		&policy.Request{
			Action: "sts:AssumeRole", Resource: "arn:aws:iam::" + owner + ":role/r", ResourceAccount: owner,
			Principal: policy.Principal{Type: policy.User, ARN: "arn:aws:iam::111122223333:user/ana", Account: "111122223333"},
		},
		&policy.Layers{Identity: parse(own, policy.Identity), Resource: parse(trust, policy.Trust), ResourceRule: policy.Explicit},
	)
	text, err := json.Marshal(map[string]any{
		"errorCode": "AccessDenied", extraData: explained{x}, "resources": []any{map[string]string{"accountId": owner, "ARN": "canary-resource"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestViewsOfARefusal(t *testing.T) {
	for _, c := range []struct {
		name       string
		owner      string
		all        bool
		trust, own bool
	}{
		{"who was refused", "111122223333", false, false, false},
		{"who may read decisions", "111122223333", true, true, true},
		{"who was refused, other account", "444455556666", false, false, false},
		{"who may read decisions, other account", "444455556666", true, false, true},
	} {
		text, err := view(refusal(t, c.owner), c.all)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(text, "canary-external-id"); got != c.trust {
			t.Errorf("%s: sees the trust policy: %t, want %t", c.name, got, c.trust)
		}
		if got := strings.Contains(text, "CanaryOwn"); got != c.own {
			t.Errorf("%s: sees the identity policy: %t, want %t", c.name, got, c.own)
		}
		if got := strings.Contains(text, "canary-resource"); got != (c.trust && c.own) {
			t.Errorf("%s: sees whose the resource is: %t", c.name, got)
		}
		if !strings.Contains(text, `"Effect":"implicitDeny"`) || !strings.Contains(text, `"errorCode":"AccessDenied"`) {
			t.Errorf("%s: the outcome is missing: %s", c.name, text)
		}
	}
}
