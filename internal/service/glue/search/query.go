package search

import (
	"strconv"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// query is a search, checked. A table is found when it has all terms, meets all times, and passes
// all tests; the index answers the first two.
type query struct {
	catalog string
	nothing bool // no table can be found
	terms   []int64
	times   []timeTest
	tests   []func(texts []text) bool
	order   order
}

// timeTest compares a column of glue_search_table, in ms.
type timeTest struct {
	column, operator string
	at               int64
}

// order is by a column, "" for that of the index.
type order struct {
	column string
	down   bool
}

func newQuery(catalog string, in *glueapi.SearchTablesInput) (*query, error) {
	q := &query{catalog: catalog}
	if in.SearchText != nil {
		q.addText(*in.SearchText)
	}
	for i := range in.Filters {
		if err := q.addFilter(&in.Filters[i]); err != nil {
			return nil, err
		}
	}
	return q, q.setOrder(in.SortCriteria)
}

// addText wants every word of a text to be found, and every part in double quotes to be the whole
// of a name, comment or value.
func (q *query) addText(given string) {
	for i, part := range strings.Split(given, `"`) {
		quoted := i%2 == 1
		list := wholeWords(part)
		for _, word := range list {
			q.needWord(anywhere, word)
		}
		switch {
		case quoted && part != "":
			q.tests = append(q.tests, func(all []text) bool { return hasText(all, anywhere, part) })
		case !quoted && len(list) == 0 && strings.TrimSpace(part) != "":
			q.nothing = true // nothing but punctuation, which is no word of anything
		case !quoted:
			for _, word := range list {
				q.tests = append(q.tests, func(all []text) bool { return hasWord(all, anywhere, word) })
			}
		}
	}
}

// maxWords bounds how many words the index is asked for; the tests hold the rest.
const maxWords = 8

func (q *query) needWord(f field, word string) {
	if len(q.terms) < maxWords {
		q.terms = append(q.terms, term(q.catalog, f, word))
	}
}

// stringKeys are the keys of filters that compare words, in lower case.
var stringKeys = map[string]field{
	"name": byName, "databasename": byDatabase, "owner": byOwner, "description": byDescription,
	"location": byLocation, "tabletype": byType, "classification": byClassification,
}

// timeKeys are those that compare times, and their columns.
var timeKeys = map[string]string{"createtime": "created", "updatetime": "updated"}

func (q *query) addFilter(p *glueapi.PropertyPredicate) error {
	if p.Key == nil || p.Value == nil {
		return terms.Invalid("A filter needs a Key and a Value.")
	}
	key := strings.ToLower(*p.Key)
	if column := timeKeys[key]; column != "" {
		return q.addTime(column, p)
	}
	f, ok := stringKeys[key]
	if !ok {
		return terms.Invalid("Tables cannot be filtered by %s.", *p.Key)
	}
	// The value must be one of the field's words, or the whole of it.
	value := *p.Value
	for _, word := range wholeWords(value) {
		q.needWord(f, word)
	}
	word := strings.ToLower(value)
	q.tests = append(q.tests, func(all []text) bool { return hasWord(all, f, word) || hasText(all, f, value) })
	return nil
}

var operators = map[string]string{
	"EQUALS": "=", "GREATER_THAN": ">", "LESS_THAN": "<", "GREATER_THAN_EQUALS": ">=", "LESS_THAN_EQUALS": "<=",
}

func (q *query) addTime(column string, p *glueapi.PropertyPredicate) error {
	operator := "="
	if p.Comparator != nil {
		operator = operators[*p.Comparator]
	}
	at, ok := parseTime(*p.Value)
	if operator == "" || !ok {
		return terms.Invalid("The filter on %s needs a time such as 2026-01-31T12:00:00Z.", *p.Key)
	}
	q.times = append(q.times, timeTest{column, operator, at})
	return nil
}

// parseTime reads a time in ISO 8601, a day, or seconds since 1970; in ms.
func parseTime(value string) (int64, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, value); err == nil {
			return t.UnixMilli(), true
		}
	}
	const year9999 = 253402300799
	seconds, err := strconv.ParseFloat(value, 64)
	return int64(seconds * 1000), err == nil && seconds >= 0 && seconds <= year9999
}

var orders = map[string]string{"name": "name", "databasename": "database", "createtime": "created", "updatetime": "updated"}

func (q *query) setOrder(list []glueapi.SortCriterion) error {
	if len(list) == 0 {
		return nil
	}
	if len(list) > 1 {
		return terms.Invalid("Tables can be sorted by one field only.")
	}
	c := &list[0]
	if c.FieldName == nil {
		return terms.Invalid("A sort criterion needs a FieldName.")
	}
	q.order.column = orders[strings.ToLower(*c.FieldName)]
	if q.order.column == "" {
		return terms.Invalid("Tables cannot be sorted by %s.", *c.FieldName)
	}
	q.order.down = c.Sort != nil && *c.Sort == "DESC"
	return nil
}

// matches holds the tests against a table.
func (q *query) matches(doc *glueapi.Table) bool {
	all := textsOf(doc)
	for _, test := range q.tests {
		if !test(all) {
			return false
		}
	}
	return true
}
