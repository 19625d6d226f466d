package openformat

import (
	"maps"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// updating is a change of metadata by the updates of one request.
//
// An update that selects (set-current-schema, set-default-spec,
// set-default-sort-order) names an id, or -1 or nothing for what was added last.
// Ids are given by the table, not by the request: what the request added under
// an id of its own is found by that id as well.
type updating struct {
	*metadata
	schemas, specs, orders added
}

// added is what a request has added: the ids it used and those that were given.
type added struct {
	ids  map[int32]int
	last *int
}

func (a *added) note(asked *int32, id int) {
	if a.last = &id; asked != nil {
		if a.ids == nil {
			a.ids = map[int32]int{}
		}
		a.ids[*asked] = id
	}
}

// find is the id that a selecting update means.
func (a *added) find(asked *int32, what string) (int, error) {
	if asked == nil || *asked == -1 {
		if a.last == nil {
			return 0, terms.Invalid("No %s was added before it is selected.", what)
		}
		return *a.last, nil
	}
	if id, ok := a.ids[*asked]; ok {
		return id, nil
	}
	return int(*asked), nil
}

// update applies the updates of a request in their order.
func (m *metadata) update(updates []glueapi.IcebergTableUpdate) error {
	if len(updates) == 0 {
		return terms.Invalid("At least one update is required.")
	}
	u := &updating{metadata: m}
	for i := range updates {
		if err := u.apply(&updates[i]); err != nil {
			return err
		}
	}
	return m.fits()
}

func (u *updating) apply(in *glueapi.IcebergTableUpdate) error {
	if in.Action == nil {
		return u.all(in)
	}
	switch *in.Action {
	case "add-schema":
		return u.newSchema(in)
	case "set-current-schema":
		return u.selectSchema(in)
	case "add-spec":
		return u.newSpec(in)
	case "set-default-spec":
		return u.selectSpec(in)
	case "add-sort-order":
		return u.newOrder(in)
	case "set-default-sort-order":
		return u.selectOrder(in)
	case "set-location":
		return u.setLocation(in.Location)
	case "set-properties":
		return u.setProperties(in.Properties)
	case "remove-properties":
		return u.removeProperties(in.Properties)
	}
	return terms.Unsupported("UpdateTable", "the Iceberg update "+*in.Action)
}

// all applies an update without an action, the form before there were any: its
// members are what the table shall have.
func (u *updating) all(in *glueapi.IcebergTableUpdate) error {
	if in.EncryptionKey != nil || in.KeyId != nil {
		return terms.Unsupported("UpdateTable", "EncryptionKey of an Iceberg update")
	}
	steps := []func(*glueapi.IcebergTableUpdate) error{u.newSchema, u.selectLastSchema}
	if in.PartitionSpec != nil {
		steps = append(steps, u.newSpec, func(*glueapi.IcebergTableUpdate) error { u.DefaultSpecID = *u.specs.last; return nil })
	}
	if in.SortOrder != nil {
		steps = append(steps, u.newOrder, func(*glueapi.IcebergTableUpdate) error { u.DefaultSortOrderID = *u.orders.last; return nil })
	}
	for _, step := range steps {
		if err := step(in); err != nil {
			return err
		}
	}
	if err := u.setLocation(in.Location); err != nil {
		return err
	}
	return u.setProperties(in.Properties)
}

func (u *updating) newSchema(in *glueapi.IcebergTableUpdate) error {
	s, err := schemaOf(in.Schema, u.FormatVersion)
	if err != nil {
		return err
	}
	id, err := u.addSchema(s)
	u.schemas.note(in.Schema.SchemaId, id)
	return err
}

func (u *updating) selectSchema(in *glueapi.IcebergTableUpdate) error {
	id, err := u.schemas.find(in.Schema.SchemaId, "schema")
	if err != nil {
		return err
	}
	if u.schema(id) == nil {
		return terms.Invalid("Schema %d does not exist.", id)
	}
	u.CurrentSchemaID = id
	return nil
}

func (u *updating) selectLastSchema(*glueapi.IcebergTableUpdate) error {
	u.CurrentSchemaID = *u.schemas.last
	return nil
}

func (u *updating) newSpec(in *glueapi.IcebergTableUpdate) error {
	if in.PartitionSpec == nil {
		return terms.Invalid("The update add-spec needs PartitionSpec.")
	}
	id, err := u.addSpec(specOf(in.PartitionSpec))
	u.specs.note(in.PartitionSpec.SpecId, id)
	return err
}

func (u *updating) selectSpec(in *glueapi.IcebergTableUpdate) error {
	var asked *int32
	if in.PartitionSpec != nil {
		asked = in.PartitionSpec.SpecId
	}
	id, err := u.specs.find(asked, "partition spec")
	if err != nil {
		return err
	}
	if u.spec(id) == nil {
		return terms.Invalid("Partition spec %d does not exist.", id)
	}
	u.DefaultSpecID = id
	return nil
}

func (u *updating) newOrder(in *glueapi.IcebergTableUpdate) error {
	if in.SortOrder == nil {
		return terms.Invalid("The update add-sort-order needs SortOrder.")
	}
	id, err := u.addOrder(orderOf(in.SortOrder))
	u.orders.note(&in.SortOrder.OrderId, id)
	return err
}

func (u *updating) selectOrder(in *glueapi.IcebergTableUpdate) error {
	var asked *int32
	if in.SortOrder != nil {
		asked = &in.SortOrder.OrderId
	}
	id, err := u.orders.find(asked, "sort order")
	if err != nil {
		return err
	}
	if u.order(id) == nil {
		return terms.Invalid("Sort order %d does not exist.", id)
	}
	u.DefaultSortOrderID = id
	return nil
}

// fits refuses a current schema that lacks what the partitions or the order of
// new rows are made from.
func (m *metadata) fits() error {
	types := m.schema(m.CurrentSchemaID).types()
	for _, f := range m.spec(m.DefaultSpecID).Fields {
		if err := checkTransform(f.Transform, types[f.SourceID], f.SourceID); f.Transform != "void" && err != nil {
			return err
		}
	}
	for _, f := range m.order(m.DefaultSortOrderID).Fields {
		if err := checkTransform(f.Transform, types[f.SourceID], f.SourceID); err != nil {
			return err
		}
	}
	return nil
}

// reserved are the properties that metadata have members for.
var reserved = map[string]bool{
	"format-version": true, "uuid": true, "snapshot-count": true, "current-snapshot-id": true, "current-snapshot-summary": true,
	"current-snapshot-timestamp-ms": true, "current-schema": true, "default-partition-spec": true, "default-sort-order": true,
}

func (m *metadata) setProperties(properties map[string]string) error {
	for key := range properties {
		if reserved[key] {
			return terms.Invalid("The property %s is reserved.", key)
		}
	}
	if m.Properties == nil {
		m.Properties = map[string]string{}
	}
	maps.Copy(m.Properties, properties)
	return nil
}

func (m *metadata) removeProperties(properties map[string]string) error {
	for key := range properties {
		if reserved[key] {
			return terms.Invalid("The property %s is reserved.", key)
		}
		delete(m.Properties, key)
	}
	return nil
}
