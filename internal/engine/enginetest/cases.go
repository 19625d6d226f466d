package enginetest

import (
	"fmt"

	"github.com/bindery-project/bindery/internal/engine"
)

// columns parses "a int, b array<string>" at the commas outside of brackets.
func columns(text string) []engine.Column {
	var list []engine.Column
	depth, start := 0, 0
	add := func(part string) {
		var name, kind string
		for i := range part {
			if part[i] == ' ' && name == "" && i > 0 {
				name, kind = part[:i], part[i+1:]
			}
		}
		list = append(list, engine.Column{Name: name, Type: kind})
	}
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '<', '(':
			depth++
		case '>', ')':
			depth--
		case ',':
			if depth == 0 {
				add(text[start:i])
				start = i + 2
			}
		}
	}
	if start < len(text) {
		add(text[start:])
	}
	return list
}

// table is a relation "t" with one file per key below s3://b/.
func table(format engine.Format, types string, keys ...string) *engine.Relation {
	r := &engine.Relation{Name: "t", Format: format, Columns: columns(types)}
	for _, k := range keys {
		r.Files = append(r.Files, engine.File{Key: "s3://b/" + k})
	}
	return r
}

func text(s ...string) [][]byte {
	list := make([][]byte, len(s))
	for i := range s {
		list[i] = []byte(s[i])
	}
	return list
}

func statementCases() []Case {
	return []Case{
		{Name: "one", SQL: "SELECT 1 AS x", Want: "1", Columns: "x INTEGER"},
		{Name: "no rows", SQL: "SELECT 1 AS x WHERE false", Want: "", Columns: "x INTEGER"},
		{
			Name: "scalar types",
			SQL: `SELECT true AS a, 1::TINYINT AS b, 2::SMALLINT AS c, 3 AS d, 4::BIGINT AS e, 5::HUGEINT AS f, 1.5::FLOAT AS g,
				2.5::DOUBLE AS h, 12.34::DECIMAL(4,2) AS i, -1.5::DECIMAL(38,1) AS j, 'x' AS k, 'a long text of more than twelve bytes' AS l,
				DATE '2024-02-29' AS m, TIMESTAMP '2024-02-29 12:34:56.789' AS n, '{"a":1}'::JSON AS o, NULL AS p,
				'\x00\xFF'::BLOB AS q, TIME '01:02:03' AS r`,
			Want: "true|1|2|3|4|5|1.5|2.5|12.34|-1.5|x|a long text of more than twelve bytes|2024-02-29|" +
				"2024-02-29T12:34:56.789|{\"a\":1}|<null>|AP8=|01:02:03.000000",
			Columns: "a BOOLEAN, b TINYINT, c SMALLINT, d INTEGER, e BIGINT, f HUGEINT, g FLOAT, h DOUBLE, i DECIMAL(4,2), j DECIMAL(38,1), " +
				"k VARCHAR, l VARCHAR, m DATE, n TIMESTAMP, o JSON, p INTEGER, q BLOB, r TIME",
		},
		{
			Name: "nested types",
			SQL: `SELECT [1, NULL, 3] AS a, {'x': 1, 'y': ['p', NULL]} AS b, MAP {'k': [1], 'l': NULL} AS c, []::INTEGER[] AS d,
				[{'z': DATE '2024-01-01'}] AS e, NULL::STRUCT(q INTEGER) AS f, array_value(1, 2) AS g`,
			Want: `[1,null,3]|{"x":1,"y":["p",null]}|[{"key":"k","value":[1]},{"key":"l","value":null}]|[]|[{"z":"2024-01-01"}]|<null>|[1,2]`,
			Columns: `a INTEGER[], b STRUCT("x" INTEGER, "y" VARCHAR[]), c MAP(VARCHAR, INTEGER[]), d INTEGER[], ` +
				`e STRUCT("z" DATE)[], f STRUCT("q" INTEGER), g INTEGER[2]`,
		},
		{Name: "many rows", SQL: "SELECT count(*) AS n, sum(i)::BIGINT AS s FROM range(100000) r(i)", Want: "100000|4999950000"},
		{Name: "time zone", SQL: "SELECT current_setting('TimeZone') AS z", Want: "UTC"},
	}
}

// textTypes is a column of each scalar type.
const textTypes = "a bigint, b double, c boolean, d string, e date, f timestamp, g decimal(10,2)"

func withComma(r *engine.Relation) *engine.Relation {
	r.CSV.Delimiter = ","
	return r
}

func textCases() []Case { return append(textRowCases(), textOptionCases()...) }

