package partition

import (
	"context"
	"errors"
	"slices"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// writer puts the answers' JSON together from stored partitions, in one buffer.
type writer struct {
	descriptors *descriptors
	target      *target
	bare        bool   // leave the columns out
	end         []byte // the table's members and the closing brace

	lastHash hash
	lastTail *tail

	few, most int // documents to make room for: at first, and at most
	room      int // documents that room was made for
	buf       []byte
	ends      []int
}

func (p *Partitions) newWriter(t *target, bare bool) (*writer, error) {
	of := &glueapi.Partition{DatabaseName: &t.database, TableName: &t.name, CatalogId: &t.account}
	text, err := terms.Write(glueapi.ShapePartition, of)
	if err != nil {
		return nil, err
	}
	text[0] = ',' // it follows other members
	return &writer{descriptors: &p.descriptors, target: t, bare: bare, end: text}, nil
}

// growth is how much more room is made when a filter finds more than was thought.
const growth = 4

// full reports whether a page of the given size has no room left.
func (w *writer) full(size int) bool { return len(w.ends) >= size || len(w.buf) > terms.PageBytes }

// unknownDescriptor says that a row's shared descriptor is not in memory. It
// cannot be loaded while rows are being read.
type unknownDescriptor struct{ hash hash }

func (*unknownDescriptor) Error() string { return "partition: the shared descriptor is not loaded" }

// add appends a partition, or leaves everything as it was and returns an
// unknownDescriptor.
func (w *writer) add(r row) error {
	payload, err := r.payload(w.target)
	if err != nil {
		return err
	}
	h, head, ok := splitPayload(payload)
	if !ok {
		return &db.CorruptError{Place: r.place(w.target), Reason: "too short"}
	}
	if h != (hash{}) && (w.lastTail == nil || w.lastHash != h) {
		tail := w.descriptors.known(h)
		if tail == nil {
			return &unknownDescriptor{h}
		}
		w.lastHash, w.lastTail = h, tail
	}
	if len(w.ends) >= w.room {
		before := w.room
		w.room = max(min(before*growth, w.most), w.few, before+1)
		w.grow(len(head), w.room-before)
	}
	w.buf = append(w.buf, head...)
	if h != (hash{}) {
		w.shared()
	}
	w.buf = append(w.buf, w.end...)
	w.ends = append(w.ends, len(w.buf))
	return nil
}

// grow makes room for so many documents, if all are like the one at hand, whose
// head has the given length. Growing little by little copies a page often.
func (w *writer) grow(head, documents int) {
	each := head + len(w.end) + 16
	if w.lastTail != nil {
		each += len(w.lastTail.full)
	}
	w.buf = slices.Grow(w.buf, min(each*documents*9/8, terms.PageBytes))
	w.ends = slices.Grow(w.ends, documents)
}

// load is add for a row that was read already.
func (w *writer) load(ctx context.Context, tx *db.Tx, r row) error {
	err := w.add(r)
	var unknown *unknownDescriptor
	if !errors.As(err, &unknown) {
		return err
	}
	if err := w.descriptors.load(ctx, tx, w.target.account, unknown.hash); err != nil {
		return err
	}
	return w.add(r)
}

func (w *writer) shared() {
	text := w.lastTail.full
	if w.bare {
		text = w.lastTail.bare
	}
	if w.buf[len(w.buf)-1] != '{' && len(text) > 0 {
		w.buf = append(w.buf, ',')
	}
	w.buf = append(append(w.buf, text...), '}')
}

// documents are the answers, which share the buffer.
func (w *writer) documents() []op.Raw {
	out := make([]op.Raw, len(w.ends))
	begin := 0
	for i, end := range w.ends {
		out[i], begin = op.Raw(w.buf[begin:end:end]), end
	}
	return out
}
