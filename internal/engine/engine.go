// Package engine is the door to whatever executes SQL over data files.
//
// An Engine gets a finished statement and the exact files of every relation in it. It
// decides nothing: which partitions, which objects, which columns and whether the caller
// may see them was settled before (service athena). It infers nothing either: names, types,
// compression and delimiters come from the catalog.
//
// internal/engine/duck runs statements in DuckDB inside a worker process. enginetest holds
// the behaviour that every implementation must show.
package engine

import (
	"context"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
)

// Engine executes one query at a time per call; it is safe for concurrent use.
type Engine interface {
	// Run executes q and hands its rows to sink, in order, on the calling goroutine.
	//
	// Errors are *Error, except for the sink's own error and for the context's: when ctx
	// ends, the work is stopped at once and an error that wraps ctx.Err() is returned.
	// Stats are valid only without an error.
	Run(ctx context.Context, q Query, sink RowSink) (Stats, error)
}

// RowSink takes the result. Rows arrive only after Columns, which is called exactly once,
// for empty results too. An error stops the query.
type RowSink interface {
	Columns([]ResultColumn) error
	// Rows gets a part of the result. The record is released afterwards: Retain it to keep it.
	Rows(arrow.RecordBatch) error
}

// ResultColumn is one column of a result.
type ResultColumn struct {
	Name string
	// Type is DuckDB's name of the type, for instance "BIGINT", "DECIMAL(10,2)",
	// "STRUCT(a INTEGER, b VARCHAR[])", "JSON". It tells apart what Arrow does not.
	Type  string
	Arrow arrow.DataType
}

// Query is one SELECT statement and everything it may read.
type Query struct {
	// SQL is a single SELECT in DuckDB's dialect. It refers to relations by quoted name.
	SQL       string
	Relations []Relation
	// MaxMemory is in bytes; 0 means the engine's own limit, which also is the largest.
	MaxMemory int64
	// Threads is the number of processors to use; 0 means the engine's own.
	Threads int
	// TimeZone is an IANA name, used for timestamps with time zone. Empty means UTC.
	TimeZone string
}

// Relation is a table as the catalog describes it, with the files to read this time.
type Relation struct {
	Name    string
	Format  Format
	Columns []Column // in the table's order, without partition columns
	// Partitions are the partition columns; File.Partition holds a value for each.
	Partitions []Column
	Files      []File
	CSV        CSV  // for FormatText and FormatOpenCSV
	JSON       JSON // for FormatJSON
}

// Column is a column of the catalog.
type Column struct {
	Name string
	// Type is a Glue (Hive) type, for instance "bigint" or "array<struct<a:int>>".
	Type string
}

// Format is how the bytes of a relation's files become rows.
type Format string

// The formats that engines know. Another one is refused with ClassNotSupported.
const (
	FormatText    Format = "text"    // LazySimpleSerDe: delimited text without quotes
	FormatOpenCSV Format = "opencsv" // OpenCSVSerde: quoted text
	FormatJSON    Format = "json"    // one JSON object per line
	FormatParquet Format = "parquet" // columns by name, without regard to case
)

// File is one object, readable at Path.
type File struct {
	Path string // absolute, on this machine
	Key  string // "s3://bucket/key": what messages name, and what decides the compression
	Size int64  // bytes as stored
	// Compression is one of the Compression constants. Auto means: by the ending of Key,
	// else by the first bytes. Parquet compresses inside, so its files need none.
	Compression Compression
	// Partition holds the text of each partition column; nil and
	// "__HIVE_DEFAULT_PARTITION__" are NULL.
	Partition []*string
}

// Compression names how a whole file is compressed.
type Compression string

// The compressions that engines know.
const (
	CompressionAuto   Compression = ""
	CompressionNone   Compression = "none"
	CompressionGzip   Compression = "gzip"
	CompressionZstd   Compression = "zstd"
	CompressionBzip2  Compression = "bzip2"
	CompressionSnappy Compression = "snappy" // the framed form, and Hadoop's blocks
	CompressionZlib   Compression = "zlib"   // Hadoop's DefaultCodec, ending .deflate
	CompressionLZ4    Compression = "lz4"    // frames
)

// CSV holds the properties of the two text SerDes, unescaped. An empty string means the
// SerDe's default.
type CSV struct {
	Delimiter   string // text: \x01; opencsv: comma
	Quote       string // text: none; opencsv: double quote
	Escape      string // text: none; opencsv: backslash
	Null        string // text only: \N
	Collection  string // text only: between items of arrays and structs: \x02
	MapKey      string // text only: between key and value: \x03
	HeaderLines int    // skip.header.line.count, per file
}

// JSON holds the properties of the JSON SerDes.
type JSON struct {
	// IgnoreMalformed makes a line that is no JSON object a row of NULLs instead of an error.
	IgnoreMalformed bool
	// Documents means that values may span lines or share one, and that the objects of an array are rows; else each line is one value.
	Documents bool
	// Keys maps a column to the key that holds it, where the two differ (mapping.<column>).
	Keys map[string]string
}

// Stats describes a finished query.
type Stats struct {
	Rows         int64 // rows handed to the sink
	BytesScanned int64 // bytes of the files of all relations, as stored
	FilesScanned int64
	Elapsed      time.Duration // inside the engine
}
