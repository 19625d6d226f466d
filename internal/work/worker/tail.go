package worker

import (
	"strings"
	"sync"
)

// tail keeps the last bytes of a worker's standard error for the log.
type tail struct {
	limit int
	mu    sync.Mutex
	bytes []byte
}

func newTail(limit int) *tail { return &tail{limit: limit} }

// Write never fails: a worker that floods its standard error only overwrites itself.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes = append(t.bytes, p...)
	if over := len(t.bytes) - t.limit; over > 0 {
		t.bytes = append([]byte{}, t.bytes[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(strings.ToValidUTF8(string(t.bytes), "?"))
}

// suffix is the text as the end of an error message.
func (t *tail) suffix() string {
	if s := t.String(); s != "" {
		return ": " + s
	}
	return ""
}
