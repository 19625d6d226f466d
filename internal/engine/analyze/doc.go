// Package analyze gives a parsed query its meaning: which tables and columns
// it touches, the type of every expression, and which partitions it can need.
//
// Start at [Analyze]. It resolves names over a [Catalog], checks types by the
// engine's rules and gives a [Plan]: the typed query, its output columns, and
// for every table read the columns used and a [PartitionFilter]. The plan holds
// only constructs this package knows; anything else is an error at a line and
// column, worded as Athena words it.
//
// The package does no I/O of its own; reading the catalog is the caller's.
package analyze
