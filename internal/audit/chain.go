package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// chain appends hash-chained lines to the newest segment of one node.
type chain struct {
	cfg  Config
	file *os.File // the newest segment; nil: the next append begins one
	size int64
	seq  int64  // of the last line
	prev string // its hash, hex
	buf  []byte
}

// link is the part of each line that holds the chain together.
type link struct {
	Node string `json:"node"`
	Seq  int64  `json:"seq"`
	Prev string `json:"prev"` // hex SHA-256 of the line before, without its newline
}

// line is one line of a segment: a record or a gap.
type line struct {
	Chain  link           `json:"chain"`
	Record jsontext.Value `json:"record,omitzero"`
	Gap    *missing       `json:"gap,omitzero"`
}

var (
	nodeName = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
	genesis  = hashOf(nil) // the prev of the first line ever
)

func hashOf(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

func openChain(cfg Config) (*chain, error) {
	if !nodeName.MatchString(cfg.Node) {
		return nil, fmt.Errorf("audit: node name %q: use letters, digits and -", cfg.Node)
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	c := &chain{cfg: cfg, prev: genesis}
	found, err := segments(cfg.Dir, cfg.Node)
	if err != nil {
		return nil, err
	}
	for i := len(found) - 1; i >= 0; i-- {
		ok, err := c.resume(found[i])
		if err != nil {
			return nil, err
		}
		if ok {
			return c, nil
		}
	}
	return c, nil
}

// resume continues a segment after its last whole line. A segment without one is
// removed, and the one before it is asked.
func (c *chain) resume(s segment) (bool, error) {
	last, end, err := lastLine(s.path)
	if err != nil {
		return false, err
	}
	if last == nil {
		return false, os.Remove(s.path)
	}
	var l line
	if err := json.Unmarshal(last, &l); err != nil {
		return false, fmt.Errorf("audit: last line of %s: %w", s.path, err)
	}
	f, err := os.OpenFile(s.path, os.O_RDWR, 0o600)
	if err != nil {
		return false, fmt.Errorf("audit: %w", err)
	}
	c.file, c.size, c.seq, c.prev = f, end, l.Chain.Seq, hashOf(last)
	return true, c.rewind()
}

// append writes the lines and syncs. When it fails, none of them is part of the chain.
func (c *chain) append(gap *missing, records [][]byte) error {
	seq, prev := c.seq, c.prev
	c.buf = c.buf[:0]
	if gap != nil {
		if err := c.add(line{Gap: gap}); err != nil {
			return err
		}
	}
	for _, record := range records {
		c.addRecord(oneLine(record))
	}
	if err := c.store(seq + 1); err != nil {
		c.seq, c.prev = seq, prev
		return errors.Join(err, c.rewind())
	}
	c.size += int64(len(c.buf))
	return c.turn()
}

func (c *chain) add(l line) error {
	l.Chain = link{Node: c.cfg.Node, Seq: c.seq + 1, Prev: c.prev}
	text, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	c.seq, c.prev = l.Chain.Seq, hashOf(text)
	c.buf = append(append(c.buf, text...), '\n')
	return nil
}

// addRecord is add for a record: the same text, put together by hand, since each read of
// the catalog adds one. Node and hash have no character that JSON escapes.
func (c *chain) addRecord(record []byte) {
	begin := len(c.buf)
	c.buf = append(append(c.buf, `{"chain":{"node":"`...), c.cfg.Node...)
	c.buf = strconv.AppendInt(append(c.buf, `","seq":`...), c.seq+1, 10)
	c.buf = append(append(c.buf, `,"prev":"`...), c.prev...)
	c.buf = append(append(append(c.buf, `"},"record":`...), record...), '}')
	c.seq, c.prev = c.seq+1, hashOf(c.buf[begin:])
	c.buf = append(c.buf, '\n')
}

// oneLine makes sure that a record is one JSON value on one line. What is not JSON is
// kept as a JSON string: a record may be odd but not lost.
func oneLine(record []byte) []byte {
	v := jsontext.Value(record)
	switch {
	case !v.IsValid():
		quoted, err := jsontext.AppendQuote(nil, record)
		if err != nil && quoted == nil {
			return []byte(`"unreadable record"`)
		}
		return quoted
	case bytes.IndexByte(record, '\n') >= 0:
		v = bytes.Clone(record)
		if err := v.Compact(); err != nil {
			return []byte(`"unreadable record"`)
		}
	}
	return v
}

// store writes the buffer to the newest segment, which it begins when there is none.
func (c *chain) store(firstSeq int64) error {
	if c.file == nil {
		path := filepath.Join(c.cfg.Dir, segmentName(c.cfg.Node, firstSeq))
		f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
		if err != nil {
			return fmt.Errorf("audit: %w", err)
		}
		c.file, c.size = f, 0
		if err := syncDir(c.cfg.Dir); err != nil {
			return err
		}
	}
	if _, err := c.file.WriteAt(c.buf, c.size); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	if err := c.file.Sync(); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

// rewind cuts the segment after the last line that counts. A segment that cannot be cut
// is left, and the next append begins another.
func (c *chain) rewind() error {
	if c.file == nil {
		return nil
	}
	err := c.file.Truncate(c.size)
	if err != nil {
		err = errors.Join(err, c.file.Close())
		c.file = nil
	}
	return err
}

// turn ends a segment that is full and lets go of the oldest.
func (c *chain) turn() error {
	if c.size < c.cfg.SegmentBytes {
		return nil
	}
	if err := c.close(); err != nil {
		c.cfg.Logger.Warn("audit: close a segment", "error", err)
	}
	if err := dropOldest(c.cfg); err != nil {
		c.cfg.Logger.Warn("audit: delete old segments", "error", err)
	}
	return nil
}

func (c *chain) close() error {
	if c.file == nil {
		return nil
	}
	f := c.file
	c.file = nil
	return f.Close()
}
