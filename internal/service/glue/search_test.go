package glue_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/service/glue/search"
)

// found lists the names of the tables that a search answers, over all its pages.
func (c *catalog) found(t testing.TB, word string) []string {
	t.Helper()
	names, token := []string{}, ""
	for {
		text, err := c.call("SearchTables", fmt.Sprintf(`{"SearchText":%q,"MaxResults":7%s}`, word, token))
		if err != nil {
			t.Fatal(err)
		}
		var out struct {
			TableList []struct{ Name, DatabaseName string }
			NextToken string
		}
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			t.Fatal(err)
		}
		for _, table := range out.TableList {
			names = append(names, table.DatabaseName+"."+table.Name)
		}
		if out.NextToken == "" {
			slices.Sort(names)
			return names
		}
		token = fmt.Sprintf(`,"NextToken":%q`, out.NextToken)
	}
}

// TestSearchAgreesWithWhatIsWritten: writers change tables while two nodes index them; in the end
// each word finds exactly the tables whose last definition holds it.
func TestSearchAgreesWithWhatIsWritten(t *testing.T) {
	now := clock.NewManual(begin)
	dbtest.RunConfig(t, db.Config{Clock: now}, func(t *testing.T, d *db.DB) {
		c := newCatalog(t, d, now)
		other := &search.Index{Store: d, Tables: c.service.Index.Tables, Log: c.service.Index.Log}
		written := make([]map[string]string, 4) // by writer: table to its words
		var work sync.WaitGroup
		for writer := range written {
			written[writer] = map[string]string{}
			c.mustCall(t, "CreateDatabase", fmt.Sprintf(`{"DatabaseInput":{"Name":"w%d"}}`, writer))
			work.Go(func() { c.scribble(t, writer, written[writer]) })
		}
		done := make(chan struct{})
		var indexing sync.WaitGroup
		indexing.Go(func() {
			for {
				if err := other.CatchUp(context.Background()); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
		work.Wait()
		close(done)
		indexing.Wait()
		if err := other.CatchUp(context.Background()); err != nil {
			t.Fatal(err)
		}
		for _, word := range scribbles {
			want := []string{}
			for writer, tables := range written {
				for table, words := range tables {
					if slices.Contains(strings.Fields(words), word) {
						want = append(want, fmt.Sprintf("w%d.%s", writer, table))
					}
				}
			}
			slices.Sort(want)
			if got := c.found(t, word); !slices.Equal(got, want) {
				t.Errorf("%s is in\n%v, but the search answers\n%v", word, want, got)
			}
		}
	})
}

var scribbles = []string{"alpha", "beta", "gamma", "delta", "epsilon"}

// scribble makes, changes and deletes tables of a database of its own, and notes what they say.
func (c *catalog) scribble(t *testing.T, writer int, tables map[string]string) {
	r := rand.New(rand.NewPCG(uint64(writer), 7))
	for range 60 {
		name, words := fmt.Sprintf("t%d", r.IntN(8)), ""
		for _, word := range scribbles {
			if r.IntN(2) == 0 {
				words += " " + word
			}
		}
		_, exists := tables[name]
		operation, input := "CreateTable", fmt.Sprintf(`{"DatabaseName":"w%d","TableInput":{"Name":%q,"Description":%q}}`, writer, name, words)
		switch {
		case exists && r.IntN(3) == 0:
			operation, input = "DeleteTable", fmt.Sprintf(`{"DatabaseName":"w%d","Name":%q}`, writer, name)
		case exists:
			operation = "UpdateTable"
		}
		if _, err := c.call(operation, input); err != nil {
			t.Errorf("%s: %v", operation, err)
			return
		}
		if tables[name] = words; operation == "DeleteTable" {
			delete(tables, name)
		}
	}
}

// TestNotesSurvive: what was written while nobody indexed is found after the next start.
func TestNotesSurvive(t *testing.T) {
	now := clock.NewManual(begin)
	dbtest.RunConfig(t, db.Config{Clock: now}, func(t *testing.T, d *db.DB) {
		first := newCatalog(t, d, now)
		if err := first.service.Index.Close(); err != nil {
			t.Fatal(err)
		}
		first.mustCall(t, "CreateDatabase", `{"DatabaseInput":{"Name":"w0"}}`)
		for i := range 50 {
			first.mustCall(t, "CreateTable", fmt.Sprintf(`{"DatabaseName":"w0","TableInput":{"Name":"t%d","Description":"lighthouse"}}`, i))
		}
		if got := newCatalog(t, d, now).found(t, "lighthouse"); len(got) != 50 {
			t.Errorf("%d of 50 are found", len(got))
		}
	})
}
