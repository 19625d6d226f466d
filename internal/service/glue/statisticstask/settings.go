package statisticstask

import (
	"context"
	"errors"
	"strconv"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
	"github.com/bindery-project/bindery/internal/work/schedule"
	"github.com/bindery-project/bindery/internal/work/timer"
)

// CreateColumnStatisticsTaskSettings says how a table is to be analyzed. With a schedule its runs begin at once. It needs iam:PassRole on the role.
func (t *Tasks) CreateColumnStatisticsTaskSettings(ctx context.Context, in *glueapi.CreateColumnStatisticsTaskSettingsInput) (*glueapi.CreateColumnStatisticsTaskSettingsOutput, error) {
	const operation = "CreateColumnStatisticsTaskSettings"
	if len(in.Tags) > 0 {
		return nil, terms.Unsupported(operation, "Tags")
	}
	about, err := ownTable(op.CallFrom(ctx), operation, in.CatalogID, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	change := &change{columns: in.ColumnNameList, sample: in.SampleSize, schedule: in.Schedule, role: &in.Role, security: in.SecurityConfiguration}
	if err := t.prepare(ctx, operation, change); err != nil {
		return nil, err
	}
	return &glueapi.CreateColumnStatisticsTaskSettingsOutput{}, t.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		s := &settings{Account: about.account, ColumnStatisticsTaskSettings: glueapi.ColumnStatisticsTaskSettings{
			DatabaseName: &about.database, TableName: &about.table, CatalogID: &about.account,
			ScheduleType: new(glueapi.ScheduleTypeCron), SettingSource: new(glueapi.SettingSourceTable),
		}}
		if s.Table, err = t.find(ctx, tx, about, in.ColumnNameList); err != nil {
			return err
		}
		_, err := findSettings(ctx, tx, s.Table)
		if err == nil {
			return terms.Exists("Column statistics task settings already exist for table " + about.database + "." + about.table)
		}
		if !errors.Is(err, db.ErrNotFound) {
			return err
		}
		return t.apply(ctx, tx, s, change)
	})
}

// change is what a call makes of settings; members that are nil stay.
type change struct {
	role, schedule, security *string
	columns                  []string
	sample                   *float64

	roleARN    string
	expression schedule.Expression
}

// prepare checks what can be checked without the table.
func (t *Tasks) prepare(ctx context.Context, operation string, c *change) (err error) {
	if op.Value(c.security) != "" {
		return terms.Unsupported(operation, "SecurityConfiguration")
	}
	if err := checkSample(c.sample); err != nil {
		return err
	}
	if op.Value(c.schedule) != "" {
		if c.expression, err = parseSchedule(*c.schedule); err != nil {
			return err
		}
	}
	if c.role != nil {
		c.roleARN, err = t.passRole(ctx, *c.role)
	}
	return err
}

// apply makes the change and stores the settings. An empty schedule takes the one there was away.
func (t *Tasks) apply(ctx context.Context, tx *db.Tx, s *settings, c *change) error {
	if c.role != nil {
		s.Role, s.RoleARN = c.role, c.roleARN
	}
	if c.columns != nil {
		s.ColumnNameList = c.columns
	}
	if c.sample != nil {
		s.SampleSize = c.sample
	}
	if c.schedule == nil {
		return s.put(ctx, tx)
	}
	if *c.schedule == "" {
		s.Schedule = nil
		return t.unschedule(ctx, tx, s)
	}
	s.Schedule = &glueapi.Schedule{ScheduleExpression: c.schedule}
	return t.schedule(ctx, tx, s)
}

// schedule arms the timer of settings anew and stores them.
func (t *Tasks) schedule(ctx context.Context, tx *db.Tx, s *settings) error {
	e, err := parseSchedule(op.Value(s.Schedule.ScheduleExpression))
	if err != nil {
		return err
	}
	if err := t.timers().Disarm(ctx, tx, s.Timer); err != nil {
		return err
	}
	if s.Timer, err = t.timers().Arm(ctx, tx, s.Account, strconv.FormatInt(s.Table, 10), e); err != nil {
		return err
	}
	s.Schedule.State = new(glueapi.ScheduleStateScheduled)
	return s.put(ctx, tx)
}

