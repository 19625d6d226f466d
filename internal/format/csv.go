package format

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Dialect is how the rows of a CSV file are split.
type Dialect struct {
	Delimiter string `json:"delimiter"`       // one of , | tab ; Ctrl-A
	Quote     string `json:"quote,omitempty"` // `"`, or empty if quotes are ordinary characters in this file
	// Escape is how a quote is written within quotes: `"` (doubled) or `\`; empty if the sample needs no answer: no quote within quotes, no `\`.
	Escape string `json:"escape,omitempty"`
	Header bool   `json:"header"` // the first row names the columns
	// HeaderKnown is false when the sample cannot tell (one row only, or nothing but strings): then Header is false and a sibling file may know.
	HeaderKnown bool `json:"headerKnown"`
	// Quoted says that data rows hold quoted fields, which LazySimpleSerDe would return with their quotes.
	Quoted bool `json:"quoted"`
	// Backslash says that data rows hold `\`, which is an ordinary character unless it is Escape.
	Backslash bool `json:"backslash,omitempty"`
	// Multiline says that a quoted field holds a line break, which splits its record for readers that go line by line.
	Multiline bool `json:"multiline,omitempty"`
	// FirstRow is the first row as it stands, so that a header repeated in files that cannot tell is recognised by comparison.
	FirstRow []string `json:"firstRow,omitempty"`
	// RestTypes are the columns' types without the first row (`void` where it was the only value), for a file that turns out to have a header
	// after all; set only if HeaderKnown is false.
	RestTypes []string `json:"restTypes,omitempty"`
}

// delimiters in the order in which Glue's classifier tries them.
var delimiters = []byte{',', '|', '\t', ';', '\x01'}

// quoting is a way to read quotes; the first that splits every row alike wins.
type quoting struct {
	quote, escape byte
}

var quotings = []quoting{{'"', '"'}, {'"', '\\'}, {0, 0}}

const (
	// minColumns and minRows are what Glue's classifier asks before it calls a text CSV.
	minColumns = 2
	minRows    = 2
	// maxHeaderCell is the longest header cell; the last column is exempt.
	maxHeaderCell = 150
	// maxFirstRow bounds Dialect.FirstRow, in bytes.
	maxFirstRow = 64 << 10
)

// csv classifies delimited text.
func (in *inspection) csv(s *sample) (*Result, error) {
	table, dialect, err := in.split(s)
	if err != nil {
		return nil, err
	}
	if len(table.rows) < minRows && !in.looksDelimited() {
		return nil, unrecognized("one row of delimited text; csv needs %d", minRows)
	}
	types := table.types(1)
	in.decideHeader(table, dialect)
	if !dialect.HeaderKnown {
		for _, t := range types {
			dialect.RestTypes = append(dialect.RestTypes, t.seen())
		}
	}
	if !dialect.Header {
		types = table.types(0)
	}
	columns, err := in.columns(table.fields(dialect.Header, types))
	if err != nil {
		return nil, err
	}
	table.markBlank(columns, dialect.Header)
	table.describe(dialect)
	result := &Result{Classification: CSV, Compression: s.compression, Columns: columns, CSV: dialect, Notes: in.notes}
	rows := int64(len(table.rows))
	if dialect.Header {
		rows--
	}
	result.count(s, rows, table.bytes)
	return result, nil
}

func unrecognized(format string, args ...any) *Reason {
	return &Reason{Kind: Unrecognized, Detail: fmt.Sprintf(format, args...)}
}

// split tries every delimiter and quoting and keeps the one that gives the most columns; earlier candidates win ties. The fault of the first
// delimiter that splits the first row at all is the best explanation when none fits.
func (in *inspection) split(s *sample) (*csvTable, *Dialect, error) {
	text := string(s.text)
	var best *csvTable
	var dialect *Dialect
	var fault error
	for _, delimiter := range delimiters {
		if strings.IndexByte(text, delimiter) < 0 {
			continue
		}
		table, how, err := in.splitBy(text, delimiter, s.whole)
		if err != nil && in.ctx.Err() != nil {
			return nil, nil, err
		}
		if err != nil && fault == nil {
			fault = err
		}
		if err == nil && (best == nil || table.width > best.width) {
			best, dialect = table, &Dialect{Delimiter: string(rune(delimiter)), Quote: asText(how.quote), Escape: asText(how.escape)}
		}
	}
	if best == nil && fault == nil {
		fault = in.undelimited(s)
	}
	if best == nil {
		return nil, nil, fault
	}
	return best, dialect, nil
}

func asText(c byte) string {
	if c == 0 {
		return ""
	}
	return string(rune(c))
}

// undelimited explains a text without any delimiter.
func (in *inspection) undelimited(s *sample) error {
	if !s.whole && bytes.IndexByte(s.text, '\n') < 0 {
		return errNoRecord
	}
	return unrecognized("text without any of the delimiters , | tab ; Ctrl-A")
}

func (in *inspection) tooLong() error {
	return &Reason{Kind: TooLong, Detail: fmt.Sprintf("a line is longer than %d bytes", in.limits.MaxLine)}
}

// splitBy tries the quotings with one delimiter.
func (in *inspection) splitBy(text string, delimiter byte, whole bool) (*csvTable, quoting, error) {
	var fault error
	for _, how := range quotings {
		if err := in.ctx.Err(); err != nil {
			return nil, how, fmt.Errorf("read object: %w", err)
		}
		table, err := in.readTable(text, delimiter, how, whole)
		if err == nil {
			return table, how, nil
		}
		if fault == nil {
			fault = err
		}
		if strings.IndexByte(text, '"') < 0 {
			break // no quote: the other quotings read the same
		}
	}
	return nil, quoting{}, fault
}

