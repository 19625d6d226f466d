package translate

import (
	"fmt"
	"strings"

	"github.com/bindery-project/bindery/internal/engine/analyze"
)

// zonedType represents timestamp with time zone: t is the instant in UTC, z
// the name of the zone.
const zonedType = "STRUCT(t TIMESTAMP, z VARCHAR)"

var typeNames = map[analyze.Kind]string{
	analyze.Unknown: "INTEGER", analyze.Boolean: "BOOLEAN", analyze.Tinyint: "TINYINT",
	analyze.Smallint: "SMALLINT", analyze.Integer: "INTEGER", analyze.Bigint: "BIGINT",
	analyze.Real: "FLOAT", analyze.Double: "DOUBLE", analyze.Varchar: "VARCHAR", analyze.Char: "VARCHAR",
	analyze.Varbinary: "BLOB", analyze.Date: "DATE", analyze.Time: "TIME", analyze.Timestamp: "TIMESTAMP",
	analyze.TimestampTZ: zonedType, analyze.IntervalDay: "BIGINT", analyze.IntervalYear: "BIGINT",
	analyze.JSON: "JSON", analyze.UUID: "UUID",
}

// TypeName gives the DuckDB type that represents a query type.
func TypeName(t *analyze.Type) string {
	switch t.Kind { //nolint:exhaustive // typeNames has the rest
	case analyze.Decimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Length, t.Scale)
	case analyze.Array:
		return TypeName(t.Elem()) + "[]"
	case analyze.Map:
		return "MAP(" + TypeName(t.Key()) + ", " + TypeName(t.Value()) + ")"
	case analyze.Row:
		parts := make([]string, len(t.Args))
		for i, a := range t.Args {
			parts[i] = quoteName(t.FieldName(i)) + " " + TypeName(a)
		}
		return "STRUCT(" + strings.Join(parts, ", ") + ")"
	}
	return typeNames[t.Kind]
}

func quoteName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// quoteText writes text as a literal. DuckDB's SQL text cannot hold NUL, so it
// is spliced in by function.
func quoteText(s string) string {
	quoted := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if !strings.Contains(s, "\x00") {
		return quoted
	}
	return "(" + strings.ReplaceAll(quoted, "\x00", "' || chr(0) || '") + ")"
}

// contains says whether a type is of the given kind or has it inside.
func contains(t *analyze.Type, kind analyze.Kind) bool {
	if t.Kind == kind {
		return true
	}
	for _, a := range t.Args {
		if contains(a, kind) {
			return true
		}
	}
	return false
}
