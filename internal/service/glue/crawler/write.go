package crawler

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/op"
)

// catalog is the database as the role sees it before the crawl writes.
type catalog struct {
	tables map[string]*glueapi.Table // by name
}

// locations maps the names of the tables to where they are.
func (c *catalog) locations() map[string]string {
	out := make(map[string]string, len(c.tables))
	for name, t := range c.tables {
		out[name] = ""
		if t.StorageDescriptor != nil {
			out[name] = op.Value(t.StorageDescriptor.Location)
		}
	}
	return out
}

// invoke calls an operation of Glue with the role's rights.
func invoke[O any](ctx context.Context, r *run, operation string, in any) (*O, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	out, err := r.Invoker.Invoke(r.as(ctx), principalService, "glue", operation, in)
	if err != nil {
		return nil, fmt.Errorf("glue:%s: %w", operation, err)
	}
	typed, ok := out.(*O)
	if !ok {
		return nil, fmt.Errorf("glue:%s answered %T", operation, out)
	}
	return typed, nil
}

// readCatalog makes sure of the database and lists its tables.
func (r *run) readCatalog(ctx context.Context) (*catalog, error) {
	r.advance(func(p *Progress) { p.Phase = "reading the catalog" })
	if err := r.needDatabase(ctx); err != nil {
		return nil, err
	}
	c := &catalog{tables: map[string]*glueapi.Table{}}
	in := &glueapi.GetTablesInput{DatabaseName: r.database}
	for {
		out, err := invoke[glueapi.GetTablesOutput](ctx, r, "GetTables", in)
		if err != nil {
			return nil, err
		}
		for i := range out.TableList {
			c.tables[out.TableList[i].Name] = &out.TableList[i]
		}
		if op.Value(out.NextToken) == "" {
			return c, nil
		}
		in = &glueapi.GetTablesInput{DatabaseName: r.database, NextToken: out.NextToken}
	}
}

// needDatabase makes the database when it is missing and the role may.
func (r *run) needDatabase(ctx context.Context) error {
	_, err := invoke[glueapi.GetDatabaseOutput](ctx, r, "GetDatabase", &glueapi.GetDatabaseInput{Name: r.database})
	if !isNotFound(err) {
		return err
	}
	_, err = invoke[glueapi.CreateDatabaseOutput](ctx, r, "CreateDatabase", &glueapi.CreateDatabaseInput{
		DatabaseInput: &glueapi.DatabaseInput{Name: r.database},
	})
	if isExists(err) {
		return nil
	}
	if err == nil {
		r.journal.info("Created database %s", r.database)
	}
	return err
}

func isExists(err error) bool {
	var exists *glueapi.AlreadyExistsException
	return errors.As(err, &exists)
}

// write brings the catalog in step with what was found.
func (r *run) write(ctx context.Context, c *catalog, s *survey) error {
	r.advance(func(p *Progress) { p.Phase = "writing the catalog" })
	r.journal.info("Classification complete, writing results to database %s", r.database)
	found := make(map[string]*Table, len(s.tables))
	for i := range s.tables {
		found[s.tables[i].Name] = &s.tables[i]
	}
	for _, change := range Reconcile(r.existing(c, s, found), s.tables, r.policy, r.Clock.Now()) {
		if err := r.apply(ctx, c, s, change, found[change.Table.Name]); err != nil {
			return err
		}
	}
	return r.remember(ctx, s)
}

// existing are the tables that the crawl decides about: those that it found again, and its own in its targets that it did not find.
func (r *run) existing(c *catalog, s *survey, found map[string]*Table) []Table {
	var all []Table
	for _, name := range slices.Sorted(maps.Keys(c.tables)) {
		t := tableFrom(c.tables[name])
		own := t.Parameters[ParamUpdatedBy] == r.record.name() && s.covers(t.StorageDescriptor.Location)
		if found[name] == nil && own && s.doubtful(t.StorageDescriptor.Location) {
			r.journal.add("WARN", "Table %s is left as it is: objects at %s could not be read", name, t.StorageDescriptor.Location)
			continue
		}
		if found[name] != nil || own {
			all = append(all, t)
		}
	}
	return all
}

