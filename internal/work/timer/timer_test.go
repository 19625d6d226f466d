package timer_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/work/queue"
	"github.com/bindery-project/bindery/internal/work/schedule"
	"github.com/bindery-project/bindery/internal/work/timer"
)

const account = "111122223333"

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// bench is a store with timers whose firings are noted, and a clock that the test drives. What is armed lives in the store; the owner's memory of the
// id stands in for its row.
type bench struct {
	*testing.T
	db     *db.DB
	clock  *clock.Manual
	timers *timer.Timers
	every  schedule.Expression

	mu    sync.Mutex
	armed string
	fired []string // due @ now
	fail  int      // how many firings fail before one does not
}

func run(t *testing.T, test func(b *bench)) {
	t.Helper()
	c := clock.NewManual(start)
	dbtest.RunConfig(t, db.Config{Clock: c}, func(t *testing.T, d *db.DB) {
		c.Set(start)
		every, err := schedule.Parse("cron(0/10 * * * ? *)")
		if err != nil {
			t.Fatal(err)
		}
		b := &bench{T: t, db: d, clock: c, every: every}
		ids := 0
		b.timers = &timer.Timers{
			DB: d, Queue: queue.New(d), Kind: "test:timer", Fire: b.fire,
			NewID: func() string { ids++; return fmt.Sprint("id-", ids) },
		}
		test(b)
	})
}

func (b *bench) fire(ctx context.Context, tx *db.Tx, f timer.Firing) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f.Account != account || f.Key != "the key" {
		b.Errorf("fired %+v", f)
	}
	if b.fail > 0 {
		b.fail--
		return fmt.Errorf("broken")
	}
	if f.ID != b.armed {
		return nil
	}
	b.fired = append(b.fired, f.Due.Format("15:04")+" @ "+tx.Now().Format("15:04"))
	id, err := b.timers.Arm(ctx, tx, f.Account, f.Key, b.every)
	b.armed = id
	return err
}

func (b *bench) write(f func(ctx context.Context, tx *db.Tx) error) {
	b.Helper()
	if err := b.db.Write(b.Context(), f); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) arm() {
	b.Helper()
	b.write(func(ctx context.Context, tx *db.Tx) error {
		id, err := b.timers.Arm(ctx, tx, account, "the key", b.every)
		b.armed = id
		return err
	})
}

// pass runs what is due now, in a runner of its own as after a restart, and returns what has fired so far.
func (b *bench) pass() []string {
	b.Helper()
	r := b.timers.Queue.NewRunner(queue.Config{Owner: fmt.Sprint(b.clock.Now().UnixNano()), Sole: true, Kinds: []queue.Kind{b.timers.Work()}})
	if err := r.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	deadline := time.After(20 * time.Second)
	for b.due() {
		r.Pass(b.Context())
		select {
		case <-deadline:
			b.Fatal("what is due does not fire")
		default:
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.fired)
}

func (b *bench) due() bool {
	b.Helper()
	var n int
	err := b.db.Read(b.Context(), func(ctx context.Context, tx *db.Tx) error {
		return tx.QueryRow(ctx, `SELECT COUNT(*) FROM work_item WHERE due <= ? OR owner <> ?`, tx.Now(), "").Scan(&n)
	})
	if err != nil {
		b.Fatal(err)
	}
	return n > 0
}

func (b *bench) expect(got []string, want ...string) {
	b.Helper()
	if !slices.Equal(got, want) {
		b.Errorf("fired %q, want %q", got, want)
	}
}

func TestFiresOncePerDueTime(t *testing.T) {
	run(t, func(b *bench) {
		b.arm()
		b.expect(b.pass())
		b.clock.Set(start.Add(6 * time.Minute)) // 03:10:05
		b.expect(b.pass(), "03:10 @ 03:10")
		b.expect(b.pass(), "03:10 @ 03:10")
		b.clock.Advance(10 * time.Minute)
		b.expect(b.pass(), "03:10 @ 03:10", "03:20 @ 03:20")
	})
}

// Times that passed while nothing ran are one firing, late; the next is on time again.
func TestMissedTimesAreOneFiring(t *testing.T) {
	run(t, func(b *bench) {
		b.arm()
		b.clock.Advance(65 * time.Minute) // 04:09:05
		b.expect(b.pass(), "03:10 @ 04:09")
		b.clock.Advance(time.Minute)
		b.expect(b.pass(), "03:10 @ 04:09", "04:10 @ 04:10")
	})
}

// A firing that fails is undone with all that it did, and comes again.
func TestFailedFiringComesAgain(t *testing.T) {
	run(t, func(b *bench) {
		b.arm()
		b.fail = 1
		b.clock.Set(start.Add(6 * time.Minute))
		b.expect(b.pass())
		b.clock.Advance(time.Minute)
		b.expect(b.pass(), "03:10 @ 03:11")
	})
}

func TestDisarmedDoesNotFire(t *testing.T) {
	run(t, func(b *bench) {
		b.arm()
		b.write(func(ctx context.Context, tx *db.Tx) error { return b.timers.Disarm(ctx, tx, b.armed) })
		b.write(func(ctx context.Context, tx *db.Tx) error { return b.timers.Disarm(ctx, tx, b.armed) }) // gone is no error
		b.clock.Advance(time.Hour)
		b.expect(b.pass())
	})
}

// Of a timer that was armed twice, only the one that its owner knows does anything.
func TestOwnerKnowsItsTimer(t *testing.T) {
	run(t, func(b *bench) {
		b.arm()
		b.arm()
		b.clock.Set(start.Add(6 * time.Minute))
		b.expect(b.pass(), "03:10 @ 03:10")
	})
}

func TestScheduleThatIsOverArmsNothing(t *testing.T) {
	run(t, func(b *bench) {
		var err error
		if b.every, err = schedule.Parse("cron(0 0 1 1 ? 2020)"); err != nil {
			b.Fatal(err)
		}
		b.arm()
		if b.armed != "" {
			b.Errorf("armed %s", b.armed)
		}
	})
}
