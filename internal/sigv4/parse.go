package sigv4

import (
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Query parameters of a presigned request.
const (
	paramAlgorithm = "X-Amz-Algorithm"
	paramCred      = "X-Amz-Credential" //nolint:gosec // the name of a parameter
	paramDate      = "X-Amz-Date"
	paramExpires   = "X-Amz-Expires"
	paramSigned    = "X-Amz-SignedHeaders"
	paramSignature = "X-Amz-Signature"
	paramToken     = "X-Amz-Security-Token" //nolint:gosec // the name of a parameter
	paramSHA256    = "X-Amz-Content-Sha256"
)

// Headers that Parse reads, in net/http's spelling.
const (
	headerAuth    = "Authorization"
	headerDate    = "X-Amz-Date"
	headerToken   = "X-Amz-Security-Token" //nolint:gosec // the name of a header
	headerSHA256  = "X-Amz-Content-Sha256"
	headerDecoded = "X-Amz-Decoded-Content-Length"
	headerTrailer = "X-Amz-Trailer"
)

// Parse reads the credentials of a request and checks everything that needs no key: one credential only, every part present and
// well formed, host and every x-amz-* header listed as signed, every listed header present.
//
// It returns ErrMissing if the request carries no credentials at all, and an *Error for everything else that it refuses.
func Parse(r *http.Request) (*Parsed, error) {
	p, err := parse(r)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func parse(r *http.Request) (*Parsed, *Error) {
	if r.URL.Opaque != "" {
		return nil, refuse(IncompleteSignature, "The request target must be a path.")
	}
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	p := &Parsed{query: query}
	if err := p.readCredential(r); err != nil {
		return nil, err
	}
	if err := p.checkSignedHeaders(r); err != nil {
		return nil, err
	}
	if err := p.readPayload(r); err != nil {
		return nil, err
	}
	sortParams(p.query)
	return p, nil
}

// readCredential decides between header and query form; a trace of both is refused, since two readers could pick differently.
func (p *Parsed) readCredential(r *http.Request) *Error {
	authorization := r.Header[headerAuth]
	inQuery := slices.ContainsFunc(p.query, func(q param) bool { return isAuthParam(q.name) })
	switch {
	case len(authorization) == 0 && !inQuery:
		return ErrMissing
	case len(authorization) > 0 && inQuery:
		return duplicate("the X-Amz-Algorithm query parameter and the Authorization header must not both be specified.")
	case len(authorization) > 1:
		return duplicate("the Authorization header must be specified once.")
	case inQuery:
		return p.readQueryForm(r)
	}
	return p.readHeaderForm(r, authorization[0])
}

// isAuthParam tells whether a query parameter belongs to a signature, by any letter case: a near miss is refused later rather
// than taken for an ordinary parameter. Parameters of the older Signature Version 2 count too.
func isAuthParam(name string) bool {
	switch strings.ToLower(name) {
	case "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-signedheaders", "x-amz-signature",
		"x-amz-security-token", "awsaccesskeyid":
		return true
	}
	return false
}

func (p *Parsed) readHeaderForm(r *http.Request, authorization string) *Error {
	p.Form = Header
	parts, err := splitAuthorization(authorization)
	if err != nil {
		return err
	}
	if err := p.setCredential(parts["Credential"]); err != nil {
		return err
	}
	if err := p.setSigned(parts["SignedHeaders"], parts["Signature"]); err != nil {
		return err
	}
	if p.Token, err = single(r, headerToken); err != nil {
		return err
	}
	return p.readDate(r, authorization)
}

// splitAuthorization splits `AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...` into its three parts, each of
// which must be there once; others are refused.
func splitAuthorization(authorization string) (map[string]string, *Error) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(authorization), " ")
	if scheme != algorithm {
		return nil, refuse(UnsupportedAlgorithm, "Unsupported AWS 'algorithm': '%s'.", shown(scheme))
	}
	parts := make(map[string]string, 3)
	for part := range strings.SplitSeq(rest, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok && name == "" {
			continue
		}
		if _, seen := parts[name]; !ok || seen || !isAuthPart(name) {
			return nil, refuse(IncompleteSignature, "Invalid key=value pair (missing equal-sign) in Authorization header "+
				"(hashed with SHA-256 and encoded with Base64): '%s'.", digest(part))
		}
		parts[name] = value
	}
	var missing []string
	for _, name := range authParts {
		if parts[name] == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, missingParts(authorization, missing)
	}
	return parts, nil
}

var authParts = []string{"Credential", "Signature", "SignedHeaders"}

func isAuthPart(name string) bool { return slices.Contains(authParts, name) }

// shown shortens what a caller sent before it is repeated in a message.
func shown(s string) string {
	const most = 64
	if len(s) > most {
		return s[:most]
	}
	return s
}

// readDate takes the time from x-amz-date, or from Date if that is signed.
func (p *Parsed) readDate(r *http.Request, authorization string) *Error {
	value, err := single(r, headerDate)
	if err != nil {
		return err
	}
	if value != "" {
		return p.setTime(value)
	}
	value, err = single(r, "Date")
	if err != nil {
		return err
	}
	if value == "" {
		return refuse(IncompleteSignature, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "+
			"(Hashed with SHA-256 and encoded with Base64) Authorization=%s", digest(authorization))
	}
	if !slices.Contains(p.SignedHeaders, "date") {
		return unsigned("date")
	}
	if t, err := http.ParseTime(value); err == nil {
		p.Time = t.UTC()
		return nil
	}
	return p.setTime(value)
}

