package wire_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/wire"
)

// limited has what no member of the catalog has: defaults, bounded lists of
// structures, secrets inside maps.
type limited struct {
	Size    int32
	Mode    string
	Items   []pair
	Secrets map[string]string
	Sum     *float64
}

type pair struct {
	Left  *string
	Right *string
}

const (
	lSize op.ShapeID = iota
	lMode
	lText
	lSecret
	lPair
	lPairs
	lSecrets
	lSum
	lLimited
)

func withDefault(m op.Member, text string) op.Member { m.Default = text; return m }

var limits = &op.Model{ID: "limits", Shapes: []op.Shape{
	lSize:    {Name: "Size", Kind: op.Integer, HasMin: true, Min: 1, HasMax: true, Max: 9},
	lMode:    {Name: "Mode", Kind: op.Enum, Enum: []string{"FAST", "SAFE"}},
	lText:    {Name: "Text", Kind: op.String},
	lSecret:  {Name: "Secret", Kind: op.String, HasMax: true, Max: 3, Sensitive: true},
	lPair:    {Name: "Pair", Kind: op.Structure, Members: []op.Member{member("Left", lText, 0), member("Right", lSecret, 1)}},
	lPairs:   {Name: "Pairs", Kind: op.List, Elem: lPair, HasMax: true, Max: 1},
	lSecrets: {Name: "Secrets", Kind: op.Map, Key: lText, Elem: lSecret},
	lSum:     {Name: "Sum", Kind: op.Double, HasMin: true, Min: 0, HasMax: true, Max: 1},
	lLimited: {Name: "Limited", Kind: op.Structure, Members: []op.Member{
		withDefault(member("Size", lSize, 0), "5"), withDefault(member("Mode", lMode, 1), `"SAFE"`),
		member("Items", lPairs, 2), member("Secrets", lSecrets, 3), member("Sum", lSum, 4),
	}},
}}

var limitedOp = &op.Operation{Name: "Limited", Input: lLimited, Output: op.NoShape, NewInput: func() any { return new(limited) }}

func TestDefaults(t *testing.T) {
	in, err := wire.For(op.AWSJSON10).Decode(limits, limitedOp, &wire.Request{Body: []byte(`{"Size":null}`)})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(&limited{Size: 5, Mode: "SAFE"}, in); d != "" {
		t.Error(d)
	}
}

func TestValidate(t *testing.T) {
	for _, tc := range []struct {
		in   limited
		want string
	}{
		{limited{Size: 10}, "Value '10' at 'size' failed to satisfy constraint: Member must have value less than or equal to 9"},
		{limited{Size: 0}, "Value '0' at 'size' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{limited{Size: 1, Sum: ptr(1.5)}, "Value '1.5' at 'sum' failed to satisfy constraint: Member must have value less than or equal to 1"},
		{
			limited{Size: 1, Items: []pair{{Left: ptr("a"), Right: ptr("b")}, {}}},
			"Value '[Pair(left=a, right=***Sensitive Data Redacted***), Pair()]' at 'items' failed to satisfy constraint: Member must have length less than or equal to 1",
		},
		{limited{Size: 1, Items: []pair{{Right: ptr("four")}}}, "Value at 'items.1.member.right' failed to satisfy constraint: Member must have length less than or equal to 3"},
		{limited{Size: 1, Secrets: map[string]string{"k": "four"}}, "Value at 'secrets' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 3]"},
	} {
		tc.in.Mode = "FAST"
		if d := cmp.Diff([]string{tc.want}, wire.Validate(limits, lLimited, &tc.in)); d != "" {
			t.Error(d)
		}
	}
	if got := wire.Validate(limits, lLimited, (*limited)(nil)); got != nil {
		t.Errorf("nothing breaks %q", got)
	}
}

// TestManyProblems keeps an error readable when everything is wrong.
func TestManyProblems(t *testing.T) {
	in := &limited{Size: 1, Mode: "FAST", Items: make([]pair, 100_000)}
	for i := range in.Items {
		in.Items[i].Right = ptr(strings.Repeat("x", 4))
	}
	if got := wire.Validate(limits, lLimited, in); len(got) != 100 {
		t.Errorf("%d problems are told, want 100", len(got))
	}
}

// TestMisfit shows that descriptors that do not fit their Go type are an
// error, not a panic.
func TestMisfit(t *testing.T) {
	if _, err := wire.MarshalJSON(limits, lLimited, &pair{}); err == nil {
		t.Error("a pair passes as limited")
	}
	if err := wire.UnmarshalJSON(limits, lSize, []byte("1"), ptr("text")); err == nil {
		t.Error("a string passes as an integer")
	}
}
