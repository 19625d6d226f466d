package db_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
)

// The faults of these tests befall a child process: this test binary, started again
// with childVariable naming a store. It writes as fast as it can and prints a line for
// each write that was acknowledged, so that the parent knows what must have survived.
const childVariable = "BINDERY_DB_TEST_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childVariable); path != "" {
		child(path)
	}
	os.Exit(m.Run())
}

const (
	childWriters = 8
	rowsPerWrite = 3
)

// child never returns: it is killed, or ends when all its writers have met an error.
func child(path string) {
	d, err := db.Open(background, db.Config{Path: path})
	if err != nil {
		fmt.Println("open", err)
		os.Exit(1)
	}
	round := rand.Uint64() // writes of different rounds must not collide
	var wg sync.WaitGroup
	for w := range childWriters {
		wg.Go(func() { childWriter(d, fmt.Sprintf("%x-%d", round, w)) })
	}
	wg.Wait()
	childAfterError(d)
	os.Exit(0)
}

func childWriter(d *db.DB, name string) {
	for i := 0; ; i++ {
		id := fmt.Sprintf("%s-%d", name, i)
		err := d.Write(as(id), func(ctx context.Context, tx *db.Tx) error {
			for row := range rowsPerWrite {
				if err := put(ctx, tx, fmt.Sprintf("%s/%d", id, row), 1); err != nil {
					return err
				}
			}
			return tx.Record(ctx, change(id))
		})
		if err != nil {
			fmt.Println("error", errors.Is(err, db.ErrReadOnly), err)
			return
		}
		fmt.Println("ack", id)
	}
}

// childAfterError tells whether reads still work and writes stay refused.
func childAfterError(d *db.DB) {
	err := d.Read(background, func(ctx context.Context, tx *db.Tx) error {
		var n int
		return tx.QueryRow(ctx, `SELECT count(*) FROM epoch`).Scan(&n)
	})
	fmt.Println("read", err == nil, err)
	for range 20 {
		err := d.Write(background, putting("late"))
		fmt.Println("late", errors.Is(err, db.ErrReadOnly), err)
	}
}

// start runs the child, under the command given in front if any, and returns its output.
func start(t *testing.T, path string, front ...string) (*exec.Cmd, io.Reader) {
	t.Helper()
	args := append(front, os.Args[0])
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), childVariable+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, out
}

// output collects the child's lines by their first word.
func output(out io.Reader) map[string][]string {
	lines := map[string][]string{}
	scanner := bufio.NewScanner(out)
	for scanner.Scan() {
		kind, rest, _ := strings.Cut(scanner.Text(), " ")
		lines[kind] = append(lines[kind], rest)
	}
	return lines
}

// verify opens the store as a restart does: every acknowledged write must be there in
// full with its audit row, no write in part, and the file sound. It returns how many
// writes are there in all.
func verify(t *testing.T, path string, acked []string) (present int) {
	t.Helper()
	d, err := db.Open(background, db.Config{Path: path})
	if err != nil {
		t.Fatalf("after the fault: %v", err)
	}
	defer d.Close()
	rows := map[string]int{}
	err = d.Read(background, func(ctx context.Context, tx *db.Tx) error {
		return collect(ctx, tx, `SELECT name FROM epoch`, func(name string) {
			if id, _, ok := strings.Cut(name, "/"); ok {
				rows[id]++
			}
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	audits := map[string]int{}
	err = d.Read(background, func(ctx context.Context, tx *db.Tx) error {
		return collect(ctx, tx, `SELECT request_id FROM audit`, func(id string) { audits[id]++ })
	})
	if err != nil {
		t.Fatal(err)
	}
	for id, n := range rows {
		if n != rowsPerWrite || audits[id] != 1 {
			t.Errorf("write %s: %d rows of %d, %d audit rows", id, n, rowsPerWrite, audits[id])
		}
	}
	for _, id := range acked {
		if rows[id] == 0 {
			t.Errorf("acknowledged write %s is lost", id)
		}
	}
	if _, damaged := fsck(t, d); len(damaged) > 0 {
		t.Errorf("damaged: %v", damaged)
	}
	return len(rows)
}

func collect(ctx context.Context, tx *db.Tx, query string, each func(string)) error {
	rows, err := tx.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			return err
		}
		each(value)
	}
	return rows.Err()
}

// R1 and R21. BINDERY_CRASH_ROUNDS sets the number of rounds.
func TestAcknowledgedWritesSurviveKill(t *testing.T) {
	rounds := 12
	if s := os.Getenv("BINDERY_CRASH_ROUNDS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		rounds = n
	}
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	var path string
	var acked []string
	total := 0
	for round := range rounds {
		if round%20 == 0 { // verifying reads everything, so stores must not grow forever
			path, acked = filepath.Join(t.TempDir(), "bindery.db"), nil
		}
		cmd, out := start(t, path)
		kill := time.AfterFunc(time.Duration(50+rng.IntN(250))*time.Millisecond, func() { cmd.Process.Kill() })
		lines := output(out)
		kill.Stop()
		if err := cmd.Wait(); err == nil || len(lines["error"])+len(lines["open"]) > 0 {
			t.Fatalf("the child was not killed: %v, %v, %v", err, lines["error"], lines["open"])
		}
		acked = append(acked, lines["ack"]...)
		total += len(lines["ack"])
		verify(t, path, acked)
	}
	t.Logf("seed %d: %d rounds, %d acknowledged writes", seed, rounds, total)
	if total == 0 {
		t.Fatal("nothing was acknowledged, so nothing was tested")
	}
}

// R3: fsync fails once, or from some point on. Either way the process takes no write
// afterwards, goes on reading, and a restart has everything that was acknowledged.
func TestFailedSyncStopsWrites(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("skipped: strace, which injects the faults, is not installed")
	}
	for name, when := range map[string]string{"once": "40", "for good": "40+"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "bindery.db")
			cmd, out := start(t, path, "strace", "-f", "-qq", "-o", os.DevNull,
				"-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO:when="+when)
			lines := output(out)
			if err := cmd.Wait(); err != nil {
				t.Fatalf("%v, %v", err, lines)
			}
			refused(t, lines)
			if present := verify(t, path, lines["ack"]); present != len(lines["ack"]) {
				t.Errorf("%d acknowledged, %d present after the restart", len(lines["ack"]), present)
			}
		})
	}
}

