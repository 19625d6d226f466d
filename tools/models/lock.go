package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
)

// Lock is models/models.lock: what is fetched, and which bytes it must be.
type Lock struct {
	Models   Package   `json:"models"`
	Actions  Package   `json:"actions"`
	Services []Service `json:"services"`
}

// Package pins one package of a registry.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"` // of the wheel or tarball, hex
	License string `json:"license"`
}

// Service names a service and where the packages keep its data.
type Service struct {
	ID   string `json:"id"`
	Data string `json:"data"` // folder in the models package: "glue/2017-03-31"
	IAM  string `json:"iam"`  // action prefix: "glue"
}

// Own reports whether the service is bindery's own: its facts are written by
// hand and nothing is fetched for it.
func (s Service) Own() bool { return s.Data == "" }

// String is how facts name their source.
func (p Package) String() string { return p.Name + " " + p.Version }

func readLock(path string) (*Lock, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var lock Lock
	if err := json.Unmarshal(text, &lock); err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return &lock, nil
}

// verify refuses a file that is not the pinned one.
func (p Package) verify(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	if got := hex.EncodeToString(sum[:]); got != p.SHA256 {
		return fmt.Errorf("%s: sha256 is %s, the lock says %s", p, got, p.SHA256)
	}
	return nil
}
