package execution

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/bindery-project/bindery/internal/api/athenaapi"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/athena/objects"
	"github.com/bindery-project/bindery/internal/service/athena/result"
	"github.com/bindery-project/bindery/internal/service/athena/terms"
)

const (
	maxRows   = 1000    // of a page, and its default
	pageBytes = 8 << 20 // of text, after which a page ends early
)

// GetQueryResults reads a page of a query's rows from its result file, which the caller
// must be allowed to read. The names of the columns are the first row of the first page.
func (x *Executions) GetQueryResults(ctx context.Context, in *athenaapi.GetQueryResultsInput) (*athenaapi.GetQueryResultsOutput, error) {
	e, err := x.find(ctx, in.QueryExecutionId)
	if err != nil {
		return nil, err
	}
	if err := hasResults(e); err != nil {
		return nil, err
	}
	if in.QueryResultType != nil && *in.QueryResultType == "DATA_MANIFEST" {
		return nil, terms.Invalid("The query %s has no data manifest", e.ID)
	}
	call := op.CallFrom(ctx)
	after, err := x.Pages.After(call, e.ID, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &athenaapi.GetQueryResultsOutput{
		UpdateCount: new(int64(0)),
		ResultSet:   &athenaapi.ResultSet{ResultSetMetadata: &athenaapi.ResultSetMetadata{ColumnInfo: e.Result.Columns}},
	}
	var next int64
	if out.ResultSet.Rows, next, err = x.page(ctx, e, position(after), terms.Size(in.MaxResults, maxRows)); err != nil {
		return nil, err
	}
	if next > 0 {
		out.NextToken, err = x.Pages.Next(call, e.ID, binary.BigEndian.AppendUint64(nil, uint64(next)))
	}
	return out, err
}

func position(after []byte) int64 {
	if len(after) != 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(after))
}

// hasResults refuses a query without rows to read.
func hasResults(e *record) error {
	switch state := *e.Doc.Status.State; {
	case !e.ended():
		return terms.Invalid("Query has not yet finished. Current state: %s", state)
	case state != succeeded || e.Result == nil:
		return terms.Invalid("Query did not finish successfully. Final query state: %s", state)
	}
	return nil
}

// page reads rows from a position of the file. next is 0 after the last one.
func (x *Executions) page(ctx context.Context, e *record, at int64, size int) (rows []athenaapi.Row, next int64, err error) {
	place := *e.Doc.ResultConfiguration.OutputLocation
	where, err := objects.Parse(place)
	if err != nil {
		return nil, 0, err
	}
	f, err := x.Objects.Open(ctx, where.Bucket, where.Key)
	switch {
	case errors.Is(err, objects.ErrNoObject) || errors.Is(err, objects.ErrNoBucket):
		return nil, 0, terms.Invalid("Could not find results: %s", place)
	case err != nil:
		return nil, 0, err
	}
	defer f.Close() //nolint:errcheck // read only
	if f.Size() != e.Result.Bytes {
		return nil, 0, terms.Invalid("The result file %s has been changed", place)
	}
	if _, err := f.Seek(at, io.SeekStart); err != nil {
		return nil, 0, fmt.Errorf("read results of %s: %w", e.ID, err)
	}
	return read(result.NewReader(f, len(e.Result.Columns), at), size)
}

func read(in *result.Reader, size int) (rows []athenaapi.Row, next int64, err error) {
	rows = []athenaapi.Row{}
	for bytes := 0; len(rows) < size && bytes < pageBytes; {
		values, err := in.Next()
		if errors.Is(err, io.EOF) {
			return rows, 0, nil
		}
		if err != nil {
			return nil, 0, err
		}
		row := athenaapi.Row{Data: make([]athenaapi.Datum, len(values))}
		for i := range values {
			if !values[i].Null {
				row.Data[i].VarCharValue = &values[i].Text
				bytes += len(values[i].Text)
			}
		}
		rows = append(rows, row)
	}
	if in.More() {
		return rows, in.Position(), nil
	}
	return rows, 0, nil
}
