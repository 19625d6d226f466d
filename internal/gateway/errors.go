package gateway

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/page"
	"github.com/bindery-project/bindery/internal/sigv4"
	"github.com/bindery-project/bindery/internal/wire"
)

// family groups the protocols by how their services name framework errors.
type family int

const (
	jsonFamily  family = iota // Glue, Athena, KMS…: HTTP 400 for all but server faults
	queryFamily               // IAM, STS: 403 for authentication and authorization
	objectStore
)

func (x *exchange) family() family {
	switch {
	case x.route.service == nil && x.route.unserved == "" && !x.route.unsigned:
		return objectStore
	case x.route.protocol == op.Query:
		return queryFamily
	}
	return jsonFamily
}

// refuse answers an error in the protocol's shape.
func (g *Gateway) refuse(x *exchange, e op.Error) {
	if w, ok := x.w.(*responseWriter); ok && w.began {
		panic(http.ErrAbortHandler) // the answer has begun: break it, so that nobody takes it for whole
	}
	if x.family() == objectStore {
		g.Objects.WriteError(x.w, x.r, e, x.call.RequestID)
		return
	}
	res := wire.Response{Header: x.w.Header(), RequestID: x.call.RequestID}
	model := g.routes.services[0].Model
	if x.route.service != nil {
		model = x.route.service.Model
	}
	if encErr := x.route.codec.EncodeError(&res, model, e, x.call.RequestID); encErr != nil {
		g.Log.Error("error could not be encoded", "request", x.call.RequestID, "error", encErr)
		res.Status = http.StatusInternalServerError
	}
	write(x.w, &res)
}

// translate finds what the caller may see of an error, nil for none. An error
// that nobody named is ours: its cause is logged once and never sent.
func (g *Gateway) translate(x *exchange, err error) op.Error {
	if err == nil {
		return nil
	}
	f := x.family()
	var sig *sigv4.Error
	if errors.As(err, &sig) {
		return signatureFault(f, sig)
	}
	var denied *op.Denied
	if errors.As(err, &denied) {
		return deniedFault(f, denied)
	}
	if e := knownFault(f, err); e != nil {
		return e
	}
	var e op.Error
	if errors.As(err, &e) {
		return named(f, e)
	}
	g.Log.Error("request failed", "request", x.call.RequestID, "service", x.call.Service, "operation", x.call.Operation, "error", err)
	return internalFault(f)
}

// named adapts framework codes that services spell differently by protocol.
func named(f family, e op.Error) op.Error {
	if f == queryFamily && e.ErrorCode() == "ValidationException" {
		return &op.Fault{Code: "ValidationError", Message: e.ErrorMessage(), Status: http.StatusBadRequest}
	}
	return e
}

// knownFault words the sentinels of identification, paging and the store.
func knownFault(f family, err error) op.Error {
	switch {
	case errors.Is(err, ErrUnknownKey):
		return pick(f, unknownKey)
	case errors.Is(err, ErrBadToken):
		return pick(f, badToken)
	case errors.Is(err, ErrExpiredToken):
		return pick(f, expiredToken)
	case errors.Is(err, page.ErrInvalid):
		return &op.Fault{Code: "InvalidInputException", Message: "The pagination token is not valid for this request.", Status: http.StatusBadRequest}
	case errors.Is(err, db.ErrBusy), errors.Is(err, db.ErrConflict): // a client tries again
		return pick(f, throttled)
	}
	return nil
}

// faults is one cause in the words of each family.
type faults [3]op.Fault

func pick(f family, all faults) op.Error {
	e := all[f]
	return &e
}

const invalidToken = "The security token included in the request is invalid."

var (
	unknownKey = faults{
		{Code: "UnrecognizedClientException", Message: invalidToken, Status: 400},
		{Code: "InvalidClientTokenId", Message: invalidToken, Status: 403},
		{Code: "InvalidAccessKeyId", Message: "The AWS Access Key Id you provided does not exist in our records.", Status: 403},
	}
	badToken = faults{
		{Code: "UnrecognizedClientException", Message: invalidToken, Status: 400},
		{Code: "InvalidClientTokenId", Message: invalidToken, Status: 403},
		{Code: "InvalidToken", Message: "The provided token is malformed or otherwise invalid.", Status: 400},
	}
	expiredToken = faults{
		{Code: "ExpiredTokenException", Message: "The security token included in the request is expired", Status: 400},
		{Code: "ExpiredToken", Message: "The security token included in the request is expired", Status: 403},
		{Code: "ExpiredToken", Message: "The provided token has expired.", Status: 400},
	}
	throttled = faults{
		{Code: "ThrottlingException", Message: "Rate exceeded", Status: 400},
		{Code: "Throttling", Message: "Rate exceeded", Status: 400},
		{Code: "SlowDown", Message: "Please reduce your request rate.", Status: 503},
	}
	internal = faults{
		{Code: "InternalServiceException", Message: "An internal error occurred.", Status: 500, Server: true},
		{Code: "InternalFailure", Message: "An internal error occurred.", Status: 500, Server: true},
		{Code: "InternalError", Message: "We encountered an internal error. Please try again.", Status: 500, Server: true},
	}
)

