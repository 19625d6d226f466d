package translate

import (
	"fmt"
	"strings"

	"github.com/bindery-project/bindery/internal/engine/analyze"
	"github.com/bindery-project/bindery/internal/engine/sql"
)

// Relations gives, for a table of the plan, the DuckDB SQL that reads it: the
// name of a view, or a call of a table function. The relation has the columns
// named in TableRef.Columns (at least those in Used) with the DuckDB types of
// their query types; columns with time zone have DuckDB's TIMESTAMPTZ.
type Relations func(*analyze.TableRef) (string, error)

// Query writes the plan as one SELECT. Its result has one column per
// Plan.Output, in order, named as there. Values have the
// representation the package comment tells; JSON comes as VARCHAR.
func Query(plan *analyze.Plan, relations Relations) (text string, err error) {
	p := &printer{relations: relations, columns: map[int][]string{}, keys: map[int]int{}}
	defer p.recoverError(&err)
	return p.output(plan), nil
}

// printer carries what one translation shares. Refusals travel as panics of
// failure and are caught in Query.
type printer struct {
	relations Relations
	columns   map[int][]string // names of the columns of tables, by relation number
	keys      map[int]int      // how many keys a grouping has, by relation number
	try       int              // depth of TRY: failures become NULL
	lets      int
	variables map[int]string // texts that lambda parameters stand for
}

type failure struct{ err error }

func (p *printer) recoverError(err *error) {
	switch fault := recover().(type) {
	case nil:
	case failure:
		*err = fault.err
	default:
		panic(fault)
	}
}

func refuse(at sql.Node, format string, args ...any) {
	panic(failure{sql.Errorf(at.Position(), sql.NotSupported, format, args...)})
}

// output writes the outermost query. Its selection gives the columns their
// final names itself, so that its ORDER BY is the statement's; other bodies,
// which have none, are read through a selection that does.
func (p *printer) output(plan *analyze.Plan) string {
	if _, ok := plan.Query.Body.(*analyze.Select); ok {
		return p.queryAs(plan.Query, plan.Output)
	}
	items := make([]string, len(plan.Output))
	for i, c := range plan.Output {
		items[i] = final(fmt.Sprintf("q.c%d", i), c)
	}
	return "SELECT " + strings.Join(items, ", ") + " FROM (" + p.query(plan.Query) + ") AS q"
}

// final writes an output column by its name, in a form that drivers can read.
func final(text string, c analyze.OutputColumn) string {
	if contains(c.Type, analyze.JSON) {
		text = "CAST(" + text + " AS " + TypeName(withoutJSON(c.Type)) + ")"
	}
	return text + " AS " + quoteName(c.Name)
}

// withoutJSON gives a type with varchar in the place of json, which the Go
// driver would parse.
func withoutJSON(t *analyze.Type) *analyze.Type {
	if t.Kind == analyze.JSON {
		return varcharType
	}
	c := *t
	c.Args = make([]*analyze.Type, len(t.Args))
	for i, a := range t.Args {
		c.Args[i] = withoutJSON(a)
	}
	return &c
}

// query writes a query whose columns are named c0, c1, ….
func (p *printer) query(q *analyze.Query) string { return p.queryAs(q, nil) }

// queryAs writes a query whose columns have the names given, if any are.
func (p *printer) queryAs(q *analyze.Query, names []analyze.OutputColumn) string {
	var b strings.Builder
	if len(q.With) > 0 {
		parts := make([]string, len(q.With))
		for i, n := range q.With {
			parts[i] = fmt.Sprintf("w%d AS (%s)", n.ID, p.query(n.Query))
		}
		b.WriteString("WITH " + strings.Join(parts, ", ") + " ")
	}
	b.WriteString(p.body(q.Body, len(q.Columns), names))
	if len(q.OrderBy) > 0 {
		b.WriteString(" ORDER BY " + p.sortKeys(q.OrderBy))
	}
	if q.Limit != nil {
		fmt.Fprintf(&b, " LIMIT %d", *q.Limit)
	}
	if q.Offset != nil {
		fmt.Fprintf(&b, " OFFSET %d", *q.Offset)
	}
	return b.String()
}

func (p *printer) body(body analyze.Body, width int, names []analyze.OutputColumn) string {
	switch body := body.(type) {
	case *analyze.Select:
		return p.selectBody(body, names)
	case *analyze.SetOperation:
		return p.setOperation(body)
	case *analyze.Values:
		return p.values(body, width)
	}
	return ""
}