// unschedule takes the timer of settings back and stores them.
func (t *Tasks) unschedule(ctx context.Context, tx *db.Tx, s *settings) error {
	if err := t.timers().Disarm(ctx, tx, s.Timer); err != nil {
		return err
	}
	s.Timer = ""
	if s.Schedule != nil {
		s.Schedule.State = new(glueapi.ScheduleStateNotScheduled)
	}
	return s.put(ctx, tx)
}

// GetColumnStatisticsTaskSettings reads the settings of a table.
func (t *Tasks) GetColumnStatisticsTaskSettings(ctx context.Context, in *glueapi.GetColumnStatisticsTaskSettingsInput) (*glueapi.GetColumnStatisticsTaskSettingsOutput, error) {
	about, err := ownTable(op.CallFrom(ctx), "GetColumnStatisticsTaskSettings", in.CatalogID, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	out := &glueapi.GetColumnStatisticsTaskSettingsOutput{}
	return out, t.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		s, err := t.settings(ctx, tx, about)
		if err == nil {
			out.ColumnStatisticsTaskSettings = &s.ColumnStatisticsTaskSettings
		}
		return err
	})
}

// settings reads the settings of a table, or says that it or they do not exist.
func (t *Tasks) settings(ctx context.Context, tx *db.Tx, about subject) (*settings, error) {
	id, err := t.find(ctx, tx, about, nil)
	if err != nil {
		return nil, err
	}
	s, err := findSettings(ctx, tx, id)
	if errors.Is(err, db.ErrNotFound) {
		err = terms.NotFound("Column statistics task settings not found for table %s.%s.", about.database, about.table)
	}
	return s, err
}

// UpdateColumnStatisticsTaskSettings changes the members that the input has. It needs iam:PassRole on the role that the settings then have, also when
// that stays the same: other columns are other data that the role reads.
func (t *Tasks) UpdateColumnStatisticsTaskSettings(ctx context.Context, in *glueapi.UpdateColumnStatisticsTaskSettingsInput) (*glueapi.UpdateColumnStatisticsTaskSettingsOutput, error) {
	const operation = "UpdateColumnStatisticsTaskSettings"
	about, err := ownTable(op.CallFrom(ctx), operation, in.CatalogID, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	change := &change{columns: in.ColumnNameList, sample: in.SampleSize, schedule: in.Schedule, role: in.Role, security: in.SecurityConfiguration}
	if change.role == nil {
		now, err := t.GetColumnStatisticsTaskSettings(ctx, &glueapi.GetColumnStatisticsTaskSettingsInput{DatabaseName: in.DatabaseName, TableName: in.TableName})
		if err != nil {
			return nil, err
		}
		change.role = now.ColumnStatisticsTaskSettings.Role
	}
	if err := t.prepare(ctx, operation, change); err != nil {
		return nil, err
	}
	return &glueapi.UpdateColumnStatisticsTaskSettingsOutput{}, t.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		s, err := t.settings(ctx, tx, about)
		if err != nil {
			return err
		}
		if _, err := t.find(ctx, tx, about, in.ColumnNameList); err != nil {
			return err
		}
		return t.apply(ctx, tx, s, change)
	})
}

// DeleteColumnStatisticsTaskSettings drops the settings of a table, with their schedule. A run that goes on is not touched.
func (t *Tasks) DeleteColumnStatisticsTaskSettings(ctx context.Context, in *glueapi.DeleteColumnStatisticsTaskSettingsInput) (*glueapi.DeleteColumnStatisticsTaskSettingsOutput, error) {
	about, err := ownTable(op.CallFrom(ctx), "DeleteColumnStatisticsTaskSettings", in.CatalogID, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	return &glueapi.DeleteColumnStatisticsTaskSettingsOutput{}, t.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		s, err := t.settings(ctx, tx, about)
		if err != nil {
			return err
		}
		if err := t.timers().Disarm(ctx, tx, s.Timer); err != nil {
			return err
		}
		_, err = PurgeTable(ctx, tx, s.Table)
		return err
	})
}

