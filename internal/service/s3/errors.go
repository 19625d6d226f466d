package s3

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/blob"
	"github.com/bindery-project/bindery/internal/op"
)

// Error is an error in S3's words. Details are further elements of its XML, in
// order; Header is sent with it.
type Error struct {
	Code    string
	Message string
	Status  int
	Details [][2]string
	Header  map[string]string
}

// Error implements error.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// ErrorCode implements op.Error.
func (e *Error) ErrorCode() string { return e.Code }

// ErrorMessage implements op.Error.
func (e *Error) ErrorMessage() string { return e.Message }

// HTTPStatus implements op.Error.
func (e *Error) HTTPStatus() int { return e.Status }

// ServerFault implements op.Error.
func (e *Error) ServerFault() bool { return e.Status >= 500 && e.Status != http.StatusNotImplemented }

func failure(status int, code, message string, details ...[2]string) *Error {
	return &Error{Code: code, Message: message, Status: status, Details: details}
}

func invalid(code, message string) *Error { return failure(http.StatusBadRequest, code, message) }

func invalidArgument(message, name, value string) *Error {
	e := invalid("InvalidArgument", message)
	if name != "" {
		e.Details = [][2]string{{"ArgumentName", name}, {"ArgumentValue", value}}
	}
	return e
}

func invalidRequest(message string) *Error { return invalid("InvalidRequest", message) }

// notImplemented is S3's refusal of what it does not have; the name tells what.
func notImplemented(what string) *Error {
	return failure(http.StatusNotImplemented, "NotImplemented",
		"A header you provided implies functionality that is not implemented: bindery does not support "+what+".")
}

func errInvalidURI() *Error { return invalid("InvalidURI", "Couldn't parse the specified URI.") }

func errInvalidBucketName(name string) *Error {
	return failure(http.StatusBadRequest, "InvalidBucketName", "The specified bucket is not valid.", [2]string{"BucketName", name})
}

const noSuchBucket = "NoSuchBucket"

func errNoSuchBucket(name string) *Error {
	return failure(http.StatusNotFound, noSuchBucket, "The specified bucket does not exist", [2]string{"BucketName", name})
}

func errNoSuchKey(key string) *Error {
	return failure(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.", [2]string{"Key", key})
}

func errNoSuchVersion(key, version string) *Error {
	return failure(http.StatusNotFound, "NoSuchVersion", "The specified version does not exist.", [2]string{"Key", key}, [2]string{"VersionId", version})
}

func errNoSuchUpload(id string) *Error {
	return failure(http.StatusNotFound, "NoSuchUpload",
		"The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.", [2]string{"UploadId", id})
}

func errPrecondition(condition string) *Error {
	return failure(http.StatusPreconditionFailed, "PreconditionFailed",
		"At least one of the pre-conditions you specified did not hold", [2]string{"Condition", condition})
}

func errACLNotSupported() *Error {
	return invalid("AccessControlListNotSupported", "The bucket does not allow ACLs")
}

func errMalformedXML() *Error {
	return invalid("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
}

func errNotModified() *Error { return failure(http.StatusNotModified, "NotModified", "Not Modified") }

func errMethodNotAllowed() *Error {
	return failure(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
}

// checkKey says in S3's words why a key cannot be stored.
func checkKey(key string) error {
	if len(key) > 1024 {
		return failure(http.StatusBadRequest, "KeyTooLongError", "Your key is too long",
			[2]string{"Size", strconv.Itoa(len(key))}, [2]string{"MaxSizeAllowed", "1024"})
	}
	err := blob.CheckKey(key)
	if errors.Is(err, blob.ErrKeyTooLong) {
		return failure(http.StatusBadRequest, "KeyTooLongError", "Your key is too long: a part between slashes may have at most 255 bytes")
	}
	if err != nil {
		return errInvalidURI()
	}
	return nil
}

// translate words the errors of package blob; others pass as they are.
func (s *Service) translate(q *request, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, blob.ErrNoBucket):
		return errNoSuchBucket(q.bucket)
	case errors.Is(err, blob.ErrNoUpload):
		return errNoSuchUpload(q.query.Get("uploadId"))
	case errors.Is(err, blob.ErrBesideFolder):
		return failure(http.StatusConflict, "OperationAborted",
			"bindery keeps objects in folders: this key cannot exist beside one that is the same with a slash and more behind it.", [2]string{"Key", q.key})
	case errors.Is(err, blob.ErrKeyTooLong), errors.Is(err, blob.ErrInvalidKey):
		return checkKey(q.key)
	case errors.Is(err, blob.ErrFull):
		return failure(http.StatusServiceUnavailable, "ServiceUnavailable", "The disk of the object store is full. Reads go on; free space and try again.")
	case errors.Is(err, blob.ErrReadOnly):
		return failure(http.StatusServiceUnavailable, "ServiceUnavailable", "The object store takes no writes after an I/O error, until the server is started again.")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return invalid("IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
	}
	return err
}

// WriteError implements op.Streamer.
func (s *Service) WriteError(w http.ResponseWriter, r *http.Request, e op.Error, requestID string) {
	h := w.Header()
	h.Del("X-Amzn-Requestid")
	h.Del("Content-Length")
	h.Set("X-Amz-Request-Id", requestID)
	status := e.HTTPStatus()
	if status == 0 {
		if status = http.StatusBadRequest; e.ServerFault() {
			status = http.StatusInternalServerError
		}
	}
	own, _ := e.(*Error)
	if own != nil {
		for k, v := range own.Header {
			h.Set(k, v)
		}
	}
	if r.Method == http.MethodHead || status == http.StatusNotModified {
		h.Del("Content-Type")
		w.WriteHeader(status)
		return
	}
	body := errorBody(e, own, r, requestID)
	h.Set("Content-Type", "application/xml")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that went away cannot be told
}

// message is what the caller may read. A stranger is told no reason.
func message(e op.Error, r *http.Request) string {
	signed := r.Header.Get("Authorization") != "" || r.URL.Query().Has("X-Amz-Signature")
	if e.ErrorCode() == "AccessDenied" && !signed {
		return "Access Denied"
	}
	return e.ErrorMessage()
}

func errorBody(e op.Error, own *Error, r *http.Request, requestID string) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header + "<Error>")
	element := func(name, text string) {
		b.WriteString("<" + name + ">")
		_ = xml.EscapeText(&b, []byte(text)) // a buffer takes everything
		b.WriteString("</" + name + ">")
	}
	element("Code", e.ErrorCode())
	element("Message", message(e, r))
	if own != nil {
		for _, d := range own.Details {
			element(d[0], d[1])
		}
	}
	element("Resource", strings.ToValidUTF8(r.URL.Path, "\uFFFD"))
	element("RequestId", requestID)
	element("HostId", requestID)
	b.WriteString("</Error>")
	return b.Bytes()
}
