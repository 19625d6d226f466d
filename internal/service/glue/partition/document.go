package partition

import (
	"crypto/sha256"

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

func newDocument(account string, in *glueapi.PartitionInput, created op.Millis) (*document, error) {
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
		if head, err = d.split(account, head, in.StorageDescriptor); err != nil {
			return nil, err
		}
	}
	d.payload = append(d.hash[:], head...)
	return d, nil
}

// split appends the partition's own part of a descriptor and keeps the shared one.
func (d *document) split(account string, head []byte, in *glueapi.StorageDescriptor) ([]byte, error) {
	shared := terms.Descriptor(in)
	shared.Location, shared.AdditionalLocations, shared.Parameters = nil, nil, nil
	own := &glueapi.StorageDescriptor{Location: in.Location, AdditionalLocations: in.AdditionalLocations, Parameters: in.Parameters}
	var err error
	if d.shared, err = terms.Write(glueapi.ShapeStorageDescriptor, shared); err != nil {
		return nil, err
	}
	text, err := terms.Write(glueapi.ShapeStorageDescriptor, own)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append([]byte(account+"\x00"), d.shared...))
	d.hash = hash(sum[:hashSize])
	head = append(head, `,"StorageDescriptor":`...)
	return append(head, text[:len(text)-1]...), nil
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
