package openformat

import (
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// order is how rows are sorted within a file. Order 0 has no fields.
type order struct {
	ID     int            `json:"order-id"`
	Fields []sortField    `json:"fields"`
	Rest   jsontext.Value `json:",embed"`
}

type sortField struct {
	Transform string         `json:"transform"`
	SourceID  int            `json:"source-id"`
	Direction string         `json:"direction"`
	NullOrder string         `json:"null-order"`
	Rest      jsontext.Value `json:",embed"`
}

// order is the sort order with an id, or nil.
func (m *metadata) order(id int) *order {
	at := slices.IndexFunc(m.SortOrders, func(o order) bool { return o.ID == id })
	if at < 0 {
		return nil
	}
	return &m.SortOrders[at]
}

// orderOf reads a sort order of a request; nil is that of unsorted tables.
func orderOf(in *glueapi.IcebergSortOrder) *order {
	out := &order{Fields: []sortField{}}
	if in == nil {
		return out
	}
	for _, f := range in.Fields {
		out.Fields = append(out.Fields, sortField{
			Transform: f.Transform, SourceID: int(f.SourceId), Direction: f.Direction, NullOrder: f.NullOrder,
		})
	}
	return out
}

// addOrder adds a sort order and answers its id; one that is there already is
// found again.
func (m *metadata) addOrder(o *order) (int, error) {
	types := m.schema(m.CurrentSchemaID).types()
	for _, f := range o.Fields {
		if err := checkTransform(f.Transform, types[f.SourceID], f.SourceID); err != nil {
			return 0, err
		}
		if f.Transform == "void" {
			return 0, terms.Invalid("Rows cannot be sorted by the transform void.")
		}
	}
	next := min(1, len(o.Fields))
	for i := range m.SortOrders {
		if same(m.SortOrders[i].Fields, o.Fields) {
			return m.SortOrders[i].ID, nil
		}
		next = max(next, m.SortOrders[i].ID+1)
	}
	o.ID = next
	m.SortOrders = append(m.SortOrders, *o)
	return next, nil
}
