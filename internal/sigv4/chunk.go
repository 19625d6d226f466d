package sigv4

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

const (
	// maxChunk bounds the memory that one upload can hold: a signed chunk is kept until its signature is checked.
	maxChunk = 16 << 20
	// minChunk is the smallest signed chunk that AWS takes, other than the last one.
	minChunk = 8 << 10
	// maxLine bounds a chunk header or trailer line, and all trailer lines together.
	maxLine = 4 << 10
)

// Chunks is the decoded stream of an aws-chunked body.
//
// The coding, with sizes in hex and an empty chunk at the end:
//
//	SIZE;chunk-signature=SIG\r\n DATA \r\n ... 0;chunk-signature=SIG\r\n NAME:VALUE\r\n x-amz-trailer-signature:SIG\r\n \r\n
//
// Each signature covers the one before it, starting from the request's, so that chunks cannot be swapped, dropped or replayed.
type Chunks struct {
	src      *bufio.Reader
	mode     Mode
	key      SigningKey
	amzDate  string
	scope    string
	previous string // the signature that the next one builds on

	want, got int64        // decoded bytes announced; decoded bytes of the chunks begun
	small     bool         // a signed chunk below minChunk was seen: only the end may follow
	buffered  bytes.Buffer // verified bytes of a signed chunk, not delivered yet
	left      int64        // bytes of the current unsigned chunk, not delivered yet
	names     []string     // trailers announced
	trailers  http.Header
	crlf      bool // the last line ended in \r\n
	err       error
}

// ChunkReader decodes an aws-chunked body. p must have passed Verify with key. A signed chunk is delivered only after its
// signature was checked, and no chunk that would exceed the announced length is delivered at all. io.EOF comes only after the
// end, the length and the trailer were found right; every other error means that what was read so far must not be kept.
func ChunkReader(body io.Reader, p *Parsed, key SigningKey) *Chunks {
	c := &Chunks{
		src: bufio.NewReaderSize(body, maxLine), mode: p.Streaming, key: key, amzDate: p.amzDate(), scope: p.scope(),
		previous: p.Signature, want: p.DecodedLength, names: p.TrailerNames,
	}
	if p.Streaming == None {
		c.err = refuse(MalformedChunk, "The body was not announced as aws-chunked.")
	}
	return c
}

// Trailers returns the checked trailing headers. It is nil before Read returned io.EOF. In mode UnsignedTrailer nobody signed
// them: they are good for comparing checksums and for nothing else.
func (c *Chunks) Trailers() http.Header {
	if !errors.Is(c.err, io.EOF) {
		return nil
	}
	return c.trailers
}

// Read implements io.Reader.
func (c *Chunks) Read(b []byte) (int, error) {
	for c.err == nil && c.buffered.Len() == 0 && c.left == 0 {
		c.err = c.next()
	}
	switch {
	case c.buffered.Len() > 0:
		return c.buffered.Read(b)
	case c.left > 0:
		return c.readUnsigned(b)
	}
	return 0, c.err
}

// next reads up to the data of the next chunk, or through the end of the body, when it returns io.EOF.
func (c *Chunks) next() error {
	size, signature, err := c.header()
	if err != nil {
		return err
	}
	if size == 0 {
		return c.end(signature)
	}
	if size > c.want-c.got {
		return incomplete()
	}
	c.got += size
	if c.mode == UnsignedTrailer {
		c.left = size
		return nil
	}
	return c.signedChunk(size, signature)
}

// header reads `SIZE` or `SIZE;chunk-signature=SIG`, as the mode demands.
func (c *Chunks) header() (size int64, signature string, err error) {
	line, err := c.line()
	if err != nil {
		return 0, "", err
	}
	digits, extension, signed := strings.Cut(line, ";")
	if signed != (c.mode != UnsignedTrailer) {
		return 0, "", malformedChunk()
	}
	if signed {
		var ok bool
		signature, ok = strings.CutPrefix(extension, "chunk-signature=")
		if !ok || !isHexDigest(signature) {
			return 0, "", malformedChunk()
		}
	}
	n, parseErr := strconv.ParseUint(digits, 16, 63)
	if parseErr != nil || len(digits) > 16 {
		return 0, "", malformedChunk()
	}
	return int64(n), signature, nil
}

