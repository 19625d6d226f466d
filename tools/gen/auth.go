package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/tools/models/facts"
	"github.com/bindery-project/bindery/tools/models/overlay"
)

// authRow is an operation's authorization rule, checked and completed.
type authRow struct {
	overlay.Row
	Targets []target
	Keys    []keyValue
}

type target struct{ Kind, Template, Mode string }

type keyValue struct{ Key, Path string }

var modes = map[string]string{"filter": "op.Filter", "touch": "op.Touch", "children": "op.Children"}

// auth completes the row of an operation and refuses one that is missing,
// says nothing, or names what the input does not have.
func (p *Package) auth(o *facts.Operation) (*authRow, error) {
	row, ok := p.Overlay.Operations[o.Name]
	if !ok {
		return nil, errors.New("no authorization row in the overlay")
	}
	a := &authRow{Row: row}
	a.Action = cmp.Or(row.Action, p.Overlay.Action+":"+o.Name)
	if row.Coarse {
		if len(row.Resources) > 0 || row.Resolver != "" {
			return nil, errors.New("a coarse row has no resources of its own")
		}
		if row.Reason == "" {
			return nil, errors.New("a coarse row needs its reason")
		}
		a.Targets = []target{{Kind: "*", Template: "*"}}
	}
	if row.Resolver != "" && len(p.Overlay.Resolvers[row.Resolver]) == 0 {
		return nil, fmt.Errorf("the overlay does not say what resolver %q finds", row.Resolver)
	}
	for _, r := range row.Resources {
		t, err := p.target(o, r)
		if err != nil {
			return nil, fmt.Errorf("resource %q: %w", r, err)
		}
		a.Targets = append(a.Targets, p.inNamed(o, &row, t)...)
	}
	if len(a.Targets) == 0 && row.Resolver == "" {
		return nil, errors.New("the row names no resource and no resolver")
	}
	var err error
	a.Keys, err = p.keys(o, &row)
	return a, err
}

// target reads "mode kind/{Path}" and completes it with its prefix.
func (p *Package) target(o *facts.Operation, text string) (target, error) {
	t := target{Template: text}
	if word, rest, found := strings.Cut(text, " "); found {
		if t.Mode = modes[word]; t.Mode == "" {
			return t, fmt.Errorf("unknown mode %q", word)
		}
		t.Template = rest
	}
	if err := p.checkTemplate(o, t.Template); err != nil {
		return t, err
	}
	switch end := strings.IndexAny(t.Template, "/:{"); {
	case t.Template == "*":
		t.Kind = "*"
		return t, nil
	case end == 0: // a whole ARN from the input
		t.Kind = "arn"
		return t, nil
	case end < 0:
		t.Kind = t.Template
	default:
		t.Kind = t.Template[:end]
	}
	t.Template = cmp.Or(p.Overlay.Prefixes[t.Kind], p.Overlay.Prefix) + t.Template
	return t, nil
}

// inNamed is what a target means in a named catalog: a catalog of its own has to
// be allowed beside the root catalog, and what is inside one carries its name.
// Connections are never inside one.
func (p *Package) inNamed(o *facts.Operation, row *overlay.Row, t target) []target {
	prefix := p.Overlay.Prefixes[t.Kind]
	in := p.shapes[o.Input]
	if !strings.Contains(prefix, "{catalog}") || in == nil || member(in, "CatalogId") == nil {
		return []target{t}
	}
	about := slices.ContainsFunc(row.Resources, func(r string) bool { return strings.Contains(r, "database/") })
	switch {
	case t.Template == prefix+"catalog" && about:
		return []target{t, {Kind: t.Kind, Template: prefix + "catalog/{catalogName}", Mode: modes["touch"]}}
	case insideKinds.MatchString(t.Kind):
		t.Template = strings.Replace(t.Template, prefix+t.Kind+"/", prefix+t.Kind+"/{catalog/}", 1)
	}
	return []target{t}
}

var (
	insideKinds = regexp.MustCompile(`^(database|table|userDefinedFunction)$`)
	placeholder = regexp.MustCompile(`\{([^{}|]*)(\|[^{}]*)?\}`)
	foldedKinds = regexp.MustCompile(`^(database|table|tableVersion|userDefinedFunction)/`)
)

