package s3_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/op"
)

func (d *door) policy(statements ...string) answer {
	return d.do(root(owner), ask{method: "PUT", target: "/" + bucket + "?policy", body: `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`})
}

func principal(effect, who, action, resource, rest string) string {
	return `{"Effect":"` + effect + `","Principal":` + who + `,"Action":"` + action + `","Resource":"arn:aws:s3:::` + resource + `"` + rest + `}`
}

// TestAccounts is who may read an object, by what the identity says, what the
// bucket policy says, and whose bucket it is.
func TestAccounts(t *testing.T) {
	const all = `"*"`
	get := allow("s3:GetObject", "arn:aws:s3:::"+bucket+"/*")
	toOther, toOwner := `{"AWS":"`+other+`"}`, `{"AWS":"arn:aws:iam::`+owner+`:user/member"}`
	for _, c := range []struct {
		name     string
		who      op.Principal
		identity string // statement, "" for none
		policy   string // principal that the bucket policy allows, "" for no policy
		unblock  bool   // Block Public Access was lifted
		want     int
	}{
		{"root of the owner", root(owner), "", "", false, 200},
		{"member without anything", user(owner, "member"), "", "", false, 403},
		{"member by identity", user(owner, "member"), get, "", false, 200},
		{"member by bucket policy", user(owner, "member"), "", toOwner, false, 200},
		{"other account by identity only", user(other, "guest"), get, "", false, 403},
		{"other account by bucket policy only", user(other, "guest"), "", toOther, false, 403},
		{"other account by both", user(other, "guest"), get, toOther, false, 200},
		{"root of the other account, no policy", root(other), "", "", false, 403},
		{"root of the other account by policy", root(other), "", toOther, false, 200},
		{"stranger", anonymous, "", "", false, 403},
		{"stranger, other account allowed", anonymous, "", toOther, false, 403},
		{"stranger, everyone allowed", anonymous, "", all, true, 200},
		{"other account, everyone allowed", user(other, "guest"), get, all, true, 200},
		{"other account without identity, everyone allowed", user(other, "guest"), "", all, true, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := withBucket(t)
			if c.identity != "" {
				d.grant(c.who, c.identity)
			}
			if c.unblock {
				d.must(root(owner), ask{method: "DELETE", target: "/" + bucket + "?publicAccessBlock"})
			}
			if c.policy != "" {
				if got := d.policy(principal("Allow", c.policy, "s3:GetObject", bucket+"/*", "")); got.StatusCode != http.StatusNoContent {
					t.Fatalf("policy: %s", got.text)
				}
			}
			for _, method := range []string{"GET", "HEAD"} {
				if got := d.do(c.who, ask{method: method, target: "/" + bucket + "/k"}); got.StatusCode != c.want {
					t.Errorf("%s: %d %s, want %d", method, got.StatusCode, got.text, c.want)
				}
			}
		})
	}
}

// TestBlockPublicAccess refuses public policies while they are blocked, and
// keeps strangers out when the block comes back.
func TestBlockPublicAccess(t *testing.T) {
	d := withBucket(t)
	public := principal("Allow", `"*"`, "s3:GetObject", bucket+"/*", "")
	if got := d.policy(public); got.code != "AccessDenied" {
		t.Errorf("a public policy: %d %s", got.StatusCode, got.text)
	}
	d.must(root(owner), ask{method: "DELETE", target: "/" + bucket + "?publicAccessBlock"})
	if got := d.policy(public); got.StatusCode != http.StatusNoContent {
		t.Fatalf("lifted: %s", got.text)
	}
	if got := d.do(anonymous, ask{method: "GET", target: "/" + bucket + "/k"}); got.text != "bytes" {
		t.Errorf("lifted: %s", got.text)
	}
	d.must(root(owner), ask{
		method: "PUT", target: "/" + bucket + "?publicAccessBlock",
		body: `<PublicAccessBlockConfiguration><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>`,
	})
	for _, who := range []op.Principal{anonymous, root(other)} {
		if got := d.do(who, ask{method: "GET", target: "/" + bucket + "/k"}); got.StatusCode != http.StatusForbidden {
			t.Errorf("restricted, %s: %d", who.Type, got.StatusCode)
		}
	}
}

