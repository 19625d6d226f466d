package partkey

import (
	"bytes"
	"math/big"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"
)

// kindsOf names a Hive type for each kind.
var typeOf = map[Kind]string{Text: "string", Integer: "int", Decimal: "decimal(10,2)", Date: "date", Timestamp: "timestamp", Opaque: "float"}

func TestKindOf(t *testing.T) {
	for hive, want := range map[string]Kind{
		"string": Text, "CHAR(3)": Text, " varchar(20) ": Text, "bigint": Integer, "tinyint": Integer, "long": Integer,
		"decimal": Decimal, "Decimal(10, 2)": Decimal, "date": Date, "timestamp": Timestamp, "float": Opaque, "struct<a:int>": Opaque, "": Opaque,
	} {
		if got := KindOf(hive); got != want {
			t.Errorf("%q: %s, want %s", hive, got, want)
		}
	}
}

// Each list is in the order of its kind; the components' bytes must be, too.
func TestOrder(t *testing.T) {
	for kind, list := range map[Kind][]string{
		Text:      {"", "\x00", "\x00\x00", "\x00a", "A", "a", "a\x00", "aa", "é", "\U00010000", "\U0010FFFF", "\uE000", "\uFFFD"},
		Integer:   {"-123456789012345678901234567890", "-9223372036854775808", "-256", "-255", "-1", "0", "1", "9", "10", "255", "256", "9223372036854775807", "9223372036854775808", NullText, "null"},
		Decimal:   {"-1e3", "-10.5", "-10.25", "-0.01", "0", "0.001", "1e-2", "0.5", "2.6", "2.61", "10", "1E2", NullText, "test"},
		Date:      {"0000-01-01", "1969-12-31", "1970-01-01", "2026-02-28", "9999-12-31", NullText, "2026-02-30", "tomorrow"},
		Timestamp: {"1969-12-31 23:59:59.999", "1970-01-01 00:00:00", "1970-01-01 00:00:00.000000001", "2026-01-01 10:00:00", NullText, "2026-01-01"},
	} {
		for i := 1; i < len(list); i++ {
			a, _ := Component(kind, list[i-1])
			b, _ := Component(kind, list[i])
			if bytes.Compare(a, b) >= 0 {
				t.Errorf("%s: %q is not before %q", kind, list[i-1], list[i])
			}
		}
	}
}

func TestEqualNumbers(t *testing.T) {
	for kind, pairs := range map[Kind][][2]string{
		Integer: {{"7", "007"}, {"7", "+7"}, {"0", "-0"}}, Decimal: {{"2.60", "2.6"}, {"260e-2", "2.6"}, {"0.0", "-0e9"}},
		Timestamp: {{"2026-01-01 10:00:00", "2026-01-01 10:00:00.0"}},
	} {
		for _, p := range pairs {
			a, okA := Component(kind, p[0])
			b, okB := Component(kind, p[1])
			if !okA || !okB || !bytes.Equal(a, b) {
				t.Errorf("%s: %q and %q are not one value", kind, p[0], p[1])
			}
		}
	}
}

func TestNoValues(t *testing.T) {
	for kind, list := range map[Kind][]string{
		Integer:   {"", "2.5", "x", "1_000", "0x10", "--1", " 1", strings.Repeat("9", 300)},
		Decimal:   {"", ".", "1e", "1.2.3", "e5", "NaN", "Infinity", "1e99999999999"},
		Date:      {"", "2026-1-5", "2026-13-01", "2026-01-01 00:00:00"},
		Timestamp: {"", "2026-01-01T10:00:00", "2026-01-01 10:00:00.", "2026-01-01 10:00:00.1234567890", "2026-01-01 10:00:00,5"},
	} {
		for _, v := range list {
			if c, ok := Component(kind, v); ok || IsValue(c) {
				t.Errorf("%s: %q was taken for a value", kind, v)
			}
		}
	}
}

// anyValue draws texts that are often values of some kind.
func anyValue() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.String(), rapid.StringMatching(`[-+]?0?[0-9]{1,25}`), rapid.StringMatching(`-?[0-9]{0,4}(\.[0-9]{0,4})?(e-?[0-9])?`),
		rapid.StringMatching(`20[0-9][0-9]-[01][0-9]-[0-3][0-9]( [012][0-9]:00:00(\.[0-9]{1,9})?)?`), rapid.Just(NullText),
	)
}

func anyLayout() *rapid.Generator[Layout] {
	return rapid.Custom(func(t *rapid.T) Layout {
		kinds := rapid.SliceOfN(rapid.SampledFrom([]Kind{Text, Integer, Decimal, Date, Timestamp, Opaque}), 1, 4).Draw(t, "kinds")
		keys := make([]Key, len(kinds))
		for i, k := range kinds {
			keys[i] = Key{Name: string(rune('a' + i)), Type: typeOf[k]}
		}
		return NewLayout(1, keys)
	})
}