// setOperation writes a chain of operations of one strength side by side, since
// DuckDB groups them to the left too and bounds nesting.
func (p *printer) setOperation(s *analyze.SetOperation) string {
	op := s.Op
	if s.All {
		op += " ALL"
	}
	left := ""
	if inner, ok := s.Left.Body.(*analyze.SetOperation); ok && bare(s.Left) && (inner.Op == "INTERSECT") == (s.Op == "INTERSECT") {
		left = p.setOperation(inner)
	} else {
		left = "SELECT * FROM (" + p.query(s.Left) + ")"
	}
	return left + " " + op + " SELECT * FROM (" + p.query(s.Right) + ")"
}

// bare says whether a query is its body and nothing else.
func bare(q *analyze.Query) bool {
	return len(q.With) == 0 && len(q.OrderBy) == 0 && q.Limit == nil && q.Offset == nil
}

func (p *printer) values(v *analyze.Values, width int) string {
	rows := make([]string, len(v.Rows))
	for i, row := range v.Rows {
		rows[i] = "(" + p.list(row) + ")"
	}
	names := make([]string, width)
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i)
	}
	return "SELECT * FROM (VALUES " + strings.Join(rows, ", ") + ") AS v(" + strings.Join(names, ", ") + ")"
}

// selectBody writes a selection; a grouped one reads its groups from a
// subquery, so that keys and aggregates are computed once and have names.
func (p *printer) selectBody(s *analyze.Select, names []analyze.OutputColumn) string {
	from := ""
	where := ""
	if s.From != nil {
		from = " FROM " + p.relation(s.From)
	}
	if s.Where != nil {
		where = " WHERE " + p.expr(s.Where)
	}
	if s.Group != nil {
		from = fmt.Sprintf(" FROM (%s) AS r%d", p.group(s.Group, from+where), s.Group.ID)
		where = ""
		if s.Having != nil {
			where = " WHERE " + p.expr(s.Having)
		}
	}
	distinct := ""
	if s.Distinct {
		distinct = "DISTINCT "
	}
	return "SELECT " + distinct + p.items(s.Items, names) + from + where
}

func (p *printer) items(items []analyze.Expr, names []analyze.OutputColumn) string {
	parts := make([]string, len(items))
	for i, e := range items {
		if names != nil {
			parts[i] = final(p.expr(e), names[i])
			continue
		}
		parts[i] = fmt.Sprintf("%s AS c%d", p.expr(e), i)
	}
	return strings.Join(parts, ", ")
}

// group writes the grouping of "from" as a query whose columns are the keys,
// the aggregates and the marks.
func (p *printer) group(g *analyze.Aggregation, from string) string {
	p.keys[g.ID] = len(g.Keys)
	var items []string
	for i, k := range g.Keys {
		items = append(items, fmt.Sprintf(`%s AS "$k%d"`, p.expr(k), i))
	}
	for _, a := range g.Aggs {
		items = append(items, fmt.Sprintf("%s AS c%d", p.aggregate(a, ""), len(items)))
	}
	for _, m := range g.Marks {
		items = append(items, fmt.Sprintf("%s AS c%d", p.mark(m), len(items)))
	}
	if len(items) == 0 {
		items = []string{"1 AS c0"}
	}
	return "SELECT " + strings.Join(items, ", ") + from + p.groupBy(g)
}

// mark writes GROUPING(…).
func (p *printer) mark(keys []int) string {
	return "CAST(GROUPING(" + keyNames(keys) + ") AS INTEGER)"
}

func keyNames(keys []int) string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = fmt.Sprintf(`"$k%d"`, k)
	}
	return strings.Join(names, ", ")
}

func (p *printer) groupBy(g *analyze.Aggregation) string {
	if g.Sets != nil {
		sets := make([]string, len(g.Sets))
		for i, set := range g.Sets {
			sets[i] = "(" + keyNames(set) + ")"
		}
		return " GROUP BY GROUPING SETS (" + strings.Join(sets, ", ") + ")"
	}
	if len(g.Keys) == 0 {
		if len(g.Aggs) == 0 {
			return " HAVING true"
		}
		return ""
	}
	all := make([]int, len(g.Keys))
	for i := range all {
		all[i] = i
	}
	return " GROUP BY " + keyNames(all)
}

