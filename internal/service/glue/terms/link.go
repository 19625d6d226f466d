package terms

import (
	"context"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/op"
)

// Target is what a resource link points at. Table is empty for a link to a database.
type Target struct{ Catalog, Database, Table string }

// Link says that the call has met a resource link where it needs what the link points at. The facade follows it: it authorizes the call anew for the
// target and runs it again. So a resource does not know links; it only returns this error when it looks something up. Where it cannot be followed (an
// element of a batch, a link behind a link) it is the InvalidInputException inside.
type Link struct {
	*glueapi.InvalidInputException

	// At is the link itself, To what it points at.
	At, To Target
	// TargetTable is the member of a table link's document.
	TargetTable *glueapi.TableIdentifier
}

// DatabaseLink is the error of meeting a link to a database.
func DatabaseLink(catalog, name string, target *glueapi.DatabaseIdentifier) error {
	return &Link{
		InvalidInputException: &glueapi.InvalidInputException{Message: "Database " + name + " is a resource link, which cannot be followed here."},
		At:                    Target{Catalog: catalog, Database: name},
		To:                    Target{Catalog: op.Value(target.CatalogId), Database: op.Value(target.DatabaseName)},
	}
}

// TableLink is the error of meeting a link to a table.
func TableLink(catalog, database, name string, target *glueapi.TableIdentifier) error {
	return &Link{
		InvalidInputException: &glueapi.InvalidInputException{Message: "Table " + name + " is a resource link, which cannot be followed here."},
		At:                    Target{Catalog: catalog, Database: database, Table: name},
		To:                    Target{Catalog: op.Value(target.CatalogId), Database: op.Value(target.DatabaseName), Table: op.Value(target.Name)},
		TargetTable:           target,
	}
}

// LinkedDatabase checks what a new link to a database points at and answers it in the form that is stored: names folded, the catalog named.
func LinkedDatabase(call *op.Call, operation, catalog string, in *glueapi.DatabaseIdentifier) (*glueapi.DatabaseIdentifier, error) {
	out := *in
	if op.Value(in.DatabaseName) == "" {
		return nil, Invalid("TargetDatabase must have a DatabaseName.")
	}
	if in.Region != nil && *in.Region != call.Region {
		return nil, Unsupported(operation, "TargetDatabase.Region "+*in.Region)
	}
	to, err := targetCatalog(call, catalog, in.CatalogId)
	out.CatalogId, out.DatabaseName = &to, new(arn.Fold(*in.DatabaseName))
	return &out, err
}

// LinkedTable is [LinkedDatabase] for a link to a table.
func LinkedTable(call *op.Call, operation, catalog string, in *glueapi.TableIdentifier) (*glueapi.TableIdentifier, error) {
	out := *in
	if op.Value(in.DatabaseName) == "" || op.Value(in.Name) == "" {
		return nil, Invalid("TargetTable must have a DatabaseName and a Name.")
	}
	if in.Region != nil && *in.Region != call.Region {
		return nil, Unsupported(operation, "TargetTable.Region "+*in.Region)
	}
	to, err := targetCatalog(call, catalog, in.CatalogId)
	out.CatalogId, out.DatabaseName, out.Name = &to, new(arn.Fold(*in.DatabaseName)), new(arn.Fold(*in.Name))
	return &out, err
}

// targetCatalog is the catalog that a link points into: its own when it names none.
func targetCatalog(call *op.Call, own string, id *string) (string, error) {
	if op.Value(id) == "" {
		return own, nil
	}
	return Catalog(call, id)
}

type followedKey struct{}

// WithFollowed returns a context in which a link has been followed.
func WithFollowed(ctx context.Context, l *Link) context.Context {
	return context.WithValue(ctx, followedKey{}, l)
}

// Followed is the link that led here, nil when the call names its resources itself.
func Followed(ctx context.Context) *Link {
	l, _ := ctx.Value(followedKey{}).(*Link)
	return l
}

// AllAllowed reports whether the caller may do an action on all resources.
func AllAllowed(ctx context.Context, authorizer op.Authorizer, action string, resources ...op.Resource) bool {
	for _, r := range resources {
		if !authorizer.Allowed(ctx, op.Access{Action: action, Resource: r}) {
			return false
		}
	}
	return true
}
