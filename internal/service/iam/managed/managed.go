// Package managed knows AWS's managed policies: their ARNs, paths, versions and
// texts, taken from a published mirror (tools/managed; MIT). The list is kept
// compressed and read when asked for, so that it costs no memory while nobody
// attaches a policy.
package managed

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed" // the policy texts
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

//go:embed policies.jsonl.gz
var packed []byte

// Prefix begins the ARN of every managed policy of AWS.
const Prefix = "arn:aws:iam::aws:policy/"

// Policy is the newest version of one managed policy.
type Policy struct {
	ARN      string          `json:"arn"`
	Version  string          `json:"version"` // "v5"
	Created  time.Time       `json:"created"`
	Updated  time.Time       `json:"updated"`
	Document json.RawMessage `json:"document"`
}

// Name is the last part of the ARN.
func (p *Policy) Name() string { return p.ARN[strings.LastIndexByte(p.ARN, '/')+1:] }

// Path is what stands between "policy" and the name: "/", "/service-role/",
// "/job-function/", "/aws-service-role/".
func (p *Policy) Path() string {
	return strings.TrimPrefix(p.ARN[:strings.LastIndexByte(p.ARN, '/')+1], "arn:aws:iam::aws:policy")
}

// ID is a stable policy id in AWS's form. The mirror lacks the real ids; this
// one is derived from the ARN, so that it is the same on every server.
func (p *Policy) ID() string {
	sum := sha256.Sum256([]byte(p.ARN))
	return "ANPA" + base32.StdEncoding.EncodeToString(sum[:])[:17]
}

var found sync.Map // ARN -> *Policy

// Lookup finds a managed policy by its ARN.
func Lookup(arn string) (*Policy, bool) {
	if !strings.HasPrefix(arn, Prefix) {
		return nil, false
	}
	if p, ok := found.Load(arn); ok {
		return p.(*Policy), true
	}
	var hit *Policy
	needle := []byte(`{"arn":"` + arn + `"`)
	err := each(func(line []byte) error {
		if !bytes.HasPrefix(line, needle) {
			return nil
		}
		hit = new(Policy)
		if err := json.Unmarshal(line, hit); err != nil {
			return err
		}
		return io.EOF
	})
	if err != nil || hit == nil {
		return nil, false
	}
	found.Store(arn, hit)
	return hit, true
}

// List returns every managed policy in the order of their ARNs.
func List() ([]*Policy, error) {
	var out []*Policy
	err := each(func(line []byte) error {
		p := new(Policy)
		if err := json.Unmarshal(line, p); err != nil {
			return err
		}
		out = append(out, p)
		return nil
	})
	return out, err
}

// each reads the list line by line until fn returns io.EOF or fails.
func each(fn func(line []byte) error) error {
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return fmt.Errorf("managed policies: %w", err)
	}
	lines := bufio.NewReaderSize(zip, 64<<10)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("managed policies: %w", err)
		}
		if err := fn(line); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
