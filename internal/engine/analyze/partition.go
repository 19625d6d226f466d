package analyze

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/engine/sql"
)

// NullPartition is the text that stands for NULL among partition values.
const NullPartition = "__HIVE_DEFAULT_PARTITION__"

// PartitionFilter is a conjunction over a table's partition keys. It only
// narrows: the query repeats every condition, so that a term which cannot be
// evaluated here is left out. The zero value matches everything.
type PartitionFilter struct {
	terms []Expr
	keys  []partitionKey
	first int // the index of the first partition key among the table's columns
	table int
}

// partitionKey is a key of the table and its type.
type partitionKey struct {
	name string
	typ  *Type
}

// Empty says whether the filter demands nothing.
func (f *PartitionFilter) Empty() bool { return len(f.terms) == 0 }

// add takes a condition when it speaks of partition keys only and can be
// evaluated here.
func (f *PartitionFilter) add(t *TableRef, cond Expr) {
	first := len(t.Table.Columns)
	if len(t.Columns) == first {
		return
	}
	if f.keys == nil {
		f.first, f.table = first, t.ID
		for _, c := range t.Columns[first:] {
			f.keys = append(f.keys, partitionKey{c.Name, c.Type})
		}
	}
	touches := false
	ok := evaluable(cond, func(c *Column) bool {
		touches = true
		return c.Rel == t.ID && c.Index >= first && storable(c.T)
	})
	if ok && touches || isFalse(cond) {
		f.terms = append(f.terms, cond)
	}
}

// isFalse finds WHERE false, which clients use to ask for columns only.
func isFalse(e Expr) bool {
	lit, ok := e.(*Literal)
	return ok && (lit.Value == false || lit.Value == nil)
}

// storable lists the types that partition values are read as.
func storable(t *Type) bool {
	switch t.Kind { //nolint:exhaustive // the list is the answer
	case Boolean, Tinyint, Smallint, Integer, Bigint, Decimal, Varchar, Char, Date, Timestamp, Double:
		return true
	}
	return false
}

// Match says whether a partition with the given values, in the order of the
// keys, can hold rows the query needs. A value that is no value of its key's
// type is an error, worded as the engine does.
func (f *PartitionFilter) Match(values []string) (bool, error) {
	if len(f.terms) == 0 {
		return true, nil
	}
	if len(values) != len(f.keys) {
		return false, fmt.Errorf("partition has %d values, the table has %d partition keys", len(values), len(f.keys))
	}
	row := make([]any, len(values))
	for i, text := range values {
		v, err := f.keys[i].read(text)
		if err != nil {
			return false, err
		}
		row[i] = v
	}
	for _, term := range f.terms {
		v, err := (&evaluation{row: row, first: f.first}).eval(term)
		if err != nil {
			continue // the query itself meets the same fault, if any row is there
		}
		if v != true {
			return false, nil
		}
	}
	return true, nil
}

// read parses a partition value.
func (k partitionKey) read(text string) (any, error) {
	if text == NullPartition {
		return nil, nil
	}
	v, err := readValue(k.typ, text)
	if err != nil {
		return nil, fmt.Errorf("HIVE_INVALID_PARTITION_VALUE: Invalid partition value '%s' for %s partition key: %s",
			text, strings.ToUpper(k.typ.String()), k.name)
	}
	return v, nil
}

// readValue parses text as a value of a type: bool, int64, float64, *big.Rat,
// string or time.Time.
func readValue(t *Type, text string) (any, error) {
	switch t.Kind { //nolint:exhaustive // storable lists the types of partition keys
	case Boolean:
		return strconv.ParseBool(strings.ToLower(text))
	case Tinyint, Smallint, Integer, Bigint:
		return strconv.ParseInt(text, 10, map[Kind]int{Tinyint: 8, Smallint: 16, Integer: 32, Bigint: 64}[t.Kind])
	case Real, Double:
		return strconv.ParseFloat(text, 64)
	case Decimal:
		if r, ok := new(big.Rat).SetString(text); ok && decimalPattern.MatchString(text) {
			return r, nil
		}
	case Varchar:
		return text, nil
	case Char:
		return strings.TrimRight(text, " "), nil
	case Date:
		return time.Parse("2006-01-02", text)
	case Timestamp:
		return readTimestamp(text)
	}
	return nil, fmt.Errorf("%q is no %s", text, t)
}

