package terms

import "cmp"

// Quotas bound how much an account keeps. They are AWS's defaults, which AWS raises on request.
type Quotas struct {
	Catalogs         int64 // per account
	Databases        int64 // per account, and per catalog
	TablesInDatabase int64
	Tables           int64 // per account
	VersionsOfTable  int64
	Versions         int64 // per account
}

// DefaultQuotas are those of a new AWS account (reference catalog.md 18). AWS publishes none for named catalogs.
func DefaultQuotas() Quotas {
	return Quotas{Catalogs: 1000, Databases: 10_000, TablesInDatabase: 200_000, Tables: 1_000_000, VersionsOfTable: 100_000, Versions: 1_000_000}
}

// OrDefault fills in the default where nothing is set.
func (q Quotas) OrDefault() Quotas {
	d := DefaultQuotas()
	q.Catalogs, q.Databases = cmp.Or(q.Catalogs, d.Catalogs), cmp.Or(q.Databases, d.Databases)
	q.TablesInDatabase, q.Tables = cmp.Or(q.TablesInDatabase, d.TablesInDatabase), cmp.Or(q.Tables, d.Tables)
	q.VersionsOfTable, q.Versions = cmp.Or(q.VersionsOfTable, d.VersionsOfTable), cmp.Or(q.Versions, d.Versions)
	return q
}

// Usage is a change of what an account has.
type Usage struct{ Databases, Tables, Versions int64 }
