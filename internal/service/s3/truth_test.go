package s3_test

import (
	"bufio"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/service/s3"
)

// facts reads a file of testdata, one fact a line.
func facts(t *testing.T, name string) (lines []string) {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		if !strings.HasPrefix(in.Text(), "#") {
			lines = append(lines, in.Text())
		}
	}
	if len(lines) < 50 {
		t.Fatalf("%s holds %d facts", name, len(lines))
	}
	return lines
}

// extra is what tells operations apart that share method and URI in the model:
// members in the query or in headers.
var extra = map[string]struct{ query, source string }{
	"CompleteMultipartUpload": {query: "uploadId=u"}, "AbortMultipartUpload": {query: "uploadId=u"}, "ListParts": {query: "uploadId=u"},
	"UploadPart": {query: "partNumber=1&uploadId=u"}, "UploadPartCopy": {"partNumber=1&uploadId=u", "bucket/key"}, "CopyObject": {source: "bucket/key"},
}

// renamed are older names of operations.
var renamed = map[string]string{
	"GetBucketLifecycle": "GetBucketLifecycleConfiguration", "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
	"GetBucketNotification": "GetBucketNotificationConfiguration", "PutBucketNotification": "PutBucketNotificationConfiguration",
}

// elsewhere are operations that other endpoints of S3 serve: their requests
// mean something else here.
var elsewhere = []string{"ListDirectoryBuckets", "WriteGetObjectResponse"}

// TestRoutesOfTheModel sends each operation of the published model to the table.
// It is found under its name or refused; never taken for another.
func TestRoutesOfTheModel(t *testing.T) {
	known := map[string]bool{"PostObject": true} // browsers' uploads are in no model
	for _, line := range facts(t, "operations.txt") {
		f := strings.Fields(line)
		name, uri := f[0], strings.NewReplacer("{Bucket}", "bucket", "{Key+}", "key").Replace(f[2])
		known[name] = true
		if e := extra[name].query; e != "" {
			uri += "?" + e
		}
		r := httptest.NewRequest(f[1], uri, nil)
		if src := extra[name].source; src != "" {
			r.Header.Set("X-Amz-Copy-Source", src)
		}
		want := name
		if n := renamed[name]; n != "" {
			want = n
		}
		got := s3.Route(r)
		inTable := slices.ContainsFunc(s3.Routes(), func(r s3.RouteRow) bool { return r.Name == want })
		if (inTable && got != want) || (!inTable && got != "" && !slices.Contains(elsewhere, name)) {
			t.Errorf("%s: taken for %q", line, got)
		}
	}
	for _, r := range s3.Routes() {
		if !known[r.Name] {
			t.Errorf("%s is no operation", r.Name)
		}
	}
}

// action is what is published about an action.
type action struct{ resources, keys []string }

func actions(t *testing.T) map[string]action {
	out := map[string]action{}
	for _, line := range facts(t, "actions.txt") {
		f := strings.Split(line, ";")
		out[f[0]] = action{strings.Fields(f[1]), strings.Fields(f[2])}
	}
	return out
}

// otherKeys are differences of the table's condition keys from the published
// ones, with the reason.
var otherKeys = map[string]string{
	"HeadBucket":              "has no prefix to tell",
	"UploadPart":              "tags are told when the upload begins; a header here would have no effect and must not satisfy a condition",
	"UploadPartCopy":          "as UploadPart",
	"CompleteMultipartUpload": "as UploadPart",
}

// TestActionsOfTheTable holds the table's actions, resources and condition keys
// against the published authorization data.
func TestActionsOfTheTable(t *testing.T) {
	published := actions(t)
	level := map[string]string{"bucket": "bucket", "object": "object", "source": "object", "all": "*"}
	for _, r := range s3.Routes() {
		has := map[string]bool{}
		for _, n := range r.Needs {
			for _, name := range []string{n.Action, n.Version} {
				if name == "" {
					continue
				}
				a, ok := published[name]
				if !ok {
					t.Errorf("%s: %s is no action", r.Name, name)
				}
				if r.Served && !slices.Contains(a.resources, level[n.On]) {
					t.Errorf("%s: %s is about %v, not about %s", r.Name, name, a.resources, n.On)
				}
				for _, k := range a.keys {
					has[k] = has[k] || (n.On != "source" && !n.When)
				}
			}
		}
		if _, reviewed := otherKeys[r.Name]; reviewed || !r.Served || r.PerItem {
			continue
		}
		for key, ours := range map[string]bool{"s3:prefix": r.List, "s3:ExistingObjectTag/<key>": r.Existing, "s3:RequestObjectTag/<key>": r.Requested} {
			if has[key] != ours {
				t.Errorf("%s: %s is published: %t, in the table: %t", r.Name, key, has[key], ours)
			}
		}
	}
}
