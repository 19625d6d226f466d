package worker

import (
	"strings"
	"sync"
)

// excerpt keeps the beginning and the end of a worker's standard error for the log: the
// first lines of a crash name its cause, the last ones what was said after it.
type excerpt struct {
	limit int // of each half, in bytes
	mu    sync.Mutex
	head  []byte
	tail  []byte
	cut   bool
}

func newExcerpt(limit int) *excerpt { return &excerpt{limit: limit} }

// Write never fails: a worker that floods its standard error only overwrites itself.
func (e *excerpt) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	room := min(len(p), e.limit-len(e.head))
	e.head = append(e.head, p[:room]...)
	e.tail = append(e.tail, p[room:]...)
	if over := len(e.tail) - e.limit; over > 0 {
		e.tail = append([]byte{}, e.tail[over:]...)
		e.cut = true
	}
	return len(p), nil
}

func (e *excerpt) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	text := string(e.head)
	if e.cut {
		text += "\n...\n"
	}
	return strings.TrimSpace(strings.ToValidUTF8(text+string(e.tail), "?"))
}

// suffix is the text as the end of an error message.
func (e *excerpt) suffix() string {
	if s := e.String(); s != "" {
		return ": " + s
	}
	return ""
}
