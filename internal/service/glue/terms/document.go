package terms

import (
	"context"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/wire"
)

// Documents of the catalog are stored as the JSON of the answer and go out
// without being decoded. A service that calls on its caller's behalf gets
// structures instead: it reads them.

// WantsStructs reports whether the answer goes to another service of this
// program.
func WantsStructs(ctx context.Context) bool { return op.CallFrom(ctx).ViaAWS }

// Parse decodes a document of the given shape.
func Parse[T any](shape op.ShapeID, raw []byte) (*T, error) {
	out := new(T)
	if err := wire.UnmarshalJSON(&glueapi.Model, shape, raw, out); err != nil {
		return nil, err
	}
	return out, nil
}

// ParseAll decodes a list of documents.
func ParseAll[T any](shape op.ShapeID, raws []op.Raw) ([]T, error) {
	out := make([]T, len(raws))
	for i, raw := range raws {
		if err := wire.UnmarshalJSON(&glueapi.Model, shape, raw, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Write encodes a document of the given shape.
func Write(shape op.ShapeID, v any) ([]byte, error) {
	return wire.MarshalJSON(&glueapi.Model, shape, v)
}

// Descriptor copies a storage descriptor and gives the scalars that AWS always
// answers their defaults: clients read them without looking.
func Descriptor(in *glueapi.StorageDescriptor) *glueapi.StorageDescriptor {
	out := *in
	if out.Compressed == nil {
		out.Compressed = new(false)
	}
	if out.NumberOfBuckets == nil {
		out.NumberOfBuckets = new(int32(0))
	}
	if out.StoredAsSubDirectories == nil {
		out.StoredAsSubDirectories = new(false)
	}
	return &out
}
