package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// kafka speaks to a broker. Encryption is not negotiated: the listener has it or not. The
// client gets connections to this broker only: those that the metadata names are not dialled.
type kafka struct {
	conn      net.Conn
	encrypted *tls.Config // nil: not encrypted
	again     func(ctx context.Context) (net.Conn, error)
	client    *kgo.Client
}

func (k *kafka) encrypt(ctx context.Context, t *Target, config *tls.Config) (bool, error) {
	if t.TLS.Mode == Off {
		return false, nil
	}
	conn, err := handshake(ctx, k.conn, config)
	k.conn, k.encrypted = conn, config
	return true, err
}

// mostConnections is how often a client may connect: it tries a password that was refused
// once more, on a new connection.
const mostConnections = 2

// errUsedUp says that the client wanted more than that.
var errUsedUp = errors.New("probe: the client connects too often")

// dial gives the client the connection that is there, then another one.
func (k *kafka) dial(ctx context.Context, n int32) (net.Conn, error) {
	if n > mostConnections {
		return nil, errUsedUp
	}
	if n == 1 {
		return k.conn, nil
	}
	conn, err := k.again(ctx)
	if err != nil || k.encrypted == nil {
		return conn, err
	}
	return handshake(ctx, conn, k.encrypted)
}

func (k *kafka) login(ctx context.Context, t *Target) error {
	var count atomic.Int32
	options := []kgo.Opt{
		kgo.SeedBrokers("192.0.2.1:9092"), // the connection is there already
		kgo.Dialer(func(ctx context.Context, _, _ string) (net.Conn, error) { return k.dial(ctx, count.Add(1)) }),
		kgo.ClientID("bindery"), kgo.RequestRetries(0),
		kgo.BrokerMaxReadBytes(maxKafkaAnswer), kgo.FetchMaxBytes(maxKafkaAnswer), kgo.FetchMaxPartitionBytes(maxKafkaAnswer), kgo.DisableClientMetrics(),
		kgo.RequestTimeoutOverhead(longest), // the context ends sooner
	}
	if m := mechanism(t); m != nil {
		options = append(options, kgo.SASL(m))
	}
	var err error
	if k.client, err = kgo.NewClient(options...); err != nil {
		return err
	}
	_, err = k.client.SeedBrokers()[0].Request(ctx, kmsg.NewPtrApiVersionsRequest())
	if err != nil {
		k.client.Close()
	}
	if t.Mechanism != NoSASL && errors.Is(err, io.EOF) {
		return &Failure{Stage: Authentication, Reason: "the broker closed the connection on this user name and password"}
	}
	return kafkaReason(err)
}

// longest is more than any stage may take.
const longest = 10 * time.Minute

// maxKafkaAnswer bounds one answer of a broker: the length that it announces is allocated.
const maxKafkaAnswer = 1 << 20

func mechanism(t *Target) sasl.Mechanism {
	switch t.Mechanism {
	case SASLPlain:
		return plain.Auth{User: t.User, Pass: t.Password}.AsMechanism()
	case ScramSHA512:
		return scram.Auth{User: t.User, Pass: t.Password}.AsSha512Mechanism()
	case NoSASL:
	}
	return nil
}

// query asks for the cluster's brokers, and for no topic.
func (k *kafka) query(ctx context.Context) error {
	defer k.client.Close()
	request := kmsg.NewPtrMetadataRequest()
	request.Topics = []kmsg.MetadataRequestTopic{}
	response, err := k.client.SeedBrokers()[0].Request(ctx, request)
	if err != nil {
		return kafkaReason(err)
	}
	if m, ok := response.(*kmsg.MetadataResponse); !ok || len(m.Brokers) == 0 {
		return errAnswer
	}
	return nil
}

// kafkaReason words the broker's codes about authentication.
func kafkaReason(err error) error {
	var code *kerr.Error
	switch {
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return &Failure{Stage: Authentication, Reason: "the user name or the password is wrong"}
	case errors.Is(err, kerr.UnsupportedSaslMechanism):
		return &Failure{Stage: Authentication, Reason: "the broker does not offer this SASL mechanism"}
	case errors.Is(err, kerr.IllegalSaslState):
		return &Failure{Stage: Authentication, Reason: "the broker asks for another SASL mechanism, or for none"}
	case errors.As(err, &code):
		return &Failure{Stage: Query, Reason: "the broker answered with " + code.Message}
	}
	return err
}
