// Package report makes the credential report of an account: who has which
// passwords, keys and devices, and how old they are.
package report

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"strconv"
	"time"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
)

// Reports answers the operations about the credential report. Passwords tells
// since when a user has its password and when it must change.
type Reports struct {
	*directory.Directory
	Passwords func(ctx context.Context, tx *db.Tx, account, userID string) (Password, error)
}

// Password is what the report says of a user's password.
type Password struct {
	Enabled bool
	Changed op.Millis
	Next    op.Millis // 0: it never has to
}

const (
	paper    = "credential-report"
	lifetime = 4 * time.Hour // how long a report is good, as at AWS
	maxUsers = 1_000_000
)

type stored struct {
	Made op.Millis
	Text []byte
}

func reportOf(account string) directory.Paper {
	return directory.Paper{Account: account, Kind: paper}
}

// GenerateCredentialReport makes a new report when there is none or it is old.
func (r *Reports) GenerateCredentialReport(ctx context.Context, _ *iamapi.GenerateCredentialReportInput) (*iamapi.GenerateCredentialReportOutput, error) {
	out := &iamapi.GenerateCredentialReportOutput{}
	account := op.CallFrom(ctx).Account
	return out, r.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		*out = iamapi.GenerateCredentialReportOutput{State: new(iamapi.ReportStateTypeComplete)}
		var old stored
		err := directory.ReadPaper(ctx, tx, reportOf(account), &old)
		if err == nil && tx.Now().Sub(clock.FromMillis(int64(old.Made))) < lifetime {
			return nil
		}
		if err != nil && !errors.Is(err, directory.ErrNoEntity) {
			return err
		}
		out.State, out.Description = new(iamapi.ReportStateTypeStarted), new("No report exists. Starting a new report generation task")
		text, err := r.write(ctx, tx, account)
		if err != nil {
			return err
		}
		return directory.WritePaper(ctx, tx, reportOf(account), stored{op.Millis(clock.Millis(tx.Now())), text})
	})
}

// GetCredentialReport answers the report, as CSV.
func (r *Reports) GetCredentialReport(ctx context.Context, _ *iamapi.GetCredentialReportInput) (*iamapi.GetCredentialReportOutput, error) {
	var found stored
	err := r.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		return directory.ReadPaper(ctx, tx, reportOf(op.CallFrom(ctx).Account), &found)
	})
	if errors.Is(err, directory.ErrNoEntity) {
		return nil, &iamapi.CredentialReportNotPresentException{Message: "No report present. Generate a new report and try again."}
	}
	if err != nil {
		return nil, err
	}
	if op.CallFrom(ctx).Now.Sub(clock.FromMillis(int64(found.Made))) >= lifetime {
		return nil, &iamapi.CredentialReportExpiredException{Message: "Report has expired. Generate a new report and try again."}
	}
	return &iamapi.GetCredentialReportOutput{Content: found.Text, ReportFormat: new(iamapi.ReportFormatTypeTextCsv), GeneratedTime: &found.Made}, nil
}

// columns are those of AWS's report (IAM guide, "Getting credential reports").
var columns = []string{
	"user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed", "password_next_rotation", "mfa_active",
	"access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date", "access_key_1_last_used_region", "access_key_1_last_used_service",
	"access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date", "access_key_2_last_used_region", "access_key_2_last_used_service",
	"cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
}

const none = "N/A"

func (r *Reports) write(ctx context.Context, tx *db.Tx, account string) ([]byte, error) {
	rows := [][]string{columns}
	root, err := r.rootRow(ctx, tx, account)
	if err != nil {
		return nil, err
	}
	rows = append(rows, root)
	users, _, err := directory.List[iamapi.User](ctx, tx, account, directory.User, "/", "", maxUsers)
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		row, err := r.userRow(ctx, tx, u)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	err = w.WriteAll(rows)
	return buf.Bytes(), err
}

// rootRow: root has no password here, which AWS's report calls not supported.
func (r *Reports) rootRow(ctx context.Context, tx *db.Tx, account string) ([]string, error) {
	created, err := directory.AccountCreated(ctx, tx, account)
	if err != nil {
		return nil, err
	}
	row := []string{"<root_account>", arn.Root(account), date(created), "not_supported", "no_information", "not_supported", "not_supported"}
	return r.rest(ctx, tx, row, account)
}

func (r *Reports) userRow(ctx context.Context, tx *db.Tx, u *directory.Entity[iamapi.User]) ([]string, error) {
	p, err := r.Passwords(ctx, tx, u.Account, u.ID)
	if err != nil {
		return nil, err
	}
	row := []string{u.Doc.UserName, u.Doc.Arn, date(u.Doc.CreateDate), strconv.FormatBool(p.Enabled)}
	switch {
	case !p.Enabled:
		row = append(row, none, none, none)
	case p.Next == 0:
		row = append(row, "no_information", date(p.Changed), none)
	default:
		row = append(row, "no_information", date(p.Changed), date(p.Next))
	}
	return r.rest(ctx, tx, row, u.ID)
}

// rest are the columns from mfa_active on, which root and users have alike.
// Signing certificates are not built: nobody has one.
func (r *Reports) rest(ctx context.Context, tx *db.Tx, row []string, owner string) ([]string, error) {
	devices, err := directory.SecretsOf(ctx, tx, owner, directory.Seed)
	if err != nil {
		return nil, err
	}
	row = append(row, strconv.FormatBool(len(devices) > 0))
	keys, err := r.Keys(ctx, tx, owner)
	if err != nil {
		return nil, err
	}
	for i := range 2 {
		if i >= len(keys) {
			row = append(row, "false", none, none, none, none)
			continue
		}
		row = append(row, strconv.FormatBool(keys[i].Active), date(keys[i].Created))
		use, ok, err := r.LastUse(ctx, tx, keys[i].ID)
		if err != nil {
			return nil, err
		}
		if !ok {
			row = append(row, none, none, none)
			continue
		}
		row = append(row, date(use.At), use.Region, use.Service)
	}
	return append(row, "false", none, "false", none), nil
}

func date(at op.Millis) string {
	return clock.FromMillis(int64(at)).UTC().Format("2006-01-02T15:04:05+00:00")
}
