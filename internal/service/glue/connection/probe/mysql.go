package probe

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
)

// mysql speaks to MySQL and MariaDB: as much of their protocol as it takes to log in and to ask
// one query. The usual drivers in Go are under a licence that this program does not link (MPL),
// or hide at which stage they failed.
//
// Source: MySQL's "Client/Server Protocol", MariaDB's "Client/Server Protocol".
type mysql struct {
	conn      net.Conn
	encrypted bool
	sequence  byte // of the next packet
	hello     *greeting
}

// greeting is what the server says first.
type greeting struct {
	capabilities uint32
	nonce        []byte
	plugin       string
}

// Capabilities that are spoken about.
const (
	longPassword = 1 << 0
	connectDB    = 1 << 3
	protocol41   = 1 << 9
	canTLS       = 1 << 11
	transactions = 1 << 13
	secureAuth   = 1 << 15
	pluginAuth   = 1 << 19
)

const (
	utf8mb4       = 45      // the character set of what we say
	maxPacket     = 1 << 16 // that we read: nothing in here is long
	headerSize    = 4
	reservedBytes = 23
	nonceSize     = 20
	comQuery      = 3
)

func (m *mysql) encrypt(ctx context.Context, t *Target, config *tls.Config) (bool, error) {
	if err := m.greet(); err != nil || t.TLS.Mode == Off {
		return false, err
	}
	if m.hello.capabilities&canTLS == 0 {
		if t.TLS.Mode == Demand {
			return false, errPlainServer
		}
		return false, nil
	}
	if err := m.write(m.opening(t, true)); err != nil {
		return false, err
	}
	conn, err := handshake(ctx, m.conn, config)
	m.conn, m.encrypted = conn, true
	return true, err
}

// greet reads the server's first packet.
func (m *mysql) greet() error {
	packet, err := m.read()
	if err != nil {
		return err
	}
	if packet[0] == packetError {
		return mysqlReason(Authentication, packet)
	}
	m.hello, err = parseGreeting(packet)
	return err
}

// The parts of a greeting behind the server's version: thread id (4), first part of the nonce
// (8), a filler (1), capabilities (2), character set (1), status (2), capabilities (2),
// length of the nonce (1), reserved (10), the rest of the nonce, the plugin.
const (
	greetingVersion = 10
	fixedGreeting   = 31
	firstNonce      = 8
	minSecondNonce  = 13
)

func parseGreeting(packet []byte) (*greeting, error) {
	_, rest, ended := bytes.Cut(packet[1:], []byte{0}) // the version is nobody's business
	if packet[0] != greetingVersion || !ended || len(rest) < fixedGreeting {
		return nil, errAnswer
	}
	g := &greeting{
		capabilities: uint32(binary.LittleEndian.Uint16(rest[13:])) | uint32(binary.LittleEndian.Uint16(rest[18:]))<<16,
		nonce:        bytes.Clone(rest[4 : 4+firstNonce]),
	}
	second := max(minSecondNonce, int(rest[20])-firstNonce)
	rest = rest[fixedGreeting:]
	if g.capabilities&protocol41 == 0 || g.capabilities&secureAuth == 0 || len(rest) < second {
		return nil, errAnswer
	}
	g.nonce = append(g.nonce, rest[:second]...)[:nonceSize]
	name, _, _ := bytes.Cut(rest[second:], []byte{0})
	g.plugin = string(name)
	return g, nil
}

// opening is the beginning of the client's answer. Alone it asks for TLS: it must then say all
// that the whole answer says later, for MariaDB does not read the flags again.
func (m *mysql) opening(t *Target, encrypt bool) []byte {
	flags := uint32(longPassword | protocol41 | transactions | secureAuth | pluginAuth)
	if encrypt {
		flags |= canTLS
	}
	if t.Database != "" {
		flags |= connectDB
	}
	out := binary.LittleEndian.AppendUint32(nil, flags)
	out = binary.LittleEndian.AppendUint32(out, maxPacket)
	out = append(out, utf8mb4)
	return append(out, make([]byte, reservedBytes)...)
}

func (m *mysql) login(_ context.Context, t *Target) error {
	proof, err := m.prove(m.hello.plugin, m.hello.nonce, t.Password)
	if err != nil {
		return err
	}
	answer := append(m.opening(t, m.encrypted), t.User...)
	answer = append(answer, 0, byte(len(proof)))
	answer = append(answer, proof...)
	if t.Database != "" {
		answer = append(append(answer, t.Database...), 0)
	}
	answer = append(append(answer, m.hello.plugin...), 0)
	if err := m.write(answer); err != nil {
		return err
	}
	return m.settle(t.Password)
}

