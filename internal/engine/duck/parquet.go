package duck

import "strings"

// parquetReader reads Parquet by name. The schema parameter gives names and types from the
// catalog: DuckDB then matches without regard to case, fills missing columns (and missing
// fields of structs) with NULL, and casts where the file's type is narrower.
type parquetReader struct{ t table }

func (r parquetReader) from(files string, _ group) string {
	options := "hive_partitioning=false"
	if !r.hasBinary() {
		// Old writers left the mark of text out; without binary columns all bytes are text.
		options += ", binary_as_string=true"
	}
	if len(r.t.Columns) > 0 {
		options += ", schema=MAP {" + r.schema() + "}"
	}
	return "read_parquet(" + files + ", " + options + ")"
}

func (r parquetReader) schema() string {
	entries := make([]string, len(r.t.Columns))
	for i, c := range r.t.Columns {
		name := quoteText(strings.ToLower(c.Name))
		entries[i] = name + ": {name: " + name + ", type: " + quoteText(mustDuck(r.t.types[i])) + ", default_value: NULL}"
	}
	return strings.Join(entries, ", ")
}

func (r parquetReader) column(i int, _ group) string {
	return clipText(r.t.types[i], "f."+quoteName(strings.ToLower(r.t.Columns[i].Name)))
}

func (r parquetReader) hasBinary() bool {
	for _, t := range r.t.types {
		if t.contains("binary") {
			return true
		}
	}
	return false
}

// contains reports whether the type or a type inside it has that name.
func (t hiveType) contains(name string) bool {
	if t.name == name {
		return true
	}
	for _, f := range t.fields {
		if f.typ.contains(name) {
			return true
		}
	}
	return false
}

// mustDuck is duck for types that parseHiveType has accepted.
func mustDuck(t hiveType) string {
	name, err := t.duck()
	if err != nil {
		panic(err)
	}
	return name
}
