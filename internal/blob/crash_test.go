package blob_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/blob"
)

// crashDir names the environment variable that makes the test binary a writer.
const crashDir = "BINDERY_TEST_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		writeForever(dir)
	}
	os.Exit(m.Run())
}

// writeForever overwrites a few keys and deletes some, in several goroutines,
// and says on standard output what was acknowledged.
func writeForever(dir string) {
	t := &testing.T{}
	s := open(t, dir, false)
	parallel(4, func(w int) {
		for n := 1; ; n++ {
			key := fmt.Sprintf("w%d/f%d/key", w, n%3)
			if _, err := tryPut(s, key, content(key, n), blob.Enabled, blob.Always); err != nil {
				fmt.Println("failed", err)
				os.Exit(1)
			}
			fmt.Printf("put %d %d\n", w, n)
		}
	})
}

// content is a text that shows if bytes of two writes were mixed.
func content(key string, n int) string { return strings.Repeat(fmt.Sprintf("%s#%06d;", key, n), 500) }

// TestKill kills a writer with SIGKILL again and again. Every acknowledged
// write is there, whole, as the current version or an older one.
func TestKill(t *testing.T) {
	rounds := 8
	if testing.Short() {
		rounds = 2
	}
	dir := t.TempDir()
	if err := open(t, dir, false).CreateBucket(bucket); err != nil {
		t.Fatal(err)
	}
	for round := range rounds {
		acknowledged := killedWriter(t, dir, 40+17*round)
		s := open(t, dir, false)
		for w, n := range acknowledged {
			for back := range min(n, 3) {
				key := fmt.Sprintf("w%d/f%d/key", w, (n-back)%3)
				if !holds(t, s, key, content(key, n-back)) {
					t.Fatalf("round %d: write %d of %s was acknowledged and is lost", round, n-back, key)
				}
			}
		}
	}
}

// killedWriter runs a writer until it has acknowledged some writes, and returns
// the last of each goroutine.
func killedWriter(t *testing.T, dir string, writes int) map[int]int {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last := map[int]int{}
	lines := bufio.NewScanner(out)
	for seen := 0; lines.Scan(); seen++ {
		var w, n int
		if _, err := fmt.Sscanf(lines.Text(), "put %d %d", &w, &n); err != nil {
			t.Fatalf("writer said %q", lines.Text())
		}
		last[w] = n
		if seen == writes {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the writer ended by itself")
	}
	return last
}

// holds tells whether some version of a key has the text, and that no version
// is a mixture.
func holds(t *testing.T, s *blob.Store, key, want string) (found bool) {
	t.Helper()
	w, err := s.WalkVersions(bucket, blob.WalkOptions{Prefix: key}, "")
	if err != nil {
		t.Fatal(err)
	}
	for {
		v, ok, err := w.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return found
		}
		o, err := s.Read(bucket, key, v.VersionID())
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(o)
		if err != nil || o.Close() != nil {
			t.Fatal(err)
		}
		if string(text) == want {
			found = true
		}
		var n int
		if _, err := fmt.Sscanf(string(text[len(key)+1:]), "%06d", &n); err != nil || string(text) != content(key, n) {
			t.Fatalf("%s holds a mixture", key)
		}
	}
}
