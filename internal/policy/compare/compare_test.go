package compare_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/policy/compare"
)

func parse(t interface{ Fatal(...any) }, kind policy.Kind, statements ...string) *policy.Policy {
	p, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`), kind)
	if err != nil {
		t.Fatal(err, statements)
	}
	return p
}

func allow(action, resource string, condition ...string) string {
	return statement("Allow", action, resource, condition...)
}

func deny(action, resource string, condition ...string) string {
	return statement("Deny", action, resource, condition...)
}

func statement(effect, action, resource string, condition ...string) string {
	s := `{"Effect":"` + effect + `","Action":` + quote(action) + `,"Resource":` + quote(resource)
	if len(condition) > 0 {
		s += `,"Condition":{` + condition[0] + `}`
	}
	return s + `}`
}

func quote(s string) string {
	text, _ := json.Marshal(strings.Split(s, " "))
	return string(text)
}

const (
	bucket = "arn:aws:s3:::b/*"
	home   = "arn:aws:s3:::b/${aws:username}/*"
)

func TestCompare(t *testing.T) {
	none := deny("*", "*")
	for _, c := range []struct {
		name     string
		old, new []string
		want     compare.Verdict
	}{
		{"the same", []string{allow("s3:*", bucket)}, []string{allow("s3:*", bucket)}, compare.NoNewAccess},
		{"fewer actions", []string{allow("s3:*", bucket)}, []string{allow("s3:Get*", bucket)}, compare.NoNewAccess},
		{"more actions", []string{allow("s3:Get*", bucket)}, []string{allow("s3:Get* s3:PutObject", bucket)}, compare.NewAccess},
		{"the same in another form", []string{allow("s3:GetObject s3:PutObject", bucket)}, []string{allow("s3:GetObject", bucket), allow("s3:putobject", bucket)}, compare.NoNewAccess},
		{"narrower resources", []string{allow("s3:GetObject", bucket)}, []string{allow("s3:GetObject", "arn:aws:s3:::b/a/*")}, compare.NoNewAccess},
		{"a sibling", []string{allow("s3:GetObject", "arn:aws:s3:::b/t/*")}, []string{allow("s3:GetObject", "arn:aws:s3:::b/t*")}, compare.NewAccess},
		{"two halves", []string{allow("s3:GetObject", "arn:aws:s3:::b"), allow("s3:GetObject", "arn:aws:s3:::b?*")}, []string{allow("s3:GetObject", "arn:aws:s3:::b*")}, compare.NoNewAccess},
		{"a deny that went", []string{allow("s3:*", "*"), deny("s3:DeleteObject", "*")}, []string{allow("s3:*", "*")}, compare.NewAccess},
		{"a deny that came", []string{allow("s3:*", "*")}, []string{allow("s3:*", "*"), deny("s3:DeleteObject", "*")}, compare.NoNewAccess},
		{"everything but", []string{allow("s3:*", "*"), deny("s3:DeleteObject", "*")}, []string{`{"Effect":"Allow","NotAction":"s3:DeleteObject","Resource":"*"}`}, compare.NewAccess},
		{"all of a service but", []string{`{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`}, []string{allow("s3:*", "*")}, compare.NoNewAccess},
		{"resources but", []string{`{"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3:::secret*"}`}, []string{allow("s3:*", "arn:aws:s3:::a*")}, compare.NoNewAccess},
		{"resources but, widened", []string{`{"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3:::secret*"}`}, []string{`{"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3:::secrets*"}`}, compare.NewAccess},
		{"nothing before", []string{none}, []string{allow("glue:GetTable", "*")}, compare.NewAccess},

		{"a condition more", []string{allow("s3:*", bucket)}, []string{allow("s3:*", bucket, `"Bool":{"aws:SecureTransport":"true"}`)}, compare.NoNewAccess},
		{"a condition less", []string{allow("s3:*", bucket, `"Bool":{"aws:SecureTransport":"true"}`)}, []string{allow("s3:*", bucket)}, compare.NewAccess},
		{"both values", []string{allow("s3:*", bucket, `"StringEquals":{"aws:username":"a"}`), allow("s3:*", bucket, `"StringNotEquals":{"aws:username":"a"}`)}, []string{allow("s3:*", bucket)}, compare.NewAccess}, // several values
		{"fewer values", []string{allow("s3:*", bucket, `"StringLike":{"aws:username":["a*","b"]}`)}, []string{allow("s3:*", bucket, `"StringEquals":{"aws:username":["ab","b"]}`)}, compare.NoNewAccess},
		{"case of values", []string{allow("s3:*", bucket, `"StringEquals":{"aws:username":"ab"}`)}, []string{allow("s3:*", bucket, `"StringEqualsIgnoreCase":{"aws:username":"ab"}`)}, compare.NewAccess},
		{"a smaller range", []string{allow("s3:*", bucket, `"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`)}, []string{allow("s3:*", bucket, `"IpAddress":{"aws:SourceIp":"10.1.0.0/16"}`)}, compare.NoNewAccess},
		{"two halves of a range", []string{allow("s3:*", bucket, `"IpAddress":{"aws:SourceIp":["10.0.0.0/9","10.128.0.0/9"]}`)}, []string{allow("s3:*", bucket, `"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`)}, compare.NoNewAccess},
		{"a larger range", []string{allow("s3:*", bucket, `"IpAddress":{"aws:SourceIp":"10.1.0.0/16"}`)}, []string{allow("s3:*", bucket, `"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`)}, compare.NewAccess},
		{"numbers", []string{allow("s3:*", bucket, `"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}`)}, []string{allow("s3:*", bucket, `"NumericLessThanEquals":{"aws:MultiFactorAuthAge":"3600"}`)}, compare.NewAccess},
		{"smaller numbers", []string{allow("s3:*", bucket, `"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}`)}, []string{allow("s3:*", bucket, `"NumericLessThanEquals":{"aws:MultiFactorAuthAge":"3599.5"}`)}, compare.NoNewAccess},
		{"dates", []string{allow("s3:*", bucket, `"DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}`)}, []string{allow("s3:*", bucket, `"DateLessThan":{"aws:CurrentTime":"2025-01-01T00:00:00Z"}`)}, compare.NoNewAccess},
		{"IfExists", []string{allow("s3:*", bucket, `"StringEquals":{"aws:username":"a"}`)}, []string{allow("s3:*", bucket, `"StringEqualsIfExists":{"aws:username":"a"}`)}, compare.NewAccess},
		{"Null", []string{allow("s3:*", bucket, `"StringEqualsIfExists":{"aws:username":"a"}`)}, []string{allow("s3:*", bucket, `"Null":{"aws:username":"true"}`)}, compare.NoNewAccess},
		{"set operators", []string{allow("s3:*", bucket, `"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}`)}, []string{allow("s3:*", bucket, `"ForAllValues:StringEquals":{"aws:TagKeys":"a"}`)}, compare.NoNewAccess},
		{"any of all", []string{allow("s3:*", bucket, `"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}`)}, []string{allow("s3:*", bucket, `"ForAnyValue:StringEquals":{"aws:TagKeys":"a"}`)}, compare.NewAccess},
		{"a deny with a condition", []string{allow("s3:*", bucket), deny("s3:*", bucket, `"Bool":{"aws:SecureTransport":"false"}`)}, []string{allow("s3:*", bucket, `"Bool":{"aws:SecureTransport":"true"}`)}, compare.NoNewAccess},
		{"ARNs", []string{allow("s3:*", bucket, `"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::1:role/*"}`)}, []string{allow("s3:*", bucket, `"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::1:role/a"}`)}, compare.NoNewAccess},

		{"own folder", []string{allow("s3:*", home)}, []string{allow("s3:GetObject", home)}, compare.NoNewAccess},
		{"everybody's folder", []string{allow("s3:*", bucket)}, []string{allow("s3:*", home)}, compare.NoNewAccess},
		{"out of the own folder", []string{allow("s3:*", home)}, []string{allow("s3:*", bucket)}, compare.NewAccess},
		{"another variable", []string{allow("s3:*", home)}, []string{allow("s3:*", "arn:aws:s3:::b/${aws:userid}/*")}, compare.NewAccess},
		{"a variable in a condition", []string{allow("s3:*", bucket, `"StringEquals":{"aws:ResourceTag/o":"${aws:username}"}`)}, []string{allow("s3:Get*", bucket, `"StringEquals":{"aws:ResourceTag/o":"${aws:username}"}`)}, compare.NoNewAccess},
		{"a variable that went", []string{allow("s3:*", bucket, `"StringEquals":{"aws:ResourceTag/o":"${aws:username}"}`)}, []string{allow("s3:*", bucket, `"StringLike":{"aws:ResourceTag/o":"*"}`)}, compare.NewAccess},
	} {
		got, err := compare.Compare(parse(t, policy.Identity, c.old...), parse(t, policy.Identity, c.new...))
		if err != nil {
			t.Fatal(err)
		}
		if got.Verdict != c.want {
			t.Errorf("%s: %s %+v %v, want %s", c.name, got.Verdict, got.Request, got.Why, c.want)
		}
		if got.Request != nil && got.Request.Unlisted && !strings.Contains(c.name, "but") {
			t.Errorf("%s: the example %+v is no published action", c.name, got.Request)
		}
	}
}

