package s3

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/sigv4"
)

// namespace of S3's documents.
const namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

// maxDocument bounds the XML that a request may send: 1,000 keys of 1,024 bytes
// to delete, or 10,000 parts to complete, with room.
const maxDocument = 4 << 20

// owner is whom things belong to, as S3 shows it.
type owner struct {
	ID string
}

// canonicalID is made from the account id, so that it never changes.
func canonicalID(account string) string {
	sum := sha256.Sum256([]byte("bindery canonical user " + account))
	return hex.EncodeToString(sum[:])
}

func ownerOf(account string) *owner { return &owner{ID: canonical(account)} }

// stamp is a time in S3's documents: whole seconds, as in the header Last-Modified.
func stamp(ms int64) string {
	return clock.FromMillis(ms).Truncate(time.Second).Format("2006-01-02T15:04:05.000Z")
}

func httpDate(ms int64) string { return clock.FromMillis(ms).Format(http.TimeFormat) }

// writeXML answers with a document.
func writeXML(w http.ResponseWriter, document any) error {
	body, err := xml.Marshal(document)
	if err != nil {
		return err
	}
	body = append([]byte(xml.Header), body...)
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body) // a client that went away cannot be told
	return nil
}

// noContent answers 204.
func noContent(w http.ResponseWriter) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// readBody reads a document whole, checking the digests that came with it.
func (q *request) readBody(limit int64) ([]byte, error) {
	if q.r.ContentLength > limit {
		return nil, errMalformedXML()
	}
	body, err := io.ReadAll(io.LimitReader(q.r.Body, limit+1))
	if err != nil {
		return nil, bodyError(err)
	}
	if int64(len(body)) > limit {
		return nil, errMalformedXML()
	}
	return body, q.checkDigests(body)
}

// readXML reads the request's document.
func (q *request) readXML(document any) error {
	body, err := q.readBody(maxDocument)
	if err != nil {
		return err
	}
	if err := decodeXML(body, document); err != nil {
		return errMalformedXML()
	}
	return nil
}

// decodeXML reads exactly one element, and nothing but space behind it.
func decodeXML(body []byte, document any) error {
	d := xml.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(document); err != nil {
		return err
	}
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if text, ok := t.(xml.CharData); !ok || strings.TrimSpace(string(text)) != "" {
			return errors.New("something follows the document")
		}
	}
}

// bodyError names what went wrong while a body was read. Signature errors are
// worded by the gateway.
func bodyError(err error) error {
	var sig *sigv4.Error
	var own *Error
	switch {
	case errors.As(err, &sig), errors.As(err, &own):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return invalid("IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
	}
	return failure(http.StatusBadRequest, "RequestTimeout",
		"Your socket connection to the server was not read from or written to within the timeout period.")
}
