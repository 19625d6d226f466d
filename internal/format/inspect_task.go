package format

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// TaskName is what a worker process calls the inspection of one file.
const TaskName = "inspect"

// InspectRequest asks a worker to inspect a file that the server staged or that lies in the data folder.
type InspectRequest struct {
	Path   string `json:"path"` // of the file, as the worker may open it
	Name   string `json:"name"` // the object's key: its extension speaks, the path's does not
	Limits Limits `json:"limits"`
}

// InspectResponse holds either a result or the reason why there is none. A failure to read is an error of the task instead: it says nothing
// about the file.
type InspectResponse struct {
	Result *Result `json:"result,omitempty"`
	Reason *Reason `json:"reason,omitempty"`
}

// RunInspect carries out an InspectRequest.
func RunInspect(ctx context.Context, request InspectRequest) (*InspectResponse, error) {
	file, err := os.Open(request.Path)
	if err != nil {
		return nil, fmt.Errorf("inspect %s: %w", request.Name, err)
	}
	defer file.Close() //nolint:errcheck // read only
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("inspect %s: %w", request.Name, err)
	}
	result, err := Inspect(ctx, request.Name, file, info.Size(), request.Limits)
	var reason *Reason
	if errors.As(err, &reason) {
		// A decoder's message may quote bytes of the file, and CBOR text must be UTF-8.
		return &InspectResponse{Reason: &Reason{Kind: reason.Kind, Detail: strings.ToValidUTF8(reason.Detail, "\uFFFD")}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("inspect %s: %w", request.Name, err)
	}
	return &InspectResponse{Result: result}, nil
}
