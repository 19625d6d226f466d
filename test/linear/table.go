package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"

	"github.com/bindery-project/bindery/internal/client"
	"github.com/bindery-project/bindery/test/linear/history"
)

const database = "linear"

// table is a table of the server as a history uses it. It kills the server when
// so many calls were made as plan says.
type table struct {
	server *server
	name   string
	broken bool
	calls  atomic.Int64
	plan   map[int64]bool
}

func newTable(ctx context.Context, s *server, with settings, round int) (*table, error) {
	t := &table{server: s, name: fmt.Sprintf("t%d", round), broken: with.broken, plan: map[int64]bool{}}
	chance := rand.New(rand.NewPCG(with.seed, uint64(round)))
	for range with.kills {
		t.plan[1+chance.Int64N(int64(with.calls))] = true
	}
	return t, s.call(ctx, "CreateTable", map[string]any{"DatabaseName": database, "TableInput": map[string]any{"Name": t.name}}, nil)
}

// Read implements history.Table.
func (t *table) Read(ctx context.Context) (history.State, error) {
	var out struct {
		Table struct {
			VersionID  string `json:"VersionId"`
			Parameters map[string]string
		}
	}
	if err := t.call(ctx, "GetTable", map[string]any{"DatabaseName": database, "Name": t.name}, &out); err != nil {
		return history.State{}, err
	}
	version, err := strconv.ParseInt(out.Table.VersionID, 10, 64)
	return history.State{Version: version, Value: out.Table.Parameters["v"]}, err
}

// Write implements history.Table.
func (t *table) Write(ctx context.Context, version int64, value string) error {
	in := map[string]any{
		"DatabaseName": database, "VersionId": strconv.FormatInt(version, 10), "SkipArchive": version%2 == 0,
		"TableInput": map[string]any{"Name": t.name, "Parameters": map[string]string{"v": value}},
	}
	if t.broken {
		delete(in, "VersionId")
	}
	return t.call(ctx, "UpdateTable", in, nil)
}

// call makes one call, and kills the server while it is under way when its time
// has come.
func (t *table) call(ctx context.Context, operation string, in, out any) error {
	if t.plan[t.calls.Add(1)] {
		go t.server.kill()
	}
	err := t.server.call(ctx, operation, in, out)
	var refused *client.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &refused):
		return history.ErrUnknown
	case refused.Code == "ConcurrentModificationException":
		return history.ErrConflict
	}
	return err
}
