package app

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/api"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy/reference"
	"github.com/bindery-project/bindery/internal/service/s3"
)

// Permission says what an operation needs: the row that the server decides by.
type Permission struct {
	Service    string
	Operation  string
	Action     string
	Or         string   `json:",omitempty"` // another action that is enough
	Resources  []string // ARNs with names from the request; "*" for an action without resources
	Conditions []string `json:",omitempty"` // condition keys beside the global ones
	Note       string   `json:",omitempty"`
}

// Permissions lists what every operation needs, from the table that the server runs with, by
// service and operation. No service means all.
func Permissions(service string) []Permission {
	var out []Permission
	for _, m := range api.Models {
		if service != "" && service != m.ID && service != m.SigningName {
			continue
		}
		for i := range m.Operations {
			out = append(out, permission(m, &m.Operations[i]))
		}
	}
	if service == "" || service == "s3" {
		out = append(out, objectPermissions()...)
	}
	slices.SortStableFunc(out, func(a, b Permission) int {
		return cmp.Or(strings.Compare(a.Service, b.Service), strings.Compare(a.Operation, b.Operation))
	})
	return out
}

func permission(m *op.Model, o *op.Operation) Permission {
	p := Permission{Service: m.ID, Operation: o.Name, Action: o.Auth.Action, Or: o.Auth.Or, Resources: []string{}}
	for _, t := range o.Auth.Resources {
		p.Resources = append(p.Resources, t.Template+modeNote[t.Mode])
	}
	if o.Auth.Resolver != "" {
		p.Resources = append(p.Resources, resolved(o)...)
	}
	p.Conditions = conditionsOf(o)
	switch {
	case o.Auth.Always:
		p.Note = "every signed caller may"
	case o.Auth.Anonymous:
		p.Note = "needs no signature: the token in the request is checked"
	case o.Auth.Coarse:
		p.Note = "not built: refused by name"
	}
	return p
}

// modeNote tells what is special about a resource.
var modeNote = map[op.Mode]string{
	op.Filter: " (each item of the answer)", op.Touch: " (when named)", op.Children: " (and no existing child denied)",
}

// resolved names what a resolver finds: the kinds of resource that the action is published with.
func resolved(o *op.Operation) []string {
	action := reference.Find(o.Auth.Action)
	if action == nil || len(action.Kinds()) == 0 {
		return []string{"* (found by " + o.Auth.Resolver + ")"}
	}
	prefix, _, _ := strings.Cut(o.Auth.Action, ":")
	var out []string
	for _, kind := range action.Kinds() {
		out = append(out, reference.Lookup(prefix).Resources[kind])
	}
	return out
}

// conditionsOf are the keys that the request fills and those that the action is published with.
func conditionsOf(o *op.Operation) []string {
	var keys []string
	for _, kv := range o.Auth.Context {
		keys = append(keys, kv.Key)
	}
	if action := reference.Find(o.Auth.Action); action != nil {
		for _, key := range action.Keys {
			name, _, _ := strings.Cut(strings.ReplaceAll(key, "<", "${"), "${")
			if !slices.ContainsFunc(keys, func(have string) bool { return strings.EqualFold(have, name) || strings.EqualFold(have, key) }) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

func objectPermissions() []Permission {
	var out []Permission
	for _, need := range s3.Permissions() {
		p := Permission{Service: "s3", Operation: need.Operation, Action: need.Action, Or: "", Resources: []string{need.Resource}}
		if a := reference.Find(need.Action); a != nil {
			p.Conditions = a.Keys
		}
		switch {
		case need.Refused:
			p.Note = "not built: refused by name"
		case need.Sometimes:
			p.Note = "when the request asks for it"
		case need.Versioned != "":
			p.Note = need.Versioned + " when the request names a version"
		}
		out = append(out, p)
	}
	return out
}
