package analyze

import (
	"errors"
	"strings"

	"github.com/bindery-project/bindery/internal/engine/sql"
)

// from analyses the items of FROM, joined by commas, and gives their fields.
func (a *analyzer) from(items []sql.Relation, outer *scope) (Relation, []field) {
	if len(items) == 0 {
		return nil, nil
	}
	rel, fields := a.relation(items[0], nil, outer)
	for _, item := range items[1:] {
		right, more := a.relation(item, fields, outer)
		rel = &Join{Kind: sql.CrossJoin, Left: rel, Right: right}
		fields = append(fields[:len(fields):len(fields)], more...)
		a.checkWidth(item, len(fields))
	}
	return rel, fields
}

// relation analyses one relation; left are the fields that lateral ones see.
func (a *analyzer) relation(r sql.Relation, left []field, outer *scope) (Relation, []field) {
	switch r := r.(type) {
	case *sql.Table:
		return a.tableOrNamed(r)
	case *sql.Subquery:
		return a.derived(a.query(r.Query, outer), false)
	case *sql.Lateral:
		return a.derived(a.query(r.Query, &scope{fields: left, parent: outer}), true)
	case *sql.Aliased:
		rel, fields := a.relation(r.Relation, left, outer)
		return rel, alias(r, fields)
	case *sql.Join:
		return a.join(r, left, outer)
	case *sql.Unnest:
		return a.unnest(r, &scope{fields: left, parent: outer})
	case *sql.TableFunction:
		return a.tableFunction(r)
	}
	fail(r, sql.NotSupported, "this relation is not supported")
	return nil, nil
}

// derived makes a relation of a query.
func (a *analyzer) derived(q *Query, lateral bool) (Relation, []field) {
	d := &Derived{ID: a.nextRelation(), Query: q, Lateral: lateral}
	return d, columnFields(d.ID, q.Columns)
}

func columnFields(rel int, columns []OutputColumn) []field {
	fields := make([]field, len(columns))
	for i, c := range columns {
		fields[i] = field{name: c.Name, expr: &Column{typed: typed{T: c.Type}, Rel: rel, Index: i}}
	}
	return fields
}

// alias renames a relation and its columns.
func alias(r *sql.Aliased, fields []field) []field {
	if r.Columns != nil && len(r.Columns) != len(fields) {
		fail(r, MismatchedAliases, "Column alias list has %d entries but '%s' has %d columns available",
			len(r.Columns), strings.ToLower(r.Alias.Value), len(fields))
	}
	out := make([]field, len(fields))
	for i, f := range fields {
		out[i] = f
		out[i].qualifier = []string{r.Alias.Value}
		if r.Columns != nil {
			out[i].name = r.Columns[i].Value
		}
	}
	return out
}

func (a *analyzer) tableOrNamed(t *sql.Table) (Relation, []field) {
	if len(t.Name.Parts) == 1 {
		if n := a.findNamed(t.Name.Parts[0].Value); n != nil {
			return a.namedScan(t, n)
		}
	}
	if t.Version != nil {
		fail(t.Version, sql.NotSupported, "FOR %s AS OF is not supported", t.Version.Kind)
	}
	table, ref := a.lookup(t.Name)
	if table.View != nil {
		return a.view(t, table, ref)
	}
	return a.scan(table, ref)
}

func (a *analyzer) namedScan(t *sql.Table, n *Named) (Relation, []field) {
	if t.Version != nil {
		fail(t.Version, sql.NotSupported, "FOR %s AS OF needs a table", t.Version.Kind)
	}
	n.Uses++
	s := &NamedScan{ID: a.nextRelation(), Named: n}
	return s, qualify(columnFields(s.ID, n.Query.Columns), t.Name.Parts[0].Value)
}

func qualify(fields []field, names ...string) []field {
	for i := range fields {
		fields[i].qualifier = names
	}
	return fields
}

// scan makes a TableRef with the columns of the catalog. A column whose type
// is not supported fails only when it is used.
func (a *analyzer) scan(table *Table, ref *TableRef) (Relation, []field) {
	ref.ID = a.nextRelation()
	var fields []field
	for _, c := range append(table.Columns[:len(table.Columns):len(table.Columns)], table.PartitionKeys...) {
		f := field{name: c.Name}
		t, err := ParseHiveType(c.Type)
		if err != nil {
			f.unsupported, t = c.Type, unknownType
		}
		f.expr = &Column{typed: typed{T: t}, Rel: ref.ID, Index: len(ref.Columns)}
		ref.Columns = append(ref.Columns, OutputColumn{Name: c.Name, Type: t})
		fields = append(fields, f)
	}
	a.tables = append(a.tables, ref)
	return &Scan{ID: ref.ID, Table: ref}, qualify(fields, ref.Catalog, ref.Database, ref.Name)
}

// maxViewDepth bounds views over views.
const maxViewDepth = 100

