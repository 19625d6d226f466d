package gateway

import (
	"slices"
	"testing"

	"github.com/bindery-project/bindery/internal/api/glueapi"
)

// What is inside a named catalog carries its name, and the catalog itself has to
// be allowed too; a bare name is the caller's own catalog.
func TestRowsOfNamedCatalogs(t *testing.T) {
	own, other, nobody := "lake", "999988887777:lake", "x:lake"
	for _, c := range []struct {
		name string
		in   any
		want []string
	}{
		{"GetTable", &glueapi.GetTableInput{CatalogId: &own, DatabaseName: "db", Name: "t"}, []string{
			"arn:aws:glue:eu-west-1:111122223333:catalog", "arn:aws:glue:eu-west-1:111122223333:catalog/lake",
			"arn:aws:glue:eu-west-1:111122223333:database/lake/db", "arn:aws:glue:eu-west-1:111122223333:table/lake/db/t",
		}},
		{"DeleteDatabase", &glueapi.DeleteDatabaseInput{CatalogId: &other, Name: "db"}, []string{
			"arn:aws:glue:eu-west-1:999988887777:catalog", "arn:aws:glue:eu-west-1:999988887777:catalog/lake",
			"arn:aws:glue:eu-west-1:999988887777:database/lake/db", "arn:aws:glue:eu-west-1:999988887777:table/lake/db/*",
			"arn:aws:glue:eu-west-1:999988887777:userDefinedFunction/lake/db/*",
		}},
		{"BatchDeleteTable", &glueapi.BatchDeleteTableInput{CatalogId: &other, DatabaseName: "db", TablesToDelete: []string{"a", "b"}}, []string{
			"arn:aws:glue:eu-west-1:999988887777:catalog", "arn:aws:glue:eu-west-1:999988887777:catalog/lake",
			"arn:aws:glue:eu-west-1:999988887777:database/lake/db", "arn:aws:glue:eu-west-1:999988887777:table/lake/db/a",
			"arn:aws:glue:eu-west-1:999988887777:table/lake/db/b",
		}},
		// An account that is none owns nothing that a policy could allow.
		{"GetDatabase", &glueapi.GetDatabaseInput{CatalogId: &nobody, Name: "db"}, []string{
			"arn:aws:glue:eu-west-1:x:catalog", "arn:aws:glue:eu-west-1:x:catalog/lake", "arn:aws:glue:eu-west-1:x:database/lake/db",
		}},
	} {
		if got := arnsOf(t, c.name, c.in); !slices.Equal(got, c.want) {
			t.Errorf("%s\nwant %q\ngot  %q", c.name, c.want, got)
		}
	}
}
