package db

import (
	"context"
	"errors"
)

func openPostgres(context.Context, Config, *DB) (*sqlite, error) {
	return nil, errors.New("db: postgres is not built yet")
}
