// Package duck runs SQL over exact files in DuckDB, inside a worker process.
//
// The package has two sides. Engine lives in the server: it stages files under names that
// are safe (stage.go), sends the query to a worker, and decodes the rows that come back as
// hostile input (decode.go). Task lives in the worker: it prepares the files (prepare.go),
// opens a fresh in-memory DuckDB that is locked to them (instance.go), describes each
// relation as a view (scan.go and one file per format), and sends the rows as Arrow arrays
// (vector.go, rows.go, wire.go).
//
// # What DuckDB may do
//
// It may read the files of this query and write temporary files into the worker's scratch
// folder. External access is off, extensions can be neither installed nor loaded, the
// configuration is locked, and a statement that is no SELECT is refused before it runs.
// Landlock and namespaces hold the same lines once more in the kernel (work/worker).
//
// # Text and types
//
// Nothing is inferred. Text files are read as text columns and converted by expressions
// that follow the SerDe: see text.go for the rules and their sources.
package duck
