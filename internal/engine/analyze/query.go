package analyze

import (
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/engine/sql"
)

// query analyses a query; outer is what correlated names may mean.
func (a *analyzer) query(q *sql.Query, outer *scope) *Query {
	depth := len(a.withs)
	defer func() { a.withs = a.withs[:depth] }()
	out := &Query{}
	if q.With != nil {
		out.With = a.with(q.With)
	}
	if q.WithTies {
		fail(q.Limit, sql.NotSupported, "FETCH FIRST WITH TIES is not supported")
	}
	a.body(out, q, outer)
	out.Offset, out.Limit = a.rowCount(q.Offset, "OFFSET"), a.rowCount(q.Limit, "LIMIT")
	return out
}

// body analyses the body together with ORDER BY, which sees into a Select.
func (a *analyzer) body(out *Query, q *sql.Query, outer *scope) {
	switch b := q.Body.(type) {
	case *sql.Select:
		a.selectBody(out, b, q.OrderBy, outer)
		return
	default:
		inner := a.plainBody(b, outer)
		if len(q.OrderBy) == 0 {
			out.Body, out.Columns = inner.Body, inner.Columns
			if inner.With != nil || inner.Limit != nil || inner.Offset != nil || inner.OrderBy != nil {
				a.wrap(out, inner)
			}
			return
		}
		fields := a.wrap(out, inner)
		sc := &scope{fields: fields, parent: outer}
		out.OrderBy = a.sortKeys(q.OrderBy, sc, out.Body.(*Select), fields)
	}
}

// wrap makes out a plain selection of everything inner gives.
func (a *analyzer) wrap(out, inner *Query) []field {
	rel, fields := a.derived(inner, false)
	s := &Select{From: rel}
	for _, f := range fields {
		s.Items = append(s.Items, f.expr)
	}
	out.Body, out.Columns = s, inner.Columns
	return fields
}

// plainBody analyses any body as a query of its own.
func (a *analyzer) plainBody(b sql.Body, outer *scope) *Query {
	switch b := b.(type) {
	case *sql.Select:
		out := &Query{}
		a.selectBody(out, b, nil, outer)
		return out
	case *sql.Subquery:
		return a.query(b.Query, outer)
	case *sql.SetOperation:
		return a.setOperation(b, outer)
	case *sql.Values:
		return a.values(b, outer)
	case *sql.TableBody:
		all := &sql.Select{
			Pos: b.Pos, Items: []sql.SelectItem{{Pos: b.Pos, Star: true}},
			From: []sql.Relation{&sql.Table{Pos: b.Name.Pos, Name: b.Name}},
		}
		return a.plainBody(all, outer)
	}
	fail(b, sql.NotSupported, "this query is not supported")
	return nil
}

// withNamed is one visible query of WITH.
type withNamed struct {
	name  string
	named *Named
}

// with analyses the queries of WITH in order; each sees those before it.
func (a *analyzer) with(w *sql.With) []*Named {
	if w.Recursive {
		fail(w, sql.NotSupported, "WITH RECURSIVE is not supported")
	}
	var list []*Named
	seen := map[string]bool{}
	for _, nq := range w.Queries {
		folded := strings.ToLower(nq.Name.Value)
		if seen[folded] {
			fail(nq, DuplicateQuery, "WITH query name '%s' specified more than once", nq.Name.Value)
		}
		seen[folded] = true
		q := a.query(nq.Query, nil)
		a.named++
		n := &Named{ID: a.named, Name: folded, Query: renamed(nq, q)}
		list = append(list, n)
		a.withs = append(a.withs, withNamed{folded, n})
	}
	return list
}

// renamed gives the columns of a WITH query the names in its column list.
func renamed(nq *sql.NamedQuery, q *Query) *Query {
	if nq.Columns == nil {
		return q
	}
	if len(nq.Columns) != len(q.Columns) {
		fail(nq, MismatchedAliases, "WITH column alias list has %d entries but WITH query(%s) has %d columns",
			len(nq.Columns), nq.Name.Value, len(q.Columns))
	}
	out := *q
	out.Columns = make([]OutputColumn, len(q.Columns))
	for i, c := range q.Columns {
		out.Columns[i] = OutputColumn{Name: nq.Columns[i].Value, Type: c.Type}
	}
	return &out
}

func (a *analyzer) findNamed(name string) *Named {
	for i := len(a.withs) - 1; i >= 0; i-- {
		if strings.EqualFold(a.withs[i].name, name) {
			return a.withs[i].named
		}
	}
	return nil
}

