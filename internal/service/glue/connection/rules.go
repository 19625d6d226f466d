package connection

import (
	"maps"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// The properties that decide, in the words of the API (reference catalog.md 13).
const (
	host, port, engine     = "HOST", "PORT", "JDBC_ENGINE"
	jdbcURL, connectionURL = "JDBC_CONNECTION_URL", "CONNECTION_URL"
	username, password     = "USERNAME", "PASSWORD"
	secretID               = "SECRET_ID"
	database               = "DATABASE"
	enforceSSL             = "JDBC_ENFORCE_SSL"
	customCert             = "CUSTOM_JDBC_CERT"
	customCertName         = "CUSTOM_JDBC_CERT_STRING"
	skipCertRules          = "SKIP_CUSTOM_JDBC_CERT_VALIDATION"
	kafkaServers           = "KAFKA_BOOTSTRAP_SERVERS"
	kafkaSSL               = "KAFKA_SSL_ENABLED"
	kafkaCert              = "KAFKA_CUSTOM_CERT"
	kafkaSkipCertRules     = "KAFKA_SKIP_CUSTOM_CERT_VALIDATION"
	kafkaKeystore          = "KAFKA_CLIENT_KEYSTORE"
	kafkaMechanism         = "KAFKA_SASL_MECHANISM"
	kafkaPlainUser         = "KAFKA_SASL_PLAIN_USERNAME"
	kafkaPlainPassword     = "KAFKA_SASL_PLAIN_PASSWORD" //nolint:gosec // the name of a property
	kafkaScramUser         = "KAFKA_SASL_SCRAM_USERNAME"
	kafkaScramPassword     = "KAFKA_SASL_SCRAM_PASSWORD"    //nolint:gosec // the name of a property
	kafkaScramSecret       = "KAFKA_SASL_SCRAM_SECRETS_ARN" //nolint:gosec // the name of a property
	connectorType          = "CONNECTOR_TYPE"
	connectorURL           = "CONNECTOR_URL"
	connectorClass         = "CONNECTOR_CLASS_NAME"
	encryptedPrefix        = "ENCRYPTED_"
	mechanismPlain         = "PLAIN"
	mechanismScram         = "SCRAM-SHA-512"
	mechanismKerberos      = "GSSAPI"
	mechanismIAM           = "AWS_MSK_IAM"
	templateConnection     = "template-connection" // the match criterion of a connector that connections are made from
	connectorOfJDBC        = "jdbc"
	certificatePlace       = "s3://"
	firstVersion, unified  = 1, 2 // of the connection schema
	defaultKafkaEncryption = "true"
)

// choice is a demand that one of several sets of properties meets.
type choice [][]string

// demands lists what each type must have. A type that is not here has no documented demand.
var demands = map[string][]choice{
	glueapi.ConnectionTypeJdbc:        {{{jdbcURL}, {host, port, engine}}},
	glueapi.ConnectionTypeKafka:       {{{kafkaServers}}},
	glueapi.ConnectionTypeMongodb:     {{{connectionURL}}},
	glueapi.ConnectionTypeMarketplace: connector,
	glueapi.ConnectionTypeCustom:      connector,
}

var (
	credentials = choice{{username, password}, {secretID}}
	connector   = []choice{{{connectorType}}, {{connectorURL}}, {{connectorClass}}, {{connectionURL}, {jdbcURL}}}
)

// saslDemands lists what each mechanism of Kafka's authentication must have.
var saslDemands = map[string][]choice{
	mechanismPlain: {{{kafkaPlainUser, kafkaPlainPassword}}},
	mechanismScram: {{{kafkaScramUser, kafkaScramPassword}, {kafkaScramSecret}}},
	mechanismKerberos: {{
		{"KAFKA_SASL_GSSAPI_KEYTAB", "KAFKA_SASL_GSSAPI_KRB5_CONF", "KAFKA_SASL_GSSAPI_SERVICE", "KAFKA_SASL_GSSAPI_PRINCIPAL"},
	}},
	mechanismIAM: {},
}

// booleans are the properties that are "true" or "false".
var booleans = []string{enforceSSL, skipCertRules, kafkaSSL, kafkaSkipCertRules}

// files are the properties that name an object.
var files = []string{customCert, kafkaCert, kafkaKeystore, "KAFKA_SASL_GSSAPI_KEYTAB", "KAFKA_SASL_GSSAPI_KRB5_CONF"}

// classic are the types of the first schema. The others came with the unified one.
var classic = []string{
	glueapi.ConnectionTypeJdbc, glueapi.ConnectionTypeKafka, glueapi.ConnectionTypeMongodb, glueapi.ConnectionTypeNetwork,
	glueapi.ConnectionTypeMarketplace, glueapi.ConnectionTypeCustom, glueapi.ConnectionTypeSalesforce,
	glueapi.ConnectionTypeViewValidationRedshift, glueapi.ConnectionTypeViewValidationAthena,
}

// checkProperties refuses properties that the type cannot have, or lacks.
func checkProperties(operation string, in *glueapi.ConnectionInput) error {
	kind, properties := in.ConnectionType, in.ConnectionProperties
	if kind == glueapi.ConnectionTypeSftp {
		return terms.Invalid("Connection type SFTP is not supported.")
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if strings.HasPrefix(name, encryptedPrefix) {
			return terms.Unsupported(operation, "ConnectionProperties."+name)
		}
	}
	if err := checkValues(properties); err != nil {
		return err
	}
	for _, c := range demands[kind] {
		if err := c.check(kind, properties); err != nil {
			return err
		}
	}
	if kind == glueapi.ConnectionTypeKafka {
		return checkSASL(properties)
	}
	if needsCredentials(in) {
		return credentials.check(kind, properties)
	}
	return nil
}

// needsCredentials reports whether the properties must say how one gets in: not when an
// AuthenticationConfiguration says it, and not for a connector that is only a template.
func needsCredentials(in *glueapi.ConnectionInput) bool {
	switch in.ConnectionType {
	case glueapi.ConnectionTypeJdbc, glueapi.ConnectionTypeMongodb:
		return in.AuthenticationConfiguration == nil
	case glueapi.ConnectionTypeCustom, glueapi.ConnectionTypeMarketplace:
		return in.AuthenticationConfiguration == nil && strings.EqualFold(in.ConnectionProperties[connectorType], connectorOfJDBC) &&
			!slices.Contains(in.MatchCriteria, templateConnection)
	}
	return false
}

// checkValues refuses values that their properties cannot have. A value is never quoted: it may be a secret in the wrong place.
func checkValues(properties map[string]string) error {
	for _, name := range booleans {
		if v, given := properties[name]; given && v != "true" && v != "false" {
			return terms.Invalid("Connection property %s must be true or false.", name)
		}
	}
	for _, name := range files {
		if v, given := properties[name]; given && !strings.HasPrefix(v, certificatePlace) {
			return terms.Invalid("Connection property %s must be an Amazon S3 path.", name)
		}
	}
	return nil
}

func checkSASL(properties map[string]string) error {
	mechanism, given := properties[kafkaMechanism]
	if !given {
		return nil
	}
	wanted, known := saslDemands[mechanism]
	if !known {
		return terms.Invalid("Connection property %s must be one of %s.", kafkaMechanism,
			strings.Join(slices.Sorted(maps.Keys(saslDemands)), ", "))
	}
	for _, c := range wanted {
		if err := c.check(glueapi.ConnectionTypeKafka, properties); err != nil {
			return err
		}
	}
	return nil
}

// check demands that one of the sets is there in full, and not a second one too: what they say could disagree.
func (c choice) check(kind string, properties map[string]string) error {
	met := 0
	for _, set := range c {
		if hasAll(properties, set) {
			met++
		}
	}
	switch {
	case met == 0:
		return terms.Invalid("A connection of type %s requires connection properties %s.", kind, c)
	case met > 1:
		return terms.Invalid("A connection of type %s takes one only of %s.", kind, c)
	}
	return nil
}

func hasAll(properties map[string]string, names []string) bool {
	for _, name := range names {
		if _, given := properties[name]; !given {
			return false
		}
	}
	return true
}

// String words the sets.
func (c choice) String() string {
	sets := make([]string, len(c))
	for i, set := range c {
		sets[i] = strings.Join(set, " and ")
	}
	return strings.Join(sets, ", or ")
}
