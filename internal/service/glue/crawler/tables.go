package crawler

import (
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/bindery-project/bindery/internal/glob"
)

// tables turns what was found into tables with names, ordered by location.
func (g *grouper) tables() []Table {
	tables := make([]Table, 0, len(g.found))
	for _, d := range g.found {
		tables = append(tables, g.table(d.settle()))
	}
	slices.SortStableFunc(tables, func(a, b Table) int {
		return cmp.Or(cmp.Compare(a.StorageDescriptor.Location, b.StorageDescriptor.Location), cmp.Compare(len(b.PartitionKeys), len(a.PartitionKeys)))
	})
	g.name(tables)
	slices.SortFunc(g.broken, func(a, b Broken) int { return cmp.Compare(a.Key, b.Key) })
	slices.Sort(g.notes)
	return tables
}

func (g *grouper) table(d *dataset) Table {
	location := d.root.path
	if d.single {
		location = d.leaves[0].location
	}
	var sum tally
	for _, l := range d.leaves {
		sum.merge(l.tally)
	}
	params := d.kind.parameters(g.options.CrawlerName, sum)
	t := Table{
		Owner: "owner", TableType: "EXTERNAL_TABLE",
		StorageDescriptor: d.kind.describe(d.schema.columns(d.kind), g.url(location), params),
		PartitionKeys:     partitionKeys(d.levels, d.schema),
		Parameters:        params,
	}
	g.exclusions(&t, d)
	if index := g.options.Configuration.CreatePartitionIndex; len(d.levels) > 0 && index != nil && *index {
		t.Parameters[ParamPartitionIndex] = "true"
	}
	if len(d.levels) > 0 {
		t.Partitions = g.partitions(d)
	}
	return t
}

func (g *grouper) url(key string) string {
	return "s3://" + g.options.Include.Bucket + "/" + key
}

// exclusions writes what readers of the location must leave out, as a JSON list of globs on whole locations: the target's patterns, and what lies
// below the location but is no part of the table.
func (g *grouper) exclusions(t *Table, d *dataset) {
	var globs []string
	for _, pattern := range g.options.Exclusions {
		globs = append(globs, glob.Escape(g.url(g.options.Include.folder()))+glob.Folder(pattern))
	}
	for _, key := range d.hidden {
		globs = append(globs, glob.Folder(glob.Escape(g.url(key))))
	}
	if len(globs) == 0 {
		return
	}
	text, err := json.Marshal(globs)
	if err != nil {
		// Only text that is not UTF-8 cannot be written; the keys of such objects are refused by the store.
		g.note("exclusions of %s are not written: %v", t.StorageDescriptor.Location, err)
		return
	}
	t.Parameters[ParamExclusions] = string(text)
}

// partitionKeys names the levels: the key of `key=value` folders, else partition_0, partition_1, … A name that a column or an outer level has
// already becomes the next partition_<n>, since Hive knows one column per name.
func partitionKeys(levels []level, s schema) []Column {
	taken := map[string]bool{}
	for _, name := range s.names {
		taken[name] = true
	}
	keys := make([]Column, len(levels))
	n := 0
	for i, l := range levels {
		name := strings.ToLower(l.key)
		for name == "" || taken[name] {
			name = "partition_" + strconv.Itoa(n)
			n++
		}
		taken[name] = true
		keys[i] = Column{Name: name, Type: "string"}
	}
	return keys
}

// partitions makes one partition per folder of files. Two folders that give the same values (`a=x` beside `a=%78`) cannot both be one; the first
// wins and the other is noted.
func (g *grouper) partitions(d *dataset) []Partition {
	slices.SortFunc(d.leaves, func(a, b leaf) int { return cmp.Compare(a.location, b.location) })
	inherit := g.options.Configuration.CrawlerOutput.Partitions.AddOrUpdateBehavior == InheritFromTable
	seen := make(map[string]bool, len(d.leaves))
	partitions := make([]Partition, 0, len(d.leaves))
	columns := d.schema.columns(d.kind) // shared by the partitions that have the table's
	for _, l := range d.leaves {
		id := strings.Join(l.values, "\x00")
		if seen[id] {
			g.note("%s repeats the partition values of another folder and is left out", l.location)
			continue
		}
		seen[id] = true
		own := columns
		if !inherit && !l.schema.same(d.schema) {
			own = l.schema.of(columns)
		}
		params := d.kind.parameters(g.options.CrawlerName, l.tally)
		partitions = append(partitions, Partition{
			Values: l.values, StorageDescriptor: d.kind.describe(own, g.url(l.location), params), Parameters: maps.Clone(params),
		})
	}
	return partitions
}

// maxTableName is the longest table name that a crawler makes.
const maxTableName = 128

// name gives every table its name: the last folder (or file) of its location, behind the prefix. A name that another source has already gets the
// MD5 of the location as a suffix, which is the same in every crawl.
func (g *grouper) name(tables []Table) {
	used := map[string]bool{}
	for i := range tables {
		location := tables[i].StorageDescriptor.Location
		plain := g.options.TablePrefix + lastSegment(location)
		name := legalName(plain, maxTableName)
		suffixed := withSuffix(plain, location)
		if g.belongsToAnother(name, location) || sameSource(g.options.Taken[suffixed], location) && !sameSource(g.options.Taken[name], location) {
			name = suffixed
		}
		for source := location; used[name]; source += "+" { // files and partitions of one folder are two tables at one location
			name = withSuffix(plain, source)
		}
		used[name] = true
		tables[i].Name = name
	}
}

// withSuffix is the name of a source whose plain name is taken.
func withSuffix(plain, source string) string {
	sum := md5.Sum([]byte(source))
	return legalName(plain, maxTableName-33) + "_" + hex.EncodeToString(sum[:])
}

// belongsToAnother reports whether the database has a table of that name with other data.
func (g *grouper) belongsToAnother(name, location string) bool {
	taken, ok := g.options.Taken[name]
	return ok && !sameSource(taken, location)
}

func sameSource(a, b string) bool {
	return a != "" && strings.TrimRight(a, "/") == strings.TrimRight(b, "/")
}

func lastSegment(location string) string {
	location = strings.TrimRight(location, "/")
	return location[strings.LastIndexByte(location, '/')+1:]
}

// legalName folds to lower case, turns everything outside [a-z0-9_] into `_`, and cuts.
func legalName(text string, limit int) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(text))
	return name[:min(len(name), limit)]
}
