package sigv4

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Signer holds what it takes to sign for one credential on one day.
type Signer struct {
	Credential
	Key SigningKey
	// DoubleEncodePath is true everywhere but on S3.
	DoubleEncodePath bool
}

// NewSigner returns a signer for the day of at. The path is encoded twice unless service is s3, as the vendor's clients do.
func NewSigner(accessKeyID, secret, token, region, service string, at time.Time) Signer {
	day := at.UTC().Format(dateFormat)
	return Signer{
		Credential:       Credential{AccessKeyID: accessKeyID, Date: day, Region: region, Service: service, Token: token},
		Key:              DeriveKey(secret, day, region, service),
		DoubleEncodePath: service != "s3",
	}
}

// Sign adds Authorization, X-Amz-Date and, for a session, X-Amz-Security-Token to r and returns the signature. It signs host,
// content-type, content-length if the header is set, and every x-amz-* header; an existing Authorization is replaced. payload
// is the hex SHA-256 of the body or the word that stands for it; the caller sets X-Amz-Content-Sha256 where it is wanted.
// at must lie on the signer's day.
func Sign(r *http.Request, s Signer, at time.Time, payload string) (string, error) {
	r.Header.Del(headerAuth)
	r.Header.Set(headerDate, at.UTC().Format(timeFormat))
	if s.Token != "" {
		r.Header.Set(headerToken, s.Token)
	}
	signed := headersToSign(r)
	signature, err := s.signature(r, at, signed, payload)
	if err != nil {
		return "", err
	}
	r.Header.Set(headerAuth, algorithm+" Credential="+s.AccessKeyID+"/"+s.scope()+
		", SignedHeaders="+strings.Join(signed, ";")+", Signature="+signature)
	return signature, nil
}

// Presign turns r into a presigned request, good for expires (1 s to MaxExpires) from at: the credential goes into the query,
// and headers that Sign would sign stay headers and are signed. It returns the signature.
func Presign(r *http.Request, s Signer, at time.Time, payload string, expires time.Duration) (string, error) {
	r.Header.Del(headerAuth)
	r.Header.Del(headerDate)
	r.Header.Del(headerToken)
	signed := headersToSign(r)
	query := r.URL.RawQuery
	add := func(name, value string) {
		if query != "" {
			query += "&"
		}
		query += name + "=" + encode(value, false)
	}
	add(paramAlgorithm, algorithm)
	add(paramCred, s.AccessKeyID+"/"+s.scope())
	add(paramDate, at.UTC().Format(timeFormat))
	add(paramExpires, strconv.FormatInt(int64(expires/time.Second), 10))
	add(paramSigned, strings.Join(signed, ";"))
	if s.Token != "" {
		add(paramToken, s.Token)
	}
	r.URL.RawQuery = query
	signature, err := s.signature(r, at, signed, payload)
	if err != nil {
		return "", err
	}
	add(paramSignature, signature)
	r.URL.RawQuery = query
	return signature, nil
}

func (s Signer) signature(r *http.Request, at time.Time, signed []string, payload string) (string, error) {
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return "", err
	}
	sortParams(query)
	c := canonical{request: r, query: query, signed: signed, payload: payload, double: s.DoubleEncodePath}
	return c.signature(s.Key, at.UTC().Format(timeFormat), s.scope()), nil
}

func headersToSign(r *http.Request) []string {
	signed := []string{"host"}
	for name := range r.Header {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-amz-") || lower == "content-type" || lower == "content-length" {
			signed = append(signed, lower)
		}
	}
	slices.Sort(signed)
	return signed
}