// A failing fsync of the database file happens during checkpoints only, whose errors
// SQLite's automatic ones would discard. It must stop the writes as well.
func TestFailedCheckpointStopsWrites(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("skipped: strace, which injects the faults, is not installed")
	}
	path := filepath.Join(t.TempDir(), "bindery.db")
	verify(t, path, nil) // makes the tables, so that the child need not
	cmd, out := start(t, path, "strace", "-f", "-qq", "-o", os.DevNull, "-P", path,
		"-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO")
	lines := output(out)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v, %v", err, lines)
	}
	refused(t, lines)
	verify(t, path, lines["ack"])
}

// The log must not grow without bound, not even under writes that never pause.
func TestLogStaysShort(t *testing.T) {
	cfg := dbtest.SQLite(t, db.Config{})
	d := dbtest.Open(t, cfg)
	var longest int64
	for i := range 300 { // 300 x 0.5 MiB
		write(t, d, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO outbox (kind, payload, at) VALUES (?, ?, ?)`, "x", make([]byte, 1<<19), i)
			return err
		})
		info, err := os.Stat(cfg.Path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		longest = max(longest, info.Size())
	}
	t.Logf("at most %d MiB", longest>>20)
	if longest > 80<<20 {
		t.Fatalf("the log grew to %d MiB", longest>>20)
	}
}

func refused(t *testing.T, lines map[string][]string) {
	t.Helper()
	if len(lines["ack"]) == 0 || len(lines["error"]) != childWriters || len(lines["late"]) != 20 {
		t.Fatalf("the fault came at the wrong moment: %v", lines)
	}
	for _, kind := range []string{"error", "read", "late"} {
		for _, line := range lines[kind] {
			if !strings.HasPrefix(line, "true") {
				t.Errorf("%s: %s", kind, line)
			}
		}
	}
}

// R4: the disk fills up under load and is freed. Writes are refused, reads go on, and
// writing resumes without a restart.
func TestFullDiskRefusesWritesOnly(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("skipped: a small tmpfs cannot be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	d := dbtest.Open(t, db.Config{Path: filepath.Join(dir, "bindery.db")})
	write(t, d, putting("before"))
	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)
	acked := 0
	var err error
	for ; err == nil; acked++ {
		err = d.Write(background, putting(fmt.Sprintf("%d%s", acked, strings.Repeat("x", 5000))))
	}
	if !errors.Is(err, db.ErrFull) {
		t.Fatalf("a full disk gave %v", err)
	}
	for range 50 { // under continued load
		if err := d.Write(background, putting(strings.Repeat("y", 9000))); !errors.Is(err, db.ErrFull) {
			t.Fatalf("got %v", err)
		}
		expect(t, d, map[string]bool{"before": true})
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	write(t, d, putting("after"))
	expect(t, d, map[string]bool{"before": true, "after": true})
	if _, damaged := fsck(t, d); len(damaged) > 0 {
		t.Errorf("damaged: %v", damaged)
	}
}

// fill writes a file until the disk has no room left.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}
