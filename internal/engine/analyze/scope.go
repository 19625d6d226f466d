package analyze

import (
	"strings"

	"github.com/bindery-project/bindery/internal/engine/sql"
)

// field is a column that names can resolve to. The qualifier is the alias, or
// catalog, database and table; unsupported holds the text of a column type
// that no query can read.
type field struct {
	qualifier   []string
	name        string
	expr        Expr
	unsupported string
}

// scope is what names mean at one place. Names that are not among the fields
// are looked up in fallback (the FROM of an ORDER BY) and then in parent (the
// query around).
type scope struct {
	fields   []field
	fallback *scope
	parent   *scope
	lambda   bool
}

// matches gives the fields that a dotted name can mean, with the count of name
// parts they take; longer matches are preferred.
func (s *scope) matches(parts []string) ([]field, int) {
	for n := min(len(parts), 4); n >= 1; n-- {
		var found []field
		for _, f := range s.fields {
			if strings.EqualFold(f.name, parts[n-1]) && hasSuffixFold(f.qualifier, parts[:n-1]) {
				found = append(found, f)
			}
		}
		if len(found) > 0 {
			return found, n
		}
	}
	return nil, 0
}

func hasSuffixFold(list, suffix []string) bool {
	if len(suffix) > len(list) {
		return false
	}
	tail := list[len(list)-len(suffix):]
	for i := range suffix {
		if !strings.EqualFold(tail[i], suffix[i]) {
			return false
		}
	}
	return true
}

// find resolves a dotted name and gives the rest that are fields of rows.
func (s *scope) find(at sql.Node, parts []string) (Expr, int) {
	for level := s; level != nil; level = level.parent {
		for sc := level; sc != nil; sc = sc.fallback {
			found, n := sc.matches(parts)
			switch {
			case len(found) > 1 && !sameExpr(found):
				fail(at, AmbiguousName, "Column '%s' is ambiguous", strings.Join(parts[:n], "."))
			case len(found) > 0:
				if found[0].unsupported != "" {
					fail(at, sql.NotSupported, "Unsupported column type: %s", found[0].unsupported)
				}
				return found[0].expr, n
			}
		}
	}
	return nil, 0
}

// sameExpr says whether all fields are the same value, as when a column is
// selected twice.
func sameExpr(fields []field) bool {
	for _, f := range fields[1:] {
		if f.expr == nil || fields[0].expr == nil || exprKey(f.expr) != exprKey(fields[0].expr) {
			return false
		}
	}
	return true
}

// nameParts gives the parts of a chain of names, or false when the chain
// begins with something else.
func nameParts(e sql.Expr) ([]string, bool) {
	switch e := e.(type) {
	case *sql.NameExpr:
		return []string{e.Value}, true
	case *sql.Dereference:
		parts, ok := nameParts(e.Base)
		return append(parts, e.Field.Value), ok
	}
	return nil, false
}

// name resolves an identifier or a dotted chain of them.
func (a *analyzer) name(e sql.Expr, sc *scope) Expr {
	parts, _ := nameParts(e)
	found, n := sc.find(e, parts)
	if found == nil {
		fail(e, ColumnNotFound, "Column '%s' cannot be resolved or requester is not authorized to access requested resources",
			strings.ToLower(strings.Join(parts, ".")))
	}
	for _, f := range parts[n:] {
		found = rowField(e, found, f)
	}
	return found
}

// rowField reads a field of a row by name.
func rowField(at sql.Node, base Expr, name string) Expr {
	t := base.Type()
	if t.Kind != Row {
		fail(at, TypeMismatch, "Expression %s is not of type ROW", t)
	}
	found := -1
	for i, n := range t.Names {
		if !strings.EqualFold(n, name) {
			continue
		}
		if found >= 0 {
			fail(at, AmbiguousName, "Ambiguous row field reference: %s", name)
		}
		found = i
	}
	if found < 0 {
		fail(at, ColumnNotFound, "Column '%s' cannot be resolved or requester is not authorized to access requested resources", name)
	}
	return &Field{typed: typedAt(t.Args[found], at.Position()), X: base, Index: found}
}
