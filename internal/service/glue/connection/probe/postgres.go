package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"regexp"

	"github.com/jackc/pgx/v5/pgconn"
)

// postgres speaks to PostgreSQL and Redshift. Encryption is agreed on here, before the driver
// gets the connection, so that the two stages cannot be mistaken for each other.
type postgres struct {
	conn net.Conn
	db   *pgconn.PgConn
}

// sslRequest asks the server for TLS: length 8 and the request's code (PostgreSQL, "Message Formats").
var sslRequest = []byte{0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f}

func (p *postgres) encrypt(ctx context.Context, t *Target, config *tls.Config) (bool, error) {
	if t.TLS.Mode == Off {
		return false, nil
	}
	if _, err := p.conn.Write(sslRequest); err != nil {
		return false, err
	}
	answer := make([]byte, 1)
	if _, err := io.ReadFull(p.conn, answer); err != nil {
		return false, err
	}
	switch {
	case answer[0] == 'S':
		conn, err := handshake(ctx, p.conn, config)
		p.conn = conn
		return true, err
	case answer[0] != 'N':
		return false, errAnswer
	case t.TLS.Mode == Demand:
		return false, errPlainServer
	}
	return false, nil
}

func (p *postgres) login(ctx context.Context, t *Target) error {
	// What the process's environment says about databases (PGHOST, a password file) is overwritten.
	config, err := pgconn.ParseConfig("host=unused port=1 user=unused password=unused dbname=unused sslmode=disable")
	if err != nil {
		return err
	}
	config.User, config.Password, config.Database = t.User, t.Password, t.Database
	config.TLSConfig, config.Fallbacks = nil, nil
	config.RuntimeParams = map[string]string{"application_name": "bindery"}
	config.DialFunc = func(context.Context, string, string) (net.Conn, error) { return p.conn, nil }
	config.LookupFunc = func(context.Context, string) ([]string, error) { return []string{"192.0.2.1"}, nil } // the connection is there already
	p.db, err = pgconn.ConnectConfig(ctx, config)
	return postgresReason(Authentication, err)
}

func (p *postgres) query(ctx context.Context) error {
	results, err := p.db.Exec(ctx, "SELECT 1").ReadAll()
	if err != nil {
		return postgresReason(Query, err)
	}
	if len(results) != 1 || len(results[0].Rows) != 1 || string(results[0].Rows[0][0]) != "1" {
		return errAnswer
	}
	return nil
}

var sqlState = regexp.MustCompile(`^[0-9A-Z]{5}$`)

// postgresReason words the codes that say something about who connects where
// (PostgreSQL, "Error Codes").
func postgresReason(stage Stage, err error) error {
	var answer *pgconn.PgError
	if !errors.As(err, &answer) {
		return err
	}
	switch answer.Code {
	case "28P01":
		return &Failure{Stage: stage, Reason: "the user name or the password is wrong"}
	case "28000":
		return &Failure{Stage: stage, Reason: "the server does not let this user in from here, or not without TLS"}
	case "3D000":
		return &Failure{Stage: stage, Reason: "the database does not exist"}
	case "42501":
		return &Failure{Stage: stage, Reason: "the user may not connect to the database"}
	case "53300":
		return &Failure{Stage: stage, Reason: "the server has too many connections"}
	}
	if sqlState.MatchString(answer.Code) {
		return &Failure{Stage: stage, Reason: "the server answered with SQLSTATE " + answer.Code}
	}
	return err
}
