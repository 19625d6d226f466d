package sigv4

import (
	"net/http"
	"slices"
	"strings"
)

// trailerSignature is the last trailer of a signed one.
const trailerSignature = "x-amz-trailer-signature"

// readTrailers reads the lines after the empty chunk up to a blank one: exactly the announced trailers, each once, and in mode
// SignedTrailer their signature after them.
func (c *Chunks) readTrailers() error {
	trailers, signature, err := c.trailerLines()
	if err != nil {
		return err
	}
	if len(trailers) != len(c.names) {
		return malformedTrailer()
	}
	if c.mode == SignedTrailer && !c.trailerSigned(trailers, signature) {
		return mismatch()
	}
	c.trailers = make(http.Header, len(trailers))
	for _, t := range trailers {
		c.trailers.Set(t.name, t.value)
	}
	return nil
}

// trailerLines splits the lines; signature is empty unless it came last in mode SignedTrailer.
//
// The vendor's description ends the trailers with \n and puts a blank line before their signature; some clients do the same,
// others write plain \r\n lines. Both are read: what is signed is the names and values, not the line ends.
func (c *Chunks) trailerLines() (trailers []param, signature string, err error) {
	for blank := 0; ; {
		line, err := c.anyLine()
		if err != nil {
			return nil, "", err
		}
		if line == "" {
			if blank++; c.mode == SignedTrailer && signature == "" && blank == 1 && len(trailers) > 0 {
				continue
			}
			return trailers, signature, nil
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.ToLower(name), strings.Trim(value, " \t")
		repeated := slices.ContainsFunc(trailers, func(t param) bool { return t.name == name })
		switch {
		case !ok || signature != "":
			return nil, "", malformedTrailer()
		case name == trailerSignature && c.mode == SignedTrailer && value != "":
			signature = value
		case repeated || !slices.Contains(c.names, name):
			return nil, "", malformedTrailer()
		default:
			trailers = append(trailers, param{name: name, value: value})
		}
	}
}

// trailerSigned checks the signature over the lines `name:value\n`, sorted by name as headers are, built on the empty chunk's
// signature.
func (c *Chunks) trailerSigned(trailers []param, signature string) bool {
	slices.SortFunc(trailers, func(a, b param) int { return strings.Compare(a.name, b.name) })
	var lines strings.Builder
	for _, t := range trailers {
		lines.WriteString(t.name + ":" + t.value + "\n")
	}
	text := stringToSign(algorithm+"-TRAILER", c.amzDate, c.scope, c.previous, HashPayload([]byte(lines.String())))
	return sameSignature(c.key.sign(text), signature)
}

func malformedTrailer() *Error {
	return refuse(MalformedTrailer, "The request contained trailing data that was not well-formed or did not conform to our published schema.")
}
