package crawler

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// UpdateBehavior and DeleteBehavior of SchemaChangePolicy.
const (
	UpdateInDatabase    = "UPDATE_IN_DATABASE"
	DeprecateInDatabase = "DEPRECATE_IN_DATABASE"
	DeleteFromDatabase  = "DELETE_FROM_DATABASE"
	Log                 = "LOG"
)

// SchemaChangePolicy is what a crawler may do to tables and partitions that exist. Its zero value is Glue's default: update and deprecate.
type SchemaChangePolicy struct {
	UpdateBehavior string
	DeleteBehavior string
	// MergeNewColumns comes from the Configuration: columns are added, never removed or retyped.
	MergeNewColumns bool
}

// Action is what is to be done with one table or partition.
type Action string

// The actions. New tables and partitions are made whatever the policy says.
const (
	Create    Action = "CREATE"
	Update    Action = "UPDATE"    // Table holds the new form
	Deprecate Action = "DEPRECATE" // Table holds the old form, marked
	Delete    Action = "DELETE"
	Keep      Action = "KEEP" // nothing differs
	LogOnly   Action = "LOG"  // it differs, the policy says to leave it
)

// TableChange is the outcome for one table.
type TableChange struct {
	Action Action
	Table  Table  // for Delete, Keep and LogOnly the one that exists
	Why    string // one line for the crawler's log
	// StatisticsOnly says that an Update changes nothing but counts, which is worth no table version.
	StatisticsOnly bool
}

// Reconcile compares what a crawl found with the tables that the catalog holds for the crawler (those at the locations found, and those whose
// parameter UPDATED_BY_CRAWLER names it). The outcome is ordered by table name.
func Reconcile(existing, found []Table, policy SchemaChangePolicy, now time.Time) []TableChange {
	old := make(map[string]Table, len(existing))
	for _, t := range existing {
		old[t.Name] = t
	}
	var changes []TableChange
	for _, t := range found {
		before, ok := old[t.Name]
		delete(old, t.Name)
		if !ok {
			changes = append(changes, TableChange{Action: Create, Table: t, Why: "new table at " + t.StorageDescriptor.Location})
			continue
		}
		changes = append(changes, policy.updateTable(before, t, now))
	}
	for _, gone := range old {
		changes = append(changes, policy.removeTable(gone, now))
	}
	slices.SortFunc(changes, func(a, b TableChange) int { return strings.Compare(a.Table.Name, b.Table.Name) })
	return changes
}

// updateTable decides about a table that was found again. Partitions are left to [SchemaChangePolicy.Partition].
func (p SchemaChangePolicy) updateTable(old, found Table, now time.Time) TableChange {
	old.Partitions = nil
	if !slices.EqualFunc(old.PartitionKeys, found.PartitionKeys, sameColumn) {
		return TableChange{Action: LogOnly, Table: old, Why: "the layout of the folders gives other partition keys; delete the table to have it made anew"}
	}
	next, differs := p.next(old, found)
	switch {
	case p.MergeNewColumns && conflicts(old, found) && p.UpdateBehavior != Log:
		return deprecated(old, now, "the format changed, which MergeNewColumns cannot take up")
	case differs == "" && maps.Equal(next.Parameters, old.Parameters):
		return TableChange{Action: Keep, Table: old, Why: "unchanged"}
	case p.UpdateBehavior == Log:
		return TableChange{Action: LogOnly, Table: old, Why: "UpdateBehavior is LOG: " + orElse(differs, "statistics differ")}
	case differs == "":
		return TableChange{Action: Update, Table: next, Why: "statistics differ", StatisticsOnly: true}
	}
	return TableChange{Action: Update, Table: next, Why: differs}
}

// next is the table after the update, and what differs in it beside its counts.
func (p SchemaChangePolicy) next(old, found Table) (Table, string) {
	next := old
	next.StorageDescriptor = found.StorageDescriptor
	if p.MergeNewColumns {
		next.StorageDescriptor.Columns = withNewColumns(old.StorageDescriptor.Columns, found.StorageDescriptor.Columns)
	}
	next.Parameters = maps.Clone(old.Parameters)
	if next.Parameters == nil {
		next.Parameters = map[string]string{}
	}
	maps.Copy(next.Parameters, found.Parameters)
	delete(next.Parameters, ParamDeprecatedBy)
	return next, describeDifference(old, next)
}

// withNewColumns appends the columns that are not there yet.
func withNewColumns(old, found []Column) []Column {
	all := slices.Clone(old)
	for _, c := range found {
		if !slices.ContainsFunc(old, func(o Column) bool { return strings.EqualFold(o.Name, c.Name) }) {
			all = append(all, c)
		}
	}
	return all
}

func sameColumn(a, b Column) bool {
	return strings.EqualFold(a.Name, b.Name) && a.Type == b.Type
}

