package partition

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/partkey"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// A batch is one transaction. What is wrong with one element goes to Errors and
// leaves the others alone; bad input and a missing table fail the whole call.

// BatchCreatePartition makes the partitions that do not exist yet.
func (p *Partitions) BatchCreatePartition(ctx context.Context, in *glueapi.BatchCreatePartitionInput) (*glueapi.BatchCreatePartitionOutput, error) {
	call := op.CallFrom(ctx)
	t, err := newTarget(call, in.CatalogId, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	docs, author := make([]*document, len(in.PartitionInputList)), author{account: t.account}
	for i := range docs {
		if docs[i], err = author.document(&in.PartitionInputList[i], now(call)); err != nil {
			return nil, err
		}
	}
	var failed []glueapi.PartitionError
	err = p.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		failed, err = p.insertAll(ctx, tx, t, docs)
		return err
	})
	return &glueapi.BatchCreatePartitionOutput{Errors: failed}, err
}

func (p *Partitions) insertAll(ctx context.Context, tx *db.Tx, t *target, docs []*document) ([]glueapi.PartitionError, error) {
	if err := p.findIndexed(ctx, tx, t); err != nil {
		return nil, err
	}
	for _, d := range docs {
		if err := p.checkNew(t, d.values); err != nil {
			return nil, err
		}
	}
	failed := []glueapi.PartitionError{}
	made := make([]partkey.Stored, 0, len(docs))
	for _, d := range docs {
		key, err := p.insert(ctx, tx, t, d)
		if err != nil {
			return nil, err
		}
		if key == nil {
			failed = append(failed, glueapi.PartitionError{PartitionValues: d.values, ErrorDetail: terms.Detail(exists())})
			continue
		}
		made = append(made, partkey.Stored{Key: key, Values: d.values})
	}
	for i := range t.indexes {
		if err := p.Indexes.Enter(ctx, tx, &t.indexes[i], made); err != nil {
			return nil, err
		}
	}
	return failed, nil
}

// BatchDeletePartition deletes the partitions that exist.
func (p *Partitions) BatchDeletePartition(ctx context.Context, in *glueapi.BatchDeletePartitionInput) (*glueapi.BatchDeletePartitionOutput, error) {
	t, err := newTarget(op.CallFrom(ctx), in.CatalogId, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	var failed []glueapi.PartitionError
	err = p.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		failed = []glueapi.PartitionError{}
		if err := p.findIndexed(ctx, tx, t); err != nil {
			return err
		}
		if err := t.checkAll(in.PartitionsToDelete); err != nil {
			return err
		}
		for _, item := range in.PartitionsToDelete {
			detail, err := itemError(p.remove(ctx, tx, t, item.Values))
			if err != nil {
				return err
			}
			if detail != nil {
				failed = append(failed, glueapi.PartitionError{PartitionValues: item.Values, ErrorDetail: detail})
			}
		}
		return nil
	})
	return &glueapi.BatchDeletePartitionOutput{Errors: failed}, err
}

func (t *target) checkAll(list []glueapi.PartitionValueList) error {
	for _, item := range list {
		if err := t.check(item.Values); err != nil {
			return err
		}
	}
	return nil
}

// itemError tells an element's own failure from one of the whole call.
func itemError(err error) (*glueapi.ErrorDetail, error) {
	var absent *glueapi.EntityNotFoundException
	if errors.As(err, &absent) {
		return terms.Detail(absent), nil
	}
	return nil, err
}

// BatchUpdatePartition replaces the definitions of the partitions that exist.
func (p *Partitions) BatchUpdatePartition(ctx context.Context, in *glueapi.BatchUpdatePartitionInput) (*glueapi.BatchUpdatePartitionOutput, error) {
	t, err := newTarget(op.CallFrom(ctx), in.CatalogId, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	for _, e := range in.Entries {
		if err := sameValues(e.PartitionValueList, e.PartitionInput); err != nil {
			return nil, err
		}
	}
	var failed []glueapi.BatchUpdatePartitionFailureEntry
	err = p.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		failed, err = p.updateAll(ctx, tx, t, in.Entries)
		return err
	})
	return &glueapi.BatchUpdatePartitionOutput{Errors: failed}, err
}

func (p *Partitions) updateAll(ctx context.Context, tx *db.Tx, t *target, entries []glueapi.BatchUpdatePartitionRequestEntry) ([]glueapi.BatchUpdatePartitionFailureEntry, error) {
	if err := p.find(ctx, tx, t); err != nil {
		return nil, err
	}
	failed := []glueapi.BatchUpdatePartitionFailureEntry{}
	for _, e := range entries {
		if err := t.check(e.PartitionValueList); err != nil {
			return nil, err
		}
		detail, err := itemError(p.update(ctx, tx, t, e.PartitionValueList, e.PartitionInput))
		if err != nil {
			return nil, err
		}
		if detail != nil {
			failed = append(failed, glueapi.BatchUpdatePartitionFailureEntry{PartitionValueList: e.PartitionValueList, ErrorDetail: detail})
		}
	}
	return failed, nil
}

// BatchGetPartition reads the partitions that exist, in the order asked for.
// Those for which the answer has no room are UnprocessedKeys; one is always answered.
func (p *Partitions) BatchGetPartition(ctx context.Context, in *glueapi.BatchGetPartitionInput) (*glueapi.BatchGetPartitionOutput, error) {
	t, err := newTarget(op.CallFrom(ctx), in.CatalogId, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	var out *glueapi.BatchGetPartitionOutput
	err = p.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = p.getAll(ctx, tx, t, in.PartitionsToGet)
		return err
	})
	if err != nil {
		return nil, err
	}
	if terms.WantsStructs(ctx) {
		out.Partitions, err = terms.ParseAll[glueapi.Partition](glueapi.ShapePartition, out.RawPartitions)
		out.RawPartitions = nil
	}
	return out, err
}

func (p *Partitions) getAll(ctx context.Context, tx *db.Tx, t *target, list []glueapi.PartitionValueList) (*glueapi.BatchGetPartitionOutput, error) {
	if err := p.find(ctx, tx, t); err != nil {
		return nil, err
	}
	if err := t.checkAll(list); err != nil {
		return nil, err
	}
	w, err := p.newWriter(t, false)
	if err != nil {
		return nil, err
	}
	out := &glueapi.BatchGetPartitionOutput{UnprocessedKeys: []glueapi.PartitionValueList{}}
	seen := make(map[string]bool, len(list))
	for _, item := range list {
		r, err := load(ctx, tx, t, item.Values)
		if detail, err := itemError(err); err != nil {
			return nil, err
		} else if detail != nil || seen[string(r.key)] {
			continue
		}
		seen[string(r.key)] = true
		if len(w.buf) > terms.PageBytes {
			out.UnprocessedKeys = append(out.UnprocessedKeys, item)
			continue
		}
		if err := w.load(ctx, tx, r); err != nil {
			return nil, err
		}
	}
	out.RawPartitions = w.documents()
	return out, nil
}
