package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// kafka speaks to a broker. Encryption is not negotiated: the listener has it or not. The
// client gets one connection, ours: brokers that the metadata names are not dialled.
type kafka struct {
	conn   net.Conn
	client *kgo.Client
}

func (k *kafka) encrypt(ctx context.Context, e *Encryption, config *tls.Config) (bool, error) {
	if e.Mode == Off {
		return false, nil
	}
	conn, err := handshake(ctx, k.conn, config)
	k.conn = conn
	return true, err
}

// errSecond says that the client wanted another connection, after the first had failed.
var errSecond = errors.New("probe: the connection is used up")

func (k *kafka) login(ctx context.Context, t *Target) error {
	var given atomic.Bool
	options := []kgo.Opt{
		kgo.SeedBrokers("192.0.2.1:9092"), // the connection is there already
		kgo.Dialer(func(context.Context, string, string) (net.Conn, error) {
			if given.Swap(true) {
				return nil, errSecond
			}
			return k.conn, nil
		}),
		kgo.ClientID("bindery"), kgo.RequestRetries(0), kgo.BrokerMaxReadBytes(maxKafkaAnswer), kgo.DisableClientMetrics(),
	}
	if m := mechanism(t); m != nil {
		options = append(options, kgo.SASL(m))
	}
	var err error
	if k.client, err = kgo.NewClient(options...); err != nil {
		return err
	}
	_, err = k.client.SeedBrokers()[0].RetriableRequest(ctx, kmsg.NewPtrApiVersionsRequest())
	if err != nil {
		k.client.Close()
	}
	return kafkaReason(err)
}

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
