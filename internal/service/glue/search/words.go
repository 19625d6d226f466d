package search

import (
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/bindery-project/bindery/internal/api/glueapi"
)

// field is what a text of a table is.
type field byte

// The fields that filters name; anywhere is all of them, and the rest of the table too.
const (
	anywhere field = iota
	byName
	byDatabase
	byOwner
	byDescription
	byLocation
	byType
	byClassification
)

// text is one text of a table.
type text struct {
	field field // anywhere for what no filter names
	value string
}

// textsOf lists what can be found of a table, the more telling first: its properties, its
// columns with their comments, and its parameters.
func textsOf(doc *glueapi.Table) []text {
	all := []text{{byName, doc.Name}}
	add := func(f field, value *string) {
		if value != nil && *value != "" {
			all = append(all, text{f, *value})
		}
	}
	add(byDatabase, doc.DatabaseName)
	add(byOwner, doc.Owner)
	add(byDescription, doc.Description)
	add(byType, doc.TableType)
	columns := doc.PartitionKeys
	if doc.StorageDescriptor != nil {
		add(byLocation, doc.StorageDescriptor.Location)
		columns = slices.Concat(columns, doc.StorageDescriptor.Columns)
	}
	for i := range columns {
		add(anywhere, &columns[i].Name)
		add(anywhere, columns[i].Comment)
	}
	for _, key := range slices.Sorted(maps.Keys(doc.Parameters)) {
		value := doc.Parameters[key]
		if strings.EqualFold(key, "classification") {
			add(byClassification, &value)
		}
		add(anywhere, &key)
		add(anywhere, &value)
	}
	return all
}

// words calls each with the words of a text, in lower case. A word is a run of letters, digits
// and underscores; so are the parts between the underscores. each says whether to go on.
func words(value string, each func(word string) bool) bool {
	for _, whole := range wholeWords(value) {
		if !each(whole) {
			return false
		}
		if !strings.ContainsRune(whole, '_') {
			continue
		}
		for part := range strings.FieldsFuncSeq(whole, func(r rune) bool { return r == '_' }) {
			if !each(part) {
				return false
			}
		}
	}
	return true
}

// wholeWords are the words that are no part of another.
func wholeWords(value string) []string {
	return strings.FieldsFunc(strings.ToLower(value), func(r rune) bool {
		return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
}

// hasWord reports whether one of the texts of a field holds a word.
func hasWord(all []text, f field, word string) bool {
	return slices.ContainsFunc(all, func(t text) bool {
		return (f == anywhere || f == t.field) && !words(t.value, func(w string) bool { return w != word })
	})
}

// hasText reports whether one of the texts of a field is the given one; letter case does not count.
func hasText(all []text, f field, value string) bool {
	return slices.ContainsFunc(all, func(t text) bool {
		return (f == anywhere || f == t.field) && strings.EqualFold(t.value, value)
	})
}

// maxTerms bounds what is indexed of one table; what comes later in it is not found.
const maxTerms = 4096

// termsOf are the index entries of a table, in order.
func termsOf(catalog string, doc *glueapi.Table) []int64 {
	set := map[int64]struct{}{}
	for _, t := range textsOf(doc) {
		more := words(t.value, func(word string) bool {
			set[term(catalog, anywhere, word)] = struct{}{}
			if t.field != anywhere {
				set[term(catalog, t.field, word)] = struct{}{}
			}
			return len(set) < maxTerms
		})
		if !more {
			break
		}
	}
	list := make([]int64, 0, len(set))
	for t := range set {
		list = append(list, t)
	}
	slices.Sort(list)
	return list
}

// term hashes a word of a field in a catalog (FNV-1a, 64 bits). It is stored: it never changes.
// Two words may share a term, so what the index finds is held against the table itself.
func term(catalog string, f field, word string) int64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	add := func(b byte) { h = (h ^ uint64(b)) * prime }
	for i := range len(catalog) {
		add(catalog[i])
	}
	add(0)
	add(byte(f))
	for i := range len(word) {
		add(word[i])
	}
	return int64(h)
}

// packTerms and unpackTerms are the stored form of a table's terms.
func packTerms(list []int64) []byte {
	out := make([]byte, 0, 8*len(list))
	for _, t := range list {
		out = binary.BigEndian.AppendUint64(out, uint64(t))
	}
	return out
}

func unpackTerms(packed []byte) []int64 {
	out := make([]int64, 0, len(packed)/8)
	for ; len(packed) >= 8; packed = packed[8:] {
		out = append(out, int64(binary.BigEndian.Uint64(packed)))
	}
	return out
}

// difference lists what is in a and not in b; both are in order.
func difference(a, b []int64) []int64 {
	var out []int64
	for _, t := range a {
		for len(b) > 0 && b[0] < t {
			b = b[1:]
		}
		if len(b) == 0 || b[0] != t {
			out = append(out, t)
		}
	}
	return out
}
