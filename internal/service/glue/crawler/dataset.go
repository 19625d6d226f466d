package crawler

import (
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/format"
)

// kind is what files must have in common to be read as one table.
type kind struct {
	classification string
	compression    string
	layout         format.Layout // JSON

	delimiter   string // CSV
	escape      string // CSV; "" where the data need no escape
	quoted      bool   // CSV
	backslash   bool   // CSV
	header      bool   // CSV
	headerKnown bool   // CSV: header is certain
}

func kindOf(r *format.Result) kind {
	k := kind{classification: r.Classification, compression: r.Compression, layout: r.Layout}
	if c := r.CSV; c != nil {
		k.delimiter, k.escape, k.quoted, k.header, k.headerKnown = c.Delimiter, c.Escape, c.Quoted, c.Header, c.HeaderKnown
		k.backslash = c.Backslash
	}
	return k
}

// uncertainty orders kinds: those that know whether they have a header first.
func (k kind) uncertainty() int {
	if k.classification == format.CSV && !k.headerKnown {
		return 1
	}
	return 0
}

// join is the kind that reads the files of both.
func (k kind) join(o kind) kind {
	if k.escape == "" {
		k.escape = o.escape
	}
	if !k.headerKnown && o.headerKnown {
		k.header, k.headerKnown = o.header, true
	}
	if o.layout == format.Documents {
		k.layout = o.layout
	}
	k.quoted, k.backslash = k.quoted || o.quoted, k.backslash || o.backslash
	return k
}

// level is one level of partition folders.
type level struct {
	key   string // of `key=value` folders, as written in the first of them
	named bool   // the folders are `key=value`
}

func (l level) sameAs(o level) bool {
	return l.named == o.named && strings.EqualFold(l.key, o.key)
}

// leaf is a folder that holds files.
type leaf struct {
	location string   // its key with `/` at the end; of a table that is one file, the file's key
	values   []string // of the levels, outermost first
	schema   schema
	tally    tally
}

// dataset is files that can be one table: the candidate that the grouping works with.
type dataset struct {
	root     *folder
	single   bool // it is one file, and its location the file itself
	fixed    bool // TableLevelConfiguration fixed its root
	kind     kind
	schema   schema
	firstRow []string // CSV whose header is not known
	rest     []string // its column types without the first row
	levels   []level
	leaves   []leaf
	hidden   []string // folders below root that are not part of it
}

func (known schemas) file(f *folder, o Object) *dataset {
	d := &dataset{root: f, single: true, kind: kindOf(o.Result), schema: known.of(o.Result.Columns)}
	if o.Result.CSV != nil && !o.Result.CSV.HeaderKnown {
		d.firstRow, d.rest = o.Result.CSV.FirstRow, o.Result.CSV.RestTypes
	}
	own := leaf{location: o.Key, schema: d.schema}
	own.tally.add(o)
	d.leaves = []leaf{own}
	return d
}

// compatible reports whether one reader can read both: format, compression, and for CSV the delimiter, the way of escaping and the header. A file
// that cannot tell whether it has a header goes with any that has as many columns. Headers must name the same columns at the same places, as far
// as both go: readers find columns by their place.
func compatible(a, b *dataset) bool {
	x, y := a.kind, b.kind
	if x.classification != y.classification || x.compression != y.compression {
		return false
	}
	switch x.classification {
	case format.JSON:
		return (x.layout == format.Array) == (y.layout == format.Array)
	case format.CSV:
		escapes := x.escape == y.escape || x.escape == "" || y.escape == ""
		headers := x.header == y.header && sameOrder(a.schema.names, b.schema.names) || a.positional(b)
		return x.delimiter == y.delimiter && escapes && headers
	}
	return true
}

// sameOrder reports whether one list begins with the other.
func sameOrder(a, b []string) bool {
	n := min(len(a), len(b))
	return slices.Equal(a[:n], b[:n])
}

// positional reports whether the columns of one side can only be matched by their position, since it does not know its header. Beside a file
// with a header it must begin with the same row: a reader that skips the first row of every file would lose one of its records otherwise.
func (d *dataset) positional(o *dataset) bool {
	if d.kind.classification != format.CSV || len(d.schema.names) != len(o.schema.names) {
		return false
	}
	switch {
	case d.kind.headerKnown && o.kind.headerKnown:
		return false
	case d.kind.headerKnown:
		return !d.kind.header || repeats(o.firstRow, d.schema.names)
	case o.kind.headerKnown:
		return !o.kind.header || repeats(d.firstRow, o.schema.names)
	}
	return true
}

// absorb merges what o holds into d's kind and schema.
func (d *dataset) absorb(o *dataset) {
	d.schema = merged(d.schema, o.namedAfter(d))
	d.kind = d.kind.join(o.kind)
}

