package inspecttask_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/bindery-project/bindery/internal/format"
	"github.com/bindery-project/bindery/internal/format/inspecttask"
	"github.com/bindery-project/bindery/internal/work/worker"
)

// TestMain makes the test program its own worker.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == worker.Command {
		os.Exit(worker.Main(os.Args[2:], inspecttask.Task()))
	}
	os.Exit(m.Run())
}

func TestInspectInAWorker(t *testing.T) {
	folder := t.TempDir()
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := z.Write(bytes.Repeat([]byte("a,b\n1,2\n"), 4<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"good.csv": []byte("a,b\n1,x\n2,y\n"), "bomb.csv.gz": bomb.Bytes(), "cut.parquet": []byte("PAR1....")} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool, err := worker.NewPool(worker.Config{Scratch: filepath.Join(t.TempDir(), "scratch"), Read: []string{folder}, Size: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)

	ask := func(name string) (*format.Result, error) {
		return inspecttask.Inspect(t.Context(), pool, format.InspectRequest{Path: filepath.Join(folder, name), Name: name})
	}
	result, err := ask("good.csv")
	if err != nil || result.Classification != format.CSV || result.RecordCount != 2 || len(result.Columns) != 2 || result.CSV == nil {
		t.Errorf("good.csv: %+v, %v", result, err)
	}
	for name, kind := range map[string]format.Kind{"bomb.csv.gz": format.Bomb, "cut.parquet": format.Truncated} {
		if result, err := ask(name); !errors.Is(err, &format.Reason{Kind: kind}) {
			t.Errorf("%s: %+v, %v; want %s", name, result, err, kind)
		}
	}
	if _, err := ask("missing"); err == nil || errors.As(err, new(*format.Reason)) {
		t.Errorf("a missing file is our fault, not its own: %v", err)
	}
}
