package duck

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/bindery-project/bindery/internal/engine"
	"github.com/bindery-project/bindery/internal/work/worker"
)

// prepareScans looks at the files of all relations, rewrites those that DuckDB cannot read as
// they are, and builds the views.
func prepareScans(ctx context.Context, relations []engine.Relation, scratch string) ([]scan, error) {
	p := preparer{scratch: scratch, stagedLeft: maxStaged}
	var scans []scan
	for number, r := range relations {
		t, err := newTable(r, number)
		if err != nil {
			return nil, err
		}
		s, err := p.relation(ctx, t)
		if err != nil {
			return nil, err
		}
		scans = append(scans, s)
	}
	return scans, nil
}

// preparer counts files over all relations of a query.
type preparer struct {
	scratch    string
	files      int
	staged     int
	stagedLeft int64  // bytes that rewritten files may still take
	block      []byte // for search, reused over all files
}

func (p *preparer) relation(ctx context.Context, t table) (scan, error) {
	r, err := readerOf(t)
	if err != nil {
		return scan{}, err
	}
	sources := make([]source, 0, len(t.Files))
	for _, f := range t.Files {
		if err := ctx.Err(); err != nil {
			return scan{}, err
		}
		src, err := p.source(t, f)
		if err != nil {
			return scan{}, fileFailure(f, err)
		}
		sources = append(sources, src)
		p.files++
	}
	return newScan(t, sources, r), nil
}

func readerOf(t table) (reader, error) {
	switch t.Format {
	case engine.FormatParquet:
		return parquetReader{t}, nil
	case engine.FormatText:
		return textReader{t: t}, nil
	case engine.FormatOpenCSV:
		return textReader{t: t, open: true}, nil
	case engine.FormatJSON:
		return jsonReader{t}, nil
	}
	return nil, failureOf(engine.ClassUnsupported, fmt.Sprintf("format %q is not supported", t.Format))
}

// source decides how one file is read. Empty files have no rows in any text format, and are
// broken in Parquet, where DuckDB says so.
func (p *preparer) source(t table, f engine.File) (source, error) {
	src := source{path: f.Path, compression: "none", index: p.files, partition: f.Partition}
	if t.Format == engine.FormatParquet {
		return src, nil
	}
	file, err := os.Open(f.Path)
	if err != nil {
		return src, err
	}
	defer file.Close() //nolint:errcheck // only read
	compression, err := compressionOf(f, file)
	if err != nil {
		return src, err
	}
	rewrite, err := p.needsRewriting(t, file, compression)
	if err != nil {
		return src, err
	}
	if rewrite {
		src.path, err = p.stage(file, compression, rewriterOf(t))
		src.canonical = true
		return src, err
	}
	if native, ok := nativeCompression[compression]; ok {
		src.compression = native
		return src, nil
	}
	src.path, err = p.stage(file, compression, copyBytes)
	return src, err
}

// fileFailure names the file of an error.
func fileFailure(f engine.File, err error) error {
	class, message := engine.ClassBadData, err.Error()
	var failed *worker.TaskError
	var path *fs.PathError
	switch {
	case errors.As(err, &failed):
		class, message = engine.Class(failed.Code), failed.Message
	case errors.Is(err, errNoSpace):
		class = engine.ClassOutOfSpace
	case errors.As(err, &path):
		class, message = engine.ClassMissingFile, path.Err.Error()
	}
	return &worker.TaskError{Code: string(class), Message: fmt.Sprintf("%s: %s", f.Key, message), Subject: f.Key}
}
