package policy_test

import (
	"testing"

	"github.com/bindery-project/bindery/internal/policy"
)

func TestSmoke(t *testing.T) {
	p, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"glue:Get*","Resource":"arn:aws:glue:*:111122223333:table/${aws:username}/*"}}`), policy.Identity)
	if err != nil {
		t.Fatal(err)
	}
	r := &policy.Request{Action: "glue:gettable", Resource: "arn:aws:glue:us-east-1:111122223333:table/dana/x",
		Principal: policy.Principal{Type: policy.User, Account: "111122223333"}, Context: policy.Map{"aws:username": {"dana"}}}
	l := &policy.Layers{Identity: []*policy.Policy{p}}
	if d := policy.Evaluate(r, l); !d.Allowed() {
		t.Fatalf("%+v", d)
	}
	if n := testing.AllocsPerRun(100, func() { policy.Evaluate(r, l) }); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}
