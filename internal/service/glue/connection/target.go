package connection

import (
	"cmp"
	"context"
	"net"
	"regexp"
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/service/glue/connection/probe"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// definition is what a test is about.
type definition struct {
	kind           string // ConnectionType
	properties     map[string]string
	authentication *glueapi.AuthenticationConfigurationInput
}

// target says where a definition leads, and as whom. What cannot be tried is refused by name.
func (t *Trials) target(ctx context.Context, d *definition) (*probe.Target, error) {
	switch d.kind {
	case glueapi.ConnectionTypeJdbc, glueapi.ConnectionTypePostgresql, glueapi.ConnectionTypeMysql:
		return t.database(ctx, d)
	case glueapi.ConnectionTypeKafka:
		return t.broker(ctx, d)
	case glueapi.ConnectionTypeNetwork:
		return network(d)
	}
	return nil, terms.Unsupported("TestConnection", "ConnectionType "+d.kind)
}

// network tries TCP. The type has no property that it must have, so there may be nothing to try.
func network(d *definition) (*probe.Target, error) {
	if !hasAll(d.properties, []string{host, port}) {
		return nil, terms.Invalid("A connection of type NETWORK is tested by its connection properties HOST and PORT.")
	}
	e, err := endpoint(d.properties[host], d.properties[port])
	return &probe.Target{Protocol: probe.Plain, Endpoints: []probe.Endpoint{e}}, err
}

// database is the target of a JDBC connection, or of one to a named kind of database.
func (t *Trials) database(ctx context.Context, d *definition) (*probe.Target, error) {
	at, err := d.site()
	if err != nil {
		return nil, err
	}
	target := &probe.Target{Protocol: at.protocol, Endpoints: []probe.Endpoint{at.endpoint}, Database: at.database}
	if target.User, target.Password, err = d.credentials(); err != nil {
		return nil, err
	}
	if !plainText(target.User) || !plainText(target.Password) || !plainText(target.Database) {
		return nil, terms.Invalid("User name, password and database must be plain text.")
	}
	level := at.level
	if d.properties[enforceSSL] == "true" {
		level = verifyName
	}
	target.TLS, err = t.encryption(ctx, level, d.properties, customCert, skipCertRules)
	target.TLS.Name = d.properties[customCertName]
	return target, err
}

// plainText reports whether a text can be sent where a zero byte ends it.
func plainText(s string) bool { return !strings.Contains(s, "\x00") }

// credentials are the user and the password that a definition holds.
func (d *definition) credentials() (user, secret string, err error) {
	if a := d.authentication; a != nil {
		switch b := a.BasicAuthenticationCredentials; {
		case a.SecretArn != nil:
			return "", "", terms.Unsupported("TestConnection", "AuthenticationConfiguration.SecretArn")
		case *a.AuthenticationType != glueapi.AuthenticationTypeBasic || b == nil:
			return "", "", terms.Unsupported("TestConnection", "AuthenticationType "+*a.AuthenticationType)
		case b.Username == nil || b.Password == nil:
			return "", "", terms.Invalid("BasicAuthenticationCredentials requires Username and Password.")
		default:
			return *b.Username, *b.Password, nil
		}
	}
	if _, given := d.properties[secretID]; given {
		return "", "", terms.Unsupported("TestConnection", "ConnectionProperties."+secretID)
	}
	if !hasAll(d.properties, []string{username, password}) {
		return "", "", terms.Invalid("Connection properties USERNAME and PASSWORD, or an AuthenticationConfiguration, are required.")
	}
	return d.properties[username], d.properties[password], nil
}

// mostServers bounds a list of brokers.
const mostServers = 10

// broker is the target of a connection to Kafka.
func (t *Trials) broker(ctx context.Context, d *definition) (*probe.Target, error) {
	target := &probe.Target{Protocol: probe.Kafka}
	servers := strings.Split(d.properties[kafkaServers], ",")
	if len(servers) > mostServers {
		return nil, terms.Invalid("Connection property %s names more than %d servers.", kafkaServers, mostServers)
	}
	for _, server := range servers {
		name, number, err := net.SplitHostPort(strings.TrimSpace(server))
		if err != nil {
			return nil, terms.Invalid("Connection property %s must be a list of HOST:PORT.", kafkaServers)
		}
		e, err := endpoint(name, number)
		if err != nil {
			return nil, err
		}
		target.Endpoints = append(target.Endpoints, e)
	}
	if err := d.sasl(target); err != nil {
		return nil, err
	}
	if _, given := d.properties[kafkaKeystore]; given {
		return nil, terms.Unsupported("TestConnection", "ConnectionProperties."+kafkaKeystore)
	}
	level := unencrypted
	if cmp.Or(d.properties[kafkaSSL], defaultKafkaEncryption) == "true" {
		level = verifyName
	}
	var err error
	target.TLS, err = t.encryption(ctx, level, d.properties, kafkaCert, kafkaSkipCertRules)
	return target, err
}

// sasl fills in how a definition authenticates with Kafka.
func (d *definition) sasl(t *probe.Target) error {
	switch mechanism := d.properties[kafkaMechanism]; mechanism {
	case "":
	case mechanismPlain:
		t.Mechanism, t.User, t.Password = probe.SASLPlain, d.properties[kafkaPlainUser], d.properties[kafkaPlainPassword]
	case mechanismScram:
		if _, given := d.properties[kafkaScramSecret]; given {
			return terms.Unsupported("TestConnection", "ConnectionProperties."+kafkaScramSecret)
		}
		t.Mechanism, t.User, t.Password = probe.ScramSHA512, d.properties[kafkaScramUser], d.properties[kafkaScramPassword]
	default:
		return terms.Unsupported("TestConnection", kafkaMechanism+" "+mechanism)
	}
	return nil
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9._-]{0,251}[A-Za-z0-9_.])?$`)

// endpoint checks a host, by name or address, and a port.
func endpoint(name, number string) (probe.Endpoint, error) {
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || n == 0 {
		return probe.Endpoint{}, terms.Invalid("The port of a connection must be a number between 1 and 65535.")
	}
	if !hostName.MatchString(name) && net.ParseIP(name) == nil {
		return probe.Endpoint{}, terms.Invalid("The host of a connection must be a host name or an address.")
	}
	return probe.Endpoint{Host: name, Port: uint16(n)}, nil
}
