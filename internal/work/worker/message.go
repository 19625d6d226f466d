package worker

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// protocolVersion is raised whenever frames or messages change meaning. Server and worker
// are one binary, so a mismatch means that the file was replaced under a running server.
const protocolVersion = 1

// hello is the first message of a worker.
type hello struct {
	Version int      `cbor:"1,keyasint"`
	Tasks   []string `cbor:"2,keyasint"`
	// Denied names what the kernel keeps from the worker: "files", "signals", "tcp".
	Denied []string `cbor:"3,keyasint"`
}

// request starts a task.
type request struct {
	Task string          `cbor:"1,keyasint"`
	Body cbor.RawMessage `cbor:"2,keyasint"`
	// CPUSeconds is the processor time that this task may use. 0 = no limit.
	CPUSeconds uint64 `cbor:"3,keyasint"`
	// Memory is what the task should stay below, in bytes.
	Memory int64 `cbor:"4,keyasint"`
}

// failure is a TaskError on the wire.
type failure struct {
	Code    string `cbor:"1,keyasint"`
	Message string `cbor:"2,keyasint"`
	Subject string `cbor:"3,keyasint"`
}

// maxFailureText bounds the texts of a failure, in bytes: they end up in answers and logs.
const maxFailureText = 16 << 10

func (f failure) asError() *TaskError {
	return &TaskError{Code: clip(f.Code), Message: clip(f.Message), Subject: clip(f.Subject)}
}

func clip(s string) string {
	if len(s) > maxFailureText {
		return s[:maxFailureText]
	}
	return s
}

// strict decodes what a worker sends: no duplicate keys, no indefinite lengths, no tags,
// bounded nesting. Unknown members are ignored, as a newer worker may send more.
var strict = mustDecMode(cbor.DecOptions{
	DupMapKey:        cbor.DupMapKeyEnforcedAPF,
	IndefLength:      cbor.IndefLengthForbidden,
	TagsMd:           cbor.TagsForbidden,
	MaxNestedLevels:  32,
	MaxArrayElements: 1 << 20,
	MaxMapPairs:      1 << 16,
	UTF8:             cbor.UTF8RejectInvalid,
})

func mustDecMode(options cbor.DecOptions) cbor.DecMode {
	mode, err := options.DecMode()
	if err != nil {
		panic(err) // the options above are constants; a wrong one shows at the first test
	}
	return mode
}

// Decode decodes a CBOR value of the other side into v, strictly.
func Decode(data []byte, v any) error {
	if err := strict.Unmarshal(data, v); err != nil {
		return fmt.Errorf("worker: decode %T: %w", v, err)
	}
	return nil
}
