package s3_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
)

const deleteK = `<Delete><Object><Key>k</Key></Object></Delete>`

// TestDeleteObjectsTellsNoStranger asks for a batch in a bucket that exists and
// in one that does not: who may delete nothing sees no difference.
func TestDeleteObjectsTellsNoStranger(t *testing.T) {
	d := withBucket(t)
	batch := func(p op.Principal, name string, header map[string]string) answer {
		return d.do(p, ask{method: "POST", target: "/" + name + "?delete", body: deleteK, header: header})
	}
	member := user(owner, "member")
	d.grant(member, deny("s3:*", "*"))
	for _, p := range []op.Principal{anonymous, member} {
		for _, header := range []map[string]string{nil, contentMD5(deleteK)} {
			there, gone := batch(p, bucket, header), batch(p, "no-such-bucket", header)
			if there.StatusCode != gone.StatusCode || there.code != gone.code || strings.ReplaceAll(there.text, bucket, "no-such-bucket") != gone.text {
				t.Errorf("%s: %d %s, but %d %s", p.Type, there.StatusCode, there.text, gone.StatusCode, gone.text)
			}
		}
	}
	if got := batch(root(owner), "no-such-bucket", contentMD5(deleteK)); got.code != "NoSuchBucket" {
		t.Errorf("who may delete everything: %d %s", got.StatusCode, got.text)
	}
}

// slowly is a body whose end waits for what f does.
type slowly struct {
	io.Reader
	f func()
}

func (s *slowly) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err == io.EOF && s.f != nil {
		s.f()
		s.f = nil
	}
	return n, err
}

// TestWritesDoNotMoveToANewBucket deletes the bucket while a body arrives, and
// makes another of its name for another account.
func TestWritesDoNotMoveToANewBucket(t *testing.T) {
	d := newDoor(t)
	a, b := root(owner), root(other)
	d.must(a, ask{method: "PUT", target: "/" + bucket})
	ctx := op.WithCall(t.Context(), &op.Call{Account: owner, Principal: a})
	body := &slowly{strings.NewReader("evil"), func() {
		d.must(a, ask{method: "DELETE", target: "/" + bucket})
		d.must(b, ask{method: "PUT", target: "/" + bucket})
	}}
	if _, err := d.PutObject(ctx, bucket, "k", body, putOptions); err == nil {
		t.Error("the object was written")
	}
	if got := d.do(b, ask{method: "GET", target: "/" + bucket}); strings.Contains(got.text, "<Key>k</Key>") {
		t.Errorf("the other account's bucket holds it: %s", got.text)
	}
}

// TestAPolicyFollowsWhoItNames renames a principal that a bucket policy names.
func TestAPolicyFollowsWhoItNames(t *testing.T) {
	d := withBucket(t)
	boss, ana := root(owner), user(other, "ana")
	d.grant(ana, allow("s3:GetObject", "*"))
	d.must(boss, ask{method: "PUT", target: "/" + bucket + "?policy", body: `{"Version":"2012-10-17","Statement":[` +
		principal("Allow", `{"AWS":"`+ana.ARN+`"}`, "s3:GetObject", bucket+"/*", "") + `]}`})
	if got := d.do(ana, ask{method: "GET", target: "/" + bucket + "/k"}); got.StatusCode != 200 {
		t.Fatalf("before: %d %s", got.StatusCode, got.text)
	}
	err := d.Store.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return d.PrincipalMoved(ctx, tx, ana.ARN, "AIDAABCDEFGHIJKLMNOPQ")
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := d.do(ana, ask{method: "GET", target: "/" + bucket + "/k"}); got.code != "AccessDenied" {
		t.Errorf("another of the same name: %d %s", got.StatusCode, got.text)
	}
}
