package crawler

import (
	"cmp"
	"slices"
	"strings"
)

// Leaf is a folder with the objects that lie directly in it, ordered by key.
type Leaf struct {
	Folder  string // key prefix with `/` at the end; empty for the bucket
	Objects []Object
}

// Leaves sorts objects into their folders, without the hidden ones. A crawl with a SampleSize inspects objects of each leaf in order until that
// many gave a result, and all of them without one; going on after a broken file is what makes a good one behind it count.
func Leaves(include IncludePath, objects []Object) []Leaf {
	byFolder := map[string][]Object{}
	for _, o := range objects {
		if Hidden(include.Relative(o.Key), o.Size) {
			continue
		}
		folder := o.Key[:strings.LastIndexByte(o.Key, '/')+1]
		byFolder[folder] = append(byFolder[folder], o)
	}
	leaves := make([]Leaf, 0, len(byFolder))
	for folder, own := range byFolder {
		slices.SortFunc(own, func(a, b Object) int { return cmp.Compare(a.Key, b.Key) })
		leaves = append(leaves, Leaf{Folder: folder, Objects: own})
	}
	slices.SortFunc(leaves, func(a, b Leaf) int { return cmp.Compare(a.Folder, b.Folder) })
	return leaves
}
