package blob_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bindery-project/bindery/internal/blob"
	"github.com/bindery-project/bindery/internal/clock"
)

const bucket = "test-bucket"

// eachStore runs a test with attributes in the file system and in side files.
func eachStore(t *testing.T, test func(t *testing.T, s *blob.Store, dir string)) {
	t.Helper()
	for name, sidecar := range map[string]bool{"xattr": false, "sidecar": true} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir, sidecar)
			if err := s.CreateBucket(bucket); err != nil {
				t.Fatal(err)
			}
			test(t, s, dir)
		})
	}
}

func open(t testing.TB, dir string, sidecar bool) *blob.Store {
	t.Helper()
	s, err := blob.Open(blob.Config{
		Objects: filepath.Join(dir, "s3"), Meta: filepath.Join(dir, "s3-meta"), Clock: clock.System(), Sidecar: sidecar,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t testing.TB, s *blob.Store, key, text string, v blob.Versioning) *blob.Info {
	t.Helper()
	info, err := tryPut(s, key, text, v, blob.Always)
	if err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
	return info
}

func tryPut(s *blob.Store, key, text string, v blob.Versioning, check blob.Condition) (*blob.Info, error) {
	g, err := s.Stage(context.Background(), strings.NewReader(text), blob.CRC32)
	if err != nil {
		return nil, err
	}
	return s.Publish(bucket, key, g, blob.Info{ETag: g.ETag(), Metadata: map[string]string{"k": key}}, v, check)
}

func read(t testing.TB, s *blob.Store, key, version string) string {
	t.Helper()
	o, err := s.Read(bucket, key, version)
	if err != nil {
		t.Fatalf("read %q: %v", key, err)
	}
	defer o.Close()
	b, err := io.ReadAll(o)
	if err != nil {
		t.Fatal(err)
	}
	if o.Info.Metadata["k"] != key || o.Info.Size != int64(len(b)) {
		t.Errorf("%q is described by %+v", key, o.Info)
	}
	return string(b)
}

// hostile are keys that file systems, shells, globs and URLs treat as special.
var hostile = []string{
	"plain", "dir/a", "dir/", "x y+z", "ünï/côde", "a*b?[c]", "q\"uo'te", "new\nline", "up/..", "../../etc/passwd", "a/../b", "a//b",
	"/lead", "dot/.", "./x", "%2e%2e/x", `back\slash`, ".bindery-e", ".bindery-v/x", ".bindery-", ".bindery-q", "emoji😀", "a&b<c>", "trail/",
	"col:on;semi", "\x01ctl", strings.Repeat("l", 255) + "/" + strings.Repeat("m", 255),
}

// TestKeys stores what can be stored, under the bucket's folder and nowhere else.
func TestKeys(t *testing.T) {
	eachStore(t, func(t *testing.T, s *blob.Store, dir string) {
		for _, key := range hostile {
			put(t, s, key, "text of "+key, blob.Unversioned)
		}
		for _, key := range hostile {
			if got := read(t, s, key, ""); got != "text of "+key {
				t.Errorf("%q holds %q", key, got)
			}
		}
		err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && !strings.HasPrefix(path, filepath.Join(dir, "s3", bucket)) && !strings.HasPrefix(path, filepath.Join(dir, "s3-meta")) {
				t.Errorf("a file outside of the bucket: %s", path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// TestRefusedKeys names the keys that cannot be stored.
func TestRefusedKeys(t *testing.T) {
	for key, want := range map[string]error{
		"":                                     blob.ErrInvalidKey,
		"nul\x00byte":                          blob.ErrInvalidKey,
		"overlong\xc0\xae":                     blob.ErrInvalidKey,
		"surrogate\xed\xa0\x80":                blob.ErrInvalidKey,
		strings.Repeat("n", 256):               blob.ErrKeyTooLong,
		".bindery-" + strings.Repeat("n", 246): blob.ErrKeyTooLong,
	} {
		if err := blob.CheckKey(key); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", key, err, want)
		}
	}
}

// TestBeside refuses an object beside a folder of its name, in both orders, and
// allows it once the other is gone.
func TestBeside(t *testing.T) {
	eachStore(t, func(t *testing.T, s *blob.Store, _ string) {
		put(t, s, "a", "1", blob.Unversioned)
		put(t, s, "d/e/f", "2", blob.Unversioned)
		for _, key := range []string{"a/b", "a/b/c", "d", "d/e"} {
			if _, err := tryPut(s, key, "x", blob.Unversioned, blob.Always); !errors.Is(err, blob.ErrBesideFolder) {
				t.Errorf("%q: %v", key, err)
			}
		}
		if read(t, s, "a", "") != "1" || read(t, s, "d/e/f", "") != "2" {
			t.Error("a refused write changed something")
		}
		for _, key := range []string{"a", "d/e/f"} {
			if _, err := s.Delete(bucket, key, blob.Unversioned, blob.Always); err != nil {
				t.Fatal(err)
			}
		}
		put(t, s, "a/b", "3", blob.Unversioned)
		put(t, s, "d", "4", blob.Unversioned)
	})
}

// TestFailedBody leaves the object as it was, and nothing on disk.
func TestFailedBody(t *testing.T) {
	eachStore(t, func(t *testing.T, s *blob.Store, dir string) {
		put(t, s, "k", "old", blob.Unversioned)
		cut := errors.New("cut")
		_, err := s.Stage(context.Background(), io.MultiReader(strings.NewReader("new bytes"), failing{cut}))
		if !errors.Is(err, cut) {
			t.Fatalf("error %v", err)
		}
		refused := errors.New("refused")
		if _, err := tryPut(s, "k", "new", blob.Unversioned, func(*blob.Info) error { return refused }); !errors.Is(err, refused) {
			t.Fatalf("error %v", err)
		}
		if got := read(t, s, "k", ""); got != "old" {
			t.Errorf("the object is %q", got)
		}
		left, err := os.ReadDir(filepath.Join(dir, "s3-meta", ".tmp"))
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestConditionalRace lets many writers create one key if it is absent, and then
// count in it by compare and swap: one wins each time, none is lost.
func TestConditionalRace(t *testing.T) {
	eachStore(t, func(t *testing.T, s *blob.Store, _ string) {
		lost := errors.New("lost")
		var wins atomic.Int64
		parallel(8, func(int) {
			_, err := tryPut(s, "new/key", "x", blob.Unversioned, func(current *blob.Info) error {
				if current != nil {
					return lost
				}
				return nil
			})
			if err == nil {
				wins.Add(1)
			} else if !errors.Is(err, lost) {
				t.Error(err)
			}
		})
		if wins.Load() != 1 {
			t.Errorf("%d writers created the key", wins.Load())
		}
		put(t, s, "counter", "0", blob.Unversioned)
		parallel(4, func(int) {
			for range 10 {
				for !increment(t, s, lost) {
				}
			}
		})
		if got := read(t, s, "counter", ""); got != "40" {
			t.Errorf("counted to %s", got)
		}
	})
}

func increment(t *testing.T, s *blob.Store, lost error) bool {
	o, err := s.Read(bucket, "counter", "")
	if err != nil {
		t.Error(err)
		return true
	}
	defer o.Close()
	var n int
	if _, err := fmt.Fscan(o, &n); err != nil {
		t.Error(err)
		return true
	}
	_, err = tryPut(s, "counter", fmt.Sprint(n+1), blob.Unversioned, func(current *blob.Info) error {
		if current == nil || current.ETag != o.Info.ETag {
			return lost
		}
		return nil
	})
	if err != nil && !errors.Is(err, lost) {
		t.Error(err)
	}
	return err == nil
}

func parallel(n int, fn func(int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { fn(i) })
	}
	wg.Wait()
}

// TestFolderRace lets writers and deleters share folders that come and go: no
// acknowledged write is lost to the removal of an empty folder.
func TestFolderRace(t *testing.T) {
	eachStore(t, func(t *testing.T, s *blob.Store, _ string) {
		parallel(6, func(i int) {
			key := fmt.Sprintf("deep/er/folder/k%d", i)
			for n := range 25 {
				put(t, s, key, fmt.Sprint(n), blob.Unversioned)
				if got := read(t, s, key, ""); got != fmt.Sprint(n) {
					t.Errorf("%s is %q", key, got)
				}
				if _, err := s.Delete(bucket, key, blob.Unversioned, blob.Always); err != nil {
					t.Error(err)
				}
			}
		})
		if err := s.DeleteBucket(bucket); err != nil {
			t.Errorf("the bucket is not empty: %v", err)
		}
	})
}

// TestBucketRace deletes a bucket while others write: either the write is
// acknowledged and the bucket stays, or it fails and nothing stays.
func TestBucketRace(t *testing.T) {
	eachStore(t, func(t *testing.T, s *blob.Store, dir string) {
		for range 20 {
			if err := s.CreateBucket(bucket); err != nil && !errors.Is(err, blob.ErrNotEmpty) {
				t.Fatal(err)
			}
			var wrote, deleted error
			parallel(2, func(i int) {
				if i == 0 {
					_, wrote = tryPut(s, "a/b", "x", blob.Unversioned, blob.Always)
				} else {
					deleted = s.DeleteBucket(bucket)
				}
			})
			if (wrote == nil) == (deleted == nil) {
				t.Fatalf("write: %v, delete: %v", wrote, deleted)
			}
			if deleted == nil {
				if _, err := os.Stat(filepath.Join(dir, "s3", bucket)); !os.IsNotExist(err) {
					t.Fatalf("the folder is there: %v", err)
				}
				continue
			}
			if _, err := s.Delete(bucket, "a/b", blob.Unversioned, blob.Always); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestByHand shows files that somebody put into the folder, and does not trust
// the description of a file that was changed behind the store's back.
func TestByHand(t *testing.T) {
	eachStore(t, func(t *testing.T, s *blob.Store, dir string) {
		path := filepath.Join(dir, "s3", bucket, "by", "hand.csv")
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("a,b\n"), 0o600)); err != nil {
			t.Fatal(err)
		}
		info, err := s.Stat(bucket, "by/hand.csv", "")
		if err != nil || info.Size != 4 || !strings.HasSuffix(info.ETag, "-0") {
			t.Fatalf("%+v %v", info, err)
		}
		before := put(t, s, "k", "stored", blob.Unversioned)
		if err := os.WriteFile(filepath.Join(dir, "s3", bucket, "k"), []byte("changed by hand"), 0o600); err != nil {
			t.Fatal(err)
		}
		after, err := s.Stat(bucket, "k", "")
		if err != nil || after.ETag == before.ETag || after.Size != 15 {
			t.Errorf("%+v %v", after, err)
		}
	})
}

// TestLargeAttributes keeps descriptions that no extended attribute can hold.
func TestLargeAttributes(t *testing.T) {
	eachStore(t, func(t *testing.T, s *blob.Store, dir string) {
		tags := map[string]string{}
		for i := range 60 {
			tags[fmt.Sprintf("%0128d", i)] = strings.Repeat("v", 256)
		}
		for _, v := range []blob.Versioning{blob.Unversioned, blob.Enabled} {
			put(t, s, "k", "bytes", v)
			if _, err := s.Change(bucket, "k", "", func(i *blob.Info) error { i.Tags = tags; return nil }); err != nil {
				t.Fatal(err)
			}
			info, err := s.Stat(bucket, "k", "")
			if err != nil || len(info.Tags) != 60 || read(t, s, "k", "") != "bytes" {
				t.Errorf("%v %v", len(info.Tags), err)
			}
		}
		put(t, s, "k", "again", blob.Unversioned)
		if _, err := s.Delete(bucket, "k", blob.Unversioned, blob.Always); err != nil {
			t.Fatal(err)
		}
		_ = dir
	})
}

// TestReopen finds everything after a restart, and no scratch.
func TestReopen(t *testing.T) {
	eachStore(t, func(t *testing.T, s *blob.Store, dir string) {
		put(t, s, "k", "kept", blob.Unversioned)
		if _, err := s.Stage(context.Background(), bytes.NewReader(make([]byte, 10))); err != nil {
			t.Fatal(err) // staged and never published, as by a process that was killed
		}
		_, statErr := os.Stat(filepath.Join(dir, "s3-meta", bucket, "side"))
		again := open(t, dir, statErr == nil)
		if read(t, again, "k", "") != "kept" {
			t.Error("lost")
		}
		left, err := os.ReadDir(filepath.Join(dir, "s3-meta", ".tmp"))
		if err != nil || len(left) > 0 {
			t.Errorf("scratch was kept: %v %v", left, err)
		}
	})
}

// TestChecksums holds the check values that the catalogue of CRCs publishes for
// "123456789", and the usual ones of the SHAs, in base64.
func TestChecksums(t *testing.T) {
	s := open(t, t.TempDir(), false)
	g, err := s.Stage(context.Background(), strings.NewReader("123456789"), blob.Algorithms()...)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Discard()
	for a, want := range map[blob.Algorithm]string{
		blob.CRC32: "y/Q5Jg==", blob.CRC32C: "4waSgw==", blob.CRC64NVME: "rosUhgp5mIg=",
		blob.SHA1: "98O8HYCOBHMq32eZZczDTKeuNEE=", blob.SHA256: "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
	} {
		if g.Sums[a] != want {
			t.Errorf("%s is %s, want %s", a, g.Sums[a], want)
		}
	}
	if g.ETag() != "25f9e794323b453885f5181f1b624d0b" {
		t.Errorf("ETag %s", g.ETag())
	}
}
