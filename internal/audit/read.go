package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Find returns the records of a request, from the store and from all segments in the
// folder, each once. It sees what Append was given only after the next Flush.
func (l *Log) Find(ctx context.Context, requestID string) ([]jsontext.Value, error) {
	found := &finding{seen: map[string]bool{}}
	if l.cfg.Store != nil {
		err := l.cfg.Store.FindAudit(ctx, requestID, func(_ int64, record []byte) error {
			return found.add(requestID, record)
		})
		if err != nil {
			return nil, fmt.Errorf("audit: find request %s: %w", requestID, err)
		}
	}
	all, err := segments(l.cfg.Dir, "")
	if err != nil {
		return nil, err
	}
	for _, s := range newestFirst(all) {
		if err := found.search(ctx, s.path, requestID); err != nil {
			return nil, err
		}
	}
	return found.records, nil
}

// finding collects records, and drops those that were shipped twice.
type finding struct {
	seen    map[string]bool // event ids
	records []jsontext.Value
}

// ids is what Find reads of a record.
type ids struct {
	RequestID string `json:"requestID"`
	EventID   string `json:"eventID"`
}

func (f *finding) search(ctx context.Context, path, requestID string) error {
	needle, err := json.Marshal(requestID)
	if err != nil {
		return fmt.Errorf("audit: request id: %w", err)
	}
	_, err = eachLine(path, func(text []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !contains(text, string(needle)) {
			return nil
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return fmt.Errorf("audit: %s: %w", path, err)
		}
		return f.add(requestID, l.Record)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil // retention took it meanwhile
	}
	return err
}

func (f *finding) add(requestID string, record []byte) error {
	var id ids
	if err := json.Unmarshal(record, &id); err != nil || id.RequestID != requestID {
		return nil // a gap, or an odd record that merely contains the text
	}
	if id.EventID != "" && f.seen[id.EventID] {
		return nil
	}
	f.seen[id.EventID] = true
	f.records = append(f.records, jsontext.Value(record).Clone())
	return nil
}

// Head is the end of a node's chain. Kept elsewhere, it shows later that no line before
// it has been changed and that none at the end is missing.
type Head struct {
	Node string
	Seq  int64
	Hash string // of the line with that number, hex SHA-256
}

// BrokenError names the line at which a chain does not hold.
type BrokenError struct {
	File   string
	Line   int // from 1
	Reason string
}

func (e *BrokenError) Error() string {
	return fmt.Sprintf("audit chain is broken: %s line %d: %s", e.File, e.Line, e.Reason)
}

// Verify checks the chains of all nodes in a folder and returns where each ends. The
// first segment that retention has left is taken as the beginning. The error is a
// *BrokenError when a line was changed, removed, added or moved. Give the heads of an
// earlier Verify as anchors to notice lines missing at the end. It may run beside the
// server: half a line at the very end is one that is being written, or that a crash cut
// short before anybody was told that it was kept.
func Verify(dir string, anchors ...Head) ([]Head, error) {
	all, err := segments(dir, "")
	if err != nil {
		return nil, err
	}
	var heads []Head
	for i, s := range all {
		if i == 0 || s.node != all[i-1].node {
			heads = append(heads, Head{Node: s.node, Seq: s.first - 1})
		}
		newest := i == len(all)-1 || s.node != all[i+1].node
		if err := verifySegment(s, newest, &heads[len(heads)-1], anchors); err != nil {
			return heads, err
		}
	}
	return heads, missingAnchor(heads, anchors)
}

func verifySegment(s segment, newest bool, head *Head, anchors []Head) error {
	number := 0
	broken := func(reason string, args ...any) error {
		return &BrokenError{s.path, number, fmt.Sprintf(reason, args...)}
	}
	torn, err := eachLine(s.path, func(text []byte) error {
		number++
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return broken("not a line of an audit log: %v", err)
		}
		switch {
		case l.Chain.Node != s.node:
			return broken("belongs to node %s", l.Chain.Node)
		case l.Chain.Seq != head.Seq+1:
			return broken("number %d follows %d", l.Chain.Seq, head.Seq)
		case head.Hash != "" && l.Chain.Prev != head.Hash, l.Chain.Seq == 1 && l.Chain.Prev != genesis:
			return broken("the line before it was changed")
		}
		head.Seq, head.Hash = l.Chain.Seq, hashOf(text)
		for _, a := range anchors {
			if a.Node == head.Node && a.Seq == head.Seq && a.Hash != head.Hash {
				return broken("differs from the head that was kept")
			}
		}
		return nil
	})
	if err == nil && torn && !newest {
		number++
		return broken("incomplete")
	}
	return err
}

func missingAnchor(heads, anchors []Head) error {
	for _, a := range anchors {
		found := false
		for _, h := range heads {
			found = found || (h.Node == a.Node && h.Seq >= a.Seq)
		}
		if !found {
			return &BrokenError{a.Node, 0, fmt.Sprintf("line %d, which was there before, is missing", a.Seq)}
		}
	}
	return nil
}
