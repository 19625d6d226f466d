package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tink-crypto/tink-go/v2/keyset"
)

// RootFile is the name of the keyset's file in the keys folder.
const RootFile = "root"

// ErrMissing says that there is no keyset file.
var ErrMissing = errors.New("seal: the root keyset is missing")

// Open loads the keyset of a keys folder. It is what a server with existing data calls:
// a new keyset would open nothing of what is stored, so a missing file is ErrMissing.
// masters are the root keys that may have wrapped the file (see [Master]): the first wraps it
// from now on.
func Open(dir string, masters ...Master) (*Keyset, error) {
	k := &Keyset{path: filepath.Join(dir, RootFile)}
	if len(masters) > 0 {
		k.master = masters[0]
	}
	s, current, err := load(k.path, masters)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s: restore it from the backup; the secrets in the data cannot be read without it", ErrMissing, k.path)
	}
	if err != nil {
		return nil, err
	}
	if !current {
		if err := k.save(s); err != nil {
			return nil, err
		}
	}
	k.state.Store(s)
	return k, nil
}

// OpenOrCreate loads the keyset, or makes the first one. Call it only when there are no
// data yet. The folder is created with mode 0700 and the file with 0600.
func OpenOrCreate(dir string, masters ...Master) (*Keyset, error) {
	k, err := Open(dir, masters...)
	if !errors.Is(err, ErrMissing) {
		return k, err
	}
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	k = &Keyset{path: filepath.Join(dir, RootFile)}
	if len(masters) > 0 {
		k.master = masters[0]
	}
	s, err := withNewKey(keyset.NewManager())
	if err != nil {
		return nil, err
	}
	if err := k.save(s); err != nil {
		return nil, err
	}
	k.state.Store(s)
	return k, nil
}

// load reads the keyset. current says that the file is as it would be written now.
func load(path string, masters []Master) (s *state, current bool, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, false, fmt.Errorf("root keyset: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, false, fmt.Errorf("root keyset %s can be read by others (mode %04o): chmod 600, and rotate it", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, false, fmt.Errorf("root keyset: %w", err)
	}
	handle, current, err := unwrap(text, masters)
	if err != nil {
		return nil, false, fmt.Errorf("root keyset %s: %w", path, err)
	}
	s, err = newState(handle)
	return s, current, err
}

func makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("keys folder: %w", err)
	}
	return syncDir(filepath.Dir(dir))
}

// replaceFile writes a file so that, whenever the machine stops, either the old content
// or the new one is there in full.
func replaceFile(path string, content []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(temp.Name()) //nolint:errcheck // after the rename there is none
	_, err = temp.Write(content)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}
