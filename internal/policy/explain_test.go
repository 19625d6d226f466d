package policy_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindery-project/bindery/internal/policy"
)

// refusedRead is a session whose role may read, whose boundary and one level
// of whose organisation do not allow it, and where one policy denies.
func refusedRead(t *testing.T) (*policy.Request, *policy.Layers) {
	r := &policy.Request{
		Action: "glue:GetTable", Resource: "arn:aws:glue:us-east-1:111122223333:table/hr/pay*",
		Principal: principal("session arn:aws:sts::111122223333:assumed-role/R/s arn:aws:iam::111122223333:role/R AROAR00000000000000:s"),
		Context:   policy.Map{"aws:sourceip": {"203.0.113.9"}},
	}
	l := &policy.Layers{
		Identity: []*policy.Policy{mustParse(t, `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "Read",
      "Effect": "Allow",
      "Action": "glue:Get*",
      "Resource": "*"
    },
    {"Sid":"Office","Effect":"Deny","Action":"glue:*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}}},
    {"Effect":"Deny","Action":"glue:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":["hr"]}}}
  ]
}`, policy.Identity).WithID("reader")},
		Boundary: mustParse(t, wrap(`{"Effect":"Allow","Action":"s3:*","Resource":"*"}`), policy.Boundary).WithID("limit"),
		Resource: []*policy.Policy{mustParse(t, wrap(`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"glue:*","Resource":"*"}`), policy.Resource).WithID("catalog")},
		SCP: [][]*policy.Policy{
			{mustParse(t, wrap(`{"Effect":"Allow","Action":"*","Resource":"*"}`), policy.SCP).WithID("full")},
			{policy.Broken("unknown condition operator").WithID("old")},
		},
	}
	return r, l
}

