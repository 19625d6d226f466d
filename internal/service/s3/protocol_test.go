package s3_test

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bindery-project/bindery/internal/op"
)

// TestReads is ranges and conditional reads.
func TestReads(t *testing.T) {
	d := withBucket(t)
	boss := root(owner)
	put := d.must(boss, ask{method: "PUT", target: "/" + bucket + "/ten", body: "0123456789"})
	tag := put.Header.Get("Etag")
	for _, c := range []struct {
		header, value string
		status        int
		text, ranges  string
	}{
		{"Range", "bytes=0-3", 206, "0123", "bytes 0-3/10"},
		{"Range", "bytes=5-", 206, "56789", "bytes 5-9/10"},
		{"Range", "bytes=-2", 206, "89", "bytes 8-9/10"},
		{"Range", "bytes=-99", 206, "0123456789", "bytes 0-9/10"},
		{"Range", "bytes=8-99", 206, "89", "bytes 8-9/10"},
		{"Range", "bytes=0-1,4-5", 200, "0123456789", ""},
		{"Range", "bytes=5-2", 200, "0123456789", ""},
		{"Range", "lines=1-2", 200, "0123456789", ""},
		{"Range", "bytes=10-", 416, "InvalidRange", "bytes */10"},
		{"Range", "bytes=-0", 416, "InvalidRange", "bytes */10"},
		{"If-Match", tag, 200, "0123456789", ""},
		{"If-Match", `"other"`, 412, "PreconditionFailed", ""},
		{"If-None-Match", tag, 304, "", ""},
		{"If-None-Match", `"other"`, 200, "0123456789", ""},
		{"If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT", 304, "", ""},
		{"If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT", 200, "0123456789", ""},
		{"If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT", 412, "PreconditionFailed", ""},
	} {
		got := d.do(boss, ask{method: "GET", target: "/" + bucket + "/ten", header: map[string]string{c.header: c.value}})
		text := got.text
		if got.code != "" && text != "" {
			text = got.code
		}
		if got.StatusCode != c.status || text != c.text || got.Header.Get("Content-Range") != c.ranges {
			t.Errorf("%s: %s: %d %q %q", c.header, c.value, got.StatusCode, text, got.Header.Get("Content-Range"))
		}
	}
}

// TestDigests refuses bodies that are not what the request says, and keeps
// nothing of them.
func TestDigests(t *testing.T) {
	d := withBucket(t)
	boss := root(owner)
	for name, c := range map[string]struct {
		header map[string]string
		code   string
	}{
		"wrong MD5":           {map[string]string{"Content-Md5": "AAAAAAAAAAAAAAAAAAAAAA=="}, "BadDigest"},
		"empty MD5":           {map[string]string{"Content-Md5": ""}, "InvalidDigest"},
		"no MD5":              {map[string]string{"Content-Md5": "AAAA"}, "InvalidDigest"},
		"wrong CRC":           {map[string]string{"X-Amz-Checksum-Crc32": "AAAAAA=="}, "BadDigest"},
		"short CRC":           {map[string]string{"X-Amz-Checksum-Crc32": "AAAA"}, "InvalidRequest"},
		"two checksums":       {map[string]string{"X-Amz-Checksum-Crc32": "y/Q5Jg==", "X-Amz-Checksum-Crc32c": "4waSgw=="}, "InvalidRequest"},
		"announced, not sent": {map[string]string{"X-Amz-Sdk-Checksum-Algorithm": "SHA256"}, "InvalidRequest"},
		"trailer, not sent":   {map[string]string{"X-Amz-Trailer": "x-amz-checksum-crc32"}, "InvalidRequest"},
		"unknown trailer":     {map[string]string{"X-Amz-Trailer": "x-amz-meta-a"}, "InvalidRequest"},
	} {
		got := d.do(boss, ask{method: "PUT", target: "/" + bucket + "/bad", body: "123456789", header: c.header})
		if got.code != c.code {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.text)
		}
		if got := d.do(boss, ask{method: "GET", target: "/" + bucket + "/bad"}); got.code != "NoSuchKey" {
			t.Errorf("%s: left %d %s", name, got.StatusCode, got.text)
		}
	}
	ok := d.must(boss, ask{method: "PUT", target: "/" + bucket + "/good", body: "123456789", header: map[string]string{"X-Amz-Checksum-Crc32c": "4waSgw=="}})
	if ok.Header.Get("X-Amz-Checksum-Crc32c") != "4waSgw==" || ok.Header.Get("Etag") != `"25f9e794323b453885f5181f1b624d0b"` {
		t.Errorf("%v", ok.Header)
	}
}

