package s3_test

import (
	"net/http"
	"strings"
	"testing"
)

// The tests of this file hold rules that test suites and clients of S3 judge by.

// TestVersionOfAWrite is told when the write made one. The null version that a
// write into a suspended bucket makes is told by reads only.
func TestVersionOfAWrite(t *testing.T) {
	d := withBucket(t)
	boss := root(owner)
	object := "/" + bucket + "/v"
	for status, want := range map[string][2]bool{"Enabled": {true, true}, "Suspended": {false, true}} {
		body := "<VersioningConfiguration><Status>" + status + "</Status></VersioningConfiguration>"
		d.must(boss, ask{method: "PUT", target: "/" + bucket + "?versioning", body: body})
		for _, header := range []map[string]string{nil, {"X-Amz-Copy-Source": bucket + "/k"}} {
			wrote := d.must(boss, ask{method: "PUT", target: object, header: header}).Header.Get("X-Amz-Version-Id")
			read := d.must(boss, ask{method: "HEAD", target: object}).Header.Get("X-Amz-Version-Id")
			if (wrote != "") != want[0] || (read != "") != want[1] || (status == "Suspended" && read != "null") {
				t.Errorf("%s, %v: written as %q, read as %q", status, header, wrote, read)
			}
		}
	}
}

// TestContentEncoding is kept as it was written, but for what described the
// request.
func TestContentEncoding(t *testing.T) {
	d := withBucket(t)
	for sent, want := range map[string]string{
		"gzip": "gzip", "deflate, gzip": "deflate, gzip", "br,gzip": "br,gzip",
		"aws-chunked": "", "gzip, aws-chunked": "gzip", "aws-chunked,deflate,gzip": "deflate, gzip",
	} {
		d.must(root(owner), ask{method: "PUT", target: "/" + bucket + "/e", header: map[string]string{"Content-Encoding": sent}})
		if got := d.must(root(owner), ask{method: "HEAD", target: "/" + bucket + "/e"}).Header.Get("Content-Encoding"); got != want {
			t.Errorf("%q came back as %q", sent, got)
		}
	}
}

// TestACLOfANewBucket is worded as its own error.
func TestACLOfANewBucket(t *testing.T) {
	d := withBucket(t)
	for target, want := range map[string]string{"/another-bucket": "InvalidBucketAclWithObjectOwnership", "/" + bucket + "/k": "AccessControlListNotSupported"} {
		for name, value := range map[string]string{"X-Amz-Acl": "public-read", "X-Amz-Grant-Read": "id=1"} {
			if got := d.do(root(owner), ask{method: "PUT", target: target, header: map[string]string{name: value}}); got.code != want {
				t.Errorf("%s with %s: %s", target, name, got.text)
			}
		}
	}
	if got := d.do(root(owner), ask{method: "HEAD", target: "/another-bucket"}); got.StatusCode != http.StatusNotFound {
		t.Errorf("the refused bucket: %d", got.StatusCode)
	}
}

// TestACLThatIsSo can be written back; any other is refused.
func TestACLThatIsSo(t *testing.T) {
	d := withBucket(t)
	for _, target := range []string{"/" + bucket + "?acl", "/" + bucket + "/k?acl"} {
		now := d.must(root(owner), ask{method: "GET", target: target}).text
		d.must(root(owner), ask{method: "PUT", target: target, body: now})
		for name, c := range map[string][2]string{
			"another owner":    {strings.ReplaceAll(now, "<ID>", "<ID>0"), "AccessControlListNotSupported"},
			"less":             {strings.Replace(now, "FULL_CONTROL", "READ", 1), "AccessControlListNotSupported"},
			"no grant":         {"<AccessControlPolicy><AccessControlList/></AccessControlPolicy>", "AccessControlListNotSupported"},
			"another document": {"<Tagging/>", "MalformedXML"},
			"nothing":          {"", "MalformedXML"},
		} {
			if got := d.do(root(owner), ask{method: "PUT", target: target, body: c[0]}); got.code != c[1] {
				t.Errorf("%s, %s: %d %s", target, name, got.StatusCode, got.text)
			}
		}
	}
}

