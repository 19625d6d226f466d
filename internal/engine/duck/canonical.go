package duck

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/bindery-project/bindery/internal/engine"
)

// needsRewriting reports whether DuckDB would read the file differently from its SerDe.
//
//   - LazySimpleSerDe with an escape character: DuckDB knows escapes only inside quotes.
//   - An empty line: for Hive a row whose first field is empty, for DuckDB nothing.
//   - OpenCSVSerde, when the escape character occurs: DuckDB knows one way to write a quote
//     inside quotes, the SerDe two.
//   - JSON, when a key is written in another case than its column, or is mapped; documents; a byte order mark.
func (p *preparer) needsRewriting(t table, file io.ReadSeeker, c engine.Compression) (bool, error) {
	var wanted func([]byte) bool
	switch t.Format { //nolint:exhaustive // the rest is read as it is
	case engine.FormatText:
		if t.CSV.Escape != "" {
			return true, nil
		}
		wanted = hasEmptyLine
	case engine.FormatOpenCSV:
		escape := []byte(orText(t.CSV.Escape, `\`))
		wanted = func(b []byte) bool { return bytes.Contains(b, escape) || hasEmptyLine(b) }
	case engine.FormatJSON:
		if len(t.JSON.Keys) > 0 || t.JSON.Documents {
			return true, nil
		}
		wanted = func(b []byte) bool { return bytes.HasPrefix(b, byteOrderMark) || hasForeignCase(b, t) }
	default:
		return false, nil
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	in, err := decompress(file, c)
	if err != nil {
		return false, err
	}
	return p.search(in, wanted)
}

func hasEmptyLine(b []byte) bool {
	return bytes.Contains(b, []byte("\n\n")) || bytes.Contains(b, []byte("\n\r\n"))
}

// overlap is how much of one block is seen again with the next: longer than what is sought.
const overlap = 4 << 10

// search reads in blocks until found says yes. It refuses a line that DuckDB's buffer cannot
// hold: DuckDB 1.5.5 returns no row and no error for a file that is one such line.
func (p *preparer) search(in io.Reader, found func([]byte) bool) (bool, error) {
	if p.block == nil {
		p.block = make([]byte, 1<<20)
	}
	block, kept, line := p.block, 0, 0
	for {
		n, err := io.ReadFull(in, block[kept:])
		data := block[:kept+n]
		if found(data) {
			return true, nil
		}
		if line = lineAfter(line, data[kept:]); line > maxLine {
			return false, errLongLine
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) && n < len(block)-kept {
			return false, nil // a truncated stream is reported by whoever reads it for rows
		}
		if err != nil {
			return false, err
		}
		kept = copy(block, data[max(0, len(data)-overlap):])
	}
}

var errLongLine = fmt.Errorf("a line is longer than %d bytes", maxLine)

// lineAfter is the length of the line that is open after b, or the length of one that ends
// in b if that is too long.
func lineAfter(line int, b []byte) int {
	first := bytes.IndexByte(b, '\n')
	if first < 0 {
		return line + len(b)
	}
	if line+first > maxLine {
		return line + first
	}
	return len(b) - bytes.LastIndexByte(b, '\n') - 1
}

// hasForeignCase looks for a key that is equal to a column or field but for its case.
func hasForeignCase(b []byte, t table) bool {
	names := t.fieldNames()
	for {
		start := bytes.IndexByte(b, '"')
		if start < 0 {
			return false
		}
		b = b[start+1:]
		end := bytes.IndexByte(b, '"')
		if end < 0 {
			return false
		}
		word := b[:end]
		rest := bytes.TrimLeft(b[end+1:], " \t")
		if len(rest) > 0 && rest[0] == ':' {
			if bytes.IndexByte(word, '\\') >= 0 {
				return true
			}
			if name := strings.ToLower(string(word)); hasUpper(word) && names[name] || nestedName(name) != name {
				return true
			}
		}
		b = b[end:]
		if len(rest) > 0 && (rest[0] == ':' || rest[0] == ',' || rest[0] == '}' || rest[0] == ']') {
			b = b[1:]
		}
	}
}

func hasUpper(word []byte) bool {
	for _, c := range word {
		if c >= 'A' && c <= 'Z' || c >= 0x80 {
			return true
		}
	}
	return false
}

// fieldNames is the set of all names in the table, in lower case, nested ones included.
func (t table) fieldNames() map[string]bool {
	names := map[string]bool{}
	var add func(hiveType)
	add = func(h hiveType) {
		for _, f := range h.fields {
			if h.name == "struct" {
				names[strings.ToLower(f.name)] = true
			}
			add(f.typ)
		}
	}
	for i, c := range t.Columns {
		names[strings.ToLower(c.Name)] = true
		add(t.types[i])
	}
	return names
}

func rewriterOf(t table) rewriter {
	switch {
	case t.Format == engine.FormatJSON && t.JSON.Documents:
		return func(in io.Reader, out io.Writer) error { return rewriteDocuments(t, withoutMark(in), out) }
	case t.Format == engine.FormatJSON:
		return func(in io.Reader, out io.Writer) error { return rewriteJSON(t, withoutMark(in), out) }
	case t.Format == engine.FormatOpenCSV:
		records, split := openRecords(t.CSV), openSplitter(t.CSV)
		return func(in io.Reader, out io.Writer) error { return rewriteLines(t, withoutMark(in), out, records, split) }
	}
	split := lazySplitter(t.CSV)
	return func(in io.Reader, out io.Writer) error {
		return rewriteLines(t, withoutMark(in), out, bufio.ScanLines, split)
	}
}

// maxLine is the longest line of text, in bytes.
const maxLine = 16 << 20

// field is one field of a line; present is false for NULL.
type field struct {
	text    []byte
	present bool
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// withoutMark skips a byte order mark.
func withoutMark(in io.Reader) io.Reader {
	b := bufio.NewReader(in)
	if head, _ := b.Peek(len(byteOrderMark)); bytes.Equal(head, byteOrderMark) {
		_, _ = b.Discard(len(byteOrderMark))
	}
	return b
}

// rewriteLines writes text in the canonical form: comma, each value in double quotes (doubled
// inside), nothing for NULL. A row always has as many fields as the table.
func rewriteLines(t table, in io.Reader, out io.Writer, records bufio.SplitFunc, split func([]byte, []field) []field) error {
	lines := bufio.NewScanner(in)
	lines.Split(records)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	w := bufio.NewWriterSize(out, 256<<10)
	width := max(len(t.Columns), 1)
	var fields []field
	for n := 0; lines.Scan(); n++ {
		if n < t.CSV.HeaderLines {
			continue
		}
		fields = split(bytes.TrimSuffix(lines.Bytes(), []byte("\r")), fields[:0])
		for i := range width {
			if i > 0 {
				_ = w.WriteByte(',')
			}
			if i < len(fields) && fields[i].present {
				writeQuoted(w, fields[i].text)
			}
		}
		// A row of one NULL would be an empty line, which DuckDB skips: a second field saves it.
		_, _ = w.WriteString(",\n")
	}
	if err := lines.Err(); err != nil {
		return lineError(err)
	}
	return w.Flush() // the first error of the writes above
}

func lineError(err error) error {
	if errors.Is(err, bufio.ErrTooLong) {
		return errLongLine
	}
	return fmt.Errorf("read line: %w", err)
}

func writeQuoted(w *bufio.Writer, text []byte) {
	_ = w.WriteByte('"')
	for {
		i := bytes.IndexByte(text, '"')
		if i < 0 {
			break
		}
		_, _ = w.Write(text[:i])
		_, _ = w.WriteString(`""`)
		text = text[i+1:]
	}
	_, _ = w.Write(text)
	_ = w.WriteByte('"')
}

// lazySplitter splits as LazySimpleSerDe does, with an escape character.
func lazySplitter(csv engine.CSV) func([]byte, []field) []field {
	delimiter := []byte(orText(csv.Delimiter, "\x01"))
	null := orText(csv.Null, `\N`)
	var escape byte
	if csv.Escape != "" {
		escape = csv.Escape[0]
	}
	return func(line []byte, fields []field) []field {
		start := 0
		for i := 0; i <= len(line); i++ {
			switch {
			case i < len(line) && escape != 0 && line[i] == escape:
				i++
			case i >= len(line) || bytes.HasPrefix(line[i:], delimiter):
				raw := line[start:min(i, len(line))]
				// The null text is compared before escapes are taken out, as in Hive.
				fields = append(fields, field{unescape(raw, escape), string(raw) != null})
				i += len(delimiter) - 1
				start = i + 1
			}
		}
		return fields
	}
}

// unescape removes escape characters; \r and \n written as letters become themselves, as
// Hive's LazyUtils does.
func unescape(raw []byte, escape byte) []byte {
	if escape == 0 || bytes.IndexByte(raw, escape) < 0 {
		return raw
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] == escape && i+1 < len(raw) {
			i++
			switch raw[i] {
			case 'r':
				out = append(out, '\r')
				continue
			case 'n':
				out = append(out, '\n')
				continue
			}
		}
		out = append(out, raw[i])
	}
	return out
}

// openRecords finds the ends of records: line ends that are not within quotes, as DuckDB reads the files that need no rewriting. (Hive and Athena
// end a record there as well and return the halves.)
func openRecords(csv engine.CSV) bufio.SplitFunc {
	quote, escape := orText(csv.Quote, `"`)[0], orText(csv.Escape, `\`)[0]
	return func(data []byte, atEOF bool) (int, []byte, error) {
		quoted := false
		for i := 0; i < len(data); i++ {
			switch c := data[i]; {
			case c == escape && quoted && i+1 < len(data) && (data[i+1] == quote || data[i+1] == escape):
				i++
			case c == quote:
				quoted = !quoted
			case c == '\n' && !quoted:
				return i + 1, bytes.TrimSuffix(data[:i], []byte("\r")), nil
			}
		}
		if atEOF && len(data) > 0 {
			return len(data), data, nil
		}
		return 0, nil, nil
	}
}

// openSplitter splits as OpenCSVSerde does: quotes may be doubled or escaped, an escape
// before another character is that escape character's end and vanishes only before a quote
// or itself.
func openSplitter(csv engine.CSV) func([]byte, []field) []field {
	delimiter := orText(csv.Delimiter, ",")[0]
	quote := orText(csv.Quote, `"`)[0]
	escape := orText(csv.Escape, `\`)[0]
	return func(line []byte, fields []field) []field {
		var text []byte
		quoted := false
		for i := 0; i < len(line); i++ {
			c := line[i]
			next := byte(0)
			if i+1 < len(line) {
				next = line[i+1]
			}
			switch {
			case c == escape && quoted && (next == quote || next == escape),
				c == quote && quoted && next == quote:
				text = append(text, next)
				i++
			case c == quote:
				quoted = !quoted
			case c == delimiter && !quoted:
				fields = append(fields, field{text, true})
				text = nil
			default:
				text = append(text, c)
			}
		}
		return append(fields, field{text, true})
	}
}

// rewriteJSON writes each object again with the declared names as keys. Lines that are no
// objects are copied, so that the reader treats them as it should.
func rewriteJSON(t table, in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), maxJSONLine)
	w := bufio.NewWriterSize(out, 256<<10)
	shape := t.rowType()
	keys := foldedKeys(t.JSON.Keys)
	for lines.Scan() {
		line := lines.Bytes()
		renamed, err := renameKeys(jsontext.Value(line), shape, keys)
		if err != nil {
			renamed = line // malformed: the reader's business
		}
		_, _ = w.Write(renamed)
		_ = w.WriteByte('\n')
	}
	if err := lines.Err(); err != nil {
		return lineError(err)
	}
	return w.Flush()
}

// foldedKeys turns columns and their keys around: key in the file -> column.
func foldedKeys(columns map[string]string) map[string]string {
	keys := make(map[string]string, len(columns))
	for column, key := range columns {
		keys[strings.ToLower(key)] = strings.ToLower(column)
	}
	return keys
}

// rowType is the table as one struct type.
func (t table) rowType() hiveType {
	row := hiveType{name: "struct"}
	for i, c := range t.Columns {
		row.fields = append(row.fields, hiveField{name: strings.ToLower(c.Name), typ: t.types[i]})
	}
	return row
}

// renameKeys rewrites a value of type h. Of keys that fold to one name the last counts.
func renameKeys(value jsontext.Value, h hiveType, keys map[string]string) (jsontext.Value, error) {
	switch {
	case h.name == "struct" && value.Kind() == '{':
		return renameObject(value, func(key string) (string, hiveType) {
			name := mappedName(strings.ToLower(key), keys)
			return h.field(name)
		})
	case h.name == "map" && value.Kind() == '{':
		return renameObject(value, func(key string) (string, hiveType) { return key, h.fields[1].typ })
	case h.name == "array" && value.Kind() == '[':
		return renameItems(value, h.fields[0].typ)
	}
	if !value.IsValid(jsontext.AllowDuplicateNames(true)) {
		return nil, errMalformed
	}
	return value, nil
}

// field finds the member that a key fills. A key that a type's text cannot hold is there under its [nestedName].
func (h hiveType) field(key string) (string, hiveType) {
	written := nestedName(key)
	for _, f := range h.fields {
		if strings.EqualFold(f.name, key) || f.name == written {
			return f.name, f.typ
		}
	}
	return "", hiveType{}
}

// nestedName is a key as crawlers write it into the text of a struct: the separators of that text become `_`.
func nestedName(key string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("<>:,()`", r) {
			return '_'
		}
		return r
	}, key)
}

// mappedName is the column that a key fills: the mapped one, else the one of its own name
// unless that column is mapped to another key.
func mappedName(key string, keys map[string]string) string {
	if column, ok := keys[key]; ok {
		return column
	}
	for _, column := range keys {
		if column == key {
			return ""
		}
	}
	return key
}

var errMalformed = errors.New("malformed JSON")

// renameObject keeps the members that rename gives a name.
func renameObject(value jsontext.Value, rename func(string) (string, hiveType)) (jsontext.Value, error) {
	d := jsontext.NewDecoder(bytes.NewReader(value), jsontext.AllowDuplicateNames(true))
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	members := map[string]jsontext.Value{}
	var order []string
	for d.PeekKind() != '}' {
		key, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		name, h := rename(key.String())
		member, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		if name == "" {
			continue
		}
		if _, seen := members[name]; !seen {
			order = append(order, name)
		}
		if members[name], err = renameKeys(bytes.Clone(member), h, nil); err != nil {
			return nil, err
		}
	}
	if err := endOf(d); err != nil {
		return nil, err
	}
	return joinMembers(order, members)
}

// endOf reads the closing token and insists that nothing follows.
func endOf(d *jsontext.Decoder) error {
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return errMalformed
	}
	return nil
}

func joinMembers(order []string, members map[string]jsontext.Value) (jsontext.Value, error) {
	out := []byte{'{'}
	for i, name := range order {
		if i > 0 {
			out = append(out, ',')
		}
		var err error
		if out, err = jsontext.AppendQuote(out, name); err != nil {
			return nil, err
		}
		out = append(append(out, ':'), members[name]...)
	}
	return append(out, '}'), nil
}

func renameItems(value jsontext.Value, h hiveType) (jsontext.Value, error) {
	d := jsontext.NewDecoder(bytes.NewReader(value), jsontext.AllowDuplicateNames(true))
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	out := []byte{'['}
	for d.PeekKind() != ']' {
		item, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		renamed, err := renameKeys(bytes.Clone(item), h, nil)
		if err != nil {
			return nil, err
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, renamed...)
	}
	return append(out, ']'), endOf(d)
}
