package duck

import (
	"fmt"
	"strings"

	"github.com/bindery-project/bindery/internal/engine"
)

// noText cannot occur in a file by accident: a character that Unicode promises never to
// assign. It stands for "no delimiter" and "no null text".
const noText = "\U0010FFFF"

// csvFlags are common to everything that is read by read_csv: no sniffing; a row may be
// shorter (the rest is NULL) or longer (the rest is dropped) than the table, as in Hive. Lines have up to
// maxLine bytes, in the canonical form up to twice that (each byte may be a quote).
const csvFlags = "auto_detect=false, header=false, hive_partitioning=false, null_padding=true, " +
	"strict_mode=false"

// csvBuffers names the buffer because DuckDB would make it sixteen lines long.
func csvBuffers(line int) string {
	return fmt.Sprintf(", max_line_size=%d, buffer_size=%d", line, 2*line)
}

// textReader reads delimited text (LazySimpleSerDe, OpenCSVSerde) as text columns and
// converts them by expressions.
//
// Rules of LazySimpleSerDe (Hive's LazySimpleSerDe and lazy primitives): fields are split at
// the delimiter and at nothing else, quotes are ordinary characters, the null text is NULL,
// and a field that is no value of its type is NULL.
//
// Rules of OpenCSVSerde (Athena guide, "Open CSV SerDe"): all fields are text; boolean,
// bigint, int and double are parsed and a field that cannot be is an error; date is a number
// of days and timestamp a number of milliseconds since 1970; an empty field is the empty text.
type textReader struct {
	t    table
	open bool // OpenCSVSerde
}

func (r textReader) from(files string, g group) string {
	options := csvFlags + ", columns={" + r.columns() + "}, compression=" + quoteText(g.compression)
	line := maxLine
	if g.canonical {
		line = 2*maxLine + 4096
	}
	options += csvBuffers(line)
	switch {
	case g.canonical:
		// What canonical.go writes: each value quoted, NULL is nothing at all.
		options += `, delim=',', quote='"', escape='"', nullstr='', allow_quoted_nulls=false, parallel=false`
	case r.open:
		options += ", delim=" + quoteText(orText(r.t.CSV.Delimiter, ",")) +
			", quote=" + quoteText(orText(r.t.CSV.Quote, `"`)) + ", escape=" + quoteText(orText(r.t.CSV.Quote, `"`)) +
			", nullstr=" + quoteText(noText) + ", parallel=false, skip=" + fmt.Sprint(r.t.CSV.HeaderLines)
	default:
		options += ", delim=" + quoteText(orText(r.t.CSV.Delimiter, "\x01")) + ", quote='', escape='', nullstr=" +
			quoteText(r.nullText()) + ", skip=" + fmt.Sprint(r.t.CSV.HeaderLines)
	}
	return "read_csv(" + files + ", " + options + ")"
}

func (r textReader) nullText() string { return orText(r.t.CSV.Null, `\N`) }

// columns names the fields by position: names of the catalog may repeat in other cases.
func (r textReader) columns() string {
	list := make([]string, max(len(r.t.Columns), 1))
	for i := range list {
		list[i] = fmt.Sprintf("'c%d': 'VARCHAR'", i)
	}
	return strings.Join(list, ", ")
}

func (r textReader) column(i int, g group) string {
	text := fmt.Sprintf("f.c%d", i)
	if r.open {
		return openValue(r.t.types[i], text, g.fileNumber(), i)
	}
	return lazyValue{csv: r.t.CSV, null: r.nullText()}.of(r.t.types[i], text, 1)
}

// lazyValue makes expressions that convert text as Hive's lazy objects do.
type lazyValue struct {
	csv  engine.CSV
	null string
}

// of converts text to t. level is the nesting depth, which decides the separator.
func (v lazyValue) of(t hiveType, text string, level int) string {
	switch t.name {
	case "string", "char", "varchar":
		return clipText(t, text)
	case "tinyint", "smallint", "int", "integer", "bigint":
		return lazyInteger(mustDuck(t), text)
	case "boolean":
		return "CASE lower(" + text + ") WHEN 'true' THEN true WHEN 'false' THEN false END"
	case "binary":
		// Hive decodes what looks like base64 and takes the rest as it is.
		return "coalesce(TRY(from_base64(" + text + ")), encode(" + text + "))"
	case "array":
		return v.array(t, text, level)
	case "struct":
		return v.structure(t, text, level)
	case "map":
		return v.mapping(t, text, level)
	}
	return "TRY_CAST(" + text + " AS " + mustDuck(t) + ")"
}

