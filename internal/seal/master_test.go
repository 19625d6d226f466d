package seal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/bindery-project/bindery/internal/seal"
)

func master(t *testing.T, fill byte) seal.Master {
	t.Helper()
	m, err := seal.NewMaster(bytes.Repeat([]byte{fill}, seal.MasterBytes))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestRootKeyFromOutside: a file in clear is wrapped at the first start with a root key; the key
// can be replaced; and nothing opens without it.
func TestRootKeyFromOutside(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	k, err := seal.OpenOrCreate(dir)
	if err != nil {
		t.Fatal(err)
	}
	blob := k.Seal(seal.PageToken, []byte("x"), nil)
	one, two := master(t, 1), master(t, 2)
	if !inClear(t, dir) {
		t.Fatal("the file is not in clear to begin with")
	}
	steps := []struct {
		name    string
		masters []seal.Master
		want    error
	}{
		{"wrapped", []seal.Master{one}, nil},
		{"again", []seal.Master{one}, nil},
		{"without", nil, seal.ErrWrapped},
		{"with another", []seal.Master{two}, seal.ErrOtherKey},
		{"replaced", []seal.Master{two, one}, nil},
		{"by the old one", []seal.Master{one}, seal.ErrOtherKey},
		{"by the new one", []seal.Master{two}, nil},
	}
	for _, step := range steps {
		k, err := seal.Open(dir, step.masters...)
		if !errors.Is(err, step.want) || (err == nil) != (step.want == nil) {
			t.Fatalf("%s: %v, want %v", step.name, err, step.want)
		}
		if inClear(t, dir) {
			t.Fatalf("%s: the file is in clear", step.name)
		}
		if err != nil {
			continue
		}
		if err := k.Rotate(); err != nil {
			t.Fatal(err)
		}
		if plain, err := k.Open(seal.PageToken, blob, nil); err != nil || string(plain) != "x" {
			t.Errorf("%s: %q, %v", step.name, plain, err)
		}
	}
	if _, err := seal.NewMaster([]byte("short")); err == nil {
		t.Error("a root key of five bytes")
	}
}

// inClear reports whether the file shows key material: Tink's clear form has the member "key".
func inClear(t *testing.T, dir string) bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, seal.RootFile))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(text, []byte(`"keyData"`))
}

// TestNewKeysetIsWrapped from its first byte on.
func TestNewKeysetIsWrapped(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	if _, err := seal.OpenOrCreate(dir, master(t, 1)); err != nil {
		t.Fatal(err)
	}
	if inClear(t, dir) {
		t.Error("the file is in clear")
	}
	if err := os.WriteFile(filepath.Join(dir, seal.RootFile), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Open(dir, master(t, 1)); err == nil || errors.Is(err, seal.ErrOtherKey) {
		t.Errorf("no keyset at all: %v", err)
	}
}
