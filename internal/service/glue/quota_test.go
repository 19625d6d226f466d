package glue_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// quotaCase is a line of requests of which only the last is refused.
type quotaCase struct {
	quotas terms.Quotas
	free   []string // what makes room again
	steps  []string
}

var quotaCases = map[string]quotaCase{
	"catalogs": {
		quotas: terms.Quotas{Catalogs: 1},
		steps:  []string{`CreateCatalog {"Name":"a","CatalogInput":{}}`, `CreateCatalog {"Name":"b","CatalogInput":{}}`},
		free:   []string{`DeleteCatalog {"CatalogId":"a"}`},
	},
	"databases in a catalog": {
		quotas: terms.Quotas{Databases: 2},
		steps:  []string{createDatabase("a"), createDatabase("b"), createDatabase("c")},
		free:   []string{`DeleteDatabase {"Name":"a"}`},
	},
	"databases in all catalogs": {
		quotas: terms.Quotas{Databases: 2},
		steps: []string{
			`CreateCatalog {"Name":"lake","CatalogInput":{}}`, `CreateDatabase {"CatalogId":"lake","DatabaseInput":{"Name":"a"}}`,
			createDatabase("b"), createDatabase("c"),
		},
		free: []string{`DeleteCatalog {"CatalogId":"lake"}`},
	},
	"tables in a database": {
		quotas: terms.Quotas{TablesInDatabase: 2},
		steps:  []string{createDatabase("a"), createTable("a", "1"), createTable("a", "2"), createTable("a", "3")},
		free:   []string{`BatchDeleteTable {"DatabaseName":"a","TablesToDelete":["1"]}`},
	},
	"tables in all databases": {
		quotas: terms.Quotas{Tables: 2},
		steps:  []string{createDatabase("a"), createDatabase("b"), createTable("a", "1"), createTable("a", "2"), createTable("b", "1")},
		free:   []string{`DeleteDatabase {"Name":"a"}`},
	},
	"versions of a table": {
		quotas: terms.Quotas{VersionsOfTable: 2},
		steps:  []string{createDatabase("a"), createTable("a", "1"), updateTable("a", "1"), updateTable("a", "1")},
		free:   []string{`DeleteTableVersion {"DatabaseName":"a","TableName":"1","VersionId":"0"}`},
	},
	"versions of all tables": {
		quotas: terms.Quotas{Versions: 2},
		steps: []string{
			createDatabase("a"), createDatabase("b"), createTable("a", "1"), createTable("b", "1"),
			updateTable("a", "1"), updateTable("a", "1"), updateTable("b", "1"),
		},
		free: []string{`DeleteTable {"DatabaseName":"a","Name":"1"}`},
	},
	"versions of a deleted database": {
		quotas: terms.Quotas{Versions: 1},
		steps:  []string{createDatabase("a"), createDatabase("b"), createTable("a", "1"), createTable("b", "1"), updateTable("a", "1"), updateTable("b", "1")},
		free:   []string{`DeleteDatabase {"Name":"a"}`},
	},
}

func createDatabase(name string) string {
	return fmt.Sprintf(`CreateDatabase {"DatabaseInput":{"Name":%q}}`, name)
}

func createTable(database, name string) string {
	return fmt.Sprintf(`CreateTable {"DatabaseName":%q,"TableInput":{"Name":%q}}`, database, name)
}

func updateTable(database, name string) string {
	return fmt.Sprintf(`UpdateTable {"DatabaseName":%q,"TableInput":{"Name":%q}}`, database, name)
}

// What is beyond a quota is refused and changes nothing; deleting makes room again.
func TestQuotas(t *testing.T) {
	for name, c := range quotaCases {
		t.Run(name, func(t *testing.T) {
			now := clock.NewManual(begin)
			dbtest.RunConfig(t, db.Config{Clock: now}, func(t *testing.T, d *db.DB) { c.run(t, newCatalogWith(t, d, now, c.quotas)) })
		})
	}
}

func (q quotaCase) run(t *testing.T, c *catalog) {
	t.Helper()
	last := len(q.steps) - 1
	for _, step := range q.steps[:last] {
		c.mustStep(t, step)
	}
	for range 2 {
		if _, err := c.call(cut(q.steps[last])); err == nil || !strings.HasPrefix(err.Error(), "ResourceNumberLimitExceededException") {
			t.Fatalf("%s: %v", q.steps[last], err)
		}
	}
	for _, step := range append(q.free, q.steps[last]) {
		c.mustStep(t, step)
	}
}

func cut(step string) (operation, input string) {
	operation, input, _ = strings.Cut(step, " ")
	return operation, input
}

func (c *catalog) mustStep(t *testing.T, step string) {
	t.Helper()
	c.mustCall(t, strings.SplitN(step, " ", 2)[0], strings.SplitN(step, " ", 2)[1])
}
