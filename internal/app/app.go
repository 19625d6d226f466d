// Package app puts bindery together: configuration, stores, services, gateway.
// It is the composition root; services meet here and nowhere else.
//
// Start with [Open]; its steps are the order of starting.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/bindery-project/bindery/internal/audit"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/config"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/engine"
	"github.com/bindery-project/bindery/internal/gateway"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/seal"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/work/queue"
	"github.com/bindery-project/bindery/internal/work/worker"
)

// App is a running bindery.
type App struct {
	cfg      *config.Server
	log      *slog.Logger
	clock    clock.Clock
	folder   *Folder
	keys     *seal.Keyset
	db       *db.DB
	audit    *audit.Log
	queue    *queue.Queue
	kinds    []queue.Kind // what the queue performs
	people   *directory.Directory
	workers  *worker.Pool
	engine   engine.Engine
	account  string // the first account
	gateway  *gateway.Gateway
	listener net.Listener
	server   *http.Server
	ready    atomic.Bool
	closers  []func() error // what the services started, closed in reverse
}

// Open prepares everything up to the listening socket. Close must be called
// even when it fails half way; it does so itself then.
func Open(ctx context.Context, cfg *config.Server, log *slog.Logger) (*App, error) {
	a := &App{cfg: cfg, log: log, clock: clock.System()}
	for _, step := range []func(context.Context) error{
		a.openFolder, a.openKeys, a.openStore, a.openAudit, a.openAccount, a.openWorkers, a.openServices, a.startWork, a.openAdmin, a.listen,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	return a, nil
}

func (a *App) openFolder(context.Context) (err error) {
	a.folder, err = OpenFolder(a.cfg.Data)
	return err
}

// openKeys loads the root keyset. A folder that has a store must have its
// keys: new ones would open nothing.
func (a *App) openKeys(context.Context) (err error) {
	var masters []seal.Master
	for _, secret := range a.cfg.RootKeys {
		m, err := seal.NewMaster(secret)
		if err != nil {
			return err
		}
		masters = append(masters, m)
	}
	if _, statErr := os.Stat(a.folder.File("bindery.db")); statErr == nil {
		a.keys, err = seal.Open(a.folder.File("keys"), masters...)
	} else {
		a.keys, err = seal.OpenOrCreate(a.folder.File("keys"), masters...)
	}
	return err
}

func (a *App) openStore(ctx context.Context) (err error) {
	cfg := db.Config{Path: a.folder.File("bindery.db"), Clock: a.clock, Logger: a.log}
	if a.cfg.Postgres != "" {
		cfg.Path, cfg.PostgresDSN = "", a.cfg.Postgres
	}
	if a.db, err = db.Open(ctx, cfg); err != nil {
		return err
	}
	a.queue = queue.New(a.db)
	return a.db.CheckKeys(ctx, a.keys)
}

func (a *App) openAudit(context.Context) (err error) {
	a.audit, err = audit.Open(audit.Config{Dir: a.folder.File("audit"), Node: "node", Store: a.db, Clock: a.clock, Logger: a.log})
	return err
}

// openAccount makes the first account and its root key on a new folder. The
// key's file is written first: a crash in between leaves a file that the next
// start replaces, never an account without its key.
func (a *App) openAccount(ctx context.Context) error {
	a.people = directory.New(a.db, a.keys)
	a.closers = append(a.closers, func() error { return a.people.KeepUses(context.WithoutCancel(ctx)) })
	accounts, err := a.people.Accounts(ctx)
	if err != nil {
		return err
	}
	for _, acc := range accounts {
		if acc.Management {
			a.account = acc.ID
		}
	}
	if a.account != "" {
		if a.cfg.Account != "" && a.cfg.Account != a.account {
			return fmt.Errorf("--account %s: this data folder belongs to account %s", a.cfg.Account, a.account)
		}
		return nil
	}
	return a.firstAccount(ctx)
}

func (a *App) firstAccount(ctx context.Context) error {
	a.account = a.cfg.Account
	if a.account == "" {
		a.account = a.people.NewAccountID()
	}
	key := a.people.NewKey(op.Millis(clock.Millis(a.clock.Now())))
	if err := (Credentials{key.ID, key.Secret}).write(a.folder.File("credentials")); err != nil {
		return err
	}
	return a.people.CreateAccount(ctx, directory.Account{ID: a.account, Name: "management", Management: true}, key)
}

func (a *App) listen(context.Context) (err error) {
	if a.listener, err = net.Listen("tcp", a.cfg.Listen); err != nil {
		return err
	}
	a.server = &http.Server{
		Handler:           a.gateway,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	return a.folder.Announce(Running{URL: a.URL(), Account: a.account, Region: a.cfg.Region, PID: os.Getpid()})
}

// URL is the address that clients use.
func (a *App) URL() string {
	scheme := "http"
	if a.cfg.TLSCert != "" {
		scheme = "https"
	}
	return scheme + "://" + a.listener.Addr().String()
}

// Account is the id of the first account.
func (a *App) Account() string { return a.account }

// Run serves until the context ends, then lets requests in flight finish.
func (a *App) Run(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() {
		if a.cfg.TLSCert != "" {
			failed <- a.server.ServeTLS(a.listener, a.cfg.TLSCert, a.cfg.TLSKey)
			return
		}
		failed <- a.server.Serve(a.listener)
	}()
	a.ready.Store(true)
	a.inBackground(ctx)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return a.drain(context.WithoutCancel(ctx))
	}
}

// drainTime is how long requests in flight may take after SIGTERM.
const drainTime = 4 * time.Second

func (a *App) drain(ctx context.Context) error {
	a.ready.Store(false)
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	err := a.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		a.log.Warn("requests were still running after the drain time and were cut off")
		return a.server.Close()
	}
	return err
}

const (
	shipEvery     = 5 * time.Second // audit rows move from the store to the log
	keepUsesEvery = time.Minute     // it is written down who used what
)

// inBackground does what has to be done now and then, until the context ends.
func (a *App) inBackground(ctx context.Context) {
	go a.every(ctx, shipEvery, "audit rows could not be shipped", func(ctx context.Context) error {
		_, err := a.audit.Ship(ctx)
		return err
	})
	go a.every(ctx, keepUsesEvery, "last uses could not be written", a.people.KeepUses)
}

func (a *App) every(ctx context.Context, interval time.Duration, complaint string, do func(context.Context) error) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := do(ctx); err != nil && ctx.Err() == nil {
				a.log.Warn(complaint, "error", err)
			}
		}
	}
}

// Close ends everything that Open started, in reverse.
func (a *App) Close() error {
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		errs = append(errs, a.closers[i]())
	}
	if a.listener != nil {
		_ = a.listener.Close() // Serve has closed it when it ran
	}
	if a.audit != nil {
		errs = append(errs, a.audit.Close())
	}
	if a.db != nil {
		errs = append(errs, a.db.Close())
	}
	if a.folder != nil {
		errs = append(errs, a.folder.Close())
	}
	return errors.Join(errs...)
}

// notReady is what /readyz answers before and after serving.
var errNotReady = errors.New("not serving")

func (a *App) readiness() error {
	if !a.ready.Load() {
		return errNotReady
	}
	return nil
}

func newID() string { return uuid.NewString() }
