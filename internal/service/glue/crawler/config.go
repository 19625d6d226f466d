package crawler

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
)

// Words of the Configuration document.
const (
	MergeNewColumns          = "MergeNewColumns"
	InheritFromTable         = "InheritFromTable"
	CombineCompatibleSchemas = "CombineCompatibleSchemas"
)

// Configuration is the JSON text of Crawler.Configuration. Its zero value is Glue's default behaviour.
type Configuration struct {
	Version              float64             `json:"Version"`
	CrawlerOutput        OutputConfiguration `json:"CrawlerOutput,omitzero"`
	Grouping             GroupingPolicy      `json:"Grouping,omitzero"`
	CreatePartitionIndex *bool               `json:"CreatePartitionIndex,omitzero"`
}

// OutputConfiguration says how tables and partitions that exist are updated.
type OutputConfiguration struct {
	Tables     TableOutput     `json:"Tables,omitzero"`
	Partitions PartitionOutput `json:"Partitions,omitzero"`
}

// TableOutput is CrawlerOutput.Tables.
type TableOutput struct {
	AddOrUpdateBehavior string `json:"AddOrUpdateBehavior,omitzero"` // "" or MergeNewColumns
	TableThreshold      int    `json:"TableThreshold,omitzero"`      // most tables a crawl may find; 0 = any number
}

// PartitionOutput is CrawlerOutput.Partitions.
type PartitionOutput struct {
	AddOrUpdateBehavior string `json:"AddOrUpdateBehavior,omitzero"` // "" or InheritFromTable
}

// GroupingPolicy is Grouping.
type GroupingPolicy struct {
	TableGroupingPolicy     string `json:"TableGroupingPolicy,omitzero"`     // "" or CombineCompatibleSchemas
	TableLevelConfiguration int    `json:"TableLevelConfiguration,omitzero"` // depth of the tables' folders, the bucket is 1; 0 = inferred
}

// ParseConfiguration reads Crawler.Configuration; empty text is the default. A member that Glue does not know is refused: an option that is
// accepted and then ignored would promise what nobody does.
func ParseConfiguration(text string) (Configuration, error) {
	var c Configuration
	if text == "" {
		return c, nil
	}
	if err := json.Unmarshal([]byte(text), &c, json.RejectUnknownMembers(true)); err != nil {
		return Configuration{}, fmt.Errorf("crawler configuration: %w", err)
	}
	if err := c.check(); err != nil {
		return Configuration{}, fmt.Errorf("crawler configuration: %w", err)
	}
	return c, nil
}

func (c Configuration) check() error {
	tables, partitions, grouping := c.CrawlerOutput.Tables, c.CrawlerOutput.Partitions, c.Grouping
	switch {
	case c.Version != 1:
		return errors.New("member Version must be 1.0")
	case tables.AddOrUpdateBehavior != "" && tables.AddOrUpdateBehavior != MergeNewColumns:
		return fmt.Errorf("Tables.AddOrUpdateBehavior %q is not MergeNewColumns", tables.AddOrUpdateBehavior)
	case tables.TableThreshold < 0:
		return fmt.Errorf("TableThreshold %d is negative", tables.TableThreshold)
	case partitions.AddOrUpdateBehavior != "" && partitions.AddOrUpdateBehavior != InheritFromTable:
		return fmt.Errorf("Partitions.AddOrUpdateBehavior %q is not InheritFromTable", partitions.AddOrUpdateBehavior)
	case grouping.TableGroupingPolicy != "" && grouping.TableGroupingPolicy != CombineCompatibleSchemas:
		return fmt.Errorf("TableGroupingPolicy %q is not CombineCompatibleSchemas", grouping.TableGroupingPolicy)
	case grouping.TableLevelConfiguration < 0:
		return fmt.Errorf("TableLevelConfiguration %d is negative", grouping.TableLevelConfiguration)
	}
	return nil
}

// CheckThreshold refuses a crawl that found more tables than TableThreshold allows; nothing is written then. (Wording unverified.)
func (c Configuration) CheckThreshold(found int) error {
	limit := c.CrawlerOutput.Tables.TableThreshold
	if limit == 0 || found <= limit {
		return nil
	}
	return fmt.Errorf("The number of tables detected by crawler: %d is greater than the table threshold value provided: %d. No tables will be created or updated", found, limit) //nolint:staticcheck // AWS's words
}
