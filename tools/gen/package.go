package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/tools/models/facts"
	"github.com/bindery-project/bindery/tools/models/overlay"
)

// Package is one service ready to be written: the facts after corrections,
// with Go names.
type Package struct {
	Name    string // "glueapi"
	Facts   *facts.Service
	Overlay *overlay.Overlay

	shapes map[string]*facts.Shape
	used   []string          // shapes that operations reach, sorted
	goName map[string]string // structure -> Go type
	idName map[string]string // shape -> name of its id
	fold   map[string]bool   // "TableInput.Name"
	raw    map[string]bool   // "GetTableResponse.Table"
}

// newPackage joins facts and overlay and refuses what does not fit together.
func newPackage(f *facts.Service, o *overlay.Overlay) (*Package, error) {
	p := &Package{
		Name: f.ID + "api", Facts: f, Overlay: o,
		shapes: map[string]*facts.Shape{}, goName: map[string]string{}, idName: map[string]string{},
		fold: map[string]bool{}, raw: map[string]bool{},
	}
	for i := range f.Shapes {
		p.shapes[f.Shapes[i].Name] = &f.Shapes[i]
	}
	for _, step := range []func() error{p.correct, p.reach, p.nameTypes, p.nameIDs, p.markFolds, p.markRaw, p.checkRows} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// correct applies the overlay's corrections.
func (p *Package) correct() error {
	for _, c := range p.Overlay.Corrections {
		s := p.shapes[c.Shape]
		if s == nil || c.Reason == "" {
			return fmt.Errorf("correction of %q: no such shape, or no reason given", c.Shape)
		}
		if c.Member == "" {
			correctShape(s, &c)
			continue
		}
		m := member(s, c.Member)
		if m == nil {
			return fmt.Errorf("correction of %s.%s: no such member", c.Shape, c.Member)
		}
		if c.Required != nil {
			m.Required = *c.Required
		}
		if c.Default != nil {
			m.Default = *c.Default
		}
	}
	return nil
}

func correctShape(s *facts.Shape, c *overlay.Correction) {
	if c.Min != nil {
		s.Min = c.Min
	}
	if c.Max != nil {
		s.Max = c.Max
	}
	if c.Pattern != nil {
		s.Pattern = *c.Pattern
	}
	if c.Sensitive != nil {
		s.Sensitive = *c.Sensitive
	}
}

// reach finds the shapes that operations use.
func (p *Package) reach() error {
	seen := map[string]bool{}
	var visit func(name string) error
	visit = func(name string) error {
		if name == "" || seen[name] {
			return nil
		}
		s := p.shapes[name]
		if s == nil {
			return fmt.Errorf("shape %s is used and not defined", name)
		}
		if kinds[s.Type] == "" {
			return fmt.Errorf("shape %s: unknown type %q", name, s.Type)
		}
		seen[name] = true
		p.used = append(p.used, name)
		next := []string{s.Elem, s.Key}
		for _, m := range s.Members {
			next = append(next, m.Shape)
		}
		for _, n := range next {
			if err := visit(n); err != nil {
				return err
			}
		}
		return nil
	}
	for _, o := range p.Facts.Operations {
		for _, name := range append([]string{o.Input, o.Output}, o.Errors...) {
			if err := visit(name); err != nil {
				return err
			}
		}
	}
	slices.Sort(p.used)
	return nil
}

// nameTypes gives each structure its Go type name. An operation's own input
// and output are called after it, as the SDKs do.
func (p *Package) nameTypes() error {
	uses := p.countUses()
	for _, o := range p.Facts.Operations {
		if uses[o.Input] == 1 {
			p.goName[o.Input] = exported(o.Name) + "Input"
		}
		if uses[o.Output] == 1 {
			p.goName[o.Output] = exported(o.Name) + "Output"
		}
	}
	taken := map[string]string{}
	for _, name := range p.used {
		if !p.isStruct(name) {
			continue
		}
		if p.goName[name] == "" {
			p.goName[name] = cmp.Or(p.Overlay.Names[name], exported(name))
		}
		if other := taken[p.goName[name]]; other != "" {
			return fmt.Errorf("structures %s and %s would both be the Go type %s", other, name, p.goName[name])
		}
		taken[p.goName[name]] = name
	}
	return nil
}

// nameIDs names the ids of the shapes. Names that differ in the case of their
// first letter only ("Double", "double") are told apart by the type.
func (p *Package) nameIDs() error {
	taken := map[string]bool{}
	for _, name := range p.used {
		id := "Shape" + exported(name)
		if taken[id] {
			id += "Of" + exported(p.shapes[name].Type)
		}
		if taken[id] {
			return fmt.Errorf("shape %s: the id %s is taken", name, id)
		}
		taken[id] = true
		p.idName[name] = id
	}
	return nil
}

// shapeID is the Go expression for the id of a shape.
func (p *Package) shapeID(name string) string {
	if name == "" {
		return "op.NoShape"
	}
	return p.idName[name]
}

// countUses counts how often a shape is referred to.
func (p *Package) countUses() map[string]int {
	uses := map[string]int{}
	for _, o := range p.Facts.Operations {
		uses[o.Input]++
		uses[o.Output]++
	}
	for _, name := range p.used {
		s := p.shapes[name]
		uses[s.Elem]++
		for _, m := range s.Members {
			uses[m.Shape]++
		}
	}
	return uses
}

// markFolds expands the overlay's fold list. "*.DatabaseName" is that member
// of every operation's input, "!Shape.Member" takes one out again.
func (p *Package) markFolds() error {
	for _, entry := range p.Overlay.Fold {
		name, out := strings.CutPrefix(entry, "!")
		shape, field, _ := strings.Cut(name, ".")
		hits := 0
		for _, s := range p.foldScope(shape) {
			if member(s, field) != nil {
				p.fold[s.Name+"."+field] = !out
				hits++
			}
		}
		if hits == 0 {
			return fmt.Errorf("fold %q names no member", entry)
		}
	}
	return nil
}

func (p *Package) foldScope(shape string) []*facts.Shape {
	if shape != "*" {
		if s := p.shapes[shape]; s != nil {
			return []*facts.Shape{s}
		}
		return nil
	}
	var all []*facts.Shape
	for _, o := range p.Facts.Operations {
		if s := p.shapes[o.Input]; s != nil {
			all = append(all, s)
		}
	}
	return all
}

// markRaw checks that the ready-JSON members exist and are structures or
// lists of them.
func (p *Package) markRaw() error {
	for _, name := range p.Overlay.Raw {
		shape, field, _ := strings.Cut(name, ".")
		s := p.shapes[shape]
		if s == nil || member(s, field) == nil {
			return fmt.Errorf("raw %q names no member", name)
		}
		target := p.shapes[member(s, field).Shape]
		if target.Type != "structure" && (target.Type != "list" || !p.isStruct(target.Elem)) {
			return fmt.Errorf("raw %q is no document or list of documents", name)
		}
		p.raw[name] = true
	}
	return nil
}

// checkRows demands one valid authorization row per operation, and no more.
func (p *Package) checkRows() error {
	known := map[string]bool{}
	for i := range p.Facts.Operations {
		o := &p.Facts.Operations[i]
		known[o.Name] = true
		if _, err := p.auth(o); err != nil {
			return fmt.Errorf("operation %s: %w", o.Name, err)
		}
	}
	for name := range p.Overlay.Operations {
		if !known[name] {
			return fmt.Errorf("the overlay has a row for %s, which is no operation", name)
		}
	}
	return nil
}

func (p *Package) isStruct(name string) bool {
	s := p.shapes[name]
	return s != nil && (s.Type == "structure" || s.Type == "union")
}

func member(s *facts.Shape, name string) *facts.Member {
	for i := range s.Members {
		if s.Members[i].Name == name {
			return &s.Members[i]
		}
	}
	return nil
}

// inputType is the Go type of an operation's input. Operations that take
// nothing have an empty one.
func (p *Package) inputType(o *facts.Operation) string {
	return cmp.Or(p.goName[o.Input], exported(o.Name)+"Input")
}

// outputType is the Go type of an operation's output.
func (p *Package) outputType(o *facts.Operation) string {
	return cmp.Or(p.goName[o.Output], exported(o.Name)+"Output")
}

// exported is a model name as a Go identifier.
func exported(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' {
			return -1
		}
		return r
	}, name)
	return strings.ToUpper(name[:1]) + name[1:]
}
