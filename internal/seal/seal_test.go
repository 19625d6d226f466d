package seal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bindery-project/bindery/internal/seal"
)

func open(t testing.TB) (*seal.Keyset, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	k, err := seal.OpenOrCreate(dir)
	if err != nil {
		t.Fatal(err)
	}
	return k, dir
}

func TestSealedOpensOnlyWithItsPurposeAndData(t *testing.T) {
	k, _ := open(t)
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		aad := rapid.SliceOf(rapid.Byte()).Draw(t, "aad")
		sealed := k.Seal(seal.SessionToken, plain, aad)
		if len(sealed) != len(plain)+seal.Overhead {
			t.Fatalf("overhead %d", len(sealed)-len(plain))
		}
		got, err := k.Open(seal.SessionToken, sealed, aad)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("got %q, %v", got, err)
		}
		refused(t, k, seal.PageToken, sealed, aad)
		refused(t, k, seal.SessionToken, sealed, append(aad, 0))
		refused(t, k, seal.SessionToken, append(sealed, 0), aad)
		refused(t, k, seal.SessionToken, sealed[:len(sealed)-1], aad)
		bit := rapid.IntRange(0, len(sealed)*8-1).Draw(t, "bit")
		sealed[bit/8] ^= 1 << (bit % 8)
		refused(t, k, seal.SessionToken, sealed, aad)
	})
}

func refused(t *rapid.T, k *seal.Keyset, purpose string, sealed, aad []byte) {
	t.Helper()
	if _, err := k.Open(purpose, sealed, aad); !errors.Is(err, seal.ErrInvalid) {
		t.Fatalf("opened, or another error: %v", err)
	}
}

// The purpose and the associated data must not run into each other.
func TestPurposeIsNotAPrefixOfData(t *testing.T) {
	k, _ := open(t)
	sealed := k.Seal("ab", []byte("x"), []byte("c"))
	if _, err := k.Open("a", sealed, []byte("bc")); !errors.Is(err, seal.ErrInvalid) {
		t.Fatalf("got %v", err)
	}
}

func TestTokensAreURLSafeAndStrict(t *testing.T) {
	k, _ := open(t)
	for size := range 64 {
		token := k.SealToken(seal.PageToken, make([]byte, size), nil)
		if strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Fatalf("token %q", token)
		}
		if _, err := k.OpenToken(seal.PageToken, token, nil); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{token + "=", token + "A", token + "\n", "\r" + token, token[1:], ""} {
			if _, err := k.OpenToken(seal.PageToken, bad, nil); !errors.Is(err, seal.ErrInvalid) {
				t.Fatalf("%q: %v", bad, err)
			}
		}
	}
}

func TestRotationKeepsOldBlobsReadable(t *testing.T) {
	k, dir := open(t)
	before, first := k.Seal(seal.AccessKeySecret, []byte("old"), nil), k.Primary()
	if err := k.Rotate(); err != nil {
		t.Fatal(err)
	}
	after := k.Seal(seal.AccessKeySecret, []byte("new"), nil)
	reopened, err := seal.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if id, err := seal.KeyID(after); err != nil || id == first || id != reopened.Primary() {
		t.Fatalf("key id %d after rotation, first %d, %v", id, first, err)
	}
	for want, sealed := range map[string][]byte{"old": before, "new": after} {
		got, err := reopened.Open(seal.AccessKeySecret, sealed, nil)
		if err != nil || string(got) != want {
			t.Fatalf("got %q, %v", got, err)
		}
	}
}

func TestFileIsPrivateAndLeavesNoTemporary(t *testing.T) {
	k, dir := open(t)
	if err := k.Rotate(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	info, err := os.Stat(filepath.Join(dir, seal.RootFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
}

func TestBrokenKeysetsAreRefused(t *testing.T) {
	_, dir := open(t)
	path := filepath.Join(dir, seal.RootFile)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Open(dir); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Fatalf("readable by others: %v", err)
	}
	for _, text := range []string{"", "{}", string(content[:len(content)/2])} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := seal.OpenOrCreate(dir); err == nil || errors.Is(err, seal.ErrMissing) {
			t.Fatalf("%q: %v: a damaged keyset must be neither used nor replaced", text, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Open(dir); !errors.Is(err, seal.ErrMissing) {
		t.Fatalf("missing: %v", err)
	}
}

func TestDocumentsAreBoundToTheirPlace(t *testing.T) {
	k, _ := open(t)
	id, sealed, err := k.SealDocument([]byte("doc"), []byte("row 1"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := k.OpenDocument(id, sealed, []byte("row 1")); err != nil || string(plain) != "doc" {
		t.Fatalf("%q, %v", plain, err)
	}
	if _, err := k.OpenDocument(id, sealed, []byte("row 2")); !errors.Is(err, seal.ErrInvalid) {
		t.Fatalf("in another row: %v", err)
	}
	if _, err := k.OpenDocument(id+1, sealed, []byte("row 1")); !errors.Is(err, seal.ErrInvalid) {
		t.Fatalf("under another key id: %v", err)
	}
}

func BenchmarkSealOpen(b *testing.B) {
	k, _ := open(b)
	plain := make([]byte, 100)
	for b.Loop() {
		if _, err := k.Open(seal.SessionToken, k.Seal(seal.SessionToken, plain, plain), plain); err != nil {
			b.Fatal(err)
		}
	}
}
