// Package expression is the language of GetPartitions' Expression: the WHERE
// clause of SQL, narrowed to comparisons of partition keys with literals. It is
// pure.
//
// [Parse] reads an expression for a table's partition keys and names its
// mistakes in the service's words. [Filter.Match] decides on one partition by
// the components of its stored key (package partkey), whose bytes compare as the
// values do. [Filter.Ranges] narrows the scan: outside the ranges no stored key
// can match.
//
// Truth has three values, as in SQL: what compares with a null partition of a
// typed key is unknown, and only what is true is listed.
package expression