func TestCompareWhoIsNamed(t *testing.T) {
	to := func(principal string) string {
		return `{"Effect":"Allow","Principal":` + principal + `,"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`
	}
	user, role := `{"AWS":"arn:aws:iam::111122223333:user/a"}`, `{"AWS":"arn:aws:iam::111122223333:role/r"}`
	session := `{"AWS":"arn:aws:sts::111122223333:assumed-role/r/s"}`
	for _, c := range []struct {
		old, new string
		want     compare.Verdict
	}{
		{to(user), to(user), compare.NoNewAccess},
		{to(user), to(role), compare.NewAccess},
		{to(role), to(session), compare.NewAccess}, // a session of a role of the same name elsewhere
		{to(session), to(role), compare.NewAccess},
		{to(`{"AWS":"111122223333"}`), to(user), compare.NoNewAccess},
		{to(user), to(`{"AWS":"111122223333"}`), compare.NewAccess},
		{to(`"*"`), to(user), compare.NoNewAccess},
		{to(user), to(`"*"`), compare.NewAccess},
		{to(`{"Service":"glue.amazonaws.com"}`), to(`{"Service":["glue.amazonaws.com","athena.amazonaws.com"]}`), compare.NewAccess},
		{to(user), strings.Replace(to(user), `"Principal"`, `"NotPrincipal"`, 1), compare.NewAccess},
	} {
		got, err := compare.Compare(parse(t, policy.Resource, c.old), parse(t, policy.Resource, c.new))
		if err != nil {
			t.Fatal(err)
		}
		if got.Verdict != c.want {
			t.Errorf("%s -> %s: %s %+v %v", c.old, c.new, got.Verdict, got.Request, got.Why)
		}
	}
}

