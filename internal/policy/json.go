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
// are refused by the decoder's defaults. The text is checked as a whole first,
// so that building the tree cannot meet an error.
func decodeTree(text []byte) (*node, *offsetError) {
	d := jsontext.NewDecoder(bytes.NewReader(text))
	if _, err := d.ReadValue(); err != nil {
		return nil, jsonError(err)
	}
	end := int(d.InputOffset())
	if rest := bytes.TrimLeft(text[end:], " \t\r\n"); len(rest) > 0 {
		return nil, &offsetError{len(text) - len(rest), "text after the end of the policy"}
	}
	b := treeBuilder{decoder: jsontext.NewDecoder(bytes.NewReader(text))}
	root := b.read(0)
	return root, b.refusal
}

func jsonError(err error) *offsetError {
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		return &offsetError{int(syntactic.ByteOffset), syntactic.Err.Error()}
	}
	return &offsetError{0, "the policy is empty"}
}

// treeBuilder reads a text that is known to be valid JSON.
type treeBuilder struct {
	decoder *jsontext.Decoder
	refusal *offsetError // set where the text nests too deeply
}

func (b *treeBuilder) read(depth int) *node {
	kind := b.decoder.PeekKind()
	if depth > maxDepth || (kind != '{' && kind != '[') {
		n := b.readWhole()
		if depth > maxDepth && b.refusal == nil {
			b.refusal = refuse(n, "nested too deeply")
		}
		return n
	}
	n := &node{kind: kind}
	n.start = b.skipToken() - 1
	// In ASCII the closing brace or bracket stands two behind the opening one.
	for closing := kind + 2; b.decoder.PeekKind() != closing; {
		b.readChild(n, depth)
	}
	n.end = b.skipToken()
	return n
}

func (b *treeBuilder) readChild(parent *node, depth int) {
	if parent.kind == '[' {
		parent.items = append(parent.items, b.read(depth+1))
		return
	}
	name := b.readWhole()
	parent.members = append(parent.members, member{name.text, name.start, b.read(depth + 1)})
}

// readWhole reads a value without looking into it.
func (b *treeBuilder) readWhole() *node {
	raw, _ := b.decoder.ReadValue()
	end := int(b.decoder.InputOffset())
	n := &node{kind: raw.Kind(), start: end - len(raw), end: end, text: string(raw)}
	if n.kind == '"' {
		unquoted, _ := jsontext.AppendUnquote(nil, raw)
		n.text = string(unquoted)
	}
	return n
}

// skipToken reads a brace or bracket and answers the offset behind it.
func (b *treeBuilder) skipToken() int {
	_, _ = b.decoder.ReadToken()
	return int(b.decoder.InputOffset())
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
