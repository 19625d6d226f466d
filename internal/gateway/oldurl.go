package gateway

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/sigv2"
)

// versionTwo reports a request signed the old way (Signature Version 2), in
// either form.
func versionTwo(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Authorization"), "AWS ") || sigv2.Present(r) && !r.URL.Query().Has("X-Amz-Algorithm")
}

// verifyOldURL takes presigned URLs of Version 2 for objects, which AWS's CLI
// and SDK for Python make by default in us-east-1. Nothing else signed that
// way is taken.
func (g *Gateway) verifyOldURL(ctx context.Context, x *exchange) error {
	if !sigv2.Present(x.r) {
		return &op.Fault{Code: "InvalidRequest", Status: http.StatusBadRequest, Message: "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."}
	}
	claim, err := sigv2.Parse(x.r)
	if err != nil {
		return oldURLFault(err)
	}
	id, err := g.Identities.Identify(ctx, claim.AccessKeyID, claim.Token)
	if err != nil {
		return err
	}
	if err := claim.Verify(id.Secret, g.Clock.Now()); err != nil {
		return oldURLFault(err)
	}
	x.call.Principal, x.call.Account, x.call.OldSignature = id.Principal, id.Principal.Account, true
	r := *x.r
	r.URL = new(url.URL)
	*r.URL = *x.r.URL
	sigv2.Strip(r.URL)
	x.r = &r
	return nil
}

// oldURLFaults names the refusals.
var oldURLFaults = map[sigv2.Reason]op.Fault{
	sigv2.Malformed: {Code: "AuthorizationQueryParametersError", Status: http.StatusBadRequest},
	sigv2.Uncovered: {Code: "InvalidRequest", Status: http.StatusBadRequest},
	sigv2.Expired:   {Code: "AccessDenied", Status: http.StatusForbidden},
	sigv2.Mismatch:  {Code: "SignatureDoesNotMatch", Status: http.StatusForbidden},
}

func oldURLFault(err error) error {
	var refused *sigv2.Error
	if !errors.As(err, &refused) {
		return err
	}
	fault := oldURLFaults[refused.Code]
	fault.Message = refused.Message
	return &fault
}
