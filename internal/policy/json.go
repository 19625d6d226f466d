package policy

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth bounds nesting. The grammar needs six levels; whatever nests deeper
// is no policy, and stopping early keeps a hostile text from costing memory.
const maxDepth = 12

// node is one JSON value with its place in the text. Policies are read through
// this tree, not into structs, because a refusal must name a position and
// because "one string or a list of strings" is part of the language.
type node struct {
	kind       jsontext.Kind // '{', '[', '"', '0', 't', 'f' or 'n'
	start, end int           // byte offsets; end is just past the value
	text       string        // unquoted string, or a number or literal as written
	members    []member
	items      []*node
}

type member struct {
	name  string
	start int
	value *node
}

// decodeTree reads exactly one JSON value. Duplicate names and invalid UTF-8
// are refused by the decoder's defaults.
func decodeTree(text []byte) (*node, *offsetError) {
	d := jsontext.NewDecoder(bytes.NewReader(text))
	root, err := decodeNode(d, 0)
	if err != nil {
		return nil, err
	}
	if rest := bytes.TrimLeft(text[root.end:], " \t\r\n"); len(rest) > 0 {
		return nil, &offsetError{len(text) - len(rest), "text after the end of the policy"}
	}
	return root, nil
}

func decodeNode(d *jsontext.Decoder, depth int) (*node, *offsetError) {
	if depth > maxDepth {
		return nil, &offsetError{int(d.InputOffset()), "nested too deeply"}
	}
	switch d.PeekKind() {
	case '{':
		return decodeObject(d, depth)
	case '[':
		return decodeArray(d, depth)
	default:
		return decodeScalar(d)
	}
}

func decodeScalar(d *jsontext.Decoder) (*node, *offsetError) {
	raw, err := d.ReadValue()
	if err != nil {
		return nil, jsonError(d, err)
	}
	end := int(d.InputOffset())
	n := &node{kind: raw.Kind(), start: end - len(raw), end: end, text: string(raw)}
	if n.kind == '"' {
		n.text = unquote(raw)
	}
	return n, nil
}

// unquote cannot fail: the decoder has accepted the literal.
func unquote(raw jsontext.Value) string {
	text, _ := jsontext.AppendUnquote(nil, raw)
	return string(text)
}

func decodeObject(d *jsontext.Decoder, depth int) (*node, *offsetError) {
	n, err := openNode(d)
	if err != nil {
		return nil, err
	}
	for d.PeekKind() != '}' {
		name, err := decodeScalar(d)
		if err != nil {
			return nil, err
		}
		value, err := decodeNode(d, depth+1)
		if err != nil {
			return nil, err
		}
		n.members = append(n.members, member{name.text, name.start, value})
	}
	return closeNode(d, n)
}

func decodeArray(d *jsontext.Decoder, depth int) (*node, *offsetError) {
	n, err := openNode(d)
	if err != nil {
		return nil, err
	}
	for d.PeekKind() != ']' {
		item, err := decodeNode(d, depth+1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
	}
	return closeNode(d, n)
}

func openNode(d *jsontext.Decoder) (*node, *offsetError) {
	token, err := d.ReadToken()
	if err != nil {
		return nil, jsonError(d, err)
	}
	return &node{kind: token.Kind(), start: int(d.InputOffset()) - 1}, nil
}

func closeNode(d *jsontext.Decoder, n *node) (*node, *offsetError) {
	if _, err := d.ReadToken(); err != nil {
		return nil, jsonError(d, err)
	}
	n.end = int(d.InputOffset())
	return n, nil
}

func jsonError(d *jsontext.Decoder, err error) *offsetError {
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		return &offsetError{int(syntactic.ByteOffset), syntactic.Err.Error()}
	}
	return &offsetError{int(d.InputOffset()), err.Error()}
}

// offsetError is a refusal at a byte offset; Parse turns it into a SyntaxError.
type offsetError struct {
	offset int
	reason string
}

func refuse(n *node, format string, args ...any) *offsetError {
	return &offsetError{n.start, fmt.Sprintf(format, args...)}
}

// strings reads "one string or a list of strings". An empty list is refused
// with the reason given, as is anything that is not a string.
func (n *node) strings(empty string) ([]*node, *offsetError) {
	if n.kind == '"' {
		return []*node{n}, nil
	}
	if n.kind != '[' {
		return nil, refuse(n, "a string or a list of strings is wanted here")
	}
	if len(n.items) == 0 {
		return nil, refuse(n, "%s", empty)
	}
	for _, item := range n.items {
		if item.kind != '"' {
			return nil, refuse(item, "a string is wanted here")
		}
	}
	return n.items, nil
}
