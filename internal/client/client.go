// Package client is the little that bindery's own commands need to call a
// running server: signed requests to the JSON and query protocols. It has no
// rights of its own; the server decides as it does for every client.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/sigv4"
)

// Client calls one server with one access key.
type Client struct {
	URL, Region         string
	AccessKeyID, Secret string
	Token               string // session token, "" for a long-lived key
	Clock               clock.Clock
}

// Error is a server's refusal.
type Error struct {
	Code, Message, RequestID string
	Status                   int
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Message) }

// Hint tells what to do about a refusal, "" when there is nothing to tell.
func (e *Error) Hint() string {
	switch {
	case strings.HasPrefix(e.Code, "AccessDenied"):
		return "see why with `bindery iam why " + e.RequestID + "`"
	case e.Code == "EntityNotFoundException":
		return "a request id is in the x-amzn-RequestId header of the answer; decisions of another data folder are not here"
	}
	return ""
}

// JSON calls an operation of a service that speaks AWS JSON 1.1. The target is
// "Prefix.Operation".
func (c *Client) JSON(ctx context.Context, service, target string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	h := http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {target}}
	res, err := c.do(ctx, service, h, body)
	if err != nil {
		return err
	}
	if res.status >= http.StatusBadRequest {
		var e struct {
			Type    string `json:"__type"`
			Message string
		}
		if err := json.Unmarshal(res.body, &e); err != nil {
			return fmt.Errorf("answer with status %d: %w", res.status, err)
		}
		return &Error{Code: e.Type, Message: e.Message, RequestID: res.requestID, Status: res.status}
	}
	return json.Unmarshal(res.body, out)
}

// Query calls an operation of a service that speaks the query protocol. out
// may be nil; otherwise the answer's XML is read into it.
func (c *Client) Query(ctx context.Context, service, version, action string, params map[string]string, out any) error {
	form := url.Values{"Action": {action}, "Version": {version}}
	for k, v := range params {
		form.Set(k, v)
	}
	h := http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}
	res, err := c.do(ctx, service, h, []byte(form.Encode()))
	if err != nil {
		return err
	}
	if res.status >= http.StatusBadRequest {
		var e struct {
			Error struct{ Code, Message string }
		}
		if err := xml.Unmarshal(res.body, &e); err != nil {
			return fmt.Errorf("answer with status %d: %w", res.status, err)
		}
		return &Error{Code: e.Error.Code, Message: e.Error.Message, RequestID: res.requestID, Status: res.status}
	}
	if out == nil {
		return nil
	}
	return xml.Unmarshal(res.body, out)
}

// answer is a response, read whole.
type answer struct {
	status    int
	body      []byte
	requestID string
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 32 << 20

// timeout bounds one call.
const timeout = time.Minute

func (c *Client) do(ctx context.Context, service string, h http.Header, body []byte) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+"/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header = h
	now := c.Clock.Now().UTC()
	signer := sigv4.NewSigner(c.AccessKeyID, c.Secret, c.Token, c.Region, service, now)
	if _, err := sigv4.Sign(r, signer, now, sigv4.HashPayload(body)); err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, fmt.Errorf("no answer from %s (is the server running?): %w", c.URL, err)
	}
	defer res.Body.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	return &answer{res.StatusCode, text, res.Header.Get("X-Amzn-Requestid")}, err
}