// First bytes of packets.
const (
	packetOK     = 0x00
	packetMore   = 0x01
	packetEOF    = 0xfe
	packetError  = 0xff
	fastAuthOK   = 3
	fullAuth     = 4
	mostExchange = 8 // packets of one login
)

// settle answers what the server asks until it has decided.
func (m *mysql) settle(password string) error {
	for range mostExchange {
		packet, err := m.read()
		if err != nil {
			return err
		}
		switch {
		case packet[0] == packetOK:
			return nil
		case packet[0] == packetError:
			return mysqlReason(Authentication, packet)
		case packet[0] == packetEOF:
			err = m.change(packet[1:], password)
		case packet[0] == packetMore && len(packet) > 1 && packet[1] == fullAuth:
			err = m.reveal(password)
		case packet[0] == packetMore && len(packet) > 1 && packet[1] == fastAuthOK:
		default:
			return errAnswer
		}
		if err != nil {
			return err
		}
	}
	return errAnswer
}

// change answers a server that wants another plugin than the one it had named.
func (m *mysql) change(request []byte, password string) error {
	name, nonce, ended := bytes.Cut(request, []byte{0})
	if !ended || len(nonce) < nonceSize {
		return errAnswer
	}
	proof, err := m.prove(string(name), nonce[:nonceSize], password)
	if err != nil {
		return err
	}
	return m.write(proof)
}

// reveal gives the password to a server that has it in no cache, as drivers do: not on a
// connection where others can read it.
func (m *mysql) reveal(password string) error {
	if !m.encrypted {
		return &Failure{Stage: Authentication, Reason: "the server asks for the password itself, which needs TLS"}
	}
	return m.write(append([]byte(password), 0))
}

func (m *mysql) query(context.Context) error {
	m.sequence = 0
	if err := m.write(append([]byte{comQuery}, "SELECT 1"...)); err != nil {
		return err
	}
	const columns, definition, end, row, last = 0, 1, 2, 3, 4
	for i := range last + 1 {
		packet, err := m.read()
		if err != nil {
			return err
		}
		good := true
		switch {
		case packet[0] == packetError:
			return mysqlReason(Query, packet)
		case i == columns:
			good = bytes.Equal(packet, []byte{1})
		case i == row:
			good = bytes.Equal(packet, []byte{1, '1'})
		case i == end, i == last:
			good = packet[0] == packetEOF
		}
		if !good {
			return errAnswer
		}
	}
	return nil
}

// read reads a packet, which has at least one byte.
func (m *mysql) read() ([]byte, error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(m.conn, header[:]); err != nil {
		return nil, err
	}
	size := int(header[0]) | int(header[1])<<8 | int(header[2])<<16
	if size == 0 || size > maxPacket || header[3] != m.sequence {
		return nil, errAnswer
	}
	m.sequence++
	packet := make([]byte, size)
	_, err := io.ReadFull(m.conn, packet)
	return packet, err
}

func (m *mysql) write(payload []byte) error {
	size := len(payload)
	packet := append([]byte{byte(size), byte(size >> 8), byte(size >> 16), m.sequence}, payload...)
	m.sequence++
	_, err := m.conn.Write(packet)
	return err
}

// mysqlReason words the codes that say something about who connects where
// (MySQL, "Server Error Message Reference").
func mysqlReason(stage Stage, packet []byte) error {
	if len(packet) < 3 {
		return errAnswer
	}
	code := binary.LittleEndian.Uint16(packet[1:])
	reasons := map[uint16]string{
		1040: "the server has too many connections",
		1044: "the user may not connect to the database",
		1045: "the user name or the password is wrong, or the user must use TLS",
		1049: "the database does not exist",
		1129: "the server has blocked this host after too many errors",
		1130: "the server does not let this host in",
		1698: "the user name or the password is wrong",
		3159: "the server lets nobody in without TLS",
	}
	if text, known := reasons[code]; known {
		return &Failure{Stage: stage, Reason: text}
	}
	return &Failure{Stage: stage, Reason: fmt.Sprintf("the server answered with error %d", code)}
}
