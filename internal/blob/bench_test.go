package blob_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/blob"
)

// BenchmarkPut is a durable write of a small object: file and folders synced.
func BenchmarkPut(b *testing.B) {
	s := open(b, b.TempDir(), false)
	if err := s.CreateBucket(bucket); err != nil {
		b.Fatal(err)
	}
	for n := 0; b.Loop(); n++ {
		put(b, s, fmt.Sprintf("p/%d", n), "some small bytes", blob.Unversioned)
	}
}

// BenchmarkPages lists a folder of 200,000 files in pages of 1,000, each page a
// walk of its own as the requests of a client are.
func BenchmarkPages(b *testing.B) {
	const files = 200_000
	dir := b.TempDir()
	s := open(b, dir, false)
	if err := s.CreateBucket(bucket); err != nil {
		b.Fatal(err)
	}
	folder := filepath.Join(dir, "s3", bucket, "one")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		b.Fatal(err)
	}
	for n := range files {
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("part-%07d.parquet", n)), nil, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	listed := 0
	for b.Loop() {
		listed += pages(b, s)
	}
	b.ReportMetric(float64(listed)/b.Elapsed().Seconds(), "keys/s")
	if listed != files*b.N {
		b.Errorf("listed %d of %d", listed, files*b.N)
	}
}

func pages(b *testing.B, s *blob.Store) (listed int) {
	after := ""
	for {
		w := s.Walk(bucket, blob.WalkOptions{Prefix: "one/", After: after, Delimiter: "/"})
		n := 0
		for ; n < 1000; n++ {
			e, ok, err := w.Next()
			if err != nil {
				b.Fatal(err)
			}
			if !ok {
				return listed + n
			}
			after = strings.Clone(e.Key)
		}
		listed += n
	}
}
