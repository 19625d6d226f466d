// Package result writes and reads the files of a query's result.
//
// A SELECT gives two objects: <id>.csv and <id>.csv.metadata. In the first, the header and
// every value are quoted, quotes are doubled, lines end with LF, an empty text is "" and
// NULL is nothing at all. [Writer] makes it, [Reader] reads it back from any position, so
// that pages need no copy of the rows. The second describes the columns: [Metadata].
package result

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Value is a field: NULL when Null, else Text.
type Value struct {
	Text string
	Null bool
}

// Writer writes the CSV file of a result.
type Writer struct {
	out   *bufio.Writer
	count counter
}

type counter struct {
	to io.Writer
	n  int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += int64(n)
	return n, err
}

const bufferSize = 128 << 10

// NewWriter returns a writer to w. Call Flush at the end.
func NewWriter(w io.Writer) *Writer {
	out := &Writer{count: counter{to: w}}
	out.out = bufio.NewWriterSize(&out.count, bufferSize)
	return out
}

// Begin starts the field with the given number in its row. Fields and EndRow follow each
// other; errors of the underlying writer come from Flush and EndRow.
func (w *Writer) Begin(field int) {
	if field > 0 {
		_ = w.out.WriteByte(',') // bufio keeps the first error for Flush
	}
}

// Text writes the value of a field, quoted.
func (w *Writer) Text(text string) {
	_ = w.out.WriteByte('"')
	from := 0
	for i := range len(text) {
		if text[i] == '"' {
			_, _ = w.out.WriteString(text[from : i+1])
			from = i // the quote is written again with what follows
		}
	}
	_, _ = w.out.WriteString(text[from:])
	_ = w.out.WriteByte('"')
}

// EndRow ends a row.
func (w *Writer) EndRow() error { return w.out.WriteByte('\n') }

// Header writes the names of the columns.
func (w *Writer) Header(names []string) error {
	for i, name := range names {
		w.Begin(i)
		w.Text(name)
	}
	return w.EndRow()
}

// Flush writes what is buffered.
func (w *Writer) Flush() error { return w.out.Flush() }

// Bytes is how many bytes were written, without what is buffered.
func (w *Writer) Bytes() int64 { return w.count.n }

// ErrMalformed says that a result file is not one: it was replaced or cut off.
var ErrMalformed = errors.New("result: the file is not a query's result")

// Reader reads rows of a result file from a position at a row's beginning.
type Reader struct {
	in     *bufio.Reader
	fields int
	at     int64
}

// NewReader reads rows of the given number of fields. at is where in begins in the file.
func NewReader(in io.Reader, fields int, at int64) *Reader {
	return &Reader{in: bufio.NewReaderSize(in, bufferSize), fields: fields, at: at}
}

// Position is where the next row begins in the file.
func (r *Reader) Position() int64 { return r.at }

// More reports whether anything follows.
func (r *Reader) More() bool {
	_, err := r.in.Peek(1)
	return err == nil
}

// Next reads a row. The error is io.EOF after the last one.
func (r *Reader) Next() ([]Value, error) {
	if _, err := r.in.Peek(1); err != nil {
		return nil, err
	}
	row := make([]Value, r.fields)
	for i := range row {
		value, end, err := r.field()
		if err == nil && (end == '\n') != (i == r.fields-1) {
			err = ErrMalformed
		}
		if err != nil {
			return nil, malformed(err, r.at)
		}
		row[i] = value
	}
	return row, nil
}

func malformed(err error, at int64) error {
	if errors.Is(err, io.EOF) || errors.Is(err, ErrMalformed) {
		return fmt.Errorf("%w: near byte %d", ErrMalformed, at)
	}
	return err
}

// field reads a field and the comma or line end behind it.
func (r *Reader) field() (v Value, end byte, err error) {
	c, err := r.byte()
	if err != nil {
		return v, 0, err
	}
	if c != '"' {
		if c != ',' && c != '\n' {
			return v, 0, ErrMalformed
		}
		return Value{Null: true}, c, nil
	}
	text, err := r.quoted()
	if err != nil {
		return v, 0, err
	}
	end, err = r.byte()
	if err == nil && end != ',' && end != '\n' {
		err = ErrMalformed
	}
	return Value{Text: text}, end, err
}

// quoted reads up to the quote that ends a value.
func (r *Reader) quoted() (string, error) {
	var text []byte
	for {
		part, err := r.in.ReadSlice('"')
		r.at += int64(len(part))
		if errors.Is(err, bufio.ErrBufferFull) {
			text = append(text, part...)
			continue
		}
		if err != nil {
			return "", err
		}
		text = append(text, part[:len(part)-1]...)
		next, err := r.in.Peek(1)
		if err != nil || next[0] != '"' {
			return string(text), nil // the caller reads on and meets the error
		}
		_, _ = r.byte()
		text = append(text, '"')
	}
}

func (r *Reader) byte() (byte, error) {
	c, err := r.in.ReadByte()
	if err == nil {
		r.at++
	}
	return c, err
}