// TestConditionalWrites lets writers race for one key: one wins.
func TestConditionalWrites(t *testing.T) {
	d := withBucket(t)
	var won, lost atomic.Int64
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			got := d.do(root(owner), ask{method: "PUT", target: "/" + bucket + "/race", body: fmt.Sprint(i), header: map[string]string{"If-None-Match": "*"}})
			switch {
			case got.StatusCode == http.StatusOK:
				won.Add(1)
			case got.code == "PreconditionFailed":
				lost.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || lost.Load() != 11 {
		t.Errorf("%d won, %d lost", won.Load(), lost.Load())
	}
}

// TestMultipart uploads in parts, with what is refused on the way.
func TestMultipart(t *testing.T) {
	d := withBucket(t)
	boss := root(owner)
	at := "/" + bucket + "/parts"
	var begun struct {
		UploadID string `xml:"UploadId"`
	}
	if err := xml.Unmarshal([]byte(d.must(boss, ask{method: "POST", target: at + "?uploads"}).text), &begun); err != nil {
		t.Fatal(err)
	}
	id := "uploadId=" + begun.UploadID
	big := strings.Repeat("x", 5<<20)
	one := d.must(boss, ask{method: "PUT", target: at + "?partNumber=1&" + id, body: big}).Header.Get("Etag")
	two := d.must(boss, ask{method: "PUT", target: at + "?partNumber=2&" + id, body: "end"}).Header.Get("Etag")
	list := func(parts ...string) string {
		return "<CompleteMultipartUpload>" + strings.Join(parts, "") + "</CompleteMultipartUpload>"
	}
	part := func(n int, tag string) string {
		return fmt.Sprintf("<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", n, tag)
	}
	for name, c := range map[string]struct{ body, code string }{
		"order":     {list(part(2, two), part(1, one)), "InvalidPartOrder"},
		"twice":     {list(part(1, one), part(1, one)), "InvalidPartOrder"},
		"wrong tag": {list(part(1, two), part(2, two)), "InvalidPart"},
		"absent":    {list(part(1, one), part(3, two)), "InvalidPart"},
		"nothing":   {list(), "MalformedXML"},
		"no XML":    {"parts", "MalformedXML"},
		"more":      {list(part(1, one)) + "<x/>", "MalformedXML"},
	} {
		if got := d.do(boss, ask{method: "POST", target: at + "?" + id, body: c.body}); got.code != c.code {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.text)
		}
	}
	if got := d.do(boss, ask{method: "POST", target: "/" + bucket + "/another?" + id, body: list(part(1, one))}); got.code != "NoSuchUpload" {
		t.Errorf("another key: %s", got.text)
	}
	if got := d.do(boss, ask{method: "PUT", target: at + "?partNumber=1&uploadId=..%2F..%2Fx", body: "x"}); got.code != "NoSuchUpload" {
		t.Errorf("an id with dots: %s", got.text)
	}
	done := d.must(boss, ask{method: "POST", target: at + "?" + id, body: list(part(1, one), part(2, two))})
	again := d.must(boss, ask{method: "POST", target: at + "?" + id, body: list(part(1, one), part(2, two))})
	if !strings.Contains(done.text, "-2&#34;</ETag>") || done.text != again.text {
		t.Errorf("%s\n%s", done.text, again.text)
	}
	part2 := d.do(boss, ask{method: "GET", target: at + "?partNumber=2", header: map[string]string{"X-Amz-Checksum-Mode": "ENABLED"}})
	alone := d.must(boss, ask{method: "PUT", target: "/" + bucket + "/alone", body: "end"})
	if sum := part2.Header.Get("X-Amz-Checksum-Crc64nvme"); sum == "" || sum != alone.Header.Get("X-Amz-Checksum-Crc64nvme") {
		t.Errorf("checksum of part 2: %q", sum)
	}
	if got := d.do(boss, ask{method: "GET", target: at + "?partNumber=2"}); got.text != "end" || got.Header.Get("X-Amz-Mp-Parts-Count") != "2" {
		t.Errorf("part 2 is %q", got.text)
	}
}

