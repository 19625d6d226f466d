package statisticstask

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
	"github.com/bindery-project/bindery/internal/work/schedule"
)

// principalService is who assumes the role of a run.
const principalService = "glue.amazonaws.com"

// notAssumable is the answer to a role that does not exist or whose trust policy does not name Glue (reference security.md 13).
const notAssumable = "Service is unable to assume provided role. Please verify role's TrustPolicy"

// subject is the table that a call is about.
type subject struct{ account, database, table string }

// ownTable is the table that an input names. The catalog is the caller's: rows of these operations know no other.
func ownTable(call *op.Call, operation string, catalog *string, database, table string) (subject, error) {
	if id := op.Value(catalog); id != "" && id != call.Account {
		return subject{}, terms.Unsupported(operation, "CatalogID of another catalog")
	}
	return subject{account: call.Account, database: arn.Fold(database), table: arn.Fold(table)}, nil
}

// passRole checks that the caller may give Glue the role and that Glue may assume it, and answers its ARN. role is a name, with its path if it has
// one, or an ARN.
func (t *Tasks) passRole(ctx context.Context, role string) (string, error) {
	call := op.CallFrom(ctx)
	roleARN := role
	if !strings.HasPrefix(role, "arn:") {
		roleARN = arn.IAM(call.Account, "role", "", strings.Trim(role, "/"))
	}
	parsed, err := arn.Parse(roleARN)
	if err != nil || parsed.Service != "iam" || !strings.HasPrefix(parsed.Resource, "role/") {
		return "", terms.Invalid("Role %s is no role", role)
	}
	err = t.Authorizer.Check(ctx, op.Access{
		Action: "iam:PassRole", Resource: op.Resource{ARN: roleARN}, Context: map[string][]string{"iam:passedtoservice": {principalService}},
	})
	if err != nil {
		return "", err
	}
	if parsed.Account != call.Account {
		return "", &op.Denied{Message: "Cross-account pass role is not allowed."}
	}
	session, err := t.Roles.ForService(ctx, roleARN, principalService, sessionName)
	if err == nil && session == nil {
		err = terms.Invalid(notAssumable)
	}
	return roleARN, err
}

// choose picks the columns to analyze: those named, else all whose type has statistics.
func choose(columns []glueapi.Column, names []string) ([]column, error) {
	var chosen []column
	for _, c := range columns {
		figured, known := columnOf(c)
		if len(names) == 0 && known {
			chosen = append(chosen, figured)
		}
	}
	for _, name := range names {
		at := slices.IndexFunc(columns, func(c glueapi.Column) bool { return c.Name == arn.Fold(name) })
		if at < 0 {
			return nil, terms.Invalid("Column %s does not exist in the table.", name)
		}
		figured, known := columnOf(columns[at])
		if !known {
			return nil, terms.Invalid("Column %s has type %s, for which no statistics are computed.", name, op.Value(columns[at].Type))
		}
		if !slices.Contains(chosen, figured) {
			chosen = append(chosen, figured)
		}
	}
	return chosen, nil
}

// find looks the table of a call up and holds the names of columns against it.
func (t *Tasks) find(ctx context.Context, tx *db.Tx, s subject, names []string) (id int64, err error) {
	id, _, columns, err := t.Tables.Columns(ctx, tx, s.account, s.database, s.table)
	if err != nil {
		return 0, err
	}
	_, err = choose(columns, names)
	return id, err
}

// checkSample refuses a sample that would hold no row.
func checkSample(size *float64) error {
	if size != nil && !(*size > 0 && *size <= 100) {
		return terms.Invalid("SampleSize must be greater than 0 and at most 100.")
	}
	return nil
}

// closest is how near to each other two runs of a schedule may be (reference etl.md 1).
const closest = 5 * time.Minute

// parseSchedule reads the Schedule member: a cron expression.
func parseSchedule(text string) (schedule.Expression, error) {
	e, err := schedule.Parse(text)
	switch {
	case err != nil:
		return e, terms.Invalid("Invalid schedule expression: %v", err)
	case !e.IsCron():
		return e, terms.Invalid("Invalid schedule expression: %s is no cron expression", text)
	case e.Spacing() < closest:
		return e, terms.Invalid("Invalid schedule expression: %s runs more often than every 5 minutes", text)
	}
	return e, nil
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
