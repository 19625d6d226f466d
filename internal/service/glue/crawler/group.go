// Package crawler serves Glue's crawlers: it finds out which tables the objects below a path make up and keeps the catalog in step with them.
//
// The service starts at [Crawlers] (crawler.go, start.go, history.go: the operations) and goes on in run.go, the life of one crawl: look.go lists
// and inspects as the crawler's role, write.go writes the catalog as the role, remember.go is what crawlers of new folders know from before.
//
// The pure part starts at [Group]: objects with what package format found in each go in, tables with partitions come out. [Reconcile] compares
// them with the catalog under the crawler's policies. Both depend on nothing but their arguments, and not on the order of the objects.
//
// What it promises:
//
//   - A crawl does what its role may do, no more: each listing, reading and writing is decided for a session of the role, and the first refusal
//     ends the crawl with the refusal's text.
//   - Files are parsed in worker processes only. What cannot be read is listed with its reason and never ends a crawl; a table that holds such a
//     file is not taken for gone.
//   - A crawl that was ordered ends: after a crash it is performed again, and after three interruptions it has failed.
package crawler

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/format"
)

// Object is one object below an include path. Exactly one of Result and Reason is set for an inspected object; an object that sampling left out
// has neither: it counts in the figures and belongs to the table of its folder.
type Object struct {
	Key     string
	Size    int64
	ETag    string
	ModTime time.Time
	Result  *format.Result
	Reason  *format.Reason

	gone  bool // deleted since it was listed
	known bool // in a folder that an earlier crawl has seen: not to be read again
}

// Options are what the crawler's definition says about grouping.
type Options struct {
	Include       IncludePath
	Exclusions    []string // as given; objects that match them must not be among the objects
	CrawlerName   string
	TablePrefix   string
	Configuration Configuration
	// Taken maps the names of the tables of the database to their locations. A found table at the same location takes over the name; any other
	// gets a suffix.
	Taken map[string]string
}

// Grouping is what a target turned out to hold.
type Grouping struct {
	Tables []Table  // ordered by location, then name
	Broken []Broken // objects that no table can use, ordered by key
	Notes  []string // decisions a person may want to know
}

// Broken is an object that could not be read.
type Broken struct {
	Key    string
	Reason format.Reason
}

// similarEnough is the share of common columns from which two schemas count as one (reference etl.md 1; the figure is unverified there).
const similarEnough = 0.7

// Group decides which tables the objects make up:
//
//   - objects that are empty, or lie under a name that begins with `_` or `.`, do not count;
//   - the files of one folder are one table if they are compatible (format, compression, CSV delimiter and header) and similar;
//   - if most sub-folders of a folder hold compatible, similar data in the same layout of folders, they are partitions of one table there, else
//     each becomes a table of its own. `k=v` folders give the partition key k, others partition_0, partition_1, …;
//   - CombineCompatibleSchemas drops the condition that schemas be similar; TableLevelConfiguration fixes the depth of the tables' folders.
func Group(objects []Object, options Options) Grouping {
	g := &grouper{options: options, similar: similarEnough, schemas: schemas{}}
	if options.Configuration.Grouping.TableGroupingPolicy == CombineCompatibleSchemas {
		g.similar, g.combine = 0, true
	}
	root := g.plant(objects)
	g.group(root, options.Include.depth())
	tables := g.tables()
	return Grouping{Tables: tables, Broken: g.broken, Notes: g.notes}
}

type grouper struct {
	options Options
	similar float64 // schemas at least this similar belong together
	combine bool    // CombineCompatibleSchemas
	broken  []Broken
	notes   []string
	found   []*dataset
	schemas schemas
}

// Hidden reports whether an object does not count: it is empty, a folder marker, or below a name that begins with `_` or `.`. path is its key
// without the include path.
func Hidden(path string, size int64) bool {
	if size == 0 || strings.HasSuffix(path, "/") || strings.HasSuffix(path, "_$folder$") {
		return true
	}
	for segment := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(segment, "_") || strings.HasPrefix(segment, ".") {
			return true
		}
	}
	return false
}

// plant sorts the objects into a tree of folders; broken ones are listed instead.
func (g *grouper) plant(objects []Object) *folder {
	objects = slices.Clone(objects)
	slices.SortFunc(objects, func(a, b Object) int { return cmp.Compare(a.Key, b.Key) })
	objects = slices.CompactFunc(objects, func(a, b Object) bool { return a.Key == b.Key })
	root := &folder{path: g.options.Include.folder()}
	for _, o := range objects {
		path := g.options.Include.Relative(o.Key)
		switch {
		case Hidden(path, o.Size):
		case o.Reason != nil:
			g.broken = append(g.broken, Broken{Key: o.Key, Reason: *o.Reason})
		default:
			root.add(path, o)
		}
	}
	return root
}

// group walks down to the folders that TableLevelConfiguration names, if it does; above them and without it the rules decide. depth is the
// folder's: the bucket is 1.
func (g *grouper) group(f *folder, depth int) {
	level := g.options.Configuration.Grouping.TableLevelConfiguration
	if level > 0 && depth < level {
		own := g.files(f)
		if len(own) > 0 {
			own[0].hide(f)
		}
		g.found = append(g.found, own...)
		for _, child := range f.children {
			g.group(child, depth+1)
		}
		return
	}
	if level > 0 {
		g.similar, g.combine = 0, true
	}
	if d := g.analyse(f); d != nil {
		d.fixed = level > 0
		g.found = append(g.found, d)
	}
}

