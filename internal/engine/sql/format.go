package sql

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Format prints a tree as one line of canonical text: keywords in upper case,
// every compound operand in parentheses. Parsing that text and printing it
// again gives the same text.
func Format(n Node) string {
	f := &formatter{}
	switch n := n.(type) {
	case Statement:
		f.statement(n)
	case *Query:
		f.query(n)
	case Expr:
		f.expr(n)
	case Relation:
		f.relation(n)
	case *TypeName:
		f.typeName(n)
	}
	return f.out.String()
}

type formatter struct{ out strings.Builder }

func (f *formatter) write(parts ...string) {
	for _, s := range parts {
		f.out.WriteString(s)
	}
}

// list prints n things separated by commas.
func (f *formatter) list(n int, each func(int)) {
	for i := range n {
		if i > 0 {
			f.write(", ")
		}
		each(i)
	}
}

func (f *formatter) exprs(list []Expr) { f.list(len(list), func(i int) { f.expr(list[i]) }) }

func (f *formatter) identifier(id Identifier) {
	if id.Quoted || IsReserved(id.Value) {
		f.write(`"`, strings.ReplaceAll(id.Value, `"`, `""`), `"`)
		return
	}
	f.write(id.Value)
}

func (f *formatter) identifiers(ids []Identifier) {
	f.write("(")
	f.list(len(ids), func(i int) { f.identifier(ids[i]) })
	f.write(")")
}

func (f *formatter) name(n QualifiedName) {
	for i, part := range n.Parts {
		if i > 0 {
			f.write(".")
		}
		f.identifier(part)
	}
}

func (f *formatter) statement(s Statement) {
	switch s := s.(type) {
	case *QueryStatement:
		f.query(s.Query)
	case *Explain:
		f.write("EXPLAIN ")
		if s.Analyze {
			f.write("ANALYZE ")
		}
		if s.Verbose {
			f.write("VERBOSE ")
		}
		if len(s.Options) > 0 {
			f.write("(")
			f.list(len(s.Options), func(i int) { f.write(s.Options[i].Name, " ", s.Options[i].Value) })
			f.write(") ")
		}
		f.statement(s.Statement)
	}
}

func (f *formatter) query(q *Query) {
	if q.With != nil {
		f.with(q.With)
	}
	f.body(q.Body)
	f.orderBy(q.OrderBy)
	if q.Offset != nil {
		f.write(" OFFSET ")
		f.expr(q.Offset)
	}
	switch {
	case q.WithTies:
		f.write(" FETCH FIRST ")
		f.expr(q.Limit)
		f.write(" ROWS WITH TIES")
	case q.Limit != nil:
		f.write(" LIMIT ")
		f.expr(q.Limit)
	}
}

func (f *formatter) with(w *With) {
	f.write("WITH ")
	if w.Recursive {
		f.write("RECURSIVE ")
	}
	f.list(len(w.Queries), func(i int) {
		nq := w.Queries[i]
		f.identifier(nq.Name)
		if nq.Columns != nil {
			f.write(" ")
			f.identifiers(nq.Columns)
		}
		f.write(" AS (")
		f.query(nq.Query)
		f.write(")")
	})
	f.write(" ")
}

func (f *formatter) body(b Body) {
	switch b := b.(type) {
	case *Select:
		f.selectBody(b)
	case *Values:
		f.write("VALUES ")
		f.exprs(b.Rows)
	case *TableBody:
		f.write("TABLE ")
		f.name(b.Name)
	case *Subquery:
		f.write("(")
		f.query(b.Query)
		f.write(")")
	case *SetOperation:
		if inner, ok := b.Left.(*SetOperation); ok && (inner.Op == "INTERSECT") == (b.Op == "INTERSECT") {
			f.body(inner)
		} else {
			f.setOperand(b.Left)
		}
		f.write(" ", b.Op, " ")
		if b.All {
			f.write("ALL ")
		}
		f.setOperand(b.Right)
	}
}