func (p *Parsed) setTime(value string) *Error {
	// time.Parse lets a fraction of a second through where the layout has none; AWS does not.
	t, err := time.Parse(timeFormat, value)
	if err != nil || len(value) != len(timeFormat) {
		return refuse(IncompleteSignature, "Date must be in ISO-8601 'basic format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601", shown(value))
	}
	p.Time = t
	return nil
}

// setCredential splits access key, date, region, service and terminator.
func (p *Parsed) setCredential(value string) *Error {
	parts := strings.Split(value, "/")
	if len(parts) != 5 || slices.Contains(parts, "") {
		return refuse(IncompleteSignature, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got: '%s'", shown(value))
	}
	if parts[4] != terminator {
		return refuse(WrongTerminator, "Credential should be scoped with a valid terminator: '%s'", terminator)
	}
	p.AccessKeyID, p.Date, p.Region, p.Service = parts[0], parts[1], parts[2], parts[3]
	return nil
}

// setSigned checks the list of signed headers and the form of the signature.
func (p *Parsed) setSigned(headers, signature string) *Error {
	names := strings.Split(headers, ";")
	for i, name := range names {
		if !isLowerToken(name) || i > 0 && names[i-1] >= name {
			return refuse(IncompleteSignature, "SignedHeaders must list lower-case header names in ascending order, each once.")
		}
	}
	if !isHexDigest(signature) {
		return refuse(IncompleteSignature, "Signature must be 64 lower-case hexadecimal digits.")
	}
	p.SignedHeaders, p.Signature = names, signature
	return nil
}

func isLowerToken(s string) bool {
	const others = "!#$%&'*+-.^_`|~0123456789"
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return s != ""
}

func isHexDigest(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil && len(s) == 64 && strings.ToLower(s) == s
}

// readQueryForm reads a presigned request and takes the signature out of the canonical query.
func (p *Parsed) readQueryForm(r *http.Request) *Error {
	p.Form = Query
	values, err := p.authParams()
	if err != nil {
		return err
	}
	if values[paramAlgorithm] != algorithm {
		return refuse(UnsupportedAlgorithm, "Unsupported AWS 'algorithm': '%s'.", shown(values[paramAlgorithm]))
	}
	// Either header would compete with its parameter, and handlers must not have to know which one counts.
	if r.Header[headerToken] != nil || r.Header[headerDate] != nil {
		return duplicate("X-Amz-Date and X-Amz-Security-Token must not be both query parameters and headers.")
	}
	if err := p.setCredential(values[paramCred]); err != nil {
		return err
	}
	if err := p.setSigned(values[paramSigned], values[paramSignature]); err != nil {
		return err
	}
	p.Token = values[paramToken]
	if err := p.setTime(values[paramDate]); err != nil {
		return err
	}
	p.query = slices.DeleteFunc(p.query, func(q param) bool { return q.name == paramSignature })
	return p.setExpires(values[paramExpires])
}

// authParams collects the parameters of the signature: each in its exact spelling, once, and none missing or empty.
func (p *Parsed) authParams() (map[string]string, *Error) {
	values := make(map[string]string, 7)
	for _, q := range p.query {
		if !isAuthParam(q.name) {
			continue
		}
		if _, seen := values[q.name]; seen {
			return nil, duplicate("the query parameter " + q.name + " must be specified once.")
		}
		values[q.name] = q.value
	}
	var missing []string
	for _, name := range requiredParams {
		if values[name] == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, missingParams(missing)
	}
	for name := range values {
		if name != paramToken && !slices.Contains(requiredParams, name) {
			return nil, duplicate("the query parameter " + shown(name) + " is not spelt as Signature Version 4 spells it.")
		}
	}
	return values, nil
}

var requiredParams = []string{paramAlgorithm, paramCred, paramDate, paramExpires, paramSigned, paramSignature}

func (p *Parsed) setExpires(value string) *Error {
	if strings.HasPrefix(value, "-") {
		return refuse(InvalidExpires, "X-Amz-Expires must be non-negative")
	}
	seconds, err := strconv.ParseUint(value, 10, 63)
	if err != nil {
		return refuse(InvalidExpires, "X-Amz-Expires should be a number")
	}
	if seconds == 0 {
		return refuse(InvalidExpires, "X-Amz-Expires must be at least 1 second")
	}
	if seconds > uint64(MaxExpires/time.Second) {
		return refuse(InvalidExpires, "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds")
	}
	p.Expires = time.Duration(seconds) * time.Second
	return nil
}

// single returns the only value of a header, empty if it is absent. A second one is refused: the signature covers both, but a
// reader would act on either.
func single(r *http.Request, name string) (string, *Error) {
	values := r.Header[name]
	if len(values) > 1 {
		e := refuse(IncompleteSignature, "The header '%s' must be specified once.", name)
		e.Header = strings.ToLower(name)
		return "", e
	}
	if len(values) == 0 {
		return "", nil
	}
	return values[0], nil
}

// checkSignedHeaders holds the rule that closes header injection: what can take effect must be signed.
func (p *Parsed) checkSignedHeaders(r *http.Request) *Error {
	if !slices.Contains(p.SignedHeaders, "host") {
		e := refuse(UnsignedHeader, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
		e.Header = "host"
		return e
	}
	for name := range r.Header {
		lower := strings.ToLower(name)
		if !strings.HasPrefix(lower, "x-amz-") {
			continue
		}
		if _, signed := slices.BinarySearch(p.SignedHeaders, lower); !signed {
			return unsigned(lower)
		}
	}
	for _, name := range p.SignedHeaders {
		if headerValues(r, name) == nil {
			e := refuse(MissingSignedHeader, "The signed header '%s' is not in the request.", shown(name))
			e.Header = name
			return e
		}
	}
	return nil
}
