package partkey

import "strings"

// Index is a second order of a table's partitions: by the components of some of
// their keys, in the index's own order, and then by their stored keys.
type Index struct {
	ID    int64
	Name  string
	Keys  []int  // positions of the table's keys
	Kinds []Kind // of the keys, by their declared types; they stay while there is the index
	Ready bool   // whether every partition is in it
}

// MaxEntry bounds the index's part of an entry; longer ones are clipped. With
// a stored key behind it an entry stays below what Postgres can index.
const MaxEntry = 1000

// Entry is where partitions with the given values stand in the index.
func (x *Index) Entry(values []string) []byte {
	var out []byte
	for i, position := range x.Keys {
		out, _ = AppendComponent(out, x.Kinds[i], values[position])
	}
	return out[:min(len(out), MaxEntry)]
}

// Covers reports whether a key is part of the index.
func (x *Index) Covers(position int) bool {
	for _, k := range x.Keys {
		if k == position {
			return true
		}
	}
	return false
}

// Reserved are the characters that no value of an indexed key may have: AWS's
// own entries are put together with them.
const Reserved = "\x00\x01\x02"

// HasReserved reports whether a value has one of them.
func HasReserved(value string) bool { return strings.ContainsAny(value, Reserved) }

// Stored is a partition as indexes see it.
type Stored struct {
	Key    []byte
	Values []string
}
