package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
)

// reference is where internal/policy/reference keeps the actions of all services, seen from
// the folder of the repository.
const reference = "internal/policy/reference/actions.jsonl.gz"

// referenceService is one line of the file. The names of its members are short because there
// are 22,000 actions.
type referenceService struct {
	Prefix    string               `json:"prefix"`
	Resources map[string]string    `json:"resources,omitempty"` // kind -> ARN pattern
	Keys      map[string]string    `json:"keys,omitempty"`      // condition key -> type
	Actions   []referenceAction    `json:"actions"`
	raw       map[string]rawAction // as read
}

type referenceAction struct {
	Name     string   `json:"n"`
	Access   string   `json:"a"`
	Required []string `json:"r,omitempty"`
	Optional []string `json:"o,omitempty"`
	Keys     []string `json:"k,omitempty"`
	Console  bool     `json:"c,omitempty"`
}

type rawKey struct {
	Key  string `json:"key"`
	Type string `json:"type"`
}

// writeReference writes the published actions of all services, one service per line, packed.
func writeReference(files map[string][]byte, target string) error {
	var prefixes []string
	for name := range files {
		if rest, ok := strings.CutPrefix(name, "package/data/actions/"); ok {
			prefixes = append(prefixes, strings.TrimSuffix(path.Base(rest), ".json"))
		}
	}
	slices.Sort(prefixes)
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(zip)
	enc.SetEscapeHTML(false)
	for _, prefix := range prefixes {
		s, err := readReference(files, prefix)
		if err != nil {
			return fmt.Errorf("reference of %s: %w", prefix, err)
		}
		if err := enc.Encode(s); err != nil {
			return err
		}
	}
	if err := zip.Close(); err != nil {
		return err
	}
	fmt.Printf("reference: %d services\n", len(prefixes))
	return os.WriteFile(target, out.Bytes(), 0o644)
}

func readReference(files map[string][]byte, prefix string) (*referenceService, error) {
	s := &referenceService{Prefix: prefix, Resources: map[string]string{}, Keys: map[string]string{}}
	var resources map[string]rawResource
	var keys map[string]rawKey
	err := errors.Join(
		json.Unmarshal(files["package/data/actions/"+prefix+".json"], &s.raw),
		optional(files["package/data/resourceTypes/"+prefix+".json"], &resources),
		optional(files["package/data/conditionKeys/"+prefix+".json"], &keys),
	)
	for _, r := range resources {
		s.Resources[r.Key] = r.ARN
	}
	for _, k := range keys {
		s.Keys[k.Key] = k.Type
	}
	for _, raw := range s.raw {
		a := convertAction(&raw)
		s.Actions = append(s.Actions, referenceAction{a.Name, a.Access, a.Required, a.Optional, a.Keys, a.Console})
	}
	slices.SortFunc(s.Actions, func(x, y referenceAction) int { return cmp.Compare(x.Name, y.Name) })
	return s, err
}

// optional reads a file that a service without resources or keys does not have.
func optional(text []byte, into any) error {
	if text == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}