// StartColumnStatisticsTaskRunSchedule has the schedule of a table's settings start runs.
func (t *Tasks) StartColumnStatisticsTaskRunSchedule(ctx context.Context, in *glueapi.StartColumnStatisticsTaskRunScheduleInput) (*glueapi.StartColumnStatisticsTaskRunScheduleOutput, error) {
	err := t.reschedule(ctx, "StartColumnStatisticsTaskRunSchedule", in.CatalogID, in.DatabaseName, in.TableName, t.schedule)
	return &glueapi.StartColumnStatisticsTaskRunScheduleOutput{}, err
}

// StopColumnStatisticsTaskRunSchedule has the schedule of a table's settings start no more runs.
func (t *Tasks) StopColumnStatisticsTaskRunSchedule(ctx context.Context, in *glueapi.StopColumnStatisticsTaskRunScheduleInput) (*glueapi.StopColumnStatisticsTaskRunScheduleOutput, error) {
	err := t.reschedule(ctx, "StopColumnStatisticsTaskRunSchedule", in.CatalogID, in.DatabaseName, in.TableName, t.unschedule)
	return &glueapi.StopColumnStatisticsTaskRunScheduleOutput{}, err
}

func (t *Tasks) reschedule(ctx context.Context, operation string, catalog *string, database, table string, change func(context.Context, *db.Tx, *settings) error) error {
	about, err := ownTable(op.CallFrom(ctx), operation, catalog, database, table)
	if err != nil {
		return err
	}
	return t.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		s, err := t.settings(ctx, tx, about)
		if err != nil {
			return err
		}
		if s.Schedule == nil {
			return terms.Invalid("Column statistics task settings of table %s.%s have no schedule.", about.database, about.table)
		}
		return change(ctx, tx, s)
	})
}

// fire starts the run that a schedule is due for and arms its timer for the next one. A run that cannot be started, the last one still going on say,
// is noted with the settings.
func (t *Tasks) fire(ctx context.Context, tx *db.Tx, f timer.Firing) error {
	table, err := strconv.ParseInt(f.Key, 10, 64)
	if err != nil {
		return err
	}
	s, err := findSettings(ctx, tx, table)
	if errors.Is(err, db.ErrNotFound) || err == nil && s.Timer != f.ID {
		return nil // dropped, or changed since
	}
	if err != nil {
		return err
	}
	about := subject{account: s.Account, database: *s.DatabaseName, table: *s.TableName}
	id, _, _, err := t.Tables.Columns(ctx, tx, about.account, about.database, about.table)
	if isMissing(err) || err == nil && id != table {
		return nil // the table is gone, its settings will be
	}
	if err != nil {
		return err
	}
	if s.LastExecutionAttempt, err = t.attempt(ctx, tx, s, about); err != nil {
		return err
	}
	return t.schedule(ctx, tx, s)
}

// attempt starts a run. What its owner could mend is in the attempt, other failures are the error.
func (t *Tasks) attempt(ctx context.Context, tx *db.Tx, s *settings, about subject) (*glueapi.ExecutionAttempt, error) {
	now := op.Millis(clock.Millis(tx.Now()))
	id, err := t.start(ctx, tx, order{subject: about, role: *s.Role, roleARN: s.RoleARN, columns: s.ColumnNameList, sample: s.SampleSize})
	var known op.Error
	if errors.As(err, &known) {
		return &glueapi.ExecutionAttempt{
			Status: new(glueapi.ExecutionStatusFailed), ExecutionTimestamp: &now, ErrorMessage: new(known.ErrorCode() + ": " + known.ErrorMessage()),
		}, nil
	}
	return &glueapi.ExecutionAttempt{Status: new(glueapi.ExecutionStatusStarted), ColumnStatisticsTaskRunId: &id, ExecutionTimestamp: &now}, err
}
