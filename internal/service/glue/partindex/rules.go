package partindex

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/glue/partkey"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// AWS's limits for the indexes of one table.
const (
	maxIndexes = 3
	keptFailed = 10
)

// newRecord is an index that was asked for, checked against the table's keys.
func newRecord(at location, keys []partkey.Key, in *glueapi.PartitionIndex) (*record, error) {
	r := &record{Account: at.account, Database: at.database, Table: at.table, Name: in.IndexName}
	var unknown []string
	for _, name := range in.Keys {
		position := slices.IndexFunc(keys, func(k partkey.Key) bool { return arn.Fold(k.Name) == arn.Fold(name) })
		if position < 0 {
			unknown = append(unknown, name)
			continue
		}
		r.Keys = append(r.Keys, key{Name: keys[position].Name, Type: keys[position].Type, Position: position})
	}
	if len(unknown) > 0 {
		return nil, terms.Invalid("IndexKeys not a part of PartitionColumns. Verify the indexKeys : [%s]", strings.Join(unknown, ", "))
	}
	for i, k := range r.Keys {
		if slices.ContainsFunc(r.Keys[:i], func(other key) bool { return other.Position == k.Position }) {
			return nil, terms.Invalid("IndexKeys must not repeat a key. Verify the indexKeys : [%s]", k.Name)
		}
		if !indexable(k.Type) {
			return nil, terms.Invalid("Partition key %s of type %s is not supported in a partition index.", k.Name, k.Type)
		}
	}
	return r, nil
}

// indexable reports whether keys of a Hive type can be in an index.
func indexable(hiveType string) bool {
	name, rest, sized := strings.Cut(strings.ToLower(strings.TrimSpace(hiveType)), "(")
	length, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), ")")))
	switch strings.TrimSpace(name) {
	case "char":
		return !sized || (err == nil && 1 <= length && length <= 255)
	case "varchar":
		return !sized || (err == nil && 1 <= length && length <= 65535)
	case "string", "int", "integer", "bigint", "long", "smallint", "tinyint", "date":
		return !sized
	}
	return false
}

// mayCreate refuses an index beside those that the table has.
func mayCreate(all []*record, r *record) error {
	live := slices.DeleteFunc(slices.Clone(all), func(o *record) bool { return o.Status == glueapi.PartitionIndexStatusFailed })
	for _, o := range live {
		switch {
		case o.Name == r.Name:
			return terms.Exists("Partition Index " + o.Name + " already exists with the same name.")
		case slices.Equal(o.positions(), r.positions()):
			return terms.Exists("Partition Index " + o.Name + " already exists with the same keys.")
		}
	}
	if busy := unfinished(live); busy != nil {
		return terms.TooMany("%s", oneAtATime(busy))
	}
	if len(live) >= maxIndexes {
		return terms.TooMany("Partition index limit exceeded. Maximum: %d", maxIndexes)
	}
	return nil
}

// unfinished is an index that is being created or deleted, if any.
func unfinished(all []*record) *record {
	i := slices.IndexFunc(all, func(r *record) bool {
		return r.Status == glueapi.PartitionIndexStatusCreating || r.Status == glueapi.PartitionIndexStatusDeleting
	})
	if i < 0 {
		return nil
	}
	return all[i]
}

func oneAtATime(r *record) string {
	return fmt.Sprintf("Index %s is in %s state. Only 1 index can be created or deleted simultaneously per table.", r.Name, r.Status)
}

// mayDelete finds the index to delete. A failed one may share its name with
// one that lives.
func mayDelete(all []*record, name string) (*record, error) {
	named := slices.DeleteFunc(slices.Clone(all), func(r *record) bool { return r.Name != name })
	if len(named) == 0 {
		return nil, terms.NotFound("Index with the given indexName : %s does not exist.", name)
	}
	if busy := unfinished(all); busy != nil {
		return nil, &glueapi.ConflictException{Message: oneAtATime(busy)}
	}
	for _, r := range named {
		if r.Status == glueapi.PartitionIndexStatusActive {
			return r, nil
		}
	}
	return nil, &glueapi.ConflictException{Message: fmt.Sprintf("Index %s is in %s state and cannot be deleted.", name, named[0].Status)}
}

// AllowKeys refuses new partition keys for a table while an index depends on
// the present ones: their names and order, and the types of those in an index.
func (Rows) AllowKeys(ctx context.Context, tx *db.Tx, table int64, before, after []partkey.Key) error {
	all, err := list(ctx, tx, table)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Status == glueapi.PartitionIndexStatusFailed {
			continue
		}
		if !slices.EqualFunc(before, after, func(a, b partkey.Key) bool { return arn.Fold(a.Name) == arn.Fold(b.Name) }) {
			return terms.Invalid("Partition keys of a table with partition indexes cannot be added, removed, renamed or moved. Delete index %s first.", r.Name)
		}
		for _, k := range r.Keys {
			if !strings.EqualFold(k.Type, after[k.Position].Type) {
				return terms.Invalid("The type of partition key %s cannot be changed while it is in partition index %s.", k.Name, r.Name)
			}
		}
	}
	return nil
}

// AllowDelete refuses to delete a table while one of its indexes is being created.
func (Rows) AllowDelete(ctx context.Context, tx *db.Tx, table int64) error {
	all, err := list(ctx, tx, table)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Status == glueapi.PartitionIndexStatusCreating {
			return &glueapi.ResourceNotReadyException{
				Message: fmt.Sprintf("Index %s is in CREATING state. The table cannot be deleted until it is created.", r.Name),
			}
		}
	}
	return nil
}

// problem is the code of what keeps a partition out of an index, empty when
// nothing does.
func problem(keys []key, values []string) string {
	for _, k := range keys {
		if k.Position >= len(values) {
			return glueapi.BackfillErrorCodeMissingPartitionValueError
		}
	}
	for _, k := range keys {
		value := values[k.Position]
		if partkey.HasReserved(value) {
			return glueapi.BackfillErrorCodeUnsupportedPartitionCharacterError
		}
		if _, ok := partkey.Component(partkey.KindOf(k.Type), value); !ok {
			return glueapi.BackfillErrorCodeInvalidPartitionTypeDataError
		}
	}
	return ""
}
