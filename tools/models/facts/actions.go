package facts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
)

// Actions are the authorization facts of one service: what each action may
// be granted on, as published.
type Actions struct {
	Prefix    string     `json:"prefix"` // "glue"
	Source    string     `json:"source"`
	Resources []Resource `json:"resources"`
	Actions   []Action   `json:"actions"`
}

// Resource is a resource type with its ARN pattern.
type Resource struct {
	Name string `json:"name"`
	ARN  string `json:"arn"`
}

// Action is an action with the resource types it is granted on.
type Action struct {
	Name     string   `json:"name"`
	Access   string   `json:"access"` // Read, List, Write, Tagging, Permissions management
	Required []string `json:"required,omitempty"`
	Optional []string `json:"optional,omitempty"`
	Keys     []string `json:"keys,omitempty"`
	Console  bool     `json:"console,omitempty"` // permission only: no API operation
}

// ReadActions reads an actions file.
func ReadActions(path string) (*Actions, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var a Actions
	if err := json.Unmarshal(text, &a); err != nil {
		return nil, fmt.Errorf("actions %s: %w", path, err)
	}
	return &a, nil
}

// FormatActions returns the text of an actions file, one action per line.
func FormatActions(a *Actions) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\"prefix\":%q,\"source\":%q,\n\"resources\":", a.Prefix, a.Source)
	if err := lines(&b, a.Resources); err != nil {
		return nil, err
	}
	b.WriteString(",\n\"actions\":")
	if err := lines(&b, a.Actions); err != nil {
		return nil, err
	}
	b.WriteString("}\n")
	return b.Bytes(), nil
}
