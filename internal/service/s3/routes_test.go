package s3_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/service/s3"
)

// conditionalHeaders make the needs that depend on a header apply.
var conditionalHeaders = map[string]string{
	"s3:PutObjectTagging": "X-Amz-Tagging", "s3:PutObjectAcl": "X-Amz-Acl", "s3:PutBucketOwnershipControls": "X-Amz-Object-Ownership",
	"s3:GetObject": "If-Match",
}

var headerValues = map[string]string{
	"X-Amz-Tagging": "a=b", "X-Amz-Acl": "private", "X-Amz-Object-Ownership": "BucketOwnerEnforced", "If-Match": `"tag"`,
}

// TestEveryRow walks the table: each operation is denied when any of its
// actions is missing, and not denied with exactly these.
func TestEveryRow(t *testing.T) {
	d := withBucket(t)
	d.must(root(owner), ask{method: "PUT", target: "/" + bucket + "/source", body: "from"})
	asked := 0
	for _, r := range s3.Routes() {
		for _, version := range []bool{false, true} {
			if r.PerItem || (version && !hasVersion(r)) {
				continue
			}
			t.Run(fmt.Sprintf("%s version=%t", r.Name, version), func(t *testing.T) {
				checkRow(t, d, r, version)
			})
			asked++
		}
	}
	if asked < 80 {
		t.Errorf("only %d rows were tried", asked)
	}
}

func hasVersion(r s3.RouteRow) bool {
	return slices.ContainsFunc(r.Needs, func(n s3.RouteNeed) bool { return n.Version != "" })
}

func checkRow(t *testing.T, d *door, r s3.RouteRow, version bool) {
	t.Helper()
	who := user(owner, "member")
	request, needs := rowRequest(r, version)
	if len(needs) == 0 {
		t.Fatal("a row that asks for nothing")
	}
	for missing := range needs {
		d.grant(who, append(slices.Delete(slices.Clone(needs), missing, missing+1), allow("s3:None", "*"))...)
		if got := d.do(who, request); got.StatusCode != http.StatusForbidden {
			t.Errorf("without %s: %d %s", needs[missing], got.StatusCode, got.text)
		}
	}
	d.grant(who, needs...)
	got := d.do(who, request)
	if got.StatusCode == http.StatusForbidden {
		t.Errorf("with %s: %s", needs, got.text)
	}
	if !r.Served && got.code != "NotImplemented" && got.StatusCode != http.StatusNotImplemented {
		t.Errorf("is not built and answers %d %s", got.StatusCode, got.text)
	}
	if r.Served && got.StatusCode == http.StatusNotImplemented {
		t.Errorf("answers %s", got.text)
	}
	if got := d.do(anonymous, request); got.StatusCode != http.StatusForbidden {
		t.Errorf("a stranger gets %d %s", got.StatusCode, got.text)
	}
	d.grant(user(other, "member"), needs...)
	if got := d.do(user(other, "member"), request); got.StatusCode != http.StatusForbidden && !ownAccount(r) {
		t.Errorf("another account gets %d %s", got.StatusCode, got.text)
	}
	d.do(root(owner), ask{method: "PUT", target: "/" + bucket + "/k", body: "bytes"}) // some rows delete it
}

// ownAccount are operations on the caller's own account, or on names that
// nobody owns.
func ownAccount(r s3.RouteRow) bool { return r.Name == "ListBuckets" || r.Name == "CreateBucket" }

// rowRequest builds a request of a row, and the statements that it needs.
func rowRequest(r s3.RouteRow, version bool) (ask, []string) {
	a := ask{method: r.Method, header: map[string]string{}}
	a.target = []string{"/", "/" + bucket, "/" + bucket + "/k"}[r.Level]
	query := map[string]string{"list-type": "2", "uploadId": strings.Repeat("0", 32), "partNumber": "1"}
	var params []string
	for _, name := range r.Query {
		params = append(params, name+"="+query[name])
	}
	source := "/" + bucket + "/source"
	if version {
		if r.Copy {
			source += "?versionId=null"
		} else {
			params = append(params, "versionId=null")
		}
	}
	if len(params) > 0 {
		a.target += "?" + strings.Join(params, "&")
	}
	if r.Copy {
		a.header["X-Amz-Copy-Source"] = source
	}
	if r.Name == "GetObjectAttributes" {
		a.header["X-Amz-Object-Attributes"] = "ETag"
	}
	var needs []string
	for _, n := range r.Needs {
		action := n.Action
		if version && n.Version != "" {
			action = n.Version
		}
		if n.When {
			a.header[conditionalHeaders[n.Action]] = headerValues[conditionalHeaders[n.Action]]
		}
		arns := map[string]string{"bucket": bucket, "object": bucket + "/k", "source": bucket + "/source"}
		arn := "arn:aws:s3:::" + arns[n.On]
		if n.On == "all" {
			arn = "*"
		}
		needs = append(needs, allow(action, arn))
	}
	return a, needs
}

// TestUnknownRoutes refuses what the table does not know; nothing falls through
// to another operation.
func TestUnknownRoutes(t *testing.T) {
	d := withBucket(t)
	boss := root(owner)
	for _, a := range []ask{
		{method: "PUT", target: "/" + bucket + "/k?futureFeature"},
		{method: "PUT", target: "/" + bucket + "?futureFeature"},
		{method: "DELETE", target: "/" + bucket + "?analytics&id=1"},
		{method: "DELETE", target: "/" + bucket + "?metrics"},
		{method: "GET", target: "/" + bucket + "?inventory"},
		{method: "DELETE", target: "/" + bucket + "/k?tagging&cors"},
		{method: "PATCH", target: "/" + bucket + "/k"},
		{method: "POST", target: "/" + bucket + "/k"},
		{method: "POST", target: "/" + bucket},
		{method: "OPTIONS", target: "/" + bucket},
		{method: "PUT", target: "/"},
		{method: "PUT", target: "/" + bucket + "/k", header: map[string]string{"X-Amz-Write-Offset-Bytes": "5"}},
		{method: "PUT", target: "/" + bucket + "/k", header: map[string]string{"X-Amz-Server-Side-Encryption": "AES256"}},
		{method: "PUT", target: "/" + bucket + "/k", header: map[string]string{"X-Amz-Website-Redirect-Location": "/x"}},
		{method: "PUT", target: "/" + bucket + "/k", header: map[string]string{"X-Amz-Object-Lock-Mode": "GOVERNANCE"}},
		{method: "GET", target: "/" + bucket + "/k", header: map[string]string{"X-Amz-Server-Side-Encryption-Customer-Key": "x"}},
		{method: "PUT", target: "/new-bucket", header: map[string]string{"X-Amz-Bucket-Object-Lock-Enabled": "true"}},
	} {
		if got := d.do(boss, a); got.code != "NotImplemented" || got.StatusCode != http.StatusNotImplemented {
			t.Errorf("%s %s %v: %d %s", a.method, a.target, a.header, got.StatusCode, got.text)
		}
	}
	if got := d.do(boss, ask{method: "GET", target: "/" + bucket + "/k"}); got.text != "bytes" {
		t.Errorf("the object is %q", got.text)
	}
}
