package policy

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Canonical prints the policy from its compiled form: no white space, one
// order of elements, lists everywhere. It parses to the same policy again, so
// two documents that differ only in layout have one canonical text. A broken
// policy has none.
func (p *Policy) Canonical() string {
	if p.broken != "" {
		return ""
	}
	var b strings.Builder
	b.WriteString(`{"Version":"` + p.version + `","Statement":[`)
	for i := range p.statements {
		if i > 0 {
			b.WriteByte(',')
		}
		p.statements[i].print(&b)
	}
	b.WriteString("]}")
	return b.String()
}

func (s *statement) print(b *strings.Builder) {
	b.WriteByte('{')
	if s.sid != "" {
		b.WriteString(`"Sid":` + quoteJSON(s.sid) + ",")
	}
	b.WriteString(`"Effect":"` + s.effectName() + `"`)
	if !s.anyPrincipal {
		b.WriteString("," + elementName("Principal", s.notPrincipal))
		printPrincipals(b, s.principals)
	}
	b.WriteString("," + elementName("Action", s.notAction))
	printList(b, s.actions.texts)
	if !s.anyResource {
		b.WriteString("," + elementName("Resource", s.notResource))
		printList(b, s.resourceTexts())
	}
	if len(s.conditions) > 0 {
		b.WriteString(`,"Condition":`)
		printConditions(b, s.conditions)
	}
	b.WriteByte('}')
}

// principalJSON is the value of Principal or NotPrincipal, empty where there is none.
func (s *statement) principalJSON() string {
	if len(s.principals) == 0 {
		return ""
	}
	var b strings.Builder
	printPrincipals(&b, s.principals)
	return b.String()
}

func elementName(name string, not bool) string {
	if not {
		name = "Not" + name
	}
	return `"` + name + `":`
}

func (s *statement) resourceTexts() []string {
	texts := make([]string, len(s.resources))
	for i := range s.resources {
		texts[i] = s.resources[i].text
	}
	return texts
}

// principalElements are the members of a Principal object, in canonical order.
var principalElements = [...]struct {
	name  string
	kinds []principalKind
}{
	{"AWS", []principalKind{principalAllAWS, principalAccount, principalARN, principalID}},
	{"Service", []principalKind{principalService}},
	{"Federated", []principalKind{principalFederated}},
	{"CanonicalUser", []principalKind{principalUnmatched}},
}

func printPrincipals(b *strings.Builder, entries []principalEntry) {
	if entries[0].kind == principalAll {
		b.WriteString(`"*"`)
		return
	}
	open := byte('{')
	for _, element := range principalElements {
		var texts []string
		for _, kind := range element.kinds {
			texts = appendTexts(texts, entries, kind)
		}
		if len(texts) == 0 {
			continue
		}
		b.WriteByte(open)
		open = ','
		b.WriteString(`"` + element.name + `":`)
		printList(b, texts)
	}
	b.WriteByte('}')
}

func appendTexts(texts []string, entries []principalEntry, kind principalKind) []string {
	for _, e := range entries {
		if e.kind == kind {
			texts = append(texts, e.text)
		}
	}
	return texts
}

// printConditions relies on the conditions of one operator standing together,
// as they were read.
func printConditions(b *strings.Builder, conditions []condition) {
	b.WriteByte('{')
	for i := range conditions {
		c := &conditions[i]
		switch {
		case i == 0:
			b.WriteString(quoteJSON(c.operator) + ":{")
		case conditions[i-1].operator == c.operator:
			b.WriteByte(',')
		default:
			b.WriteString("}," + quoteJSON(c.operator) + ":{")
		}
		b.WriteString(quoteJSON(c.written) + ":")
		printList(b, c.texts)
	}
	b.WriteString("}}")
}

func printList(b *strings.Builder, texts []string) {
	b.WriteByte('[')
	for i, text := range texts {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quoteJSON(text))
	}
	b.WriteByte(']')
}

// quoteJSON cannot fail: whatever reaches it was read from valid UTF-8, and
// the one error that quoting knows is invalid UTF-8, which it replaces.
func quoteJSON(text string) string {
	quoted, _ := jsontext.AppendQuote(nil, text)
	return string(quoted)
}
