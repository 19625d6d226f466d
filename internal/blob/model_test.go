package blob_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bindery-project/bindery/internal/blob"
)

// keys draws keys that share folders and meet at every character that sorts
// near the slash.
func keys() *rapid.Generator[string] {
	return rapid.StringMatching(`[ab.\-0]{0,2}(/[ab.\-0]{0,2}){0,3}`).Filter(func(s string) bool { return s != "" })
}

// TestWalkModel compares walks with a sorted list: every prefix, position and
// delimiter, in pages.
func TestWalkModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := open(t, t.TempDir(), false)
		if err := s.CreateBucket(bucket); err != nil {
			rt.Fatal(err)
		}
		var have []string
		for _, k := range rapid.SliceOfNDistinct(keys(), 0, 25, rapid.ID[string]).Draw(rt, "keys") {
			if _, err := tryPut(s, k, k, blob.Unversioned, blob.Always); err == nil {
				have = append(have, k)
			} else if !errors.Is(err, blob.ErrBesideFolder) {
				rt.Fatal(err)
			}
		}
		slices.Sort(have)
		for range 10 {
			o := blob.WalkOptions{
				Prefix:    rapid.StringMatching(`[ab.\-0/]{0,3}`).Draw(rt, "prefix"),
				After:     rapid.StringMatching(`[ab.\-0/]{0,4}`).Draw(rt, "after"),
				Delimiter: rapid.SampledFrom([]string{"", "/", "a", "/a"}).Draw(rt, "delimiter"),
			}
			if got, want := walked(rt, s, o), expected(have, o); !slices.Equal(got, want) {
				rt.Fatalf("%+v of %q: %q, want %q", o, have, got, want)
			}
		}
	})
}

func walked(t *rapid.T, s *blob.Store, o blob.WalkOptions) (got []string) {
	for e, err := range s.Objects(bucket, o) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Common {
			got = append(got, e.Key+"...")
			continue
		}
		got = append(got, e.Key)
	}
	return got
}

func expected(sorted []string, o blob.WalkOptions) (want []string) {
	for _, k := range sorted {
		if !strings.HasPrefix(k, o.Prefix) {
			continue
		}
		if i := strings.Index(k[len(o.Prefix):], o.Delimiter); o.Delimiter != "" && i >= 0 {
			common := k[:len(o.Prefix)+i+len(o.Delimiter)]
			if common > o.After && !slices.Contains(want, common+"...") {
				want = append(want, common+"...")
			}
			continue
		}
		if k > o.After {
			want = append(want, k)
		}
	}
	return want
}

// version is one version in the model.
type version struct {
	id, text string
	marker   bool
}

// TestVersionModel plays random puts, deletes and changes of the versioning
// state on one key, and compares every version after each step.
func TestVersionModel(t *testing.T) {
	for name, sidecar := range map[string]bool{"xattr": false, "sidecar": true} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				s := open(t, t.TempDir(), sidecar)
				if err := s.CreateBucket(bucket); err != nil {
					rt.Fatal(err)
				}
				playVersions(rt, s)
			})
		})
	}
}

func playVersions(rt *rapid.T, s *blob.Store) {
	var model []version // newest first
	state := blob.Unversioned
	for n := range rapid.IntRange(1, 14).Draw(rt, "steps") {
		switch step := rapid.SampledFrom([]string{"put", "put", "delete", "delete version", "enable", "suspend"}).Draw(rt, "step"); step {
		case "enable":
			state = blob.Enabled
		case "suspend":
			if state != blob.Unversioned {
				state = blob.Suspended
			}
		case "put":
			text := fmt.Sprint("text ", n)
			info, err := tryPut(s, "d/k", text, state, blob.Always)
			if err != nil {
				rt.Fatal(err)
			}
			model = add(model, version{id: info.VersionID(), text: text})
		case "delete":
			done, err := s.Delete(bucket, "d/k", state, blob.Always)
			if err != nil {
				rt.Fatal(err)
			}
			if state == blob.Unversioned {
				model = nil
			} else {
				model = add(model, version{id: done.Version, marker: true})
			}
		case "delete version":
			if len(model) > 0 {
				i := rapid.IntRange(0, len(model)-1).Draw(rt, "which")
				if _, err := s.DeleteVersion(bucket, "d/k", model[i].id, blob.Always); err != nil {
					rt.Fatal(err)
				}
				model = slices.Delete(slices.Clone(model), i, i+1)
			}
		}
		compareVersions(rt, s, model)
	}
}

// add puts a version in front; there is one null version at most.
func add(model []version, v version) []version {
	kept := slices.DeleteFunc(slices.Clone(model), func(o version) bool { return v.id == blob.NullVersion && o.id == blob.NullVersion })
	return append([]version{v}, kept...)
}

func compareVersions(rt *rapid.T, s *blob.Store, model []version) {
	w, err := s.WalkVersions(bucket, blob.WalkOptions{}, "")
	if err != nil {
		rt.Fatal(err)
	}
	for i, want := range model {
		v, ok, err := w.Next()
		if err != nil || !ok {
			rt.Fatalf("version %d of %+v: %v %v", i, model, ok, err)
		}
		if v.VersionID() != want.id || v.Marker != want.marker || v.Latest != (i == 0) {
			rt.Fatalf("version %d is %+v, want %+v", i, v, want)
		}
		o, err := s.Read(bucket, "d/k", want.id)
		if want.marker {
			if !errors.Is(err, blob.ErrNoObject) {
				rt.Fatalf("a marker reads as %v", err)
			}
			continue
		}
		if err != nil {
			rt.Fatal(err)
		}
		_ = o.Close()
		if o.Info.Size != int64(len(want.text)) || o.Info.Metadata["k"] != "d/k" {
			rt.Fatalf("version %d: %+v", i, o.Info)
		}
	}
	if _, ok, _ := w.Next(); ok {
		rt.Fatal("there are more versions than there should be")
	}
	_, err = s.Stat(bucket, "d/k", "")
	if current := len(model) > 0 && !model[0].marker; (err == nil) != current {
		rt.Fatalf("current: %v, want %v", err, current)
	}
}
