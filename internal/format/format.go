// Package format tells what a file of a data lake holds: how it is compressed, which classifier recognises it, which columns of which Hive types
// it has, and about how many records.
//
// Start at [Inspect]. It is pure over an [io.ReaderAt]: no file system, no clock, no goroutine. The crawler runs it in a worker process (task
// "inspect", see inspect_task.go) because what it reads was written by strangers; it nevertheless promises, for any input:
//
//   - memory is bounded by the [Limits], never by a number found in the file;
//   - it returns a [Result] or a [*Reason] that names the fault, and does not panic;
//   - the same bytes and limits give the same answer.
//
// The rules are those of Glue's built-in classifiers (order avro, orc, parquet, json, xml, logs, csv; first answer of certainty 1.0 wins). Where
// Glue would register a table that SQL then reads wrongly, this package chooses the reading that is exact and says so beside the rule:
//
//   - CSV: whole numbers are bigint, other numbers double, true/false boolean, everything else string. Dates and timestamps stay string, as with
//     Glue. Numbers that would not read back the same (leading zeros as in zip codes, beyond 64 bits, blanks around integers) stay string, which
//     Glue would lose; they still tell a header from data.
//   - JSON: int up to 32 bits, bigint up to 64, decimal(38,0) beyond, double with a fraction; a top-level array is read as its elements
//     (Glue needs a custom classifier `$[*]` for that), an array of scalars is one column `array`.
//   - Parquet: the schema of the footer; unsigned integers take the next larger signed type.
package format

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Classifications that a [Result] can carry; the words are Glue's (table parameter `classification`).
const (
	CSV     = "csv"
	JSON    = "json"
	Parquet = "parquet"
)

// Compressions that a [Result] can carry; the words are Glue's (table parameter `compressionType`). Parquet compresses inside and reports None.
const (
	None = "none"
	Gzip = "gzip"
	Zstd = "zstd"
)

// Limits bound what one inspection may read, keep and report. The zero value of a member means its default.
type Limits struct {
	SampleBytes   int64   `json:"sampleBytes,omitempty"`   // decompressed text looked at; default 1 MiB, as Glue's classifiers
	MaxLine       int     `json:"maxLine,omitempty"`       // longest record in bytes, for which the sample grows; default 16 MiB, as the SQL engine
	MaxRatio      float64 `json:"maxRatio,omitempty"`      // decompressed : compressed beyond which the file is a bomb; default 500
	MaxExpanded   int64   `json:"maxExpanded,omitempty"`   // estimated decompressed size of the whole file; default 1 TiB
	MaxDepth      int     `json:"maxDepth,omitempty"`      // nesting of JSON values and Parquet groups; default 64
	MaxColumns    int     `json:"maxColumns,omitempty"`    // columns and nested fields together; default 10000
	MaxFooter     int64   `json:"maxFooter,omitempty"`     // bytes of a Parquet footer; default 64 MiB
	MaxTypeLength int     `json:"maxTypeLength,omitempty"` // characters of one column's type; default 131072, the limit of Column.Type
}

// WithDefaults returns the limits with every unset member replaced by its default.
func (l Limits) WithDefaults() Limits {
	return Limits{
		SampleBytes:   orDefault(l.SampleBytes, 1<<20),
		MaxLine:       orDefault(l.MaxLine, 16<<20),
		MaxRatio:      orDefault(l.MaxRatio, 500),
		MaxExpanded:   orDefault(l.MaxExpanded, 1<<40),
		MaxDepth:      orDefault(l.MaxDepth, 64),
		MaxColumns:    orDefault(l.MaxColumns, 10_000),
		MaxFooter:     orDefault(l.MaxFooter, 64<<20),
		MaxTypeLength: orDefault(l.MaxTypeLength, 131_072),
	}
}

func orDefault[T int | int64 | float64](value, fallback T) T {
	if value <= 0 {
		return fallback
	}
	return value
}

// Column is one column of a file. Type is Hive's text for it ([ParseType] reads it back).
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
	// Seen is the type with `void` where the sample held no value (an empty CSV column, an empty JSON array); empty if that is nowhere. There
	// Type says string, which is a guess that gives way to what a sibling file holds.
	Seen string `json:"seen,omitempty"`
	// Blank says that rows of a CSV file leave the column empty, which OpenCSVSerde refuses in columns of numbers.
	Blank bool `json:"blank,omitempty"`
}

// Result is what one file turned out to be.
type Result struct {
	Classification string   `json:"classification"` // CSV, JSON or Parquet
	Compression    string   `json:"compression"`    // None, Gzip or Zstd
	Columns        []Column `json:"columns"`
	CSV            *Dialect `json:"csv,omitempty"`    // how to split the rows; set for CSV only
	Layout         Layout   `json:"layout,omitempty"` // how JSON values follow each other; set for JSON only

	RecordCount       int64 `json:"recordCount"`       // exact if Exact, else estimated from the sample; a CSV header is no record
	AverageRecordSize int64 `json:"averageRecordSize"` // bytes, decompressed
	Exact             bool  `json:"exact"`

	// Notes tell a person what was decided and why where another answer was possible.
	Notes []string `json:"notes,omitempty"`
}

