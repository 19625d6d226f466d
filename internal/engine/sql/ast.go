package sql

// Node is anything with a place in the text.
type Node interface{ Position() Pos }

// Statement is one complete statement. Definitions and data changes will be
// further implementations; today only [*QueryStatement] and [*Explain] exist.
type Statement interface {
	Node
	statement()
}

// QueryStatement is a statement that only reads. Parameters counts its
// question marks.
type QueryStatement struct {
	Pos
	Query      *Query
	Parameters int
}

// Explain asks for the plan of a statement instead of its rows.
type Explain struct {
	Pos
	Analyze   bool
	Verbose   bool
	Options   []ExplainOption
	Statement Statement
}

// ExplainOption is one of TYPE x and FORMAT x, upper case.
type ExplainOption struct{ Name, Value string }

func (*QueryStatement) statement() {}
func (*Explain) statement()        {}

// Identifier is a name. Unquoted names compare without regard to case, and so
// do quoted ones in this engine; Value keeps the letters as written.
type Identifier struct {
	Pos
	Value  string
	Quoted bool
}

// QualifiedName is a dotted name, outermost part first.
type QualifiedName struct {
	Pos
	Parts []Identifier
}

// Query is a body with what surrounds it. Offset and Limit are integer
// literals or parameters; LimitAll is LIMIT ALL; WithTies is FETCH … WITH TIES.
type Query struct {
	Pos
	With     *With
	Body     Body
	OrderBy  []SortItem
	Offset   Expr
	Limit    Expr
	WithTies bool
}

// With holds the named queries of WITH.
type With struct {
	Pos
	Recursive bool
	Queries   []*NamedQuery
}

// NamedQuery is name (columns) AS (query).
type NamedQuery struct {
	Pos
	Name    Identifier
	Columns []Identifier
	Query   *Query
}

// Body is what a query consists of: [*Select], [*SetOperation], [*Values],
// [*TableBody] or [*Subquery].
type Body interface {
	Node
	body()
}

// Select is one query specification.
type Select struct {
	Pos
	Distinct bool
	Items    []SelectItem
	From     []Relation // joined by commas; empty without FROM
	Where    Expr
	GroupBy  *GroupBy
	Having   Expr
	Windows  []NamedWindow
}

// SelectItem is an expression with an optional alias, or a star: "*",
// "x.*" or "expr.* AS (a, b)".
type SelectItem struct {
	Pos
	Star    bool
	Expr    Expr // nil for the bare star
	Alias   *Identifier
	Aliases []Identifier // of expr.*
}

// GroupBy lists grouping elements.
type GroupBy struct {
	Pos
	Distinct bool
	Elements []GroupingElement
}

// GroupingKind tells the forms of a grouping element apart.
type GroupingKind string

// The forms of a grouping element.
const (
	SimpleGroup  GroupingKind = ""
	RollupGroup  GroupingKind = "ROLLUP"
	CubeGroup    GroupingKind = "CUBE"
	GroupingSets GroupingKind = "GROUPING SETS"
)

// GroupingElement is a set of expressions, or several of them.
type GroupingElement struct {
	Pos
	Kind GroupingKind
	Sets [][]Expr // one set for SimpleGroup; for ROLLUP and CUBE one set per expression list
}

// SetOperation is UNION, INTERSECT or EXCEPT of two bodies.
type SetOperation struct {
	Pos
	Op          string // UNION, INTERSECT, EXCEPT
	All         bool
	Left, Right Body
}

// Values is a table written out.
type Values struct {
	Pos
	Rows []Expr // a row of several columns is a *RowExpr
}

// TableBody is TABLE name.
type TableBody struct {
	Pos
	Name QualifiedName
}

// Subquery is a query in parentheses. It is a Body, a Relation and an Expr.
type Subquery struct {
	Pos
	Query *Query
}

func (*Select) body()       {}
func (*SetOperation) body() {}
func (*Values) body()       {}
func (*TableBody) body()    {}
func (*Subquery) body()     {}

// Relation is what FROM reads: [*Table], [*Subquery], [*Join], [*Aliased],
// [*Unnest], [*Lateral] or [*TableFunction].
type Relation interface {
	Node
	relation()
}

// Table names a table or view, possibly as it was at some time.
type Table struct {
	Pos
	Name    QualifiedName
	Version *TableVersion
}

// TableVersion is FOR TIMESTAMP|VERSION AS OF expression.
type TableVersion struct {
	Pos
	Kind string // TIMESTAMP or VERSION
	At   Expr
}

// Aliased gives a relation and possibly its columns other names.
type Aliased struct {
	Pos
	Relation Relation
	Alias    Identifier
	Columns  []Identifier
}

// JoinKind is the kind of a join.
type JoinKind string

// The kinds of join. Cross is also what a comma means.
const (
	CrossJoin JoinKind = "CROSS"
	InnerJoin JoinKind = "INNER"
	LeftJoin  JoinKind = "LEFT"
	RightJoin JoinKind = "RIGHT"
	FullJoin  JoinKind = "FULL"
)

// Join combines two relations. At most one of On, Using, Natural is set.
type Join struct {
	Pos
	Kind        JoinKind
	Left, Right Relation
	On          Expr
	Using       []Identifier
	Natural     bool
}

// Unnest opens arrays and maps into rows.
type Unnest struct {
	Pos
	Exprs      []Expr
	Ordinality bool
}

// Lateral is a subquery that sees the relations to its left.
type Lateral struct {
	Pos
	Query *Query
}

// TableFunction is TABLE(f(args)).
type TableFunction struct {
	Pos
	Name QualifiedName
	Args []TableArgument
}

// TableArgument is an argument with or without "name =>".
type TableArgument struct {
	Pos
	Name  *Identifier
	Value Expr
}

func (*Table) relation()         {}
func (*Subquery) relation()      {}
func (*Aliased) relation()       {}
func (*Join) relation()          {}
func (*Unnest) relation()        {}
func (*Lateral) relation()       {}
func (*TableFunction) relation() {}

// SortItem is one key of ORDER BY. Nulls is "", FIRST or LAST.
type SortItem struct {
	Pos
	Expr  Expr
	Desc  bool
	Nulls string
}

// NamedWindow is name AS (window).
type NamedWindow struct {
	Pos
	Name   Identifier
	Window *Window
}

// Window is a window specification; Base names another one it builds on. A
// reference by bare name (OVER w) has only Base and Bare set.
type Window struct {
	Pos
	Base      *Identifier
	Bare      bool
	Partition []Expr
	OrderBy   []SortItem
	Frame     *Frame
}

// Frame bounds the rows a window function sees.
type Frame struct {
	Pos
	Unit       string // ROWS, RANGE, GROUPS
	Start, End FrameBound
}

// FrameBound is a frame's edge; Kind is one of UNBOUNDED PRECEDING, PRECEDING,
// CURRENT ROW, FOLLOWING, UNBOUNDED FOLLOWING, or "" for an absent end.
type FrameBound struct {
	Pos
	Kind   string
	Offset Expr
}
