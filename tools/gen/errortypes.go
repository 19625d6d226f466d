package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/bindery-project/bindery/tools/models/facts"
)

// renderErrors writes one error type per error structure of the model.
func renderErrors(p *Package, w *printer) error {
	w.imports = []string{importOp}
	for _, name := range p.used {
		if s := p.shapes[name]; s.Error != nil {
			p.renderError(w, s)
		}
	}
	return nil
}

func (p *Package) renderError(w *printer, s *facts.Shape) {
	name := p.goName[s.Name]
	code := p.errorCode(s)
	w.line("// %s is the error %s, HTTP status %d.\ntype %[1]s struct {", name, code, p.errorStatus(s))
	message := false
	for i := range s.Members {
		m := &s.Members[i]
		if isMessage(m) {
			message = true
			w.line("\tMessage string")
			continue
		}
		w.line("\t%s %s%s", exported(m.Name), p.fieldType(m), p.fieldComment(s, m))
	}
	if !message {
		w.line("\tMessage string // no member of the model")
	}
	w.line("}\n")
	w.line("// Error implements error.\nfunc (e *%s) Error() string { return %q + e.Message }\n", name, code+": ")
	w.line("// ErrorCode implements [op.Error].\nfunc (*%s) ErrorCode() string { return %q }\n", name, code)
	w.line("// ErrorMessage implements [op.Error].\nfunc (e *%s) ErrorMessage() string { return e.Message }\n", name)
	w.line("// HTTPStatus implements [op.Error].\nfunc (*%s) HTTPStatus() int { return %d }\n", name, p.errorStatus(s))
	w.line("// ServerFault implements [op.Error].\nfunc (*%s) ServerFault() bool { return %t }\n", name, p.serverFault(s))
	w.line("// ErrorShape implements [op.Modeled].\nfunc (*%s) ErrorShape() op.ShapeID { return %s }\n", name, p.shapeID(s.Name))
}

// isMessage reports whether a member of an error is its text.
func isMessage(m *facts.Member) bool { return strings.EqualFold(m.Name, "message") }

// errorCode is the code on the wire of the service's preferred protocol: the
// query protocol has codes of its own, the others send the shape's name.
func (p *Package) errorCode(s *facts.Shape) string {
	if p.Facts.Protocols[0] == "query" {
		return cmp.Or(s.Error.QueryCode, s.Name)
	}
	return s.Name
}

// errorStatus is the modelled status, else 500 for the server's faults and
// 400 for the caller's.
func (p *Package) errorStatus(s *facts.Shape) int {
	if s.Error.Status != 0 {
		return s.Error.Status
	}
	if p.serverFault(s) {
		return 500
	}
	return 400
}

// serverFault reports whether the error is the server's. Some models mark
// none; their names tell.
func (p *Package) serverFault(s *facts.Shape) bool {
	return s.Error.Server || s.Error.Status >= 500 || strings.HasPrefix(s.Name, "InternalS")
}

func (p *Package) errorInfo(s *facts.Shape) string {
	fields := []string{fmt.Sprintf("Code: %q, Status: %d", p.errorCode(s), p.errorStatus(s)), truth("Server", p.serverFault(s))}
	if q := s.Error.QueryCode; q != "" && q != p.errorCode(s) {
		fields = append(fields, tag("Query", q))
	}
	return "Error: &op.ErrorInfo{" + join(fields) + "}"
}
