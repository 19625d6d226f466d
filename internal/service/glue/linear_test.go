package glue_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
	"github.com/bindery-project/bindery/test/linear/history"
)

// register is a table of the service as the histories use it.
type register struct {
	c *catalog
	// unlocked leaves VersionId out, as a service would act that forgets to
	// compare it.
	unlocked bool
}

func (r register) Read(context.Context) (history.State, error) {
	out, err := r.c.bound["GetTable"].Call(r.c.ctx("GetTable"), &glueapi.GetTableInput{DatabaseName: "db", Name: "t"})
	if err != nil {
		return history.State{}, err
	}
	doc, err := terms.Parse[glueapi.Table](glueapi.ShapeTable, out.(*glueapi.GetTableOutput).RawTable)
	if err != nil {
		return history.State{}, err
	}
	version, err := strconv.ParseInt(*doc.VersionId, 10, 64)
	return history.State{Version: version, Value: doc.Parameters["v"]}, err
}

func (r register) Write(_ context.Context, version int64, value string) error {
	in := &glueapi.UpdateTableInput{
		DatabaseName: "db", VersionId: new(strconv.FormatInt(version, 10)), SkipArchive: new(version%2 == 0),
		TableInput: &glueapi.TableInput{Name: "t", Parameters: map[string]string{"v": value}},
	}
	if r.unlocked {
		in.VersionId = nil
	}
	_, err := r.c.bound["UpdateTable"].Call(r.c.ctx("UpdateTable"), in)
	var lost *glueapi.ConcurrentModificationException
	if errors.As(err, &lost) {
		return history.ErrConflict
	}
	return err
}

func noKills(context.Context) error { return errors.New("a call without an answer") }

// Updates with VersionId and reads between them are linearizable.
func TestUpdateTableIsLinearizable(t *testing.T) {
	run(t, func(t *testing.T, c *catalog, _ *db.DB) {
		c.newTable(t, "")
		h, err := history.Run(t.Context(), register{c: c}, 6, 2000, 1, noKills)
		if err != nil {
			t.Fatal(err)
		}
		counts := h.Counts()
		if counts.Writes < 50 || counts.Conflicts < 50 || counts.Reads < 500 {
			t.Errorf("too little happened: %+v", counts)
		}
		if err := h.Check(time.Minute); err != nil {
			t.Error(err)
		}
	})
}

// The check can fail: without the comparison of versions it does.
func TestLostUpdatesAreFound(t *testing.T) {
	run(t, func(t *testing.T, c *catalog, _ *db.DB) {
		c.newTable(t, "")
		h, err := history.Run(t.Context(), register{c: c, unlocked: true}, 6, 300, 1, noKills)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Check(time.Minute); err == nil {
			t.Errorf("updates that compare nothing pass: %+v", h.Counts())
		}
	})
}