// lazyInteger accepts what Hive's LazyInteger does: digits with a sign, and a fraction that
// is cut off. DuckDB's cast alone would also take 1e3, 0x1F and 1_000, and round.
func lazyInteger(name, text string) string {
	return `CASE WHEN regexp_full_match(` + text + `, '[+-]?[0-9]+') THEN TRY_CAST(` + text + ` AS ` + name + `) ` +
		`WHEN regexp_full_match(` + text + `, '[+-]?[0-9]*[.][0-9]*') THEN TRY_CAST(split_part(` + text + `, '.', 1) AS ` + name + `) END`
}

// clipText cuts varchar(n) and char(n) to n characters; other types stay as they are.
func clipText(t hiveType, text string) string {
	if (t.name == "varchar" || t.name == "char") && len(t.args) == 1 {
		return fmt.Sprintf("left(%s, %d)", text, t.args[0])
	}
	return text
}

// separator is Hive's list of separators: level 1 is collection.delim, 2 mapkey.delim, and
// deeper ones are the control characters that follow.
func (v lazyValue) separator(level int) string {
	switch level {
	case 1:
		return quoteText(orText(v.csv.Collection, "\x02"))
	case 2:
		return quoteText(orText(v.csv.MapKey, "\x03"))
	}
	return fmt.Sprintf("chr(%d)", level+1)
}

// item is a text inside a collection, where the null text counts too.
func (v lazyValue) item(name string) string { return "nullif(" + name + ", " + quoteText(v.null) + ")" }

func (v lazyValue) array(t hiveType, text string, level int) string {
	item := fmt.Sprintf("e%d", level)
	return fmt.Sprintf("CASE WHEN %s = '' THEN [] ELSE list_transform(string_split(%s, %s), lambda %s: %s) END",
		text, text, v.separator(level), item, v.of(t.fields[0].typ, v.item(item), level+1))
}

func (v lazyValue) structure(t hiveType, text string, level int) string {
	parts := make([]string, len(t.fields))
	for i, f := range t.fields {
		// split_part would give '' for a missing part; an index gives NULL.
		part := v.item(fmt.Sprintf("string_split(%s, %s)[%d]", text, v.separator(level), i+1))
		parts[i] = quoteName(f.name) + " := " + v.of(f.typ, part, level+1)
	}
	return "CASE WHEN " + text + " IS NOT NULL THEN struct_pack(" + strings.Join(parts, ", ") + ") END"
}

// mapping takes the first of equal keys, as LazyMap does.
func (v lazyValue) mapping(t hiveType, text string, level int) string {
	entry := fmt.Sprintf("m%d", level)
	split := fmt.Sprintf("string_split(%s, %s)", entry, v.separator(level+1))
	key := v.of(t.fields[0].typ, split+"[1]", level+2)
	value := v.of(t.fields[1].typ, v.item(split+"[2]"), level+2)
	entries := fmt.Sprintf("list_transform(string_split(%s, %s), lambda %s: {'k': %s, 'v': %s})",
		text, v.separator(level), entry, key, value)
	first := fmt.Sprintf("list_filter(%s, lambda a%d, i%d: a%d.k IS NOT NULL AND "+
		"list_position(list_transform(%s, lambda b%d: b%d.k), a%d.k) = i%d)",
		entries, level, level, level, entries, level, level, level, level)
	return fmt.Sprintf("CASE WHEN %s = '' THEN MAP {} ELSE map_from_entries(%s) END", text, first)
}

// openValue converts a field of OpenCSVSerde.
func openValue(t hiveType, text, fileNumber string, column int) string {
	var value string
	switch t.name {
	case "string", "char", "varchar":
		return clipText(t, text)
	case "boolean":
		value = "CASE lower(" + text + ") WHEN 'true' THEN true WHEN 'false' THEN false END"
	case "date":
		value = "(DATE '1970-01-01' + TRY_CAST(" + text + " AS INTEGER))"
	case "timestamp":
		value = "make_timestamp(TRY_CAST(" + text + " AS BIGINT) * 1000)"
	default:
		value = "TRY_CAST(" + text + " AS " + mustDuck(t) + ")"
	}
	return orBadData(value, text, fileNumber, column)
}

// orBadData lets the query fail where text is there but has no value. The message is the one
// that Athena gives; failure.go takes the file's number off it.
func orBadData(value, text, fileNumber string, column int) string {
	return fmt.Sprintf("CASE WHEN %s IS NOT NULL THEN coalesce(%s, error(%s || %s || %s || %s || %s)) END",
		text, value, quoteText(badDataMark), fileNumber, quoteText(badDataSeparator+"Error parsing field value '"), text,
		quoteText(fmt.Sprintf("' for field %d", column)))
}
