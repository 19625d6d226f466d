// Package translate writes an analysed query as one SELECT of DuckDB that
// gives the values Trino would.
//
// Start at [Query]. Every construct of the plan is written out by this package;
// no text of the user's statement reaches DuckDB except inside quoted literals
// and quoted identifiers. What DuckDB cannot express with the right meaning is
// refused with a NOT_SUPPORTED error at its place.
//
// How types are represented (see [TypeName]): most are DuckDB's own.
// A timestamp with time zone is a struct of the instant in UTC and the zone's
// name; intervals are whole numbers of milliseconds or months; char is text
// without its trailing blanks; json is DuckDB's JSON. Failures raise DuckDB's
// error() with Athena's text, beginning with the code; [Reason] turns any of
// DuckDB's own messages into such a text.
package translate
