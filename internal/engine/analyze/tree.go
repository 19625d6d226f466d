package analyze

import "github.com/bindery-project/bindery/internal/engine/sql"

// Expr is a typed expression whose names are resolved and whose implicit
// coercions are written out as casts.
type Expr interface {
	Type() *Type
	Position() sql.Pos
}

// typed gives a node its type and place.
type typed struct {
	T *Type
	sql.Pos
}

// Type is the type of the expression's value.
func (t *typed) Type() *Type { return t.T }

type (
	// Literal is a constant. Value is nil for NULL, bool, int64 (whole
	// numbers, intervals in milliseconds or months), float64 (real, double),
	// []byte, or string: text, decimal digits, "2024-01-31",
	// "2024-01-31 10:00:00.123456" (UTC for zoned ones, whose Zone is set).
	Literal struct {
		typed
		Value any
		Zone  string
	}
	// Column is column Index of the relation with number Rel.
	Column struct {
		typed
		Rel   int
		Index int
	}
	// Variable is a lambda's parameter; numbers are unique in a plan.
	Variable struct {
		typed
		ID int
	}
	// Lambda is a function value.
	Lambda struct {
		typed
		Params []*Variable
		Body   Expr
	}
	// Call is a scalar function or operator of the catalogue, by lower-case
	// name. Operators are named by their symbol: "+", "=", "and", "like".
	Call struct {
		typed
		Name string
		Args []Expr
	}
	// Cast converts X to the node's type; a Try cast gives NULL on failure.
	// Implicit ones were added by the analyzer and cannot fail.
	Cast struct {
		typed
		X        Expr
		Try      bool
		Implicit bool
	}
	// Case takes the first branch whose condition holds.
	Case struct {
		typed
		Whens []When
		Else  Expr // nil for NULL
	}
	// When is a branch of Case.
	When struct{ Cond, Result Expr }
	// Field is field Index of a row.
	Field struct {
		typed
		X     Expr
		Index int
	}
	// Subquery gives the only value of a query of at most one row.
	Subquery struct {
		typed
		Query *Query
	}
	// Exists says whether a query gives any row.
	Exists struct {
		typed
		Query *Query
	}
	// InQuery says whether X is among a query's values. X is a row when the
	// query has several columns.
	InQuery struct {
		typed
		X     Expr
		Query *Query
	}
	// Quantified is x op ALL|ANY (query).
	Quantified struct {
		typed
		Op    string
		All   bool
		X     Expr
		Query *Query
	}
	// Aggregate is a call of an aggregate function. It stands only in
	// Aggregation.Aggs, or inside a Window.
	Aggregate struct {
		typed
		Name     string
		Args     []Expr
		Distinct bool
		OrderBy  []SortKey
		Filter   Expr
	}
	// Window is a function over a window. Agg is set when the function is an
	// aggregate, else Name and Args.
	Window struct {
		typed
		Agg         *Aggregate
		Name        string
		Args        []Expr
		IgnoreNulls bool
		Partition   []Expr
		OrderBy     []SortKey
		Frame       *Frame
	}
)

// Frame bounds a window's rows. Unit is ROWS, RANGE or GROUPS.
type Frame struct {
	Unit       string
	Start, End FrameBound
}

// FrameBound is an edge as in [sql.FrameBound], with its offset resolved.
type FrameBound struct {
	Kind   string
	Offset Expr
}

// SortKey is one key of an ordering. Output is the place of the output column
// it names (from 0), or -1 when Expr is to be evaluated.
type SortKey struct {
	Output     int
	Expr       Expr
	Desc       bool
	NullsFirst bool
}

// Query is a query ready for execution.
type Query struct {
	With    []*Named
	Body    Body
	OrderBy []SortKey
	Offset  *int64
	Limit   *int64
	Columns []OutputColumn
}

// OutputColumn is a column of a query's result. Name is empty when the query
// gives it none.
type OutputColumn struct {
	Name string
	Type *Type
}

// Named is a query of WITH.
type Named struct {
	ID    int
	Name  string
	Query *Query
	Uses  int // how often it is read
}

// Body is [*Select], [*SetOperation] or [*Values].
type Body interface{ body() }

// Select is a query specification. When Group is set, every expression of
// Having, Items and the query's OrderBy reads only Group's columns.
type Select struct {
	Distinct bool
	Items    []Expr
	From     Relation // nil without FROM
	Where    Expr
	Group    *Aggregation
	Having   Expr
}

// Aggregation is the grouping of a Select. As a relation its columns are the
// keys, then the aggregates, then the grouping marks.
type Aggregation struct {
	ID   int
	Keys []Expr
	// Sets lists the grouping sets by index of key; nil means one set of all keys.
	Sets  [][]int
	Aggs  []*Aggregate
	Marks [][]int // each GROUPING(…): the keys asked about
}

// SetOperation combines two queries of equal column types.
type SetOperation struct {
	Op          string
	All         bool
	Left, Right *Query
}

// Values is a table of expressions; every row has as many as the query has columns.
type Values struct{ Rows [][]Expr }

func (*Select) body()       {}
func (*SetOperation) body() {}
func (*Values) body()       {}

// Relation is [*Scan], [*Derived], [*NamedScan], [*Join], [*Unnest] or
// [*Sequence].
type Relation interface{ relation() }

type (
	// Scan reads a table of the plan.
	Scan struct {
		ID    int
		Table *TableRef
	}
	// Derived reads a query. It may see the relations to its left when Lateral.
	Derived struct {
		ID      int
		Query   *Query
		Lateral bool
	}
	// NamedScan reads a query of WITH.
	NamedScan struct {
		ID    int
		Named *Named
	}
	// Join combines two relations; On is nil for cross joins.
	Join struct {
		Kind        sql.JoinKind
		Left, Right Relation
		On          Expr
	}
	// Unnest opens arrays and maps of the relations to its left. Its columns
	// are, per expression: element; key and value; or the fields of the
	// element row; then the ordinal.
	Unnest struct {
		ID         int
		Exprs      []Expr
		Ordinality bool
		Columns    []OutputColumn
	}
	// Sequence is TABLE(sequence(…)): whole numbers from Start to Stop.
	Sequence struct {
		ID                int
		Start, Stop, Step int64
	}
)

func (*Scan) relation()      {}
func (*Derived) relation()   {}
func (*NamedScan) relation() {}
func (*Join) relation()      {}
func (*Unnest) relation()    {}
func (*Sequence) relation()  {}

// typedAt is a short form for the embedded part of nodes.
func typedAt(t *Type, at sql.Pos) typed { return typed{T: t, Pos: at} }

func call(at sql.Pos, t *Type, name string, args ...Expr) *Call {
	return &Call{typed: typedAt(t, at), Name: name, Args: args}
}