func readTimestamp(text string) (any, error) {
	for _, layout := range []string{"2006-01-02 15:04:05.999999", "2006-01-02 15:04", "2006-01-02"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return nil, fmt.Errorf("%q is no timestamp", text)
}

// maxExpression is Glue's limit for the Expression of GetPartitions.
const maxExpression = 2048

// GlueExpression writes the filter in the language of GetPartitions, as much of
// it as that language says. The text never excludes a partition that Match
// keeps; exact says that it keeps none that Match excludes. The empty text asks
// for every partition.
func (f *PartitionFilter) GlueExpression() (text string, exact bool) {
	var parts []string
	exact = true
	size := 0
	for _, term := range f.terms {
		part, ok := f.glue(term)
		if !ok || size+len(part)+7 > maxExpression {
			exact = false
			continue
		}
		size += len(part) + 7
		parts = append(parts, "("+part+")")
	}
	return strings.Join(parts, " AND "), exact
}

var glueOperators = map[string]string{"=": "=", "<>": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}

// mirrored turns a comparison round.
var mirrored = map[string]string{"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// glue writes a term, or says that it cannot.
func (f *PartitionFilter) glue(e Expr) (string, bool) {
	c, ok := e.(*Call)
	if !ok {
		return "", false
	}
	switch c.Name {
	case "and", "or":
		return f.glueList(c)
	case "in":
		return f.glueIn(c)
	case "between":
		name, t, ok1 := f.glueKey(c.Args[0])
		low, ok2 := glueLiteral(c.Args[1], t)
		high, ok3 := glueLiteral(c.Args[2], t)
		return name + " BETWEEN " + low + " AND " + high, ok1 && ok2 && ok3
	}
	op, known := glueOperators[c.Name]
	if !known {
		return "", false
	}
	left, right := c.Args[0], c.Args[1]
	if _, _, isKey := f.glueKey(left); !isKey {
		left, right, op = right, left, mirrored[op]
	}
	name, t, ok1 := f.glueKey(left)
	value, ok2 := glueLiteral(right, t)
	return name + " " + op + " " + value, ok1 && ok2
}

func (f *PartitionFilter) glueList(c *Call) (string, bool) {
	parts := make([]string, len(c.Args))
	for i, arg := range c.Args {
		part, ok := f.glue(arg)
		if !ok {
			return "", false
		}
		parts[i] = "(" + part + ")"
	}
	return strings.Join(parts, " "+strings.ToUpper(c.Name)+" "), true
}

func (f *PartitionFilter) glueIn(c *Call) (string, bool) {
	name, t, ok := f.glueKey(c.Args[0])
	parts := make([]string, len(c.Args)-1)
	for i, arg := range c.Args[1:] {
		value, isValue := glueLiteral(arg, t)
		ok = ok && isValue
		parts[i] = value
	}
	return name + " IN (" + strings.Join(parts, ", ") + ")", ok
}

// glueKey recognises a partition key, also behind a widening of whole numbers.
func (f *PartitionFilter) glueKey(e Expr) (string, *Type, bool) {
	if c, ok := e.(*Cast); ok && c.Implicit && c.X.Type().IsInteger() && c.T.IsInteger() {
		e = c.X
	}
	col, ok := e.(*Column)
	if !ok || col.Rel != f.table || col.Index < f.first {
		return "", nil, false
	}
	k := f.keys[col.Index-f.first]
	return k.name, k.typ, glueName(k.name)
}

// glueWords are refused as bare names by the service's grammar.
var glueWords = map[string]bool{"key": true, "date": true, "timestamp": true, "interval": true, "like": true}

func glueName(name string) bool {
	if sql.IsReserved(name) || glueWords[name] {
		return false
	}
	for i, r := range name {
		if r != '_' && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

// glueLiteral writes a constant for a key of type t. The text of the NULL
// partition would compare differently there, and is left out.
func glueLiteral(e Expr, t *Type) (string, bool) {
	if c, ok := e.(*Cast); ok && c.Implicit {
		return glueLiteral(c.X, t)
	}
	lit, ok := e.(*Literal)
	if !ok || t == nil {
		return "", false
	}
	switch v := lit.Value.(type) {
	case int64:
		return strconv.FormatInt(v, 10), t.IsInteger()
	case string:
		quoted := "'" + strings.ReplaceAll(v, "'", "''") + "'"
		return quoted, v != NullPartition && (t.Kind == Varchar && lit.T.isText() || t.Kind == Date && lit.T.Kind == Date)
	}
	return "", false
}
