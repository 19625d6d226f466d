// Package overlay is models/overlay/<service>.json: what an API model does not
// say, authorization above all, and corrections to what it says wrongly. Each
// deviation carries its reason.
package overlay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
)

// Overlay is the overlay of one service.
type Overlay struct {
	Action      string              `json:"action"`      // prefix of the IAM actions: "glue"
	EventSource string              `json:"eventSource"` // name in audit records
	Folder      string              `json:"folder"`      // of the service below internal/service; default: its id
	Prefix      string              `json:"prefix"`      // ARN prefix of the service's resources
	Prefixes    map[string]string   `json:"prefixes"`    // other prefixes, by kind of resource
	Operations  map[string]Row      `json:"operations"`
	Patterns    map[string]string   `json:"patterns"` // pattern that Go cannot match -> function in package op
	Fold        []string            `json:"fold"`     // members folded to lower case: "TableInput.Name", "*.DatabaseName"; "!" takes out
	Raw         []string            `json:"raw"`      // members that may travel as ready JSON
	Convert     []Conversion        `json:"convert"`
	Corrections []Correction        `json:"corrections"`
	Resolvers   map[string][]string `json:"resolvers"` // what each resolver finds: resource types in the words of the authorization data
	Methods     map[string]string   `json:"methods"`   // exported methods of the service that are no operations, with the reason
	Names       map[string]string   `json:"names"`     // Go types of structures that would collide with an operation's input or output
}

// Row is the authorization rule of one operation. A resource is written as
// "table/{DatabaseName}/{Name}", completed by the prefix of its kind, with
// the mode in front when it is not require: "filter database/*". A whole ARN
// from the input is "{ResourceArn}".
type Row struct {
	Action    string            `json:"action"` // default: the service's prefix and the operation's name
	Or        string            `json:"or"`     // an action that is enough in its place, with the prefix
	Resources []string          `json:"resources"`
	Resolver  string            `json:"resolver"`
	Context   map[string]string `json:"context"` // condition key -> path into the input
	Coarse    bool              `json:"coarse"`
	Anonymous bool              `json:"anonymous"`
	Always    bool              `json:"always"`
	ReadOnly  *bool             `json:"readOnly"` // when the name misleads
	Reason    string            `json:"reason"`
}

// Conversion asks for a function that makes one structure from another by
// copying the members that both have. Members that the target lacks must be
// named with the reason for losing them.
type Conversion struct {
	Name string            `json:"name"`
	From string            `json:"from"`
	To   string            `json:"to"`
	Drop map[string]string `json:"drop"`
}

// Correction changes a fact of the model.
type Correction struct {
	Shape     string  `json:"shape"`
	Member    string  `json:"member"` // the member is corrected; empty: the shape itself
	Required  *bool   `json:"required"`
	Min       *int64  `json:"min"`
	Max       *int64  `json:"max"`
	Pattern   *string `json:"pattern"`
	Default   *string `json:"default"`
	Sensitive *bool   `json:"sensitive"` // values are not echoed
	Reason    string  `json:"reason"`
}

// Read reads an overlay file.
func Read(path string) (*Overlay, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var o Overlay
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&o); err != nil {
		return nil, fmt.Errorf("overlay %s: %w", path, err)
	}
	return &o, nil
}
