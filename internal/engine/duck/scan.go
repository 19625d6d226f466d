package duck

import (
	"fmt"
	"strings"

	"github.com/bindery-project/bindery/internal/engine"
)

// scan is a relation ready for DuckDB: statements that make a view of its name, and the
// paths that the view opens.
type scan struct {
	relation   string
	statements []string
	paths      []string
	indexes    []int // of the file behind each path, among all files of the query
}

// source is a file as DuckDB will read it.
type source struct {
	path        string
	compression string // DuckDB's name: "none", "gzip", "zstd"
	canonical   bool   // rewritten by us: see canonical.go
	index       int    // of the file among all files of the query, for messages
	partition   []*string
}

// table is a relation with parsed types.
type table struct {
	engine.Relation
	types      []hiveType
	partitions []hiveType
	number     int // of the relation within the query
}

func newTable(r engine.Relation, number int) (table, error) {
	t := table{Relation: r, number: number}
	var err error
	if t.types, err = parseColumns(r.Columns); err != nil {
		return t, failureOf(engine.ClassUnsupported, fmt.Sprintf("table %s: %v", r.Name, err))
	}
	if t.partitions, err = parseColumns(r.Partitions); err != nil {
		return t, failureOf(engine.ClassUnsupported, fmt.Sprintf("table %s: %v", r.Name, err))
	}
	for _, f := range r.Files {
		if len(f.Partition) != len(r.Partitions) {
			return t, fmt.Errorf("relation %q: file %s has %d partition values, want %d",
				r.Name, f.Key, len(f.Partition), len(r.Partitions))
		}
	}
	return t, nil
}

func parseColumns(columns []engine.Column) ([]hiveType, error) {
	types := make([]hiveType, len(columns))
	for i, c := range columns {
		t, err := parseHiveType(c.Type)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		types[i] = t
	}
	return types, nil
}

// reader knows one format: how DuckDB reads a group of like files, and how a column comes
// out of what it read.
type reader interface {
	// from is a table function over the list variable of a group.
	from(files string, g group) string
	// column is the expression of column i over that function's result.
	column(i int, g group) string
}

// group is a set of files that are read in the same way.
type group struct {
	name        string // prefix of the group's variables
	compression string
	canonical   bool
	sources     []source
}

// groups sorts sources by the way they are read, in order of first appearance.
func groups(t table, sources []source) []group {
	type way struct {
		compression string
		canonical   bool
	}
	var list []group
	seen := map[way]int{}
	for _, s := range sources {
		w := way{s.compression, s.canonical}
		i, ok := seen[w]
		if !ok {
			i = len(list)
			seen[w] = i
			name := fmt.Sprintf("bindery_%d_%d", t.number, i)
			list = append(list, group{name: name, compression: s.compression, canonical: s.canonical})
		}
		list[i].sources = append(list[i].sources, s)
	}
	return list
}

// newScan builds the view of a relation: one SELECT per group, all glued by UNION ALL.
func newScan(t table, sources []source, r reader) scan {
	s := scan{relation: t.Name}
	var selects []string
	for _, g := range groups(t, sources) {
		s.statements = append(s.statements, g.variables()...)
		var from string
		if from = r.from("getvariable('"+g.name+"_files')", g); g.partitionsDiffer() {
			s.statements = append(s.statements, t.partitionTable(g))
			from += " AS f JOIN " + g.name + "_partitions AS p ON p.i = f.file_index"
		} else {
			from += " AS f"
		}
		selects = append(selects, "SELECT "+t.projection(g, r)+" FROM "+from)
		for _, src := range g.sources {
			s.paths = append(s.paths, src.path)
			s.indexes = append(s.indexes, src.index)
		}
	}
	if len(selects) == 0 {
		selects = []string{t.emptySelect()}
	}
	view := "CREATE VIEW " + quoteName(t.Name) + " AS " + strings.Join(selects, " UNION ALL ")
	s.statements = append(s.statements, view)
	return s
}

// variables holds the lists that a group's reader needs. Lists in variables instead of in the
// view's text keep ten thousand files from being parsed again with every use of the view.
func (g group) variables() []string {
	paths := make([]string, len(g.sources))
	indexes := make([]string, len(g.sources))
	for i, s := range g.sources {
		paths[i] = s.path
		indexes[i] = fmt.Sprint(s.index)
	}
	return []string{
		"SET VARIABLE " + g.name + "_files = " + quoteList(paths),
		"SET VARIABLE " + g.name + "_index = [" + strings.Join(indexes, ",") + "]",
	}
}

// fileNumber is the expression of a row's file among all files of the query.
func (g group) fileNumber() string {
	return "getvariable('" + g.name + "_index')[(f.file_index + 1)::BIGINT]"
}

func (g group) partitionsDiffer() bool {
	for _, s := range g.sources {
		for i, v := range s.partition {
			first := g.sources[0].partition[i]
			if (v == nil) != (first == nil) || (v != nil && *v != *first) {
				return true
			}
		}
	}
	return false
}

// partitionTable holds the values of a group's partition columns by file_index. A join with it
// is as good as free; an index into a list costs a copy of the list per chunk of rows.
func (t table) partitionTable(g group) string {
	columns := []string{"unnest(range(" + fmt.Sprint(len(g.sources)) + "))::UBIGINT AS i"}
	for n := range t.Partitions {
		values := make([]string, len(g.sources))
		for i, s := range g.sources {
			values[i] = partitionText(s.partition[n])
		}
		list := "unnest([" + strings.Join(values, ",") + "]::VARCHAR[])"
		columns = append(columns, t.partitionValue(n, list)+fmt.Sprintf(" AS p%d", n))
	}
	return "CREATE TABLE " + g.name + "_partitions AS SELECT " + strings.Join(columns, ", ")
}

// hiveDefaultPartition is how Hive writes a partition value of NULL.
const hiveDefaultPartition = "__HIVE_DEFAULT_PARTITION__"

func partitionText(v *string) string {
	if v == nil || *v == hiveDefaultPartition {
		return "NULL"
	}
	return quoteText(*v)
}

// partitionValue casts a partition's text to the declared type. A value that does not fit
// its type is an error of the catalog: Athena fails the query.
func (t table) partitionValue(n int, text string) string {
	name, err := t.partitions[n].duck()
	if err != nil || name == "VARCHAR" {
		return text
	}
	return "CAST(" + text + " AS " + name + ")"
}

func (t table) projection(g group, r reader) string {
	var list []string
	for i, c := range t.Columns {
		list = append(list, r.column(i, g)+" AS "+quoteName(c.Name))
	}
	differ := g.partitionsDiffer()
	for n, c := range t.Partitions {
		value := fmt.Sprintf("p.p%d", n)
		if !differ {
			value = t.partitionValue(n, partitionText(g.sources[0].partition[n])+"::VARCHAR")
		}
		list = append(list, value+" AS "+quoteName(c.Name))
	}
	return strings.Join(list, ", ")
}

// emptySelect has the right columns and no rows.
func (t table) emptySelect() string {
	var list []string
	types := append(append([]hiveType{}, t.types...), t.partitions...)
	for i, c := range append(append([]engine.Column{}, t.Columns...), t.Partitions...) {
		name, err := types[i].duck()
		if err != nil {
			name = "VARCHAR" // parseColumns has refused such a type
		}
		list = append(list, "NULL::"+name+" AS "+quoteName(c.Name))
	}
	return "SELECT " + strings.Join(list, ", ") + " WHERE false"
}
