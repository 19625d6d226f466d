package duck

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// rewriteDocuments writes one line per row: JSON whose values span lines or share one, and arrays whose elements are the rows. An array of
// anything but objects stays one value.
func rewriteDocuments(t table, in io.Reader, out io.Writer) error {
	bounded := &recordBound{in: in, limit: 2 * maxJSONLine}
	d := documents{
		in: bounded, dec: jsontext.NewDecoder(bounded, jsontext.AllowDuplicateNames(true)),
		out: bufio.NewWriterSize(out, 256<<10), shape: t.rowType(), keys: foldedKeys(t.JSON.Keys),
	}
	if err := d.all(); err != nil {
		return err
	}
	return d.out.Flush()
}

// recordBound ends the reading of a value that does not end: a decoder holds all of it in memory.
type recordBound struct {
	in    io.Reader
	read  int64
	limit int64 // offset behind which nothing is read until it is moved on
}

func (b *recordBound) Read(p []byte) (int, error) {
	if b.read > b.limit {
		return 0, errLongLine
	}
	n, err := b.in.Read(p)
	b.read += int64(n)
	return n, err
}

// documents is one rewriting.
type documents struct {
	in    *recordBound
	dec   *jsontext.Decoder
	out   *bufio.Writer
	shape hiveType
	keys  map[string]string
}

func (d *documents) all() error {
	for {
		var err error
		switch d.dec.PeekKind() {
		case 0:
			if _, err = d.dec.ReadToken(); errors.Is(err, io.EOF) {
				return nil
			}
		case '[':
			err = d.array()
		default:
			err = d.row()
		}
		if err != nil {
			return documentError(err)
		}
	}
}

func documentError(err error) error {
	if errors.Is(err, errLongLine) {
		return errLongLine
	}
	return fmt.Errorf("malformed JSON: %w", err)
}

// row writes the next value.
func (d *documents) row() error {
	value, err := d.value()
	if err != nil {
		return err
	}
	return d.write(value)
}

// value reads the next value.
func (d *documents) value() (jsontext.Value, error) {
	d.in.limit = d.dec.InputOffset() + 2*maxJSONLine
	value, err := d.dec.ReadValue()
	if err == nil && len(value) > maxJSONLine {
		err = errLongLine
	}
	return value, err
}

func (d *documents) write(value jsontext.Value) error {
	row, err := renameKeys(value.Clone(), d.shape, d.keys)
	if err != nil {
		return err
	}
	if err := row.Compact(jsontext.AllowDuplicateNames(true)); err != nil {
		return err
	}
	_, _ = d.out.Write(row)
	return d.out.WriteByte('\n')
}

// array writes the elements of an array of objects, or another array as it is.
func (d *documents) array() error {
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	var scalars jsontext.Value
	for d.dec.PeekKind() != ']' {
		if d.dec.PeekKind() == '{' && scalars == nil {
			if err := d.row(); err != nil {
				return err
			}
			continue
		}
		item, err := d.value()
		if err != nil {
			return err
		}
		if scalars = append(append(scalars, separator(scalars)), item...); len(scalars) > maxJSONLine {
			return errLongLine
		}
	}
	if _, err := d.dec.ReadToken(); err != nil || scalars == nil {
		return err
	}
	return d.write(append(scalars, ']'))
}

// separator is what comes before the next item of an array.
func separator(items jsontext.Value) byte {
	if len(items) == 0 {
		return '['
	}
	return ','
}
