package policy

import (
	"bytes"
	"encoding/json"
)

// ReplacePrincipal writes a principal as another wherever a policy names
// principals. changed is false, and the text is the same, when the policy does
// not name it.
//
// Services that store policies call it when a user or role gets another ARN, or
// none any more: AWS turns the ARN of a deleted principal into its unique id, so
// that another of the same name gets nothing (IAM guide, "AWS JSON policy
// elements: Principal").
func ReplacePrincipal(text, from, to string) (out string, changed bool, err error) {
	doc, err := decodeAny(text)
	if err != nil {
		return "", false, err
	}
	for _, s := range statementsOf(doc) {
		for _, element := range []string{"Principal", "NotPrincipal"} {
			named, ok := s[element].(map[string]any)
			if !ok {
				continue
			}
			for kind, names := range named {
				var here bool
				named[kind], here = replaceName(names, from, to)
				changed = changed || here
			}
		}
	}
	if !changed {
		return text, false, nil
	}
	out, err = encodeAny(doc)
	return out, true, err
}

func decodeAny(text string) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var doc map[string]any
	return doc, d.Decode(&doc)
}

func encodeAny(doc map[string]any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(doc)
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), err
}

// statementsOf lists the statements, of which there may be one without a list.
func statementsOf(doc map[string]any) []map[string]any {
	items, ok := doc["Statement"].([]any)
	if !ok {
		items = []any{doc["Statement"]}
	}
	var out []map[string]any
	for _, item := range items {
		if s, ok := item.(map[string]any); ok {
			out = append(out, s)
		}
	}
	return out
}

// replaceName replaces in one name or in a list of them.
func replaceName(names any, from, to string) (any, bool) {
	list, ok := names.([]any)
	if !ok {
		if names == from {
			return to, true
		}
		return names, false
	}
	changed := false
	for i := range list {
		if list[i] == from {
			list[i], changed = to, true
		}
	}
	return list, changed
}