// A stored key tells its values, whatever they are, and splits into components.
func TestKeysTellValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := anyLayout().Draw(t, "layout")
		values := rapid.SliceOfN(anyValue(), len(l.Keys), len(l.Keys)).Draw(t, "values")
		key, _ := l.Encode(values)
		got, ok := l.Values(key)
		if len(key) > MaxKey {
			return // TestLongKeysAreClipped
		}
		if !ok || !slices.Equal(got, values) {
			t.Fatalf("%q became %q (%v)", values, got, ok)
		}
		components, ok := l.Split(nil, key, len(l.Keys))
		if !ok {
			t.Fatalf("%q: key %x does not split", values, key)
		}
		for i, c := range components {
			if want, _ := Component(l.Kinds[i], values[i]); !bytes.Equal(c, want) {
				t.Fatalf("component %d of %q is %x, want %x", i, values, c, want)
			}
		}
	})
}

// Different values have different keys, and their order is that of the first
// component that differs.
func TestKeysAreIdentities(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := anyLayout().Draw(t, "layout")
		draw := rapid.SliceOfN(anyValue(), len(l.Keys), len(l.Keys))
		a, b := draw.Draw(t, "a"), draw.Draw(t, "b")
		keyA, _ := l.Encode(a)
		keyB, _ := l.Encode(b)
		if slices.Equal(a, b) != bytes.Equal(keyA, keyB) {
			t.Fatalf("%q and %q: keys %x and %x", a, b, keyA, keyB)
		}
		for i := range a {
			x, _ := Component(l.Kinds[i], a[i])
			y, _ := Component(l.Kinds[i], b[i])
			if order := bytes.Compare(x, y); order != 0 {
				if bytes.Compare(keyA, keyB) != order {
					t.Fatalf("%q and %q are out of order", a, b)
				}
				return
			}
		}
	})
}

func TestTextOrdersByCodeUnits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		x, _ := Component(Text, a)
		y, _ := Component(Text, b)
		if want := slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b))); bytes.Compare(x, y) != want {
			t.Fatalf("%q and %q: want %d", a, b, want)
		}
	})
}

func TestIntegersOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.StringMatching(`-?[0-9]{1,40}`)
		a, b := draw.Draw(t, "a"), draw.Draw(t, "b")
		x, okX := Component(Integer, a)
		y, okY := Component(Integer, b)
		m, _ := new(big.Int).SetString(a, 10)
		n, _ := new(big.Int).SetString(b, 10)
		if !okX || !okY || bytes.Compare(x, y) != m.Cmp(n) {
			t.Fatalf("%s and %s", a, b)
		}
	})
}

func TestDecimalsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.StringMatching(`-?[0-9]{1,6}(\.[0-9]{1,6})?(e-?[0-9]{1,2})?`)
		a, b := draw.Draw(t, "a"), draw.Draw(t, "b")
		x, okX := Component(Decimal, a)
		y, okY := Component(Decimal, b)
		m, _ := new(big.Rat).SetString(a)
		n, _ := new(big.Rat).SetString(b)
		if !okX || !okY || bytes.Compare(x, y) != m.Cmp(n) {
			t.Fatalf("%s and %s", a, b)
		}
	})
}

func TestLongKeysAreClipped(t *testing.T) {
	l := NewLayout(0, []Key{{Type: "string"}})
	long := strings.Repeat("x", 2000)
	a, _ := l.Encode([]string{long + "a"})
	b, _ := l.Encode([]string{long + "b"})
	if len(a) > MaxKey+32 || bytes.Equal(a, b) {
		t.Errorf("keys of %d and %d bytes, equal: %v", len(a), len(b), bytes.Equal(a, b))
	}
	if _, ok := l.Values(a); ok {
		t.Error("a clipped key told its values")
	}
}

func TestBuckets(t *testing.T) {
	if got := Bucket([]string{"2026", "Ulm"}); got != 309 {
		t.Errorf("bucket %d: stored rows carry the number, it must not change", got)
	}
	if Bucket([]string{"a", "b"}) == Bucket([]string{"ab", ""}) {
		t.Error("values run into each other")
	}
}

// Damaged keys are refused, never misread into a panic.
func FuzzSplit(f *testing.F) {
	l := NewLayout(0, []Key{{Type: "int"}, {Type: "decimal"}, {Type: "string"}, {Type: "date"}, {Type: "timestamp"}})
	key, _ := l.Encode([]string{"1", "2.5", "x", "2026-01-01", "2026-01-01 00:00:00"})
	f.Add(key)
	f.Fuzz(func(_ *testing.T, key []byte) {
		l.Split(nil, key, len(l.Keys))
		l.Values(key)
	})
}
