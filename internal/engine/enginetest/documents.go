package enginetest

import (
	"strings"

	"github.com/bindery-project/bindery/internal/engine"
)

// documentCases: JSON that is not one object per line, and what a rewriting must leave alone.
func documentCases() []Case {
	documents := func(types string, keys ...string) *engine.Relation {
		r := table(engine.FormatJSON, types, keys...)
		r.JSON.Documents = true
		return r
	}
	pretty := "\xef\xbb\xbf{\n  \"ID\": 1,\n  \"o\": {\n \"x\": [1,\n 2]}, \"s\": \"a\\nb\"\n}\n{\"id\": 2} {\"id\": 3}"
	return []Case{
		{
			Name: "documents", SQL: "SELECT * FROM t", Relation: documents("id int, o struct<x:array<int>>, s string", "a", "b", "c"),
			Contents: text(pretty, ` [ {"id":4} , {"id":5,"o":null}]`+"\n"+`[{"id":6}]`, "[]\n"),
			Want:     "1|{\"x\":[1,2]}|a\nb\n2|<null>|<null>\n3|<null>|<null>\n4|<null>|<null>\n5|<null>|<null>\n6|<null>|<null>",
		},
		{Name: "arrays of numbers", SQL: "SELECT * FROM t", Relation: documents("array array<int>", "a"), Contents: text("[1,\n2]\n[3]"), Want: "[1,2]\n[3]"},
		{
			Name: "a document that breaks off", SQL: "SELECT * FROM t", Relation: documents("id int", "a"), Contents: text("{\"id\":1}\n{\"id\":"),
			Class: engine.ClassBadData, File: "s3://b/a", Message: "malformed JSON",
		},
		{
			Name: "a document that is too long", SQL: "SELECT * FROM t", Relation: documents("id int, s string", "a"),
			Contents: text(`[{"id":1},{"s":"` + strings.Repeat("y", 33<<20) + `"}]`), Class: engine.ClassBadData, File: "s3://b/a", Message: "longer than",
		},
		{
			Name: "a rewritten file in a message", SQL: "SELECT * FROM t", Relation: documents("id int", "a"), Contents: text("{\n\"id\":\"x\"}"),
			Class: engine.ClassBadData, File: "s3://b/a",
		},
		{Name: "byte order mark", SQL: "SELECT * FROM t", Relation: table(engine.FormatJSON, "id int", "a"), Contents: text("\xef\xbb\xbf{\"id\":1}\n"), Want: "1"},
		{
			Name: "keys that a type cannot hold", SQL: "SELECT * FROM t", Relation: table(engine.FormatJSON, "o struct<a_b:int,c_d:int>", "a"),
			Contents: text(`{"o":{"a:b":1,"c<d":2}}` + "\n"), Want: `{"a_b":1,"c_d":2}`,
		},
		{
			Name: "lines within quotes", SQL: "SELECT * FROM t", Relation: table(engine.FormatOpenCSV, "a string, b string", "a", "b"),
			Contents: text("1,\"x\ny\"\n", "1,\"x\n\ny \"\"q\"\" \\\"r\\\"\"\r\n2,z"), Want: "1|x\n\ny \"q\" \"r\"\n1|x\ny\n2|z",
		},
	}
}
