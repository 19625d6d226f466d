package crawler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/format"
	"github.com/bindery-project/bindery/internal/format/inspecttask"
	"github.com/bindery-project/bindery/internal/glob"
	"github.com/bindery-project/bindery/internal/op"
)

// fileTime is how long a worker may read one file (reference hardening.md R12).
const fileTime = 30 * time.Second

// target is an S3 target with what was found below it.
type target struct {
	include    IncludePath
	prefix     string // as the target writes it: what s3:prefix of a policy sees
	exclusions *glob.Set
	globs      []string // exclusions as written
	sample     int      // files of each folder that are inspected; 0 = all
	objects    []Object
	leaves     []Leaf // the folders of the objects, whose slices they share
}

func newTarget(t *glueapi.S3Target) (*target, error) {
	include, err := ParseIncludePath(op.Value(t.Path))
	if err != nil {
		return nil, err
	}
	exclusions, err := parseExclusions(t.Exclusions)
	if err != nil {
		return nil, err
	}
	out := &target{include: include, prefix: include.Prefix, exclusions: exclusions, globs: t.Exclusions}
	if include.Prefix != "" && strings.HasSuffix(*t.Path, "/") {
		out.prefix = include.folder()
	}
	if t.SampleSize != nil {
		out.sample = int(*t.SampleSize)
	}
	return out, nil
}

// maxGlob bounds one exclusion pattern, in bytes.
const maxGlob = 1024

// parseExclusions compiles the exclude patterns of a target, which match the part of the object key behind the include path.
func parseExclusions(globs []string) (*glob.Set, error) {
	for _, text := range globs {
		if len(text) > maxGlob {
			return nil, fmt.Errorf("exclusion pattern of %d bytes: 1 to %d are allowed", len(text), maxGlob)
		}
	}
	return glob.Parse(globs)
}

// survey is what a crawl found in all its targets.
type survey struct {
	targets []*target
	tables  []Table
	broken  []string // locations of objects that no table can use
}

// survey lists the targets, inspects their objects and groups them into tables.
func (r *run) survey(ctx context.Context, catalog *catalog) (*survey, error) {
	s := &survey{}
	for i := range r.record.Doc.Targets.S3Targets {
		t, err := newTarget(&r.record.Doc.Targets.S3Targets[i])
		if err != nil {
			return nil, r.fail("%v", err)
		}
		if err := r.list(ctx, t); err != nil {
			return nil, err
		}
		s.targets = append(s.targets, t)
	}
	if err := r.recallAll(ctx, s); err != nil {
		return nil, err
	}
	r.advance(func(p *Progress) {
		p.Phase, p.Listed, p.Since = "inspecting objects", true, op.Millis(clock.Millis(r.Clock.Now()))
	})
	taken := catalog.locations()
	for _, t := range s.targets {
		if err := r.inspectAll(ctx, t); err != nil {
			return nil, err
		}
		r.group(s, t, taken)
	}
	return s, nil
}

// list finds the objects of a target. Hidden and excluded ones are left out.
func (r *run) list(ctx context.Context, t *target) error {
	r.advance(func(p *Progress) { p.Phase = "listing s3://" + t.include.Bucket + "/" + t.prefix })
	listed := 0
	err := r.Objects.List(r.asReader(ctx), t.include.Bucket, t.prefix, func(o Object) error {
		if listed++; listed%1000 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		path := t.include.Relative(o.Key)
		if t.include.Covers(o.Key) && !Hidden(path, o.Size) && !t.exclusions.Match(path) {
			t.objects = append(t.objects, o)
		}
		return nil
	})
	var known op.Error
	if errors.As(err, &known) && known.ErrorCode() == "NoSuchBucket" {
		return r.fail("S3 bucket %s does not exist.", t.include.Bucket)
	}
	if err != nil {
		return fmt.Errorf("list s3://%s/%s: %w", t.include.Bucket, t.prefix, err)
	}
	t.arrange()
	r.summary.Objects.Listed += int64(len(t.objects))
	r.advance(func(p *Progress) { p.Objects += int64(len(t.objects)) })
	return nil
}

// arrange orders the objects by folder.
func (t *target) arrange() {
	t.leaves = Leaves(t.include, t.objects)
	t.objects = t.objects[:0]
	for i := range t.leaves {
		from := len(t.objects)
		t.objects = append(t.objects, t.leaves[i].Objects...)
		t.leaves[i].Objects = t.objects[from:len(t.objects):len(t.objects)]
	}
}

