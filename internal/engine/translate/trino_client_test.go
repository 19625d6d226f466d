package translate

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/engine/analyze"
	"github.com/bindery-project/bindery/internal/engine/render"
)

// trino speaks Trino's statement protocol: POST the text, then follow nextUri.
type trino struct {
	base    string
	client  *http.Client
	catalog string
	schema  string
}

// trinoPage is one answer of the protocol, as far as it is looked at.
type trinoPage struct {
	NextURI string `json:"nextUri"`
	Columns []struct {
		Type string `json:"type"`
	} `json:"columns"`
	Data  [][]any `json:"data"`
	Error *struct {
		ErrorName string `json:"errorName"`
		Message   string `json:"message"`
	} `json:"error"`
}

// run gives the outcome of a statement; a fault of the transport ends the test.
func (s *trino) run(t *testing.T, text string) outcome {
	t.Helper()
	var o outcome
	page := s.call(t, http.MethodPost, s.base+"/v1/statement", text)
	for {
		if page.Error != nil {
			return outcome{err: page.Error.ErrorName + ": " + page.Error.Message}
		}
		if o.types == nil {
			for _, c := range page.Columns {
				o.types = append(o.types, typeText(c.Type))
			}
		}
		o.rows = append(o.rows, page.Data...)
		if page.NextURI == "" {
			return o
		}
		page = s.call(t, http.MethodGet, page.NextURI, "")
	}
}

// decimalSpace finds the one space that Trino's protocol writes and its typeof does not.
var decimalSpace = regexp.MustCompile(`decimal\((\d+), (\d+)\)`)

func (s *trino) call(t *testing.T, method, url, body string) *trinoPage {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"User": "tester", "Catalog": s.catalog, "Schema": s.schema, "Time-Zone": "UTC",
		"Client-Capabilities": "PATH,PARAMETRIC_DATETIME",
	} {
		req.Header.Set("X-Trino-"+name, value)
	}
	answer, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s", method, url, answer.Status)
	}
	decoder := json.NewDecoder(answer.Body)
	decoder.UseNumber()
	page := &trinoPage{}
	if err := decoder.Decode(page); err != nil {
		t.Fatal(err)
	}
	return page
}

// Statements are sent with two changes. The service reads 1.5 as a double,
// which Trino has no setting for any more; and the clock of a query stands
// still here.
var (
	sendable = regexp.MustCompile(`(?i)'(?:[^']|'')*'|"[^"]*"|--[^\n]*|\b[0-9]+\.[0-9]*(?:e[+-]?[0-9]+)?|\bnow\(\)|\bcurrent_timestamp\(6\)|\bcurrent_(?:timestamp|date)\b|\blocaltime(?:stamp)?\b`)
	instant  = "2024-03-15 10:11:12.345"
	moments  = map[string]string{
		"now()": "TIMESTAMP '" + instant + " UTC'", "current_timestamp": "TIMESTAMP '" + instant + " UTC'",
		"current_timestamp(6)": "TIMESTAMP '" + instant + "000 UTC'", "current_date": "DATE '2024-03-15'",
		"localtimestamp": "TIMESTAMP '" + instant + "'", "localtime": "TIME '10:11:12.345'",
	}
)

// forTrino gives the text to send, and whether places in it have moved.
func forTrino(text string) (string, bool) {
	sent := sendable.ReplaceAllStringFunc(text, func(found string) string {
		if moment, ok := moments[strings.ToLower(found)]; ok {
			return moment
		}
		if found[0] >= '0' && found[0] <= '9' && !strings.ContainsAny(found, "eE") {
			return found + "e0"
		}
		return found
	})
	return sent, sent != text
}

var place = regexp.MustCompile(`line \d+:\d+: `)

// errorText is an error without the service's own addition to a message, and
// without its place where that has moved.
func errorText(text string, moved bool) string {
	text = strings.ReplaceAll(text, " or requester is not authorized to access requested resources", "")
	if moved {
		text = place.ReplaceAllString(text, "")
	}
	return text
}

// trinoValue writes a value of the protocol in the form of ourValue.
func trinoValue(t *analyze.Type, v any) string {
	if v == nil {
		return "NULL"
	}
	switch t.Kind { //nolint:exhaustive // the rest is as the protocol has it
	case analyze.Array:
		return bracketed(v.([]any), func(int) *analyze.Type { return t.Elem() }, trinoValue)
	case analyze.Row:
		return bracketed(v.([]any), func(i int) *analyze.Type { return t.Args[i] }, trinoValue)
	case analyze.Map:
		var parts []string
		for key, value := range v.(map[string]any) {
			parts = append(parts, trinoValue(t.Key(), key)+"="+trinoValue(t.Value(), value))
		}
		return sortedEntries(parts)
	case analyze.Double:
		return trinoFloat(v, 64)
	case analyze.Real:
		return trinoFloat(v, 32)
	case analyze.Varbinary:
		data, err := base64.StdEncoding.DecodeString(fmt.Sprint(v))
		if err != nil {
			return "BASE64: " + err.Error()
		}
		return render.Bytes(data)
	case analyze.Time, analyze.Timestamp:
		return milliseconds(fmt.Sprint(v))
	case analyze.TimestampTZ:
		moment, zone, _ := cutLast(fmt.Sprint(v), " ")
		return milliseconds(moment) + " " + zone
	}
	return fmt.Sprint(v)
}

func trinoFloat(v any, bits int) string {
	f, err := strconv.ParseFloat(fmt.Sprint(v), bits)
	if err != nil {
		return "FLOAT: " + err.Error()
	}
	return render.Double(f, bits)
}

// milliseconds cuts or fills a time's fraction to the three digits that
// results show.
func milliseconds(text string) string {
	whole, fraction, _ := strings.Cut(text, ".")
	return whole + "." + (fraction + "000")[:3]
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// mapEntries gives the keys and values of DuckDB's map, whose methods are on
// its pointer.
func mapEntries(v any) (keys, values []any) {
	p := reflect.New(reflect.TypeOf(v))
	p.Elem().Set(reflect.ValueOf(v))
	m := p.Interface().(interface {
		Keys() []any
		Values() []any
	})
	return m.Keys(), m.Values()
}

// typeText writes a type of the protocol as typeof does.
func typeText(text string) string {
	if strings.HasPrefix(text, "INTERVAL ") {
		return strings.ToLower(text)
	}
	return decimalSpace.ReplaceAllString(text, "decimal($1,$2)")
}
