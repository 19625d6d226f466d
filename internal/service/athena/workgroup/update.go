package workgroup

import (
	"strings"

	"github.com/bindery-project/bindery/internal/api/athenaapi"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/athena/objects"
	"github.com/bindery-project/bindery/internal/service/athena/terms"
)

// check refuses settings that are wrong, or that nothing would heed.
func check(u *athenaapi.WorkGroupConfigurationUpdates) error {
	if u == nil {
		return nil
	}
	for _, part := range []struct {
		given bool
		name  string
	}{
		{yes(u.PublishCloudWatchMetricsEnabled), "PublishCloudWatchMetricsEnabled"},
		{yes(u.RequesterPaysEnabled), "RequesterPaysEnabled"},
		{yes(u.EnableMinimumEncryptionConfiguration), "EnableMinimumEncryptionConfiguration"},
		{u.CustomerContentEncryptionConfiguration != nil, "CustomerContentEncryptionConfiguration"},
		{u.ManagedQueryResultsConfigurationUpdates != nil && yes(u.ManagedQueryResultsConfigurationUpdates.Enabled), "ManagedQueryResultsConfiguration"},
		{u.QueryResultsS3AccessGrantsConfiguration != nil, "QueryResultsS3AccessGrantsConfiguration"},
		{u.MonitoringConfiguration != nil, "MonitoringConfiguration"},
		{u.EngineConfiguration != nil, "EngineConfiguration"},
		{u.ExecutionRole != nil, "ExecutionRole"},
		{u.AdditionalConfiguration != nil, "AdditionalConfiguration"},
	} {
		if part.given {
			return terms.Unsupported(part.name + " of a workgroup")
		}
	}
	if v := u.EngineVersion; v != nil && v.SelectedEngineVersion != nil && !selectable(*v.SelectedEngineVersion) {
		return terms.Invalid("Invalid engine version: %s", *v.SelectedEngineVersion)
	}
	return checkResults(u.ResultConfigurationUpdates)
}

func checkResults(r *athenaapi.ResultConfigurationUpdates) error {
	if r == nil {
		return nil
	}
	if r.EncryptionConfiguration != nil {
		return terms.Unsupported("EncryptionConfiguration of query results")
	}
	if r.OutputLocation != nil && *r.OutputLocation != "" {
		if _, err := objects.Parse(*r.OutputLocation); err != nil {
			return terms.Invalid("outputLocation is not a valid S3 path.")
		}
	}
	return nil
}

func selectable(version string) bool {
	return version == terms.Engine || strings.EqualFold(version, "AUTO")
}

func yes(b *bool) bool { return b != nil && *b }

// change applies an update that was checked.
func change(group *athenaapi.WorkGroup, in *athenaapi.UpdateWorkGroupInput) {
	op.Take(&group.State, in.State)
	op.Take(&group.Description, in.Description)
	u := in.ConfigurationUpdates
	if u == nil {
		return
	}
	c := group.Configuration
	op.Take(&c.EnforceWorkGroupConfiguration, u.EnforceWorkGroupConfiguration)
	op.Take(&c.PublishCloudWatchMetricsEnabled, u.PublishCloudWatchMetricsEnabled)
	op.Take(&c.RequesterPaysEnabled, u.RequesterPaysEnabled)
	op.Take(&c.BytesScannedCutoffPerQuery, u.BytesScannedCutoffPerQuery)
	unset(&c.BytesScannedCutoffPerQuery, u.RemoveBytesScannedCutoffPerQuery)
	if u.EngineVersion != nil && u.EngineVersion.SelectedEngineVersion != nil {
		c.EngineVersion = engineVersion(*u.EngineVersion.SelectedEngineVersion)
	}
	if u.ResultConfigurationUpdates != nil {
		changeResults(c.ResultConfiguration, u.ResultConfigurationUpdates)
	}
}

func changeResults(c *athenaapi.ResultConfiguration, u *athenaapi.ResultConfigurationUpdates) {
	op.Take(&c.OutputLocation, u.OutputLocation)
	unset(&c.OutputLocation, u.RemoveOutputLocation)
	unset(&c.EncryptionConfiguration, u.RemoveEncryptionConfiguration)
	op.Take(&c.ExpectedBucketOwner, u.ExpectedBucketOwner)
	unset(&c.ExpectedBucketOwner, u.RemoveExpectedBucketOwner)
	op.Take(&c.AclConfiguration, u.AclConfiguration)
	unset(&c.AclConfiguration, u.RemoveAclConfiguration)
}

func unset[T any](member **T, remove *bool) {
	if yes(remove) {
		*member = nil
	}
}
