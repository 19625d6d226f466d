package glue_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
)

// TestQuotasOfFunctionsAndConnections fills AWS's default quotas; what is deleted makes room.
func TestQuotasOfFunctionsAndConnections(t *testing.T) {
	now := clock.NewManual(begin)
	dbtest.RunConfig(t, db.Config{Clock: now}, func(t *testing.T, d *db.DB) {
		c := newCatalog(t, d, now)
		c.succeed(t, "CreateDatabase", `{"DatabaseInput":{"Name":"a"}}`)
		c.succeed(t, "CreateDatabase", `{"DatabaseInput":{"Name":"b"}}`)
		function := `{"DatabaseName":"%s","FunctionInput":{"FunctionName":"f%d"}}`
		for i := range 60 {
			c.succeed(t, "CreateUserDefinedFunction", fmt.Sprintf(function, "a", i))
		}
		for i := range 40 {
			c.succeed(t, "CreateUserDefinedFunction", fmt.Sprintf(function, "b", i))
		}
		c.overQuota(t, "CreateUserDefinedFunction", fmt.Sprintf(function, "b", 40))
		c.succeed(t, "DeleteDatabase", `{"Name":"a"}`)
		c.succeed(t, "CreateUserDefinedFunction", fmt.Sprintf(function, "b", 40))

		connection := `{"ConnectionInput":{"Name":"c%d","ConnectionType":"KAFKA","ConnectionProperties":{"KAFKA_BOOTSTRAP_SERVERS":"h:9092"}}}`
		for i := range 1000 {
			c.succeed(t, "CreateConnection", fmt.Sprintf(connection, i))
		}
		c.overQuota(t, "CreateConnection", fmt.Sprintf(connection, 1000))
		c.succeed(t, "DeleteConnection", `{"ConnectionName":"c7"}`)
		c.succeed(t, "CreateConnection", fmt.Sprintf(connection, 1000))
	})
}

func (c *catalog) succeed(t *testing.T, operation, input string) {
	t.Helper()
	if _, err := c.call(operation, input); err != nil {
		t.Fatalf("%s %s: %v", operation, input, err)
	}
}

func (c *catalog) overQuota(t *testing.T, operation, input string) {
	t.Helper()
	if _, err := c.call(operation, input); err == nil || !strings.Contains(err.Error(), "ResourceNumberLimitExceededException") {
		t.Fatalf("%s %s: %v, want the quota's refusal", operation, input, err)
	}
}
