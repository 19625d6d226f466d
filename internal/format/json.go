package format

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// beginsLikeJSON reports whether text can be a JSON record or an array of them; scalars alone are left to CSV.
func beginsLikeJSON(text []byte) bool {
	text = bytes.TrimLeft(text, " \t\r\n")
	return len(text) > 0 && (text[0] == '{' || text[0] == '[')
}

// shape accumulates what was seen at one place of the records. It grows with the number of distinct places, not with the number of records.
type shape struct {
	scalar Type // merge of the strings, numbers and booleans
	names  []string
	fields map[string]*shape // objects, by folded name
	elem   *shape            // arrays
}

// typ is the Hive type that holds everything seen. An object without members says nothing: Hive has no empty struct.
func (s *shape) typ() Type {
	t := s.scalar
	if len(s.names) > 0 {
		t = Merge(t, structOf(mergeFields(nil, s.nested())))
	}
	if s.elem != nil {
		t = Merge(t, arrayOf(s.elem.typ()))
	}
	return t
}

func (s *shape) members() []Field {
	fields := make([]Field, len(s.names))
	for i, name := range s.names {
		fields[i] = Field{Name: name, Type: s.fields[name].typ()}
	}
	return fields
}

// nested are the members as they can stand in a type's text, which has separators of its own.
func (s *shape) nested() []Field {
	fields := s.members()
	for i := range fields {
		fields[i].Name = fieldName(fields[i].Name)
	}
	return fields
}

// onlyObjects reports whether every value seen was an object or null.
func (s *shape) onlyObjects() bool {
	return len(s.names) > 0 && s.scalar.IsNull() && s.elem == nil
}

// jsonScan walks the values of a sample.
type jsonScan struct {
	in       *inspection
	dec      *jsontext.Decoder
	text     []byte
	root     shape
	places   int   // distinct fields, held against MaxColumns
	values   int64 // complete top-level values
	elements int64 // complete elements of top-level arrays
	spans    bool  // a top-level value spans lines or shares one
}

// json infers the schema of JSON lines, of documents and of an array of records.
func (in *inspection) json(s *sample) (*Result, error) {
	text := s.text
	if !s.whole {
		text = cutJSON(text)
	}
	scan := &jsonScan{in: in, text: text, dec: jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true))}
	if err := scan.all(s.whole); err != nil {
		return nil, err
	}
	if !s.whole && scan.values+scan.elements == 0 {
		return nil, errNoRecord
	}
	return scan.result(s)
}

// cutJSON ends a sample where no token is split: after the last line, else after the last comma. White space and commas inside a string are
// possible ends too; they leave an unfinished string, which reads as the end of the sample.
func cutJSON(text []byte) []byte {
	if i := bytes.LastIndexByte(text, '\n'); i >= 0 {
		return text[:i+1]
	}
	if i := bytes.LastIndexByte(text, ','); i >= 0 {
		return text[:i]
	}
	return text
}

// all reads every top-level value. The end inside a value is a fault only if the sample is the whole file.
func (j *jsonScan) all(whole bool) error {
	for {
		if err := j.in.ctx.Err(); err != nil {
			return fmt.Errorf("read object: %w", err)
		}
		if j.dec.PeekKind() == 0 {
			if _, err := j.dec.ReadToken(); !errors.Is(err, io.EOF) {
				return j.fault(err, whole)
			}
			return nil
		}
		start := j.valueStart()
		if err := j.value(&j.root, j.in.limits.MaxDepth); err != nil {
			return j.fault(err, whole)
		}
		j.values++
		j.layout(start)
	}
}

// valueStart is the offset where the value that comes next begins.
func (j *jsonScan) valueStart() int64 {
	offset := j.dec.InputOffset()
	rest := j.text[offset:]
	return offset + int64(len(rest)-len(bytes.TrimLeft(rest, " \t\r\n")))
}

// layout notices values that span lines, and several values in one line.
func (j *jsonScan) layout(start int64) {
	end := j.dec.InputOffset()
	lineStart := bytes.LastIndexByte(j.text[:start], '\n') + 1
	if bytes.IndexByte(j.text[start:end], '\n') >= 0 || len(bytes.TrimSpace(j.text[lineStart:start])) > 0 {
		j.spans = true
	}
}

func (j *jsonScan) fault(err error, whole bool) error {
	var reason *Reason
	switch {
	case errors.As(err, &reason):
		return reason
	case !errors.Is(err, io.ErrUnexpectedEOF):
		offset := min(j.dec.InputOffset(), int64(len(j.text)))
		line := 1 + bytes.Count(j.text[:offset], []byte{'\n'})
		return corrupt("json near line %d: %s", line, jsonMessage(err))
	case whole:
		return &Reason{Kind: Truncated, Detail: "json ends inside a value"}
	}
	return nil // the sample ends here, the file goes on
}

