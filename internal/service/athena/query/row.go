package query

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/bindery-project/bindery/internal/engine"
	"github.com/bindery-project/bindery/internal/engine/analyze"
	"github.com/bindery-project/bindery/internal/engine/render"
	"github.com/bindery-project/bindery/internal/engine/translate"
)

// Row runs a query that has one row, with the rights of the call in ctx, and returns its
// values as texts, nil for NULL. Nothing is stored. Errors are those of [Runner.Run].
func (r *Runner) Row(ctx context.Context, text string) ([]*string, error) {
	row, err := r.row(ctx, text)
	if err != nil {
		return nil, explain(ctx, err)
	}
	return row, nil
}

func (r *Runner) row(ctx context.Context, text string) ([]*string, error) {
	plan, err := r.plan(ctx, Query{SQL: text})
	if err != nil {
		return nil, err
	}
	statement, err := translate.Query(plan, func(t *analyze.TableRef) (string, error) { return quoted(relationName(t)), nil })
	if err != nil {
		return nil, err
	}
	relations, err := r.relations(ctx, plan, 0)
	if err != nil {
		return nil, err
	}
	one := &rowSink{columns: plan.Output}
	if _, err := r.Engine.Run(ctx, engine.Query{SQL: statement, Relations: relations}, one); err != nil {
		return nil, err
	}
	if one.rows != 1 {
		return nil, fmt.Errorf("a query of one row has %d", one.rows)
	}
	return one.values, nil
}

// rowSink keeps one row.
type rowSink struct {
	columns []analyze.OutputColumn
	values  []*string
	rows    int64
}

// Columns implements engine.RowSink.
func (s *rowSink) Columns(found []engine.ResultColumn) error {
	if len(found) != len(s.columns) {
		return fmt.Errorf("the result has %d columns, the query %d", len(found), len(s.columns))
	}
	return nil
}

// Rows implements engine.RowSink.
func (s *rowSink) Rows(batch arrow.RecordBatch) error {
	if s.rows += batch.NumRows(); s.rows != 1 || batch.NumRows() == 0 {
		return nil
	}
	s.values = make([]*string, len(s.columns))
	for i := range s.columns {
		text, valid, err := render.Arrow(s.columns[i].Type, batch.Column(i), 0)
		if err != nil {
			return fmt.Errorf("column %s: %w", s.columns[i].Name, err)
		}
		if valid {
			s.values[i] = &text
		}
	}
	return nil
}
