package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/policy"
)

func mustParse(t testing.TB, text string, kind policy.Kind) *policy.Policy {
	t.Helper()
	p, err := policy.Parse([]byte(text), kind)
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return p
}

// typical is a caller with n statements of the kind that people write; the
// last one is the first that allows glue:GetTable on sales.
func typical(t testing.TB, n int) (*policy.Request, *policy.Layers) {
	statements := []string{
		`{"Effect":"Deny","Action":["glue:Delete*","s3:DeleteBucket"],"Resource":"arn:aws:glue:*:111122223333:table/hr/*","Condition":{"StringNotEquals":{"aws:PrincipalTag/team":"hr"},"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8","192.0.2.0/24"]}}}`,
	}
	for i := len(statements); i < n-1; i++ {
		statements = append(statements, fmt.Sprintf(`{"Effect":"Allow","Action":["glue:GetTable","glue:Get*Partition*","s3:GetObject"],"Resource":["arn:aws:glue:us-east-1:111122223333:table/db%d/*","arn:aws:glue:us-east-1:111122223333:database/db%[1]d"],"Condition":{"DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}}}`, i))
	}
	statements = append(statements, `{"Effect":"Allow","Action":["glue:Get*","glue:BatchGet*"],"Resource":["arn:aws:glue:us-east-1:111122223333:catalog","arn:aws:glue:us-east-1:111122223333:database/*","arn:aws:glue:us-east-1:111122223333:table/${aws:PrincipalTag/team}/*"],"Condition":{"StringLike":{"aws:UserAgent":"*boto*"}}}`)
	p := mustParse(t, `{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`, policy.Identity)
	r := &policy.Request{
		Action: "glue:GetTable", Resource: "arn:aws:glue:us-east-1:111122223333:table/sales/orders",
		ResourceAccount: "111122223333", Principal: principal("user arn:aws:iam::111122223333:user/dana"),
		Context: policy.Map{
			"aws:principaltag/team": {"sales"}, "aws:sourceip": {"203.0.113.9"},
			"aws:currenttime": {"2026-11-21T10:00:00Z"}, "aws:useragent": {"aws-cli/2 boto3/1.40"},
		},
	}
	return r, &policy.Layers{Identity: []*policy.Policy{p}}
}

func BenchmarkEvaluate(b *testing.B) {
	for _, n := range []int{3, 100} {
		b.Run(fmt.Sprintf("%d_statements", n), func(b *testing.B) {
			r, l := typical(b, n)
			b.ReportAllocs()
			for b.Loop() {
				if !policy.Evaluate(r, l).Allowed() {
					b.Fatal("denied")
				}
			}
		})
	}
	b.Run("100_statements_all_match_action_and_resource", func(b *testing.B) {
		r, l := typical(b, 100)
		r.Resource = "arn:aws:glue:us-east-1:111122223333:table/db99/orders"
		b.ReportAllocs()
		for b.Loop() {
			policy.Evaluate(r, l)
		}
	})
}

func BenchmarkMatchHostile(b *testing.B) {
	p := mustParse(b, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::*a*a*a*a*a*a*a*b"}}`, policy.Identity)
	r := &policy.Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::" + strings.Repeat("a", 60), Principal: principal("user arn:aws:iam::111122223333:user/dana")}
	l := &policy.Layers{Identity: []*policy.Policy{p}}
	b.ReportAllocs()
	for b.Loop() {
		policy.Evaluate(r, l)
	}
}

func BenchmarkParse(b *testing.B) {
	_, l := typical(b, 3)
	text := []byte(l.Identity[0].Text())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := policy.Parse(text, policy.Identity); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkExplain(b *testing.B) {
	r, l := typical(b, 3)
	b.ReportAllocs()
	for b.Loop() {
		policy.Explain(r, l)
	}
}

func TestEvaluateDoesNotAllocate(t *testing.T) {
	for _, n := range []int{3, 100} {
		r, l := typical(t, n)
		if !policy.Evaluate(r, l).Allowed() {
			t.Fatalf("%d statements: denied", n)
		}
		if allocs := testing.AllocsPerRun(100, func() { policy.Evaluate(r, l) }); allocs != 0 {
			t.Errorf("%d statements: %v allocations", n, allocs)
		}
	}
}
