package partition

import (
	"crypto/sha256"
	"maps"
	"reflect"
	"slices"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// A stored partition is
//
//	16 bytes  hash of its shared descriptor, zero when it has no descriptor
//	rest      the beginning of the answer's JSON, up to the last member that is
//	          the partition's own: {"Values":["2026"],…,"StorageDescriptor":{"Location":"s3://b/x"
//
// The answer is that text, the shared descriptor's members ("Columns":…), and
// the table's ("DatabaseName":…). Columns, formats and SerDe are alike in most
// partitions of a table and large, so they are kept once per content; location
// and parameters differ, and stay with the partition.
const hashSize = 16

type hash [hashSize]byte

// document is a partition on its way into the store.
type document struct {
	values  []string
	payload []byte // what is stored of it
	shared  []byte // JSON of the shared descriptor, nil when there is none
	hash    hash
}

// author writes documents for one account. It remembers the shared descriptor
// that it wrote last: the partitions of a batch mostly have the same.
type author struct {
	account string
	last    *glueapi.StorageDescriptor
	text    []byte
	hash    hash
}

func newDocument(account string, in *glueapi.PartitionInput, created op.Millis) (*document, error) {
	return (&author{account: account}).document(in, created)
}

func (a *author) document(in *glueapi.PartitionInput, created op.Millis) (*document, error) {
	own := glueapi.PartitionFromInput(in)
	own.CreationTime, own.StorageDescriptor = &created, nil
	if own.Values == nil {
		own.Values = []string{}
	}
	d := &document{values: own.Values}
	head, err := terms.Write(glueapi.ShapePartition, own)
	if err != nil {
		return nil, err
	}
	head = head[:len(head)-1]
	if in.StorageDescriptor != nil {
		if head, err = a.split(d, head, in.StorageDescriptor); err != nil {
			return nil, err
		}
	}
	d.payload = append(d.hash[:], head...)
	return d, nil
}

// split appends the partition's own part of a descriptor and keeps the shared one.
func (a *author) split(d *document, head []byte, in *glueapi.StorageDescriptor) ([]byte, error) {
	own := &glueapi.StorageDescriptor{Location: in.Location, AdditionalLocations: in.AdditionalLocations, Parameters: in.Parameters}
	text, err := terms.Write(glueapi.ShapeStorageDescriptor, own)
	if err != nil {
		return nil, err
	}
	if err := a.share(in); err != nil {
		return nil, err
	}
	d.shared, d.hash = a.text, a.hash
	head = append(head, `,"StorageDescriptor":`...)
	return append(head, text[:len(text)-1]...), nil
}

// share writes the shared part of a descriptor, unless it is the last one again.
func (a *author) share(in *glueapi.StorageDescriptor) error {
	shared := terms.Descriptor(in)
	shared.Location, shared.AdditionalLocations, shared.Parameters = nil, nil, nil
	if a.last != nil && sameDescriptor(shared, a.last) {
		return nil
	}
	text, err := terms.Write(glueapi.ShapeStorageDescriptor, shared)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(append([]byte(a.account+"\x00"), text...))
	a.last, a.text, a.hash = shared, text, hash(sum[:hashSize])
	return nil
}

// sameDescriptor is reflect.DeepEqual with a faster way through the columns,
// which are most of it.
func sameDescriptor(a, b *glueapi.StorageDescriptor) bool {
	if (a.Columns == nil) != (b.Columns == nil) || !slices.EqualFunc(a.Columns, b.Columns, sameColumn) {
		return false
	}
	x, y := *a, *b
	x.Columns, y.Columns = nil, nil
	return reflect.DeepEqual(x, y)
}

func sameColumn(a, b glueapi.Column) bool {
	return a.Name == b.Name && sameText(a.Type, b.Type) && sameText(a.Comment, b.Comment) &&
		(a.Parameters == nil) == (b.Parameters == nil) && maps.Equal(a.Parameters, b.Parameters)
}

func sameText(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// splitPayload takes a stored partition apart.
func splitPayload(payload []byte) (h hash, head []byte, ok bool) {
	if len(payload) < hashSize+2 {
		return h, nil, false
	}
	return hash(payload[:hashSize]), payload[hashSize:], true
}

// own decodes what a stored partition holds itself: all but the shared members.
func own(payload []byte) (*glueapi.Partition, error) {
	h, head, _ := splitPayload(payload)
	text := append([]byte(nil), head...)
	if h != (hash{}) {
		text = append(text, '}')
	}
	return terms.Parse[glueapi.Partition](glueapi.ShapePartition, append(text, '}'))
}
