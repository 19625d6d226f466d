package format

import (
	"errors"
	"fmt"
	"io"
)

// Kind is why a file cannot be used.
type Kind string

// The kinds of refusal.
const (
	Empty        Kind = "Empty"        // no bytes, or nothing but white space
	Truncated    Kind = "Truncated"    // the file ends before what it promises
	TooLong      Kind = "TooLong"      // a record or a footer exceeds its limit
	TooDeep      Kind = "TooDeep"      // nesting exceeds Limits.MaxDepth
	TooWide      Kind = "TooWide"      // columns exceed Limits.MaxColumns, or one type's text Limits.MaxTypeLength
	Bomb         Kind = "Bomb"         // decompression exceeds Limits.MaxRatio or MaxExpanded
	NotUTF8      Kind = "NotUTF8"      // text in another encoding
	Unsupported  Kind = "Unsupported"  // a known format or compression that is not read; Detail is its name
	Unrecognized Kind = "Unrecognized" // no classifier claims it (Glue's classification UNKNOWN)
	Corrupt      Kind = "Corrupt"      // Detail says what is wrong and where
	TimedOut     Kind = "TimedOut"     // the caller's deadline passed
)

// Reason is the error of [Inspect]. errors.Is(err, &Reason{Kind: k}) asks for the kind only; errors.As gives the detail.
type Reason struct {
	Kind   Kind   `json:"kind"`
	Detail string `json:"detail,omitempty"`
}

func (r *Reason) Error() string {
	if r.Detail == "" {
		return string(r.Kind)
	}
	return string(r.Kind) + ": " + r.Detail
}

// Is makes a Reason without detail match every reason of its kind.
func (r *Reason) Is(target error) bool {
	want, ok := target.(*Reason)
	return ok && want.Kind == r.Kind && (want.Detail == "" || want.Detail == r.Detail)
}

func corrupt(format string, args ...any) *Reason {
	return &Reason{Kind: Corrupt, Detail: fmt.Sprintf(format, args...)}
}

func unsupported(name string) *Reason {
	return &Reason{Kind: Unsupported, Detail: name}
}

// readFault names an error of reading: an end that comes too early is the file's, anything else the store's.
func readFault(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &Reason{Kind: Truncated, Detail: "the object ends before its size"}
	}
	return fmt.Errorf("read object: %w", err)
}
