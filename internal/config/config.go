// Package config holds bindery's settings as one typed struct, read from flags,
// then the environment (BINDERY_*), then a file, then defaults: the first that
// names a setting wins, and [Load] can say which one did.
package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// Server is everything that `bindery serve` can be told.
type Server struct {
	Data           string `koanf:"data"`             // data folder
	Listen         string `koanf:"listen"`           // HOST:PORT; port 0 picks a free one
	AdminListen    string `koanf:"admin-listen"`     // HOST:PORT of profiles, loopback; "" for none
	Account        string `koanf:"account"`          // 12 digits; only used when the folder is new
	Region         string `koanf:"region"`           // the region this server is
	Postgres       string `koanf:"postgres"`         // DSN; "" means SQLite in the data folder
	TLSCert        string `koanf:"tls-cert"`         // PEM file
	TLSKey         string `koanf:"tls-key"`          // PEM file
	AllowPlainHTTP bool   `koanf:"allow-plain-http"` // serve other hosts without TLS
	Workers        int    `koanf:"workers"`          // worker processes at most
	WorkerMemoryMB int    `koanf:"worker-memory-mb"` // memory limit of one worker
	LogLevel       string `koanf:"log-level"`        // debug, info, warn, error
	DialAllow      string `koanf:"dial-allow"`       // CIDR ranges, separated by commas
	RootKey        string `koanf:"root-key"`         // base64 of 32 bytes that wrap the root keyset; "" leaves it in clear
	RootKeyBefore  string `koanf:"root-key-before"`  // the one that is being replaced

	RootKeys   [][]byte       `koanf:"-"` // RootKey and RootKeyBefore, parsed
	DialRanges []netip.Prefix `koanf:"-"` // DialAllow, parsed

	Origin map[string]string `koanf:"-"` // setting -> "flag", "environment", "file" or "default"
}

// Defaults of the settings.
const (
	DefaultListen = "127.0.0.1:4570"
	DefaultRegion = "us-east-1"
)

// Flags adds the settings to a flag set.
func Flags(f *pflag.FlagSet) {
	f.String("data", "", "data `folder` (required)")
	f.String("listen", DefaultListen, "`HOST:PORT` to serve every service on")
	f.String("admin-listen", "", "loopback `HOST:PORT` to serve Go profiles on (default none)")
	f.String("account", "", "account id of the first account, 12 `digits` (default random, kept)")
	f.String("region", DefaultRegion, "AWS `region` this server answers for")
	f.String("postgres", "", "PostgreSQL `DSN` instead of SQLite in the data folder")
	f.String("tls-cert", "", "TLS certificate `file` (PEM)")
	f.String("tls-key", "", "TLS key `file` (PEM)")
	f.Bool("allow-plain-http", false, "serve other hosts without TLS")
	f.Int("workers", 2, "worker processes at most")
	f.Int("worker-memory-mb", 2048, "memory limit of one worker in MiB")
	f.String("dial-allow", "", "private or loopback address `ranges` that connections may be tested in, such as 10.0.0.0/8,127.0.0.0/8")
	f.String("root-key", "", "base64 of 32 bytes that wrap the root keyset; only as BINDERY_ROOT_KEY or in the file")
	f.String("root-key-before", "", "the root key that is being replaced; only as BINDERY_ROOT_KEY_BEFORE or in the file")
	f.String("log-level", "info", "debug, info, warn or error")
	f.String("config", "", "YAML `file` with the same names as the flags")
}

// Load reads the settings. It fails on a value that cannot work, naming it.
func Load(flags *pflag.FlagSet) (*Server, error) {
	k := koanf.New(".")
	origin := map[string]string{}
	if err := layers(k, flags, origin); err != nil {
		return nil, err
	}
	var s Server
	if err := k.Unmarshal("", &s); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	s.Origin = origin
	return &s, s.check()
}

// layers loads the sources, weakest first.
func layers(k *koanf.Koanf, flags *pflag.FlagSet, origin map[string]string) error {
	defaults := map[string]any{}
	flags.VisitAll(func(f *pflag.Flag) { defaults[f.Name] = f.DefValue; origin[f.Name] = "default" })
	if err := k.Load(confmap.Provider(defaults, "."), nil); err != nil {
		return err
	}
	if path, err := flags.GetString("config"); err == nil && path != "" {
		from := koanf.New(".")
		if err := from.Load(file.Provider(path), yaml.Parser()); err != nil {
			return fmt.Errorf("config file %s: %w", path, err)
		}
		if err := merge(k, from, origin, "file"); err != nil {
			return err
		}
	}
	from := koanf.New(".")
	if err := from.Load(env.Provider(".", env.Opt{Prefix: "BINDERY_", TransformFunc: envName}), nil); err != nil {
		return err
	}
	if err := merge(k, from, origin, "environment"); err != nil {
		return err
	}
	flags.Visit(func(f *pflag.Flag) { origin[f.Name] = "flag" })
	return k.Load(posflag.Provider(flags, ".", k), nil)
}

