package sql

// Expr is a value expression.
type Expr interface {
	Node
	expr()
}

// NumberKind tells the three spellings of number apart.
type NumberKind uint8

// The spellings of a number: 12, 1.2 and 1.2e0.
const (
	IntegerNumber NumberKind = iota
	DecimalNumber
	DoubleNumber
)

type (
	// NullLiteral is NULL.
	NullLiteral struct{ Pos }
	// BooleanLiteral is TRUE or FALSE.
	BooleanLiteral struct {
		Pos
		Value bool
	}
	// NumberLiteral keeps its digits as written, without underscores.
	NumberLiteral struct {
		Pos
		Kind NumberKind
		Text string
	}
	// StringLiteral is '…' or U&'…', decoded.
	StringLiteral struct {
		Pos
		Value string
	}
	// BinaryLiteral is X'…', decoded.
	BinaryLiteral struct {
		Pos
		Value []byte
	}
	// TypedLiteral is TYPE 'text', such as DATE '2024-01-31'.
	TypedLiteral struct {
		Pos
		Type *TypeName
		Text string
	}
	// IntervalLiteral is INTERVAL [-] 'text' from [TO to]; units upper case.
	IntervalLiteral struct {
		Pos
		Negative bool
		Text     string
		From, To string
	}
	// Parameter is the n-th question mark, counted from 0.
	Parameter struct {
		Pos
		Index int
	}
	// NameExpr is an identifier used as a value.
	NameExpr struct{ Identifier }
	// Dereference is base.field: a qualified column or a field of a row.
	Dereference struct {
		Pos
		Base  Expr
		Field Identifier
	}
	// Subscript is base[index].
	Subscript struct {
		Pos
		Base, Index Expr
	}
	// Unary is + or - before a value.
	Unary struct {
		Pos
		Op string
		X  Expr
	}
	// Binary is an arithmetic operator or ||. Its position is the operator's
	// left operand's, as in the engine's messages.
	Binary struct {
		Pos
		Op   string
		L, R Expr
	}
	// Comparison is = <> < <= > >= or IS [NOT] DISTINCT FROM.
	Comparison struct {
		Pos
		Op   string
		L, R Expr
	}
	// Quantified is x op ALL|ANY|SOME (query).
	Quantified struct {
		Pos
		Op         string
		Quantifier string
		X          Expr
		Query      *Query
	}
	// Logical is AND or OR over two or more terms.
	Logical struct {
		Pos
		Op    string
		Terms []Expr
	}
	// Not negates.
	Not struct {
		Pos
		X Expr
	}
	// Between is x [NOT] BETWEEN low AND high.
	Between struct {
		Pos
		Not          bool
		X, Low, High Expr
	}
	// In is x [NOT] IN (list) or (query).
	In struct {
		Pos
		Not   bool
		X     Expr
		List  []Expr
		Query *Query
	}
	// Like is x [NOT] LIKE pattern [ESCAPE e].
	Like struct {
		Pos
		Not                bool
		X, Pattern, Escape Expr
	}
	// IsNull is x IS [NOT] NULL.
	IsNull struct {
		Pos
		Not bool
		X   Expr
	}
	// Exists is EXISTS (query).
	Exists struct {
		Pos
		Query *Query
	}
	// Case is both forms of CASE; Operand is nil for the searched one.
	Case struct {
		Pos
		Operand Expr
		Whens   []When
		Else    Expr
	}
	// When is one branch of Case.
	When struct {
		Pos
		Cond, Result Expr
	}
	// Cast is CAST or TRY_CAST.
	Cast struct {
		Pos
		Try  bool
		X    Expr
		Type *TypeName
	}
	// Extract is EXTRACT(field FROM x), field upper case.
	Extract struct {
		Pos
		Field string
		X     Expr
	}
	// AtTimeZone is x AT TIME ZONE zone.
	AtTimeZone struct {
		Pos
		X, Zone Expr
	}
	// Trim is TRIM([spec] [chars] FROM x); Spec is BOTH, LEADING or TRAILING.
	Trim struct {
		Pos
		Spec     string
		Chars, X Expr
	}
	// CurrentValue is a function without parentheses, such as CURRENT_DATE.
	// Precision is -1 when absent.
	CurrentValue struct {
		Pos
		Name      string
		Precision int
	}
	// Call is a function call with everything that can follow it.
	Call struct {
		Pos
		Name     QualifiedName
		Star     bool
		Distinct bool
		Args     []Expr
		OrderBy  []SortItem // inside the parentheses, or WITHIN GROUP
		Within   bool       // OrderBy was written WITHIN GROUP
		Overflow string     // LISTAGG's ON OVERFLOW clause, normalised
		Filter   Expr
		Nulls    string // "", IGNORE, RESPECT
		Over     *Window
	}
	// Lambda is x -> body or (x, y) -> body.
	Lambda struct {
		Pos
		Params []Identifier
		Body   Expr
	}
	// ArrayExpr is ARRAY[…].
	ArrayExpr struct {
		Pos
		Items []Expr
	}
	// RowExpr is ROW(…), or (a, b) when Named is false.
	RowExpr struct {
		Pos
		Named bool
		Items []Expr
	}
)

func (*NullLiteral) expr()     {}
func (*BooleanLiteral) expr()  {}
func (*NumberLiteral) expr()   {}
func (*StringLiteral) expr()   {}
func (*BinaryLiteral) expr()   {}
func (*TypedLiteral) expr()    {}
func (*IntervalLiteral) expr() {}
func (*Parameter) expr()       {}
func (*NameExpr) expr()        {}
func (*Dereference) expr()     {}
func (*Subscript) expr()       {}
func (*Unary) expr()           {}
func (*Binary) expr()          {}
func (*Comparison) expr()      {}
func (*Quantified) expr()      {}
func (*Logical) expr()         {}
func (*Not) expr()             {}
func (*Between) expr()         {}
func (*In) expr()              {}
func (*Like) expr()            {}
func (*IsNull) expr()          {}
func (*Exists) expr()          {}
func (*Case) expr()            {}
func (*Cast) expr()            {}
func (*Extract) expr()         {}
func (*AtTimeZone) expr()      {}
func (*Trim) expr()            {}
func (*CurrentValue) expr()    {}
func (*Call) expr()            {}
func (*Lambda) expr()          {}
func (*ArrayExpr) expr()       {}
func (*RowExpr) expr()         {}
func (*Subquery) expr()        {}

// TypeName is a type as written: a base name with parameters. Base is lower
// case and one of the forms "integer", "decimal", "timestamp with time zone",
// "array", "row" …; numbers go to Numbers and types to Args. Fields names the
// Args of a row where they have names.
type TypeName struct {
	Pos
	Base    string
	Numbers []int
	Args    []*TypeName
	Fields  []*Identifier
}
