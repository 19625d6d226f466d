package app

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/athena/query"
	"github.com/bindery-project/bindery/internal/service/glue/statisticstask"
	"github.com/bindery-project/bindery/internal/service/s3"
	"github.com/bindery-project/bindery/internal/service/sts"
)

// glueService is how Glue appears among the services through which a call came.
const glueService = "glue.amazonaws.com"

// statisticsTasks is what runs of column statistics need of the others.
func (a *App) statisticsTasks(invoker op.Invoker, sessions *sts.Sessions, objects *s3.Service, behalf onBehalf) statisticstask.Config {
	return statisticstask.Config{
		Queue: a.queue, Invoker: invoker, Roles: sessions, Region: a.cfg.Region, Clock: a.clock, NewID: newID, Parallel: a.cfg.Workers,
		Analyzer: analyzer{query.Runner{
			Invoker: invoker, Objects: queryObjects{objects, behalf, glueService}, Engine: a.engine, Clock: a.clock, Via: glueService,
		}},
	}
}

// analyzer lets Glue ask about tables what Athena can answer, with the rights of the run's role.
type analyzer struct{ queries query.Runner }

// Row implements statisticstask.Analyzer.
func (z analyzer) Row(ctx context.Context, text string) ([]*string, error) {
	row, err := z.queries.Row(ctx, text)
	var failed *query.Failure
	if errors.As(err, &failed) && !failed.Ours() {
		return nil, &glueapi.InvalidInputException{Message: failed.Reason}
	}
	return row, err
}