// textRowCases: what becomes of fields and lines.
func textRowCases() []Case {
	types, comma := textTypes, withComma
	return []Case{
		{
			Name: "all types", SQL: "SELECT * FROM t", Relation: comma(table(engine.FormatText, types, "f")),
			Contents: text("1,1.5,true,x,2024-01-31,2024-01-31 10:11:12.5,12.34\n\\N,\\N,\\N,\\N,\\N,\\N,\\N\n"),
			Want: "1|1.5|true|x|2024-01-31|2024-01-31T10:11:12.5|12.34\n" +
				"<null>|<null>|<null>|<null>|<null>|<null>|<null>",
		},
		{
			Name: "bad values are NULL", SQL: "SELECT a, b, c, e, g FROM t", Relation: comma(table(engine.FormatText, types, "f")),
			Contents: text("x,x,yes,x,x,x,x\n1e3,1e3,TRUE,,,,\n7.9,,FALSE,,,,\n9223372036854775808,,,,,,\n"),
			Want:     "7|<null>|false|<null>|<null>\n<null>|1000|true|<null>|<null>\n<null>|<null>|<null>|<null>|<null>\n<null>|<null>|<null>|<null>|<null>",
		},
		{
			Name: "short and long rows, quotes are characters", SQL: "SELECT * FROM t",
			Relation: comma(table(engine.FormatText, "a int, b string, c string", "f")),
			Contents: text("1\n2,\"q\n3,x,y,z,w\n4,,\n"),
			Want:     "1|<null>|<null>\n2|\"q|<null>\n3|x|y\n4||",
		},
		{
			Name: "empty lines and carriage returns", SQL: "SELECT * FROM t",
			Relation: comma(table(engine.FormatText, "a string, b string", "f")),
			Contents: text("1,x\r\n\r\n2,y\r\n\n"), Want: "1|x\n2|y\n|<null>\n|<null>",
		},
	}
}

