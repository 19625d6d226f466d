package function

import (
	"context"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// maxPage is AWS's ceiling of a page.
const maxPage = 100

// GetUserDefinedFunctions lists the functions that the caller may use and whose name matches
// the pattern, by database and name: those of one database, or those of all.
func (f *Functions) GetUserDefinedFunctions(ctx context.Context, in *glueapi.GetUserDefinedFunctionsInput) (*glueapi.GetUserDefinedFunctionsOutput, error) {
	call := op.CallFrom(ctx)
	catalog, err := terms.Catalog(call, in.CatalogId)
	if err != nil {
		return nil, err
	}
	l := &listing{catalog: catalog, region: call.Region, size: terms.Size(in.MaxResults, maxPage), kind: in.FunctionType}
	if l.matches, _, err = terms.Names(&in.Pattern); err != nil {
		return nil, err
	}
	if in.DatabaseName != nil {
		l.database = arn.Fold(*in.DatabaseName)
	}
	parameters := *in
	parameters.NextToken, parameters.MaxResults = nil, nil
	after, err := f.Pages.After(call, catalog, &parameters, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &glueapi.GetUserDefinedFunctionsOutput{UserDefinedFunctions: []glueapi.UserDefinedFunction{}}
	next, err := f.gather(ctx, l, string(after), out)
	if err != nil || next == nil {
		return out, err
	}
	out.NextToken, err = f.Pages.Next(call, catalog, &parameters, next)
	return out, err
}

// listing is a GetUserDefinedFunctions request, checked.
type listing struct {
	catalog, region string
	database        string // empty: all of them
	matches         func(name string) (bool, error)
	kind            *string // FunctionType
	size            int
}

// gather fills a page and returns where the list goes on, nil at its end.
func (f *Functions) gather(ctx context.Context, l *listing, after string, out *glueapi.GetUserDefinedFunctionsOutput) (next []byte, err error) {
	err = f.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		if l.database != "" {
			if _, err := f.Databases.ID(ctx, tx, l.catalog, l.database); err != nil {
				return err
			}
		}
		all, err := f.keys(ctx, tx, l.catalog, l.database)
		if err != nil {
			return err
		}
		last := after
		for _, r := range all {
			position := string(terms.Key(r.database, r.name))
			if position <= after {
				continue
			}
			wanted, err := f.wanted(ctx, tx, l, r)
			if err != nil {
				return err
			}
			if wanted && len(out.UserDefinedFunctions) == l.size {
				next = []byte(last)
				return nil
			}
			if wanted {
				out.UserDefinedFunctions = append(out.UserDefinedFunctions, r.doc)
			}
			last = position
		}
		return nil
	})
	return next, err
}

// wanted reads a function and reports whether it belongs in the answer. One without a type
// counts as a regular function. What the caller may not see is not matched: a pattern that
// takes too long would tell of it.
func (f *Functions) wanted(ctx context.Context, tx *db.Tx, l *listing, r *row) (bool, error) {
	if !f.allowed(ctx, l, r) {
		return false, nil
	}
	if ok, err := l.matches(r.name); !ok || err != nil {
		return false, err
	}
	if err := r.read(ctx, tx); err != nil {
		return false, err
	}
	kind := glueapi.FunctionTypeRegularFunction
	if r.doc.FunctionType != nil {
		kind = *r.doc.FunctionType
	}
	return l.kind == nil || *l.kind == kind, nil
}

// allowed asks for the function, and for its database when the operation's row has not named
// it: a listing over all databases shows those of each that may be listed alone.
func (f *Functions) allowed(ctx context.Context, l *listing, r *row) bool {
	resources := []op.Resource{terms.Inside(l.region, l.catalog, "userDefinedFunction", r.database+"/"+r.name)}
	if l.database == "" {
		resources = append(resources, terms.DatabaseResource(l.region, l.catalog, r.database))
	}
	for _, resource := range resources {
		if !f.Authorizer.Allowed(ctx, op.Access{Action: "glue:GetUserDefinedFunctions", Resource: resource}) {
			return false
		}
	}
	return true
}