// TestDenyOnPrefix tries every way to bytes below a denied prefix.
func TestDenyOnPrefix(t *testing.T) {
	d := withBucket(t)
	boss := root(owner)
	d.must(boss, ask{method: "PUT", target: "/" + bucket + "/secret/s", body: "hidden"})
	d.must(boss, ask{method: "PUT", target: "/" + bucket + "/secretariat", body: "open"})
	who := user(owner, "member")
	d.grant(who, allow("s3:*", "*"), deny("s3:*", "arn:aws:s3:::"+bucket+"/secret/*"))
	for _, a := range []ask{
		{method: "GET", target: "/" + bucket + "/secret/s"},
		{method: "GET", target: "/" + bucket + "/%73ecret/s"},
		{method: "GET", target: "/" + bucket + "/secret%2Fs"},
		{method: "GET", target: "/" + bucket + "/secret/s?versionId=null"},
		{method: "GET", target: "/" + bucket + "/secret/s?X-Amz-Signature=0&X-Amz-Date=20260101T000000Z"},
		{method: "HEAD", target: "/" + bucket + "/secret/s"},
		{method: "PUT", target: "/" + bucket + "/secret/new", body: "x"},
		{method: "DELETE", target: "/" + bucket + "/secret/s"},
		{method: "GET", target: "/" + bucket + "/secret/s?tagging"},
		{method: "GET", target: "/" + bucket + "/secret/s?acl"},
		{method: "GET", target: "/" + bucket + "/secret/s?attributes", header: map[string]string{"X-Amz-Object-Attributes": "ETag"}},
		{method: "POST", target: "/" + bucket + "/secret/s?uploads"},
		{method: "PUT", target: "/" + bucket + "/copy", header: map[string]string{"X-Amz-Copy-Source": bucket + "/secret/s"}},
		{method: "PUT", target: "/" + bucket + "/copy", header: map[string]string{"X-Amz-Copy-Source": "/" + bucket + "/secret%2Fs"}},
		{method: "PUT", target: "/" + bucket + "/copy", header: map[string]string{"X-Amz-Copy-Source": bucket + "/secret/s?versionId=null"}},
		{method: "PUT", target: "/" + bucket + "/copy?uploadId=" + strings.Repeat("0", 32) + "&partNumber=1", header: map[string]string{"X-Amz-Copy-Source": bucket + "/secret/s"}},
	} {
		if got := d.do(who, a); got.StatusCode != http.StatusForbidden || strings.Contains(got.text, "hidden") {
			t.Errorf("%s %s %v: %d %s", a.method, a.target, a.header, got.StatusCode, got.text)
		}
	}
	if got := d.do(who, ask{method: "GET", target: "/" + bucket + "/secretariat"}); got.text != "open" {
		t.Errorf("a neighbour of the prefix: %s", got.text)
	}
	if got := d.do(who, ask{method: "GET", target: "/" + bucket + "/x/../secret/s"}); got.StatusCode != http.StatusNotFound {
		t.Errorf("dots are resolved: %d %s", got.StatusCode, got.text)
	}
	batch := `<Delete><Object><Key>secret/s</Key></Object><Object><Key>k</Key></Object><Object><Key>missing</Key></Object></Delete>`
	got := d.do(who, ask{method: "POST", target: "/" + bucket + "?delete", body: batch, header: contentMD5(batch)})
	for _, want := range []string{"<Deleted><Key>k</Key></Deleted>", "<Deleted><Key>missing</Key></Deleted>", "<Error><Key>secret/s</Key><Code>AccessDenied</Code>"} {
		if !strings.Contains(got.text, want) {
			t.Errorf("batch: no %s in %s", want, got.text)
		}
	}
	if got := d.do(boss, ask{method: "GET", target: "/" + bucket + "/secret/s"}); got.text != "hidden" {
		t.Errorf("the object is %q", got.text)
	}
}

// TestMissing tells of a missing object only who may list, and of a missing
// bucket only who could use it.
func TestMissing(t *testing.T) {
	d := withBucket(t)
	who := user(owner, "member")
	get := allow("s3:GetObject", "*")
	for _, c := range []struct {
		statements []string
		target     string
		code       string
	}{
		{[]string{get}, "/" + bucket + "/nope", "AccessDenied"},
		{[]string{get, allow("s3:ListBucket", "arn:aws:s3:::"+bucket)}, "/" + bucket + "/nope", "NoSuchKey"},
		{[]string{allow("s3:ListBucket", "*")}, "/" + bucket + "/nope", "AccessDenied"},
		{[]string{allow("s3:ListBucket", "*")}, "/" + bucket + "/k", "AccessDenied"},
		{[]string{get}, "/no-such-bucket/k", "NoSuchBucket"},
		{[]string{allow("s3:ListBucket", "*")}, "/no-such-bucket/k", "AccessDenied"},
	} {
		d.grant(who, c.statements...)
		if got := d.do(who, ask{method: "GET", target: c.target}); got.code != c.code {
			t.Errorf("%s with %s: %d %s, want %s", c.target, c.statements, got.StatusCode, got.text, c.code)
		}
	}
}

