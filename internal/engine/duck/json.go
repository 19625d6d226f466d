package duck

import (
	"fmt"
	"strings"
)

// jsonReader reads one JSON object per line. DuckDB matches keys exactly; files whose keys
// need more than that were rewritten before (canonical.go).
type jsonReader struct{ t table }

// maxJSONLine is the longest line, in bytes: DuckDB holds a few of them per thread.
const maxJSONLine = maxLine

func (r jsonReader) from(files string, g group) string {
	columns := make([]string, max(len(r.t.Columns), 1))
	columns[0] = "'c0': 'VARCHAR'" // of a table without columns
	for i, c := range r.t.Columns {
		columns[i] = quoteText(strings.ToLower(c.Name)) + ": " + quoteText(mustDuck(r.t.types[i]))
	}
	return fmt.Sprintf("read_json(%s, format='newline_delimited', auto_detect=false, hive_partitioning=false, "+
		"ignore_errors=%t, maximum_object_size=%d, compression=%s, columns={%s})",
		files, r.t.JSON.IgnoreMalformed, maxJSONLine, quoteText(jsonCompression(g.compression)), strings.Join(columns, ", "))
}

func (r jsonReader) column(i int, _ group) string {
	return clipText(r.t.types[i], "f."+quoteName(strings.ToLower(r.t.Columns[i].Name)))
}

// jsonCompression: read_json has another word than read_csv for no compression.
func jsonCompression(name string) string {
	if name == "none" {
		return "uncompressed"
	}
	return name
}
