package blob

// VersionWalker yields the versions of a bucket's objects: keys in bytewise
// order, of each key the newest version first.
type VersionWalker struct {
	store        *Store
	bucket       string
	plain, older *Walker
	left, right  *Entry // read ahead from plain and older
	ready        []Version
}

// VersionEntry is a version, or a common prefix.
type VersionEntry struct {
	Version
	Common bool // Key is a common prefix
}

// WalkVersions starts a walk over all versions. When afterVersion is not empty
// it begins with the versions of o.After that come after that one.
func (s *Store) WalkVersions(bucket string, o WalkOptions, afterVersion string) (*VersionWalker, error) {
	w := &VersionWalker{
		store: s, bucket: bucket, plain: s.Walk(bucket, o),
		older: s.newWalker(bucket, s.versionsDir(bucket), o, true),
	}
	if afterVersion == "" {
		return w, nil
	}
	all, err := s.versionsOf(bucket, o.After)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].VersionID() == afterVersion {
			w.ready = all[i+1:]
		}
	}
	return w, nil
}

// Next returns the next version; ok is false at the end.
func (w *VersionWalker) Next() (VersionEntry, bool, error) {
	for len(w.ready) == 0 {
		e, ok, err := w.nextKey()
		if err != nil || !ok {
			return VersionEntry{}, false, err
		}
		if e.Common {
			return VersionEntry{Version: Version{Key: e.Key}, Common: true}, true, nil
		}
		if w.ready, err = w.store.versionsOf(w.bucket, e.Key); err != nil {
			return VersionEntry{}, false, err
		}
	}
	v := w.ready[0]
	w.ready = w.ready[1:]
	return VersionEntry{Version: v}, true, nil
}

// nextKey merges the keys that have a current object with those that have
// older versions.
func (w *VersionWalker) nextKey() (Entry, bool, error) {
	if err := ahead(w.plain, &w.left); err != nil {
		return Entry{}, false, err
	}
	if err := ahead(w.older, &w.right); err != nil {
		return Entry{}, false, err
	}
	var e Entry
	switch {
	case w.left == nil && w.right == nil:
		return e, false, nil
	case w.right == nil || (w.left != nil && w.left.Key < w.right.Key):
		e, w.left = *w.left, nil
	case w.left == nil || w.right.Key < w.left.Key:
		e, w.right = *w.right, nil
	default:
		e, w.left, w.right = *w.left, nil, nil
	}
	return e, true, nil
}

func ahead(w *Walker, slot **Entry) error {
	if *slot != nil {
		return nil
	}
	e, ok, err := w.next()
	if ok {
		*slot = &e
	}
	return err
}
