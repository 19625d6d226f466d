package config_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/bindery-project/bindery/internal/config"
)

func load(t *testing.T, args ...string) (*config.Server, error) {
	t.Helper()
	f := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	config.Flags(f)
	if err := f.Parse(args); err != nil {
		t.Fatal(err)
	}
	return config.Load(f)
}

func TestFlagsWinOverEnvironmentOverFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bindery.yaml")
	if err := os.WriteFile(path, []byte("region: eu-west-1\nlisten: 127.0.0.1:1\nworkers: 7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BINDERY_LISTEN", "127.0.0.1:2")
	t.Setenv("BINDERY_REGION", "eu-west-2")
	s, err := load(t, "--data", "d", "--config", path, "--region", "eu-west-3")
	if err != nil {
		t.Fatal(err)
	}
	if s.Region != "eu-west-3" || s.Listen != "127.0.0.1:2" || s.Workers != 7 {
		t.Errorf("got region %s, listen %s, workers %d", s.Region, s.Listen, s.Workers)
	}
	for name, want := range map[string]string{"region": "flag", "listen": "environment", "workers": "file", "log-level": "default"} {
		if s.Origin[name] != want {
			t.Errorf("origin of %s = %q, want %q", name, s.Origin[name], want)
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no data":       {nil, "--data is required"},
		"short account": {[]string{"--data", "d", "--account", "123"}, "12 digits"},
		"bad region":    {[]string{"--data", "d", "--region", "mars"}, "not a region"},
		"open plain":    {[]string{"--data", "d", "--listen", "0.0.0.0:4570"}, "reachable from other hosts"},
		"half tls":      {[]string{"--data", "d", "--tls-cert", "x"}, "belong together"},
	} {
		if _, err := load(t, c.args...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error about %q", name, err, c.want)
		}
	}
}

func TestUnknownSettingInFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bindery.yaml")
	if err := os.WriteFile(path, []byte("regoin: eu-west-1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := load(t, "--data", "d", "--config", path); err == nil || !strings.Contains(err.Error(), "regoin") {
		t.Errorf("got %v", err)
	}
}

func TestAdminListensOnLoopbackOnly(t *testing.T) {
	for _, address := range []string{"0.0.0.0:6060", ":6060", "192.168.1.2:6060", "6060"} {
		if _, err := load(t, "--data", "d", "--admin-listen", address); err == nil || !strings.Contains(err.Error(), "--admin-listen") {
			t.Errorf("%s: got %v", address, err)
		}
	}
	if _, err := load(t, "--data", "d", "--admin-listen", "127.0.0.1:6060"); err != nil {
		t.Error(err)
	}
}

// TestRootKeys come from the environment or the file, never from the command line, and are not
// shown when they are wrong.
func TestRootKeys(t *testing.T) {
	one, two := base64.StdEncoding.EncodeToString(make([]byte, 32)), base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 32)))
	t.Setenv("BINDERY_ROOT_KEY", one)
	t.Setenv("BINDERY_ROOT_KEY_BEFORE", two)
	s, err := load(t, "--data", "d")
	if err != nil || len(s.RootKeys) != 2 || s.RootKeys[1][0] != 'x' {
		t.Fatalf("%d root keys, %v", len(s.RootKeys), err)
	}
	if _, err := load(t, "--data", "d", "--root-key", one); err == nil || !strings.Contains(err.Error(), "list of processes") || strings.Contains(err.Error(), one) {
		t.Errorf("as a flag: %v", err)
	}
	t.Setenv("BINDERY_ROOT_KEY", "c2hvcnQ=")
	if _, err := load(t, "--data", "d"); err == nil || !strings.Contains(err.Error(), "base64 of 32 bytes") || strings.Contains(err.Error(), "c2hvcnQ=") {
		t.Errorf("too short: %v", err)
	}
	t.Setenv("BINDERY_ROOT_KEY", "")
	if _, err := load(t, "--data", "d"); err == nil {
		t.Error("only the one that is being replaced")
	}
}
