package duck_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/engine"
	"github.com/bindery-project/bindery/internal/engine/duck"
	"github.com/bindery-project/bindery/internal/engine/enginetest"
	"github.com/bindery-project/bindery/internal/work/worker"
)

// TestMain makes the test program its own worker.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == worker.Command {
		os.Exit(worker.Main(os.Args[2:], duck.Task()))
	}
	os.Exit(m.Run())
}

// newEngine returns an engine whose workers may read below data.
func newEngine(tb testing.TB, data string, change func(*worker.Config)) (*duck.Engine, *worker.Pool) {
	tb.Helper()
	config := worker.Config{Scratch: filepath.Join(tb.TempDir(), "scratch"), Read: []string{data}, Size: 2}
	if change != nil {
		change(&config)
	}
	pool, err := worker.NewPool(config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pool.Close)
	return duck.New(pool, clock.System(), 0), pool
}

func TestConformance(t *testing.T) {
	enginetest.Run(t, func(t *testing.T, data string) engine.Engine {
		e, _ := newEngine(t, data, nil)
		return e
	})
}
