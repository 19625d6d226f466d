package history

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// Table is a table under test.
type Table interface {
	// Read answers what GetTable says.
	Read(ctx context.Context) (State, error)
	// Write sets a value if the version is still the one given: nil, ErrConflict
	// or ErrUnknown.
	Write(ctx context.Context, version int64, value string) error
}

// ErrConflict is a ConcurrentModificationException, ErrUnknown no answer. Any
// other error ends a run.
var (
	ErrConflict = errors.New("another writer was faster")
	ErrUnknown  = errors.New("no answer")
)

// Run has clients make so many calls together, half of them updates of the
// version that the client saw last, and records them. back is called after a call
// without an answer, and returns when the server answers again.
func Run(ctx context.Context, t Table, clients, calls int, seed uint64, back func(context.Context) error) (*History, error) {
	h := &History{}
	var left atomic.Int64
	left.Store(int64(calls))
	errs := make([]error, clients)
	var all sync.WaitGroup
	for i := range clients {
		c := &client{number: i, table: t, history: h, left: &left, back: back, chance: rand.New(rand.NewPCG(seed, uint64(i)))}
		all.Go(func() { errs[i] = c.run(ctx) })
	}
	all.Wait()
	return h, errors.Join(errs...)
}

type client struct {
	number  int
	table   Table
	history *History
	left    *atomic.Int64
	back    func(context.Context) error
	chance  *rand.Rand

	seen    State
	written int
}

func (c *client) run(ctx context.Context) error {
	for c.left.Add(-1) >= 0 {
		one := c.read
		if c.chance.IntN(2) == 0 {
			one = c.write
		}
		err := one(ctx)
		if errors.Is(err, ErrUnknown) {
			err = c.back(ctx)
		}
		if err != nil {
			return fmt.Errorf("client %d: %w", c.number, err)
		}
	}
	return nil
}

func (c *client) read(ctx context.Context) error {
	end := c.history.begin(c.number, call{})
	state, err := c.table.Read(ctx)
	if err != nil {
		end(answer{outcome: Unknown})
		return err
	}
	end(answer{State: state})
	c.seen = state
	return nil
}

func (c *client) write(ctx context.Context) error {
	c.written++
	value := fmt.Sprintf("%d.%d", c.number, c.written)
	end := c.history.begin(c.number, call{write: true, State: State{Version: c.seen.Version, Value: value}})
	err := c.table.Write(ctx, c.seen.Version, value)
	switch {
	case err == nil:
		end(answer{})
		c.seen = State{Version: c.seen.Version + 1, Value: value}
	case errors.Is(err, ErrConflict):
		end(answer{outcome: Conflict})
		return c.read(ctx)
	default:
		end(answer{outcome: Unknown})
		return err
	}
	return nil
}