// textOptionCases: properties of the SerDe, nested types, odd files.
func textOptionCases() []Case {
	types, comma := textTypes, withComma
	return []Case{
		{
			Name: "default delimiter", SQL: "SELECT * FROM t", Relation: table(engine.FormatText, "a int, b string", "f"),
			Contents: text("1\x01x,y\n"), Want: "1|x,y",
		},
		{
			Name: "own null text and header", SQL: "SELECT * FROM t",
			Relation: &engine.Relation{
				Name: "t", Format: engine.FormatText, Columns: columns("a int, b string"),
				Files: []engine.File{{Key: "s3://b/1"}, {Key: "s3://b/2"}},
				CSV:   engine.CSV{Delimiter: "\t", Null: "NA", HeaderLines: 1},
			},
			Contents: text("a\tb\n1\tNA\n", "a\tb\nNA\tx\n"), Want: "1|<null>\n<null>|x",
		},
		{
			Name: "escape character", SQL: "SELECT * FROM t",
			Relation: &engine.Relation{
				Name: "t", Format: engine.FormatText, Columns: columns("a string, b string"),
				Files: []engine.File{{Key: "s3://b/1"}}, CSV: engine.CSV{Delimiter: ",", Escape: `\`, HeaderLines: 1},
			},
			Contents: text("h,h\na\\,b,\"c\"\n\\N,x\\\\y\n"), Want: "<null>|x\\y\na,b|\"c\"",
		},
		{
			Name: "nested", SQL: "SELECT * FROM t",
			Relation: comma(table(engine.FormatText, "a array<int>, b struct<x:int,y:string>, c map<string,int>, d array<array<string>>", "f")),
			Contents: text("1\x022\x02\\N,7\x02q,k\x031\x02l\x03\\N,p\x03q\x02r\n,,,\n\\N,\\N,\\N,\\N\n"),
			Want: `<null>|<null>|<null>|<null>` + "\n" + `[1,2,null]|{"x":7,"y":"q"}|[{"key":"k","value":1},{"key":"l","value":null}]|[["p","q"],["r"]]` +
				"\n" + `[]|{"x":null,"y":null}|[]|[]`,
		},
		{
			Name: "varchar is cut", SQL: "SELECT * FROM t", Relation: table(engine.FormatText, "a varchar(3), b char(2)", "f"),
			Contents: text("abcdef\x01xyz\n"), Want: "abc|xy",
		},
		{
			Name: "binary", SQL: "SELECT * FROM t", Relation: table(engine.FormatText, "a binary", "f"),
			Contents: text("AP8=\n"), Want: "AP8=",
		},
		{Name: "no files", SQL: "SELECT * FROM t", Relation: table(engine.FormatText, types), Columns: "a BIGINT, b DOUBLE, c BOOLEAN, d VARCHAR, e DATE, f TIMESTAMP, g DECIMAL(10,2)"},
		{Name: "empty file", SQL: "SELECT count(*) FROM t", Relation: table(engine.FormatText, types, "f"), Contents: text(""), Want: "0"},
		{
			Name: "a line of ten million bytes", SQL: "SELECT length(a), b FROM t", Relation: comma(table(engine.FormatText, "a string, b int", "f")),
			Contents: [][]byte{append(repeat('x', 10_000_000), ",7\n1,8\n"...)}, Want: "10000000|7\n1|8",
		},
	}
}

func repeat(c byte, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = c
	}
	return b
}

func openCSVCases() []Case {
	return []Case{
		{
			Name: "quotes", SQL: "SELECT * FROM t", Relation: table(engine.FormatOpenCSV, "a string, b string, c string", "f"),
			Contents: text("\"x, y\",\"a \"\"q\"\" b\",\n1\n"), Want: "1|<null>|<null>\nx, y|a \"q\" b|",
		},
		{
			Name: "escapes", SQL: "SELECT * FROM t", Relation: table(engine.FormatOpenCSV, "a string, b string, c string", "f"),
			Contents: text("\"a \\\"q\\\" b\",\"c\\\\d\",\"\"\n"), Want: `a "q" b|c\d|`,
		},
		{
			Name: "types", SQL: "SELECT * FROM t",
			Relation: table(engine.FormatOpenCSV, "a bigint, b double, c boolean, d date, e timestamp, f int", "f"),
			Contents: text("\"1\",\"1.5\",\"true\",\"19753\",\"1706695872500\",\"-3\"\n"), Want: "1|1.5|true|2024-01-31|2024-01-31T10:11:12.5|-3",
		},
		{
			Name: "bad number", SQL: "SELECT a FROM t", Relation: table(engine.FormatOpenCSV, "a bigint", "good", "bad"),
			Contents: text("1\n", "x1\n"), Class: engine.ClassBadData, File: "s3://b/bad", Message: "Error parsing field value 'x1' for field 0",
		},
		{
			Name: "empty number", SQL: "SELECT a FROM t", Relation: table(engine.FormatOpenCSV, "a bigint, b string", "f"),
			Contents: text(",x\n"), Class: engine.ClassBadData, File: "s3://b/f", Message: "Error parsing field value ''",
		},
		{
			Name: "own characters and header", SQL: "SELECT * FROM t",
			Relation: &engine.Relation{
				Name: "t", Format: engine.FormatOpenCSV, Columns: columns("a string, b string"), Files: []engine.File{{Key: "s3://b/1"}},
				CSV: engine.CSV{Delimiter: ";", Quote: "'", Escape: "^", HeaderLines: 2},
			},
			Contents: text("x\ny\n'a;b';'c^'d'\n"), Want: "a;b|c'd",
		},
	}
}

func jsonCases() []Case {
	types := "a bigint, b double, c boolean, d string, e array<int>, f struct<x:int,y:string>, g map<string,int>, h timestamp, i date, j decimal(10,2)"
	full := `{"a":1,"b":1.5,"c":true,"d":"x","e":[1,null],"f":{"x":1,"y":"z"},"g":{"k":1},"h":"2024-01-31 10:11:12.5","i":"2024-01-31","j":12.34}` + "\n"
	want := `1|1.5|true|x|[1,null]|{"x":1,"y":"z"}|[{"key":"k","value":1}]|2024-01-31T10:11:12.5|2024-01-31|12.34`
	nulls := "<null>|<null>|<null>|<null>|<null>|<null>|<null>|<null>|<null>|<null>"
	malformed := func(ignore bool) *engine.Relation {
		r := table(engine.FormatJSON, "a bigint", "f")
		r.JSON.IgnoreMalformed = ignore
		return r
	}
	mapped := table(engine.FormatJSON, "a bigint, b string", "f")
	mapped.JSON.Keys = map[string]string{"b": "The Key"}
	return []Case{
		{Name: "all types", SQL: "SELECT * FROM t", Relation: table(engine.FormatJSON, types, "f"), Contents: text(full + "{}\n"), Want: want + "\n" + nulls},
		{
			Name: "keys in another case", SQL: "SELECT * FROM t", Relation: table(engine.FormatJSON, "a bigint, f struct<x:int,y:string>, l array<struct<z:int>>", "f", "g"),
			Contents: text(`{"A":1,"F":{"X":1,"Y":"Z"},"L":[{"Z":1}],"other":2}`+"\n", `{"a":2,"f":{"x":2},"l":[]}`+"\n"),
			Want:     `1|{"x":1,"y":"Z"}|[{"z":1}]` + "\n" + `2|{"x":2,"y":null}|[]`,
		},
		{Name: "malformed fails", SQL: "SELECT * FROM t", Relation: malformed(false), Contents: text("{\"a\":1}\nnot json\n"), Class: engine.ClassBadData, File: "s3://b/f"},
		{Name: "malformed is NULL", SQL: "SELECT * FROM t", Relation: malformed(true), Contents: text("{\"a\":1}\nnot json\n"), Want: "1\n<null>"},
		{Name: "mapped keys", SQL: "SELECT * FROM t", Relation: mapped, Contents: text(`{"a":1,"the key":"x","b":"y"}` + "\n"), Want: "1|x"},
		{Name: "numbers as text", SQL: "SELECT * FROM t", Relation: table(engine.FormatJSON, "a bigint, d string", "f"), Contents: text(`{"a":"7","d":8}` + "\n"), Want: "7|8"},
		{Name: "bad value fails", SQL: "SELECT * FROM t", Relation: table(engine.FormatJSON, "a bigint", "f"), Contents: text(`{"a":"x"}` + "\n"), Class: engine.ClassBadData, File: "s3://b/f"},
		{Name: "deep nesting", SQL: "SELECT count(*) FROM t", Relation: table(engine.FormatJSON, "a string", "f"), Contents: text(deepJSON(2000)), Want: "1"},
	}
}

func deepJSON(depth int) string {
	return fmt.Sprintf(`{"a":%s%s}`+"\n", string(repeat('[', depth)), string(repeat(']', depth)))
}

func errorCases() []Case {
	one := table(engine.FormatText, "a int", "f")
	return []Case{
		{Name: "missing file", SQL: "SELECT * FROM t", Relation: table(engine.FormatText, "a int", "gone"), Contents: [][]byte{nil}, Class: engine.ClassMissingFile, File: "s3://b/gone"},
		{Name: "unknown table", SQL: "SELECT * FROM other", Class: engine.ClassStatement},
		{Name: "syntax", SQL: "SELEC 1", Class: engine.ClassStatement},
		{Name: "two statements", SQL: "SELECT 1; SELECT 2", Class: engine.ClassStatement},
		{Name: "no statement", SQL: " ", Class: engine.ClassStatement},
		{Name: "cast", SQL: "SELECT CAST(s AS INTEGER) FROM (VALUES ('x')) v(s)", Class: engine.ClassCast},
		{Name: "range", SQL: "SELECT i + 1 FROM (VALUES (9223372036854775807)) v(i)", Class: engine.ClassRange},
		{Name: "type", SQL: "SELECT 1", Relation: table(engine.FormatText, "a uniontype<int,string>", "f"), Contents: text("1\n"), Class: engine.ClassUnsupported, Message: "uniontype"},
		{Name: "format", SQL: "SELECT 1", Relation: table("orc", "a int", "f"), Contents: text("1\n"), Class: engine.ClassUnsupported, Message: "orc"},
		{Name: "partition value", SQL: "SELECT * FROM t", Relation: withPartition(one, "p int", "x"), Contents: text("1\n"), Class: engine.ClassCast},
	}
}

func withPartition(r *engine.Relation, types string, values ...string) *engine.Relation {
	c := *r
	c.Partitions = columns(types)
	c.Files = append([]engine.File{}, r.Files...)
	for i := range c.Files {
		c.Files[i].Partition = nil
		for j := range c.Partitions {
			v := values[i*len(c.Partitions)+j]
			c.Files[i].Partition = append(c.Files[i].Partition, &v)
		}
	}
	return &c
}

func partitionCases() []Case {
	three := table(engine.FormatText, "a int", "x/1", "y/2", "z/3")
	return []Case{
		{
			Name: "typed values", SQL: "SELECT * FROM t", Relation: withPartition(three, "p date, q bigint", "2024-01-31", "1", "2024-02-01", "2", "__HIVE_DEFAULT_PARTITION__", "3"),
			Contents: text("1\n", "2\n", "3\n"), Want: "1|2024-01-31|1\n2|2024-02-01|2\n3|<null>|3",
			Columns: "a INTEGER, p DATE, q BIGINT",
		},
		{
			Name: "equal values", SQL: "SELECT p, count(*) FROM t GROUP BY p", Relation: withPartition(three, "p string", "it's", "it's", "it's"),
			Contents: text("1\n", "2\n", "3\n"), Want: "it's|3",
		},
		{
			Name: "a file's name is no partition", SQL: "SELECT * FROM t", Relation: table(engine.FormatText, "a int", "year=2024/f"),
			Contents: text("1\n"), Want: "1", Columns: "a INTEGER",
		},
	}
}

// nameCases: keys may hold anything. Neighbours that a wildcard would catch must not be read.
func nameCases() []Case {
	var cases []Case
	for _, name := range []string{"a*b", "a?b", "a[b]c", "a'b", `a"b`, "a b", "a\nb", `a\b`, "a{b,c}", "ä€", "a;b", "a%20b", "$a", "a#b", "-a"} {
		cases = append(cases, Case{
			Name: fmt.Sprintf("%q", name), SQL: "SELECT * FROM t", Relation: withPartition(table(engine.FormatText, "a int", name, "aXb"), "p string", "odd", "plain"),
			Contents: text("1\n", "2\n"), Want: "1|odd\n2|plain",
		})
	}
	return cases
}
