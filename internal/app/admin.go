package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/pprof"
	"time"
)

// openAdmin serves Go's profiles on a listener of its own, when one is
// configured: /debug/pprof/ as `go tool pprof` expects it. It has no
// authentication, so config lets it listen on loopback only.
func (a *App) openAdmin(context.Context) error {
	if a.cfg.AdminListen == "" {
		return nil
	}
	l, err := net.Listen("tcp", a.cfg.AdminListen)
	if err != nil {
		return err
	}
	routes := http.NewServeMux()
	routes.HandleFunc("/debug/pprof/", pprof.Index)
	routes.HandleFunc("/debug/pprof/profile", pprof.Profile)
	routes.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	routes.HandleFunc("/debug/pprof/trace", pprof.Trace)
	server := &http.Server{Handler: routes, ReadHeaderTimeout: 10 * time.Second}
	a.closers = append(a.closers, server.Close)
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("the admin listener ended", "error", err)
		}
	}()
	a.log.Info("profiles", "url", "http://"+l.Addr().String()+"/debug/pprof/")
	return nil
}