// describeDifference names the first difference that readers of the table notice, or "".
func describeDifference(old, next Table) string {
	a, b := old.StorageDescriptor, next.StorageDescriptor
	switch {
	case !slices.EqualFunc(a.Columns, b.Columns, sameColumn):
		return "columns differ: " + columnDifference(a.Columns, b.Columns)
	case !sameSource(a.Location, b.Location):
		return fmt.Sprintf("location %s became %s", a.Location, b.Location)
	case a.InputFormat != b.InputFormat || a.OutputFormat != b.OutputFormat:
		return "input or output format differs"
	case a.SerdeInfo.SerializationLibrary != b.SerdeInfo.SerializationLibrary || !maps.Equal(a.SerdeInfo.Parameters, b.SerdeInfo.Parameters):
		return "the SerDe or its parameters differ"
	case old.Parameters[ParamDeprecatedBy] != "":
		return "the table was deprecated and is back"
	}
	for _, key := range []string{ParamClassification, ParamCompression, ParamDelimiter, ParamSkipHeader, ParamJSONPath, ParamExclusions} {
		if old.Parameters[key] != next.Parameters[key] {
			return fmt.Sprintf("parameter %s: %q became %q", key, old.Parameters[key], next.Parameters[key])
		}
	}
	return ""
}

// columnDifference lists added, removed and retyped columns.
func columnDifference(old, next []Column) string {
	var parts []string
	types := make(map[string]string, len(old))
	for _, c := range old {
		types[strings.ToLower(c.Name)] = c.Type
	}
	for _, c := range next {
		name := strings.ToLower(c.Name)
		before, ok := types[name]
		delete(types, name)
		switch {
		case !ok:
			parts = append(parts, "+"+name+" "+c.Type)
		case before != c.Type:
			parts = append(parts, name+" "+before+" -> "+c.Type)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(types)) {
		parts = append(parts, "-"+name)
	}
	if len(parts) == 0 {
		return "their order"
	}
	return strings.Join(parts, ", ")
}

// conflicts reports a change of the format itself, which adding columns cannot follow.
func conflicts(old, found Table) bool {
	a, b := old.StorageDescriptor, found.StorageDescriptor
	return a.InputFormat != b.InputFormat || a.SerdeInfo.SerializationLibrary != b.SerdeInfo.SerializationLibrary ||
		old.Parameters[ParamClassification] != found.Parameters[ParamClassification] ||
		old.Parameters[ParamCompression] != found.Parameters[ParamCompression]
}

// removeTable decides about a table whose data are gone.
func (p SchemaChangePolicy) removeTable(old Table, now time.Time) TableChange {
	switch {
	case p.DeleteBehavior == DeleteFromDatabase:
		return TableChange{Action: Delete, Table: old, Why: "no data at " + old.StorageDescriptor.Location}
	case p.DeleteBehavior == Log:
		return TableChange{Action: LogOnly, Table: old, Why: "DeleteBehavior is LOG: no data at " + old.StorageDescriptor.Location}
	case old.Parameters[ParamDeprecatedBy] != "":
		return TableChange{Action: Keep, Table: old, Why: "deprecated before"}
	}
	return deprecated(old, now, "no data at "+old.StorageDescriptor.Location)
}

// deprecated marks a table. (The form of the value, milliseconds since 1970, is unverified.)
func deprecated(old Table, now time.Time, why string) TableChange {
	old.Parameters = maps.Clone(old.Parameters)
	if old.Parameters == nil {
		old.Parameters = map[string]string{}
	}
	old.Parameters[ParamDeprecatedBy] = strconv.FormatInt(now.UnixMilli(), 10)
	return TableChange{Action: Deprecate, Table: old, Why: why}
}

// Partition decides about one partition: old is nil if the catalog has none with these values, found is nil if the data are gone. Partitions are
// not deprecated: without data they are kept, or deleted if DeleteBehavior says so.
func (p SchemaChangePolicy) Partition(old, found *Partition) Action {
	switch {
	case old == nil:
		return Create
	case found == nil && p.DeleteBehavior == DeleteFromDatabase:
		return Delete
	case found == nil:
		return LogOnly
	case samePartition(*old, *found):
		return Keep
	case p.UpdateBehavior == Log:
		return LogOnly
	}
	return Update
}

func samePartition(a, b Partition) bool {
	x, y := a.StorageDescriptor, b.StorageDescriptor
	return slices.EqualFunc(x.Columns, y.Columns, sameColumn) && sameSource(x.Location, y.Location) && x.InputFormat == y.InputFormat &&
		x.SerdeInfo.SerializationLibrary == y.SerdeInfo.SerializationLibrary && maps.Equal(x.SerdeInfo.Parameters, y.SerdeInfo.Parameters) &&
		maps.Equal(a.Parameters, b.Parameters)
}

func orElse(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}