func internalFault(f family) op.Error { return pick(f, internal) }

func deniedFault(f family, d *op.Denied) op.Error {
	e := faults{
		{Code: "AccessDeniedException", Status: http.StatusBadRequest},
		{Code: "AccessDenied", Status: http.StatusForbidden},
		{Code: "AccessDenied", Status: http.StatusForbidden},
	}[f]
	e.Message = d.Message
	return &e
}

// signatureCodes names a refused signature in each family; a reason that is
// not listed is a malformed one.
var signatureCodes = map[sigv4.Reason]faults{
	sigv4.MissingToken: {
		{Code: "MissingAuthenticationTokenException", Status: 400},
		{Code: "MissingAuthenticationToken", Status: 403, Message: "Request is missing Authentication Token"},
		{Code: "AccessDenied", Status: 403, Message: "Access Denied"},
	},
	sigv4.SignatureMismatch:    codes("InvalidSignatureException", "SignatureDoesNotMatch", 403, "SignatureDoesNotMatch", 403),
	sigv4.UnsignedHeader:       codes("InvalidSignatureException", "SignatureDoesNotMatch", 403, "AccessDenied", 403),
	sigv4.Expired:              codes("InvalidSignatureException", "SignatureDoesNotMatch", 403, "RequestTimeTooSkewed", 403),
	sigv4.NotYetCurrent:        codes("InvalidSignatureException", "SignatureDoesNotMatch", 403, "RequestTimeTooSkewed", 403),
	sigv4.PresignExpired:       codes("InvalidSignatureException", "RequestExpired", 400, "AccessDenied", 403),
	sigv4.WrongRegion:          codes("InvalidSignatureException", "SignatureDoesNotMatch", 403, "AuthorizationHeaderMalformed", 400),
	sigv4.WrongService:         codes("InvalidSignatureException", "SignatureDoesNotMatch", 403, "AuthorizationHeaderMalformed", 400),
	sigv4.WrongDate:            codes("InvalidSignatureException", "SignatureDoesNotMatch", 403, "AuthorizationHeaderMalformed", 400),
	sigv4.WrongTerminator:      codes("InvalidSignatureException", "SignatureDoesNotMatch", 403, "AuthorizationHeaderMalformed", 400),
	sigv4.BadPayloadHash:       codes("InvalidSignatureException", "SignatureDoesNotMatch", 403, "XAmzContentSHA256Mismatch", 400),
	sigv4.IncompleteBody:       codes("IncompleteSignatureException", "IncompleteSignature", 400, "IncompleteBody", 400),
	sigv4.InvalidExpires:       codes("IncompleteSignatureException", "IncompleteSignature", 400, "AuthorizationQueryParametersError", 400),
	sigv4.DuplicateCredentials: codes("IncompleteSignatureException", "IncompleteSignature", 400, "InvalidArgument", 400),
	sigv4.MissingDecodedLength: codes("IncompleteSignatureException", "IncompleteSignature", 400, "MissingContentLength", 411),
}

var malformed = codes("IncompleteSignatureException", "IncompleteSignature", 400, "AuthorizationHeaderMalformed", 400)

// codes names a fault in each family; the JSON protocols answer all with 400.
func codes(json, query string, queryStatus int, object string, objectStatus int) faults {
	return faults{{Code: json, Status: http.StatusBadRequest}, {Code: query, Status: queryStatus}, {Code: object, Status: objectStatus}}
}

func signatureFault(f family, sig *sigv4.Error) op.Error {
	all, ok := signatureCodes[sig.Code]
	if !ok {
		all = malformed
	}
	e := all[f]
	if e.Message == "" {
		e.Message = sig.Message
	}
	return &e
}

// write sends an encoded answer.
func write(w http.ResponseWriter, res *wire.Response) {
	w.Header().Set("Content-Length", strconv.Itoa(len(res.Body)))
	w.WriteHeader(res.Status)
	_, _ = w.Write(res.Body) // a client that went away cannot be told
}

// responseWriter remembers whether an answer has begun.
type responseWriter struct {
	http.ResponseWriter
	began bool
}

func (w *responseWriter) WriteHeader(status int) {
	w.began = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *responseWriter) Write(b []byte) (int, error) {
	w.began = true
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
