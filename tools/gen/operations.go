package main

import (
	"fmt"
	"strings"

	"github.com/bindery-project/bindery/tools/models/facts"
)

// renderOperations writes the service's table, its interface and Bind.
func renderOperations(p *Package, w *printer) error {
	w.doc = fmt.Sprintf("// Package %s holds the types and the operation table of %s, API version\n// %s. Start with Model and API.\n",
		p.Name, p.Facts.Title, p.Facts.Version)
	w.imports = []string{importContext, importOp}
	w.line("// API has one method per operation of %s.\ntype API interface {", p.Facts.Title)
	for i := range p.Facts.Operations {
		o := &p.Facts.Operations[i]
		w.line("\t%s(ctx context.Context, in *%s) (*%s, error)", exported(o.Name), p.inputType(o), p.outputType(o))
	}
	w.line("}\n")
	w.line("// Bind joins the table with the service that answers it.\nfunc Bind(api API) []op.Bound {\n\treturn []op.Bound{")
	for i := range p.Facts.Operations {
		w.line("\t\t{Operation: &operations[%d], Model: &Model, Call: op.Handler(api.%s)},", i, exported(p.Facts.Operations[i].Name))
	}
	w.line("\t}\n}\n")
	if err := p.renderModel(w); err != nil {
		return err
	}
	w.line("var operations = [...]op.Operation{")
	for i := range p.Facts.Operations {
		if err := p.renderOperation(w, &p.Facts.Operations[i]); err != nil {
			return err
		}
	}
	w.line("}")
	return nil
}

func (p *Package) renderModel(w *printer) error {
	f := p.Facts
	var protocols []string
	for _, name := range f.Protocols {
		protocol, err := protocolOf(name, f.JSONVersion)
		if err != nil {
			return err
		}
		protocols = append(protocols, "op."+protocol)
	}
	w.line("// Model is the table of %s.\nvar Model = op.Model{", f.Title)
	w.line("\tID: %q, Title: %q, SigningName: %q, Endpoint: %q,", f.ID, f.Title, f.Signing, f.Endpoint)
	w.line("\tEventSource: %q, Version: %q, TargetPrefix: %q,", p.Overlay.EventSource, f.Version, f.TargetPrefix)
	w.line("\tProtocol: %s, Protocols: []op.Protocol{%s},", protocols[0], strings.Join(protocols, ", "))
	w.line("\tXMLNamespace: %q, QueryErrors: %t,", f.XMLNamespace, f.QueryErrors)
	w.line("\tShapes: shapes[:], Operations: operations[:],\n}\n")
	return nil
}

func protocolOf(name, jsonVersion string) (string, error) {
	switch name {
	case "json":
		if jsonVersion == "1.0" {
			return "AWSJSON10", nil
		}
		return "AWSJSON11", nil
	case "query":
		return "Query", nil
	case "rest-json":
		return "RestJSON", nil
	case "rest-xml":
		return "RestXML", nil
	case "smithy-rpc-v2-cbor":
		return "RPCCBOR", nil
	}
	return "", fmt.Errorf("unknown protocol %q", name)
}

func (p *Package) renderOperation(w *printer, o *facts.Operation) error {
	fields := []string{
		fmt.Sprintf("Name: %q, Input: %s, Output: %s", o.Name, p.shapeID(o.Input), p.shapeID(o.Output)),
		tag("Wrapper", o.Wrapper),
		truth("ReadOnly", p.readOnly(o)),
		"NewInput: func() any { return new(" + p.inputType(o) + ") }",
	}
	if strings.HasPrefix(p.Facts.Protocols[0], "rest-") {
		fields = append(fields, fmt.Sprintf("Method: %q, Path: %q", o.Method, o.Path))
	}
	if o.Status != 0 {
		fields = append(fields, fmt.Sprintf("Status: %d", o.Status))
	}
	if len(o.Errors) > 0 {
		var ids []string
		for _, e := range o.Errors {
			ids = append(ids, p.shapeID(e))
		}
		fields = append(fields, "Errors: []op.ShapeID{"+strings.Join(ids, ", ")+"}")
	}
	if o.Page != nil {
		fields = append(fields, fmt.Sprintf("Page: &op.Paginator{InputToken: %q, OutputToken: %q, Items: %q, PageSize: %q}",
			o.Page.Input, o.Page.Output, o.Page.Items, o.Page.Size))
	}
	a, err := p.auth(o)
	if err != nil {
		return fmt.Errorf("operation %s: %w", o.Name, err)
	}
	w.line("\t{%s,\n\t\tAuth: op.Auth{%s}},", join(fields), authFields(a))
	return nil
}

func authFields(a *authRow) string {
	fields := []string{
		tag("Action", a.Action), tag("Or", a.Or), tag("Resolver", a.Resolver),
		truth("Anonymous", a.Anonymous), truth("Always", a.Always), truth("Coarse", a.Coarse),
	}
	if len(a.Targets) > 0 {
		var targets []string
		for _, t := range a.Targets {
			mode := ""
			if t.Mode != "" {
				mode = ", Mode: " + t.Mode
			}
			targets = append(targets, fmt.Sprintf("{Kind: %q, Template: %q%s}", t.Kind, t.Template, mode))
		}
		fields = append(fields, "Resources: []op.Target{"+strings.Join(targets, ", ")+"}")
	}
	if len(a.Keys) > 0 {
		var keys []string
		for _, k := range a.Keys {
			keys = append(keys, fmt.Sprintf("{Key: %q, Path: %q}", k.Key, k.Path))
		}
		fields = append(fields, "Context: []op.KeyValue{"+strings.Join(keys, ", ")+"}")
	}
	return join(fields)
}

// renderRefused writes the refusal of every operation by name.
func renderRefused(p *Package, w *printer) error {
	w.imports = []string{importContext, importOp}
	w.line("// Refused answers every operation by saying that it is not supported. A\n// service embeds it one level deeper than what it implements.\ntype Refused struct{}\n")
	w.line("var _ API = Refused{}\n")
	for i := range p.Facts.Operations {
		o := &p.Facts.Operations[i]
		w.line("// %s refuses.\nfunc (Refused) %[1]s(context.Context, *%s) (*%s, error) {\n\treturn nil, op.Unsupported(%q, %q)\n}\n",
			exported(o.Name), p.inputType(o), p.outputType(o), p.Facts.ID, o.Name)
	}
	return nil
}