// rowCount evaluates the number of LIMIT or OFFSET.
func (a *analyzer) rowCount(e sql.Expr, clause string) *int64 {
	if e == nil {
		return nil
	}
	if p, ok := e.(*sql.Parameter); ok {
		e = a.session.Parameters[p.Index]
	}
	lit, ok := e.(*sql.NumberLiteral)
	if !ok || lit.Kind != sql.IntegerNumber {
		fail(e, InvalidArguments, "%s must be a whole number", clause)
	}
	n, err := strconv.ParseInt(lit.Text, 10, 64)
	if err != nil {
		fail(e, sql.SyntaxError, "Invalid %s row count: %s", clause, lit.Text)
	}
	return &n
}

func (a *analyzer) setOperation(b *sql.SetOperation, outer *scope) *Query {
	if b.All && b.Op != "UNION" {
		fail(b, sql.NotSupported, "%s ALL is not supported", b.Op)
	}
	left, right := a.plainBody(b.Left, outer), a.plainBody(b.Right, outer)
	if len(left.Columns) != len(right.Columns) {
		fail(b, TypeMismatch, "%s query has different number of fields: %d, %d", b.Op, len(left.Columns), len(right.Columns))
	}
	types := make([]*Type, len(left.Columns))
	out := &Query{}
	for i := range types {
		l, r := left.Columns[i].Type, right.Columns[i].Type
		if types[i] = commonType(l, r); types[i] == nil {
			fail(b, TypeMismatch, "column %d in %s query has incompatible types: %s, %s", i+1, b.Op, l, r)
		}
		out.Columns = append(out.Columns, OutputColumn{Name: left.Columns[i].Name, Type: types[i]})
	}
	out.Body = &SetOperation{Op: b.Op, All: b.All, Left: a.coerceQuery(left, types), Right: a.coerceQuery(right, types)}
	return out
}

// coerceQuery converts the columns of a query to the given types.
func (a *analyzer) coerceQuery(q *Query, types []*Type) *Query {
	same := true
	for i, c := range q.Columns {
		same = same && c.Type.Equal(types[i]) //nolint:gosec // the callers give a type per column
	}
	if same {
		return q
	}
	out := &Query{}
	a.wrap(out, q)
	s := out.Body.(*Select)
	out.Columns = make([]OutputColumn, len(types))
	for i, c := range q.Columns {
		out.Columns[i] = OutputColumn{Name: c.Name, Type: types[i]} //nolint:gosec // as above
		s.Items[i] = shorten(s.Items[i], types[i])                  //nolint:gosec // as above
	}
	return out
}

// shorten coerces, and casts where coercion does not go, as to shorter text.
func shorten(e Expr, to *Type) Expr {
	if canCoerce(e.Type(), to) {
		return coerce(e, to)
	}
	return &Cast{typed: typedAt(to, e.Position()), X: e}
}

func (a *analyzer) values(v *sql.Values, outer *scope) *Query {
	sc := outer
	if sc == nil {
		sc = &scope{}
	}
	out, body := &Query{}, &Values{}
	var types []*Type
	for i, e := range v.Rows {
		row := a.valuesRow(e, sc)
		if i == 0 {
			types = make([]*Type, len(row))
			for j, x := range row {
				types[j] = x.Type()
			}
		}
		if len(row) != len(types) {
			fail(v, TypeMismatch, "Values rows have mismatched sizes: %d vs %d", len(types), len(row))
		}
		for j, x := range row {
			common := commonType(types[j], x.Type())
			if common == nil {
				fail(e, TypeMismatch, "Values rows have mismatched types: %s vs %s", types[j], x.Type())
			}
			types[j] = common
		}
		body.Rows = append(body.Rows, row)
	}
	for _, row := range body.Rows {
		for j := range row {
			row[j] = coerce(row[j], types[j])
		}
	}
	for _, t := range types {
		out.Columns = append(out.Columns, OutputColumn{Type: t})
	}
	out.Body = body
	return out
}

// valuesRow opens a row into its columns.
func (a *analyzer) valuesRow(e sql.Expr, sc *scope) []Expr {
	items := []sql.Expr{e}
	if row, ok := e.(*sql.RowExpr); ok {
		items = row.Items
	}
	out := make([]Expr, len(items))
	for i, item := range items {
		out[i] = a.expr(item, sc)
		a.onlyScalar(out[i], item, "VALUES")
	}
	return out
}
