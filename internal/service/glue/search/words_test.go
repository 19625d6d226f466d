package search

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/bindery-project/bindery/internal/api/glueapi"
)

func TestWords(t *testing.T) {
	for value, want := range map[string][]string{
		"":                     nil,
		"- # :":                nil,
		"customer-link":        {"customer", "link"},
		"s3://lake/Sales_2024": {"s3", "lake", "sales_2024", "sales", "2024"},
		"__x":                  {"__x", "x"},
		"Ärger, naïve e\u0301": {"ärger", "naïve", "e\u0301"},
		"表の 列":                 {"表の", "列"},
	} {
		var got []string
		words(value, func(w string) bool { got = append(got, w); return true })
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
}

// TestTermsStay: terms are stored, so that a change of the hash would lose what is indexed.
func TestTermsStay(t *testing.T) {
	if got := term("111122223333", byName, "orders"); got != -3610087590356658837 {
		t.Errorf("term %d", got)
	}
}

func TestTermsAreBounded(t *testing.T) {
	doc := &glueapi.Table{Name: "wide", Parameters: map[string]string{}}
	for i := range 3 * maxTerms {
		doc.Parameters["p"+strconv.Itoa(i)] = "v"
	}
	list := termsOf("c", doc)
	if len(list) < maxTerms || len(list) > maxTerms+1 || !slices.IsSorted(list) {
		t.Errorf("%d terms", len(list))
	}
	if !slices.Contains(list, term("c", byName, "wide")) {
		t.Error("the name comes first")
	}
	if got := unpackTerms(packTerms(list)); !slices.Equal(got, list) {
		t.Error("terms are not what was packed")
	}
}

func TestDifference(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func() []int64 {
		var out []int64
		for i := range int64(20) {
			if r.IntN(2) == 0 {
				out = append(out, i)
			}
		}
		return out
	}
	for range 200 {
		a, b := pick(), pick()
		got := difference(a, b)
		for i := range int64(20) {
			if want := slices.Contains(a, i) && !slices.Contains(b, i); slices.Contains(got, i) != want {
				t.Fatalf("%v without %v: %v", a, b, got)
			}
		}
	}
}

func TestParseTime(t *testing.T) {
	for value, want := range map[string]int64{
		"2026-01-02T03:04:05Z": 1767323045000, "2026-01-02T03:04:05.678+00:00": 1767323045678, "2026-01-02T03:04:05": 1767323045000,
		"2026-01-02 03:04:05": 1767323045000, "2026-01-02": 1767312000000, "1767323045.5": 1767323045500, "0": 0,
	} {
		if got, ok := parseTime(value); !ok || got != want {
			t.Errorf("%s: %d, %v", value, got, ok)
		}
	}
	for _, bad := range []string{"", "soon", "-1", "NaN", "+Inf", "1e300"} {
		if got, ok := parseTime(bad); ok {
			t.Errorf("%s is taken for %d", bad, got)
		}
	}
}
