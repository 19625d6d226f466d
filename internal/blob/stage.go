package blob

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"sync"
)

// Staged is an object's bytes on disk, complete and without a name. Publish
// gives it one; Discard throws it away. One of both must be called.
type Staged struct {
	Size int64
	MD5  []byte
	Sums map[Algorithm]string // base64

	file *os.File
	name string
}

// ETag is the ETag of an object that was uploaded in one piece.
func (g *Staged) ETag() string { return hex.EncodeToString(g.MD5) }

// Discard removes what was staged. It does nothing after Publish.
func (g *Staged) Discard() {
	if g.file != nil {
		_ = g.file.Close()
		_ = os.Remove(g.name)
		g.file = nil
	}
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 256<<10); return &b }}

// Stage writes a body to disk and hashes it on the way. An error of the body is
// returned as it is, and nothing stays.
func (s *Store) Stage(ctx context.Context, body io.Reader, algorithms ...Algorithm) (*Staged, error) {
	return s.stage(ctx, algorithms, body)
}

func (s *Store) stage(ctx context.Context, algorithms []Algorithm, bodies ...io.Reader) (*Staged, error) {
	if s.broken.Load() {
		return nil, ErrReadOnly
	}
	f, err := os.CreateTemp(s.tmp, "object")
	if err != nil {
		return nil, s.ioError("stage", err)
	}
	g := &Staged{file: f, name: f.Name()}
	hashes := newSums(algorithms)
	for _, body := range bodies {
		if err := s.fill(ctx, g, hashes, body); err != nil {
			g.Discard()
			return nil, err
		}
	}
	g.MD5, g.Sums = hashes.md5.Sum(nil), hashes.values()
	return g, nil
}

func (s *Store) fill(ctx context.Context, g *Staged, hashes *sums, body io.Reader) error {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	for {
		n, err := body.Read(*buf)
		if n > 0 {
			_, _ = hashes.Write((*buf)[:n])
			if _, werr := g.file.Write((*buf)[:n]); werr != nil {
				return s.ioError("stage", werr)
			}
			g.Size += int64(n)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}