// TestErrors have S3's shape, our request id, and no body for HEAD.
func TestErrors(t *testing.T) {
	d := withBucket(t)
	got := d.do(root(owner), ask{method: "GET", target: "/" + bucket + "/a%26b"})
	for _, want := range []string{"<Code>NoSuchKey</Code>", "<Message>The specified key does not exist.</Message>", "<Key>a&amp;b</Key>", "<RequestId>req</RequestId>"} {
		if !strings.Contains(got.text, want) {
			t.Errorf("no %s in %s", want, got.text)
		}
	}
	if got.Header.Get("X-Amz-Request-Id") != "req" || got.Header.Get("Content-Type") != "application/xml" {
		t.Errorf("%v", got.Header)
	}
	if head := d.do(root(owner), ask{method: "HEAD", target: "/" + bucket + "/nope"}); head.text != "" || head.StatusCode != http.StatusNotFound {
		t.Errorf("HEAD: %d %q", head.StatusCode, head.text)
	}
	for _, target := range []string{"/" + bucket + "/nul%00", "/" + bucket + "/overlong%c0%ae", "/" + bucket + "/" + strings.Repeat("n", 256)} {
		if got := d.do(root(owner), ask{method: "PUT", target: target}); got.StatusCode != http.StatusBadRequest {
			t.Errorf("%.40s: %d %s", target, got.StatusCode, got.text)
		}
	}
}

// TestBodies refuses documents that are too large or nested before they cost much.
func TestBodies(t *testing.T) {
	d := withBucket(t)
	deep := strings.Repeat("<a>", 100_000)
	for name, body := range map[string]string{
		"deep":   "<Delete>" + deep,
		"large":  "<Delete>" + strings.Repeat("<Object><Key>k</Key></Object>", 200_000) + "</Delete>",
		"many":   "<Delete>" + strings.Repeat("<Object><Key>k</Key></Object>", 1001) + "</Delete>",
		"entity": `<!DOCTYPE x [<!ENTITY a "aaaa">]><Delete><Object><Key>&a;</Key></Object></Delete>`,
	} {
		got := d.do(root(owner), ask{method: "POST", target: "/" + bucket + "?delete", body: body, header: contentMD5(body)})
		if got.code != "MalformedXML" {
			t.Errorf("%s: %d %.200s", name, got.StatusCode, got.text)
		}
	}
	if got := d.do(root(owner), ask{method: "POST", target: "/" + bucket + "?delete", body: "<Delete/>"}); got.code != "InvalidRequest" {
		t.Errorf("without a digest: %s", got.text)
	}
}

// TestCallers reads and writes with the rights of the call in the context.
func TestCallers(t *testing.T) {
	d := withBucket(t)
	who := user(owner, "member")
	d.grant(who, allow("s3:GetObject", "arn:aws:s3:::"+bucket+"/k"), allow("s3:PutObject", "arn:aws:s3:::"+bucket+"/out/*"))
	ctx := op.WithCall(t.Context(), &op.Call{Account: owner, Principal: who})
	o, err := d.GetObject(ctx, bucket, "k")
	if err != nil || o.Info.Size != 5 {
		t.Fatalf("%v", err)
	}
	_ = o.Close()
	if _, err := d.PutObject(ctx, bucket, "out/result.csv", strings.NewReader("a\n"), putOptions); err != nil {
		t.Errorf("put: %v", err)
	}
	if _, err := d.PutObject(ctx, bucket, "elsewhere", strings.NewReader("a\n"), putOptions); !denied(err) {
		t.Errorf("put elsewhere: %v", err)
	}
	if err := d.DeleteObject(ctx, bucket, "k"); !denied(err) {
		t.Errorf("delete: %v", err)
	}
	if _, err := d.HeadObject(ctx, bucket, "out/result.csv"); !denied(err) {
		t.Errorf("head: %v", err)
	}
	for _, err := range d.ListObjects(ctx, bucket, "") {
		if !denied(err) {
			t.Errorf("list: %v", err)
		}
	}
	d.grant(who, allow("s3:ListBucket", "arn:aws:s3:::"+bucket))
	var keys []string
	for e, err := range d.ListObjects(ctx, bucket, "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, e.Key)
	}
	if fmt.Sprint(keys) != "[k out/result.csv]" {
		t.Errorf("%v", keys)
	}
}
