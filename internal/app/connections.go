package app

import (
	"context"
	"errors"
	"io"
	"net/netip"

	"github.com/bindery-project/bindery/internal/dial"
	"github.com/bindery-project/bindery/internal/service/glue/connection"
	"github.com/bindery-project/bindery/internal/service/s3"
)

// guard lets connections out to where the operator allows. The server's own port is not known
// before it listens.
func (a *App) guard() *dial.Guard {
	return &dial.Guard{Allow: a.cfg.DialRanges, Own: func() []netip.AddrPort {
		if a.listener == nil {
			return nil
		}
		own, err := netip.ParseAddrPort(a.listener.Addr().String())
		if err != nil {
			a.log.Error("the server's own address is not understood", "error", err)
			return nil
		}
		return []netip.AddrPort{own}
	}}
}

// certificates shows connections the object store, with the rights of who tests one.
type certificates struct {
	store *s3.Service
	actor onBehalf
}

// Read implements connection.Objects.
func (c certificates) Read(ctx context.Context, bucket, key string, limit int64) (text []byte, err error) {
	err = c.actor.Act(ctx, "glue.amazonaws.com", "GetObject", true, func(ctx context.Context) error {
		found, err := c.store.GetObject(ctx, bucket, key)
		if err != nil {
			return err
		}
		text, err = io.ReadAll(io.LimitReader(found, limit+1))
		return errors.Join(err, found.Close())
	})
	var known *s3.Error
	switch {
	case errors.As(err, &known) && known.Status == 404:
		return nil, connection.ErrNoObject
	case err != nil:
		return nil, err
	case int64(len(text)) > limit:
		return nil, connection.ErrNoObject
	}
	return text, nil
}
