package table

import (
	"context"
	"slices"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Views of the catalog that several engines can read have a definition: one
// representation per dialect, the objects they read, and who defined them. What
// Hive and Athena call a view is only a table with a text, and needs nothing here.

// The values of ViewUpdateAction.
const (
	addDialect          = "ADD"
	replaceDialect      = "REPLACE"
	addOrReplaceDialect = "ADD_OR_REPLACE"
	dropDialect         = "DROP"
)

// definerServices are the services that a view's definer is passed to.
var definerServices = []string{"glue.amazonaws.com", "lakeformation.amazonaws.com"}

// view is what is stored for a view's definition; nil for none. A definer is
// passed to Glue and Lake Formation, so the caller must be allowed to pass it;
// without one the caller defines the view.
func (t *Tables) view(ctx context.Context, operation string, in *glueapi.ViewDefinitionInput) (*glueapi.ViewDefinition, error) {
	if in == nil {
		return nil, nil
	}
	if err := refuseView(operation, in); err != nil {
		return nil, err
	}
	dialects, err := representations(operation, in.Representations)
	if err != nil {
		return nil, err
	}
	out := &glueapi.ViewDefinition{
		IsProtected: in.IsProtected, Definer: in.Definer, ViewVersionId: in.ViewVersionId, ViewVersionToken: in.ViewVersionToken,
		SubObjects: in.SubObjects, SubObjectVersionIds: in.SubObjectVersionIds, Representations: dialects,
	}
	if out.IsProtected == nil {
		out.IsProtected = new(false)
	}
	if out.Definer == nil {
		out.Definer = definer(op.CallFrom(ctx).Principal)
		return out, nil
	}
	return out, t.passDefiner(ctx, *out.Definer)
}

// refuseView names the parts of materialized views, which are not built, and
// what cannot be an object of the catalog.
func refuseView(operation string, in *glueapi.ViewDefinitionInput) error {
	const member = "TableInput.ViewDefinition."
	switch {
	case in.IsManaged != nil && *in.IsManaged:
		return terms.Unsupported(operation, member+"IsManaged")
	case in.RefreshSeconds != nil:
		return terms.Unsupported(operation, member+"RefreshSeconds")
	case in.LastRefreshType != nil:
		return terms.Unsupported(operation, member+"LastRefreshType")
	case in.SubObjectsStatistics != nil:
		return terms.Unsupported(operation, member+"SubObjectsStatistics")
	case in.SparkPipelineInfo != nil:
		return terms.Unsupported(operation, member+"SparkPipelineInfo")
	}
	for _, object := range in.SubObjects {
		if parsed, err := arn.Parse(object); err != nil || parsed.Service != "glue" {
			return terms.Invalid("Invalid sub object ARN: %s", object)
		}
	}
	return nil
}

func definer(p op.Principal) *string {
	if p.RoleARN != "" {
		return &p.RoleARN
	}
	return &p.ARN
}

func (t *Tables) passDefiner(ctx context.Context, role string) error {
	if _, err := arn.Parse(role); err != nil {
		return terms.Invalid("Invalid definer ARN: %s", role)
	}
	for _, service := range definerServices {
		err := t.Authorizer.Check(ctx, op.Access{
			Action: "iam:PassRole", Resource: op.Resource{ARN: role}, Context: map[string][]string{"iam:passedtoservice": {service}},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// representations checks the dialects of a view. Validating their texts by an
// engine over a connection is not built.
func representations(operation string, in []glueapi.ViewRepresentationInput) ([]glueapi.ViewRepresentation, error) {
	var out []glueapi.ViewRepresentation
	for i := range in {
		r := &in[i]
		switch {
		case r.ValidationConnection != nil:
			return nil, terms.Unsupported(operation, "TableInput.ViewDefinition.Representations.ValidationConnection")
		case r.Dialect == nil:
			return nil, terms.Invalid("A view representation needs a dialect.")
		case position(out, *r.Dialect) >= 0:
			return nil, terms.Invalid("Duplicate view dialect: %s.", *r.Dialect)
		}
		out = append(out, glueapi.ViewRepresentation{
			Dialect: r.Dialect, DialectVersion: r.DialectVersion, ViewOriginalText: r.ViewOriginalText, ViewExpandedText: r.ViewExpandedText,
			IsStale: new(false),
		})
	}
	if len(out) == 0 {
		return nil, terms.Invalid("A view definition needs at least one representation.")
	}
	return out, nil
}

// position is where a dialect is among the representations, or -1.
func position(all []glueapi.ViewRepresentation, dialect string) int {
	return slices.IndexFunc(all, func(r glueapi.ViewRepresentation) bool { return *r.Dialect == dialect })
}

// dialects is a view's definition after an action with the dialects of given.
func dialects(action, name string, old *glueapi.ViewDefinition, given []glueapi.ViewRepresentation) ([]glueapi.ViewRepresentation, error) {
	out := slices.Clone(old.Representations)
	for _, r := range given {
		at := position(out, *r.Dialect)
		switch {
		case at >= 0 && action == addDialect:
			return nil, terms.Exists("Dialect " + *r.Dialect + " already exists in view " + name + ".")
		case at < 0 && (action == replaceDialect || action == dropDialect):
			return nil, terms.NotFound("Dialect %s not found in view %s.", *r.Dialect, name)
		case action == dropDialect:
			out = slices.Delete(out, at, at+1)
		case at >= 0:
			out[at] = r
		default:
			out = append(out, r)
		}
	}
	if len(out) == 0 {
		return nil, terms.Invalid("The last dialect of view %s cannot be dropped.", name)
	}
	return out, nil
}

// withDialects is the stored view after the action of an update. next is the
// table that its input describes.
func (r *row) withDialects(in *glueapi.UpdateTableInput, next *glueapi.Table) (*glueapi.Table, error) {
	old, err := r.parse()
	if err != nil {
		return nil, err
	}
	if old.ViewDefinition == nil {
		return nil, terms.Invalid("Table %s is not a multi-dialect view.", old.Name)
	}
	given := in.TableInput.ViewDefinition
	definition := *old.ViewDefinition
	definition.Representations, err = dialects(*in.ViewUpdateAction, old.Name, &definition, next.ViewDefinition.Representations)
	if err != nil {
		return nil, err
	}
	if !sameView(old, next, given) {
		if in.Force == nil || !*in.Force {
			return nil, terms.Invalid("The definer, storage descriptor and sub objects must match those of view %s.", old.Name)
		}
		markStale(definition.Representations, next.ViewDefinition.Representations)
		op.Take(&definition.IsProtected, given.IsProtected)
		op.Take(&definition.Definer, given.Definer)
		if given.SubObjects != nil {
			definition.SubObjects, definition.SubObjectVersionIds = given.SubObjects, given.SubObjectVersionIds
		}
	}
	out := overlay(*old, next)
	out.ViewDefinition = &definition
	return out, nil
}

// sameView reports whether what an update says of a view, beside its dialects,
// is what the view has. Force lets it be something else; the dialects that were
// not given are stale then.
func sameView(old, next *glueapi.Table, given *glueapi.ViewDefinitionInput) bool {
	have := old.ViewDefinition
	switch {
	case given.SubObjects != nil && !slices.Equal(given.SubObjects, have.SubObjects),
		given.Definer != nil && *given.Definer != op.Value(have.Definer),
		given.IsProtected != nil && *given.IsProtected != *have.IsProtected:
		return false
	case next.StorageDescriptor == nil || next.StorageDescriptor.Columns == nil:
		return true
	}
	var columns []glueapi.Column
	if old.StorageDescriptor != nil {
		columns = old.StorageDescriptor.Columns
	}
	return slices.EqualFunc(next.StorageDescriptor.Columns, columns, func(a, b glueapi.Column) bool {
		return a.Name == b.Name && op.Value(a.Type) == op.Value(b.Type)
	})
}

// markStale marks the representations that were made for other columns.
func markStale(all, fresh []glueapi.ViewRepresentation) {
	for i := range all {
		if position(fresh, *all[i].Dialect) < 0 {
			all[i].IsStale = new(true)
		}
	}
}

// overlay is a table with the members that the input of a change of dialects has.
func overlay(old glueapi.Table, next *glueapi.Table) *glueapi.Table {
	op.Take(&old.Description, next.Description)
	op.Take(&old.Owner, next.Owner)
	op.Take(&old.LastAccessTime, next.LastAccessTime)
	op.Take(&old.LastAnalyzedTime, next.LastAnalyzedTime)
	op.Take(&old.StorageDescriptor, next.StorageDescriptor)
	op.Take(&old.ViewOriginalText, next.ViewOriginalText)
	op.Take(&old.ViewExpandedText, next.ViewExpandedText)
	op.Take(&old.TableType, next.TableType)
	if next.Parameters != nil {
		old.Parameters = next.Parameters
	}
	return &old
}

// withStatus adds the state of the last request to create or change a view. It
// was carried out before it was answered, so it has succeeded. (Who changed a
// view is not kept; who made it is.)
func withStatus(raw op.Raw) (op.Raw, error) {
	doc, err := terms.Parse[glueapi.Table](glueapi.ShapeTable, raw)
	if err != nil || doc.ViewDefinition == nil {
		return raw, err
	}
	doc.Status = &glueapi.TableStatus{RequestTime: doc.UpdateTime, UpdateTime: doc.UpdateTime, Action: new("UPDATE"), State: new("SUCCESS")}
	if op.Value(doc.VersionId) == "0" {
		doc.Status.Action, doc.Status.RequestedBy, doc.Status.UpdatedBy = new("CREATE"), doc.CreatedBy, doc.CreatedBy
	}
	return terms.Write(glueapi.ShapeTable, doc)
}
