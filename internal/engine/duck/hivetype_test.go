package duck

import "testing"

func TestHiveTypes(t *testing.T) {
	for text, want := range map[string]string{
		"int": "INTEGER", " BIGINT ": "BIGINT", "string": "VARCHAR", "varchar(10)": "VARCHAR", "char(3)": "VARCHAR",
		"decimal": "DECIMAL(10,0)", "decimal(38, 2)": "DECIMAL(38,2)", "array<int>": "INTEGER[]",
		"map<string,array<double>>":                       "MAP(VARCHAR, DOUBLE[])",
		"struct<a:int,B c:map<int,binary>,d.e:timestamp>": `STRUCT("a" INTEGER, "B c" MAP(INTEGER, BLOB), "d.e" TIMESTAMP)`,
		"array<struct<x:decimal(5,1)>>":                   `STRUCT("x" DECIMAL(5,1))[]`,
		`struct<a"b:int>`:                                 `STRUCT("a""b" INTEGER)`,
	} {
		got, err := parseHiveType(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if mustDuck(got) != want {
			t.Errorf("%q is %s, want %s", text, mustDuck(got), want)
		}
	}
}

func TestHiveTypesRefused(t *testing.T) {
	for _, text := range []string{
		"", "uniontype<int,string>", "interval", "array", "array<>", "array<int", "map<int>", "struct<>", "struct<a>", "struct<a:>",
		"int)", "decimal(39,0)", "decimal(2,3)", "decimal(a)", "decimal(1,2,3)", "int; DROP TABLE x", "int' || error('x')",
	} {
		if got, err := parseHiveType(text); err == nil {
			t.Errorf("%q is accepted as %s", text, mustDuck(got))
		}
	}
}

// FuzzHiveType: a type that parses has a name for DuckDB with balanced brackets and quotes.
func FuzzHiveType(f *testing.F) {
	f.Add("struct<a:array<map<string,decimal(10,2)>>>")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseHiveType(text)
		if err != nil {
			return
		}
		if name, err := got.duck(); err != nil || name == "" {
			t.Errorf("%q: %q, %v", text, name, err)
		}
	})
}
