package partition

import (
	"context"

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

	buf  []byte
	ends []int
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

// add appends a partition.
func (w *writer) add(ctx context.Context, tx *db.Tx, r row) error {
	payload, err := r.payload(w.target)
	if err != nil {
		return err
	}
	h, head, ok := splitPayload(payload)
	if !ok {
		return &db.CorruptError{Place: r.place(w.target), Reason: "too short"}
	}
	w.buf = append(w.buf, head...)
	if h != (hash{}) {
		if err := w.shared(ctx, tx, h); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, w.end...)
	w.ends = append(w.ends, len(w.buf))
	return nil
}

func (w *writer) shared(ctx context.Context, tx *db.Tx, h hash) (err error) {
	if w.lastTail == nil || w.lastHash != h {
		if w.lastTail, err = w.descriptors.load(ctx, tx, w.target.account, h); err != nil {
			return err
		}
		w.lastHash = h
	}
	text := w.lastTail.full
	if w.bare {
		text = w.lastTail.bare
	}
	if w.buf[len(w.buf)-1] != '{' && len(text) > 0 {
		w.buf = append(w.buf, ',')
	}
	w.buf = append(append(w.buf, text...), '}')
	return nil
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