// view analyses a view's query where the view was made and gives it the column
// types it had then.
func (a *analyzer) view(t *sql.Table, table *Table, ref *TableRef) (Relation, []field) {
	name := ref.Catalog + "." + ref.Database + "." + ref.Name
	for _, open := range a.viewStack {
		if open == name {
			fail(t, ViewIsRecursive, "View '%s' is recursive", name)
		}
	}
	if len(a.viewStack) >= maxViewDepth {
		fail(t, InvalidView, "View '%s' is nested more than %d views deep", name, maxViewDepth)
	}
	a.views = append(a.views, ref)
	q := a.viewQuery(t, name, table.View)
	rel, fields := a.derived(a.viewColumns(t, name, table.View, q), false)
	return rel, qualify(fields, ref.Catalog, ref.Database, ref.Name)
}

func (a *analyzer) viewQuery(at sql.Node, name string, v *View) (q *Query) {
	stmt, err := sql.Parse(v.SQL)
	query, ok := stmt.(*sql.QueryStatement)
	if err != nil || !ok {
		fail(at, InvalidView, "Failed parsing stored view '%s': %v", name, err)
	}
	session, named := a.session, a.withs
	a.viewStack, a.withs = append(a.viewStack, name), nil
	a.session.Catalog, a.session.Database = v.Catalog, v.Database
	if a.session.Catalog == "" {
		a.session.Catalog = defaultCatalog
	}
	defer func() {
		a.session, a.withs = session, named
		a.viewStack = a.viewStack[:len(a.viewStack)-1]
		a.viewFault(at, name)
	}()
	return a.query(query.Query, nil)
}

// viewFault turns an error inside a view, whose position would mean nothing to
// the caller, into one at the view's name.
func (a *analyzer) viewFault(at sql.Node, name string) {
	fault, ok := recover().(failure)
	if !ok {
		return
	}
	var inner *sql.Error
	if errors.As(fault.err, &inner) && inner.Code != InvalidView && inner.Code != ViewIsRecursive {
		fail(at, InvalidView, "Failed analyzing stored view '%s': %s", name, inner)
	}
	panic(fault)
}

func (a *analyzer) viewColumns(at sql.Node, name string, v *View, q *Query) *Query {
	if len(v.Columns) == 0 {
		return q
	}
	stale := func(why string, args ...any) {
		fail(at, ViewIsStale, "View '"+name+"' is stale or in invalid state: "+why, args...)
	}
	if len(v.Columns) != len(q.Columns) {
		stale("stored view column count (%d) does not match column count derived from the view query analysis (%d)",
			len(v.Columns), len(q.Columns))
	}
	types := make([]*Type, len(v.Columns))
	for i, c := range v.Columns {
		types[i] = a.viewType(at, name, c)
		if from := q.Columns[i]; !canCoerce(from.Type, types[i]) && !castInsideKind(from.Type, types[i]) {
			stale("column [%s] of type %s projected from query view at position %d cannot be coerced to column [%s] of type %s stored in view definition",
				from.Name, from.Type, i, c.Name, types[i])
		}
	}
	out := *a.coerceQuery(q, types)
	out.Columns = append([]OutputColumn(nil), out.Columns...)
	for i, c := range v.Columns {
		out.Columns[i].Name = c.Name
	}
	return &out
}

// castInsideKind allows shorter text and coarser times, which a view stored.
func castInsideKind(from, to *Type) bool {
	return from.Kind == to.Kind && (from.isText() || from.Kind >= Time && from.Kind <= TimestampTZ)
}

func (a *analyzer) viewType(at sql.Node, view string, c TableColumn) *Type {
	name, err := sql.ParseType(c.Type)
	if err == nil {
		var t *Type
		if t, err = resolveType(name); err == nil {
			return t
		}
	}
	if t, hiveErr := ParseHiveType(c.Type); hiveErr == nil {
		return t
	}
	fail(at, InvalidView, "View '%s' has a column of type %s: %v", view, c.Type, err)
	return nil
}

func (a *analyzer) join(j *sql.Join, left []field, outer *scope) (Relation, []field) {
	l, lf := a.relation(j.Left, left, outer)
	visible := append(left[:len(left):len(left)], lf...)
	r, rf := a.relation(j.Right, visible, outer)
	out := &Join{Kind: j.Kind, Left: l, Right: r}
	both := append(lf[:len(lf):len(lf)], rf...)
	a.checkWidth(j, len(both))
	switch {
	case j.On != nil:
		out.On = a.condition(j.On, &scope{fields: both, parent: outer}, "JOIN ON clause")
		return out, both
	case j.Natural:
		fail(j, sql.NotSupported, "Natural join not supported")
	case j.Using != nil:
		return a.joinUsing(out, j, j.Using, lf, rf)
	}
	return out, both
}