// setOperand prints an operand of a set operation, with parentheses around a
// nested operation. Reading makes these parentheses a Subquery, which prints
// the same way.
func (f *formatter) setOperand(b Body) {
	if _, nested := b.(*SetOperation); nested {
		f.write("(")
		f.body(b)
		f.write(")")
		return
	}
	f.body(b)
}

func (f *formatter) selectBody(s *Select) {
	f.write("SELECT ")
	if s.Distinct {
		f.write("DISTINCT ")
	}
	f.list(len(s.Items), func(i int) { f.selectItem(s.Items[i]) })
	if len(s.From) > 0 {
		f.write(" FROM ")
		f.list(len(s.From), func(i int) { f.relation(s.From[i]) })
	}
	f.clause(" WHERE ", s.Where)
	if s.GroupBy != nil {
		f.groupBy(s.GroupBy)
	}
	f.clause(" HAVING ", s.Having)
	if len(s.Windows) > 0 {
		f.write(" WINDOW ")
		f.list(len(s.Windows), func(i int) {
			f.identifier(s.Windows[i].Name)
			f.write(" AS ")
			f.window(s.Windows[i].Window)
		})
	}
}

func (f *formatter) clause(word string, e Expr) {
	if e != nil {
		f.write(word)
		f.expr(e)
	}
}

func (f *formatter) selectItem(item SelectItem) {
	if item.Expr != nil {
		if item.Star {
			f.primary(item.Expr)
			f.write(".")
		} else {
			f.expr(item.Expr)
		}
	}
	if item.Star {
		f.write("*")
	}
	if item.Alias != nil {
		f.write(" AS ")
		f.identifier(*item.Alias)
	}
	if item.Aliases != nil {
		f.write(" AS ")
		f.identifiers(item.Aliases)
	}
}

func (f *formatter) groupBy(g *GroupBy) {
	f.write(" GROUP BY ")
	if g.Distinct {
		f.write("DISTINCT ")
	}
	f.list(len(g.Elements), func(i int) {
		el := g.Elements[i]
		if el.Kind == SimpleGroup {
			f.groupingSet(el.Sets[0])
			return
		}
		f.write(string(el.Kind), " (")
		f.list(len(el.Sets), func(j int) { f.groupingSet(el.Sets[j]) })
		f.write(")")
	})
}

func (f *formatter) groupingSet(set []Expr) {
	if len(set) == 1 {
		f.expr(set[0])
		return
	}
	f.write("(")
	f.exprs(set)
	f.write(")")
}

func (f *formatter) orderBy(items []SortItem) {
	if len(items) > 0 {
		f.write(" ORDER BY ")
		f.sortItems(items)
	}
}

func (f *formatter) sortItems(items []SortItem) {
	f.list(len(items), func(i int) {
		f.expr(items[i].Expr)
		if items[i].Desc {
			f.write(" DESC")
		}
		if items[i].Nulls != "" {
			f.write(" NULLS ", items[i].Nulls)
		}
	})
}

func (f *formatter) window(w *Window) {
	if w.Bare {
		f.identifier(*w.Base)
		return
	}
	f.write("(")
	var parts []func()
	if w.Base != nil {
		parts = append(parts, func() { f.identifier(*w.Base) })
	}
	if w.Partition != nil {
		parts = append(parts, func() { f.write("PARTITION BY "); f.exprs(w.Partition) })
	}
	if w.OrderBy != nil {
		parts = append(parts, func() { f.write("ORDER BY "); f.sortItems(w.OrderBy) })
	}
	if w.Frame != nil {
		parts = append(parts, func() { f.frame(w.Frame) })
	}
	for i, part := range parts {
		if i > 0 {
			f.write(" ")
		}
		part()
	}
	f.write(")")
}

func (f *formatter) frame(fr *Frame) {
	f.write(fr.Unit, " ")
	if fr.End.Kind == "" {
		f.bound(fr.Start)
		return
	}
	f.write("BETWEEN ")
	f.bound(fr.Start)
	f.write(" AND ")
	f.bound(fr.End)
}

