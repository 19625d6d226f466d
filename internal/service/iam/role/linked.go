package role

import (
	"context"
	"errors"
	"strings"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/managed"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

// template is what AWS makes of a service's linked role. None of these services
// has more than one, so none takes a suffix.
type template struct{ name, policy string }

// linked are the services with a linked role that a lake may have to do with
// (each service's guide, "Using service-linked roles"). Glue has none, at AWS
// neither.
var linked = map[string]template{
	"lakeformation.amazonaws.com":      {"AWSServiceRoleForLakeFormationDataAccess", "LakeFormationDataAccessServiceRolePolicy"},
	"athena.amazonaws.com":             {"AWSServiceRoleForAmazonAthena", "AmazonAthenaServiceRolePolicy"},
	"redshift.amazonaws.com":           {"AWSServiceRoleForRedshift", "AmazonRedshiftServiceLinkedRolePolicy"},
	"kafka.amazonaws.com":              {"AWSServiceRoleForKafka", "KafkaServiceRolePolicy"},
	"kafkaconnect.amazonaws.com":       {"AWSServiceRoleForKafkaConnect", "KafkaConnectServiceRolePolicy"},
	"elasticmapreduce.amazonaws.com":   {"AWSServiceRoleForEMRCleanup", "AmazonEMRCleanupPolicy"},
	"ops.emr-serverless.amazonaws.com": {"AWSServiceRoleForAmazonEMRServerless", "AmazonEMRServerlessServiceRolePolicy"},
	"events.amazonaws.com":             {"AWSServiceRoleForCloudWatchEvents", "CloudWatchEventsServiceRolePolicy"},
}

// CreateServiceLinkedRole makes the role that only its service can assume, with
// the policy that AWS wrote for it.
func (r *Roles) CreateServiceLinkedRole(ctx context.Context, in *iamapi.CreateServiceLinkedRoleInput) (*iamapi.CreateServiceLinkedRoleOutput, error) {
	t, ok := linked[in.AWSServiceName]
	if !ok {
		return nil, &iamapi.InvalidInputException{Message: "Invalid service principal: " + in.AWSServiceName}
	}
	if in.CustomSuffix != nil {
		return nil, &iamapi.InvalidInputException{Message: "Custom suffix is not allowed for " + in.AWSServiceName}
	}
	e := r.newLinked(op.CallFrom(ctx).Account, in, t)
	err := r.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e.Doc.CreateDate = op.Millis(clock.Millis(tx.Now()))
		if err := directory.Create(ctx, tx, e); err != nil {
			return err
		}
		return directory.Attach(ctx, tx, e.Account, e.ID, managed.Prefix+"aws-service-role/"+t.policy)
	})
	if errors.Is(err, db.ErrExists) {
		return nil, &iamapi.InvalidInputException{Message: "Service role name " + t.name + " has been taken in this account, please try a different suffix."}
	}
	return &iamapi.CreateServiceLinkedRoleOutput{Role: terms.ShownRole(e.Doc)}, err
}

func (r *Roles) newLinked(account string, in *iamapi.CreateServiceLinkedRoleInput, t template) *directory.Entity[iamapi.Role] {
	path := terms.LinkedPath + in.AWSServiceName + "/"
	e := &directory.Entity[iamapi.Role]{Account: account, Kind: directory.Role, Name: t.name, ID: r.NewID("AROA"), Path: path}
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + in.AWSServiceName + `"},"Action":"sts:AssumeRole"}]}`
	e.Doc = iamapi.Role{
		Path: path, RoleName: t.name, RoleId: e.ID, Arn: arn.IAM(account, "role", path, t.name),
		AssumeRolePolicyDocument: &trust, Description: in.Description, MaxSessionDuration: new(int32(defaultSession)),
	}
	return e
}

// deletionTask is the paper of a deletion that was asked for.
const deletionTask = "deletion-task"

type deletion struct{ Role, Status string }

// DeleteServiceLinkedRole removes a service-linked role. Nothing here holds on to
// one, so the task that the caller gets has succeeded.
func (r *Roles) DeleteServiceLinkedRole(ctx context.Context, in *iamapi.DeleteServiceLinkedRoleInput) (*iamapi.DeleteServiceLinkedRoleOutput, error) {
	out := &iamapi.DeleteServiceLinkedRoleOutput{}
	number := r.NewUUID()
	return out, r.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := terms.Find[iamapi.Role](ctx, tx, directory.Role, in.RoleName)
		if err != nil {
			return err
		}
		if terms.Modifiable(&e.Doc) == nil {
			return &iamapi.InvalidInputException{Message: "Role " + in.RoleName + " is not a service-linked role."}
		}
		out.DeletionTaskId = "task" + e.Doc.Path + e.Doc.RoleName + "/" + number
		if err := r.remove(ctx, tx, e); err != nil {
			return err
		}
		task := directory.Paper{Account: e.Account, Kind: deletionTask, Name: out.DeletionTaskId}
		return directory.WritePaper(ctx, tx, task, deletion{e.Doc.Arn, "SUCCEEDED"})
	})
}

// remove deletes a role with what is attached to it.
func (r *Roles) remove(ctx context.Context, tx *db.Tx, e *directory.Entity[iamapi.Role]) error {
	attached, err := directory.AttachedTo(ctx, tx, e.ID)
	if err != nil {
		return err
	}
	for _, policyARN := range attached {
		if err := directory.Detach(ctx, tx, e.Account, e.ID, policyARN); err != nil {
			return err
		}
	}
	if err := directory.Delete(ctx, tx, e); err != nil {
		return err
	}
	return r.Move(ctx, tx, e.Doc.Arn, e.ID)
}

// GetServiceLinkedRoleDeletionStatus tells how a deletion went.
func (r *Roles) GetServiceLinkedRoleDeletionStatus(ctx context.Context, in *iamapi.GetServiceLinkedRoleDeletionStatusInput) (*iamapi.GetServiceLinkedRoleDeletionStatusOutput, error) {
	var d deletion
	err := r.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		return directory.ReadPaper(ctx, tx, directory.Paper{Account: op.CallFrom(ctx).Account, Kind: deletionTask, Name: in.DeletionTaskId}, &d)
	})
	if errors.Is(err, directory.ErrNoEntity) {
		return nil, terms.NoSuchText("Deletion task %s cannot be found.", in.DeletionTaskId)
	}
	return &iamapi.GetServiceLinkedRoleDeletionStatusOutput{Status: d.Status}, err
}

// LinkedRoleOf is the path and name of the role that a deletion task is about:
// "/aws-service-role/athena.amazonaws.com/AWSServiceRoleForAmazonAthena".
func LinkedRoleOf(taskID string) (string, bool) {
	role, _, found := cutLast(strings.TrimPrefix(taskID, "task"), "/")
	return role, found && strings.HasPrefix(role, terms.LinkedPath)
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
