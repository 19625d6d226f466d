package page_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/page"
	"github.com/bindery-project/bindery/internal/seal"
)

var (
	issued = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	scope  = page.Scope{
		Operation: "glue:GetTables", Account: "111122223333",
		Principal:  "arn:aws:iam::111122223333:user/ana",
		Parameters: map[string]string{"DatabaseName": "sales", "Expression": "a.*"},
	}
)

func keyset(t *testing.T) *seal.Keyset {
	t.Helper()
	k, err := seal.OpenOrCreate(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestTokenReturnsItsPosition(t *testing.T) {
	k := keyset(t)
	for _, position := range []string{"", "x", "a\x00b/ü"} {
		token, err := page.Encode(k, scope, []byte(position), issued)
		if err != nil {
			t.Fatal(err)
		}
		got, err := page.Decode(k, scope, token, issued.Add(page.MaxAge))
		if err != nil || string(got) != position {
			t.Fatalf("%q: got %q, %v", position, got, err)
		}
	}
}

func TestTokenIsBoundToItsScope(t *testing.T) {
	k := keyset(t)
	token, err := page.Encode(k, scope, []byte("position"), issued)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]func(*page.Scope){
		"operation":  func(s *page.Scope) { s.Operation = "glue:GetDatabases" },
		"account":    func(s *page.Scope) { s.Account = "444455556666" },
		"principal":  func(s *page.Scope) { s.Principal += "x" },
		"parameters": func(s *page.Scope) { s.Parameters = map[string]string{"DatabaseName": "sales"} },
		"border":     func(s *page.Scope) { s.Operation += "1"; s.Account = s.Account[1:] },
	}
	for name, change := range cases {
		other := scope
		change(&other)
		if _, err := page.Decode(k, other, token, issued); !errors.Is(err, page.ErrInvalid) {
			t.Errorf("other %s: %v", name, err)
		}
	}
	if _, err := page.Decode(keyset(t), scope, token, issued); !errors.Is(err, page.ErrInvalid) {
		t.Errorf("other keyset: %v", err)
	}
	for _, bad := range []string{"", "AAAA", token[:len(token)-1], token + "A"} {
		if _, err := page.Decode(k, scope, bad, issued); !errors.Is(err, page.ErrInvalid) {
			t.Errorf("token %q: %v", bad, err)
		}
	}
}

func TestTokenExpires(t *testing.T) {
	k := keyset(t)
	token, err := page.Encode(k, scope, []byte("position"), issued)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := page.Decode(k, scope, token, issued.Add(page.MaxAge+time.Millisecond)); !errors.Is(err, page.ErrInvalid) {
		t.Fatalf("expired: %v", err)
	}
	if _, err := page.Decode(k, scope, token, issued.Add(-time.Hour)); err != nil {
		t.Fatalf("after the clock went back: %v", err)
	}
}

// A session token is no page token, though the same keyset sealed it.
func TestOtherSealedTokensAreRefused(t *testing.T) {
	k := keyset(t)
	if _, err := page.Decode(k, scope, k.SealToken(seal.SessionToken, make([]byte, 20), nil), issued); !errors.Is(err, page.ErrInvalid) {
		t.Fatalf("got %v", err)
	}
}
