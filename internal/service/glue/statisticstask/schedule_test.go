package statisticstask_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/api/glueapi"
)

// settle makes settings that analyze the table every hour.
func (w *world) settle() {
	w.Helper()
	_, err := w.CreateColumnStatisticsTaskSettings(w.ctx, &glueapi.CreateColumnStatisticsTaskSettingsInput{
		DatabaseName: "d", TableName: "t", Role: "analyst", Schedule: new("cron(0 * * * ? *)"),
	})
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) settings() *glueapi.ColumnStatisticsTaskSettings {
	w.Helper()
	out, err := w.GetColumnStatisticsTaskSettings(w.ctx, &glueapi.GetColumnStatisticsTaskSettingsInput{DatabaseName: "d", TableName: "t"})
	if err != nil {
		w.Fatal(err)
	}
	return out.ColumnStatisticsTaskSettings
}

func (w *world) runs() []glueapi.ColumnStatisticsTaskRun {
	w.Helper()
	out, err := w.GetColumnStatisticsTaskRuns(w.ctx, &glueapi.GetColumnStatisticsTaskRunsInput{DatabaseName: "d", TableName: "t"})
	if err != nil {
		w.Fatal(err)
	}
	return out.ColumnStatisticsTaskRuns
}

// attempted waits for an attempt of the schedule after a time.
func (w *world) attempted(after time.Time) *glueapi.ExecutionAttempt {
	w.Helper()
	var got *glueapi.ExecutionAttempt
	w.eventually("the schedule attempts a run", func() bool {
		got = w.settings().LastExecutionAttempt
		return got != nil && int64(*got.ExecutionTimestamp) >= after.UnixMilli()
	})
	return got
}

func TestScheduleStartsRuns(t *testing.T) {
	run(t, func(w *world) {
		w.settle()
		stop := w.serve()
		w.clock.Set(start.Add(time.Hour))
		first := w.attempted(start.Add(time.Hour))
		w.ends(*first.ColumnStatisticsTaskRunId, glueapi.ColumnStatisticsStateSucceeded)
		stop() // the server is away for three times: one run makes up for them
		w.clock.Set(start.Add(4 * time.Hour))
		w.serve()
		second := w.attempted(start.Add(4 * time.Hour))
		w.ends(*second.ColumnStatisticsTaskRunId, glueapi.ColumnStatisticsStateSucceeded)
		if n := len(w.runs()); n != 2 {
			w.Errorf("%d runs", n)
		}
	})
}

func TestScheduleWhileARunGoesOn(t *testing.T) {
	run(t, func(w *world) {
		w.settle()
		id := w.start()
		release := w.block()
		w.serve()
		w.running(id)
		w.clock.Set(start.Add(time.Hour))
		got := w.attempted(start.Add(time.Hour))
		if *got.Status != glueapi.ExecutionStatusFailed || !strings.HasPrefix(*got.ErrorMessage, "ColumnStatisticsTaskRunningException") {
			w.Errorf("attempt %s %v", *got.Status, got.ErrorMessage)
		}
		release()
		w.ends(id, glueapi.ColumnStatisticsStateSucceeded)
		w.clock.Set(start.Add(2 * time.Hour))
		if got := w.attempted(start.Add(2 * time.Hour)); *got.Status != glueapi.ExecutionStatusStarted {
			w.Errorf("attempt %s", *got.Status)
		}
	})
}

func TestStoppedScheduleStartsNothing(t *testing.T) {
	run(t, func(w *world) {
		w.settle()
		if _, err := w.StopColumnStatisticsTaskRunSchedule(w.ctx, &glueapi.StopColumnStatisticsTaskRunScheduleInput{DatabaseName: "d", TableName: "t"}); err != nil {
			w.Fatal(err)
		}
		w.clock.Set(start.Add(time.Hour))
		w.serve()
		if _, err := w.StartColumnStatisticsTaskRunSchedule(w.ctx, &glueapi.StartColumnStatisticsTaskRunScheduleInput{DatabaseName: "d", TableName: "t"}); err != nil {
			w.Fatal(err)
		}
		w.clock.Set(start.Add(2 * time.Hour))
		w.ends(*w.attempted(start.Add(2 * time.Hour)).ColumnStatisticsTaskRunId, glueapi.ColumnStatisticsStateSucceeded)
		if n := len(w.runs()); n != 1 {
			w.Errorf("%d runs", n)
		}
	})
}

// Settings have no schedule of their own: there is none to start.
func TestScheduleOfSettingsWithoutOne(t *testing.T) {
	run(t, func(w *world) {
		_, err := w.CreateColumnStatisticsTaskSettings(w.ctx, &glueapi.CreateColumnStatisticsTaskSettingsInput{DatabaseName: "d", TableName: "t", Role: role})
		if err != nil {
			w.Fatal(err)
		}
		_, err = w.StartColumnStatisticsTaskRunSchedule(w.ctx, &glueapi.StartColumnStatisticsTaskRunScheduleInput{DatabaseName: "d", TableName: "t"})
		expect[*glueapi.InvalidInputException](w, err, "no schedule")
		_, err = w.UpdateColumnStatisticsTaskSettings(w.ctx, &glueapi.UpdateColumnStatisticsTaskSettingsInput{DatabaseName: "d", TableName: "t", Schedule: new("cron(0 0 * * ? *)")})
		if err != nil {
			w.Fatal(err)
		}
		if got := w.settings(); *got.Schedule.State != glueapi.ScheduleStateScheduled || *got.Role != role {
			w.Errorf("settings %+v", got)
		}
		_, err = w.DeleteColumnStatisticsTaskSettings(w.ctx, &glueapi.DeleteColumnStatisticsTaskSettingsInput{DatabaseName: "d", TableName: "t"})
		if err != nil {
			w.Fatal(err)
		}
		w.settle() // the place is free again
	})
}
