package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
)

// canonical is everything that one signature covers.
type canonical struct {
	request *http.Request // method, path and header values are read from here
	query   []param       // sorted, without the signature
	signed  []string      // lower-case header names, ascending
	payload string        // hash of the body, or the word that stands for it
	double  bool          // encode the path a second time, as everywhere outside S3
}

// appendTo appends the canonical request:
//
//	METHOD \n path \n query \n name:value \n ... \n \n names \n payload
func (c canonical) appendTo(dst []byte) []byte {
	dst = append(dst, method(c.request)...)
	dst = append(dst, '\n')
	dst = append(dst, canonicalPath(c.request.URL, c.double)...)
	dst = append(dst, '\n')
	dst = appendQuery(dst, c.query)
	dst = append(dst, '\n')
	for _, name := range c.signed {
		dst = append(dst, name...)
		dst = append(dst, ':')
		dst = appendValues(dst, headerValues(c.request, name))
		dst = append(dst, '\n')
	}
	dst = append(dst, '\n')
	dst = append(dst, strings.Join(c.signed, ";")...)
	dst = append(dst, '\n')
	return append(dst, c.payload...)
}

// signature signs the canonical request for a time (amz-date) and a scope.
func (c canonical) signature(key SigningKey, amzDate, scope string) string {
	sum := sha256.Sum256(c.appendTo(make([]byte, 0, 1024)))
	return key.sign(stringToSign(algorithm, amzDate, scope, hex.EncodeToString(sum[:])))
}

// stringToSign joins the four lines that are signed in the end; chunks add lines of their own.
func stringToSign(lines ...string) []byte {
	return []byte(strings.Join(lines, "\n"))
}

func method(r *http.Request) string {
	if r.Method == "" {
		return http.MethodGet // net/http's meaning of an empty method
	}
	return r.Method
}

// canonicalPath returns the path as signed. S3 signs the path of the request line with every escape in its one proper form, and
// leaves dots and slashes alone; every other service signs that path cleaned of dot segments and empty segments, encoded once more.
func canonicalPath(u *url.URL, double bool) string {
	if double {
		return encode(normalize(wirePath(u)), true)
	}
	return reencode(wirePath(u))
}

// reencode brings a path into its proper encoding, segment by segment: an encoded slash is data and stays encoded.
func reencode(path string) string {
	if encoded := encode(path, true); encoded == path {
		return path // nothing is escaped, and nothing has to be
	}
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if decoded, err := url.PathUnescape(segment); err == nil { // wirePath has decoded the whole before
			segments[i] = encode(decoded, false)
		}
	}
	return strings.Join(segments, "/")
}

// wirePath returns the path as it stood in the request line. URL.EscapedPath alone would re-encode bytes that a client sent
// bare; RawPath is only believed while it still decodes to Path, the path that handlers act on.
func wirePath(u *url.URL) string {
	if u.RawPath != "" {
		if decoded, err := url.PathUnescape(u.RawPath); err == nil && decoded == u.Path {
			return u.RawPath
		}
	}
	return orSlash(u.EscapedPath())
}

func orSlash(path string) string {
	if path == "" {
		return "/"
	}
	return path
}

// normalize removes empty and dot segments (RFC 3986, section 6); a final slash stays.
func normalize(path string) string {
	if !strings.Contains(path, "//") && !strings.Contains(path, "/.") {
		return path
	}
	var kept []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			kept = kept[:max(len(kept)-1, 0)]
		default:
			kept = append(kept, segment)
		}
	}
	clean := "/" + strings.Join(kept, "/")
	if len(kept) > 0 && strings.HasSuffix(path, "/") {
		clean += "/"
	}
	return clean
}

// headerValues returns the values of a header by its lower-case name, or nil if the request does not carry it. net/http moves
// three headers out of the map; they are brought back as they were sent.
func headerValues(r *http.Request, name string) []string {
	switch name {
	case "host":
		return host(r)
	case "transfer-encoding":
		if len(r.TransferEncoding) > 0 {
			return r.TransferEncoding
		}
	case "content-length":
		if _, ok := r.Header["Content-Length"]; !ok && r.ContentLength >= 0 {
			return []string{strconv.FormatInt(r.ContentLength, 10)}
		}
	}
	return r.Header[textproto.CanonicalMIMEHeaderKey(name)]
}

func host(r *http.Request) []string {
	if r.Host != "" {
		return []string{r.Host}
	}
	if r.URL.Host != "" {
		return []string{r.URL.Host} // a request about to be sent
	}
	return nil
}

// appendValues appends values joined by commas in their order, each trimmed, with runs of white space made one space.
func appendValues(dst []byte, values []string) []byte {
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendCollapsed(dst, v)
	}
	return dst
}

func appendCollapsed(dst []byte, value string) []byte {
	start, pending := len(dst), false
	for i := range len(value) {
		c := value[i]
		if c == ' ' || c >= '\t' && c <= '\r' {
			pending = len(dst) > start
			continue
		}
		if pending {
			dst = append(dst, ' ')
			pending = false
		}
		dst = append(dst, c)
	}
	return dst
}
