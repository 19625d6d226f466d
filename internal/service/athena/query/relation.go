package query

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/engine"
	"github.com/bindery-project/bindery/internal/engine/analyze"
	"github.com/bindery-project/bindery/internal/op"
)

// The SerDe classes that can be read, and what they are to the engine.
var serdes = map[string]engine.Format{
	"org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe":          engine.FormatText,
	"org.apache.hadoop.hive.serde2.OpenCSVSerde":                  engine.FormatOpenCSV,
	"org.openx.data.jsonserde.JsonSerDe":                          engine.FormatJSON,
	"org.apache.hive.hcatalog.data.JsonSerDe":                     engine.FormatJSON,
	"org.apache.hadoop.hive.serde2.JsonSerDe":                     engine.FormatJSON,
	"org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe": engine.FormatParquet,
}

// inputFormats are the input formats that belong to a format; others are refused.
var inputFormats = map[string]bool{
	"": true,
	"org.apache.hadoop.mapred.TextInputFormat":                      true,
	"org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat": true,
}

// reading is how the bytes of files become rows: what table and partitions must agree on.
type reading struct {
	format engine.Format
	csv    engine.CSV
	json   engine.JSON
}

// readingOf reads a storage descriptor. parameters are the table's own.
func readingOf(name string, sd *glueapi.StorageDescriptor, parameters map[string]string) (reading, error) {
	serde, properties := "", map[string]string(nil)
	if sd.SerdeInfo != nil {
		serde, properties = op.Value(sd.SerdeInfo.SerializationLibrary), sd.SerdeInfo.Parameters
	}
	r := reading{format: serdes[serde]}
	switch {
	case serde == "":
		return r, &Failure{
			Reason:   fmt.Sprintf("HIVE_UNSUPPORTED_FORMAT: Unable to create input format %s: table %s names no SerDe", op.Value(sd.InputFormat), name),
			Category: userFault, Type: typeSchema,
		}
	case r.format == "":
		return r, unsupported("table %s: SerDe %s", name, serde)
	case !inputFormats[op.Value(sd.InputFormat)]:
		return r, unsupported("table %s: input format %s", name, op.Value(sd.InputFormat))
	}
	for _, p := range refusedProperties {
		if v, given := properties[p.name]; given && !p.harmless(v) {
			return r, unsupported("table %s: SerDe property %s=%q", name, p.name, v)
		}
	}
	var err error
	switch r.format {
	case engine.FormatText:
		r.csv = lazySimple(properties)
	case engine.FormatOpenCSV:
		r.csv = openCSV(properties)
	case engine.FormatJSON:
		r.json = jsonProperties(properties)
		r.json.Documents = parameters["jsonPath"] == "$[*]" || strings.EqualFold(parameters["multiLine"], "true")
	case engine.FormatParquet:
		return r, nil
	}
	if err == nil && r.format != engine.FormatJSON {
		r.csv.HeaderLines, err = headerLines(name, properties, parameters)
	}
	return r, err
}

// property is one that changes the meaning of files in a way that is not built.
type property struct {
	name     string
	harmless func(value string) bool
}

func only(values ...string) func(string) bool {
	return func(v string) bool {
		for _, ok := range values {
			if strings.EqualFold(v, ok) {
				return true
			}
		}
		return false
	}
}

var refusedProperties = []property{
	{"line.delim", only("\n", "10", `\n`)},
	{"serialization.encoding", only("utf-8", "utf8")},
	{"serialization.last.column.takes.rest", only("false")},
	{"timestamp.formats", only()},
	{"dots.in.keys", only("false")},
	{"case.insensitive", only("true")},
	{"parquet.column.index.access", only("false")},
}

// lazySimple reads the delimiters of LazySimpleSerDe. Each is a character, or the number
// of one: Hive reads "9" as a tab.
func lazySimple(p map[string]string) engine.CSV {
	return engine.CSV{
		Delimiter:  delimiter(first(p, "field.delim", "serialization.format")),
		Collection: delimiter(first(p, "collection.delim", "colelction.delim")), // Hive misspells it
		MapKey:     delimiter(first(p, "mapkey.delim")),
		Escape:     delimiter(first(p, "escape.delim")),
		Null:       p["serialization.null.format"],
	}
}

func first(p map[string]string, names ...string) string {
	for _, n := range names {
		if v := p[n]; v != "" {
			return v
		}
	}
	return ""
}

func delimiter(v string) string {
	if n, err := strconv.ParseInt(v, 10, 8); err == nil && n >= 0 {
		return string(rune(n))
	}
	return character(v)
}

// character is the first character of a value; the SerDes ignore the rest.
func character(v string) string {
	for _, r := range v {
		return string(r)
	}
	return ""
}

// openCSV reads the characters of OpenCSVSerde. Hive takes an escape character that is a double quote for its own default, and so do we.
func openCSV(p map[string]string) engine.CSV {
	c := engine.CSV{
		Delimiter: character(p["separatorChar"]), Quote: character(p["quoteChar"]), Escape: character(p["escapeChar"]),
	}
	if c.Escape == `"` {
		c.Escape = ""
	}
	return c
}

const mappingPrefix = "mapping."

func jsonProperties(p map[string]string) engine.JSON {
	j := engine.JSON{IgnoreMalformed: strings.EqualFold(p["ignore.malformed.json"], "true")}
	for name, key := range p {
		if column, ok := strings.CutPrefix(name, mappingPrefix); ok {
			if j.Keys == nil {
				j.Keys = map[string]string{}
			}
			j.Keys[strings.ToLower(column)] = key
		}
	}
	return j
}

const headerProperty = "skip.header.line.count"

func headerLines(name string, properties, parameters map[string]string) (int, error) {
	v := first(parameters, headerProperty)
	if v == "" {
		v = first(properties, headerProperty)
	}
	if v == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 {
		return 0, &Failure{
			Reason:   fmt.Sprintf("HIVE_INVALID_METADATA: Table %s: Invalid value for %s property: %s", name, headerProperty, v),
			Category: userFault, Type: typeTableProperty,
		}
	}
	return n, nil
}

// relationName is the name of a reading of a table in the translated statement.
func relationName(t *analyze.TableRef) string { return "t" + strconv.Itoa(t.ID) }

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// relation describes a table to the engine, without files.
func relation(ref *analyze.TableRef, r reading) engine.Relation {
	return engine.Relation{
		Name: relationName(ref), Format: r.format, CSV: r.csv, JSON: r.json,
		Columns: engineColumns(ref.Table.Columns), Partitions: engineColumns(ref.Table.PartitionKeys),
	}
}

func engineColumns(columns []analyze.TableColumn) []engine.Column {
	out := make([]engine.Column, len(columns))
	for i, c := range columns {
		out[i] = engine.Column{Name: c.Name, Type: c.Type}
	}
	return out
}