// url is the location of a folder or key.
func (t *target) url(key string) string { return "s3://" + t.include.Bucket + "/" + key }

// inspectAll inspects the objects of a target: all, or as many of each folder as its sample wants.
func (r *run) inspectAll(ctx context.Context, t *target) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, r.Parallel))
	for _, leaf := range t.leaves {
		own := leaf.Objects
		if t.sample > 0 {
			g.Go(func() error { return r.inspectSample(ctx, t, own) })
			continue
		}
		for i := range own {
			g.Go(func() error { return r.inspect(ctx, t, &own[i]) })
		}
	}
	if err := g.Wait(); err != nil {
		return err
	}
	t.objects = slices.DeleteFunc(t.objects, func(o Object) bool { return o.gone })
	return nil
}

// inspectSample inspects the objects of a folder until enough gave a result.
func (r *run) inspectSample(ctx context.Context, t *target, objects []Object) error {
	good := 0
	for i := range objects {
		if good == t.sample {
			r.advance(func(p *Progress) { p.Inspected += int64(len(objects) - i) })
			return nil
		}
		if err := r.inspect(ctx, t, &objects[i]); err != nil {
			return err
		}
		if objects[i].Result != nil {
			good++
		}
	}
	return nil
}

// inspect finds out what one object holds. What is known from an earlier crawl is not read again.
func (r *run) inspect(ctx context.Context, t *target, o *Object) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer r.advance(func(p *Progress) { p.Inspected++ })
	if o.known {
		return nil
	}
	err := r.readObject(ctx, t, o)
	if errors.Is(err, ErrGone) {
		o.gone = true
		return nil
	}
	return err
}

func (r *run) readObject(ctx context.Context, t *target, o *Object) error {
	path, err := r.Objects.File(r.asReader(ctx), t.include.Bucket, o.Key)
	if err != nil {
		return fmt.Errorf("open s3://%s/%s: %w", t.include.Bucket, o.Key, err)
	}
	lease, err := r.Workers.Lease(ctx)
	if err != nil {
		return err
	}
	defer lease.Release()
	timed, cancel := context.WithTimeout(ctx, fileTime)
	defer cancel()
	result, err := inspecttask.Inspect(timed, lease, format.InspectRequest{Path: path, Name: o.Key})
	var reason *format.Reason
	switch {
	case errors.As(err, &reason):
		o.Reason = reason
		return nil
	case err != nil:
		if _, again := r.Objects.File(r.asReader(ctx), t.include.Bucket, o.Key); errors.Is(again, ErrGone) {
			return ErrGone
		}
		return err
	}
	o.Result = r.shared(result)
	r.summary.inspected()
	return nil
}

// group adds the tables of a target to the survey. taken maps the names of tables to their locations; the target's are added.
func (r *run) group(s *survey, t *target, taken map[string]string) {
	d := &r.record.Doc
	g := Group(t.objects, Options{
		Include: t.include, Exclusions: t.globs, CrawlerName: r.record.name(), TablePrefix: op.Value(d.TablePrefix),
		Configuration: r.config, Taken: maps.Clone(taken),
	})
	for _, b := range g.Broken {
		location := t.url(b.Key)
		s.broken = append(s.broken, location)
		r.summary.broken(location, b.Reason.Error())
		r.journal.add("WARN", "%s cannot be used: %s", location, b.Reason.Error())
	}
	for _, note := range g.Notes {
		r.summary.note(note)
		r.journal.info("%s", note)
	}
	for _, table := range g.Tables {
		if slices.ContainsFunc(s.tables, func(other Table) bool { return other.Name == table.Name }) {
			r.journal.info("%s was found by another target as well", table.StorageDescriptor.Location)
			continue
		}
		taken[table.Name] = table.StorageDescriptor.Location
		s.tables = append(s.tables, table)
	}
	slices.SortFunc(s.tables, func(a, b Table) int { return cmp.Compare(a.Name, b.Name) })
}

// covers reports whether a location lies in one of the targets.
func (s *survey) covers(location string) bool {
	at, err := ParseIncludePath(location)
	return err == nil && slices.ContainsFunc(s.targets, func(t *target) bool {
		return t.include.Bucket == at.Bucket && t.include.Covers(at.Prefix)
	})
}

// doubtful reports whether objects at or below a location could not be read: their table is not gone then.
func (s *survey) doubtful(location string) bool {
	folder := strings.TrimRight(location, "/")
	return slices.ContainsFunc(s.broken, func(key string) bool { return key == folder || strings.HasPrefix(key, folder+"/") })
}
