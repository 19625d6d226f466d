package query

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/bindery-project/bindery/internal/api/athenaapi"
	"github.com/bindery-project/bindery/internal/engine"
	"github.com/bindery-project/bindery/internal/engine/analyze"
	"github.com/bindery-project/bindery/internal/engine/render"
	"github.com/bindery-project/bindery/internal/service/athena/objects"
	"github.com/bindery-project/bindery/internal/service/athena/result"
)

// store runs the translated statement and stores its rows as they come, then the
// description of the columns.
func (r *Runner) store(ctx context.Context, q Query, plan *analyze.Plan, statement engine.Query, out *Outcome) error {
	var ended time.Time
	began := r.Clock.Now()
	err := r.write(ctx, q.Output, "application/octet-stream", func(w io.Writer) error {
		rows := &sink{out: result.NewWriter(w), columns: plan.Output}
		stats, err := r.Engine.Run(ctx, statement, rows)
		ended = r.Clock.Now()
		if err != nil {
			return err
		}
		if err := rows.out.Flush(); err != nil {
			return err
		}
		out.Rows, out.Scanned, out.Files, out.Bytes = stats.Rows, stats.BytesScanned, stats.FilesScanned, rows.out.Bytes()
		return nil
	})
	if err != nil {
		return err
	}
	metadata := objects.Location{Bucket: q.Output.Bucket, Key: q.Output.Key + ".metadata"}
	err = r.write(ctx, metadata, "application/octet-stream", func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(result.Metadata(q.ID, out.Columns)))
		return err
	})
	out.Engine, out.Storing = ended.Sub(began), r.Clock.Now().Sub(ended)
	return err
}

// write stores what fill writes, as the caller. Nothing is stored when fill fails; when
// storing fails first, fill's next write does too, with the same error.
func (r *Runner) write(ctx context.Context, at objects.Location, contentType string, fill func(io.Writer) error) error {
	ctx, err := r.now(ctx)
	if err != nil {
		return err
	}
	body, w := io.Pipe()
	stored := make(chan error, 1)
	go func() {
		err := r.Objects.Write(ctx, at.Bucket, at.Key, contentType, body)
		if err != nil {
			err = outputError{err}
			_ = body.CloseWithError(err) // never fails
		}
		stored <- err
	}()
	err = fill(w)
	_ = w.CloseWithError(err) // never fails; nil means the end
	if failed := <-stored; err == nil {
		return failed
	}
	return err
}

// sink writes a result's rows to its file.
type sink struct {
	out     *result.Writer
	columns []analyze.OutputColumn
}

// Columns implements engine.RowSink.
func (s *sink) Columns(found []engine.ResultColumn) error {
	if len(found) != len(s.columns) {
		return fmt.Errorf("the result has %d columns, the query %d", len(found), len(s.columns))
	}
	names := make([]string, len(s.columns))
	for i := range s.columns {
		names[i] = s.columns[i].Name
	}
	return s.out.Header(names)
}

// Rows implements engine.RowSink.
func (s *sink) Rows(batch arrow.RecordBatch) error {
	for row := range int(batch.NumRows()) {
		for i := range s.columns {
			text, valid, err := render.Arrow(s.columns[i].Type, batch.Column(i), row)
			if err != nil {
				return fmt.Errorf("column %s: %w", s.columns[i].Name, err)
			}
			s.out.Begin(i)
			if valid {
				s.out.Text(text)
			}
		}
		if err := s.out.EndRow(); err != nil {
			return err
		}
	}
	return nil
}

// columnInfo describes the result's columns as GetQueryResults does.
func columnInfo(columns []analyze.OutputColumn) []athenaapi.ColumnInfo {
	out := make([]athenaapi.ColumnInfo, len(columns))
	for i, c := range columns {
		info := render.Column(c.Type)
		out[i] = athenaapi.ColumnInfo{
			CatalogName: new("hive"), SchemaName: new(""), TableName: new(""),
			Name: c.Name, Label: new(c.Name), Type: info.Type,
			Precision: new(int32(info.Precision)), Scale: new(int32(info.Scale)),
			Nullable: new("UNKNOWN"), CaseSensitive: new(sensitive(c.Type)),
		}
	}
	return out
}

// sensitive reports whether letters of a type's values have a case.
func sensitive(t *analyze.Type) bool {
	return t.Kind == analyze.Varchar || t.Kind == analyze.Char || t.Kind == analyze.JSON
}
