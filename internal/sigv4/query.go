package sigv4

import (
	"net/url"
	"slices"
	"strings"
)

// param is one query parameter. The decoded pair is what handlers will see; the encoded pair is what is signed.
type param struct {
	name, value       string // decoded, `+` meaning a space
	encName, encValue string // RFC 3986, upper-case hex
}

// parseQuery splits a raw query into parameters, in their order. Unlike url.ParseQuery it keeps parameters with a semicolon and
// refuses what cannot be decoded, so that nothing is dropped on the way into the signature.
func parseQuery(raw string) ([]param, *Error) {
	var out []param
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		decodedName, err1 := url.QueryUnescape(name)
		decodedValue, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			return nil, refuse(IncompleteSignature, "The query string holds an invalid percent-encoding.")
		}
		out = append(out, newParam(decodedName, decodedValue))
	}
	return out, nil
}

func newParam(name, value string) param {
	return param{name: name, value: value, encName: encode(name, false), encValue: encode(value, false)}
}

// sortParams orders parameters by encoded name, then encoded value. The pair is compared in two steps, not as "name=value":
// "a" sorts before "a-b" although '-' sorts before '='.
func sortParams(params []param) {
	slices.SortFunc(params, func(a, b param) int {
		if c := strings.Compare(a.encName, b.encName); c != 0 {
			return c
		}
		return strings.Compare(a.encValue, b.encValue)
	})
}

// appendQuery appends the canonical query: sorted, every parameter with its equals sign, the signature left out by the caller.
func appendQuery(dst []byte, sorted []param) []byte {
	for i, p := range sorted {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = append(dst, p.encName...)
		dst = append(dst, '=')
		dst = append(dst, p.encValue...)
	}
	return dst
}

// encode percent-encodes every byte outside RFC 3986's unreserved set; keepSlash leaves '/' alone, as in paths.
func encode(s string, keepSlash bool) string {
	i := 0
	for i < len(s) && (unreserved[s[i]] || keepSlash && s[i] == '/') {
		i++
	}
	if i == len(s) {
		return s
	}
	return string(appendEncoded(make([]byte, 0, len(s)+16), s, keepSlash))
}

func appendEncoded(dst []byte, s string, keepSlash bool) []byte {
	const hexDigits = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		if unreserved[c] || keepSlash && c == '/' {
			dst = append(dst, c)
			continue
		}
		dst = append(dst, '%', hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

// unreserved marks the bytes that stand for themselves: letters, digits, '-', '.', '_' and '~'.
var unreserved = func() (set [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") {
		set[c] = true
	}
	return set
}()
