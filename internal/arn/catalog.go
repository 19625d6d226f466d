package arn

import "strings"

// SplitCatalog takes a CatalogId apart: the account that owns the catalog ("" for the caller's own) and the name of a named catalog ("" for the
// account's default one). The forms are "111122223333", "111122223333:name" and "name"; what is no account before a colon is answered as it is, so
// that it belongs to nobody.
func SplitCatalog(id string) (account, name string) {
	before, after, found := strings.Cut(id, ":")
	switch {
	case found:
		return before, after
	case id == "" || ValidAccount(id):
		return id, ""
	}
	return "", id
}