// analyse returns the one dataset that the folder is, or nil if it holds none or fell apart into tables, which are then in g.found.
func (g *grouper) analyse(f *folder) *dataset {
	files := g.files(f)
	if len(f.children) == 0 && len(files) == 1 {
		return files[0]
	}
	below := g.children(f)
	if len(files) == 1 && below != nil && below.anonymous() && g.fit(files[0], below) {
		g.note("%s holds files and folders alike: one table without partitions", f.path)
		return files[0].flattened(below)
	}
	if len(files) == 0 {
		return below
	}
	if below != nil {
		g.found = append(g.found, below)
	}
	files[0].hide(f)
	g.found = append(g.found, files...)
	return nil
}

// files groups the files of a folder: one dataset if they fit together. If only most of them do, these are the folder's dataset and every other
// file one of its own; without a majority each file is its own table, as Glue makes them.
func (g *grouper) files(f *folder) []*dataset {
	var all []*dataset
	var unsampled tally
	for _, o := range f.files {
		if o.Result == nil {
			unsampled.add(o)
			continue
		}
		all = append(all, g.schemas.file(f, o))
	}
	clusters := g.clusters(all)
	if len(clusters) > 1 {
		g.note("%s holds %d files of %d kinds", f.path, len(all), len(clusters))
	}
	most := majority(clusters, len(all))
	if most == nil || len(all) == 1 && all[0].leaves[0].location == g.options.Include.Prefix {
		g.noteUnsampled(f, unsampled)
		return all
	}
	one := most.joined(f)
	one.leaves[0].location = f.path
	one.leaves[0].tally.merge(unsampled)
	others := most.others(all)
	for _, d := range others {
		one.hidden = append(one.hidden, d.leaves[0].location)
	}
	return append([]*dataset{one}, others...)
}

// noteUnsampled remarks files that sampling left out of a folder where nothing tells which table they belong to.
func (g *grouper) noteUnsampled(f *folder, t tally) {
	if t.objects > 0 {
		g.note("%s: %d objects were not sampled and belong to no table", f.path, t.objects)
	}
}

// majority returns the largest cluster if it holds more than half of all, else nil.
func majority(clusters []cluster, all int) cluster {
	if len(clusters) == 0 {
		return nil
	}
	largest := slices.MaxFunc(clusters, func(a, b cluster) int { return cmp.Compare(len(a), len(b)) })
	if 2*len(largest) <= all {
		return nil
	}
	return largest
}

// children groups the sub-folders: those that fit together become partitions of one dataset, if they are the majority.
func (g *grouper) children(f *folder) *dataset {
	var parts []*dataset
	apart := 0 // sub-folders that fell apart into tables themselves
	for _, child := range f.children {
		tables := len(g.found)
		switch d := g.analyse(child); {
		case d != nil:
			parts = append(parts, d.below(child.name))
		case len(g.found) > tables:
			apart++
		}
	}
	most := majority(g.clusters(parts), len(parts)+apart)
	if most == nil {
		return g.apart(f, parts, apart)
	}
	for _, p := range most.others(parts) {
		if p.continues(most[0]) {
			most = append(most, p)
			continue
		}
		g.found = append(g.found, p.above())
	}
	return most.joined(f)
}

// apart makes a table of every part, or with CombineCompatibleSchemas one table of all if only their layouts differ.
func (g *grouper) apart(f *folder, parts []*dataset, apart int) *dataset {
	if g.combine && apart == 0 && allCompatible(parts) {
		g.note("%s: compatible schemas in differing layouts: one table without partitions", f.path)
		return parts[0].flattened(parts[1:]...)
	}
	for _, p := range parts {
		g.found = append(g.found, p.above())
	}
	return nil
}

func allCompatible(parts []*dataset) bool {
	for _, p := range parts {
		if !p.anonymous() || !compatible(p, parts[0]) {
			return false
		}
	}
	return len(parts) > 0
}

// cluster is datasets that fit together.
type cluster []*dataset

// clusters puts every dataset into the first cluster that it fits. Datasets that know their header come first, so that those which cannot tell
// find somebody to ask; otherwise the order is that of the keys, which makes the outcome independent of the order of discovery.
func (g *grouper) clusters(all []*dataset) []cluster {
	ordered := slices.Clone(all)
	slices.SortStableFunc(ordered, func(a, b *dataset) int { return cmp.Compare(a.kind.uncertainty(), b.kind.uncertainty()) })
	var clusters []cluster
	var whole []*dataset // the running merge of each cluster
	for _, d := range ordered {
		at := slices.IndexFunc(whole, func(w *dataset) bool { return sameLayout(w, d) && g.fit(w, d) })
		if at < 0 {
			clusters, whole = append(clusters, cluster{d}), append(whole, d.head())
			continue
		}
		clusters[at] = append(clusters[at], d)
		whole[at].absorb(d)
	}
	return clusters
}

func (g *grouper) note(format string, args ...any) {
	g.notes = append(g.notes, fmt.Sprintf(format, args...))
}

// fit reports whether two datasets can be one table as far as their content goes.
func (g *grouper) fit(a, b *dataset) bool {
	return compatible(a, b) && (a.positional(b) || similarity(a.schema, b.schema) >= g.similar)
}
