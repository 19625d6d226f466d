package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// profiled runs a case once more while the server profiles itself, and keeps
// the profile for `go tool pprof`. Its figures are not used: profiling costs.
func profiled(c loadCase, p *process, s settings) error {
	if s.profiles == "" {
		return nil
	}
	requests, err := c.prepare(p)
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- saveProfile(c, s) }()
	_, err = c.send(p, s, requests)
	return errors.Join(err, <-done)
}

func saveProfile(c loadCase, s settings) error {
	res, err := http.Get(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%.0f", adminAddr, s.seconds.Seconds()))
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // read to the end
	name := strings.NewReplacer(" ", "-", ",", "").Replace(c.name) + ".pprof"
	f, err := os.Create(filepath.Join(s.profiles, name))
	if err != nil {
		return err
	}
	_, err = io.Copy(f, res.Body)
	return errors.Join(err, f.Close())
}
