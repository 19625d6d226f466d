package format

import (
	"testing"

	"pgregory.net/rapid"
)

// anyType draws types of every kind.
func anyType(depth int) *rapid.Generator[Type] {
	return rapid.Custom(func(t *rapid.T) Type {
		names := []string{"", "boolean", "tinyint", "int", "bigint", "float", "double", "string", "date", "timestamp", "binary", "decimal"}
		if depth > 0 {
			names = append(names, "array", "map", "struct")
		}
		switch name := rapid.SampledFrom(names).Draw(t, "name"); name {
		case "":
			return Type{}
		case "decimal":
			p := rapid.IntRange(1, 38).Draw(t, "precision")
			return decimal(p, rapid.IntRange(0, p).Draw(t, "scale"))
		case "array":
			return arrayOf(anyType(depth-1).Draw(t, "elem"))
		case "map":
			return mapOf(anyType(0).Draw(t, "key"), anyType(depth-1).Draw(t, "value"))
		case "struct":
			return structOf(mergeFields(nil, rapid.SliceOfN(anyField(depth-1), 1, 3).Draw(t, "fields")))
		default:
			return plain(name)
		}
	})
}

func anyField(depth int) *rapid.Generator[Field] {
	return rapid.Custom(func(t *rapid.T) Field {
		return Field{Name: rapid.SampledFrom([]string{"a", "b", "c d", "e-f"}).Draw(t, "field"), Type: anyType(depth).Draw(t, "type")}
	})
}

// canonical sorts nothing away but the order of struct fields.
func canonical(t Type) string {
	if t.Name == "struct" {
		fields := map[string]string{}
		for _, f := range t.Fields {
			fields[f.Name] = canonical(f.Type)
		}
		text := "struct<"
		for _, name := range []string{"a", "b", "c d", "e-f"} {
			if f, ok := fields[name]; ok {
				text += name + ":" + f + ","
			}
		}
		return text + ">"
	}
	switch t.Name {
	case "array":
		return "array<" + canonical(*t.Elem) + ">"
	case "map":
		return "map<" + canonical(*t.Key) + "," + canonical(*t.Elem) + ">"
	}
	return t.seen()
}

func TestTypeTextReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := anyType(3).Draw(t, "type")
		back, err := ParseType(typ.seen())
		if err != nil || back.seen() != typ.seen() {
			t.Fatalf("%s read back as %s (%v)", typ.seen(), back.seen(), err)
		}
	})
}

func TestMergeIsALattice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anyType(2).Draw(t, "a"), anyType(2).Draw(t, "b"), anyType(2).Draw(t, "c")
		if x, y := canonical(Merge(a, b)), canonical(Merge(b, a)); x != y {
			t.Fatalf("not commutative: %s and %s give %s or %s", a, b, x, y)
		}
		if x, y := canonical(Merge(Merge(a, b), c)), canonical(Merge(a, Merge(b, c))); x != y {
			t.Fatalf("not associative: %s, %s, %s give %s or %s", a, b, c, x, y)
		}
		if x := canonical(Merge(a, a)); x != canonical(a) {
			t.Fatalf("not idempotent: %s gives %s", a, x)
		}
	})
}

func TestParseTypeRefusals(t *testing.T) {
	for _, text := range []string{"", "array<", "array<int", "map<int>", "struct<a>", "struct<:int>", "int)", "decimal(x)", "decimal(1", "a,b", "array<int>>"} {
		if typ, err := ParseType(text); err == nil {
			t.Errorf("%q was read as %s", text, typ)
		}
	}
}

func TestParseTypeOfOthers(t *testing.T) {
	for text, want := range map[string]string{
		"INT": "int", " Decimal( 10 , 2 ) ": "decimal(10,2)", "struct< A : int , b:array< STRING > >": "struct<A:int,b:array<string>>",
		"struct<`x`:int>": "struct<x:int>", "varchar(10)": "varchar(10)", "struct<>": "struct<>",
	} {
		typ, err := ParseType(text)
		if err != nil || typ.String() != want {
			t.Errorf("%q was read as %s (%v), want %s", text, typ, err, want)
		}
	}
}