// apply carries out one decision about a table, and then those about its partitions.
func (r *run) apply(ctx context.Context, c *catalog, s *survey, change TableChange, found *Table) error {
	name := change.Table.Name
	if old := c.tables[name]; old != nil && notFiles(old) {
		r.journal.add("WARN", "Table %s is left as it is: it is no table of plain files", name)
		return nil
	}
	switch change.Action {
	case Create:
		if !r.isFresh(found) {
			r.journal.info("Table %s at %s is not made again: an earlier crawl has seen all of it", name, found.StorageDescriptor.Location)
			return nil
		}
		_, err := invoke[glueapi.CreateTableOutput](ctx, r, "CreateTable", &glueapi.CreateTableInput{
			DatabaseName: r.database, TableInput: tableInput(nil, &change.Table),
		})
		if err != nil {
			return err
		}
		r.advance(func(p *Progress) { p.TablesCreated++ })
	case Update, Deprecate:
		if err := r.updateTable(ctx, c.tables[name], change); err != nil {
			return err
		}
		r.advance(func(p *Progress) { p.TablesUpdated++ })
	case Delete:
		if _, err := invoke[glueapi.DeleteTableOutput](ctx, r, "DeleteTable", &glueapi.DeleteTableInput{DatabaseName: r.database, Name: name}); err != nil && !isNotFound(err) {
			return err
		}
		r.advance(func(p *Progress) { p.TablesDeleted++ })
	case Keep, LogOnly:
		r.journal.info("Table %s in database %s is left as it is: %s", name, r.database, change.Why)
		return r.partitions(ctx, change, found, s)
	}
	r.summary.table(change.Action, r.database+"."+name)
	r.journal.info("%s table %s in database %s: %s", done[change.Action], name, r.database, change.Why)
	return r.partitions(ctx, change, found, s)
}

// notFiles reports whether a table is a view, or of a format that keeps its own list of files (Iceberg, Delta, Hudi): what a crawl finds below its
// location says nothing about it.
func notFiles(t *glueapi.Table) bool {
	provider := strings.ToLower(t.Parameters["spark.sql.sources.provider"])
	return op.Value(t.TableType) == "VIRTUAL_VIEW" || t.Parameters["table_type"] != "" || provider == "delta" || provider == "hudi"
}

// done are words for the log.
var done = map[Action]string{Create: "Created", Update: "Updated", Deprecate: "Deprecated", Delete: "Deleted"}

func (r *run) updateTable(ctx context.Context, old *glueapi.Table, change TableChange) error {
	in := &glueapi.UpdateTableInput{DatabaseName: r.database, TableInput: tableInput(old, &change.Table), SkipArchive: new(change.StatisticsOnly)}
	if change.Action == Deprecate {
		in.TableInput = glueapi.TableInputFromTable(old)
		in.TableInput.Parameters = change.Table.Parameters
	}
	_, err := invoke[glueapi.UpdateTableOutput](ctx, r, "UpdateTable", in)
	return err
}

