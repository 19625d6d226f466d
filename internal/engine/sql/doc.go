// Package sql reads the SQL that Athena accepts and gives back a syntax tree.
//
// Athena mixes two grammars: Trino's for queries and data changes, Hive's for
// definitions. This package parses queries of the first kind completely
// ([Parse], [ParseExpression]); every other statement is recognised by its
// leading keywords ([Classify]) and refused by name, so that nothing unknown
// travels further down.
//
// Start at [Parse]. A tree prints back with [Format]; parsing the printed text
// prints the same text again. Each node carries the position of its first
// token, because Athena's messages name "line:column".
//
// The package is pure: text in, tree or [*Error] out. It bounds its input
// ([MaxQueryBytes]) and its nesting ([MaxDepth]), so hostile text costs an
// error and never the process.
package sql