// Layout is how the values of a JSON file follow each other.
type Layout string

// The layouts of a JSON file.
const (
	Lines     Layout = "lines"     // one value per line
	Documents Layout = "documents" // values that span lines, one after the other
	Array     Layout = "array"     // one array whose elements are the records
)

// Inspect reads as little of r (size bytes, called name) as tells what it is. It returns a [*Reason] for a file that cannot be used, and ctx's
// own error when the caller gave up; a ctx deadline is a Reason of kind [TimedOut].
func Inspect(ctx context.Context, name string, r io.ReaderAt, size int64, limits Limits) (result *Result, err error) {
	defer func() {
		// Decoders are libraries fed with hostile bytes; a panic in one of them is a property of the file, not of this process.
		if fault := recover(); fault != nil {
			result, err = nil, corrupt("decoder gave up: %v", fault)
		}
	}()
	in := &inspection{ctx: ctx, name: name, limits: limits.WithDefaults(), raw: &boundReader{ctx: ctx, r: r}, size: size}
	result, err = in.run()
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, &Reason{Kind: TimedOut, Detail: "the deadline passed while reading"}
	}
	return result, err
}

// inspection is one call of Inspect.
type inspection struct {
	ctx    context.Context
	name   string
	limits Limits
	raw    io.ReaderAt
	size   int64
	notes  []string
}

// run is the order of Glue's built-in classifiers: binary headers first, then text.
func (in *inspection) run() (*Result, error) {
	head, err := in.head(in.size)
	if err != nil {
		return nil, err
	}
	if len(head) == 0 {
		return nil, &Reason{Kind: Empty, Detail: "the object has no bytes"}
	}
	if isParquet(head) {
		return in.parquet()
	}
	if known := knownBinary(head); known != "" {
		return nil, unsupported(known)
	}
	result, err := in.sampled(head, in.limits.SampleBytes)
	if longest := int64(in.limits.MaxLine); errors.Is(err, errNoRecord) && in.limits.SampleBytes <= longest {
		in.notes = nil
		result, err = in.sampled(head, longest+1)
	}
	if errors.Is(err, errNoRecord) {
		return nil, in.tooLong()
	}
	return result, err
}

// errNoRecord says that the sample ends before its first record does.
var errNoRecord = errors.New("no record ends within the sample")

// sampled classifies the first bytes of a text.
func (in *inspection) sampled(head []byte, bytes int64) (*Result, error) {
	s, err := in.sample(head, bytes)
	if err != nil {
		return nil, err
	}
	return in.text(s)
}

// head reads the first bytes, enough for every magic number.
func (in *inspection) head(size int64) ([]byte, error) {
	head := make([]byte, min(size, headBytes))
	return head, in.readAt(head, 0)
}

// readAt fills p from the offset on.
func (in *inspection) readAt(p []byte, offset int64) error {
	if _, err := io.ReadFull(io.NewSectionReader(in.raw, offset, int64(len(p))), p); err != nil {
		return readFault(err)
	}
	return nil
}

// text classifies a sample of text: JSON if it begins like it and reads, else CSV.
func (in *inspection) text(s *sample) (*Result, error) {
	text, err := in.decodeText(s)
	if err != nil {
		return nil, err
	}
	s.text = text
	if known := knownText(text); known != "" {
		return nil, unsupported(known)
	}
	if !beginsLikeJSON(text) {
		return in.csv(s)
	}
	result, err := in.json(s)
	if err == nil || !errors.Is(err, &Reason{Kind: Corrupt}) {
		return result, err
	}
	// `[a],1` is a CSV row as well; the JSON fault is the better explanation if it is not.
	if asCSV, csvErr := in.csv(s); csvErr == nil && in.looksDelimited() {
		return asCSV, nil
	}
	return nil, err
}

// columns turns named types into columns, checking that a catalog can hold them.
func (in *inspection) columns(fields []Field) ([]Column, error) {
	columns := make([]Column, len(fields))
	for i, f := range fields {
		columns[i] = Column{Name: f.Name, Type: f.Type.String()}
		if seen := f.Type.seen(); seen != columns[i].Type {
			columns[i].Seen = seen
		}
		if n := len(columns[i].Type); n > in.limits.MaxTypeLength {
			return nil, &Reason{Kind: TooWide, Detail: fmt.Sprintf("the type of column %.40q has %d characters, more than %d", f.Name, n, in.limits.MaxTypeLength)}
		}
	}
	return columns, nil
}

// count fills the record figures from what the sample held: records of sampled bytes together.
func (r *Result) count(s *sample, records, sampled int64) {
	r.RecordCount, r.Exact = records, s.whole
	if records == 0 {
		return
	}
	r.AverageRecordSize = max(1, sampled/records)
	if !s.whole {
		r.RecordCount = max(records, s.expanded/r.AverageRecordSize)
	}
}

func (in *inspection) note(format string, args ...any) {
	in.notes = append(in.notes, fmt.Sprintf(format, args...))
}