// signedChunk buffers one chunk and checks its signature.
func (c *Chunks) signedChunk(size int64, signature string) error {
	if c.small || size > maxChunk {
		return refuse(InvalidChunkSize, "Only the last chunk is allowed to have a size less than %d bytes, and none more than %d", minChunk, maxChunk)
	}
	c.small = size < minChunk
	if err := c.fill(size); err != nil {
		c.buffered.Reset()
		return err
	}
	if err := c.verify(signature, c.buffered.Bytes()); err != nil {
		c.buffered.Reset()
		return err
	}
	return nil
}

// fill reads size bytes and their line end into the buffer, which grows with what arrives, not with what was promised.
func (c *Chunks) fill(size int64) error {
	c.buffered.Reset()
	if _, err := io.CopyN(&c.buffered, c.src, size); err != nil {
		return readError(err)
	}
	return c.lineEnd()
}

// verify checks a chunk's signature and makes it the seed of the next one.
func (c *Chunks) verify(signature string, data []byte) error {
	sum := sha256.Sum256(data)
	want := c.key.sign(stringToSign(algorithm+"-PAYLOAD", c.amzDate, c.scope, c.previous, EmptyPayload, hex.EncodeToString(sum[:])))
	if !sameSignature(want, signature) {
		return mismatch()
	}
	c.previous = want
	return nil
}

// readUnsigned delivers bytes of an unsigned chunk as they come, and takes the line end after the last one.
func (c *Chunks) readUnsigned(b []byte) (int, error) {
	n, err := c.src.Read(b[:min(int64(len(b)), c.left)])
	c.left -= int64(n)
	switch {
	case err != nil && c.left > 0:
		c.err = readError(err)
		c.left = 0
	case n > 0 && c.left == 0:
		c.err = c.lineEnd()
	}
	return n, c.err
}

// end checks everything that follows the empty chunk and returns io.EOF if all is right.
func (c *Chunks) end(signature string) error {
	if c.got != c.want {
		return incomplete()
	}
	if c.mode != UnsignedTrailer {
		if err := c.verify(signature, nil); err != nil {
			return err
		}
	}
	finish := c.readTrailers
	if c.mode == Signed {
		finish = c.lineEnd
	}
	if err := finish(); err != nil {
		return err
	}
	if _, err := c.src.ReadByte(); !errors.Is(err, io.EOF) {
		return malformedChunk()
	}
	return io.EOF
}

func (c *Chunks) lineEnd() error {
	line, err := c.line()
	if err != nil {
		return err
	}
	if line != "" {
		return malformedChunk()
	}
	return nil
}

// line reads one line and takes off its \r\n.
func (c *Chunks) line() (string, error) {
	text, err := c.anyLine()
	if err == nil && !c.crlf {
		return "", malformedChunk()
	}
	return text, err
}

// anyLine reads one line, takes off its \n or \r\n and notes which it was.
func (c *Chunks) anyLine() (string, error) {
	line, err := c.src.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", malformedChunk()
	}
	if err != nil {
		return "", readError(err)
	}
	text := bytes.TrimSuffix(line, []byte("\n"))
	text, c.crlf = bytes.CutSuffix(text, []byte("\r"))
	return string(text), nil
}

// readError turns an early end into a refusal and passes on what went wrong below.
func readError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return incomplete()
	}
	return fmt.Errorf("read aws-chunked body: %w", err)
}

func incomplete() *Error {
	return refuse(IncompleteBody, "The request body terminated unexpectedly")
}

func malformedChunk() *Error {
	return refuse(MalformedChunk, "The request body is not valid aws-chunked coding.")
}