func TestKindsMustAgree(t *testing.T) {
	if _, err := compare.Compare(parse(t, policy.Identity, allow("*", "*")), parse(t, policy.SCP, allow("*", "*"))); err == nil {
		t.Error("an identity policy was compared with an SCP")
	}
}

func drawStatements(t *rapid.T, label string) []string {
	return rapid.SliceOfN(rapid.Custom(drawStatement), 1, 4).Draw(t, label)
}

func drawStatement(t *rapid.T) string {
	of := func(label string, options ...string) string { return rapid.SampledFrom(options).Draw(t, label) }
	s := `{"Effect":"` + of("effect", "Allow", "Allow", "Deny") + `"`
	s += `,"` + of("element", "Action", "Action", "Action", "NotAction") + `":` + quote(of("actions", "s3:*", "s3:Get*", "s3:GetObject", "*", "s3:PutObject s3:G*t", "glue:*", "s3:?etObject"))
	s += `,"` + of("resource", "Resource", "Resource", "Resource", "NotResource") + `":` + quote(of("resources",
		"*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/a*", "arn:aws:s3:::*a", "arn:aws:s3:::b/${aws:username}", "arn:aws:s3:*", "arn:aws:s3:::b/a?", "arn:aws:s3:*:*:b/${aws:username,'a'}*"))
	if rapid.Bool().Draw(t, "conditional") {
		s += `,"Condition":{` + of("condition",
			`"StringEquals":{"aws:username":["a","ab"]}`, `"StringLike":{"aws:username":"a*"}`, `"StringNotLikeIfExists":{"aws:username":"*b"}`,
			`"StringNotEquals":{"aws:username":"a"}`, `"Null":{"aws:username":"true"}`, `"ForAllValues:StringLike":{"aws:TagKeys":["a*"]}`,
			`"ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}`, `"NumericLessThan":{"aws:MultiFactorAuthAge":"10"}`, `"NumericGreaterThanEquals":{"aws:MultiFactorAuthAge":"5.5"}`,
			`"IpAddress":{"aws:SourceIp":["10.0.0.0/8","::1"]}`, `"NotIpAddress":{"aws:SourceIp":"10.1.0.0/16"}`, `"Bool":{"aws:SecureTransport":"true"}`,
			`"StringEquals":{"aws:TagKeys":"${aws:username}"}`, `"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/a*"}`, `"DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}`,
			`"BoolIfExists":{"aws:SecureTransport":"false"},"StringLike":{"aws:username":"?"}`) + `}`
	}
	return s + `}`
}

