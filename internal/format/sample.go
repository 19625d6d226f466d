package format

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
)

// sample is the beginning of a text file, decompressed.
type sample struct {
	text        []byte
	whole       bool   // text is the entire content
	compression string // None, Gzip or Zstd
	expanded    int64  // decompressed size of the entire file: exact if whole, else estimated
}

// boundReader stops reading when the caller's context ends, so that a slow store cannot hold an inspection.
type boundReader struct {
	ctx context.Context
	r   io.ReaderAt
}

func (b *boundReader) ReadAt(p []byte, off int64) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	return b.r.ReadAt(p, off)
}

// consumed counts the bytes that a decompressor took. It is an io.ByteReader, so that gzip does not read ahead and the count is exact: a bomb
// of a few kilobytes would look harmless otherwise.
type consumed struct {
	r *bufio.Reader
	n int64
}

func (c *consumed) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (c *consumed) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

// sample decompresses the beginning of the file. The magic number decides, not the extension, since readers look at the bytes too.
func (in *inspection) sample(head []byte, size int64) (*sample, error) {
	s := &sample{compression: compressionOf(head)}
	in.noteExtension(s.compression)
	source := &consumed{r: bufio.NewReader(io.NewSectionReader(in.raw, 0, in.size))}
	plain, err := in.open(s.compression, source)
	if err != nil {
		return nil, err
	}
	defer plain.Close() //nolint:errcheck // frees a decoder; reading has told every fault
	// One byte more than asked for tells whether the file goes on.
	s.text, err = io.ReadAll(io.LimitReader(plain, size+1))
	if err != nil {
		return nil, in.decompressFault(s.compression, err)
	}
	s.whole = int64(len(s.text)) <= size
	s.text = s.text[:min(int64(len(s.text)), size)]
	return s, in.checkExpansion(s, source.n)
}

func compressionOf(head []byte) string {
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		return Gzip
	case bytes.HasPrefix(head, zstdMagic):
		return Zstd
	}
	return None
}

var extensionCompression = map[string]string{
	".gz": Gzip, ".gzip": Gzip, ".zst": Zstd, ".zstd": Zstd, ".bz2": "bzip2", ".xz": "xz", ".lz4": "lz4", ".snappy": "snappy", ".br": "brotli",
	".deflate": "deflate", ".lzo": "lzo", ".zip": "zip",
}

// noteExtension remarks that a name promises another compression than the bytes hold: engines that go by the name will stumble.
func (in *inspection) noteExtension(found string) {
	promised, ok := extensionCompression[strings.ToLower(path.Ext(in.name))]
	switch {
	case ok && promised != found:
		in.note("the name says %s, the content is %s", promised, found)
	case !ok && found != None:
		in.note("the content is %s although the name does not say so", found)
	}
}

// open starts the decompressor. Both work in the calling goroutine, where a panic can be recovered.
func (in *inspection) open(compression string, r io.Reader) (io.ReadCloser, error) {
	switch compression {
	case Gzip:
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, in.decompressFault(compression, err)
		}
		return z, nil
	case Zstd:
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, in.decompressFault(compression, err)
		}
		return z.IOReadCloser(), nil
	}
	if promised := extensionCompression[strings.ToLower(path.Ext(in.name))]; promised != "" && promised != Gzip && promised != Zstd {
		return io.NopCloser(r), in.refuseUnmarked(promised)
	}
	return io.NopCloser(r), nil
}

// refuseUnmarked refuses the compressions that have no magic number (raw deflate, brotli, Hadoop's snappy) by their extension, unless the
// content is text after all.
func (in *inspection) refuseUnmarked(promised string) error {
	head, err := in.head(in.size)
	if err != nil {
		return err
	}
	if utf8.Valid(trimPartialRune(head)) && bytes.IndexByte(head, 0) < 0 {
		return nil
	}
	return unsupported(promised)
}

func (in *inspection) decompressFault(compression string, err error) error {
	if in.ctx.Err() != nil {
		return fmt.Errorf("read object: %w", in.ctx.Err())
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return &Reason{Kind: Truncated, Detail: compression + " stream ends early"}
	}
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		return &Reason{Kind: Bomb, Detail: "zstd window over 128 MiB"}
	}
	if compression == None {
		return readFault(err)
	}
	return corrupt("%s: %v", compression, err)
}

// checkExpansion refuses bombs and wrappers within wrappers, and estimates the decompressed size. taken is what the decompressor consumed.
func (in *inspection) checkExpansion(s *sample, taken int64) error {
	if s.compression == None {
		s.expanded = in.size
		return nil
	}
	if inner := compressionOf(s.text); inner != None {
		return unsupported(inner + " within " + s.compression)
	}
	if isParquet(s.text) {
		return unsupported("parquet within " + s.compression)
	}
	if inner := knownBinary(s.text[:min(len(s.text), headBytes)]); inner != "" {
		return unsupported(inner + " within " + s.compression)
	}
	s.expanded = int64(len(s.text))
	if s.whole {
		return nil
	}
	ratio := float64(len(s.text)) / float64(max(taken, 1))
	if ratio > in.limits.MaxRatio {
		return &Reason{Kind: Bomb, Detail: fmt.Sprintf("%s expands %.0f times, more than %.0f", s.compression, ratio, in.limits.MaxRatio)}
	}
	if expanded := ratio * float64(in.size); expanded > float64(in.limits.MaxExpanded) {
		return &Reason{Kind: Bomb, Detail: fmt.Sprintf("expands to about %.0f bytes, more than %d", expanded, in.limits.MaxExpanded)}
	}
	s.expanded = max(s.expanded, int64(ratio*float64(in.size)))
	return nil
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// decodeText strips a byte order mark and refuses what is not UTF-8 text.
func (in *inspection) decodeText(s *sample) ([]byte, error) {
	text := bytes.TrimPrefix(s.text, byteOrderMark)
	for _, mark := range []string{"\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(text, []byte(mark)) {
			return nil, &Reason{Kind: NotUTF8, Detail: "UTF-16 byte order mark"}
		}
	}
	if !s.whole {
		text = trimPartialRune(text)
	}
	if i := bytes.IndexByte(text, 0); i >= 0 {
		return nil, &Reason{Kind: Unrecognized, Detail: fmt.Sprintf("NUL byte at offset %d: not text", i)}
	}
	if at := firstInvalid(text); at >= 0 {
		return nil, &Reason{Kind: NotUTF8, Detail: fmt.Sprintf("byte 0x%02x at offset %d", text[at], at)}
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, &Reason{Kind: Empty, Detail: "nothing but white space"}
	}
	return text, nil
}

// trimPartialRune drops the bytes of a character that the end of the sample cut.
func trimPartialRune(text []byte) []byte {
	for i := 1; i <= min(utf8.UTFMax, len(text)); i++ {
		if b := text[len(text)-i]; utf8.RuneStart(b) {
			if !utf8.FullRune(text[len(text)-i:]) {
				return text[:len(text)-i]
			}
			return text
		}
	}
	return text
}

// firstInvalid returns the offset of the first byte that is not UTF-8, or -1.
func firstInvalid(text []byte) int {
	if utf8.Valid(text) {
		return -1
	}
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}