// jsonMessage is the decoder's message without its own prefix.
func jsonMessage(err error) string {
	return strings.TrimPrefix(err.Error(), "jsontext: ")
}

// value adds the next value to what was seen at its place.
func (j *jsonScan) value(at *shape, depth int) error {
	token, err := j.dec.ReadToken()
	if err != nil {
		return err //nolint:wrapcheck // fault names it
	}
	switch token.Kind() {
	case '{':
		return j.object(at, depth)
	case '[':
		return j.array(at, depth)
	case '"':
		at.scalar = Merge(at.scalar, plain("string"))
	case 't', 'f':
		at.scalar = Merge(at.scalar, plain("boolean"))
	case '0':
		at.scalar = Merge(at.scalar, jsonNumber(token.String()))
	}
	return nil
}

func (j *jsonScan) object(at *shape, depth int) error {
	if depth == 0 {
		return j.tooDeep()
	}
	for j.dec.PeekKind() != '}' {
		name, err := j.dec.ReadToken()
		if err != nil {
			return err //nolint:wrapcheck // fault names it
		}
		field, err := j.field(at, name.String())
		if err != nil {
			return err
		}
		if err := j.value(field, depth-1); err != nil {
			return err
		}
	}
	_, err := j.dec.ReadToken()
	return err //nolint:wrapcheck // fault names it
}

// field finds or adds a member. Names that differ in case only are one column, as for Hive's JSON readers.
func (j *jsonScan) field(at *shape, name string) (*shape, error) {
	name = cmp.Or(columnName(name), "_")
	if known := at.fields[name]; known != nil {
		return known, nil
	}
	if j.places++; j.places > j.in.limits.MaxColumns {
		return nil, &Reason{Kind: TooWide, Detail: fmt.Sprintf("more than %d distinct fields", j.in.limits.MaxColumns)}
	}
	if at.fields == nil {
		at.fields = map[string]*shape{}
	}
	at.fields[name] = &shape{}
	at.names = append(at.names, name)
	return at.fields[name], nil
}

func (j *jsonScan) array(at *shape, depth int) error {
	if depth == 0 {
		return j.tooDeep()
	}
	if at.elem == nil {
		at.elem = &shape{}
	}
	for j.dec.PeekKind() != ']' {
		if err := j.value(at.elem, depth-1); err != nil {
			return err
		}
		if at == &j.root {
			j.elements++
		}
	}
	_, err := j.dec.ReadToken()
	return err //nolint:wrapcheck // fault names it
}

func (j *jsonScan) tooDeep() error {
	return &Reason{Kind: TooDeep, Detail: fmt.Sprintf("json nested deeper than %d", j.in.limits.MaxDepth)}
}

// jsonNumber is the type of a number as Glue infers it: the smallest of int, bigint, then a decimal that keeps every digit, else double.
func jsonNumber(text string) Type {
	if strings.ContainsAny(text, ".eE") {
		return plain("double")
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err == nil && n == int64(int32(n)):
		return plain("int")
	case err == nil:
		return plain("bigint")
	case len(strings.TrimPrefix(text, "-")) <= 38:
		return decimal(38, 0)
	}
	return plain("double")
}

// result tells records from what was seen: objects are records, one array of objects holds records, other arrays are one column.
func (j *jsonScan) result(s *sample) (*Result, error) {
	result := &Result{Classification: JSON, Compression: s.compression, Layout: Lines}
	if j.spans {
		result.Layout = Documents
	}
	records, fields := j.values, []Field(nil)
	switch {
	case j.root.onlyObjects():
		fields = j.root.members()
	case j.isArrayOfRecords():
		result.Layout, records, fields = Array, j.elements, j.root.elem.members()
	case j.root.elem != nil && len(j.root.names) == 0 && j.root.scalar.IsNull():
		if j.root.elem.typ().IsNull() {
			return nil, &Reason{Kind: Empty, Detail: "json arrays without a value"}
		}
		fields = []Field{{Name: "array", Type: j.root.typ()}}
	case j.root.typ().IsNull():
		return nil, &Reason{Kind: Empty, Detail: "json objects without a member"}
	default:
		return nil, corrupt("json: records are of different kinds")
	}
	columns, err := j.in.columns(fields)
	if err != nil {
		return nil, err
	}
	result.Columns, result.Notes = columns, j.in.notes
	result.count(s, max(records, 1), max(j.dec.InputOffset(), 1))
	return result, nil
}

// isArrayOfRecords reports whether the file is one array of objects, as far as the sample shows.
func (j *jsonScan) isArrayOfRecords() bool {
	return j.root.elem != nil && j.root.elem.onlyObjects() && len(j.root.names) == 0 && j.root.scalar.IsNull() && j.values <= 1
}
