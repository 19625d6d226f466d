package audit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// segment is one file: <node>.<number of its first line, 20 digits>.jsonl
type segment struct {
	path  string
	node  string
	first int64
	size  int64
}

const suffix = ".jsonl"

func segmentName(node string, first int64) string {
	return fmt.Sprintf("%s.%020d%s", node, first, suffix)
}

// segments lists the segments of a node, oldest first; of all nodes, one after the
// other, when node is "".
func segments(dir, node string) ([]segment, error) {
	entries, err := os.ReadDir(dir) // sorted by name, hence by node and number
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	var found []segment
	for _, e := range entries {
		s, ok := parseName(e.Name())
		if !ok || (node != "" && s.node != node) {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, fmt.Errorf("audit: %w", err)
		}
		s.path, s.size = filepath.Join(dir, e.Name()), info.Size()
		found = append(found, s)
	}
	return found, nil
}

func parseName(name string) (segment, bool) {
	node, rest, ok := strings.Cut(name, ".")
	digits, isSegment := strings.CutSuffix(rest, suffix)
	first, err := strconv.ParseInt(digits, 10, 64)
	if !ok || !isSegment || err != nil || len(digits) != 20 {
		return segment{}, false
	}
	return segment{node: node, first: first}, true
}

// dropOldest deletes the oldest segments of the node while all are larger than allowed.
func dropOldest(cfg Config) error {
	found, err := segments(cfg.Dir, cfg.Node)
	if err != nil {
		return err
	}
	var total int64
	for _, s := range found {
		total += s.size
	}
	for _, s := range found {
		if total <= cfg.MaxBytes {
			break
		}
		if err := os.Remove(s.path); err != nil {
			return fmt.Errorf("audit: %w", err)
		}
		total -= s.size
	}
	return nil
}

// eachLine calls fn with the lines of a file, without their newlines. The slice is
// valid during the call. torn says that the file ends within a line.
func eachLine(path string, fn func(line []byte) error) (torn bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, fmt.Errorf("audit: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	r := bufio.NewReaderSize(f, 1<<16)
	var long []byte
	for {
		part, err := r.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			long = append(long, part...)
			continue
		case errors.Is(err, io.EOF):
			return len(part)+len(long) > 0, nil
		case err != nil:
			return false, fmt.Errorf("audit: %s: %w", path, err)
		}
		if len(long) > 0 {
			part = append(long, part...)
			long = part[:0]
		}
		if err := fn(part[:len(part)-1]); err != nil {
			return false, err
		}
	}
}

// lastLine returns the last whole line of a file and where it ends, or nil.
func lastLine(path string) (last []byte, end int64, err error) {
	_, err = eachLine(path, func(line []byte) error {
		last = append(last[:0], line...)
		end += int64(len(line)) + 1
		return nil
	})
	if end == 0 {
		last = nil
	}
	return last, end, err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// newestFirst returns the segments in reverse order.
func newestFirst(found []segment) []segment {
	found = slices.Clone(found)
	slices.Reverse(found)
	return found
}

func contains(line []byte, text string) bool { return bytes.Contains(line, []byte(text)) }
