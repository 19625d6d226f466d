package analyze

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/engine/sql"
)

// Catalog finds tables. Names come in lower case; catalog is "awsdatacatalog"
// unless the query names another. A table that does not exist, or that the
// caller may not see, is [ErrNoTable]; any other error ends the analysis as it is.
type Catalog interface {
	Table(ctx context.Context, catalog, database, name string) (*Table, error)
}

// ErrNoTable says that a table does not exist as far as the caller may know.
var ErrNoTable = errors.New("table not found")

// Table describes a table or view of the catalog. Types are in the catalog's
// words ("int", "struct<a:string>"). Handle is the caller's own and comes back
// in the plan.
type Table struct {
	Database      string
	Name          string
	Columns       []TableColumn
	PartitionKeys []TableColumn
	View          *View // nil for tables
	Handle        any
}

// TableColumn is a column as the catalog describes it.
type TableColumn struct{ Name, Type string }

// View is a stored query. Catalog and Database are where its names resolve;
// Columns have the types it had when it was made, in query words ("varchar(3)").
type View struct {
	SQL      string
	Catalog  string
	Database string
	Columns  []TableColumn
}

// Session is what a query sees of its surroundings.
type Session struct {
	Catalog  string // "" means awsdatacatalog
	Database string
	User     string
	Now      time.Time // the query's start; every "now" in it is this one
	// DecimalLiterals reads 1.5 as decimal(2,1). The service reads it as
	// double, which is the default here.
	DecimalLiterals bool
	// Parameters are the values for the question marks, parsed.
	Parameters []sql.Expr
}

// Plan is what a query means. Every column of Output has a name.
type Plan struct {
	Output []OutputColumn
	Tables []*TableRef
	Query  *Query
	// Views lists the views the query went through, for authorization.
	Views []*TableRef
	// Session is the one the plan was made for.
	Session Session
}

// TableRef is one reading of a table.
type TableRef struct {
	ID       int
	Catalog  string
	Database string
	Name     string
	Table    *Table
	Version  *sql.TableVersion // time travel, or nil
	// Columns are the columns of the relation: the table's, then its partition keys.
	Columns []OutputColumn
	// Used are the names of the columns read; using a field of a row uses its column.
	Used []string
	// Partitions is what the query demands of the partition keys.
	Partitions PartitionFilter
}

const defaultCatalog = "awsdatacatalog"

// Analyze resolves a query. Errors about the query are [*sql.Error]; others
// come from the catalog.
func Analyze(ctx context.Context, stmt *sql.QueryStatement, catalog Catalog, session Session) (plan *Plan, err error) {
	a := &analyzer{ctx: ctx, catalog: catalog, session: session}
	if a.session.Catalog == "" {
		a.session.Catalog = defaultCatalog
	}
	defer a.recoverError(&err)
	a.checkParameters(stmt)
	q := a.query(stmt.Query, nil)
	plan = &Plan{Output: outputNames(q.Columns), Tables: a.tables, Query: q, Views: a.views, Session: a.session}
	markUsed(plan)
	prunePartitions(plan)
	return plan, nil
}

// outputNames names the columns that the query does not: _col0, _col1, …, by place.
func outputNames(columns []OutputColumn) []OutputColumn {
	out := append([]OutputColumn(nil), columns...)
	for i := range out {
		if out[i].Name == "" {
			out[i].Name = "_col" + strconv.Itoa(i)
		}
	}
	return out
}

// analyzer carries what one analysis shares. Faults travel as panics of
// failure and are caught in Analyze.
type analyzer struct {
	ctx       context.Context
	catalog   Catalog
	session   Session
	tables    []*TableRef
	views     []*TableRef
	viewStack []string
	withs     []withNamed
	relations int
	variables int
	named     int
	lambdas   int
	windows   map[string]*sql.Window // of the select under analysis
}

// failure wraps an error on its way up.
type failure struct{ err error }

func (a *analyzer) recoverError(err *error) {
	switch fault := recover().(type) {
	case nil:
	case failure:
		*err = fault.err
	default:
		panic(fault)
	}
}

// fail ends the analysis with an error at a place of the text.
func fail(at sql.Node, code sql.Code, format string, args ...any) {
	panic(failure{sql.Errorf(at.Position(), code, format, args...)})
}

// Bounds on what one query may grow to, since views, WITH queries and stars
// multiply. The service has no query near them.
const (
	maxRelations = 5_000
	maxColumns   = 20_000
)

func (a *analyzer) nextRelation() int {
	a.relations++
	if a.relations > maxRelations {
		fail(sql.Pos{Line: 1, Column: 1}, sql.NotSupported, "a query of more than %d relations is not supported", maxRelations)
	}
	return a.relations
}

// checkWidth bounds the columns of one relation or result.
func (a *analyzer) checkWidth(at sql.Node, columns int) {
	if columns > maxColumns {
		fail(at, sql.NotSupported, "a query of more than %d columns is not supported", maxColumns)
	}
}

// checkParameters compares the number of question marks with the values given.
func (a *analyzer) checkParameters(stmt *sql.QueryStatement) {
	expected, found := stmt.Parameters, len(a.session.Parameters)
	if found != expected {
		fail(stmt, InvalidParameterUsage, "Incorrect number of parameters: expected %d but found %d", expected, found)
	}
}

// lookup finds a table by a name of one to three parts.
func (a *analyzer) lookup(name sql.QualifiedName) (*Table, *TableRef) {
	parts := make([]string, len(name.Parts))
	for i, p := range name.Parts {
		parts[i] = strings.ToLower(p.Value)
	}
	ref := &TableRef{Catalog: a.session.Catalog, Database: strings.ToLower(a.session.Database), Name: parts[len(parts)-1]}
	switch len(parts) {
	case 1:
	case 2:
		ref.Database = parts[0]
	case 3:
		ref.Catalog, ref.Database = parts[0], parts[1]
	default:
		fail(name, sql.SyntaxError, "Too many dots in table name: %s", strings.Join(parts, "."))
	}
	if ref.Database == "" {
		fail(name, "MISSING_SCHEMA_NAME", "Schema must be specified when session schema is not set")
	}
	table, err := a.catalog.Table(a.ctx, ref.Catalog, ref.Database, ref.Name)
	if errors.Is(err, ErrNoTable) {
		fail(name, TableNotFound, "Table '%s.%s.%s' does not exist", ref.Catalog, ref.Database, ref.Name)
	}
	if err != nil {
		panic(failure{fmt.Errorf("look up table %s.%s: %w", ref.Database, ref.Name, err)})
	}
	ref.Table = table
	return table, ref
}

// markUsed notes for every table the columns the plan reads.
func markUsed(plan *Plan) {
	used := map[[2]int]bool{}
	visitPlan(plan, func(e Expr) {
		if c, ok := e.(*Column); ok {
			used[[2]int{c.Rel, c.Index}] = true
		}
	})
	for _, t := range plan.Tables {
		for i, c := range t.Columns {
			if used[[2]int{t.ID, i}] {
				t.Used = append(t.Used, c.Name)
			}
		}
	}
}

// visitPlan calls f for every expression of the plan, each WITH query once.
func visitPlan(plan *Plan, f func(Expr)) {
	seen := map[*Named]bool{}
	r := &rewriter{leave: func(e Expr) Expr { f(e); return e }}
	r.named = func(n *Named) {
		if !seen[n] {
			seen[n] = true
			r.query(n.Query)
		}
	}
	r.query(plan.Query)
}