// sortKeys writes an ordering; NULLs come last unless asked otherwise.
func (p *printer) sortKeys(keys []analyze.SortKey) string {
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = p.sortKey(k)
	}
	return strings.Join(parts, ", ")
}

func (p *printer) sortKey(k analyze.SortKey) string {
	text := ""
	if k.Output >= 0 && k.Expr.Type().Kind != analyze.TimestampTZ {
		text = fmt.Sprint(k.Output + 1)
	} else {
		text = p.comparable(k.Expr)
		if _, constant := k.Expr.(*analyze.Literal); constant {
			text = "CAST(" + text + " AS " + TypeName(k.Expr.Type()) + ")"
		}
	}
	if k.Desc {
		text += " DESC"
	}
	if k.NullsFirst {
		return text + " NULLS FIRST"
	}
	return text + " NULLS LAST"
}

func (p *printer) relation(r analyze.Relation) string {
	switch r := r.(type) {
	case *analyze.Scan:
		return p.scan(r)
	case *analyze.Derived:
		lateral := ""
		if r.Lateral {
			lateral = "LATERAL "
		}
		return fmt.Sprintf("%s(%s) AS r%d", lateral, p.query(r.Query), r.ID)
	case *analyze.NamedScan:
		return fmt.Sprintf("w%d AS r%d", r.Named.ID, r.ID)
	case *analyze.Join:
		return p.join(r)
	case *analyze.Unnest:
		return fmt.Sprintf("(%s) AS r%d", p.unnest(r), r.ID)
	case *analyze.Sequence:
		return p.sequence(r)
	}
	return ""
}

func (p *printer) scan(s *analyze.Scan) string {
	text, err := p.relations(s.Table)
	if err != nil {
		panic(failure{fmt.Errorf("relation of table %s.%s: %w", s.Table.Database, s.Table.Name, err)})
	}
	names := make([]string, len(s.Table.Columns))
	for i, c := range s.Table.Columns {
		names[i] = quoteName(c.Name)
	}
	p.columns[s.ID] = names
	return fmt.Sprintf("%s AS r%d", text, s.ID)
}

func (p *printer) join(j *analyze.Join) string {
	left, right := p.relation(j.Left), p.relation(j.Right)
	if _, nested := j.Right.(*analyze.Join); nested {
		right = "(" + right + ")"
	}
	if isLateral(j.Right) {
		right = "LATERAL " + strings.TrimPrefix(right, "LATERAL ")
	}
	if j.On == nil {
		return left + " CROSS JOIN " + right
	}
	return fmt.Sprintf("%s %s JOIN %s ON %s", left, j.Kind, right, p.expr(j.On))
}

func isLateral(r analyze.Relation) bool {
	switch r := r.(type) {
	case *analyze.Derived:
		return r.Lateral
	case *analyze.Unnest:
		return true
	}
	return false
}

// unnest writes UNNEST as a query; DuckDB opens several lists side by side and
// fills the shorter ones with NULL, as Trino does.
func (p *printer) unnest(u *analyze.Unnest) string {
	var items, lengths []string
	add := func(text string) {
		items = append(items, fmt.Sprintf("unnest(%s) AS c%d", text, len(items)))
	}
	for _, e := range u.Exprs {
		x := p.expr(e)
		t := e.Type()
		lengths = append(lengths, "coalesce(len("+x+"), 0)")
		switch {
		case t.Kind == analyze.Map:
			lengths[len(lengths)-1] = "coalesce(cardinality(" + x + "), 0)"
			add("map_keys(" + x + ")")
			add("map_values(" + x + ")")
		case t.Elem().Kind == analyze.Row:
			for i := range t.Elem().Args {
				v := p.variable()
				add(fmt.Sprintf("list_transform(%s, lambda %s: %s.%s)", x, v, v, quoteName(t.Elem().FieldName(i))))
			}
		default:
			add(x)
		}
	}
	if u.Ordinality {
		add(fmt.Sprintf("range(1, CAST(greatest(%s) AS BIGINT) + 1)", strings.Join(lengths, ", ")))
	}
	return "SELECT " + strings.Join(items, ", ")
}

func (p *printer) sequence(s *analyze.Sequence) string {
	return fmt.Sprintf("(SELECT unnest(generate_series(CAST(%d AS BIGINT), CAST(%d AS BIGINT), CAST(%d AS BIGINT))) AS c0) AS r%d",
		s.Start, s.Stop, s.Step, s.ID)
}
