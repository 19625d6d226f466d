package optimizer

import (
	"context"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// The types of optimizers.
const (
	compaction = "compaction"
	retention  = "retention"
	orphans    = "orphan_file_deletion"
)

// principalService is who assumes an optimizer's role.
const principalService = "glue.amazonaws.com"

// The hours between two runs, as the API's description bounds them.
const leastHours, mostHours = 3, 168

// check refuses a configuration that does not belong to the type, and a role
// that the caller may not pass.
func (o *Optimizers) check(ctx context.Context, kind string, c *glueapi.TableOptimizerConfiguration) error {
	for own, given := range map[string]bool{
		compaction: c.CompactionConfiguration != nil,
		retention:  c.RetentionConfiguration != nil,
		orphans:    c.OrphanFileDeletionConfiguration != nil,
	} {
		if given && own != kind {
			return terms.Invalid("A table optimizer of type %s cannot have the configuration of type %s.", kind, own)
		}
	}
	if err := numbers(c); err != nil {
		return err
	}
	return o.passRole(ctx, c.RoleArn)
}

// passRole checks that the caller may give Glue the role. The role must be of
// the caller's account, as everywhere in AWS.
func (o *Optimizers) passRole(ctx context.Context, role *string) error {
	if role == nil {
		return terms.Invalid("TableOptimizerConfiguration.roleArn is required.")
	}
	parsed, err := arn.Parse(*role)
	if err != nil || parsed.Service != "iam" || !strings.HasPrefix(parsed.Resource, "role/") {
		return terms.Invalid("Invalid role ARN: %s", *role)
	}
	err = o.Authorizer.Check(ctx, op.Access{
		Action: "iam:PassRole", Resource: op.Resource{ARN: *role}, Context: map[string][]string{"iam:passedtoservice": {principalService}},
	})
	if err == nil && parsed.Account != op.CallFrom(ctx).Account {
		err = &op.Denied{Message: "Cross-account pass role is not allowed."}
	}
	return err
}

// bound is a number of a configuration and what it must be at least and at most.
type bound struct {
	name        string
	value       *int32
	least, most int32
}

const unbounded = 1<<31 - 1

func numbers(c *glueapi.TableOptimizerConfiguration) error {
	for _, b := range bounds(c) {
		if b.value == nil || (*b.value >= b.least && *b.value <= b.most) {
			continue
		}
		if b.most == unbounded {
			return terms.Invalid("%s must be at least %d.", b.name, b.least)
		}
		return terms.Invalid("%s must be between %d and %d.", b.name, b.least, b.most)
	}
	return nil
}

func bounds(c *glueapi.TableOptimizerConfiguration) []bound {
	var out []bound
	if x := c.CompactionConfiguration; x != nil && x.IcebergConfiguration != nil {
		out = append(out,
			bound{"minInputFiles", x.IcebergConfiguration.MinInputFiles, 1, unbounded},
			bound{"deleteFileThreshold", x.IcebergConfiguration.DeleteFileThreshold, 1, unbounded})
	}
	if x := c.RetentionConfiguration; x != nil && x.IcebergConfiguration != nil {
		out = append(out,
			bound{"snapshotRetentionPeriodInDays", x.IcebergConfiguration.SnapshotRetentionPeriodInDays, 1, unbounded},
			bound{"numberOfSnapshotsToRetain", x.IcebergConfiguration.NumberOfSnapshotsToRetain, 1, unbounded},
			bound{"runRateInHours", x.IcebergConfiguration.RunRateInHours, leastHours, mostHours})
	}
	if x := c.OrphanFileDeletionConfiguration; x != nil && x.IcebergConfiguration != nil {
		out = append(out,
			bound{"orphanFileRetentionPeriodInDays", x.IcebergConfiguration.OrphanFileRetentionPeriodInDays, 1, unbounded},
			bound{"runRateInHours", x.IcebergConfiguration.RunRateInHours, leastHours, mostHours})
	}
	return out
}

// fits refuses a table that is not Iceberg's, and an orphan search outside of it.
func fits(table *glueapi.Table, c *glueapi.TableOptimizerConfiguration) error {
	if !strings.EqualFold(table.Parameters["table_type"], "ICEBERG") {
		return terms.Invalid("Table optimizers are supported for Apache Iceberg tables only; table %s is not one.", table.Name)
	}
	x := c.OrphanFileDeletionConfiguration
	if x == nil || x.IcebergConfiguration == nil || x.IcebergConfiguration.Location == nil {
		return nil
	}
	if location := *x.IcebergConfiguration.Location; !within(location, table) {
		return terms.Invalid("The location %s is not within the location of table %s.", location, table.Name)
	}
	return nil
}

func within(location string, table *glueapi.Table) bool {
	if table.StorageDescriptor == nil || table.StorageDescriptor.Location == nil {
		return false
	}
	folder := strings.TrimRight(*table.StorageDescriptor.Location, "/") + "/"
	return strings.HasPrefix(strings.TrimRight(location, "/")+"/", folder)
}

// merged is a configuration with the members that the change has.
func merged(old glueapi.TableOptimizerConfiguration, change *glueapi.TableOptimizerConfiguration) glueapi.TableOptimizerConfiguration {
	op.Take(&old.RoleArn, change.RoleArn)
	op.Take(&old.Enabled, change.Enabled)
	op.Take(&old.VpcConfiguration, change.VpcConfiguration)
	op.Take(&old.CompactionConfiguration, change.CompactionConfiguration)
	op.Take(&old.RetentionConfiguration, change.RetentionConfiguration)
	op.Take(&old.OrphanFileDeletionConfiguration, change.OrphanFileDeletionConfiguration)
	return old
}