func TestExplanationAsJSON(t *testing.T) {
	const file = "testdata/explanation.json"
	r, l := refusedRead(t)
	got, err := json.MarshalIndent(policy.Explain(r, l), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestExplanationNamesWhatMatters(t *testing.T) {
	r, l := refusedRead(t)
	e := policy.Explain(r, l)
	if e.Effect != "explicitDeny" || e.Layer != "service control policy" {
		t.Errorf("decided %s by %s", e.Effect, e.Layer)
	}
	if want := []string{"service control policy", "permissions boundary"}; !slices.Equal(e.Blocking, want) {
		t.Errorf("blocked by %v", e.Blocking)
	}
	var denies []string
	for _, d := range e.Denies {
		denies = append(denies, d.PolicyID+"/"+d.Sid)
	}
	if want := []string{"old/", "reader/Office"}; !slices.Equal(denies, want) {
		t.Errorf("denied by %v", denies)
	}
	var grants []string
	for _, g := range e.Missing {
		grants = append(grants, g.Statement)
	}
	want := `{"Effect":"Allow","Action":"glue:GetTable","Resource":"arn:aws:glue:us-east-1:111122223333:table/hr/pay${*}"}`
	if !slices.Equal(grants, []string{want, want}) {
		t.Errorf("missing %v", grants)
	}
}

func TestExplainWhatNeedsNoPermission(t *testing.T) {
	r := &policy.Request{Action: "sts:GetCallerIdentity", Resource: "*", Principal: policy.Principal{Type: policy.Service, Service: "glue.amazonaws.com"}}
	e := policy.Explain(r, &policy.Layers{})
	if !e.Decision().Allowed() || e.Principal != "glue.amazonaws.com" || len(e.Layers) != 0 {
		t.Errorf("%+v", e)
	}
}

// A trust policy can never mean the anonymous caller, so no grant is proposed.
func TestNoGrantForTheAnonymousInATrustPolicy(t *testing.T) {
	trust := mustParse(t, `{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}`, policy.Trust)
	r := &policy.Request{Action: "sts:AssumeRole", Resource: "arn:aws:iam::111122223333:role/R"}
	e := policy.Explain(r, &policy.Layers{Resource: []*policy.Policy{trust}, ResourceRule: policy.Explicit})
	if e.Effect != "implicitDeny" || len(e.Missing) != 0 {
		t.Errorf("%+v", e)
	}
}

func TestDenyMessage(t *testing.T) {
	const who, what, where = "arn:aws:sts::111122223333:assumed-role/R/s", "glue:GetTable", "arn:aws:glue:us-east-1:111122223333:table/db/t"
	const start = "User: " + who + " is not authorized to perform: " + what
	for _, c := range []struct {
		d        policy.Decision
		resource string
		want     string
	}{
		{policy.Decision{Layer: policy.LayerIdentity}, where, start + " on resource: " + where + " because no identity-based policy allows the glue:GetTable action"},
		{policy.Decision{Layer: policy.LayerBoundary}, where, start + " on resource: " + where + " because no permissions boundary allows the glue:GetTable action"},
		{policy.Decision{Layer: policy.LayerSession}, "", start + " because no session policy allows the glue:GetTable action"},
		{policy.Decision{Layer: policy.LayerTrust}, "", start + " because no role trust policy allows the glue:GetTable action"},
		{policy.Decision{Layer: policy.LayerSCP}, "", start + " because no service control policy allows the glue:GetTable action"},
		{policy.Decision{Effect: policy.ExplicitDeny, Layer: policy.LayerIdentity}, where, start + " on resource: " + where + " with an explicit deny in an identity-based policy"},
		{policy.Decision{Effect: policy.ExplicitDeny, Layer: policy.LayerResource}, where, start + " on resource: " + where + " with an explicit deny in a resource-based policy"},
		{policy.Decision{}, where, start + " on resource: " + where},
	} {
		if got := policy.DenyMessage(who, what, c.resource, c.d); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestSimulate(t *testing.T) {
	// The columns are those that IAM's simulator reports for a document of this
	// shape: just behind the opening and just behind the closing brace.
	text := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::${aws:username}/*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}}`
	p := mustParse(t, text, policy.Identity).WithID("PolicyInputList.1")
	deny := mustParse(t, wrap(`{"Effect":"Deny","Action":"s3:GetObjectAcl","Resource":"*","Condition":{"ArnLike":{"AWS:PrincipalArn":"arn:aws:iam::${aws:PrincipalAccount}:user/*"}}}`), policy.Identity).WithID("PolicyInputList.2")
	limit := mustParse(t, wrap(`{"Effect":"Allow","Action":"s3:*","Resource":"*"}`), policy.Boundary).WithID("Limit")
	l := &policy.Layers{
		Identity: []*policy.Policy{p, deny}, Boundary: limit,
		SCP: [][]*policy.Policy{{mustParse(t, wrap(`{"Effect":"Allow","Action":"*","Resource":"*"}`), policy.SCP)}, {mustParse(t, wrap(`{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}`), policy.SCP)}},
	}
	template := policy.Request{
		Principal: principal("user arn:aws:iam::111122223333:user/dana"),
		Context:   policy.Map{"aws:username": {"dana"}, "aws:securetransport": {"true"}, "aws:principalarn": {"arn:aws:iam::111122223333:user/dana"}},
	}
	results := policy.Simulate(template, l, []string{"s3:GetObject", "s3:PutObject"}, []string{"arn:aws:s3:::dana/x", "arn:aws:s3:::eve/x"})
	if len(results) != 4 {
		t.Fatalf("%d results", len(results))
	}
	first := results[0]
	if first.Effect != policy.Allow || !*first.AllowedByBoundary || !*first.AllowedByOrganizations {
		t.Errorf("%+v", first)
	}
	i := slices.IndexFunc(first.Matched, func(m policy.MatchedStatement) bool { return m.Layer == policy.LayerIdentity })
	want := policy.MatchedStatement{PolicyID: "PolicyInputList.1", Layer: policy.LayerIdentity, Start: policy.Position{Line: 1, Column: 38}, End: policy.Position{Line: 1, Column: len(text)}}
	if i < 0 || first.Matched[i] != want {
		t.Errorf("matched %+v, want %+v", first.Matched, want)
	}
	if want := []string{"aws:PrincipalAccount"}; !slices.Equal(first.MissingKeys, want) {
		t.Errorf("missing %v", first.MissingKeys)
	}
	if put := results[2]; put.Action != "s3:PutObject" || put.Effect != policy.ImplicitDeny || *put.AllowedByOrganizations || put.Details[policy.LayerSCP] != policy.ImplicitDeny {
		t.Errorf("%+v", put)
	}
}

func TestSimulateListsOnlyDeniesOnADeny(t *testing.T) {
	p := mustParse(t, wrap(`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"glue:*","Resource":"*"}`), policy.Identity)
	l := &policy.Layers{
		Identity: []*policy.Policy{p},
		SCP:      [][]*policy.Policy{{policy.Broken("x")}, {mustParse(t, wrap(`{"Effect":"Allow","Action":"*","Resource":"*"}`), policy.SCP)}},
	}
	got := policy.Simulate(policy.Request{Principal: principal("user arn:aws:iam::111122223333:user/dana")}, l, []string{"glue:GetTable"}, nil)[0]
	if got.Resource != "*" || got.Effect != policy.ExplicitDeny || len(got.Matched) != 2 || got.Details[policy.LayerSCP] != policy.ExplicitDeny || got.AllowedByBoundary != nil {
		t.Errorf("%+v", got)
	}
}

func TestContextKeys(t *testing.T) {
	p := mustParse(t, wrap(`{"Effect":"Allow","Action":"*","Resource":["arn:aws:s3:::${aws:username}/*"],"Condition":{
		"StringEquals":{"aws:PrincipalTag/Team":"${aws:ResourceTag/Team}","AWS:UserName":"x"},
		"ArnLike":{"aws:SourceArn":["arn:aws:glue:*:${aws:PrincipalAccount}:job/*","${aws:PrincipalArn}"]}}}`), policy.Identity)
	want := []string{"aws:PrincipalTag/Team", "aws:ResourceTag/Team", "AWS:UserName", "aws:SourceArn", "aws:PrincipalAccount", "aws:PrincipalArn"}
	if got := policy.ContextKeys(p, p); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestFactsAboutAPolicy(t *testing.T) {
	text := "{\"Statement\": [\n  {\"Sid\": \"a é\", \"Effect\": \"Deny\", \"Principal\": {\"AWS\": [\"*\", \"111122223333\"]}, \"Action\": \"*\", \"Resource\": \"*\"},\n" +
		"  {\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"arn:aws:iam::111122223333:root\", \"CanonicalUser\": \"abc\"}, \"Action\": \"*\", \"Resource\": \"*\"}]}"
	p := mustParse(t, text, policy.Resource)
	if p.Text() != text || p.Kind() != policy.Resource || p.Len() != 2 || p.ID() != "" || p.BrokenReason() != "" {
		t.Errorf("%q %v %d", p.Text(), p.Kind(), p.Len())
	}
	if got, want := p.Statement(0), (policy.StatementInfo{Sid: "a é", Effect: "Deny", Start: policy.Position{Line: 2, Column: 4}, End: policy.Position{Line: 2, Column: 112}}); got != want {
		t.Errorf("%+v", got)
	}
	if want := []string{"*", "111122223333", "abc"}; !slices.Equal(p.Principals(), want) {
		t.Errorf("%v", p.Principals())
	}
	if p.NamesEveryone() {
		t.Error("only a Deny names everyone")
	}
	for _, public := range []string{`"Principal":"*"`, `"Principal":{"AWS":["111122223333","*"]}`, `"NotPrincipal":{"AWS":"111122223333"}`} {
		if !mustParse(t, wrap(`{"Effect":"Allow",`+public+`,"Action":"*","Resource":"*"}`), policy.Resource).NamesEveryone() {
			t.Errorf("%s names everyone", public)
		}
	}
	if b := policy.Broken("why"); b.BrokenReason() != "why" || b.Canonical() != "" || b.WithID("x").ID() != "x" {
		t.Errorf("%+v", b)
	}
}

func TestSizes(t *testing.T) {
	if got := policy.Size([]byte("{ \"é\" :\r\n\t1 }")); got != len(`{"e":1}`) {
		t.Errorf("Size = %d", got)
	}
	for kind, want := range map[policy.Kind]int{
		policy.Identity: 10240, policy.Resource: 32768, policy.Trust: 2048, policy.Boundary: 6144,
		policy.Session: 2048, policy.SCP: 5120, policy.RCP: 5120,
	} {
		if got := policy.Limit(kind); got != want {
			t.Errorf("Limit(%d) = %d", kind, got)
		}
	}
}

func TestCanonical(t *testing.T) {
	p := mustParse(t, `{ "Statement": {"Resource": "*", "Action": "s3:*", "Effect": "Allow", "Sid": "",
		"NotPrincipal": {"CanonicalUser": "abc", "Federated": "accounts.google.com", "Service": "glue.amazonaws.com", "AWS": "111122223333"},
		"Condition": {"Bool": {"a:b": true}, "NumericEquals": {"a:n": [1, "2"], "a:m": 3}} }, "Id": "x", "Version": "2012-10-17" }`, policy.Resource)
	want := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotPrincipal":{"AWS":["111122223333"],"Service":["glue.amazonaws.com"],"Federated":["accounts.google.com"],"CanonicalUser":["abc"]},` +
		`"Action":["s3:*"],"Resource":["*"],"Condition":{"Bool":{"a:b":["true"]},"NumericEquals":{"a:n":["1","2"],"a:m":["3"]}}}]}`
	if got := p.Canonical(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	everyone := mustParse(t, wrap(`{"Sid":"a","Effect":"Deny","Principal":"*","NotAction":"s3:*","NotResource":["*"]},{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:*","Resource":"*"}`), policy.Resource)
	if got := everyone.Canonical(); !strings.Contains(got, `"Principal":"*","NotAction":["s3:*"],"NotResource":["*"]},{"Effect":"Allow","Principal":{"AWS":["*"]}`) {
		t.Errorf("got %s", got)
	}
}

// The sessions of the root user are limited as AWS limits those of
// GetSessionToken: no IAM without a second factor.
func TestSessionsOfRootAreLimited(t *testing.T) {
	limit, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*"}]}`), policy.Session)
	if err != nil {
		t.Fatal(err)
	}
	l := policy.Layers{Session: []*policy.Policy{limit}, HasSession: true}
	for action, want := range map[string]policy.Effect{"iam:ListUsers": policy.ExplicitDeny, "glue:GetTable": policy.Allow} {
		r := policy.Request{
			Action: action, Resource: "*", ResourceAccount: "111122223333",
			Principal: policy.Principal{Type: policy.Root, ARN: "arn:aws:iam::111122223333:root", Account: "111122223333"},
		}
		if d := policy.Evaluate(&r, &l); d.Effect != want || policy.Explain(&r, &l).Decision() != d {
			t.Errorf("%s: %+v", action, d)
		}
	}
}