// partitions brings the partitions of a table in step. Those of a table that was not found, or whose keys are others, are left alone.
func (r *run) partitions(ctx context.Context, change TableChange, found *Table, s *survey) error {
	if found == nil || len(found.PartitionKeys) == 0 || change.Action == Delete || change.Action == Deprecate ||
		!slices.EqualFunc(change.Table.PartitionKeys, found.PartitionKeys, sameColumn) {
		return nil
	}
	old := map[string]Partition{}
	if change.Action != Create {
		var err error
		if old, err = r.readPartitions(ctx, found.Name); err != nil {
			return err
		}
	}
	work := partitionWork{table: found.Name}
	for i := range found.Partitions {
		p := &found.Partitions[i]
		id := strings.Join(p.Values, "\x00")
		before, ok := old[id]
		delete(old, id)
		action := r.policy.Partition(nil, p)
		if ok {
			action = r.policy.Partition(&before, p)
		}
		if action != Create || r.fresh == nil || r.fresh[p.StorageDescriptor.Location] {
			work.add(action, *p)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(old)) {
		gone := old[id]
		if s.covers(gone.StorageDescriptor.Location) && !s.doubtful(gone.StorageDescriptor.Location) {
			work.add(r.policy.Partition(&gone, nil), gone)
		}
	}
	return r.writePartitions(ctx, &work)
}

// readPartitions lists the partitions of a table by their values.
func (r *run) readPartitions(ctx context.Context, table string) (map[string]Partition, error) {
	all := map[string]Partition{}
	in := &glueapi.GetPartitionsInput{DatabaseName: r.database, TableName: table}
	for {
		out, err := invoke[glueapi.GetPartitionsOutput](ctx, r, "GetPartitions", in)
		if err != nil {
			return nil, err
		}
		for i := range out.Partitions {
			p := &out.Partitions[i]
			all[strings.Join(p.Values, "\x00")] = Partition{
				Values: p.Values, StorageDescriptor: descriptorFrom(p.StorageDescriptor), Parameters: p.Parameters,
			}
		}
		if op.Value(out.NextToken) == "" {
			return all, nil
		}
		in = &glueapi.GetPartitionsInput{DatabaseName: r.database, TableName: table, NextToken: out.NextToken}
	}
}

// partitionWork is what is to be done with the partitions of one table.
type partitionWork struct {
	table                  string
	create, update, remove []Partition
}

func (w *partitionWork) add(action Action, p Partition) {
	switch action {
	case Create:
		w.create = append(w.create, p)
	case Update:
		w.update = append(w.update, p)
	case Delete:
		w.remove = append(w.remove, p)
	case Keep, LogOnly, Deprecate:
	}
}

// Sizes of the API's batches.
const (
	batchSize       = 100
	deleteBatchSize = 25
)

func (r *run) writePartitions(ctx context.Context, w *partitionWork) error {
	for some := range slices.Chunk(w.create, batchSize) {
		if err := r.createPartitions(ctx, w.table, some); err != nil {
			return err
		}
		r.wrote(Create, w.table, some)
	}
	for some := range slices.Chunk(w.update, batchSize) {
		if err := r.updatePartitions(ctx, w.table, some); err != nil {
			return err
		}
		r.wrote(Update, w.table, some)
	}
	for some := range slices.Chunk(w.remove, deleteBatchSize) {
		if err := r.deletePartitions(ctx, w.table, some); err != nil {
			return err
		}
		r.wrote(Delete, w.table, some)
	}
	return nil
}

// wrote counts partitions that were written.
func (r *run) wrote(action Action, table string, some []Partition) {
	n := int32(len(some))
	r.advance(func(p *Progress) {
		switch action {
		case Create:
			p.PartitionsCreated += n
		case Update:
			p.PartitionsUpdated += n
		case Delete:
			p.PartitionsDeleted += n
		case Deprecate, Keep, LogOnly:
		}
	})
	for _, p := range some {
		r.summary.partitions(action, r.database+"."+table+" "+strings.Join(p.Values, "/"))
	}
	r.journal.info("%s %d partitions of table %s", done[action], n, table)
}

func (r *run) createPartitions(ctx context.Context, table string, some []Partition) error {
	in := &glueapi.BatchCreatePartitionInput{DatabaseName: r.database, TableName: table}
	for i := range some {
		in.PartitionInputList = append(in.PartitionInputList, *partitionInput(&some[i]))
	}
	out, err := invoke[glueapi.BatchCreatePartitionOutput](ctx, r, "BatchCreatePartition", in)
	if err != nil {
		return err
	}
	for _, e := range out.Errors {
		if e.ErrorDetail != nil && op.Value(e.ErrorDetail.ErrorCode) != "AlreadyExistsException" { // a second attempt, or somebody else
			return partitionError("BatchCreatePartition", table, e.PartitionValues, e.ErrorDetail)
		}
	}
	return nil
}

func (r *run) updatePartitions(ctx context.Context, table string, some []Partition) error {
	in := &glueapi.BatchUpdatePartitionInput{DatabaseName: r.database, TableName: table}
	for i := range some {
		in.Entries = append(in.Entries, glueapi.BatchUpdatePartitionRequestEntry{
			PartitionValueList: some[i].Values, PartitionInput: partitionInput(&some[i]),
		})
	}
	out, err := invoke[glueapi.BatchUpdatePartitionOutput](ctx, r, "BatchUpdatePartition", in)
	if err != nil {
		return err
	}
	for _, e := range out.Errors {
		return partitionError("BatchUpdatePartition", table, e.PartitionValueList, e.ErrorDetail)
	}
	return nil
}

func (r *run) deletePartitions(ctx context.Context, table string, some []Partition) error {
	in := &glueapi.BatchDeletePartitionInput{DatabaseName: r.database, TableName: table}
	for i := range some {
		in.PartitionsToDelete = append(in.PartitionsToDelete, glueapi.PartitionValueList{Values: some[i].Values})
	}
	out, err := invoke[glueapi.BatchDeletePartitionOutput](ctx, r, "BatchDeletePartition", in)
	if err != nil {
		return err
	}
	for _, e := range out.Errors {
		if e.ErrorDetail != nil && op.Value(e.ErrorDetail.ErrorCode) != "EntityNotFoundException" {
			return partitionError("BatchDeletePartition", table, e.PartitionValues, e.ErrorDetail)
		}
	}
	return nil
}

// partitionError is the error of one element of a batch, which is final: the operation itself succeeded.
func partitionError(operation, table string, values []string, detail *glueapi.ErrorDetail) error {
	text := "no reason given"
	if detail != nil {
		text = op.Value(detail.ErrorCode) + ": " + op.Value(detail.ErrorMessage)
	}
	return &op.Fault{
		Code:    "InvalidInputException",
		Message: fmt.Sprintf("%s of table %s, partition [%s]: %s", operation, table, strings.Join(values, ", "), text),
	}
}
