package partkey

import (
	"strings"
)

// Kind is how the values of a partition key compare.
type Kind string

// The kinds. Opaque values (float, boolean, binary, nested types) have no
// comparison in the service; they are ordered as text.
const (
	Text      Kind = "text"
	Integer   Kind = "integer"
	Decimal   Kind = "decimal"
	Date      Kind = "date"
	Timestamp Kind = "timestamp"
	Opaque    Kind = "opaque"
)

var kinds = map[string]Kind{
	"string": Text, "char": Text, "varchar": Text,
	"int": Integer, "integer": Integer, "bigint": Integer, "long": Integer, "smallint": Integer, "tinyint": Integer,
	"decimal": Decimal, "date": Date, "timestamp": Timestamp,
}

// KindOf is the kind of a Hive type: "varchar(20)" is Text.
func KindOf(hiveType string) Kind {
	name, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(hiveType)), "(")
	if k, ok := kinds[strings.TrimSpace(name)]; ok {
		return k
	}
	return Opaque
}

// asText reports whether values of the kind are ordered and kept as their text.
func (k Kind) asText() bool { return k == Text || k == Opaque }

// Key is a partition key of a table.
type Key struct {
	Name string
	Type string // Hive type
}

// Layout is the partition keys of a table, and how the stored keys of its
// partitions are built. Number tells partitions of different layouts apart.
// Kinds are what the keys had when the layout was made: when a table's key types
// change while it has partitions, Keys change and Kinds stay, so that every
// partition is still found under the key that it was stored with.
type Layout struct {
	Number int64
	Keys   []Key
	Kinds  []Kind
}

// NewLayout is the layout of a table without partitions.
func NewLayout(number int64, keys []Key) Layout {
	l := Layout{Number: number, Keys: keys, Kinds: make([]Kind, len(keys))}
	for i, k := range keys {
		l.Kinds[i] = KindOf(k.Type)
	}
	return l
}

// Fits reports whether the stored keys are built by the keys' present types.
func (l *Layout) Fits() bool {
	if len(l.Keys) != len(l.Kinds) {
		return false
	}
	for i, k := range l.Keys {
		if KindOf(k.Type) != l.Kinds[i] {
			return false
		}
	}
	return true
}

// KindAt is the kind by which the value at position i is stored.
func (l *Layout) KindAt(i int) Kind {
	if i < len(l.Kinds) {
		return l.Kinds[i]
	}
	return Opaque
}