func drawRequest(t *rapid.T) *policy.Request {
	context := policy.Map{}
	for key, values := range map[string][]string{
		"aws:username": {"a", "ab", "b", "", "bb"}, "aws:tagkeys": {"a", "b", "ab", "c"}, "aws:multifactorauthage": {"5", "5.5", "10", "11", "no"},
		"aws:sourceip": {"10.0.0.1", "10.1.2.3", "11.0.0.0", "::1", "no"}, "aws:securetransport": {"true", "false", "no"},
		"aws:principalarn": {"arn:aws:iam::1:user/ab", "arn:aws:iam::1:role/a", "no"}, "aws:currenttime": {"2025-12-31T00:00:00Z", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
	} {
		if n := rapid.IntRange(0, 2).Draw(t, "values of "+key); n > 0 {
			context[key] = rapid.SliceOfN(rapid.SampledFrom(values), n, n).Draw(t, key)
		}
	}
	return &policy.Request{
		Action:          rapid.SampledFrom([]string{"s3:GetObject", "s3:PutObject", "s3:GetX", "glue:GetTable", "s3:Gat", "iam:X"}).Draw(t, "action"),
		Resource:        rapid.SampledFrom([]string{"*", "arn:aws:s3:::b/a", "arn:aws:s3:::b/ab", "arn:aws:s3:::b/bb", "arn:aws:s3:::a", "arn:aws:s3:::b/x", "arn:aws:glue:r:1:a", "arn:aws:s3:::b/a:a", "arn:aws:s3:r:1:b/ab"}).Draw(t, "resource"),
		ResourceAccount: "111122223333",
		Principal:       policy.Principal{Type: policy.User, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/u"},
		Context:         context,
	}
}

func allowed(p *policy.Policy, r *policy.Request) bool {
	return policy.Evaluate(r, &policy.Layers{Identity: []*policy.Policy{p}}).Allowed()
}

// TestCompareIsSound: "no new access" means that no request is newly allowed, and an example is
// allowed by the new policy and refused by the old one.
func TestCompareIsSound(t *testing.T) {
	verdicts := map[compare.Verdict]int{}
	rapid.Check(t, func(t *rapid.T) {
		old, new := parse(t, policy.Identity, drawStatements(t, "old")...), parse(t, policy.Identity, drawStatements(t, "new")...)
		got, err := compare.Compare(old, new)
		if err != nil {
			t.Fatal(err)
		}
		verdicts[got.Verdict]++
		switch got.Verdict {
		case compare.NoNewAccess:
			for range 60 {
				if r := drawRequest(t); allowed(new, r) && !allowed(old, r) {
					t.Fatalf("newly allowed: %+v", r)
				}
			}
		case compare.NewAccess:
			r := &policy.Request{
				Action: got.Request.Action, Resource: got.Request.Resource, ResourceAccount: "111122223333", Context: policy.Map(got.Request.Context),
				Principal: policy.Principal{Type: policy.User, Account: "111122223333"},
			}
			if !allowed(new, r) || allowed(old, r) {
				t.Fatalf("the example is not new: %+v", r)
			}
		case compare.Unknown:
			if len(got.Why) == 0 {
				t.Fatal("unknown without a reason")
			}
		}
	})
	t.Logf("verdicts: %v", verdicts)
	if verdicts[compare.NoNewAccess] == 0 || verdicts[compare.NewAccess] == 0 {
		t.Errorf("too few kinds of verdicts: %v", verdicts)
	}
}
