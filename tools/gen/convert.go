package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/bindery-project/bindery/tools/models/facts"
	"github.com/bindery-project/bindery/tools/models/overlay"
)

// renderConversions writes the functions that make a stored document from a
// request's structure.
func renderConversions(p *Package, w *printer) error {
	for i := range p.Overlay.Convert {
		c := &p.Overlay.Convert[i]
		if err := p.renderConversion(w, c); err != nil {
			return fmt.Errorf("conversion %s: %w", c.Name, err)
		}
	}
	return nil
}

func (p *Package) renderConversion(w *printer, c *overlay.Conversion) error {
	from, to := p.shapes[c.From], p.shapes[c.To]
	if from == nil || to == nil {
		return fmt.Errorf("no such shapes %s, %s", c.From, c.To)
	}
	dropped := maps.Clone(c.Drop)
	w.line("// %s makes a %s of the members that both have; lists and\n// structures are shared, not copied. nil makes nil.", c.Name, p.goName[c.To])
	for _, name := range slices.Sorted(maps.Keys(c.Drop)) {
		w.line("// %s is left out: %s.", exported(name), c.Drop[name])
	}
	w.line("func %s(in *%s) *%s {\n\tif in == nil {\n\t\treturn nil\n\t}", c.Name, p.goName[c.From], p.goName[c.To])
	w.line("\tout := &%s{}", p.goName[c.To])
	for i := range from.Members {
		m := &from.Members[i]
		if _, drop := dropped[m.Name]; drop {
			delete(dropped, m.Name)
			continue
		}
		if err := p.copyMember(w, m, member(to, m.Name)); err != nil {
			return fmt.Errorf("member %s: %w", m.Name, err)
		}
	}
	for name := range dropped {
		return fmt.Errorf("%s is to be dropped, but is no member", name)
	}
	w.line("\treturn out\n}\n")
	return nil
}

// copyMember writes the assignment of one member, through another conversion
// where the overlay pairs the two structures.
func (p *Package) copyMember(w *printer, from, to *facts.Member) error {
	if to == nil {
		return fmt.Errorf("the target has no such member; name it under drop, with the reason")
	}
	src, dst := "in."+exported(from.Name), "out."+exported(to.Name)
	a, b := p.fieldType(from), p.fieldType(to)
	switch {
	case a == b:
		w.line("\t%s = %s", dst, src)
	case a == "*"+b:
		w.line("\tif %s != nil {\n\t\t%s = *%[1]s\n\t}", src, dst)
	case "*"+a == b:
		w.line("\t%s = new(%s)", dst, src)
	default:
		fn, list := p.conversion(from.Shape, to.Shape)
		if fn == "" {
			return fmt.Errorf("%s cannot become %s; pair them or drop it with a reason", a, b)
		}
		if !list {
			w.line("\t%s = %s(%s)", dst, fn, src)
			return nil
		}
		w.line("\tfor i := range %s {\n\t\t%s = append(%[2]s, *%s(&%[1]s[i]))\n\t}", src, dst, fn)
	}
	return nil
}

// conversion finds the function between two structures or lists of them.
func (p *Package) conversion(from, to string) (name string, list bool) {
	if f, t := p.shapes[from], p.shapes[to]; f.Type == "list" && t.Type == "list" {
		from, to, list = f.Elem, t.Elem, true
	}
	for _, c := range p.Overlay.Convert {
		if c.From == from && c.To == to {
			return cmp.Or(c.Name), list
		}
	}
	return "", false
}
