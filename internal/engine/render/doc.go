// Package render writes values the way Athena's results show them: plain
// numbers, doubles in Java's form, "[a, b]", "{k=v}", "{f=1, g=x}", bytes as
// pairs of hexadecimal digits. Start at [Value] for values read through
// database/sql and at [Arrow] for Arrow arrays; both read the representation
// that package translate documents. [Column] gives what GetQueryResults says
// about a column's type.
package render
