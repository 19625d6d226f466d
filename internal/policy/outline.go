package policy

// Element is one JSON value of a policy's text with its place, for tools that point into it.
// Kind is '{', '[', '"', '0', 't', 'f' or 'n'.
type Element struct {
	Kind       byte
	Text       string // the unquoted string, or a number or literal as written
	Start, End int    // byte offsets; End is just behind the value
	Members    []Member
	Items      []*Element
}

// Member is one name and value of an object.
type Member struct {
	Name  string
	Start int // byte offset of the name's quote
	Value *Element
}

// Outline reads the JSON of a policy without asking whether it is one. The error is a
// *SyntaxError: text that is no JSON, duplicate names, or too deep a nesting.
func Outline(text []byte) (*Element, error) {
	if len(text) > MaxTextBytes {
		return nil, &SyntaxError{Line: 1, Column: 1, Reason: "the policy is too long"}
	}
	root, err := decodeTree(text)
	if err != nil {
		at := positionAt(string(text), err.offset)
		return nil, &SyntaxError{Line: at.Line, Column: at.Column, Reason: err.reason}
	}
	return root.element(), nil
}

func (n *node) element() *Element {
	e := &Element{Kind: byte(n.kind), Text: n.text, Start: n.start, End: n.end}
	for _, m := range n.members {
		e.Members = append(e.Members, Member{Name: m.name, Start: m.start, Value: m.value.element()})
	}
	for _, item := range n.items {
		e.Items = append(e.Items, item.element())
	}
	return e
}

// PositionAt is the line and column of a byte offset in a text.
func PositionAt(text string, offset int) Position { return positionAt(text, offset) }

// Parts are the elements of one statement as they are written, for tools that reason about
// policies instead of requests.
type Parts struct {
	Deny         bool
	NotAction    bool
	Actions      []string
	NotResource  bool
	Resources    []string // nil in trust policies
	Principal    string   // the value of Principal or NotPrincipal as JSON; empty where there is none
	NotPrincipal bool
	Conditions   []ConditionParts
}

// ConditionParts is one operator on one key.
type ConditionParts struct {
	Operator string // with its prefix and suffix
	Key      string // as written
	Values   []string
}

// Variables reports whether policy variables are read in the document, which they are from
// version 2012-10-17 on.
func (p *Policy) Variables() bool { return p.version == version2012 }

// Parts takes statement i apart.
func (p *Policy) Parts(i int) Parts {
	s := &p.statements[i]
	parts := Parts{
		Deny: s.deny, NotAction: s.notAction, Actions: s.actions.texts, NotResource: s.notResource, NotPrincipal: s.notPrincipal,
		Principal: s.principalJSON(),
	}
	if !s.anyResource {
		parts.Resources = s.resourceTexts()
	}
	for j := range s.conditions {
		c := &s.conditions[j]
		parts.Conditions = append(parts.Conditions, ConditionParts{Operator: c.operator, Key: c.written, Values: c.texts})
	}
	return parts
}
