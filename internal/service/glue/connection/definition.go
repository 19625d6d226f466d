package connection

import (
	"maps"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// keep is what will be stored for an input, checked.
func keep(operation, account string, in *glueapi.ConnectionInput) (*row, error) {
	if err := checkProperties(operation, in); err != nil {
		return nil, err
	}
	if in.ConnectionType == glueapi.ConnectionTypeNetwork && in.PhysicalConnectionRequirements == nil {
		return nil, terms.Invalid("A connection of type NETWORK requires PhysicalConnectionRequirements.")
	}
	switch {
	case in.ValidateCredentials != nil && *in.ValidateCredentials:
		return nil, terms.Unsupported(operation, "ConnectionInput.ValidateCredentials (TestConnection validates them)")
	case len(in.ValidateForComputeEnvironments) > 0:
		return nil, terms.Unsupported(operation, "ConnectionInput.ValidateForComputeEnvironments")
	}
	r := &row{account: account, doc: *glueapi.ConnectionFromInput(in)}
	r.doc.ConnectionSchemaVersion = new(schemaVersion(in))
	var err error
	r.doc.AuthenticationConfiguration, err = authentication(operation, in.AuthenticationConfiguration)
	return r, err
}

// schemaVersion is 2 for what only the unified schema can say.
func schemaVersion(in *glueapi.ConnectionInput) int32 {
	if !slices.Contains(classic, in.ConnectionType) || in.AuthenticationConfiguration != nil ||
		len(in.SparkProperties)+len(in.AthenaProperties)+len(in.PythonProperties) > 0 {
		return unified
	}
	return firstVersion
}

// authentication is the stored form of an AuthenticationConfiguration. Glue puts credentials
// that are given here into a secret of Secrets Manager and keeps its ARN. There is no Secrets
// Manager yet, so only the ARN can be given.
func authentication(operation string, in *glueapi.AuthenticationConfigurationInput) (*glueapi.AuthenticationConfiguration, error) {
	if in == nil {
		return nil, nil //nolint:nilnil // none given, none stored
	}
	if err := checkAuthentication(in); err != nil {
		return nil, err
	}
	for _, m := range []struct {
		name  string
		given bool
	}{
		{"BasicAuthenticationCredentials", in.BasicAuthenticationCredentials != nil},
		{"CustomAuthenticationCredentials", in.CustomAuthenticationCredentials != nil},
		{"KmsKeyArn", in.KmsKeyArn != nil},
		{"OAuth2Properties.OAuth2Credentials", in.OAuth2Properties != nil && in.OAuth2Properties.OAuth2Credentials != nil},
		{"OAuth2Properties.AuthorizationCodeProperties", in.OAuth2Properties != nil && in.OAuth2Properties.AuthorizationCodeProperties != nil},
	} {
		if m.given {
			return nil, terms.Unsupported(operation, "AuthenticationConfiguration."+m.name)
		}
	}
	out := &glueapi.AuthenticationConfiguration{AuthenticationType: in.AuthenticationType, SecretArn: in.SecretArn}
	if o := in.OAuth2Properties; o != nil {
		out.OAuth2Properties = &glueapi.OAuth2Properties{
			OAuth2GrantType: o.OAuth2GrantType, OAuth2ClientApplication: o.OAuth2ClientApplication,
			TokenUrl: o.TokenUrl, TokenUrlParametersMap: o.TokenUrlParametersMap,
		}
	}
	return out, nil
}

// checkAuthentication demands what each way of authentication needs.
func checkAuthentication(in *glueapi.AuthenticationConfigurationInput) error {
	if in.AuthenticationType == nil {
		return terms.Invalid("AuthenticationConfiguration requires AuthenticationType.")
	}
	if in.SecretArn != nil && (in.BasicAuthenticationCredentials != nil || in.CustomAuthenticationCredentials != nil) {
		return terms.Invalid("AuthenticationConfiguration takes either SecretArn or credentials.")
	}
	switch *in.AuthenticationType {
	case glueapi.AuthenticationTypeBasic:
		if in.SecretArn == nil && in.BasicAuthenticationCredentials == nil {
			return terms.Invalid("AuthenticationType BASIC requires SecretArn or BasicAuthenticationCredentials.")
		}
	case glueapi.AuthenticationTypeCustom:
		if in.SecretArn == nil && in.CustomAuthenticationCredentials == nil {
			return terms.Invalid("AuthenticationType CUSTOM requires SecretArn or CustomAuthenticationCredentials.")
		}
	case glueapi.AuthenticationTypeOauth2:
		if in.OAuth2Properties == nil || in.OAuth2Properties.OAuth2GrantType == nil {
			return terms.Invalid("AuthenticationType OAUTH2 requires OAuth2Properties with OAuth2GrantType.")
		}
	}
	return nil
}

// show is a connection as it is answered. With hide, no password is in it: neither PASSWORD
// nor those of Kafka, nor one among the properties for an engine.
func show(r *row, hide *bool) *glueapi.Connection {
	doc := r.doc
	if hide != nil && *hide {
		for _, properties := range []*map[string]string{
			&doc.ConnectionProperties, &doc.SparkProperties, &doc.AthenaProperties, &doc.PythonProperties,
		} {
			*properties = maps.Clone(*properties)
			maps.DeleteFunc(*properties, func(name, _ string) bool { return isPassword(name) })
		}
	}
	return &doc
}

// isPassword reports whether a property holds a password, in clear or encrypted.
func isPassword(name string) bool { return strings.HasSuffix(strings.ToUpper(name), password) }
