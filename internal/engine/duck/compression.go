package duck

import (
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/bindery-project/bindery/internal/engine"
)

// nativeCompression are the compressions that DuckDB reads by itself, with its names.
var nativeCompression = map[engine.Compression]string{
	engine.CompressionNone: "none",
	engine.CompressionGzip: "gzip",
	engine.CompressionZstd: "zstd",
}

// endings are the file name endings of Hadoop's codecs, by which Hive chooses one.
var endings = map[string]engine.Compression{
	".gz": engine.CompressionGzip, ".gzip": engine.CompressionGzip, ".zst": engine.CompressionZstd,
	".zstd": engine.CompressionZstd, ".bz2": engine.CompressionBzip2, ".snappy": engine.CompressionSnappy,
	".deflate": engine.CompressionZlib, ".lz4": engine.CompressionLZ4,
}

// magics are the first bytes of compressed files, for keys whose ending says nothing.
var magics = []struct {
	prefix      string
	compression engine.Compression
}{
	{"\x1f\x8b", engine.CompressionGzip},
	{"\x28\xb5\x2f\xfd", engine.CompressionZstd},
	{"BZh", engine.CompressionBzip2},
	{"\xff\x06\x00\x00sNaPpY", engine.CompressionSnappy},
	{"\x04\x22\x4d\x18", engine.CompressionLZ4},
}

// compressionOf decides: what the caller says, else the ending, else the first bytes. A key
// that ends in .lzo is refused by name.
func compressionOf(f engine.File, file io.ReaderAt) (engine.Compression, error) {
	if f.Compression != engine.CompressionAuto {
		return f.Compression, nil
	}
	ending := strings.ToLower(path.Ext(f.Key))
	if c, ok := endings[ending]; ok {
		return c, nil
	}
	if ending == ".lzo" || ending == ".lzo_deflate" {
		return "", failureOf(engine.ClassUnsupported, "compression LZO is not supported")
	}
	head := make([]byte, 16)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	for _, m := range magics {
		if bytes.HasPrefix(head[:n], []byte(m.prefix)) {
			return m.compression, nil
		}
	}
	return engine.CompressionNone, nil
}

// decompress returns the plain bytes of r. Decoders keep bounded windows: a bomb costs time
// and scratch space, both limited, but not memory.
func decompress(r io.Reader, c engine.Compression) (io.Reader, error) {
	switch c {
	case engine.CompressionNone:
		return r, nil
	case engine.CompressionGzip:
		return gzip.NewReader(r)
	case engine.CompressionZstd:
		return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
	case engine.CompressionBzip2:
		return bzip2.NewReader(r), nil
	case engine.CompressionZlib:
		return zlib.NewReader(r)
	case engine.CompressionLZ4:
		return lz4.NewReader(r), nil
	case engine.CompressionSnappy:
		return newSnappyReader(r)
	case engine.CompressionAuto:
	}
	return nil, failureOf(engine.ClassUnsupported, fmt.Sprintf("compression %q is not supported", c))
}

// newSnappyReader tells the two forms of .snappy files apart: the framed format begins with
// its own mark, all else is Hadoop's BlockCompressorStream.
func newSnappyReader(r io.Reader) (io.Reader, error) {
	head := make([]byte, 10)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	whole := io.MultiReader(bytes.NewReader(head[:n]), r)
	if string(head[:n]) == "\xff\x06\x00\x00sNaPpY" {
		return snappy.NewReader(whole), nil
	}
	return &hadoopSnappy{in: whole}, nil
}

// maxSnappyBlock bounds one block of Hadoop's form; its writers use 256 KiB.
const maxSnappyBlock = 64 << 20

// hadoopSnappy reads: plain length of a block (4 bytes, big endian), then chunks of
// {length (4 bytes), raw snappy} until the block is complete.
type hadoopSnappy struct {
	in    io.Reader
	left  int // plain bytes missing in the current block
	ready []byte
}

func (h *hadoopSnappy) Read(p []byte) (int, error) {
	for len(h.ready) == 0 {
		if err := h.chunk(); err != nil {
			return 0, err
		}
	}
	n := copy(p, h.ready)
	h.ready = h.ready[n:]
	return n, nil
}

func (h *hadoopSnappy) chunk() error {
	for h.left == 0 {
		size, err := h.length()
		if err != nil {
			return err // io.EOF between blocks is the end
		}
		h.left = size
	}
	size, err := h.length()
	if err != nil {
		return noEOF(err)
	}
	packed := make([]byte, size)
	if _, err := io.ReadFull(h.in, packed); err != nil {
		return noEOF(err)
	}
	plain, err := snappy.DecodedLen(packed)
	if err != nil || plain > h.left {
		return fmt.Errorf("snappy chunk of %d bytes in a block with %d left", plain, h.left)
	}
	if h.ready, err = snappy.Decode(nil, packed); err != nil {
		return err
	}
	h.left -= len(h.ready)
	return nil
}

func (h *hadoopSnappy) length() (int, error) {
	var b [4]byte
	if _, err := io.ReadFull(h.in, b[:]); err != nil {
		return 0, err
	}
	n := binary.BigEndian.Uint32(b[:])
	if n > maxSnappyBlock {
		return 0, fmt.Errorf("snappy block of %d bytes", n)
	}
	return int(n), nil
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// errNoSpace says that a rewritten file would exceed the scratch limit.
var errNoSpace = errors.New("temporary files exceed their limit")

// rewriter turns plain bytes into what DuckDB reads.
type rewriter func(in io.Reader, out io.Writer) error

func copyBytes(in io.Reader, out io.Writer) error {
	_, err := io.Copy(out, in)
	return err
}

// maxStaged bounds all rewritten files of a query, in bytes.
const maxStaged = 16 << 30

// stage writes a decompressed and rewritten copy of file into the scratch folder.
func (p *preparer) stage(file io.ReadSeeker, c engine.Compression, rewrite rewriter) (string, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	in, err := decompress(file, c)
	if err != nil {
		return "", err
	}
	p.staged++
	name := path.Join(p.scratch, fmt.Sprintf("staged-%d", p.staged))
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	err = rewrite(in, &budget{out: out, left: &p.stagedLeft})
	return name, errors.Join(err, out.Close())
}

// budget is a writer that stops when all writers of a query have written enough.
type budget struct {
	out  io.Writer
	left *int64
}

func (b *budget) Write(p []byte) (int, error) {
	if *b.left -= int64(len(p)); *b.left < 0 {
		return 0, errNoSpace
	}
	return b.out.Write(p)
}