// TestConditionalDeletesTellNoETag: trying ETags needs the right to read them.
func TestConditionalDeletesTellNoETag(t *testing.T) {
	d := withBucket(t)
	who := user(owner, "cleaner")
	object, tag := "/"+bucket+"/k", d.must(root(owner), ask{method: "HEAD", target: "/" + bucket + "/k"}).Header.Get("Etag")
	batch := "<Delete><Object><Key>k</Key><ETag>" + strings.Trim(tag, `"`) + "</ETag></Object></Delete>"
	d.grant(who, allow("s3:DeleteObject", "*"))
	for _, match := range []string{tag, `"other"`} {
		if got := d.do(who, ask{method: "DELETE", target: object, header: map[string]string{"If-Match": match}}); got.code != "AccessDenied" {
			t.Errorf("If-Match %s: %d %s", match, got.StatusCode, got.text)
		}
	}
	if got := d.do(who, ask{method: "POST", target: "/" + bucket + "?delete", body: batch, header: contentMD5(batch)}); !strings.Contains(got.text, "<Code>AccessDenied</Code>") {
		t.Errorf("batch: %s", got.text)
	}
	d.grant(who, allow("s3:DeleteObject", "*"), allow("s3:GetObject", "*"))
	if got := d.do(who, ask{method: "DELETE", target: object, header: map[string]string{"If-Match": `"other"`}}); got.code != "PreconditionFailed" {
		t.Errorf("another ETag: %d %s", got.StatusCode, got.text)
	}
	if got := d.do(who, ask{method: "POST", target: "/" + bucket + "?delete", body: batch, header: contentMD5(batch)}); strings.Contains(got.text, "<Error>") {
		t.Errorf("batch: %s", got.text)
	}
}

// TestChecksumOfAPart comes with the part that it is of.
func TestChecksumOfAPart(t *testing.T) {
	d := withBucket(t)
	d.must(root(owner), ask{method: "PUT", target: "/" + bucket + "/one", body: "123456789", header: map[string]string{"X-Amz-Checksum-Crc32c": "4waSgw=="}})
	mode := map[string]string{"X-Amz-Checksum-Mode": "ENABLED"}
	if got := d.must(root(owner), ask{method: "GET", target: "/" + bucket + "/one?partNumber=1", header: mode}); got.Header.Get("X-Amz-Checksum-Crc32c") != "4waSgw==" {
		t.Errorf("the only part: %v", got.Header)
	}
	mode["Range"] = "bytes=0-3"
	if got := d.must(root(owner), ask{method: "GET", target: "/" + bucket + "/one", header: mode}); got.Header.Get("X-Amz-Checksum-Crc32c") != "" {
		t.Errorf("a range: %v", got.Header)
	}
}

// TestLocksThatNobodyHas can be bypassed: tools that empty buckets ask for it.
func TestLocksThatNobodyHas(t *testing.T) {
	d := withBucket(t)
	d.must(root(owner), ask{method: "DELETE", target: "/" + bucket + "/k", header: map[string]string{"X-Amz-Bypass-Governance-Retention": "true"}})
	if got := d.do(root(owner), ask{method: "HEAD", target: "/" + bucket + "/k"}); got.StatusCode != http.StatusNotFound {
		t.Errorf("%d", got.StatusCode)
	}
}

// TestInitiator is an account's canonical id, or the ARN of one of its users.
func TestInitiator(t *testing.T) {
	d := withBucket(t)
	who := user(owner, "writer")
	d.grant(who, allow("s3:*", "*"))
	d.must(root(owner), ask{method: "POST", target: "/" + bucket + "/a?uploads"})
	d.must(who, ask{method: "POST", target: "/" + bucket + "/b?uploads"})
	got := d.must(who, ask{method: "GET", target: "/" + bucket + "?uploads"}).text
	_, id, _ := strings.Cut(got, "<Owner>")
	id, _, _ = strings.Cut(id, "</Owner>")
	for _, want := range []string{"<Initiator>" + id + "</Initiator>", "<Initiator><ID>" + who.ARN + "</ID>"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
}
