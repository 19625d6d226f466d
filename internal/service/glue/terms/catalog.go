package terms

import (
	"strings"

	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/op"
)

// A catalog's id is its account's ("111122223333") or, for a named catalog, that and its name ("111122223333:lake"). The functions below make and
// read such ids; the resources inside a catalog keep them as the first part of their keys.

// Catalog is the id of the catalog that a call is about: the caller's default catalog when none is given. A name alone is one of the caller's own.
// Whether a named catalog exists is for the caller to find out.
func Catalog(call *op.Call, id *string) (string, error) {
	if id == nil || *id == "" {
		return call.Account, nil
	}
	account, name := arn.SplitCatalog(*id)
	if account == "" {
		account = call.Account
	}
	if !arn.ValidAccount(account) || strings.ContainsAny(name, ":/") {
		return "", NoCatalog(*id)
	}
	return CatalogID(account, name), nil
}

// CatalogID is the id of an account's catalog; name is "" for the default one.
func CatalogID(account, name string) string {
	if name == "" {
		return account
	}
	return account + ":" + name
}

// Owner is the account that a catalog belongs to.
func Owner(catalog string) string {
	account, _, _ := strings.Cut(catalog, ":")
	return account
}

// CatalogName is the name of a named catalog, "" for a default one.
func CatalogName(catalog string) string {
	_, name, _ := strings.Cut(catalog, ":")
	return name
}

// NoCatalog says that a catalog does not exist.
func NoCatalog(id string) error { return NotFound("Catalog %s not found.", id) }

// CatalogResources are what must be allowed for anything inside a catalog: the account's root catalog and, when it is a named one, the catalog.
func CatalogResources(region, catalog string) []op.Resource {
	account, name, named := strings.Cut(catalog, ":")
	out := []op.Resource{{ARN: arn.Glue(region, account, "catalog"), Account: account}}
	if named {
		out = append(out, op.Resource{ARN: arn.Glue(region, account, "catalog/"+name), Account: account})
	}
	return out
}

// Inside is a resource of a kind inside a catalog: the name of a named catalog comes before its own path ("table/lake/sales/orders").
func Inside(region, catalog, kind, path string) op.Resource {
	account, name, named := strings.Cut(catalog, ":")
	if named {
		path = name + "/" + path
	}
	return op.Resource{ARN: arn.Glue(region, account, kind+"/"+path), Account: account}
}

// DatabaseResource is a database; the name is folded already.
func DatabaseResource(region, catalog, database string) op.Resource {
	return Inside(region, catalog, "database", database)
}

// TableResource is a table; the names are folded already.
func TableResource(region, catalog, database, table string) op.Resource {
	return Inside(region, catalog, "table", database+"/"+table)
}

// CatalogKey is [Key] for what is inside a catalog: a named one's name comes first, after an empty part that no database has for its name.
func CatalogKey(catalog string, parts ...string) []byte {
	if name := CatalogName(catalog); name != "" {
		parts = append([]string{"", name}, parts...)
	}
	return Key(parts...)
}
