package translate

import (
	"regexp"
	"strings"
)

var codePattern = regexp.MustCompile(`([A-Z][A-Z0-9_]{3,}: .*)`)

var (
	outOfRange      = regexp.MustCompile(`with value (\S+) can't be cast because the value is out of range for the destination type (INT\d+)`)
	decimalOverflow = regexp.MustCompile(`^Overflow in \w+ of DECIMAL`)
	overflow        = regexp.MustCompile(`^Overflow in (\w+) of (INT\d+) \((.*)\)!$`)
)

// integerNames are the query's names for DuckDB's whole numbers.
var integerNames = map[string]string{"INT8": "tinyint", "INT16": "smallint", "INT32": "integer", "INT64": "bigint", "INT128": "decimal"}

// Reason turns an error text of DuckDB into the reason of a failed query: the
// code and message this package raised where it did, else the code that names
// DuckDB's class of fault.
func Reason(message string) string {
	first, _, _ := strings.Cut(message, "\n")
	if rest, raised := strings.CutPrefix(first, "Invalid Input Error: "); raised {
		if m := codePattern.FindString(rest); m != "" && strings.HasPrefix(rest, m) {
			return m
		}
	}
	if strings.Contains(first, "Max expression depth limit") {
		return "GENERIC_USER_ERROR: statement is too large (stack overflow during analysis)"
	}
	class, rest, found := strings.Cut(first, " Error: ")
	if !found {
		return "GENERIC_INTERNAL_ERROR: " + first
	}
	if m := outOfRange.FindStringSubmatch(rest); m != nil {
		return "NUMERIC_VALUE_OUT_OF_RANGE: Out of range for " + integerNames[m[2]] + ": " + m[1]
	}
	if m := overflow.FindStringSubmatch(rest); m != nil {
		return "NUMERIC_VALUE_OUT_OF_RANGE: " + integerNames[m[2]] + " " + m[1] + " overflow: " + m[3]
	}
	if decimalOverflow.MatchString(rest) {
		return "NUMERIC_VALUE_OUT_OF_RANGE: Decimal overflow"
	}
	switch class {
	case "Out of Range":
		return "NUMERIC_VALUE_OUT_OF_RANGE: " + rest
	case "Conversion":
		return "INVALID_CAST_ARGUMENT: " + rest
	case "Invalid Input":
		if strings.Contains(rest, "More than one row returned by a subquery") {
			return "SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows"
		}
		return "INVALID_FUNCTION_ARGUMENT: " + rest
	case "Out of Memory":
		return "EXCEEDED_MEMORY_LIMIT: Query exhausted resources at this scale factor"
	}
	return "GENERIC_INTERNAL_ERROR: " + rest
}
