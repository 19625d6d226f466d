package gateway

import (
	"errors"
	"io"
	"net/http"

	"github.com/bindery-project/bindery/internal/sigv4"
)

// verifyingBody replaces the body of a streamed request by one that checks
// what it yields against the signature: the declared hash, or each chunk.
func verifyingBody(r *http.Request, proof *sigv4.Parsed, key sigv4.SigningKey) {
	switch {
	case proof == nil || proof.ContentSHA256 == sigv4.UnsignedPayload || proof.ContentSHA256 == "":
	case proof.Streaming != sigv4.None:
		chunks := sigv4.ChunkReader(r.Body, proof, key)
		r.Body = &Body{held: held{from: chunks}, Closer: r.Body, trailers: chunks.Trailers}
		r.ContentLength = proof.DecodedLength
	default:
		r.Body = &Body{held: held{from: sigv4.PayloadReader(r.Body, proof.ContentSHA256)}, Closer: r.Body}
	}
}

// Body is a request body that was verified as far as it was read. The last
// bytes are yielded only after everything was: who reads to the end may keep it.
type Body struct {
	held
	io.Closer
	trailers func() http.Header
}

// Trailers returns the checked trailer of an aws-chunked body, nil without
// one. It is complete once the body was read to its end.
func (b *Body) Trailers() http.Header {
	if b.trailers == nil {
		return nil
	}
	return b.trailers()
}

// held reads one block ahead and hands a block out only when the next one was
// read without an error, so that a failure at the very end still comes before
// the last byte.
type held struct {
	from  io.Reader
	ready []byte // may be handed out
	ahead []byte // waits for the next read
	err   error
}

// holdBack is how many bytes are read ahead of what is handed out.
const holdBack = 64 << 10

func (h *held) Read(p []byte) (int, error) {
	for len(h.ready) == 0 && h.err == nil {
		h.fill()
	}
	if len(h.ready) > 0 {
		n := copy(p, h.ready)
		h.ready = h.ready[n:]
		return n, nil
	}
	return 0, h.err
}

func (h *held) fill() {
	block := make([]byte, holdBack) // a fresh one: the block before is still being read
	n, err := io.ReadFull(h.from, block)
	last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	switch {
	case err == nil:
		h.ready, h.ahead = h.ahead, block[:n]
	case last:
		h.ready, h.ahead, h.err = append(h.ahead[:len(h.ahead):len(h.ahead)], block[:n]...), nil, io.EOF
	default:
		h.ready, h.ahead, h.err = nil, nil, err
	}
}