func (f *formatter) bound(b FrameBound) {
	if b.Offset != nil {
		f.operand(b.Offset)
		f.write(" ")
	}
	f.write(b.Kind)
}

func (f *formatter) relation(r Relation) {
	switch r := r.(type) {
	case *Table:
		f.name(r.Name)
		if r.Version != nil {
			f.write(" FOR ", r.Version.Kind, " AS OF ")
			f.operand(r.Version.At)
		}
	case *Subquery:
		f.write("(")
		f.query(r.Query)
		f.write(")")
	case *Aliased:
		f.aliased(r)
	case *Join:
		f.join(r)
	case *Unnest:
		f.write("UNNEST(")
		f.exprs(r.Exprs)
		f.write(")")
		if r.Ordinality {
			f.write(" WITH ORDINALITY")
		}
	case *Lateral:
		f.write("LATERAL (")
		f.query(r.Query)
		f.write(")")
	case *TableFunction:
		f.tableFunction(r)
	}
}

func (f *formatter) aliased(r *Aliased) {
	f.relationOperand(r.Relation)
	f.write(" AS ")
	f.identifier(r.Alias)
	if r.Columns != nil {
		f.write(" ")
		f.identifiers(r.Columns)
	}
}

// relationOperand prints a relation with parentheses where it is not primary.
func (f *formatter) relationOperand(r Relation) {
	switch r.(type) {
	case *Join, *Aliased:
		f.write("(")
		f.relation(r)
		f.write(")")
	default:
		f.relation(r)
	}
}

func (f *formatter) join(j *Join) {
	f.joinSide(j.Left)
	f.write(" ")
	if j.Natural {
		f.write("NATURAL ")
	}
	f.write(string(j.Kind), " JOIN ")
	f.joinSide(j.Right)
	f.clause(" ON ", j.On)
	if j.Using != nil {
		f.write(" USING ")
		f.identifiers(j.Using)
	}
}

func (f *formatter) joinSide(r Relation) {
	if _, nested := r.(*Join); nested {
		f.relationOperand(r)
		return
	}
	f.relation(r)
}

func (f *formatter) tableFunction(t *TableFunction) {
	f.write("TABLE(")
	f.name(t.Name)
	f.write("(")
	f.list(len(t.Args), func(i int) {
		if t.Args[i].Name != nil {
			f.identifier(*t.Args[i].Name)
			f.write(" => ")
		}
		f.expr(t.Args[i].Value)
	})
	f.write("))")
}

func (f *formatter) typeName(t *TypeName) {
	base := t.Base
	precision := ""
	if len(t.Numbers) > 0 {
		texts := make([]string, len(t.Numbers))
		for i, n := range t.Numbers {
			texts[i] = strconv.Itoa(n)
		}
		precision = "(" + strings.Join(texts, ", ") + ")"
	}
	if head, found := strings.CutSuffix(base, " with time zone"); found {
		f.write(head, precision, " with time zone")
		return
	}
	if strings.HasPrefix(base, "interval ") {
		f.write(base)
		return
	}
	f.identifier(Identifier{Value: base, Quoted: !plainWord(base)})
	f.write(precision)
	if t.Args != nil {
		f.write("(")
		f.list(len(t.Args), func(i int) {
			if t.Fields != nil && t.Fields[i] != nil {
				f.identifier(*t.Fields[i])
				f.write(" ")
			}
			f.typeName(t.Args[i])
		})
		f.write(")")
	}
}

// plainWord says whether a name reads back as itself without quotes.
func plainWord(s string) bool {
	tokens := tokenize(s)
	return len(tokens) == 2 && tokens[0].kind == tokWord && tokens[0].text == s
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func hexText(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }

func paramPrecision(n int) string {
	if n < 0 {
		return ""
	}
	return fmt.Sprintf("(%d)", n)
}
