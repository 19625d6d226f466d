package app

import (
	"context"
	"encoding/xml"
	"net/http"

	"github.com/bindery-project/bindery/internal/op"
)

// refusedObjects refuses every request for the object store by name.
type refusedObjects struct{}

func (refusedObjects) SigningName() string { return "s3" }

func (refusedObjects) Plan(context.Context, *http.Request) (*op.StreamPlan, error) {
	return nil, &op.Fault{Code: "NotImplemented", Message: "A header you provided implies functionality that is not implemented", Status: http.StatusNotImplemented}
}

func (refusedObjects) WriteError(w http.ResponseWriter, _ *http.Request, e op.Error, requestID string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(e.HTTPStatus())
	_ = xml.NewEncoder(w).Encode(struct {
		XMLName                  xml.Name `xml:"Error"`
		Code, Message, RequestID string
	}{Code: e.ErrorCode(), Message: e.ErrorMessage(), RequestID: requestID})
}
