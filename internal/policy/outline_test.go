package policy_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/policy"
)

func TestOutlinePointsIntoTheText(t *testing.T) {
	text := "{\n \"Statement\": [{\"Action\": \"s3:Get*\"}], \"n\": 1 }"
	root, err := policy.Outline([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	action := root.Members[0].Value.Items[0].Members[0].Value
	if action.Text != "s3:Get*" || text[action.Start:action.End] != `"s3:Get*"` {
		t.Errorf("the action is %+v", action)
	}
	if at := policy.PositionAt(text, action.Start); at != (policy.Position{Line: 2, Column: 27}) {
		t.Errorf("it stands at %+v", at)
	}
	if n := root.Members[1]; n.Name != "n" || n.Value.Kind != '0' {
		t.Errorf("the number is %+v", n)
	}
}

func TestOutlineRefusesWhatIsNoJSON(t *testing.T) {
	for text, want := range map[string]string{
		"{\n  -- a comment\n}":                          "line 2",
		strings.Repeat(" ", policy.MaxTextBytes) + "{}": "too long",
	} {
		if _, err := policy.Outline([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %s", text, err, want)
		}
	}
}

func TestPartsAreTheElementsAsWritten(t *testing.T) {
	p, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},
		"NotAction":"s3:Get*","NotResource":["arn:aws:s3:::b"],"Condition":{"Bool":{"aws:SecureTransport":false}}}}`), policy.Resource)
	if err != nil {
		t.Fatal(err)
	}
	want := policy.Parts{
		Deny: true, NotAction: true, Actions: []string{"s3:Get*"}, NotResource: true, Resources: []string{"arn:aws:s3:::b"},
		Principal: `{"AWS":["111122223333"]}`, NotPrincipal: true,
		Conditions: []policy.ConditionParts{{Operator: "Bool", Key: "aws:SecureTransport", Values: []string{"false"}}},
	}
	if got := p.Parts(0); !reflect.DeepEqual(got, want) || !p.Variables() {
		t.Errorf("parts are %+v, want %+v", got, want)
	}
	trust, err := policy.Parse([]byte(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}`), policy.Trust)
	if err != nil {
		t.Fatal(err)
	}
	if got := trust.Parts(0); got.Resources != nil || got.Principal != `"*"` || trust.Variables() {
		t.Errorf("parts of a trust policy are %+v", got)
	}
	identity, err := policy.Parse([]byte(`{"Statement":{"Effect":"Allow","Resource":"*","Action":"*"}}`), policy.Identity)
	if err != nil {
		t.Fatal(err)
	}
	if got := identity.Parts(0); got.Principal != "" {
		t.Errorf("parts of an identity policy are %+v", got)
	}
}
