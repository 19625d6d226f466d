package gateway

import "sync"

// answerBody is the memory in which an answer is written. It is used again:
// pages are large, and a new one each time would be most of the work of the
// garbage collector.
type answerBody struct{ bytes []byte }

// keptBody is the largest memory that is kept for the next answer.
const keptBody = 2 << 20

var bodies = sync.Pool{New: func() any { return new(answerBody) }}

func takeBody() *answerBody {
	b := bodies.Get().(*answerBody)
	b.bytes = b.bytes[:0]
	return b
}

// give hands the memory back. Nothing may use it after that.
func (b *answerBody) give() {
	if cap(b.bytes) <= keptBody {
		bodies.Put(b)
	}
}