// checkTemplate follows each placeholder into the operation's input. Names
// of catalog objects must be folded, or the decision would be about another
// name than the handler's.
func (p *Package) checkTemplate(o *facts.Operation, template string) error {
	for _, found := range placeholder.FindAllStringSubmatch(template, -1) {
		owner, m, err := p.follow(o.Input, found[1])
		if err != nil {
			return err
		}
		if p.Facts.ID == "glue" && foldedKinds.MatchString(template) && !p.fold[owner.Name+"."+m.Name] {
			return fmt.Errorf("%s.%s is part of a catalog name and not in the fold list", owner.Name, m.Name)
		}
	}
	return nil
}

// follow walks a path such as "Entries[].Name" from a structure to a string
// and returns the last member with its owner.
func (p *Package) follow(from, path string) (*facts.Shape, *facts.Member, error) {
	var owner *facts.Shape
	var m *facts.Member
	steps := strings.Split(path, ".")
	for i, step := range steps {
		name, each := strings.CutSuffix(step, "[]")
		if owner = p.shapes[from]; owner == nil {
			return nil, nil, fmt.Errorf("path %q leads nowhere at %q", path, name)
		}
		if m = member(owner, name); m == nil {
			return nil, nil, fmt.Errorf("path %q: %s has no member %q", path, owner.Name, name)
		}
		from = m.Shape
		if each {
			if p.shapes[from].Type != "list" {
				return nil, nil, fmt.Errorf("path %q: %s is no list", path, name)
			}
			from = p.shapes[from].Elem
		}
		if t := p.shapes[from].Type; i == len(steps)-1 && t != "string" && t != "enum" {
			return nil, nil, fmt.Errorf("path %q ends in a %s", path, t)
		}
	}
	return owner, m, nil
}

// keys are the condition keys of the row, and those of the tags that the
// input carries.
func (p *Package) keys(o *facts.Operation, row *overlay.Row) ([]keyValue, error) {
	var keys []keyValue
	for _, key := range slices.Sorted(maps.Keys(row.Context)) {
		path := row.Context[key]
		if err := p.checkKey(o.Input, key, path); err != nil {
			return nil, fmt.Errorf("key %s: %w", key, err)
		}
		keys = append(keys, keyValue{key, path})
	}
	return append(keys, p.tagKeys(o)...), nil
}

// checkKey demands a path to a text, or to a member that conditions compare
// as text; a key per tag, and the names of tags, come from a map or list.
func (p *Package) checkKey(input, key, path string) error {
	name, names := strings.CutSuffix(path, ".keys()")
	if s := p.shapes[input]; s != nil && member(s, name) != nil {
		switch p.shapes[member(s, name).Shape].Type {
		case "map", "list":
			if names || strings.HasSuffix(key, "/") || strings.HasSuffix(key, ":") {
				return nil
			}
		case "boolean", "integer", "long", "timestamp":
			return nil
		}
	}
	_, _, err := p.follow(input, path)
	return err
}

// tagKeys derives aws:RequestTag and aws:TagKeys from members that carry tags
// or tag names in operations that change something.
func (p *Package) tagKeys(o *facts.Operation) []keyValue {
	s := p.shapes[o.Input]
	if s == nil || p.readOnly(o) {
		return nil
	}
	for _, name := range []string{"Tags", "TagsToAdd", "tags"} {
		m := member(s, name)
		if m == nil {
			continue
		}
		if strings.HasPrefix(o.Name, "Untag") {
			return []keyValue{{"aws:TagKeys", name + "[]"}}
		}
		if t := p.shapes[m.Shape].Type; t == "map" || t == "list" {
			return []keyValue{{"aws:RequestTag/", name}, {"aws:TagKeys", name + ".keys()"}}
		}
	}
	for _, name := range []string{"TagKeys", "TagsToRemove", "tagKeys"} {
		if member(s, name) != nil {
			return []keyValue{{"aws:TagKeys", name + "[]"}}
		}
	}
	return nil
}

var readingNames = regexp.MustCompile(`^(Get|List|BatchGet|Describe|Search|Query|Check|Simulate|Filter|Test|Validate|Decode|Estimate)[A-Z]`)

// readOnly reports whether an operation changes nothing.
func (p *Package) readOnly(o *facts.Operation) bool {
	if r := p.Overlay.Operations[o.Name].ReadOnly; r != nil {
		return *r
	}
	return o.ReadOnly || readingNames.MatchString(o.Name)
}
