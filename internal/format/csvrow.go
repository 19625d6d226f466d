package format

import (
	"fmt"
	"strconv"
	"strings"
)

// cell is one field of a row without its quotes.
type cell struct {
	text    string
	quoted  bool
	escaped bool // it held a quote
}

// rowReader splits text into rows. A row ends at \n, \r\n or \r outside quotes; empty lines are no rows.
type rowReader struct {
	in        *inspection
	text      string
	delimiter byte
	quoting   quoting
	whole     bool // the text is the whole file, so its end ends a row
	at        int  // offset behind the last row
	line      int  // line of the last row, from 1
	scanned   int  // offset up to which lines were counted
	empty     bool // an empty line was seen
}

// next returns the next row, or nil at the end. What follows the last line break of a cut sample is no row.
func (r *rowReader) next() ([]cell, error) {
	from := r.at
	for r.at < len(r.text) && (r.text[r.at] == '\n' || r.text[r.at] == '\r') {
		r.at++
	}
	r.empty = r.empty || strings.Count(r.text[from:r.at], "\n") > min(from, 1) // the first ends the row before
	if r.at >= len(r.text) {
		return nil, nil
	}
	r.line += strings.Count(r.text[r.scanned:r.at], "\n")
	if r.scanned == 0 {
		r.line++
	}
	r.scanned = r.at
	return r.row()
}

func (r *rowReader) row() ([]cell, error) {
	var row []cell
	for at := r.at; ; {
		c, end, err := r.cell(at)
		if err != nil {
			return nil, err
		}
		if end-r.at > r.in.limits.MaxLine {
			return nil, r.in.tooLong()
		}
		if end >= len(r.text) && !r.whole {
			return nil, nil
		}
		if row = append(row, c); len(row) > r.in.limits.MaxColumns {
			return nil, &Reason{Kind: TooWide, Detail: fmt.Sprintf("line %d has more than %d columns", r.line, r.in.limits.MaxColumns)}
		}
		if end >= len(r.text) || r.text[end] != r.delimiter {
			r.at = end
			return row, nil
		}
		at = end + 1
	}
}

// cell reads the field at offset at and returns the offset of what ends it.
func (r *rowReader) cell(at int) (cell, int, error) {
	if r.quoting.quote != 0 && at < len(r.text) && r.text[at] == r.quoting.quote {
		return r.quotedCell(at)
	}
	end := at
	for end < len(r.text) && r.text[end] != r.delimiter && r.text[end] != '\n' && r.text[end] != '\r' {
		end++
	}
	return cell{text: r.text[at:end]}, end, nil
}

// maxOpenQuote is how much of a cut sample an unclosed quote may swallow before it is taken for a stray one, in bytes.
const maxOpenQuote = 64 << 10

// quotedCell reads a field in quotes. Its closing quote must be followed by a delimiter, a line break or the end.
func (r *rowReader) quotedCell(at int) (cell, int, error) {
	escaped := false
	for i := at + 1; i < len(r.text); i++ {
		c := r.text[i]
		following := byte(0)
		if i+1 < len(r.text) {
			following = r.text[i+1]
		}
		switch {
		case c == r.quoting.escape && (following == r.quoting.quote || c == '\\'):
			escaped = true
			i++
		case c == r.quoting.quote:
			return r.closeQuote(at, i, escaped)
		}
	}
	if !r.whole && len(r.text)-at < maxOpenQuote {
		return cell{}, len(r.text), nil
	}
	return cell{}, 0, corrupt("csv: a quote opened at line %d is not closed", r.line)
}

func (r *rowReader) closeQuote(open, closing int, escaped bool) (cell, int, error) {
	end := closing + 1
	if end < len(r.text) && r.text[end] != r.delimiter && r.text[end] != '\n' && r.text[end] != '\r' {
		return cell{}, 0, corrupt("csv: text follows a closing quote in line %d", r.line)
	}
	text := r.text[open+1 : closing]
	if escaped {
		text = r.unescape(text)
	}
	return cell{text: text, quoted: true, escaped: escaped}, end, nil
}

func (r *rowReader) unescape(text string) string {
	if r.quoting.escape == '"' {
		return strings.ReplaceAll(text, `""`, `"`)
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// cellType is the type by which a reader returns the value; an empty field and Hive's \N are no value.
//
// Only numbers that read back the same are numbers: with `007` or twenty digits as bigint or double, SQL would return something else than
// the file holds. A sign other than minus makes text too (`+49 …`), except before a fraction; so do blanks around anything but a fraction, which
// Hive reads as NULL.
func cellType(text string) Type {
	kind := looksLike(text)
	trimmed := strings.TrimSpace(text)
	switch {
	case kind.IsNull() || kind.Name == "double":
		return kind
	case trimmed != text:
		return plain("string")
	case kind.Name == "bigint" && !readsBack(text):
		return plain("string")
	}
	return kind
}

// readsBack reports whether an integer prints again as it is written.
func readsBack(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	_, err := strconv.ParseInt(text, 10, 64)
	return err == nil && digits[0] != '+' && (digits == "0" || digits[0] != '0')
}

// looksLike is the type that a person would give a value, blanks around it aside: what tells a header from data.
func looksLike(text string) Type {
	text = strings.TrimSpace(text)
	switch {
	case text == "" || text == `\N`:
		return Type{}
	case strings.EqualFold(text, "true") || strings.EqualFold(text, "false"):
		return plain("boolean")
	case text == "NaN":
		return plain("double")
	}
	return numberType(text)
}

// numberType reads [sign] digits [. digits] [e [sign] digits].
func numberType(text string) Type {
	whole, rest := digits(text[signLength(text):])
	fraction, rest, point := fractionDigits(rest)
	exponent, rest := exponentDigits(rest)
	switch {
	case rest != "" || whole+fraction == "" || len(text) > maxNumber:
		return plain("string")
	case (point || exponent) && len(whole) > 1 && whole[0] == '0':
		return plain("string")
	case point || exponent:
		return plain("double")
	}
	return plain("bigint")
}

// maxNumber is the longest text that is looked at as a number.
const maxNumber = 64

func signLength(text string) int {
	if text[0] == '-' || text[0] == '+' {
		return 1
	}
	return 0
}

func digits(text string) (number, rest string) {
	end := 0
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	return text[:end], text[end:]
}

func fractionDigits(text string) (number, rest string, point bool) {
	if !strings.HasPrefix(text, ".") {
		return "", text, false
	}
	number, rest = digits(text[1:])
	return number, rest, true
}

// exponentDigits takes an exponent; a lone `e` stays in rest, so that the text is no number.
func exponentDigits(text string) (present bool, rest string) {
	if text == "" || text[0] != 'e' && text[0] != 'E' {
		return false, text
	}
	rest = text[1:]
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		rest = rest[1:]
	}
	number, after := digits(rest)
	if number == "" {
		return false, text
	}
	return true, after
}