// TestConditions decides by what the request carries.
func TestConditions(t *testing.T) {
	d := withBucket(t)
	boss, who := root(owner), user(owner, "member")
	d.must(boss, ask{method: "PUT", target: "/" + bucket + "/tagged", body: "x", header: map[string]string{"X-Amz-Tagging": "team=blue"}})
	with := func(action, resource, condition string) string {
		return `{"Effect":"Allow","Action":"` + action + `","Resource":"arn:aws:s3:::` + resource + `","Condition":` + condition + `}`
	}
	for _, c := range []struct {
		statement string
		a         ask
		want      int
	}{
		{with("s3:ListBucket", bucket, `{"StringLike":{"s3:prefix":"home/*"}}`), ask{method: "GET", target: "/" + bucket + "?list-type=2&prefix=home/x"}, 200},
		{with("s3:ListBucket", bucket, `{"StringLike":{"s3:prefix":"home/*"}}`), ask{method: "GET", target: "/" + bucket + "?list-type=2&prefix=other"}, 403},
		{with("s3:ListBucket", bucket, `{"StringLike":{"s3:prefix":"home/*"}}`), ask{method: "GET", target: "/" + bucket + "?list-type=2"}, 403},
		{with("s3:ListBucket", bucket, `{"NumericLessThanEquals":{"s3:max-keys":"10"}}`), ask{method: "GET", target: "/" + bucket + "?max-keys=10"}, 200},
		{with("s3:ListBucket", bucket, `{"NumericLessThanEquals":{"s3:max-keys":"10"}}`), ask{method: "GET", target: "/" + bucket + "?max-keys=11"}, 403},
		{with("s3:ListBucket", bucket, `{"NumericLessThanEquals":{"s3:max-keys":"10"}}`), ask{method: "GET", target: "/" + bucket}, 403},
		{with("s3:GetObject", bucket+"/*", `{"StringEquals":{"s3:ExistingObjectTag/team":"blue"}}`), ask{method: "GET", target: "/" + bucket + "/tagged"}, 200},
		{with("s3:GetObject", bucket+"/*", `{"StringEquals":{"s3:ExistingObjectTag/team":"blue"}}`), ask{method: "GET", target: "/" + bucket + "/k"}, 403},
		{with("s3:PutObject*", bucket+"/*", `{"StringEquals":{"s3:RequestObjectTag/team":"red"}}`), ask{method: "PUT", target: "/" + bucket + "/n", header: map[string]string{"X-Amz-Tagging": "team=red"}}, 200},
		{with("s3:PutObject*", bucket+"/*", `{"StringEquals":{"s3:RequestObjectTag/team":"red"}}`), ask{method: "PUT", target: "/" + bucket + "/n", header: map[string]string{"X-Amz-Tagging": "team=blue"}}, 403},
		{with("s3:GetObject", bucket+"/*", `{"StringEquals":{"s3:authType":"REST-QUERY-STRING"}}`), ask{method: "GET", target: "/" + bucket + "/k"}, 403},
		{with("s3:GetObject", bucket+"/*", `{"StringEquals":{"s3:authType":"REST-QUERY-STRING"}}`), ask{method: "GET", target: "/" + bucket + "/k?X-Amz-Date=20260101T000000Z&X-Amz-Signature=0"}, 200},
		{with("s3:GetObject", bucket+"/*", `{"NumericLessThan":{"s3:signatureAge":"600000"}}`), ask{method: "GET", target: "/" + bucket + "/k", header: map[string]string{"X-Amz-Date": "20200101T000000Z"}}, 403},
		{with("s3:PutObject", bucket+"/*", `{"Null":{"s3:if-none-match":"false"}}`), ask{method: "PUT", target: "/" + bucket + "/once"}, 403},
		{with("s3:PutObject", bucket+"/*", `{"Null":{"s3:if-none-match":"false"}}`), ask{method: "PUT", target: "/" + bucket + "/once", header: map[string]string{"If-None-Match": "*"}}, 200},
	} {
		d.grant(who, c.statement)
		if got := d.do(who, c.a); got.StatusCode != c.want {
			t.Errorf("%s %s %v under %s: %d %s", c.a.method, c.a.target, c.a.header, c.statement, got.StatusCode, got.text)
		}
	}
	tags := `<Tagging><TagSet><Tag><Key>team</Key><Value>green</Value></Tag></TagSet></Tagging>`
	d.grant(who, with("s3:PutObjectTagging", bucket+"/*", `{"StringEqualsIfExists":{"s3:RequestObjectTag/team":"red"}}`))
	if got := d.do(who, ask{method: "PUT", target: "/" + bucket + "/k?tagging", body: tags}); got.StatusCode != http.StatusForbidden {
		t.Errorf("tags in the body: %d %s", got.StatusCode, got.text)
	}
}

