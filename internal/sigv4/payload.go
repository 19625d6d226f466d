package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// readPayload reads what the request says about its body.
func (p *Parsed) readPayload(r *http.Request) *Error {
	if err := p.readContentSHA256(r); err != nil {
		return err
	}
	switch p.ContentSHA256 {
	case "", UnsignedPayload:
		return nil
	case StreamingSigned:
		p.Streaming = Signed
	case StreamingSignedTrailer:
		p.Streaming = SignedTrailer
	case StreamingUnsignedTrailer:
		p.Streaming = UnsignedTrailer
	default:
		if isHexDigest(p.ContentSHA256) {
			return nil
		}
		return refuse(MalformedPayloadHash, "x-amz-content-sha256 must be %s, %s, %s, %s or a valid sha256 value.",
			UnsignedPayload, StreamingUnsignedTrailer, StreamingSigned, StreamingSignedTrailer)
	}
	return p.readStreaming(r)
}

// readContentSHA256 takes the hash from the header, or in the query form from the parameter that some presigners make of it.
func (p *Parsed) readContentSHA256(r *http.Request) *Error {
	value, err := single(r, headerSHA256)
	if err != nil {
		return err
	}
	p.ContentSHA256 = value
	if p.Form != Query {
		return nil
	}
	for _, q := range p.query {
		if !strings.EqualFold(q.name, paramSHA256) {
			continue
		}
		if p.ContentSHA256 != "" && p.ContentSHA256 != q.value {
			return refuse(MalformedPayloadHash, "x-amz-content-sha256 must be specified once.")
		}
		p.ContentSHA256 = q.value
	}
	return nil
}

// readStreaming reads the headers that an aws-chunked body needs. A presigned URL cannot announce one: the seed of its chunks
// would be a signature that anyone who holds the URL may reuse with another body.
func (p *Parsed) readStreaming(r *http.Request) *Error {
	if p.Form == Query {
		return refuse(StreamingRefused, "aws-chunked bodies need the Authorization header.")
	}
	value, err := single(r, headerDecoded)
	if err != nil {
		return err
	}
	length, parseErr := strconv.ParseUint(value, 10, 63)
	if parseErr != nil {
		return refuse(MissingDecodedLength, "You must provide the Content-Length HTTP header.")
	}
	p.DecodedLength = int64(length)
	return p.readTrailerNames(r)
}

// readTrailerNames reads x-amz-trailer. Only checksums may travel there, so that no header sneaks in behind the signature.
func (p *Parsed) readTrailerNames(r *http.Request) *Error {
	value, err := single(r, headerTrailer)
	if err != nil {
		return err
	}
	if p.Streaming == Signed && value != "" {
		return refuse(MalformedTrailer, "x-amz-trailer needs a payload with a trailer.")
	}
	if value == "" {
		return nil
	}
	for name := range strings.SplitSeq(value, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		if !strings.HasPrefix(name, "x-amz-checksum-") || !isLowerToken(name) || slices.Contains(p.TrailerNames, name) {
			return refuse(MalformedTrailer, "The value specified in the x-amz-trailer header is not supported")
		}
		p.TrailerNames = append(p.TrailerNames, name)
	}
	return nil
}

func badPayloadHash() *Error {
	return refuse(BadPayloadHash, "The provided 'x-amz-content-sha256' header does not match what was computed.")
}

// HashPayload returns the hex SHA-256 of a whole body, as Verify wants it.
func HashPayload(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// PayloadReader passes body through and fails at its end with BadPayloadHash unless its SHA-256 is want (lower-case hex). It is
// for bodies too large to buffer, where Verify trusted the hash that the request declared: the reader of the last bytes must
// not act before the end was reached without an error.
func PayloadReader(body io.Reader, want string) io.Reader {
	return &payloadReader{body: body, want: want, sum: sha256.New()}
}

type payloadReader struct {
	body io.Reader
	want string
	sum  hash.Hash
}

func (p *payloadReader) Read(b []byte) (int, error) {
	n, err := p.body.Read(b)
	p.sum.Write(b[:n])
	if errors.Is(err, io.EOF) && hex.EncodeToString(p.sum.Sum(nil)) != p.want {
		return n, badPayloadHash()
	}
	return n, err
}