// joinUsing equates the named columns and shows each of them once, first.
func (a *analyzer) joinUsing(out *Join, j *sql.Join, names []sql.Identifier, lf, rf []field) (Relation, []field) {
	var merged []field
	var terms []Expr
	for _, id := range names {
		l, r := usingColumn(id, lf, "left"), usingColumn(id, rf, "right")
		t := commonType(l.Type(), r.Type())
		if t == nil {
			fail(j, TypeMismatch, "Column types of JOIN USING '%s' do not match: %s, %s", id.Value, l.Type(), r.Type())
		}
		l, r = coerce(l, t), coerce(r, t)
		terms = append(terms, call(id.Pos, booleanType, "=", l, r))
		merged = append(merged, field{name: id.Value, expr: merge(j, id, t, l, r)})
		lf, rf = without(lf, id.Value), without(rf, id.Value)
	}
	if out.On = conjunction(terms); out.On == nil && out.Kind != sql.CrossJoin {
		out.On = &Literal{typed: typedAt(booleanType, j.Pos), Value: true}
	}
	return out, append(append(merged, lf...), rf...)
}

// merge gives the value of a column of USING: the side that is never made NULL
// by the join, or the first that is not NULL.
func merge(j *sql.Join, id sql.Identifier, t *Type, l, r Expr) Expr {
	switch j.Kind {
	case sql.FullJoin:
		return call(id.Pos, t, "coalesce", l, r)
	case sql.RightJoin:
		return r
	case sql.CrossJoin, sql.InnerJoin, sql.LeftJoin:
	}
	return l
}

func usingColumn(id sql.Identifier, fields []field, side string) Expr {
	sc := &scope{fields: fields}
	e, _ := sc.find(id, []string{id.Value})
	if e == nil {
		fail(id, ColumnNotFound, "Column '%s' is missing from %s side of join", id.Value, side)
	}
	return e
}

func without(fields []field, name string) []field {
	var out []field
	for _, f := range fields {
		if !strings.EqualFold(f.name, name) {
			out = append(out, f)
		}
	}
	return out
}

// conjunction joins terms by AND; nil for none.
func conjunction(terms []Expr) Expr {
	switch len(terms) {
	case 0:
		return nil
	case 1:
		return terms[0]
	}
	return call(terms[0].Position(), booleanType, "and", terms...)
}

func (a *analyzer) unnest(u *sql.Unnest, sc *scope) (Relation, []field) {
	out := &Unnest{ID: a.nextRelation(), Ordinality: u.Ordinality}
	for _, e := range u.Exprs {
		x := a.expr(e, sc)
		a.onlyScalar(x, e, "UNNEST")
		switch t := x.Type(); {
		case t.Kind == Array && t.Elem().Kind == Row:
			for i, f := range t.Elem().Args {
				out.Columns = append(out.Columns, OutputColumn{Name: t.Elem().Names[i], Type: f})
			}
		case t.Kind == Array:
			out.Columns = append(out.Columns, OutputColumn{Type: t.Elem()})
		case t.Kind == Map:
			out.Columns = append(out.Columns, OutputColumn{Type: t.Key()}, OutputColumn{Type: t.Value()})
		default:
			panic(failure{sql.Errorf(sql.Pos{}, InvalidFunctionArgument, "Cannot unnest type: %s", t)})
		}
		out.Exprs = append(out.Exprs, x)
	}
	if u.Ordinality {
		out.Columns = append(out.Columns, OutputColumn{Name: "ordinality", Type: bigintType})
	}
	return out, columnFields(out.ID, out.Columns)
}

// tableFunction knows TABLE(sequence(start, stop[, step])) only.
func (a *analyzer) tableFunction(f *sql.TableFunction) (Relation, []field) {
	name := f.Name.Parts[len(f.Name.Parts)-1].Value
	if !strings.EqualFold(name, "sequence") || len(f.Name.Parts) > 1 {
		fail(f, FunctionNotFound, "Table function '%s' not registered", strings.ToLower(name))
	}
	keys := []string{"start", "stop", "step"}
	args := map[string]int64{"start": 0, "step": 1}
	for i, arg := range f.Args {
		if i >= len(keys) {
			fail(arg, InvalidArguments, "Too many arguments. Expected at most 3 arguments, got %d arguments", len(f.Args))
		}
		key := keys[i]
		if arg.Name != nil {
			key = strings.ToLower(arg.Name.Value)
		}
		args[key] = a.constantInteger(arg.Value)
	}
	stop, found := args["stop"]
	if !found || len(args) != 3 {
		fail(f, InvalidArguments, "Missing argument: STOP")
	}
	if args["step"] == 0 {
		fail(f, InvalidFunctionArgument, "Step must be positive for sequence [%d, %d]", args["start"], stop)
	}
	s := &Sequence{ID: a.nextRelation(), Start: args["start"], Stop: stop, Step: args["step"]}
	return s, columnFields(s.ID, []OutputColumn{{Name: "sequential_number", Type: bigintType}})
}

// constantInteger evaluates a whole number, possibly negative.
func (a *analyzer) constantInteger(e sql.Expr) int64 {
	x := a.expr(e, &scope{})
	if lit, ok := x.(*Literal); ok {
		if n, ok := lit.Value.(int64); ok && lit.T.IsInteger() {
			return n
		}
	}
	fail(e, InvalidArguments, "Expected a constant whole number")
	return 0
}
