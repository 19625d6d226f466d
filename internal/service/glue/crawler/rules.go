package crawler

import (
	"context"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// principalService is who assumes a crawler's role.
const principalService = "glue.amazonaws.com"

// notAssumable is the answer to a role that does not exist or whose trust policy does not name Glue. Clients that just made the role try again
// when they read it (reference security.md 13).
const notAssumable = "Service is unable to assume provided role. Please verify role's TrustPolicy"

// passRole checks that the caller may give Glue the role and that Glue may assume it. role is a name, a path and a name, or an ARN; the answer is
// the form that Glue shows: the name, with its path if it has one.
func (c *Crawlers) passRole(ctx context.Context, role string) (string, error) {
	call := op.CallFrom(ctx)
	roleARN := roleARN(call.Account, role)
	parsed, err := arn.Parse(roleARN)
	if err != nil || parsed.Service != "iam" || !strings.HasPrefix(parsed.Resource, "role/") {
		return "", terms.Invalid("Role %s is no role", role)
	}
	err = c.Authorizer.Check(ctx, op.Access{
		Action: "iam:PassRole", Resource: op.Resource{ARN: roleARN}, Context: map[string][]string{"iam:passedtoservice": {principalService}},
	})
	if err != nil {
		return "", err
	}
	if parsed.Account != call.Account {
		return "", &op.Denied{Message: "Cross-account pass role is not allowed."}
	}
	session, err := c.Roles.ForService(ctx, roleARN, principalService, sessionName)
	if err != nil {
		return "", err
	}
	if session == nil {
		return "", terms.Invalid(notAssumable)
	}
	return strings.TrimPrefix(parsed.Resource, "role/"), nil
}

// roleARN is the ARN of the role that a Role member means.
func roleARN(account, role string) string {
	if strings.HasPrefix(role, "arn:") {
		return role
	}
	return arn.IAM(account, "role", "", strings.Trim(role, "/"))
}

// check refuses what Glue refuses, and by name what Glue has and bindery has not built. d is the crawler as it would become.
func check(operation string, d *glueapi.Crawler) error {
	if err := checkTargets(operation, d.Targets); err != nil {
		return err
	}
	config, err := ParseConfiguration(op.Value(d.Configuration))
	if err != nil {
		return terms.Invalid("%v", err)
	}
	if config.CreatePartitionIndex != nil && *config.CreatePartitionIndex {
		return terms.Unsupported(operation, "Configuration.CreatePartitionIndex")
	}
	if err := checkRecrawl(operation, d); err != nil {
		return err
	}
	switch {
	case len(d.Classifiers) > 0:
		return terms.Unsupported(operation, "Classifiers")
	case op.Value(d.CrawlerSecurityConfiguration) != "":
		return terms.Unsupported(operation, "CrawlerSecurityConfiguration")
	case d.LineageConfiguration != nil && op.Value(d.LineageConfiguration.CrawlerLineageSettings) == glueapi.CrawlerLineageSettingsEnable:
		return terms.Unsupported(operation, "LineageConfiguration.CrawlerLineageSettings ENABLE")
	case d.LakeFormationConfiguration != nil && d.LakeFormationConfiguration.UseLakeFormationCredentials != nil && *d.LakeFormationConfiguration.UseLakeFormationCredentials:
		return terms.Unsupported(operation, "LakeFormationConfiguration.UseLakeFormationCredentials")
	}
	return nil
}

func checkTargets(operation string, t *glueapi.CrawlerTargets) error {
	if t == nil {
		return terms.Invalid("Crawler targets are required")
	}
	for member, n := range map[string]int{
		"JdbcTargets": len(t.JdbcTargets), "MongoDBTargets": len(t.MongoDBTargets), "DynamoDBTargets": len(t.DynamoDBTargets),
		"CatalogTargets": len(t.CatalogTargets), "DeltaTargets": len(t.DeltaTargets), "IcebergTargets": len(t.IcebergTargets),
		"HudiTargets": len(t.HudiTargets),
	} {
		if n > 0 {
			return terms.Unsupported(operation, member)
		}
	}
	if len(t.S3Targets) == 0 {
		return terms.Invalid("At least one crawler target is required")
	}
	for i := range t.S3Targets {
		if err := checkS3Target(operation, &t.S3Targets[i]); err != nil {
			return err
		}
	}
	return nil
}

// maxSample is the largest SampleSize (reference etl.md 1).
const maxSample = 249

func checkS3Target(operation string, t *glueapi.S3Target) error {
	if _, err := ParseIncludePath(op.Value(t.Path)); err != nil {
		return terms.Invalid("%v", err)
	}
	if _, err := parseExclusions(t.Exclusions); err != nil {
		return terms.Invalid("%v", err)
	}
	switch {
	case t.SampleSize != nil && (*t.SampleSize < 1 || *t.SampleSize > maxSample):
		return terms.Invalid("SampleSize %d is not between 1 and %d", *t.SampleSize, maxSample)
	case op.Value(t.ConnectionName) != "":
		return terms.Unsupported(operation, "S3Targets.ConnectionName")
	case op.Value(t.EventQueueArn) != "" || op.Value(t.DlqEventQueueArn) != "":
		return terms.Unsupported(operation, "S3Targets.EventQueueArn")
	}
	return nil
}

// onlyLog is Glue's answer to a policy that new folders cannot follow: what was crawled before is not looked at again.
const onlyLog = `The SchemaChangePolicy for "Crawl new folders only" Amazon S3 target can have only LOG DeleteBehavior value and LOG UpdateBehavior value.`

func checkRecrawl(operation string, d *glueapi.Crawler) error {
	switch recrawl(d) {
	case glueapi.RecrawlBehaviorCrawlEventMode:
		return terms.Unsupported(operation, "RecrawlPolicy.RecrawlBehavior CRAWL_EVENT_MODE")
	case glueapi.RecrawlBehaviorCrawlNewFoldersOnly:
		p := d.SchemaChangePolicy
		if p != nil && (p.UpdateBehavior != nil && *p.UpdateBehavior != Log || p.DeleteBehavior != nil && *p.DeleteBehavior != Log) {
			return terms.Invalid(onlyLog)
		}
	}
	return nil
}

// checkEdit refuses a change that crawlers of new folders do not allow: other targets would make what they remember wrong.
func checkEdit(before, after *glueapi.Crawler) error {
	if recrawl(before) == glueapi.RecrawlBehaviorCrawlNewFoldersOnly && recrawl(after) == glueapi.RecrawlBehaviorCrawlNewFoldersOnly &&
		!slices.EqualFunc(before.Targets.S3Targets, after.Targets.S3Targets, sameTarget) {
		return terms.Invalid("The Amazon S3 targets of a crawler that crawls new folders only cannot be changed")
	}
	return nil
}

func sameTarget(a, b glueapi.S3Target) bool {
	return op.Value(a.Path) == op.Value(b.Path) && slices.Equal(a.Exclusions, b.Exclusions)
}

// recrawl is the crawler's RecrawlBehavior.
func recrawl(d *glueapi.Crawler) string {
	if d.RecrawlPolicy == nil || op.Value(d.RecrawlPolicy.RecrawlBehavior) == "" {
		return glueapi.RecrawlBehaviorCrawlEverything
	}
	return *d.RecrawlPolicy.RecrawlBehavior
}

// fill writes the defaults that Glue shows.
func fill(d *glueapi.Crawler) {
	newFolders := recrawl(d) == glueapi.RecrawlBehaviorCrawlNewFoldersOnly
	if d.RecrawlPolicy == nil || d.RecrawlPolicy.RecrawlBehavior == nil {
		d.RecrawlPolicy = &glueapi.RecrawlPolicy{RecrawlBehavior: new(glueapi.RecrawlBehaviorCrawlEverything)}
	}
	policy := glueapi.SchemaChangePolicy{UpdateBehavior: new(UpdateInDatabase), DeleteBehavior: new(DeprecateInDatabase)}
	if newFolders {
		policy = glueapi.SchemaChangePolicy{UpdateBehavior: new(Log), DeleteBehavior: new(Log)}
	}
	if p := d.SchemaChangePolicy; p != nil {
		policy.UpdateBehavior, policy.DeleteBehavior = orDefault(p.UpdateBehavior, policy.UpdateBehavior), orDefault(p.DeleteBehavior, policy.DeleteBehavior)
	}
	d.SchemaChangePolicy = &policy
	if d.LineageConfiguration == nil {
		d.LineageConfiguration = &glueapi.LineageConfiguration{CrawlerLineageSettings: new(glueapi.CrawlerLineageSettingsDisable)}
	}
	if d.Classifiers == nil {
		d.Classifiers = []string{}
	}
	d.Targets = &glueapi.CrawlerTargets{
		S3Targets: slices.Clone(d.Targets.S3Targets), JdbcTargets: []glueapi.JdbcTarget{}, MongoDBTargets: []glueapi.MongoDBTarget{},
		DynamoDBTargets: []glueapi.DynamoDBTarget{}, CatalogTargets: []glueapi.CatalogTarget{}, DeltaTargets: []glueapi.DeltaTarget{},
		IcebergTargets: []glueapi.IcebergTarget{}, HudiTargets: []glueapi.HudiTarget{},
	}
	for i := range d.Targets.S3Targets {
		if d.Targets.S3Targets[i].Exclusions == nil {
			d.Targets.S3Targets[i].Exclusions = []string{}
		}
	}
}

func orDefault(given, fallback *string) *string {
	if given == nil {
		return fallback
	}
	return given
}