// csvTable is a sample split into rows of equal width.
type csvTable struct {
	rows  [][]cell
	width int
	bytes int64 // of the text that the rows came from
	empty bool  // there are empty lines, which readers return as rows
}

// readTable splits the text and holds every row against the first: Glue calls a text CSV only if all rows have the same number of columns,
// where one more that is empty is a trailing delimiter.
func (in *inspection) readTable(text string, delimiter byte, how quoting, whole bool) (*csvTable, error) {
	rows := rowReader{in: in, text: text, delimiter: delimiter, quoting: how, whole: whole}
	table := &csvTable{}
	for {
		row, err := rows.next()
		if err != nil {
			return nil, err
		}
		table.empty = rows.empty
		if row == nil {
			break
		}
		if err := table.add(row, rows.line); err != nil {
			return nil, err
		}
		table.bytes = int64(rows.at)
	}
	if len(table.rows) == 0 {
		return nil, errNoRecord
	}
	if table.width < minColumns {
		return nil, unrecognized("one column; csv needs %d", minColumns)
	}
	return table, nil
}

func (t *csvTable) add(row []cell, line int) error {
	if len(t.rows) == 0 {
		t.width = len(row)
	}
	if len(row) == t.width+1 && row[t.width].text == "" {
		row = row[:t.width]
	}
	if len(row) == t.width-1 && len(t.rows) > 0 && t.allEndEmpty() {
		t.dropLast()
	}
	if len(row) != t.width {
		return unrecognized("csv rows differ: line %d has %d columns, the first has %d", line, len(row), t.width)
	}
	t.rows = append(t.rows, row)
	return nil
}

// allEndEmpty reports whether the rows so far end in a delimiter, so that their last column may be no column at all.
func (t *csvTable) allEndEmpty() bool {
	return len(t.rows) == 1 && t.rows[0][t.width-1].text == ""
}

func (t *csvTable) dropLast() {
	t.width--
	t.rows[0] = t.rows[0][:t.width]
}

// types merges the values of each column from row first on.
func (t *csvTable) types(first int) []Type {
	types := make([]Type, t.width)
	for _, row := range t.rows[min(first, len(t.rows)):] {
		for i, c := range row {
			if types[i].Name != "string" {
				types[i] = Merge(types[i], cellType(c.text))
			}
		}
	}
	return types
}

// markBlank notes the columns that a row leaves without a value; an empty line is a row with an empty first column.
func (t *csvTable) markBlank(columns []Column, header bool) {
	rows := t.rows
	if header {
		rows = rows[1:]
	}
	for _, row := range rows {
		for i, c := range row {
			columns[i].Blank = columns[i].Blank || cellType(c.text).IsNull()
		}
	}
	columns[0].Blank = columns[0].Blank || t.empty
}

// onlyWords reports whether every column holds text that is no value of another kind. It goes by what values look like: `007` is a number here,
// although its column is read as text.
func (t *csvTable) onlyWords(first int) bool {
	for i := range t.width {
		var merged Type
		for _, row := range t.rows[first:] {
			if merged = Merge(merged, looksLike(row[i].text)); merged.Name == "string" {
				break
			}
		}
		if !merged.IsNull() && merged.Name != "string" {
			return false
		}
	}
	return true
}

// decideHeader applies Glue's rule: the first row is a header if all its cells are strings of at most 150 characters (the last is exempt from
// the length) and some column of the other rows is not a string.
func (in *inspection) decideHeader(t *csvTable, d *Dialect) {
	if len(t.rows) < minRows {
		in.note("one row only: header unknown, treated as data")
		return
	}
	named := false
	for i, c := range t.rows[0] {
		kind := looksLike(c.text)
		if !kind.IsNull() && kind.Name != "string" || utf8.RuneCountInString(c.text) > maxHeaderCell && i < t.width-1 {
			d.HeaderKnown = true
			return
		}
		named = named || !kind.IsNull()
	}
	if !t.onlyWords(1) {
		d.HeaderKnown, d.Header = true, named
		return
	}
	in.note("all values are strings: header unknown, treated as data")
}

// fields names the columns: from the header, else col0, col1, …
func (t *csvTable) fields(header bool, types []Type) []Field {
	names := make([]string, t.width)
	if header {
		for i, c := range t.rows[0] {
			names[i] = c.text
		}
	}
	fields := make([]Field, t.width)
	for i, name := range uniqueNames(names) {
		fields[i] = Field{Name: name, Type: types[i]}
	}
	return fields
}

// describe fills what the dialect says about the data.
func (t *csvTable) describe(d *Dialect) {
	first := 0
	if d.Header {
		first = 1
	}
	needed := false
	for _, row := range t.rows[first:] {
		for _, c := range row {
			d.Backslash = d.Backslash || strings.IndexByte(c.text, '\\') >= 0
			needed = needed || c.escaped || d.Backslash
			d.Quoted = d.Quoted || c.quoted
			d.Multiline = d.Multiline || strings.ContainsAny(c.text, "\r\n")
		}
	}
	if !needed {
		d.Escape = ""
	}
	d.FirstRow = t.firstRow()
}

func (t *csvTable) firstRow() []string {
	row, size := make([]string, t.width), 0
	for i, c := range t.rows[0] {
		if size += len(c.text); size > maxFirstRow {
			return nil
		}
		row[i] = strings.Clone(c.text)
	}
	return row
}