func envName(k, v string) (string, any) {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(k, "BINDERY_")), "_", "-"), v
}

// merge takes the settings that exist; an unknown name in a file is a mistake
// that must be heard, in the environment it may belong to someone else.
func merge(k, from *koanf.Koanf, origin map[string]string, source string) error {
	for _, name := range from.Keys() {
		if _, known := origin[name]; !known {
			if source == "file" {
				return fmt.Errorf("config file: unknown setting %q", name)
			}
			continue
		}
		origin[name] = source
		if err := k.Set(name, from.Get(name)); err != nil {
			return err
		}
	}
	return nil
}

// minWorkerMB is the least memory that a worker can do anything with, in MiB.
const minWorkerMB = 128

var (
	accountID = regexp.MustCompile(`^[0-9]{12}$`)
	regionID  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+$`)
)

func (s *Server) check() error {
	if s.Data == "" {
		return errors.New("--data is required: the folder that holds everything bindery keeps")
	}
	if s.Account != "" && !accountID.MatchString(s.Account) {
		return fmt.Errorf("--account %q: an account id has 12 digits", s.Account)
	}
	if s.Workers < 1 {
		return fmt.Errorf("--workers %d: at least one is needed", s.Workers)
	}
	if s.WorkerMemoryMB < minWorkerMB {
		return fmt.Errorf("--worker-memory-mb %d: a query needs at least %d", s.WorkerMemoryMB, minWorkerMB)
	}
	if !regionID.MatchString(s.Region) {
		return fmt.Errorf("--region %q: not a region name such as us-east-1", s.Region)
	}
	if (s.TLSCert == "") != (s.TLSKey == "") {
		return errors.New("--tls-cert and --tls-key belong together")
	}
	if host, _, err := net.SplitHostPort(s.AdminListen); s.AdminListen != "" && (err != nil || !loopback(host)) {
		return fmt.Errorf("--admin-listen %q: must be a loopback HOST:PORT; it asks nobody who they are", s.AdminListen)
	}
	if err := s.parseDialAllow(); err != nil {
		return err
	}
	if err := s.parseRootKeys(); err != nil {
		return err
	}
	return s.checkListen()
}

// parseDialAllow reads the ranges that connections may lead to beside public addresses.
func (s *Server) parseDialAllow() error {
	for text := range strings.SplitSeq(s.DialAllow, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return fmt.Errorf("--dial-allow %q: not a range such as 10.0.0.0/8", text)
		}
		s.DialRanges = append(s.DialRanges, p.Masked())
	}
	return nil
}

// rootKeyBytes is the length of a root key.
const rootKeyBytes = 32

// parseRootKeys reads the keys that wrap the root keyset. The errors do not show them.
func (s *Server) parseRootKeys() error {
	for _, k := range []struct{ name, text string }{{"root-key", s.RootKey}, {"root-key-before", s.RootKeyBefore}} {
		if k.text == "" {
			continue
		}
		if s.Origin[k.name] == "flag" {
			return fmt.Errorf("--%s would be seen in the list of processes: give it in the environment or in the config file", k.name)
		}
		secret, err := base64.StdEncoding.DecodeString(k.text)
		if err != nil || len(secret) != rootKeyBytes {
			return fmt.Errorf("%s is not the base64 of %d bytes; `openssl rand -base64 %[2]d` makes one", k.name, rootKeyBytes)
		}
		s.RootKeys = append(s.RootKeys, secret)
	}
	if s.RootKey == "" && s.RootKeyBefore != "" {
		return errors.New("root-key-before needs root-key, which replaces it")
	}
	return nil
}

// checkListen refuses to serve other hosts in plain text unless told to.
func (s *Server) checkListen() error {
	host, _, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return fmt.Errorf("--listen %q: %w", s.Listen, err)
	}
	if s.TLSCert != "" || s.AllowPlainHTTP || loopback(host) {
		return nil
	}
	return fmt.Errorf("--listen %s is reachable from other hosts: give --tls-cert and --tls-key, or --allow-plain-http if something in front does TLS", s.Listen)
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
