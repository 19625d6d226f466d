package directory

import (
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/op"
)

// BenchmarkNote is what remembering who called what costs each request.
func BenchmarkNote(b *testing.B) {
	var u Uses
	call := &op.Call{
		Service: "glue", Region: "us-east-1", Now: time.UnixMilli(1),
		Principal: op.Principal{Type: op.User, UserID: "AIDA1", AccessKeyID: "AKIA1"},
	}
	b.ReportAllocs()
	for b.Loop() {
		u.Note(call)
	}
}

// TestWhoIsNotNoted: nobody, services and identity providers have no uses.
func TestWhoIsNotNoted(t *testing.T) {
	var u Uses
	for _, p := range []op.Principal{
		{Type: op.Anonymous}, {Type: op.ServiceRole, UserID: "s"}, {Type: op.Federated, UserID: "f"}, {Type: op.User},
	} {
		u.Note(&op.Call{Service: "glue", Principal: p, Now: time.UnixMilli(1)})
	}
	u.seen.Range(func(k, _ any) bool {
		t.Errorf("noted %v", k)
		return true
	})
	session := &op.Session{Owner: "AIDA9"}
	u.Note(&op.Call{Service: "glue", Principal: op.Principal{Type: op.FederatedUser, UserID: "1:g", AccessKeyID: "ASIA1", Session: session}, Now: time.UnixMilli(7)})
	if _, ok := u.seen.Load(useKey{"AIDA9", "glue"}); !ok {
		t.Error("a federated user does not count for who asked for it")
	}
	if _, ok := u.seen.Load(useKey{"ASIA1", "glue"}); ok {
		t.Error("a temporary key is noted")
	}
}