// namedAfter is d's schema as it reads with o's knowledge of the header.
func (d *dataset) namedAfter(o *dataset) schema {
	if d.kind.headerKnown || !o.kind.headerKnown || !d.positional(o) {
		return d.schema
	}
	if o.kind.header && len(d.rest) == len(o.schema.names) {
		return d.schema.retyped(d.rest).renamed(o.schema.names)
	}
	return d.schema.renamed(o.schema.names)
}

func repeats(row, names []string) bool {
	return slices.EqualFunc(row, names, func(cell, name string) bool { return strings.EqualFold(strings.TrimSpace(cell), name) })
}

// continues reports whether d is another `key=value` folder of the level that o's folder is in: a year whose columns changed a lot is still a year.
func (d *dataset) continues(o *dataset) bool {
	return d.levels[0].named && sameLayout(d, o) && compatible(d, o)
}

// others returns the datasets that are not in the cluster, in their order.
func (c cluster) others(all []*dataset) []*dataset {
	in := make(map[*dataset]bool, len(c))
	for _, d := range c {
		in[d] = true
	}
	return slices.DeleteFunc(slices.Clone(all), func(d *dataset) bool { return in[d] })
}

// sameLayout reports whether two datasets have the same levels of folders.
func sameLayout(a, b *dataset) bool {
	return slices.EqualFunc(a.levels, b.levels, level.sameAs)
}

// anonymous reports whether no level is a `key=value`, so that the levels may be given up without losing a name.
func (d *dataset) anonymous() bool {
	return !slices.ContainsFunc(d.levels, func(l level) bool { return l.named })
}

// head is a copy that absorbs others without changing d.
func (d *dataset) head() *dataset {
	clone := *d
	return &clone
}

// joined makes one dataset of a cluster, rooted at f. Members without levels are files of f itself: their leaves become one.
func (c cluster) joined(f *folder) *dataset {
	one := c[0].head()
	one.root, one.single, one.leaves, one.hidden = f, false, nil, nil
	for _, d := range c[1:] {
		one.absorb(d)
	}
	for _, d := range c {
		one.hidden = append(one.hidden, d.hidden...)
		for _, l := range d.leaves {
			if d.kind.uncertainty() > 0 {
				l.schema = d.namedAfter(one)
			}
			one.leaves = append(one.leaves, l)
		}
	}
	if len(one.levels) == 0 {
		one.leaves = []leaf{oneLeaf(one.leaves)}
	}
	return one
}

func oneLeaf(leaves []leaf) leaf {
	one := leaves[0]
	for _, l := range leaves[1:] {
		one.schema = merged(one.schema, l.schema)
		one.tally.merge(l.tally)
	}
	return one
}

// flattened gives up all levels: one table that is read with everything below its root.
func (d *dataset) flattened(others ...*dataset) *dataset {
	parent := d.root
	if len(d.levels) > 0 {
		parent = d.root.parent
	}
	all := append(cluster{d}, others...)
	for i, member := range all {
		bare := *member
		bare.levels = nil
		all[i] = &bare
	}
	one := all.joined(parent)
	one.leaves[0].location, one.leaves[0].values = parent.path, nil
	return one
}

// below makes d a child: the folder's name becomes a level.
func (d *dataset) below(name string) *dataset {
	l, value := splitLevel(name)
	child := *d
	child.levels = append([]level{l}, d.levels...)
	child.leaves = slices.Clone(d.leaves)
	for i := range child.leaves {
		child.leaves[i].values = append([]string{value}, child.leaves[i].values...)
	}
	return &child
}

// above takes the outermost level back: d is a table at its own root.
func (d *dataset) above() *dataset {
	own := *d
	own.levels = d.levels[1:]
	own.leaves = slices.Clone(d.leaves)
	for i := range own.leaves {
		own.leaves[i].values = own.leaves[i].values[1:]
	}
	return &own
}

// hide notes the sub-folders that a table of the folder's own files must not read. A table that is a single file reads nothing else anyway.
func (d *dataset) hide(f *folder) {
	if d.single {
		return
	}
	for _, child := range f.children {
		d.hidden = append(d.hidden, child.path)
	}
}

// settle drops outer levels that hold a single folder whose name says nothing: the table is what lies below.
func (d *dataset) settle() *dataset {
	for !d.fixed && len(d.levels) > 0 && !d.levels[0].named && d.sameFirst() {
		root := d.root.child(d.leaves[0].values[0])
		if root == nil {
			break
		}
		d = d.above()
		d.root = root
	}
	return d
}

func (d *dataset) sameFirst() bool {
	for _, l := range d.leaves[1:] {
		if l.values[0] != d.leaves[0].values[0] {
			return false
		}
	}
	return true
}