// TestPolicies is what a bucket policy must be.
func TestPolicies(t *testing.T) {
	d := withBucket(t)
	me := `{"AWS":"` + owner + `"}`
	for name, c := range map[string]struct{ statement, code string }{
		"fine":                    {principal("Allow", me, "s3:GetObject", bucket+"/*", ""), ""},
		"another bucket":          {principal("Allow", me, "s3:GetObject", "another/*", ""), "MalformedPolicy"},
		"a bucket with our start": {principal("Allow", me, "s3:GetObject", bucket+"2/*", ""), "MalformedPolicy"},
		"every bucket":            {principal("Allow", me, "s3:GetObject", "*", ""), "MalformedPolicy"},
		"another service":         {principal("Allow", me, "iam:CreateUser", bucket, ""), "MalformedPolicy"},
		"no principal":            {allow("s3:GetObject", "arn:aws:s3:::"+bucket+"/*"), "MalformedPolicy"},
		"unknown operator":        {principal("Deny", me, "s3:GetObject", bucket+"/*", `,"Condition":{"StringLikes":{"s3:prefix":"x"}}`), "MalformedPolicy"},
	} {
		if got := d.policy(c.statement); got.code != c.code {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.text)
		}
	}
	big := principal("Allow", me, "s3:GetObject", bucket+"/"+strings.Repeat("x", 20480), "")
	if got := d.policy(big); got.StatusCode != http.StatusBadRequest {
		t.Errorf("a policy of more than 20 KB: %d", got.StatusCode)
	}
	d.policy(principal("Deny", `"*"`, "s3:*", bucket, ""))
	if got := d.do(root(owner), ask{method: "GET", target: "/" + bucket}); got.StatusCode != http.StatusForbidden {
		t.Errorf("root in spite of a deny: %d", got.StatusCode)
	}
	d.must(root(owner), ask{method: "DELETE", target: "/" + bucket + "?policy"}) // root can always mend it
}

// TestNames is what a bucket may be called, and whose the name is.
func TestNames(t *testing.T) {
	d := withBucket(t)
	d.grant(user(other, "guest"), allow("s3:*", "*"))
	if got := d.do(user(other, "guest"), ask{method: "PUT", target: "/" + bucket}); got.code != "BucketAlreadyExists" {
		t.Errorf("taken: %s", got.text)
	}
	if got := d.do(root(owner), ask{method: "PUT", target: "/" + bucket}); got.StatusCode != http.StatusOK {
		t.Errorf("owned, in us-east-1: %s", got.text)
	}
	d.Region = "eu-west-1"
	here := "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>"
	if got := d.do(root(owner), ask{method: "PUT", target: "/" + bucket, body: here}); got.code != "BucketAlreadyOwnedByYou" {
		t.Errorf("owned: %s", got.text)
	}
	d.Region = "us-east-1"
	for _, name := range []string{"ab", "Upper", "under_score", "-dash", "dash-", "two..dots", "192.168.1.1", "..", "%2e%2e", ".tmp", "xn--x", "a%00b", strings.Repeat("n", 64), "%2Fetc"} {
		if got := d.do(root(owner), ask{method: "PUT", target: "/" + name}); got.code != "InvalidBucketName" {
			t.Errorf("%q: %d %s", name, got.StatusCode, got.text)
		}
	}
	got := d.do(user(other, "guest"), ask{method: "GET", target: "/"})
	if strings.Contains(got.text, bucket) {
		t.Errorf("another account's list: %s", got.text)
	}
}
